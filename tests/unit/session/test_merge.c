/*
 * Messages of several lines: each is passed on once. The rules alone; lines with connections, and
 * what is held back of them, are test_bundle_hold.c's and test_bundle_takeover.c's.
 */
#include <check.h>
#include <stdio.h>

#include "base/slice.h"
#include "session/merge.h"
#include "support/suite.h"

#define A 0u
#define B 1u

static struct merge_channel channel;

static void set_up(void)
{
    merge_init(&channel, MERGE_WINDOW_MIN);
    merge_meet(&channel, A, 1);
    merge_meet(&channel, B, 1);
}

static void tear_down(void)
{
    merge_fini(&channel);
}

static enum merge_verdict judge(size_t line, const struct hawser_delivery *delivery)
{
    struct merge_item item     = {delivery, merge_hash(delivery), line, 1};
    enum merge_verdict verdict = merge_judge(&channel, &item);
    if (verdict == MERGE_NEW) {
        ck_assert_int_eq(merge_pass(&channel, &item), GAP_NONE);
    }
    return verdict;
}

static struct hawser_delivery text(const char *content)
{
    return (struct hawser_delivery){.data = slice_of(content)};
}

static struct hawser_delivery numbered(uint64_t sequence)
{
    return (struct hawser_delivery){.sequence = sequence, .flags = HAWSER_DELIVERY_SEQUENCED};
}

static struct hawser_delivery change(uint64_t previous, uint64_t sequence)
{
    return (struct hawser_delivery){.sequence = sequence,
                                    .previous = previous,
                                    .flags = HAWSER_DELIVERY_SEQUENCED | HAWSER_DELIVERY_FOLLOWS};
}

static struct hawser_delivery snapshot(uint64_t sequence)
{
    return (struct hawser_delivery){.sequence = sequence,
                                    .flags = HAWSER_DELIVERY_SEQUENCED | HAWSER_DELIVERY_SNAPSHOT};
}

static enum merge_verdict say(size_t line, const char *content)
{
    struct hawser_delivery delivery = text(content);
    return judge(line, &delivery);
}

static enum merge_verdict count_to(size_t line, uint64_t sequence)
{
    struct hawser_delivery delivery = numbered(sequence);
    return judge(line, &delivery);
}

static void pass(size_t line, const struct hawser_delivery *delivery)
{
    struct merge_item item = {delivery, merge_hash(delivery), line, 1};
    (void)merge_judge(&channel, &item);
    (void)merge_pass(&channel, &item);
}

static void both_join_at(const char *content)
{
    struct hawser_delivery first = text(content);
    pass(A, &first);
    ck_assert_int_eq(say(B, content), MERGE_SEEN);
}

START_TEST(content_is_new_from_the_first_line_and_seen_from_the_second)
{
    both_join_at("1");
    ck_assert_int_eq(say(A, "2"), MERGE_NEW);
    ck_assert_int_eq(say(B, "2"), MERGE_SEEN);
    ck_assert_int_eq(say(B, "3"), MERGE_NEW);
    ck_assert_int_eq(say(A, "3"), MERGE_SEEN);
}
END_TEST

START_TEST(equal_messages_in_a_row_on_both_lines_stay_as_many_as_they_are)
{
    both_join_at("1");
    ck_assert_int_eq(say(A, "x"), MERGE_NEW);
    ck_assert_int_eq(say(A, "x"), MERGE_NEW);
    ck_assert_int_eq(say(B, "x"), MERGE_SEEN);
    ck_assert_int_eq(say(B, "x"), MERGE_SEEN);
    ck_assert_int_eq(say(B, "x"), MERGE_NEW);
    ck_assert_int_eq(say(A, "x"), MERGE_SEEN);
}
END_TEST

START_TEST(a_line_that_misses_messages_is_in_step_again_with_the_next_that_it_brings)
{
    both_join_at("1");
    for (const char *at = "23456"; *at != '\0'; at++) {
        ck_assert_int_eq(say(A, (char[]){*at, '\0'}), MERGE_NEW);
    }
    ck_assert_int_eq(say(B, "5"), MERGE_SEEN);
    ck_assert_int_eq(say(B, "6"), MERGE_SEEN);
    ck_assert_int_eq(say(B, "7"), MERGE_NEW);
}
END_TEST

START_TEST(what_only_the_slower_line_has_is_new)
{
    both_join_at("1");
    ck_assert_int_eq(say(A, "3"), MERGE_NEW); /* A lost 2 */
    ck_assert_int_eq(say(B, "2"), MERGE_NEW);
    ck_assert_int_eq(say(B, "3"), MERGE_SEEN);
    ck_assert_int_eq(say(B, "4"), MERGE_NEW);
    ck_assert_int_eq(say(A, "4"), MERGE_SEEN);
}
END_TEST

START_TEST(a_line_that_comes_anew_may_bring_what_was_passed_on_before)
{
    both_join_at("1");
    ck_assert_int_eq(say(A, "2"), MERGE_NEW);
    ck_assert_int_eq(say(B, "2"), MERGE_SEEN);
    merge_meet(&channel, B, 2);
    ck_assert_int_eq(say(B, "2"), MERGE_SEEN);
    ck_assert_int_eq(say(B, "3"), MERGE_NEW);
}
END_TEST

START_TEST(content_of_a_line_that_has_met_nothing_yet_cannot_be_told)
{
    both_join_at("1");
    merge_meet(&channel, B, 2);
    ck_assert_int_eq(say(B, "3"), MERGE_AHEAD);
    ck_assert_int_eq(say(A, "2"), MERGE_NEW);
    ck_assert_int_eq(say(A, "3"), MERGE_NEW);
    struct hawser_delivery held = text("3");
    struct merge_item item      = {&held, merge_hash(&held), B, 1};
    ck_assert_int_eq(merge_judge_again(&channel, &item), MERGE_SEEN);
    ck_assert_int_eq(say(B, "4"), MERGE_NEW);
}
END_TEST

START_TEST(a_window_ago_is_forgotten)
{
    char number[24];
    both_join_at("1");
    for (unsigned i = 0; i <= MERGE_WINDOW_MIN; i++) {
        (void)snprintf(number, sizeof(number), "n%u", i);
        ck_assert_int_eq(say(A, number), MERGE_NEW);
    }
    ck_assert_int_eq(say(B, "n0"), MERGE_NEW);
    ck_assert_int_eq(say(B, "n9"), MERGE_SEEN);
}
END_TEST

START_TEST(a_number_is_passed_on_once_whoever_brings_it)
{
    ck_assert_int_eq(count_to(A, 7), MERGE_NEW);
    ck_assert_int_eq(count_to(B, 7), MERGE_SEEN);
    ck_assert_int_eq(count_to(B, 8), MERGE_NEW);
    ck_assert_int_eq(count_to(A, 8), MERGE_SEEN);
    ck_assert_int_eq(count_to(A, 9), MERGE_NEW);
}
END_TEST

START_TEST(a_line_behind_a_hole_waits_until_the_other_has_filled_it)
{
    ck_assert_int_eq(count_to(A, 7), MERGE_NEW);
    ck_assert_int_eq(count_to(B, 9), MERGE_AHEAD);
    ck_assert_int_eq(channel.lines[B].joined, 0);
    ck_assert_int_eq(count_to(A, 8), MERGE_NEW);
    struct hawser_delivery held = numbered(9);
    struct merge_item item      = {&held, 0, B, 1};
    ck_assert_int_eq(merge_judge_again(&channel, &item), MERGE_NEW);
}
END_TEST

START_TEST(a_snapshot_of_a_line_that_joins_is_seen_when_it_tells_nothing_newer)
{
    struct hawser_delivery first = snapshot(10), next = change(10, 14), late = snapshot(14),
                           after = change(14, 15), ahead = snapshot(20);
    ck_assert_int_eq(judge(A, &first), MERGE_NEW);
    ck_assert_int_eq(judge(A, &next), MERGE_NEW);
    ck_assert_int_eq(judge(B, &late), MERGE_SEEN);
    ck_assert_int_eq(judge(B, &after), MERGE_NEW);
    merge_meet(&channel, B, 2);
    ck_assert_int_eq(judge(B, &ahead), MERGE_AHEAD);
}
END_TEST

START_TEST(a_line_whose_numbers_go_back_is_not_taken_for_one_that_is_behind)
{
    ck_assert_int_eq(count_to(A, 7), MERGE_NEW);
    ck_assert_int_eq(count_to(B, 7), MERGE_SEEN);
    ck_assert_int_eq(count_to(B, 3), MERGE_BACK);
    ck_assert_int_eq(channel.lines[B].joined, 0);
    ck_assert_int_eq(count_to(A, 8), MERGE_NEW);
}
END_TEST

static enum merge_verdict count_at(size_t line, uint64_t sequence, clock_ns_t at)
{
    struct hawser_delivery delivery = numbered(sequence);
    struct merge_item item          = {&delivery, 0, line, at};
    return merge_judge(&channel, &item);
}

START_TEST(lower_numbers_are_seen_once_the_line_has_come_to_where_it_found_the_other)
{
    ck_assert_int_eq(count_to(A, 100), MERGE_NEW);
    ck_assert_int_eq(count_to(B, 98), MERGE_BACK);
    ck_assert_int_eq(merge_stand(&channel, B, 1), MERGE_TRAILS);
    ck_assert_int_eq(count_to(A, 101), MERGE_NEW);
    ck_assert_int_eq(count_to(B, 99), MERGE_BACK);
    ck_assert_int_eq(count_to(B, 100), MERGE_SEEN);
    ck_assert_int_eq(merge_stand(&channel, B, 1), MERGE_JOINED);
    ck_assert_int_eq(count_to(B, 101), MERGE_SEEN);
    ck_assert_int_eq(count_to(B, 102), MERGE_NEW);
}
END_TEST

START_TEST(numbers_too_far_away_for_their_pace_are_from_elsewhere)
{
    clock_ns_t met = CLOCK_NS_PER_S;
    ck_assert_int_eq(count_to(A, 1000), MERGE_NEW);
    ck_assert_int_eq(count_at(B, _i ? 500 : 1500, met), _i ? MERGE_BACK : MERGE_AHEAD);
    ck_assert_int_eq(merge_stand(&channel, B, met), _i ? MERGE_TRAILS : MERGE_LEADS);
    for (uint64_t n = 1; n <= 50; n++) { /* whoever is behind comes 50 nearer */
        ck_assert_int_eq(_i ? count_at(B, 500 + n, met) : count_to(A, 1000 + n),
                         _i ? MERGE_BACK : MERGE_NEW);
    }
    ck_assert_int_ne(merge_stand(&channel, B, met + MERGE_PATIENCE_NS / 4), MERGE_ELSEWHERE);
    ck_assert_int_eq(merge_stand(&channel, B, met + MERGE_PATIENCE_NS), MERGE_ELSEWHERE);
    ck_assert(!merge_is_given_up(&channel, B, met + MERGE_PATIENCE_NS));
    ck_assert(merge_is_given_up(&channel, B, met + MERGE_PATIENCE_MAX_NS));
}
END_TEST

START_TEST(numbers_that_come_near_in_time_are_waited_for)
{
    clock_ns_t met = CLOCK_NS_PER_S;
    ck_assert_int_eq(count_to(A, 1000), MERGE_NEW);
    ck_assert_int_eq(count_at(B, 900, met), MERGE_BACK);
    ck_assert_int_eq(count_at(B, 921, met),
                     MERGE_BACK); /* a fifth of the way in the first second */
    ck_assert_int_eq(merge_stand(&channel, B, met + MERGE_PATIENCE_NS), MERGE_TRAILS);
    ck_assert_int_eq(merge_stand(&channel, B, met + 2 * MERGE_PATIENCE_NS), MERGE_ELSEWHERE);
    ck_assert_int_eq(merge_stand(&channel, B, met + MERGE_PATIENCE_MAX_NS), MERGE_ELSEWHERE);
}
END_TEST

START_TEST(a_line_given_up_has_to_come_to_where_the_others_are_now)
{
    ck_assert_int_eq(count_to(A, 100), MERGE_NEW);
    ck_assert_int_eq(count_at(B, 10, 1), MERGE_BACK);
    ck_assert_int_eq(count_to(A, 101), MERGE_NEW);
    ck_assert_int_eq(count_at(B, 100, MERGE_PATIENCE_MAX_NS + 1), MERGE_BACK);
    ck_assert_int_eq(count_at(B, 101, MERGE_PATIENCE_MAX_NS + 1), MERGE_SEEN);
}
END_TEST

START_TEST(silence_joins_a_line_until_its_numbers_say_otherwise)
{
    ck_assert_int_eq(count_to(A, 100), MERGE_NEW);
    channel.lines[B].joined  = 1;
    channel.lines[B].assumed = 1;
    ck_assert_int_eq(count_to(B, 50), MERGE_BACK);
    ck_assert_int_eq(merge_stand(&channel, B, 1), MERGE_TRAILS);
}
END_TEST

START_TEST(after_a_gap_whatever_comes_next_begins_anew)
{
    ck_assert_int_eq(count_to(A, 100), MERGE_NEW);
    ck_assert_int_eq(count_to(B, 100), MERGE_SEEN);
    merge_restart(&channel);
    ck_assert_int_eq(merge_stand(&channel, A, 1), MERGE_UNKNOWN);
    ck_assert_int_eq(count_to(B, 7), MERGE_NEW);
    ck_assert_int_eq(count_to(A, 101), MERGE_AHEAD);
    merge_restart(&channel);
    ck_assert_int_eq(say(A, "x"), MERGE_NEW);
    merge_restart(&channel);
    ck_assert_int_eq(say(B, "x"), MERGE_NEW);
}
END_TEST

START_TEST(a_hole_that_no_line_fills_is_told_when_it_is_passed_over)
{
    struct hawser_delivery beyond = numbered(9);
    struct merge_item item        = {&beyond, 0, A, 1};
    ck_assert_int_eq(count_to(A, 7), MERGE_NEW);
    ck_assert_int_eq(merge_judge(&channel, &item), MERGE_AHEAD);
    ck_assert_int_eq(merge_pass(&channel, &item), GAP_MISSING);
    ck_assert_int_eq(count_to(A, 10), MERGE_NEW);
}
END_TEST

START_TEST(the_windows_of_a_session_with_many_channels_are_small)
{
    ck_assert_uint_eq(merge_window(1), MERGE_WINDOW_MAX);
    ck_assert_uint_eq(merge_window(20000), MERGE_WINDOW_MIN);
    ck_assert_uint_lt(merge_window(1000), MERGE_WINDOW_MAX);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("merge");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, content_is_new_from_the_first_line_and_seen_from_the_second);
    tcase_add_test(cases, equal_messages_in_a_row_on_both_lines_stay_as_many_as_they_are);
    tcase_add_test(cases,
                   a_line_that_misses_messages_is_in_step_again_with_the_next_that_it_brings);
    tcase_add_test(cases, what_only_the_slower_line_has_is_new);
    tcase_add_test(cases, a_line_that_comes_anew_may_bring_what_was_passed_on_before);
    tcase_add_test(cases, content_of_a_line_that_has_met_nothing_yet_cannot_be_told);
    tcase_add_test(cases, a_window_ago_is_forgotten);
    tcase_add_test(cases, a_number_is_passed_on_once_whoever_brings_it);
    tcase_add_test(cases, a_line_behind_a_hole_waits_until_the_other_has_filled_it);
    tcase_add_test(cases, a_snapshot_of_a_line_that_joins_is_seen_when_it_tells_nothing_newer);
    tcase_add_test(cases, a_line_whose_numbers_go_back_is_not_taken_for_one_that_is_behind);
    tcase_add_test(cases,
                   lower_numbers_are_seen_once_the_line_has_come_to_where_it_found_the_other);
    tcase_add_loop_test(cases, numbers_too_far_away_for_their_pace_are_from_elsewhere, 0, 2);
    tcase_add_test(cases, numbers_that_come_near_in_time_are_waited_for);
    tcase_add_test(cases, a_line_given_up_has_to_come_to_where_the_others_are_now);
    tcase_add_test(cases, silence_joins_a_line_until_its_numbers_say_otherwise);
    tcase_add_test(cases, after_a_gap_whatever_comes_next_begins_anew);
    tcase_add_test(cases, a_hole_that_no_line_fills_is_told_when_it_is_passed_over);
    tcase_add_test(cases, the_windows_of_a_session_with_many_channels_are_small);
    return suite_run("session/merge", cases);
}
