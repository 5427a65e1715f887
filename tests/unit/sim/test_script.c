/*
 * sim/script.c: lines of a script.
 */
#include "sim/script.h"

#include <string.h>

#include "support/suite.h"

static const struct {
    const char *line;
    int64_t after_ms;
    int is_repeated;
    const char *command;
} GOOD[] = {
    {"at 5s cut all", 5000, 0, "cut all"},
    {"  at\t0 partial 3", 0, 0, "partial 3"},
    {"every 500ms garbage conn=2", 500, 1, "garbage conn=2"},
    {"every 1.5s close 1012 going away", 1500, 1, "close 1012 going away"},
    {"at 2m maintenance on", 120000, 0, "maintenance on"},
    {"at 3 expire", 3000, 0, "expire"},
};

START_TEST(lines_are_understood)
{
    struct hawser_error err     = HAWSER_ERROR_INIT;
    struct sim_script_line line = {0};
    ck_assert_int_eq(sim_script_parse(GOOD[_i].line, &line, &err), 1);
    ck_assert_int_eq(line.after_ms, GOOD[_i].after_ms);
    ck_assert_int_eq(line.is_repeated, GOOD[_i].is_repeated);
    ck_assert_str_eq(line.command, GOOD[_i].command);
}
END_TEST

START_TEST(blank_lines_and_comments_are_passed_over)
{
    static const char *const lines[] = {"", "   ", "# at 5s cut all", "\t#", "\r\n"};
    struct hawser_error err          = HAWSER_ERROR_INIT;
    struct sim_script_line line      = {0};
    ck_assert_int_eq(sim_script_parse(lines[_i], &line, &err), 0);
}
END_TEST

static const struct {
    const char *line;
    const char *said;
} BAD[] = {
    {"in 5s cut all", "at TIME COMMAND"},
    {"at", "expected a time"},
    {"at -5s cut all", "expected a time"},
    {"at 5h cut all", "expected a time"},
    {"at 5s", "no command"},
    {"at 5s dance", "unknown command dance"},
    {"at 5s close", "usage: close"},
    {"every 0 cut all", "expected a time"},
    {"at 99999999s cut all", "expected a time"},
    {"at nan cut all", "expected a time"},
};

START_TEST(wrong_lines_are_refused_with_a_reason)
{
    struct hawser_error err     = HAWSER_ERROR_INIT;
    struct sim_script_line line = {0};
    ck_assert_int_eq(sim_script_parse(BAD[_i].line, &line, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, BAD[_i].said));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("script");
    tcase_add_loop_test(cases, lines_are_understood, 0, sizeof(GOOD) / sizeof(GOOD[0]));
    tcase_add_loop_test(cases, blank_lines_and_comments_are_passed_over, 0, 5);
    tcase_add_loop_test(cases, wrong_lines_are_refused_with_a_reason, 0,
                        sizeof(BAD) / sizeof(BAD[0]));
    return suite_run("sim/script", cases);
}
