/*
 * Rates: over the last ten seconds, and never a number that is not there.
 */
#include "host/rate.h"

#include "support/suite.h"

#define SECOND CLOCK_NS_PER_S

START_TEST(nothing_known_is_no_rate)
{
    struct rate rate = {0};
    ck_assert_double_eq(rate_per_s(&rate, 1000, 5 * SECOND), 0);
    rate_sample(&rate, 1000, 5 * SECOND);
    ck_assert_double_eq(rate_per_s(&rate, 1000, 5 * SECOND), 0);
}
END_TEST

START_TEST(the_first_sample_is_enough_for_what_came_since)
{
    struct rate rate = {0};
    rate_sample(&rate, 100, 5 * SECOND);
    ck_assert_double_eq(rate_per_s(&rate, 150, 5 * SECOND + SECOND / 2), 100);
}
END_TEST

START_TEST(a_steady_stream_has_its_rate_whenever_it_is_asked)
{
    struct rate rate = {0};
    for (int64_t second = 0; second < 100; second++) {
        rate_sample(&rate, (uint64_t)second * 70, second * SECOND);
        ck_assert_double_eq_tol(
            rate_per_s(&rate, (uint64_t)second * 70 + 35, second * SECOND + SECOND / 2), 70, 1e-6);
    }
}
END_TEST

START_TEST(what_is_older_than_ten_seconds_is_forgotten)
{
    struct rate rate = {0};
    for (int64_t second = 0; second < 30; second++) {
        rate_sample(&rate, second < 15 ? (uint64_t)second * 1000 : 15000, second * SECOND);
    }
    ck_assert_double_eq(rate_per_s(&rate, 15000, 30 * SECOND), 0);
}
END_TEST

START_TEST(a_counter_that_begins_anew_is_no_negative_rate)
{
    struct rate rate = {0};
    rate_sample(&rate, 1000, SECOND);
    ck_assert_double_eq(rate_per_s(&rate, 5, 2 * SECOND), 0);
    rate_sample(&rate, 10, 2 * SECOND);
    ck_assert_double_eq(rate_per_s(&rate, 20, 3 * SECOND), 10);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("rate");
    tcase_add_test(cases, nothing_known_is_no_rate);
    tcase_add_test(cases, the_first_sample_is_enough_for_what_came_since);
    tcase_add_test(cases, a_steady_stream_has_its_rate_whenever_it_is_asked);
    tcase_add_test(cases, what_is_older_than_ten_seconds_is_forgotten);
    tcase_add_test(cases, a_counter_that_begins_anew_is_no_negative_rate);
    return suite_run("host/rate", cases);
}
