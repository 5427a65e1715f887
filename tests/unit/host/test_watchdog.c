/*
 * core/host/watchdog: which process hangs, which call is slow, and that neither is told of one that
 * merely was not looked at.
 */
#include "host/watchdog.h"

#include <check.h>

#include "support/suite.h"

#define MS    CLOCK_NS_PER_MS
#define START (1000 * CLOCK_NS_PER_S)

static const struct watchdog_limits LIMITS = {
    .timeout = 10 * CLOCK_NS_PER_S, .budget = 100 * MS, .interval = 50 * MS};

static enum watchdog_verdict look(struct watchdog *watchdog, uint64_t ticks, uint64_t call,
                                  clock_ns_t after)
{
    return watchdog_look(watchdog, &LIMITS, ticks, call, START + after);
}

START_TEST(a_loop_that_turns_is_fine_however_long_it_runs)
{
    struct watchdog watchdog = {0};
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(look(&watchdog, (uint64_t)i / 5, 0, i * 50 * MS), WATCHDOG_FINE);
    }
}
END_TEST

START_TEST(a_loop_that_stands_still_is_told_once_at_its_timeout)
{
    struct watchdog watchdog = {0};
    int told                 = 0;
    for (int i = 0; i <= 1000; i++) {
        enum watchdog_verdict verdict = look(&watchdog, 7, 0, i * 50 * MS);
        if (verdict == WATCHDOG_HANGS) {
            ck_assert_int_eq(i, 200);
            told++;
        }
    }
    ck_assert_int_eq(told, 1);
}
END_TEST

START_TEST(a_loop_that_comes_back_and_stops_again_is_told_again)
{
    struct watchdog watchdog = {0};
    int told                 = 0;
    for (int i = 0; i <= 500; i++) {
        told += look(&watchdog, i < 250 ? 1 : 2, 0, i * 50 * MS) == WATCHDOG_HANGS;
    }
    ck_assert_int_eq(told, 2);
}
END_TEST

START_TEST(with_the_timeout_off_nothing_hangs)
{
    struct watchdog_limits off = LIMITS;
    struct watchdog watchdog   = {0};
    off.timeout                = 0;
    for (int i = 0; i <= 1000; i++) {
        ck_assert_int_eq(watchdog_look(&watchdog, &off, 1, 0, START + i * 50 * MS), WATCHDOG_FINE);
    }
}
END_TEST

START_TEST(a_call_over_its_budget_is_told_once)
{
    struct watchdog watchdog = {0};
    ck_assert_int_eq(look(&watchdog, 1, 0, 0), WATCHDOG_FINE);
    ck_assert_int_eq(look(&watchdog, 1, 77, 50 * MS), WATCHDOG_FINE);
    ck_assert_int_eq(look(&watchdog, 1, 77, 100 * MS), WATCHDOG_FINE);
    ck_assert_int_eq(look(&watchdog, 1, 77, 150 * MS), WATCHDOG_SLOW);
    ck_assert_int_eq(look(&watchdog, 1, 77, 200 * MS), WATCHDOG_FINE);
}
END_TEST

START_TEST(many_short_calls_are_never_slow)
{
    struct watchdog watchdog = {0};
    for (int i = 1; i <= 1000; i++) {
        ck_assert_int_eq(look(&watchdog, 1 + (uint64_t)i / 5, (uint64_t)i, i * 50 * MS),
                         WATCHDOG_FINE);
    }
}
END_TEST

START_TEST(a_time_without_looks_makes_nobody_hang_or_slow)
{
    struct watchdog watchdog = {0};
    ck_assert_int_eq(look(&watchdog, 1, 0, 0), WATCHDOG_FINE);
    ck_assert_int_eq(look(&watchdog, 1, 0, 3600 * CLOCK_NS_PER_S), WATCHDOG_FINE);
    ck_assert_int_eq(look(&watchdog, 2, 0, 3600 * CLOCK_NS_PER_S + 50 * MS), WATCHDOG_FINE);
}
END_TEST

START_TEST(looks_come_twice_in_a_budget_within_bounds)
{
    ck_assert_int_eq(watchdog_interval(10000 * MS, 100 * MS), 50 * MS);
    ck_assert_int_eq(watchdog_interval(10000 * MS, 1 * MS), 5 * MS);
    ck_assert_int_eq(watchdog_interval(10000 * MS, 0), 500 * MS);
    ck_assert_int_eq(watchdog_interval(1000 * MS, 0), 250 * MS);
    ck_assert_int_eq(watchdog_interval(0, 60000 * MS), 500 * MS);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("watchdog");
    tcase_add_test(cases, a_loop_that_turns_is_fine_however_long_it_runs);
    tcase_add_test(cases, a_loop_that_stands_still_is_told_once_at_its_timeout);
    tcase_add_test(cases, a_loop_that_comes_back_and_stops_again_is_told_again);
    tcase_add_test(cases, with_the_timeout_off_nothing_hangs);
    tcase_add_test(cases, a_call_over_its_budget_is_told_once);
    tcase_add_test(cases, many_short_calls_are_never_slow);
    tcase_add_test(cases, a_time_without_looks_makes_nobody_hang_or_slow);
    tcase_add_test(cases, looks_come_twice_in_a_budget_within_bounds);
    return suite_run("host/watchdog", cases);
}
