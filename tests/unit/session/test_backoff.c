/*
 * Delays between attempts: growth, cap, spread, and when the count starts again.
 */
#include <check.h>
#include <stdlib.h>

#include "session/backoff.h"
#include "support/suite.h"

static const struct backoff_options PLAIN = {
    .delay_ms = 1000, .max_delay_ms = 30000, .steady_ms = 30000, .jitter = -1.0};

START_TEST(the_delay_doubles_up_to_the_cap)
{
    static const int64_t EXPECTED[] = {1000, 2000, 4000, 8000, 16000, 30000, 30000};
    for (uint32_t i = 0; i < sizeof(EXPECTED) / sizeof(EXPECTED[0]); i++) {
        ck_assert_int_eq(backoff_delay_ms(&PLAIN, i + 1, 0.9), EXPECTED[i]);
    }
}
END_TEST

START_TEST(no_attempt_number_overflows)
{
    struct backoff_options wide = {
        .delay_ms = INT64_MAX / 3, .max_delay_ms = INT64_MAX, .jitter = -1.0};
    ck_assert_int_eq(backoff_delay_ms(&PLAIN, UINT32_MAX, 0.0), 30000);
    ck_assert_int_gt(backoff_delay_ms(&wide, UINT32_MAX, 0.0), 0);
}
END_TEST

START_TEST(jitter_spreads_the_delay_downwards)
{
    struct backoff_options half = PLAIN;
    half.jitter                 = 0.5;
    ck_assert_int_eq(backoff_delay_ms(&half, 1, 0.0), 1000);
    ck_assert_int_eq(backoff_delay_ms(&half, 1, 0.5), 750);
    for (int i = 0; i < 100; i++) {
        int64_t delay = backoff_delay_ms(&half, 3, (double)i / 100.0);
        ck_assert_int_gt(delay, 1999);
        ck_assert_int_le(delay, 4000);
    }
}
END_TEST

START_TEST(zero_means_the_defaults)
{
    struct backoff_options none = {0};
    ck_assert_int_eq(backoff_delay_ms(&none, 1, 0.0), 1000);
    ck_assert_int_eq(backoff_delay_ms(&none, 1, 0.5), 500); /* full jitter */
    ck_assert_int_eq(backoff_delay_ms(&none, 1, 0.999), 1);
    ck_assert_int_eq(backoff_delay_ms(&none, 40, 0.0), 30000);
    ck_assert_int_eq(backoff_delay_ms(&none, 40, 0.5), 15000);
}
END_TEST

START_TEST(the_slower_pace_stays_slow_whatever_the_jitter)
{
    struct backoff_options none = {0};
    ck_assert_int_eq(backoff_slow_delay_ms(&none, 0.0), 30000);
    ck_assert_int_gt(backoff_slow_delay_ms(&none, 0.999), 15000);
    ck_assert_int_eq(backoff_slow_delay_ms(&PLAIN, 0.999), 30000); /* none is none */
    none.jitter = 0.2;
    ck_assert_int_eq(backoff_slow_delay_ms(&none, 0.5), 27000);
}
END_TEST

START_TEST(the_count_starts_again_only_after_a_steady_ready)
{
    struct backoff backoff = {0};
    clock_ns_t now         = 5 * CLOCK_NS_PER_S;
    for (uint32_t i = 1; i <= 5; i++) {
        ck_assert_int_eq(backoff_next(&backoff, &PLAIN, now), 1);
        ck_assert_uint_eq(backoff.attempt, i);
        backoff_ready(&backoff, now);
        now += 29 * CLOCK_NS_PER_S; /* READY, but not for long enough */
    }
    backoff_ready(&backoff, now);
    now += 30 * CLOCK_NS_PER_S;
    ck_assert_int_eq(backoff_next(&backoff, &PLAIN, now), 1);
    ck_assert_uint_eq(backoff.attempt, 1);
}
END_TEST

START_TEST(being_told_ready_twice_does_not_shorten_the_steady_time)
{
    struct backoff backoff = {.attempt = 3};
    backoff_ready(&backoff, CLOCK_NS_PER_S);
    backoff_ready(&backoff, 20 * CLOCK_NS_PER_S);
    ck_assert_int_eq(backoff_next(&backoff, &PLAIN, 31 * CLOCK_NS_PER_S), 1);
    ck_assert_uint_eq(backoff.attempt, 1);
}
END_TEST

START_TEST(attempts_run_out_when_they_are_counted)
{
    struct backoff_options three = PLAIN;
    three.attempts               = 3;
    struct backoff backoff       = {0};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(backoff_next(&backoff, &three, CLOCK_NS_PER_S), 1);
    }
    ck_assert_int_eq(backoff_next(&backoff, &three, CLOCK_NS_PER_S), 0);
    backoff_reset(&backoff);
    ck_assert_int_eq(backoff_next(&backoff, &three, CLOCK_NS_PER_S), 1);
}
END_TEST

START_TEST(an_endless_session_never_runs_out)
{
    struct backoff_options endless = PLAIN;
    struct backoff backoff         = {.attempt = UINT32_MAX - 1};
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(backoff_next(&backoff, &endless, CLOCK_NS_PER_S), 1);
    }
    endless.attempts = UINT32_MAX;
    ck_assert_int_eq(backoff_next(&backoff, &endless, CLOCK_NS_PER_S), 1);
    ck_assert_uint_eq(backoff.attempt, UINT32_MAX);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("backoff");
    tcase_add_test(cases, the_delay_doubles_up_to_the_cap);
    tcase_add_test(cases, no_attempt_number_overflows);
    tcase_add_test(cases, jitter_spreads_the_delay_downwards);
    tcase_add_test(cases, zero_means_the_defaults);
    tcase_add_test(cases, the_slower_pace_stays_slow_whatever_the_jitter);
    tcase_add_test(cases, the_count_starts_again_only_after_a_steady_ready);
    tcase_add_test(cases, being_told_ready_twice_does_not_shorten_the_steady_time);
    tcase_add_test(cases, attempts_run_out_when_they_are_counted);
    tcase_add_test(cases, an_endless_session_never_runs_out);
    return suite_run("session/backoff", cases);
}
