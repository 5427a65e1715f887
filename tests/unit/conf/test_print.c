/*
 * Printing: it parses to the same tree again, and no secret is in it.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "conf/directive.h"
#include "unit/conf/conf_fixture.h"
#include "unit/conf/random_tree.h"

static const struct hawser_directive SECRETS[] = {
    {.name = "key", .contexts = HAWSER_IN_BLOCK, .flags = HAWSER_DIRECTIVE_SECRET},
    {.name = "token_file", .contexts = HAWSER_IN_BLOCK},
};
static const struct conf_table TABLES[] = {
    {SECRETS, sizeof(SECRETS) / sizeof(SECRETS[0]), sizeof(SECRETS[0])}};

static struct conf_tree *parse_again(struct buf *printed)
{
    struct conf_problems problems;
    conf_problems_init(&problems);
    struct conf_tree *tree = conf_parse_bytes(buf_slice(printed), "printed", &problems);
    ck_assert_str_eq(buf_text(&problems.text), "");
    conf_problems_fini(&problems);
    return tree;
}

START_TEST(what_is_printed_parses_to_the_same_tree)
{
    for (uint32_t seed = 0; seed < 500; seed++) {
        struct conf_tree *tree = random_tree((uint32_t)_i * 500 + seed);
        struct buf out         = {0};
        ck_assert_int_eq(conf_print(tree, NULL, 0, &out), 0);
        struct conf_tree *again = parse_again(&out);
        ck_assert_ptr_nonnull(again);
        ck_assert_int_eq(conf_node_equal(conf_tree_root(tree), conf_tree_root(again)), 1);
        conf_tree_destroy(again);
        conf_tree_destroy(tree);
        buf_fini(&out);
    }
}
END_TEST

static void expect_printed(const char *text, const char *printed)
{
    struct parsed parsed = parse_config(text);
    struct buf out       = {0};
    ck_assert_str_eq(parsed.text, "");
    ck_assert_int_eq(conf_print(parsed.tree, TABLES, 1, &out), 0);
    ck_assert_str_eq(buf_text(&out), printed);
    struct conf_tree *again = parse_again(&out);
    struct buf twice        = {0};
    ck_assert_int_eq(conf_print(again, TABLES, 1, &twice), 0);
    ck_assert_str_eq(strchr(buf_text(&twice), '\n') + 1, strchr(buf_text(&out), '\n') + 1);
    conf_tree_destroy(again);
    buf_fini(&twice);
    buf_fini(&out);
    parsed_free(&parsed);
}

#define HEAD "# configuration file main.conf:\n"

START_TEST(blocks_are_indented_and_words_quoted_where_they_need_it)
{
    expect_printed("a b   'c d';e{f \"\";g{}}", HEAD "a b \"c d\";\n"
                                                     "e {\n"
                                                     "    f \"\";\n"
                                                     "    g {\n"
                                                     "    }\n"
                                                     "}\n");
    expect_printed("a \"q\\\"\\\\\\t\\n\" \\d ${x} it's;",
                   HEAD "a \"q\\\"\\\\\\t\\n\" \"\\\\d\" \"${x}\" \"it's\";\n");
}
END_TEST

START_TEST(included_files_are_named_where_they_begin_and_end)
{
    folder_write("b.conf", "b;");
    struct parsed parsed = parse_config("a;\ninclude b.conf;\ninclude *none;\nc;");
    struct buf out       = {0};
    ck_assert_int_eq(conf_print(parsed.tree, NULL, 0, &out), 0);
    ck_assert_str_eq(buf_text(&out), HEAD "a;\n# configuration file b.conf:\nb;\n" HEAD "c;\n");
    buf_fini(&out);
    parsed_free(&parsed);
}
END_TEST

START_TEST(secrets_are_printed_as_stars)
{
    /* by the row's flag, wherever it stands */
    expect_printed("key a b; s { key c; }", HEAD "key *** ***;\ns {\n    key ***;\n}\n");
    /* by an unknown name; a known one without the flag is shown */
    expect_printed("client_secret a; API_KEY b; my_password c; token_file d; keys e;",
                   HEAD "client_secret ***;\nAPI_KEY ***;\nmy_password ***;\ntoken_file d;\n"
                        "keys e;\n");
    /* inside of words */
    expect_printed("u wss://me:pw@h/p ws://h/@x ws://a@b@c;",
                   HEAD "u wss://***@h/p ws://h/@x ws://***@c;\n");
    expect_printed("u wss://h/?token=a&x=b&api-key=c#d;",
                   HEAD "u \"wss://h/?token=***&x=b&api-key=***#d\";\n");
    expect_printed("login user=a password=b 'x secret=c d=e';",
                   HEAD "login user=a password=*** \"x secret=*** d=e\";\n");
}
END_TEST

START_TEST(a_header_keeps_its_name_and_its_value_is_a_secret)
{
    struct parsed parsed = parse_config("session s { header 'Authorization: hunter2'; header A:b; "
                                        "header 'hunter 2:'; }");
    struct buf out       = {0};
    ck_assert_int_eq(conf_print(parsed.tree, &conf_core_table, 1, &out), 0);
    ck_assert_str_eq(buf_text(&out), HEAD "session s {\n    header \"Authorization: ***\";\n"
                                          "    header \"A: ***\";\n    header ***;\n}\n");
    buf_fini(&out);
    parsed_free(&parsed);
}
END_TEST

START_TEST(a_buffer_that_is_too_small_is_an_error)
{
    struct parsed parsed = parse_config("a { b 'c d'; }");
    struct buf whole     = {0};
    ck_assert_int_eq(conf_print(parsed.tree, NULL, 0, &whole), 0);
    for (size_t max = 1; max < whole.len; max++) {
        struct buf out;
        buf_init(&out, max);
        ck_assert_int_eq(conf_print(parsed.tree, NULL, 0, &out), -1);
        buf_fini(&out);
    }
    buf_fini(&whole);
    parsed_free(&parsed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conf/print");
    TCase *tcase = tcase_create("print");
    tcase_add_checked_fixture(tcase, folder_setup, folder_teardown);
    tcase_add_loop_test(tcase, what_is_printed_parses_to_the_same_tree, 0, 4);
    tcase_add_test(tcase, blocks_are_indented_and_words_quoted_where_they_need_it);
    tcase_add_test(tcase, included_files_are_named_where_they_begin_and_end);
    tcase_add_test(tcase, secrets_are_printed_as_stars);
    tcase_add_test(tcase, a_header_keeps_its_name_and_its_value_is_a_secret);
    tcase_add_test(tcase, a_buffer_that_is_too_small_is_an_error);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
