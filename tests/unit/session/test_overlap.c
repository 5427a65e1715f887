/*
 * Places for connections beyond the usual number: how many there are, who has one, and that none is
 * lost with who had it.
 */
#include <check.h>
#include <unistd.h>

#include "session/overlap.h"
#include "support/suite.h"

#define START  (1000 * CLOCK_NS_PER_S)
#define UNTIL  (START + 60 * CLOCK_NS_PER_S)
#define KEY    UINT64_C(42)
#define PLACES 2u

static struct budget *budget;
static int fd;

static void set_up(void)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_msg(budget_make(&fd, &err) == 0, "%s", err.message);
    budget = budget_attach(fd, &err);
    ck_assert_msg(budget != NULL, "%s", err.message);
    budget_set_limits(budget, (struct budget_limits){.overlap = PLACES});
}

static void tear_down(void)
{
    budget_detach(budget);
    ck_assert_int_eq(close(fd), 0);
}

static int take(struct overlap *overlap, clock_ns_t now, clock_ns_t until)
{
    return overlap_take(overlap, budget, KEY, now, until);
}

START_TEST(there_are_as_many_places_as_the_limit_says_and_one_given_back_is_free)
{
    struct overlap a = {0}, b = {0}, c = {0};
    ck_assert_int_eq(take(&a, START, UNTIL), 1);
    ck_assert_int_eq(take(&b, START, UNTIL), 1);
    ck_assert_int_eq(take(&c, START, UNTIL), 0);
    overlap_give(&a);
    ck_assert_int_eq(take(&c, START, UNTIL), 1);
    ck_assert_int_eq(take(&a, START, UNTIL), 0);
}
END_TEST

START_TEST(who_holds_a_place_keeps_that_one_for_longer_and_takes_no_second)
{
    struct overlap a = {0}, b = {0}, c = {0};
    ck_assert_int_eq(take(&a, START, UNTIL), 1);
    ck_assert_int_eq(take(&a, START, UNTIL + 1), 1);
    ck_assert_int_eq(take(&b, START, UNTIL), 1);
    ck_assert_int_eq(take(&c, UNTIL, UNTIL + 2), 1); /* b's has run out; a's has not */
    overlap_give(&b);
    ck_assert_int_eq(take(&b, UNTIL, UNTIL + 2), 0);
}
END_TEST

START_TEST(a_place_of_who_died_is_free_when_its_time_is_over)
{
    struct overlap a = {0}, b = {0}, later = {0};
    ck_assert_int_eq(take(&a, START, UNTIL), 1);
    ck_assert_int_eq(take(&b, START, UNTIL), 1);
    ck_assert_int_eq(take(&later, UNTIL - 1, UNTIL + 1), 0);
    ck_assert_int_eq(take(&later, UNTIL, UNTIL + 1), 1);
}
END_TEST

START_TEST(what_ran_out_and_is_anothers_by_now_is_not_given_away_again)
{
    struct overlap a = {0}, b = {0}, c = {0}, d = {0};
    ck_assert_int_eq(take(&a, START, UNTIL), 1);
    ck_assert_int_eq(take(&b, START, UNTIL + 10), 1);
    ck_assert_int_eq(take(&c, UNTIL, UNTIL + 10), 1); /* the one that was a's */
    overlap_give(&a);
    ck_assert_int_eq(take(&d, UNTIL, UNTIL + 10), 0);
    ck_assert_int_eq(take(&a, UNTIL, UNTIL + 10), 0); /* nor does it get longer */
    overlap_give(&d);                                 /* holds none */
    ck_assert_int_eq(take(&d, UNTIL, UNTIL + 10), 0);
}
END_TEST

START_TEST(each_exchange_has_places_of_its_own)
{
    struct overlap here[PLACES] = {{0}}, there[PLACES] = {{0}}, more = {0};
    for (size_t i = 0; i < PLACES; i++) {
        ck_assert_int_eq(overlap_take(&here[i], budget, KEY, START, UNTIL), 1);
        ck_assert_int_eq(overlap_take(&there[i], budget, KEY + 1, START, UNTIL), 1);
    }
    ck_assert_int_eq(overlap_take(&more, budget, KEY, START, UNTIL), 0);
    ck_assert_int_eq(overlap_take(&more, budget, KEY + 1, START, UNTIL), 0);
}
END_TEST

START_TEST(processes_share_the_places)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct budget *another  = budget_attach(fd, &err);
    struct overlap a = {0}, b = {0}, c = {0};
    ck_assert_msg(another != NULL, "%s", err.message);
    budget_set_limits(another, (struct budget_limits){.overlap = PLACES});
    ck_assert_int_eq(overlap_take(&a, another, KEY, START, UNTIL), 1);
    ck_assert_int_eq(take(&b, START, UNTIL), 1);
    ck_assert_int_eq(take(&c, START, UNTIL), 0);
    overlap_give(&a);
    ck_assert_int_eq(take(&c, START, UNTIL), 1);
    budget_detach(another);
}
END_TEST

START_TEST(no_places_at_all_is_off_and_no_budget_is_no_bound)
{
    struct overlap a = {0};
    ck_assert_int_eq(overlap_is_off(budget), 0);
    budget_set_limits(budget, (struct budget_limits){0});
    ck_assert_int_eq(overlap_is_off(budget), 1);
    ck_assert_int_eq(take(&a, START, UNTIL), 0);
    ck_assert_int_eq(overlap_is_off(NULL), 0);
    ck_assert_int_eq(overlap_take(&a, NULL, KEY, START, UNTIL), 1);
    overlap_give(&a);
}
END_TEST

START_TEST(more_places_than_there_are_at_most_are_not_given)
{
    struct overlap held[OVERLAP_MOST] = {{0}}, more = {0};
    budget_set_limits(budget, (struct budget_limits){.overlap = OVERLAP_MOST + 1});
    for (size_t i = 0; i < OVERLAP_MOST; i++) {
        ck_assert_int_eq(take(&held[i], START, UNTIL), 1);
    }
    ck_assert_int_eq(take(&more, START, UNTIL), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("overlap");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, there_are_as_many_places_as_the_limit_says_and_one_given_back_is_free);
    tcase_add_test(cases, who_holds_a_place_keeps_that_one_for_longer_and_takes_no_second);
    tcase_add_test(cases, a_place_of_who_died_is_free_when_its_time_is_over);
    tcase_add_test(cases, what_ran_out_and_is_anothers_by_now_is_not_given_away_again);
    tcase_add_test(cases, each_exchange_has_places_of_its_own);
    tcase_add_test(cases, processes_share_the_places);
    tcase_add_test(cases, no_places_at_all_is_off_and_no_budget_is_no_bound);
    tcase_add_test(cases, more_places_than_there_are_at_most_are_not_given);
    return suite_run("session/overlap", cases);
}
