/*
 * Statements, blocks, and what is told of a file that is not right: every fault, once, with its
 * line.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "conf/limits.h"
#include "support/guard.h"
#include "unit/conf/conf_fixture.h"

START_TEST(statements_and_blocks_keep_their_order_file_and_line)
{
    struct parsed parsed         = parse_config("a 1;\nb {\n  c 2;\n  d { e; }\n}\nf;\n");
    const struct conf_node *root = conf_tree_root(parsed.tree);
    const struct conf_node *b    = root->first_child->next;
    ck_assert_str_eq(parsed.text, "");
    ck_assert_uint_eq(root->word_count, 0);
    ck_assert_uint_eq(root->is_block, 1);
    ck_assert_str_eq(words_of(root->first_child), "a|1");
    ck_assert_str_eq(words_of(b), "b {");
    ck_assert_str_eq(words_of(b->first_child), "c|2");
    ck_assert_uint_eq(b->first_child->line, 3);
    ck_assert_str_eq(b->first_child->file, "main.conf");
    ck_assert_str_eq(words_of(b->last_child), "d {");
    ck_assert_str_eq(words_of(b->last_child->first_child), "e");
    ck_assert_str_eq(words_of(root->last_child), "f");
    ck_assert_ptr_null(root->last_child->next);
    parsed_free(&parsed);
}
END_TEST

START_TEST(an_empty_file_is_an_empty_tree)
{
    static const char *const EMPTY[] = {"", "\n", " # nothing", "\xef\xbb\xbf", "\xef\xbb\xbf#"};
    struct parsed parsed             = parse_config(EMPTY[_i]);
    ck_assert_str_eq(parsed.text, "");
    ck_assert_ptr_null(conf_tree_root(parsed.tree)->first_child);
    parsed_free(&parsed);
}
END_TEST

struct fault {
    const char *text;
    const char *problems;
};

static const struct fault FAULTS[] = {
    {"a;\n;\n", "main.conf:2: unexpected \";\": expected a directive in front of it\n"},
    {"a;\n{ b; }\n",
     "main.conf:2: unexpected \"{\": expected the name of a block in front of it\n"},
    {"a;\n}\nb;", "main.conf:2: unexpected \"}\": no block is open\n"},
    {"a\nb\n", "main.conf:1: \"a\" is not ended: expected \";\" or \"{\" before the end of the "
               "file\n"},
    {"a {\nb\n}\n", "main.conf:2: \"b\" is not ended: expected \";\" before \"}\"\n"},
    {"a;\nb\n}\n", "main.conf:2: \"b\" is not ended: expected \";\" before \"}\"\n"
                   "main.conf:3: unexpected \"}\": no block is open\n"},
    {"a {\nb;\n", "main.conf:1: block \"a\" is not closed: expected \"}\" before the end of the "
                  "file\n"},
    {"a {\nb {\nc",
     "main.conf:3: \"c\" is not ended: expected \";\" or \"{\" before the end of the file\n"
     "main.conf:2: block \"b\" is not closed: expected \"}\" before the end of the file\n"
     "main.conf:1: block \"a\" is not closed: expected \"}\" before the end of the file\n"},
    {"a { b \"c\"}", "main.conf:1: \"b\" is not ended: expected \";\" before \"}\"\n"},
    {"include;", "main.conf:1: \"include\" takes 1 argument, got 0\n"},
    {"include a b;", "main.conf:1: \"include\" takes 1 argument, got 2\n"},
    {"include a {\n b; }\n;",
     "main.conf:1: \"include\" takes no block: expected \";\", found \"{\"\n"
     "main.conf:3: unexpected \";\": expected a directive in front of it\n"},
};

START_TEST(each_fault_is_told_with_its_line_and_what_was_expected)
{
    expect_problems(FAULTS[_i].text, FAULTS[_i].problems);
}
END_TEST

START_TEST(all_faults_of_a_file_are_told_in_one_run)
{
    expect_problems("a;\n"
                    ";\n"
                    "b \"c\"d;\n"
                    "e {\n"
                    "  f;;\n"
                    "  g\n"
                    "}\n"
                    "{ h \"; } \"; i \"j\"k; }\n"
                    "}\n"
                    "l m\n",
                    "main.conf:2: unexpected \";\": expected a directive in front of it\n"
                    "main.conf:3: unexpected \"d\" after a quoted word: expected a space, \";\" or "
                    "\"{\"\n"
                    "main.conf:5: unexpected \";\": expected a directive in front of it\n"
                    "main.conf:6: \"g\" is not ended: expected \";\" before \"}\"\n"
                    "main.conf:8: unexpected \"{\": expected the name of a block in front of it\n"
                    "main.conf:9: unexpected \"}\": no block is open\n"
                    "main.conf:10: \"l\" is not ended: expected \";\" or \"{\" before the end of "
                    "the file\n");
}
END_TEST

START_TEST(what_was_understood_of_a_faulty_file_is_in_the_tree)
{
    struct parsed parsed         = parse_config("a;; b { c } } d e");
    const struct conf_node *node = conf_tree_root(parsed.tree)->first_child;
    ck_assert_uint_eq(parsed.problems.count, 4);
    ck_assert_str_eq(words_of(node), "a");
    ck_assert_str_eq(words_of(node->next), "b {");
    ck_assert_str_eq(words_of(node->next->first_child), "c");
    ck_assert_str_eq(words_of(node->next->next), "d|e");
    parsed_free(&parsed);
}
END_TEST

START_TEST(a_nul_byte_makes_a_file_no_config)
{
    folder_write_bytes("main.conf", "a;\nb\0;\n}", 9);
    struct parsed parsed = parse_path("main.conf", NULL, NULL);
    ck_assert_str_eq(parsed.text, "main.conf:2: NUL byte: expected a text file\n");
    ck_assert_ptr_null(conf_tree_root(parsed.tree)->first_child);
    parsed_free(&parsed);
}
END_TEST

START_TEST(blocks_nest_up_to_the_limit_and_no_deeper)
{
    char text[8 * CONF_DEPTH_MAX] = "";
    for (size_t i = 0; i < CONF_DEPTH_MAX; i++) {
        memcpy(text + 2 * i, "a{", 2);
        memcpy(text + sizeof(text) / 2 + i, "}", 1);
    }
    memset(text + (size_t)2 * CONF_DEPTH_MAX, ' ', sizeof(text) / 2 - (size_t)2 * CONF_DEPTH_MAX);
    expect_problems(text, "");
    memcpy(text + (size_t)2 * CONF_DEPTH_MAX, "\nb{;}", 5);
    expect_problems(text, "main.conf:2: blocks are nested too deep: expected at most 32\n");
}
END_TEST

START_TEST(blocks_beside_each_other_do_not_count_as_depth)
{
    char text[8 * CONF_DEPTH_MAX] = "";
    for (size_t i = 0; i < (size_t)2 * CONF_DEPTH_MAX; i++) {
        memcpy(text + 3 * i, "a{}", 3);
    }
    expect_problems(text, "");
}
END_TEST

START_TEST(a_file_over_the_limit_is_refused)
{
    size_t len = CONF_FILE_BYTES_MAX + 1;
    char *text = malloc(len);
    memset(text, ' ', len);
    folder_write_bytes("main.conf", text, len);
    struct parsed parsed = parse_path("main.conf", NULL, NULL);
    ck_assert_str_eq(parsed.text, "main.conf: too large: expected at most 16777216 bytes\n");
    parsed_free(&parsed);
    folder_write_bytes("main.conf", text, len - 1);
    parsed = parse_path("main.conf", NULL, NULL);
    ck_assert_str_eq(parsed.text, "");
    parsed_free(&parsed);
    free(text);
}
END_TEST

START_TEST(statements_over_the_limit_are_not_read)
{
    size_t len = (size_t)2 * CONF_STATEMENTS_MAX + 8;
    char *text = malloc(len);
    for (size_t i = 0; i < len; i += 2) {
        memcpy(text + i, "a;", 2);
    }
    folder_write_bytes("main.conf", text, len);
    struct parsed parsed = parse_path("main.conf", NULL, NULL);
    ck_assert_str_eq(parsed.text,
                     "main.conf:1: more than 1000000 statements: the rest is not read\n");
    parsed_free(&parsed);
    free(text);
}
END_TEST

START_TEST(problems_over_the_limit_are_counted_and_the_list_says_so)
{
    size_t len = 100000;
    char *text = malloc(len + 1);
    memset(text, ';', len);
    text[len]            = 0;
    struct parsed parsed = parse_config(text);
    const char *last     = strstr(parsed.text, "further problems");
    ck_assert_uint_eq(parsed.problems.count, len);
    ck_assert_uint_lt(parsed.problems.text.len, CONF_PROBLEM_BYTES_MAX + 256);
    ck_assert_ptr_nonnull(last);
    ck_assert_str_eq(last, "further problems are counted, not shown\n");
    parsed_free(&parsed);
    free(text);
}
END_TEST

START_TEST(what_a_file_holds_cannot_forge_a_line_of_a_message)
{
    expect_problems("\"x\nmain.conf:1: forged\x1b[2J\" y", "main.conf:1: \"x?main.conf:1: "
                                                           "forged?[2J\" is not ended: expected "
                                                           "\";\" or \"{\" before the end of the "
                                                           "file\n");
}
END_TEST

static struct parsed parse_bytes(const char *text, size_t len)
{
    struct hawser_slice copy = guard_copy(text, len);
    struct parsed parsed     = {.tree = NULL};
    conf_problems_init(&parsed.problems);
    parsed.tree = conf_parse_bytes(copy, "secret.cred", &parsed.problems);
    parsed.text = buf_text(&parsed.problems.text);
    ck_assert_ptr_nonnull(parsed.tree);
    guard_free(copy); /* the tree keeps nothing of the bytes */
    return parsed;
}

START_TEST(a_credentials_file_is_parsed_from_memory)
{
    static const char TEXT[] = "client_id ID;\nclient_secret \"S E\\\"C\";\n";
    struct parsed parsed     = parse_bytes(TEXT, sizeof(TEXT) - 1);
    ck_assert_str_eq(parsed.text, "");
    const struct conf_node *secret = conf_find(conf_tree_root(parsed.tree), "client_secret", NULL);
    ck_assert_str_eq(words_of(secret), "client_secret|S E\"C");
    ck_assert_str_eq(secret->file, "secret.cred");
    ck_assert_uint_eq(secret->line, 2);
    parsed_free(&parsed);
}
END_TEST

START_TEST(no_word_of_a_credentials_file_is_in_a_message)
{
    static const char TEXT[] = "SECRET { SECRET }\ninclude SECRET;\nSECRET { SECRET {\nSECRET\n";
    struct parsed parsed     = parse_bytes(TEXT, sizeof(TEXT) - 1);
    ck_assert_str_eq(
        parsed.text,
        "secret.cred:1: statement is not ended: expected \";\" before \"}\"\n"
        "secret.cred:2: \"include\" is not possible in this file\n"
        "secret.cred:4: statement is not ended: expected \";\" or \"{\" before the end of the "
        "file\n"
        "secret.cred:3: block is not closed: expected \"}\" before the end of the file\n"
        "secret.cred:3: block is not closed: expected \"}\" before the end of the file\n");
    parsed_free(&parsed);
}
END_TEST

START_TEST(a_text_cut_at_any_byte_gives_a_tree_and_says_what_is_missing)
{
    static const char TEXT[] = "session \"b c\" {\n  url 'wss://x/y'; # z\n  list a\\tb ${c};\n}\n";
    static const size_t WHOLE = sizeof(TEXT) - 1;
    for (size_t len = 0; len <= WHOLE; len++) {
        struct parsed parsed = parse_bytes(TEXT, len);
        int is_complete      = len == 0 || len >= WHOLE - 1;
        ck_assert_int_eq(parsed.problems.count == 0, is_complete);
        parsed_free(&parsed);
    }
}
END_TEST

static void add_faults(TCase *tcase)
{
    tcase_add_loop_test(tcase, each_fault_is_told_with_its_line_and_what_was_expected, 0,
                        (int)(sizeof(FAULTS) / sizeof(FAULTS[0])));
    tcase_add_test(tcase, all_faults_of_a_file_are_told_in_one_run);
    tcase_add_test(tcase, what_was_understood_of_a_faulty_file_is_in_the_tree);
    tcase_add_test(tcase, a_nul_byte_makes_a_file_no_config);
    tcase_add_test(tcase, blocks_nest_up_to_the_limit_and_no_deeper);
    tcase_add_test(tcase, blocks_beside_each_other_do_not_count_as_depth);
    tcase_add_test(tcase, a_file_over_the_limit_is_refused);
    tcase_add_test(tcase, statements_over_the_limit_are_not_read);
    tcase_add_test(tcase, problems_over_the_limit_are_counted_and_the_list_says_so);
    tcase_add_test(tcase, what_a_file_holds_cannot_forge_a_line_of_a_message);
}

int main(void)
{
    Suite *suite = suite_create("conf/parser");
    TCase *tcase = tcase_create("parser");
    tcase_add_checked_fixture(tcase, folder_setup, folder_teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, statements_and_blocks_keep_their_order_file_and_line);
    tcase_add_loop_test(tcase, an_empty_file_is_an_empty_tree, 0, 5);
    add_faults(tcase);
    tcase_add_test(tcase, a_credentials_file_is_parsed_from_memory);
    tcase_add_test(tcase, no_word_of_a_credentials_file_is_in_a_message);
    tcase_add_test(tcase, a_text_cut_at_any_byte_gives_a_tree_and_says_what_is_missing);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
