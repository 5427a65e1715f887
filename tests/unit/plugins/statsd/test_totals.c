/*
 * Sums over sessions.
 */
#include "statsd/totals.h"

#include <stdio.h>
#include <string.h>

#include "support/suite.h"

static struct statsd_totals totals;

static void set_up(void)
{
    statsd_totals_clear(&totals);
}

START_TEST(names_are_summed_in_whatever_order_they_come)
{
    static const char *const NAMES[] = {"a", "b", "c", "a", "b", "c", "c", "a", "d", "b"};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        ck_assert_int_eq(statsd_totals_add(&totals, NAMES[i], 1 << i), 0);
    }
    ck_assert_uint_eq(totals.count, 4);
    ck_assert_int_eq(totals.at[0].sum, 1 + 8 + 128);
    ck_assert_int_eq(totals.at[1].sum, 2 + 16 + 512);
    ck_assert_int_eq(totals.at[2].sum, 4 + 32 + 64);
    ck_assert_str_eq(totals.at[3].name, "d");
    ck_assert_int_eq(totals.at[3].sum, 256);
}
END_TEST

START_TEST(a_sum_stays_at_its_largest_instead_of_overflowing)
{
    ck_assert_int_eq(statsd_totals_add(&totals, "a", INT64_MAX - 1), 0);
    ck_assert_int_eq(statsd_totals_add(&totals, "a", 5), 0);
    ck_assert_int_eq(totals.at[0].sum, INT64_MAX);
}
END_TEST

START_TEST(one_name_too_many_is_refused_and_the_known_ones_go_on)
{
    static char names[STATSD_MAX_TOTALS][8];
    for (size_t i = 0; i < STATSD_MAX_TOTALS; i++) {
        snprintf(names[i], sizeof(names[i]), "n%zu", i);
        ck_assert_int_eq(statsd_totals_add(&totals, names[i], 1), 0);
    }
    ck_assert_int_eq(statsd_totals_add(&totals, "other", 1), -1);
    ck_assert_int_eq(statsd_totals_add(&totals, "n17", 1), 0);
    ck_assert_int_eq(totals.at[17].sum, 2);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("totals");
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, names_are_summed_in_whatever_order_they_come);
    tcase_add_test(cases, a_sum_stays_at_its_largest_instead_of_overflowing);
    tcase_add_test(cases, one_name_too_many_is_refused_and_the_known_ones_go_on);
    return suite_run("plugins/statsd/totals", cases);
}
