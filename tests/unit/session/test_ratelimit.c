/*
 * Token buckets: what they hold, how they fill, and what happens when somebody else knows better.
 */
#include "session/ratelimit.h"

#include <check.h>
#include <stdlib.h>

#include "support/suite.h"

#define MS    CLOCK_NS_PER_MS
#define START (1000 * CLOCK_NS_PER_S)

static const struct ratelimit TEN = {.rate = 10, .burst = 20};

START_TEST(a_full_bucket_is_taken_at_once_and_then_at_the_rate)
{
    ratelimit_bucket bucket = 0;
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(ratelimit_take(&bucket, TEN, 1, START), 0);
    }
    ck_assert_int_eq(ratelimit_take(&bucket, TEN, 1, START), 100 * MS);
    ck_assert_int_eq(ratelimit_take(&bucket, TEN, 5, START), 500 * MS);
    ck_assert_int_eq(ratelimit_take(&bucket, TEN, 1, START + 99 * MS), 1 * MS); /* took nothing */
    ck_assert_int_eq(ratelimit_take(&bucket, TEN, 1, START + 100 * MS), 0);
    ck_assert_int_eq(ratelimit_take(&bucket, TEN, 1, START + 100 * MS), 100 * MS);
}
END_TEST

START_TEST(the_sums_of_an_exchange_come_out)
{
    const struct ratelimit pool = {.rate = 10000, .burst = 50000};
    ratelimit_bucket bucket     = 0;
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(ratelimit_take(&bucket, pool, 500, START), 0);
    }
    ck_assert_int_eq(ratelimit_take(&bucket, pool, 500, START), 50 * MS); /* 20 a second */
}
END_TEST

START_TEST(what_costs_more_than_a_full_bucket_waits_for_a_full_one)
{
    ratelimit_bucket bucket = 0;
    ck_assert_int_eq(ratelimit_take(&bucket, TEN, 1, START), 0);
    ck_assert_int_eq(ratelimit_take(&bucket, TEN, UINT32_MAX, START), 100 * MS);
    ck_assert_int_eq(ratelimit_take(&bucket, TEN, UINT32_MAX, START + 100 * MS), 0);
}
END_TEST

START_TEST(without_a_rate_or_a_cost_nothing_waits)
{
    ratelimit_bucket bucket = 0;
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(ratelimit_take(&bucket, (struct ratelimit){0}, 1000, START), 0);
        ck_assert_int_eq(ratelimit_take(&bucket, TEN, 0, START), 0);
    }
    ratelimit_owe(&bucket, (struct ratelimit){0}, 1, START);
    ratelimit_drain(&bucket, (struct ratelimit){0}, START);
    ck_assert_int_eq(bucket, 0);
}
END_TEST

START_TEST(what_is_owed_is_paid_by_those_who_come_next)
{
    ratelimit_bucket bucket = 0;
    for (int i = 0; i < 22; i++) {
        ratelimit_owe(&bucket, TEN, 1, START);
    }
    ck_assert_int_eq(ratelimit_take(&bucket, TEN, 1, START), 300 * MS);
    for (int i = 0; i < 1000; i++) {
        ratelimit_owe(&bucket, TEN, 1, START);
    }
    ck_assert_int_eq(ratelimit_take(&bucket, TEN, 1, START), 2100 * MS); /* one bucket at most */
}
END_TEST

START_TEST(a_drained_bucket_is_empty_until_then)
{
    ratelimit_bucket bucket = 0;
    ratelimit_drain(&bucket, TEN, START + 1000 * MS);
    ck_assert_int_eq(ratelimit_take(&bucket, TEN, 1, START), 1100 * MS);
    ratelimit_drain(&bucket, TEN, START + 500 * MS); /* an earlier end is no end */
    ck_assert_int_eq(ratelimit_take(&bucket, TEN, 1, START), 1100 * MS);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("ratelimit");
    tcase_add_test(cases, a_full_bucket_is_taken_at_once_and_then_at_the_rate);
    tcase_add_test(cases, the_sums_of_an_exchange_come_out);
    tcase_add_test(cases, what_costs_more_than_a_full_bucket_waits_for_a_full_one);
    tcase_add_test(cases, without_a_rate_or_a_cost_nothing_waits);
    tcase_add_test(cases, what_is_owed_is_paid_by_those_who_come_next);
    tcase_add_test(cases, a_drained_bucket_is_empty_until_then);
    return suite_run("session/ratelimit", cases);
}
