/*
 * New lines that take over from old ones, and count from elsewhere, or are behind: nothing is lost
 * without a gap, and no gap is told where nothing is.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "bundle_rig.h"
#include "support/fake_clock.h"
#include "support/suite.h"

#define MS CLOCK_NS_PER_MS

static struct bundle_rig rig;

static void begin(uint32_t lines)
{
    bundle_rig_init(&rig);
    rig.options.lines = lines;
    bundle_rig_start(&rig);
}

static void say(size_t line, const char *text)
{
    bundle_rig_say(&rig, line, text);
}

static void expect(const char *records)
{
    bundle_rig_expect(&rig, records);
}

static void expect_among(const char *records)
{
    ck_assert_msg(strstr(rig.records, records) != NULL, "%s without %s", rig.records, records);
}

static int is_gone(size_t line)
{
    return rig.dialects[line].session == NULL;
}

/* New settings, and wait for the first line of them. */
static void move(size_t next)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_msg(bundle_move(rig.bundle, &rig.options, &err) == 0, "%s", err.message);
    bundle_rig_until(&rig, bundle_rig_is_ready(&rig, next));
    while (bundle_rig_covers(&rig, next) == SIZE_MAX) {
        (void)bundle_rig_turn(&rig);
    }
}

/* Some turns of the timers that look whether a line may take over: it does not. */
static void stays(size_t line)
{
    for (int turn = 0; turn < 10; turn++) {
        (void)bundle_rig_turn(&rig);
    }
    ck_assert(!is_gone(line));
    ck_assert_int_eq((int)session_state(rig.dialects[line].session), HAWSER_STATE_READY);
}

struct numbering {
    const char *snapshot;
    const char *change;
    const char *next;
};
static const struct numbering ELSEWHERE[] = {
    {"snap a 10", "seq a 10 11", "seq a 11 12"},                     /* lower */
    {"snap a 900000", "seq a 900000 900001", "seq a 900001 900002"}, /* higher */
};

static void expect_switch(const struct numbering *to, const char *reason)
{
    char all[128];
    (void)snprintf(all, sizeof(all), "GAP a %s;%s;%s;", reason, to->snapshot, to->change);
    ck_assert_msg(strcmp(rig.records, all) == 0, "%s instead of %s", rig.records, all);
    rig.records[0] = '\0';
}

START_TEST(one_line_that_counts_from_elsewhere_takes_over_soon_behind_a_gap)
{
    const struct numbering *to = &ELSEWHERE[_i];
    begin(1);
    say(0, "snap a 1000");
    move(1);
    say(1, to->snapshot);
    say(1, to->change);
    say(0, "seq a 1000 1001");
    expect("snap a 1000;seq a 1000 1001;");
    fake_clock_advance(700 * MS);
    stays(0); /* a line may be so far behind, or so far ahead */
    fake_clock_advance(400 * MS);
    bundle_rig_until(&rig, is_gone(0) && strlen(rig.records) > 0);
    ck_assert_uint_eq(rig.moves, 1);
    expect_switch(to, "connection");
    say(1, to->next);
    ck_assert_int_eq(strncmp(rig.records, to->next, strlen(to->next)), 0);
    bundle_rig_fini(&rig);
}
END_TEST

START_TEST(a_goodbye_that_takes_long_hides_no_gap)
{
    const struct numbering *to = &ELSEWHERE[_i];
    begin(1);
    rig.exchange.mute_leave = 1;
    say(0, "snap a 1000");
    move(1);
    say(1, to->snapshot);
    fake_clock_advance(1100 * MS);
    bundle_rig_until(&rig, session_state(rig.dialects[0].session) == HAWSER_STATE_CLOSING);
    expect("snap a 1000;");
    say(0, "seq a 1000 1001"); /* it is on its way out, and its link is still there */
    say(1, to->change);
    bundle_rig_until(&rig, is_gone(0));
    ck_assert_uint_eq(rig.moves, 1);
    expect_among("GAP a ");
    ck_assert_ptr_eq(strstr(strstr(rig.records, "GAP a ") + 1, "GAP a "), NULL);
    expect_among(to->change);
    bundle_rig_fini(&rig);
}
END_TEST

START_TEST(two_lines_that_count_from_elsewhere_take_over_with_one_gap)
{
    const struct numbering *to = &ELSEWHERE[_i];
    begin(2);
    say(0, "snap a 1000");
    say(1, "snap a 1000");
    move(2);
    say(2, to->snapshot);
    fake_clock_advance(1100 * MS);
    bundle_rig_until(&rig, is_gone(0));
    say(1, "seq a 1000 1001");
    expect("snap a 1000;seq a 1000 1001;"); /* an old line goes on */
    bundle_rig_until(&rig, bundle_rig_is_ready(&rig, 3));
    say(3, to->snapshot);
    say(2, to->change);
    say(3, to->change);
    fake_clock_advance(1100 * MS);
    bundle_rig_until(&rig, is_gone(1));
    expect_switch(to, "connection");
    say(3, to->next);
    say(2, to->next);
    ck_assert_uint_eq(strlen(rig.records), strlen(to->next) + 1);
    ck_assert_uint_eq(bundle_rig_covers(&rig, 2), 2);
    ck_assert_uint_eq(bundle_rig_covers(&rig, 3), 2);
    bundle_rig_fini(&rig);
}
END_TEST

START_TEST(a_new_line_that_is_behind_is_waited_for)
{
    begin(1);
    say(0, "snap a 1000");
    move(1);
    say(1, "snap a 990");
    fake_clock_advance(700 * MS);
    stays(0);
    say(1, "seq a 990 996");
    fake_clock_advance(500 * MS);
    stays(0); /* 6 of 10 in 1.2 s: it will be there in time */
    say(1, "seq a 996 1000");
    bundle_rig_until(&rig, is_gone(0));
    say(1, "seq a 1000 1001");
    expect("snap a 1000;seq a 1000 1001;");
    bundle_rig_fini(&rig);
}
END_TEST

START_TEST(what_has_no_numbers_and_nothing_in_common_takes_over_at_the_end_of_patience)
{
    begin(1);
    say(0, "data a 1");
    move(1);
    say(1, "data a x");
    say(1, "data a y");
    fake_clock_advance(1100 * MS);
    say(0, "data a 2");
    stays(0);
    fake_clock_advance(2000 * MS);
    say(0, "data a 3");
    stays(0);
    expect("data a 1;data a 2;data a 3;");
    fake_clock_advance(2000 * MS);
    say(0, "data a 4");
    bundle_rig_until(&rig, is_gone(0));
    say(1, "data a z");
    expect_among("GAP a connection;");
    expect_among("data a z;");
    bundle_rig_fini(&rig);
}
END_TEST

START_TEST(numbers_from_elsewhere_in_one_channel_tell_enough_of_the_others)
{
    begin(1);
    say(0, "snap a 1000");
    say(0, "data b 1");
    move(1);
    say(1, "snap a 10");
    say(1, "data b x");
    fake_clock_advance(1100 * MS);
    say(0, "data b 2");
    bundle_rig_until(&rig, is_gone(0));
    expect_among("GAP a connection;snap a 10;");
    expect_among("GAP b connection;data b x;");
    bundle_rig_fini(&rig);
}
END_TEST

START_TEST(a_line_that_trails_covers_while_it_may_still_come)
{
    begin(2);
    say(0, "snap a 1000");
    say(1, "snap a 998");
    bundle_rig_cut(&rig, 0);
    say(1, "seq a 998 1000");
    say(1, "seq a 1000 1001");
    ck_assert_ptr_eq(strstr(rig.records, "GAP a"), NULL);
    expect_among("seq a 1000 1001;");
    bundle_rig_fini(&rig);
}
END_TEST

START_TEST(a_line_that_only_seemed_to_trail_goes_on_behind_a_gap)
{
    begin(2);
    say(0, "snap a 1000");
    say(1, "snap a 10");
    say(1, "seq a 10 11");
    rig.exchange.mute_restore = 1; /* the other does not come back */
    bundle_rig_cut(&rig, 0);
    ck_assert_ptr_eq(strstr(rig.records, "GAP a"), NULL);
    fake_clock_advance(1100 * MS);
    bundle_rig_until(&rig, strstr(rig.records, "seq a 10 11;") != NULL);
    expect_among("GAP a sequence;snap a 10;seq a 10 11;");
    bundle_rig_fini(&rig);
}
END_TEST

START_TEST(a_line_that_counts_from_elsewhere_for_good_is_left_aside_until_the_other_breaks)
{
    begin(2);
    say(0, "snap a 1000");
    say(1, "snap a 10");
    fake_clock_advance(5100 * MS);
    say(0, "seq a 1000 1001");
    say(1, "seq a 10 1000"); /* it has come to where the other was, which shows nothing */
    ck_assert_uint_eq(bundle_rig_covers(&rig, 1), 1);
    expect("snap a 1000;seq a 1000 1001;");
    bundle_rig_cut(&rig, 0);
    say(1, "seq a 1000 1003");
    expect_among("GAP a sequence;seq a 1000 1003;");
    bundle_rig_until(&rig, rig.exchange.unsubscribes == 1); /* changes without a snapshot */
    bundle_rig_fini(&rig);
}
END_TEST

START_TEST(what_two_lines_held_goes_out_once)
{
    begin(3);
    for (size_t line = 0; line < 3; line++) {
        say(line, "data a 1");
    }
    for (size_t line = 1; line < 3; line++) { /* the third one goes on, and then falls silent */
        bundle_rig_cut(&rig, line);
        bundle_rig_until(&rig, bundle_rig_is_ready(&rig, line));
    }
    rig.records[0] = '\0';
    say(1, "data a 3");
    say(2, "data a 2");
    say(2, "data a 3");
    say(1, "data a 4");
    say(2, "data a 4");
    expect("");
    fake_clock_advance(1001 * MS);
    bundle_rig_until(&rig, strstr(rig.records, "data a 4;") != NULL);
    say(2, "data a 5");
    say(1, "data a 5");
    say(2, "data a 6");
    ck_assert_ptr_nonnull(strstr(rig.records, "GAP a connection;data a 3;data a 4;"));
    for (const char *each = "3456"; *each != '\0'; each++) {
        const char text[] = {'a', ' ', *each, ';', '\0'};
        const char *at    = strstr(rig.records, text);
        ck_assert_msg(at != NULL && strstr(at + 1, text) == NULL, "%s", rig.records);
    }
    bundle_rig_fini(&rig);
}
END_TEST

START_TEST(a_line_alone_goes_on_with_the_numbers_of_the_one_before)
{
    begin(1);
    say(0, "snap a 1000");
    move(1);
    fake_clock_advance(700 * MS); /* the new one covers by its silence */
    bundle_rig_until(&rig, is_gone(0));
    fake_clock_advance(2100 * MS);
    ck_assert_uint_gt(bundle_covered(rig.bundle), 0);
    bundle_rig_until(&rig, bundle_covered(rig.bundle) == 0); /* the merge has ended */
    say(1, "seq a 1000 1001");
    say(1, "seq a 1005 1006");
    expect("snap a 1000;seq a 1000 1001;GAP a sequence;seq a 1005 1006;");
    bundle_rig_fini(&rig);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("bundle_takeover");
    tcase_set_timeout(cases, 30);
    tcase_add_loop_test(cases, one_line_that_counts_from_elsewhere_takes_over_soon_behind_a_gap, 0,
                        2);
    tcase_add_loop_test(cases, a_goodbye_that_takes_long_hides_no_gap, 0, 2);
    tcase_add_loop_test(cases, two_lines_that_count_from_elsewhere_take_over_with_one_gap, 0, 2);
    tcase_add_test(cases, a_new_line_that_is_behind_is_waited_for);
    tcase_add_test(cases,
                   what_has_no_numbers_and_nothing_in_common_takes_over_at_the_end_of_patience);
    tcase_add_test(cases, numbers_from_elsewhere_in_one_channel_tell_enough_of_the_others);
    tcase_add_test(cases, a_line_that_trails_covers_while_it_may_still_come);
    tcase_add_test(cases, a_line_that_only_seemed_to_trail_goes_on_behind_a_gap);
    tcase_add_test(cases,
                   a_line_that_counts_from_elsewhere_for_good_is_left_aside_until_the_other_breaks);
    tcase_add_test(cases, what_two_lines_held_goes_out_once);
    tcase_add_test(cases, a_line_alone_goes_on_with_the_numbers_of_the_one_before);
    return suite_run("session/bundle_takeover", cases);
}
