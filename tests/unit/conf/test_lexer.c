/*
 * Words of a config: nginx's rules one by one.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "conf/lexer.h"
#include "conf/limits.h"
#include "support/guard.h"
#include "unit/conf/conf_fixture.h"

struct example {
    const char *text;
    const char *words;
};

static const struct example EXAMPLES[] = {
    /* words and what ends them */
    {"a b c;", "a|b|c"},
    {" \t\r\n a \t\r\n b\n;", "a|b"},
    {"a{}", "a {"},
    {"a b{ c; }", "a|b {"},
    {"a b}c;", "a|b}c"},
    {"a b#c;", "a|b#c"},
    {"a b\"c'd;", "a|b\"c'd"},
    {"a (b);", "a|(b)"},
    /* comments */
    {"# one { ; \" \n a; # two", "a"},
    {"a # b ;\n c;", "a|c"},
    {"a;#b", "a"},
    /* quotes */
    {"a \"b c\";", "a|b c"},
    {"a 'b c';", "a|b c"},
    {"\"a\" '';", "a|"},
    {"a \"it's\" 'say \"x\"';", "a|it's|say \"x\""},
    {"a \"; { } #\";", "a|; { } #"},
    {"a \"b\nc\";", "a|b\nc"},
    {"a \"b\"{}", "a|b {"},
    {"a \"b\";", "a|b"},
    {"a (\"b\");", "a|(\"b\")"},
    {"a \"b\")c;", "a|b|)c"},
    /* escapes */
    {"a \"q\\\"q\\'q\\\\q\";", "a|q\"q'q\\q"},
    {"a \"1\\t2\\r3\\n4\";", "a|1\t2\r3\n4"},
    {"a '1\\t2\\r3\\n4\\'5';", "a|1\t2\r3\n4'5"},
    {"a 1\\t2\\\"3\\'4\\\\5;", "a|1\t2\"3'4\\5"},
    {"a \\d+\\.\\s\\x;", "a|\\d+\\.\\s\\x"},
    {"a \"\\d\\$\\;\";", "a|\\d\\$\\;"},
    {"a b\\;c;", "a|b\\;c"},
    {"a b\\ c;", "a|b\\ c"},
    {"a b\\{c;", "a|b\\{c"},
    {"a \\\"b;", "a|\"b"},
    {"a \\#b;", "a|\\#b"},
    {"a \\\\;", "a|\\"},
    {"a \"\\\\\";", "a|\\"},
    /* ${name} is text, and its brace opens nothing */
    {"a ${b};", "a|${b}"},
    {"a x${b}y;", "a|x${b}y"},
    {"a $b{}", "a|$b {"},
    {"a $${b;", "a|$${b"},
    {"a ${{b;", "a|${{b"},
    {"a $\\{b;", "a|$\\{b"},
    {"a \"${b}\";", "a|${b}"},
    /* bytes beyond ASCII are letters like others */
    {"a \xc3\xa4\xff;", "a|\xc3\xa4\xff"},
    /* a byte order mark in front is no letter */
    {"\xef\xbb\xbf"
     "a b;",
     "a|b"},
};

START_TEST(a_statement_is_cut_into_words_as_nginx_does)
{
    expect_words(EXAMPLES[_i].text, EXAMPLES[_i].words);
}
END_TEST

START_TEST(a_byte_after_a_closing_quote_must_end_the_word)
{
    expect_problems("a;\nb \"c\"d e;\nf 'g'#h;\n",
                    "main.conf:2: unexpected \"d\" after a quoted word: expected a space, \";\" or "
                    "\"{\"\n"
                    "main.conf:3: unexpected \"#\" after a quoted word: expected a space, \";\" or "
                    "\"{\"\n");
}
END_TEST

START_TEST(the_words_in_front_of_a_fault_are_kept)
{
    struct parsed parsed         = parse_config("b c \"d\"e f;\ng \"h\"i { j; }");
    const struct conf_node *node = conf_tree_root(parsed.tree)->first_child;
    ck_assert_str_eq(words_of(node), "b|c|d");
    ck_assert_str_eq(words_of(node->next), "g|h {");
    ck_assert_str_eq(words_of(node->next->first_child), "j");
    ck_assert_uint_eq(parsed.problems.count, 2);
    parsed_free(&parsed);
}
END_TEST

START_TEST(a_quote_that_is_never_closed_is_told_where_it_begins_and_costs_one_line)
{
    struct parsed parsed = parse_config("a;\nb \"c;\nd e;\nsession 'x {\n f;\n}\n;\n");
    ck_assert_str_eq(
        parsed.text,
        "main.conf:2: quoted word is not closed: expected \" before the end of the file\n"
        "main.conf:4: quoted word is not closed: expected ' before the end of the file\n"
        "main.conf:7: unexpected \";\": expected a directive in front of it\n");
    const struct conf_node *node = conf_tree_root(parsed.tree)->first_child->next;
    ck_assert_str_eq(words_of(node), "b");
    ck_assert_str_eq(words_of(node->next), "d|e");
    ck_assert_str_eq(words_of(node->next->next), "session {");
    ck_assert_str_eq(words_of(node->next->next->first_child), "f");
    parsed_free(&parsed);
}
END_TEST

START_TEST(lines_are_counted_through_quotes_comments_and_words)
{
    struct parsed parsed =
        parse_config("# 1\n\"a\n2\n\" b; c\n 'd\n' {\n # 7\n e\n f; }\r\ng\\\nh;\ni;");
    const struct conf_node *node = conf_tree_root(parsed.tree)->first_child;
    ck_assert_str_eq(parsed.text, "");
    ck_assert_uint_eq(node->line, 2);
    ck_assert_uint_eq(node->next->line, 4);
    ck_assert_uint_eq(node->next->first_child->line, 8);
    ck_assert_uint_eq(node->next->next->line, 10);
    ck_assert_uint_eq(node->next->next->next->line, 12);
    parsed_free(&parsed);
}
END_TEST

START_TEST(a_word_over_the_limit_is_refused_and_one_at_the_limit_is_not)
{
    char *text = malloc(CONF_WORD_BYTES_MAX + 64);
    char *end  = text + 2 + CONF_WORD_BYTES_MAX;
    memset(text, 'x', CONF_WORD_BYTES_MAX + 64);
    memcpy(text, "a ", 2);
    memcpy(end, ";b;", 4);
    struct parsed parsed = parse_config(text);
    ck_assert_str_eq(parsed.text, "");
    parsed_free(&parsed);

    memcpy(end, "x;b \"c\nd;", 10);
    memcpy(text, "a \n", 3);
    memcpy(end, "xx;b;", 6);
    expect_problems(text, "main.conf:2: word of 65537 bytes: expected at most 65536\n");
    free(text);
}
END_TEST

/* Reads all tokens from memory that ends at an unreadable page. */
static size_t read_all(const char *text, size_t len)
{
    struct hawser_slice copy = guard_copy(text, len);
    struct conf_problems problems;
    struct conf_lexer lexer;
    struct conf_token token;
    size_t count = 0;
    conf_problems_init(&problems);
    conf_lexer_init(&lexer, copy, "guarded", &problems);
    do {
        ck_assert_int_eq(conf_lexer_next(&lexer, &token), 0);
        count++;
        ck_assert_uint_le(lexer.at, len);
        ck_assert_uint_le(count, len + 1);
    } while (token.kind != CONF_TOKEN_END);
    conf_lexer_fini(&lexer);
    conf_problems_fini(&problems);
    guard_free(copy);
    return count;
}

START_TEST(no_byte_behind_the_text_is_read_wherever_it_is_cut)
{
    const char *text = EXAMPLES[_i].text;
    for (size_t len = 0; len <= strlen(text); len++) {
        ck_assert_uint_ge(read_all(text, len), 1);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conf/lexer");
    TCase *rules = tcase_create("rules");
    int count    = (int)(sizeof(EXAMPLES) / sizeof(EXAMPLES[0]));
    tcase_add_checked_fixture(rules, folder_setup, folder_teardown);
    tcase_add_loop_test(rules, a_statement_is_cut_into_words_as_nginx_does, 0, count);
    tcase_add_loop_test(rules, no_byte_behind_the_text_is_read_wherever_it_is_cut, 0, count);
    tcase_add_test(rules, a_byte_after_a_closing_quote_must_end_the_word);
    tcase_add_test(rules, the_words_in_front_of_a_fault_are_kept);
    tcase_add_test(rules, a_quote_that_is_never_closed_is_told_where_it_begins_and_costs_one_line);
    tcase_add_test(rules, lines_are_counted_through_quotes_comments_and_words);
    tcase_add_test(rules, a_word_over_the_limit_is_refused_and_one_at_the_limit_is_not);
    suite_add_tcase(suite, rules);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
