/*
 * Holes in sequence numbers: which delivery tells of one, and that each is told once.
 */
#include <check.h>

#include "session/gap.h"
#include "support/suite.h"

#define SNAPSHOT (HAWSER_DELIVERY_SEQUENCED | HAWSER_DELIVERY_SNAPSHOT)
#define CHANGE   (HAWSER_DELIVERY_SEQUENCED | HAWSER_DELIVERY_FOLLOWS)
#define COUNTED  HAWSER_DELIVERY_SEQUENCED

static enum gap_verdict feed(struct gap_watch *watch, unsigned flags, uint64_t sequence,
                             uint64_t previous)
{
    struct hawser_delivery delivery = {.flags = flags, .sequence = sequence, .previous = previous};
    return gap_check(watch, &delivery);
}

START_TEST(changes_that_follow_each_other_are_no_gap)
{
    struct gap_watch watch = {0};
    ck_assert_int_eq(feed(&watch, SNAPSHOT, 100, 0), GAP_NONE);
    ck_assert_int_eq(feed(&watch, CHANGE, 107, 100), GAP_NONE);
    ck_assert_int_eq(feed(&watch, CHANGE, 108, 107), GAP_NONE);
}
END_TEST

START_TEST(a_change_that_names_another_predecessor_is_a_gap_told_once)
{
    struct gap_watch watch = {0};
    ck_assert_int_eq(feed(&watch, SNAPSHOT, 100, 0), GAP_NONE);
    ck_assert_int_eq(feed(&watch, CHANGE, 120, 110), GAP_MISSING);
    ck_assert_int_eq(feed(&watch, CHANGE, 121, 120), GAP_NONE);
}
END_TEST

START_TEST(a_change_before_any_snapshot_is_a_gap)
{
    struct gap_watch watch = {0};
    ck_assert_int_eq(feed(&watch, CHANGE, 120, 110), GAP_NO_SNAPSHOT);
    ck_assert_int_eq(feed(&watch, CHANGE, 121, 120), GAP_NONE);
}
END_TEST

START_TEST(a_snapshot_starts_anew_whatever_its_number)
{
    struct gap_watch watch = {0};
    ck_assert_int_eq(feed(&watch, SNAPSHOT, 100, 0), GAP_NONE);
    ck_assert_int_eq(feed(&watch, SNAPSHOT, 5, 0), GAP_NONE);
    ck_assert_int_eq(feed(&watch, CHANGE, 6, 5), GAP_NONE);
    ck_assert_int_eq(feed(&watch, SNAPSHOT, 900, 0), GAP_NONE);
}
END_TEST

START_TEST(numbers_that_go_back_or_repeat_are_a_gap)
{
    struct gap_watch watch = {0};
    ck_assert_int_eq(feed(&watch, SNAPSHOT, 100, 0), GAP_NONE);
    ck_assert_int_eq(feed(&watch, CHANGE, 100, 100), GAP_BACKWARDS);
    ck_assert_int_eq(feed(&watch, CHANGE, 99, 100), GAP_BACKWARDS);
}
END_TEST

START_TEST(plain_numbers_must_grow_by_one)
{
    struct gap_watch watch = {0};
    ck_assert_int_eq(feed(&watch, COUNTED, 7, 0), GAP_NONE);
    ck_assert_int_eq(feed(&watch, COUNTED, 8, 0), GAP_NONE);
    ck_assert_int_eq(feed(&watch, COUNTED, 10, 0), GAP_MISSING);
    ck_assert_int_eq(feed(&watch, COUNTED, 11, 0), GAP_NONE);
    ck_assert_int_eq(feed(&watch, COUNTED, 11, 0), GAP_BACKWARDS);
}
END_TEST

START_TEST(without_numbers_nothing_can_be_told)
{
    struct gap_watch watch = {0};
    ck_assert_int_eq(feed(&watch, HAWSER_DELIVERY_JSON, 9, 1), GAP_NONE);
    ck_assert_int_eq(feed(&watch, HAWSER_DELIVERY_JSON, 1, 9), GAP_NONE);
    ck_assert_int_eq(watch.seen, 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("gap");
    tcase_add_test(cases, changes_that_follow_each_other_are_no_gap);
    tcase_add_test(cases, a_change_that_names_another_predecessor_is_a_gap_told_once);
    tcase_add_test(cases, a_change_before_any_snapshot_is_a_gap);
    tcase_add_test(cases, a_snapshot_starts_anew_whatever_its_number);
    tcase_add_test(cases, numbers_that_go_back_or_repeat_are_a_gap);
    tcase_add_test(cases, plain_numbers_must_grow_by_one);
    tcase_add_test(cases, without_numbers_nothing_can_be_told);
    return suite_run("session/gap", cases);
}
