/*
 * core/host/intensity: how the pauses grow, when a process is tried slowly, and that this ends.
 */
#include "host/intensity.h"

#include <check.h>

#include "support/fake_clock.h"
#include "support/suite.h"

#define S CLOCK_NS_PER_S

static const struct intensity_limits FIVE = {.most = 5, .within = 10 * S};

/* Starts it, lets it run for so long, and has it die. */
static int64_t die_after(struct intensity *intensity, clock_ns_t uptime)
{
    clock_ns_t started_at = clock_monotonic();
    fake_clock_advance(uptime);
    int64_t delay_ms = intensity_died(intensity, &FIVE, started_at, clock_monotonic());
    fake_clock_advance(delay_ms * CLOCK_NS_PER_MS);
    return delay_ms;
}

START_TEST(the_first_death_costs_no_time)
{
    struct intensity intensity = {0};
    ck_assert_int_eq(die_after(&intensity, 0), 0);
}
END_TEST

START_TEST(pauses_double_and_the_fifth_death_within_ten_seconds_makes_them_a_minute)
{
    static const int64_t DELAYS[] = {0, 100, 200, 400, 60000, 60000, 60000};
    struct intensity intensity    = {0};
    for (size_t i = 0; i < sizeof(DELAYS) / sizeof(DELAYS[0]); i++) {
        ck_assert_int_eq(die_after(&intensity, S / 100), DELAYS[i]);
    }
}
END_TEST

START_TEST(deaths_further_apart_than_the_limit_pause_for_five_seconds_at_most)
{
    struct intensity intensity = {0};
    for (int i = 0; i < 100; i++) {
        ck_assert_int_le(die_after(&intensity, 3 * S), 5000);
    }
    ck_assert_int_eq(die_after(&intensity, 3 * S), 5000);
}
END_TEST

START_TEST(a_run_of_ten_seconds_starts_the_pauses_anew)
{
    struct intensity intensity = {0};
    for (int i = 0; i < 3; i++) {
        (void)die_after(&intensity, 3 * S);
    }
    ck_assert_int_eq(die_after(&intensity, 11 * S), 0);
    ck_assert_int_eq(die_after(&intensity, 3 * S), 100);
}
END_TEST

START_TEST(one_that_is_tried_slowly_is_trusted_again_after_a_steady_minute_and_not_before)
{
    struct intensity intensity = {0};
    for (int i = 0; i < 5; i++) {
        (void)die_after(&intensity, 0);
    }
    ck_assert_int_eq(die_after(&intensity, 59 * S), 60000);
    ck_assert_int_eq(die_after(&intensity, 60 * S), 0);
    ck_assert_int_eq(die_after(&intensity, 0), 100);
}
END_TEST

START_TEST(without_a_limit_it_is_never_tried_slowly)
{
    static const struct intensity_limits NONE = {.most = 0, .within = 10 * S};
    struct intensity intensity                = {0};
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_le(intensity_died(&intensity, &NONE, 100 * S, 100 * S), 5000);
    }
}
END_TEST

START_TEST(a_limit_of_one_pauses_at_once)
{
    static const struct intensity_limits ONE = {.most = 1, .within = 10 * S};
    struct intensity intensity               = {0};
    ck_assert_int_eq(intensity_died(&intensity, &ONE, 100 * S, 101 * S), 60000);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("intensity");
    tcase_add_checked_fixture(cases, fake_clock_install, fake_clock_remove);
    tcase_add_test(cases, the_first_death_costs_no_time);
    tcase_add_test(cases, pauses_double_and_the_fifth_death_within_ten_seconds_makes_them_a_minute);
    tcase_add_test(cases, deaths_further_apart_than_the_limit_pause_for_five_seconds_at_most);
    tcase_add_test(cases, a_run_of_ten_seconds_starts_the_pauses_anew);
    tcase_add_test(cases,
                   one_that_is_tried_slowly_is_trusted_again_after_a_steady_minute_and_not_before);
    tcase_add_test(cases, without_a_limit_it_is_never_tried_slowly);
    tcase_add_test(cases, a_limit_of_one_pauses_at_once);
    return suite_run("host/intensity", cases);
}
