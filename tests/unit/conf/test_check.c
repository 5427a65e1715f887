/*
 * Statements against tables of rows: what is told of each wrong one, and reading of right ones.
 */
#include <check.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "conf/directive.h"
#include "conf/nearest.h"
#include "unit/conf/conf_fixture.h"

#define MODULE HAWSER_IN_BLOCK

static const struct hawser_directive MODULE_ROWS[] = {
    {.name     = "listen",
     .contexts = MODULE,
     .type     = HAWSER_VALUE_ADDRESS,
     .min_args = 1,
     .max_args = 1,
     .flags    = HAWSER_DIRECTIVE_REQUIRED},
    {.name          = "level",
     .contexts      = MODULE,
     .type          = HAWSER_VALUE_NUMBER,
     .min_args      = 1,
     .max_args      = 3,
     .min           = 1,
     .max           = 9,
     .default_value = "3"},
    {.name = "quiet", .contexts = MODULE, .type = HAWSER_VALUE_FLAG, .max_args = 0},
    {.name     = "tags",
     .contexts = MODULE,
     .type     = HAWSER_VALUE_STRING,
     .min_args = 2,
     .max_args = HAWSER_ANY_ARGS,
     .flags    = HAWSER_DIRECTIVE_REPEATS},
    {.name     = "password",
     .contexts = MODULE,
     .type     = HAWSER_VALUE_NUMBER,
     .min_args = 1,
     .max_args = 1,
     .flags    = HAWSER_DIRECTIVE_SECRET},
    {.name     = "options",
     .contexts = MODULE,
     .type     = HAWSER_VALUE_OPTIONS,
     .choices  = "a|b",
     .min_args = 1,
     .max_args = 4},
};

#define MODULE_TABLE                                                                               \
    {                                                                                              \
        MODULE_ROWS, sizeof(MODULE_ROWS) / sizeof(MODULE_ROWS[0]), sizeof(MODULE_ROWS[0])          \
    }

/* Checks the first block of a config as a telemetry block of the module above. */
static void expect_in_block(const char *text, const char *problems)
{
    const struct conf_table tables[] = {conf_core_table, MODULE_TABLE};
    struct parsed parsed             = parse_config(text);
    ck_assert_str_eq(parsed.text, "");
    conf_check_block(conf_tree_root(parsed.tree)->first_child,
                     HAWSER_IN_TELEMETRY | HAWSER_IN_BLOCK, tables, 2, &parsed.problems);
    ck_assert_str_eq(buf_text(&parsed.problems.text), problems);
    parsed_free(&parsed);
}

static void expect_in_main(const char *text, const char *problems)
{
    struct parsed parsed = parse_config(text);
    ck_assert_str_eq(parsed.text, "");
    conf_check_block(conf_tree_root(parsed.tree), HAWSER_IN_MAIN, &conf_core_table, 1,
                     &parsed.problems);
    ck_assert_str_eq(buf_text(&parsed.problems.text), problems);
    parsed_free(&parsed);
}

START_TEST(a_right_block_has_no_problems)
{
    expect_in_block("t {\n listen h:1; level 1 2 9; quiet; tags a b c; tags d e; password 1;\n"
                    "options a=1 b=2; flush 5s; }",
                    "");
}
END_TEST

struct wrong {
    const char *text; /* behind `t {\nlisten h:1;\n` */
    const char *problem;
};

static const struct wrong WRONG[] = {
    {"lisen h:1;", "main.conf:3: unknown directive \"lisen\"; did you mean \"listen\"?\n"},
    {"levle 1;", "main.conf:3: unknown directive \"levle\"; did you mean \"level\"?\n"},
    {"QUIET;", "main.conf:3: unknown directive \"QUIET\"; did you mean \"quiet\"?\n"},
    {"nothing;", "main.conf:3: unknown directive \"nothing\"\n"},
    {"includ x;", "main.conf:3: unknown directive \"includ\"; did you mean \"include\"?\n"},
    {"\"\" x;", "main.conf:3: unknown directive \"\"\n"},
    {"subscribe x;", "main.conf:3: \"subscribe\" belongs inside session { }\n"},
    {"pid x;", "main.conf:3: \"pid\" belongs outside every block\n"},
    {"output x;", "main.conf:3: \"output\" belongs outside every block or inside session { }\n"},
    {"when_full x;", "main.conf:3: \"when_full\" belongs inside output { }\n"},
    {"level;", "main.conf:3: \"level\" takes 1 to 3 arguments, got none\n"},
    {"level 1 2 3 4;", "main.conf:3: \"level\" takes 1 to 3 arguments, got 4\n"},
    {"quiet on;", "main.conf:3: \"quiet\" takes no arguments, got 1\n"},
    {"tags a;", "main.conf:3: \"tags\" takes at least 2 arguments, got 1\n"},
    {"flush\nquiet;", "main.conf:3: \"flush\": expected a time such as 500ms, 5s, 2m or 1h30m, got "
                      "\"quiet\"\n"},
    {"flush 5s\nquiet;", "main.conf:3: \"flush\" takes 1 argument, got 2; is \";\" missing in "
                         "front of \"quiet\"?\n"},
    {"level 5 { a; }", "main.conf:3: \"level\" takes no block: expected \";\", found \"{\"\n"},
    {"level 5 { a; } level 6;",
     "main.conf:3: \"level\" takes no block: expected \";\", found \"{\"\n"
     "main.conf:3: \"level\" may stand once: the first is at main.conf:3\n"},
    {"listen h:2;", "main.conf:3: \"listen\" may stand once: the first is at main.conf:2\n"},
    {"level 1 x 10;", "main.conf:3: \"level\": expected a whole number, got \"x\"\n"
                      "main.conf:3: \"level\": expected 1 to 9, got \"10\"\n"},
    {"password hunter2;",
     "main.conf:3: \"password\": not a valid value (it is secret and not shown)\n"},
    {"options a=1 a=2;", "main.conf:3: \"options\": \"a\" stands twice\n"},
    {"options a=1 c=2;",
     "main.conf:3: \"options\": expected KEY=VALUE with a KEY of a|b, got \"c=2\"\n"},
};

START_TEST(a_wrong_statement_is_told_with_what_was_expected)
{
    char text[256];
    (void)snprintf(text, sizeof(text), "t {\nlisten h:1;\n%s }", WRONG[_i].text);
    expect_in_block(text, WRONG[_i].problem);
}
END_TEST

START_TEST(a_missing_directive_is_told_at_its_block)
{
    expect_in_block("a { }", "main.conf:1: \"listen\" is missing in \"a\"\n");
    expect_in_block("\ntelemetry statsd { flush 1s; }",
                    "main.conf:2: \"listen\" is missing in telemetry \"statsd\"\n");
}
END_TEST

START_TEST(a_block_that_lacks_its_brace_or_is_nested_by_mistake_is_told)
{
    expect_in_main("session a;", "main.conf:1: \"session\" needs a block: expected \"{\", found "
                                 "\";\"\n");
    expect_in_main("session a\nadapter b;\n",
                   "main.conf:1: \"session\" needs a block: expected \"{\", found \";\"\n"
                   "main.conf:1: \"session\" takes 1 argument, got 3; is \"{\" missing in front of "
                   "\"adapter\"?\n");
    expect_in_main("pid a { }",
                   "main.conf:1: \"pid\" takes no block: expected \";\", found \"{\"\n");
    expect_in_main("adapter x;", "main.conf:1: \"adapter\" belongs inside session { }\n");
}
END_TEST

START_TEST(all_problems_of_a_block_are_told_with_their_lines)
{
    expect_in_block("telemetry x {\n lisen h:1;\n\n level 0;\n quiet 1;\n level 1; }",
                    "main.conf:2: unknown directive \"lisen\"; did you mean \"listen\"?\n"
                    "main.conf:4: \"level\": expected 1 to 9, got \"0\"\n"
                    "main.conf:5: \"quiet\" takes no arguments, got 1\n"
                    "main.conf:6: \"level\" may stand once: the first is at main.conf:4\n"
                    "main.conf:1: \"listen\" is missing in telemetry \"x\"\n");
}
END_TEST

START_TEST(a_repeat_in_another_file_is_cited_by_that_file)
{
    folder_write("b.conf", "\npid b;");
    expect_in_main("include b.conf; pid a;",
                   "main.conf:1: \"pid\" may stand once: the first is at b.conf:2\n");
}
END_TEST

START_TEST(the_nearest_name_is_a_slip_of_the_pen_away)
{
    static const struct {
        const char *a;
        const char *b;
        int distance;
    } PAIRS[] = {{"listen", "listen", 0},
                 {"lisen", "listen", 1},
                 {"listne", "listen", 1},
                 {"lsiten", "listen", 1},
                 {"lisstten", "listen", 2},
                 {"lsitne", "listen", 2},
                 {"kitten", "sitting", -1},
                 {"pd", "pid", 1},
                 {"ab", "ba", -1},
                 {"", "", 0},
                 {"", "a", -1},
                 {"a", "b", -1},
                 {"Heart-Beat", "heart_beat", 1},
                 {"abcdef", "fedcba", -1}};
    for (size_t i = 0; i < sizeof(PAIRS) / sizeof(PAIRS[0]); i++) {
        ck_assert_int_eq(conf_name_distance(PAIRS[i].a, PAIRS[i].b), PAIRS[i].distance);
        ck_assert_int_eq(conf_name_distance(PAIRS[i].b, PAIRS[i].a), PAIRS[i].distance);
    }
    char longest[128];
    memset(longest, 'x', sizeof(longest));
    longest[64] = 0;
    ck_assert_int_eq(conf_name_distance(longest, longest), 0);
    longest[64]  = 'x';
    longest[127] = 0;
    ck_assert_int_eq(conf_name_distance(longest, longest), -1);
}
END_TEST

START_TEST(the_nearest_name_is_one_of_the_place)
{
    const struct conf_table tables[] = {conf_core_table, MODULE_TABLE};
    ck_assert_str_eq(conf_nearest("heartbaet", tables, 2, HAWSER_IN_SESSION), "heartbeat");
    ck_assert_ptr_null(conf_nearest("heartbaet", tables, 2, HAWSER_IN_MAIN));
    ck_assert_str_eq(conf_nearest("tls_certificate_kee", tables, 2, HAWSER_IN_SESSION),
                     "tls_certificate_key");
    static const struct hawser_directive ROWS[] = {{.name = "readers", .contexts = MODULE},
                                                   {.name = "header", .contexts = MODULE},
                                                   {.name = "heider", .contexts = MODULE}};
    const struct conf_table table               = {ROWS, 3, sizeof(ROWS[0])};
    ck_assert_str_eq(conf_nearest("headerx", &table, 1, MODULE), "header");
    ck_assert_str_eq(conf_nearest("headers", &table, 1, MODULE), "readers"); /* a tie */
}
END_TEST

START_TEST(rows_of_another_length_are_read_by_their_own_length)
{
    struct longer {
        struct hawser_directive row;
        uint64_t added[3];
    } rows[2]               = {{MODULE_ROWS[0], {1, 2, 3}}, {MODULE_ROWS[1], {4, 5, 6}}};
    struct conf_table table = {&rows[0].row, 2, sizeof(rows[0])};
    struct hawser_directive found;
    ck_assert_int_eq(conf_row_find(&table, 1, "level", MODULE, &found), 1);
    ck_assert_int_eq(found.max, 9);

    struct shorter {
        const char *name;
        const char *default_value;
        const char *choices;
        const char *help;
    } old                = {"old", "d", NULL, "h"};
    struct conf_table in = {(const struct hawser_directive *)(const void *)&old, 1, sizeof(old)};
    ck_assert_int_eq(conf_row_at(&in, 0, &found), 1);
    ck_assert_str_eq(found.default_value, "d");
    ck_assert_int_eq(found.max, 0);
    ck_assert_uint_eq(found.contexts, 0);
    ck_assert_int_eq(conf_row_find(&in, 1, "old", UINT32_MAX, &found), 0);
}
END_TEST

START_TEST(values_are_read_from_the_block_or_are_the_defaults)
{
    const struct conf_table tables[] = {conf_core_table, MODULE_TABLE};
    struct parsed parsed = parse_config("t { flush 2m; level 7 8; }\ns { required; output a; }");
    const struct conf_node *t = conf_tree_root(parsed.tree)->first_child;
    ck_assert_int_eq(conf_get_number(t, tables, 2, HAWSER_IN_TELEMETRY, "flush"), 120000);
    ck_assert_int_eq(conf_get_number(t, tables, 2, MODULE, "level"), 7);
    ck_assert_str_eq(conf_get_string(t, tables, 2, MODULE, "level"), "7");
    ck_assert_int_eq(conf_get_number(t, tables, 2, HAWSER_IN_MAIN, "level"), 0);
    ck_assert_ptr_null(conf_get_string(t, tables, 2, MODULE, "listen"));
    ck_assert_ptr_null(conf_get_string(t, tables, 2, MODULE, "none"));
    ck_assert_int_eq(conf_get_number(NULL, tables, 2, HAWSER_IN_TELEMETRY, "flush"), 10000);
    ck_assert_str_eq(conf_get_string(NULL, tables, 2, MODULE, "level"), "3");
    ck_assert_int_eq(conf_get_number(t->next, tables, 2, HAWSER_IN_SESSION, "required"), 1);
    ck_assert_int_eq(conf_get_number(t, tables, 2, HAWSER_IN_SESSION, "required"), 0);
    ck_assert_str_eq(conf_get_string(t->next, tables, 2, HAWSER_IN_SESSION, "output"), "a");
    parsed_free(&parsed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conf/check");
    TCase *tcase = tcase_create("check");
    tcase_add_checked_fixture(tcase, folder_setup, folder_teardown);
    tcase_add_test(tcase, a_right_block_has_no_problems);
    tcase_add_loop_test(tcase, a_wrong_statement_is_told_with_what_was_expected, 0,
                        (int)(sizeof(WRONG) / sizeof(WRONG[0])));
    tcase_add_test(tcase, a_missing_directive_is_told_at_its_block);
    tcase_add_test(tcase, a_block_that_lacks_its_brace_or_is_nested_by_mistake_is_told);
    tcase_add_test(tcase, all_problems_of_a_block_are_told_with_their_lines);
    tcase_add_test(tcase, a_repeat_in_another_file_is_cited_by_that_file);
    tcase_add_test(tcase, the_nearest_name_is_a_slip_of_the_pen_away);
    tcase_add_test(tcase, the_nearest_name_is_one_of_the_place);
    tcase_add_test(tcase, rows_of_another_length_are_read_by_their_own_length);
    tcase_add_test(tcase, values_are_read_from_the_block_or_are_the_defaults);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
