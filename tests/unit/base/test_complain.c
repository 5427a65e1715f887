/*
 * core/base/complain: a repeated trouble is told once, then seldom, then "over".
 */
#include "base/complain.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "support/fake_clock.h"
#include "support/suite.h"

static char path[64];
static char text[16384];

static void open_log(void)
{
    (void)snprintf(path, sizeof(path), "/tmp/hawser-complain-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    (void)close(fd); /* nothing was written */
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_int_eq(log_open(path, LOG_INFO, &err), 0);
    fake_clock_install();
}

static void close_log(void)
{
    fake_clock_remove();
    log_close();
    ck_assert_int_eq(unlink(path), 0);
}

/* How many lines the log has; `text` is the log afterwards, `last_line` points into it. */
static const char *last_line;
static int lines(void)
{
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    text[len]  = 0;
    (void)fclose(file); /* it was read only */
    int count = 0;
    last_line = text;
    for (char *at = text; *at != 0; at++) {
        if (*at == '\n') {
            count++;
            last_line = at[1] == 0 ? last_line : at + 1;
        }
    }
    return count;
}

START_TEST(the_first_time_is_told_at_once_without_a_count)
{
    struct complaint trouble = {0};
    complain(&trouble, NULL, LOG_WARN, "HW-TEST-001", "session=%s refused", "btc");
    ck_assert_int_eq(lines(), 1);
    ck_assert_ptr_nonnull(strstr(text, "[warn]"));
    ck_assert_ptr_nonnull(strstr(text, "session=btc refused\n"));
}
END_TEST

START_TEST(repeats_are_told_at_doubling_intervals_with_what_was_left_out)
{
    struct complaint trouble = {0};
    complain(&trouble, NULL, LOG_WARN, "HW-TEST-001", "refused");
    for (int i = 0; i < 9; i++) {
        fake_clock_advance(CLOCK_NS_PER_S);
        complain(&trouble, NULL, LOG_WARN, "HW-TEST-001", "refused");
    }
    ck_assert_int_eq(lines(), 1);
    fake_clock_advance(CLOCK_NS_PER_S);
    complain(&trouble, NULL, LOG_WARN, "HW-TEST-001", "refused");
    ck_assert_int_eq(lines(), 2);
    ck_assert_ptr_nonnull(strstr(last_line, "(9 times more since the last line)"));
    fake_clock_advance(19 * CLOCK_NS_PER_S);
    complain(&trouble, NULL, LOG_WARN, "HW-TEST-001", "refused");
    ck_assert_int_eq(lines(), 2);
    fake_clock_advance(CLOCK_NS_PER_S);
    complain(&trouble, NULL, LOG_WARN, "HW-TEST-001", "refused");
    ck_assert_int_eq(lines(), 3);
}
END_TEST

START_TEST(a_lasting_trouble_is_told_every_ten_minutes)
{
    struct complaint trouble = {0};
    for (int i = 0; i < 100; i++) {
        complain(&trouble, NULL, LOG_WARN, "HW-TEST-001", "refused");
        fake_clock_advance(600 * CLOCK_NS_PER_S);
    }
    ck_assert_int_eq(lines(), 100);
}
END_TEST

START_TEST(the_end_is_told_once_with_the_whole_count)
{
    struct complaint trouble = {0};
    for (int i = 0; i < 5; i++) {
        complain(&trouble, NULL, LOG_WARN, "HW-TEST-001", "refused");
    }
    complain_over(&trouble, NULL, LOG_NOTICE, "HW-TEST-001", "connected");
    complain_over(&trouble, NULL, LOG_NOTICE, "HW-TEST-001", "connected");
    ck_assert_int_eq(lines(), 2);
    ck_assert_ptr_nonnull(strstr(last_line, "connected (5 times in all)"));
}
END_TEST

START_TEST(no_trouble_has_no_end_to_tell)
{
    struct complaint trouble = {0};
    complain_over(&trouble, NULL, LOG_NOTICE, "HW-TEST-001", "connected");
    ck_assert_int_eq(lines(), 0);
}
END_TEST

START_TEST(after_the_end_a_new_trouble_is_told_at_once)
{
    struct complaint trouble = {0};
    complain(&trouble, NULL, LOG_WARN, "HW-TEST-001", "refused");
    complain_over(&trouble, NULL, LOG_NOTICE, "HW-TEST-001", "connected");
    complain(&trouble, NULL, LOG_WARN, "HW-TEST-001", "refused again");
    ck_assert_int_eq(lines(), 3);
    ck_assert_ptr_nonnull(strstr(last_line, "refused again\n"));
}
END_TEST

START_TEST(a_trouble_that_nothing_ends_but_silence_lapses_after_ten_minutes)
{
    struct complaint trouble = {0};
    complain_lapse(&trouble, NULL, LOG_NOTICE, "HW-TEST-002", "no more");
    ck_assert_int_eq(lines(), 0);
    complain(&trouble, NULL, LOG_WARN, "HW-TEST-001", "refused");
    fake_clock_advance(599 * CLOCK_NS_PER_S);
    complain_lapse(&trouble, NULL, LOG_NOTICE, "HW-TEST-002", "no more");
    ck_assert_int_eq(lines(), 1);
    fake_clock_advance(CLOCK_NS_PER_S);
    complain_lapse(&trouble, NULL, LOG_NOTICE, "HW-TEST-002", "no more");
    complain_lapse(&trouble, NULL, LOG_NOTICE, "HW-TEST-002", "no more");
    ck_assert_int_eq(lines(), 2);
    ck_assert_ptr_nonnull(strstr(text, "HW-TEST-002 no more (1 times in all)"));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("complain");
    tcase_add_checked_fixture(cases, open_log, close_log);
    tcase_add_test(cases, the_first_time_is_told_at_once_without_a_count);
    tcase_add_test(cases, repeats_are_told_at_doubling_intervals_with_what_was_left_out);
    tcase_add_test(cases, a_lasting_trouble_is_told_every_ten_minutes);
    tcase_add_test(cases, the_end_is_told_once_with_the_whole_count);
    tcase_add_test(cases, no_trouble_has_no_end_to_tell);
    tcase_add_test(cases, a_trouble_that_nothing_ends_but_silence_lapses_after_ten_minutes);
    tcase_add_test(cases, after_the_end_a_new_trouble_is_told_at_once);
    return suite_run("base/complain", cases);
}
