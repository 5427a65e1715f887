/*
 * Two lines of one session: what one of them brings that has not joined is held back, goes out in
 * its order, once, and is neither lost nor passed on in place of something newer.
 */
#include <check.h>
#include <string.h>

#include "bundle_rig.h"
#include "session/bundle_object.h"
#include "support/fake_clock.h"
#include "support/suite.h"

#define MS CLOCK_NS_PER_MS

static struct bundle_rig rig;

/* In step in channel b, so that it is of no account. */
static void be_in_step(void)
{
    bundle_rig_say(&rig, 0, "data b 0");
    bundle_rig_say(&rig, 1, "data b 0");
    rig.records[0] = '\0';
}

static void set_up(void)
{
    bundle_rig_init(&rig);
    bundle_rig_start(&rig);
    be_in_step();
}

static void tear_down(void)
{
    bundle_rig_fini(&rig);
}

static void say(size_t line, const char *text)
{
    bundle_rig_say(&rig, line, text);
}

static void expect(const char *records)
{
    bundle_rig_expect(&rig, records);
}

static void cut(size_t line)
{
    bundle_rig_cut(&rig, line);
}

/* It comes back, and has to be told anew whether it is in step. */
static void come_back(size_t line)
{
    cut(line);
    bundle_rig_until(&rig, bundle_rig_is_ready(&rig, line));
}

/* Both lines are in step in channel a, then the second one comes back. */
static void begin(const char *text)
{
    say(0, text);
    say(1, text);
    come_back(1);
    rig.records[0] = '\0';
}

START_TEST(what_is_ahead_waits_for_the_other_line_and_comes_once)
{
    say(0, "snap a 10");
    say(1, "snap a 14");
    expect("snap a 10;");
    ck_assert_uint_eq(bundle_rig_covers(&rig, 1), 1); /* b */
    say(0, "seq a 10 14");
    expect("seq a 10 14;");
    say(1, "seq a 14 15");
    say(0, "seq a 14 15");
    expect("seq a 14 15;");
}
END_TEST

START_TEST(what_is_held_back_goes_out_in_its_order)
{
    say(0, "snap a 10");
    say(1, "snap a 14");
    say(1, "seq a 14 15");
    say(1, "seq a 15 16");
    expect("snap a 10;");
    say(0, "seq a 10 14");
    expect("seq a 10 14;seq a 14 15;seq a 15 16;");
    say(0, "seq a 14 15");
    say(0, "seq a 15 16");
    say(0, "seq a 16 17");
    expect("seq a 16 17;");
}
END_TEST

START_TEST(a_snapshot_between_two_changes_of_the_other_line_is_not_passed_on)
{
    say(0, "snap a 10");
    say(1, "snap a 12"); /* the other's next change leads from 10 to 14 */
    say(1, "seq a 12 14");
    say(0, "seq a 10 14");
    say(1, "seq a 14 15");
    expect("snap a 10;seq a 10 14;seq a 14 15;");
}
END_TEST

START_TEST(a_line_that_is_behind_joins_when_it_has_come_as_far)
{
    say(0, "snap a 1000");
    say(1, "snap a 998");
    say(1, "seq a 998 999");
    say(1, "seq a 999 1000");
    say(1, "seq a 1000 1001");
    expect("snap a 1000;seq a 1000 1001;");
}
END_TEST

START_TEST(content_that_is_ahead_waits_and_goes_out_in_its_order)
{
    begin("data a 1");
    say(1, "data a 3");
    say(1, "data a 4");
    say(0, "data a 2");
    expect("data a 2;");
    say(0, "data a 3");
    expect("data a 3;data a 4;");
    say(0, "data a 4");
    say(0, "data a 5");
    expect("data a 5;");
}
END_TEST

START_TEST(content_that_the_other_line_missed_goes_in_front_of_what_is_newer)
{
    begin("data a 1");
    say(1, "data a 2");
    say(1, "data a 3");
    expect("");
    say(0, "data a 3");
    expect("data a 2;data a 3;");
    say(1, "data a 4");
    say(0, "data a 4");
    expect("data a 4;");
}
END_TEST

START_TEST(content_from_before_the_channel_began_is_not_passed_on_after_what_is_newer)
{
    say(0, "data a 5");
    say(1, "data a 4");
    say(1, "data a 5");
    say(1, "data a 6");
    say(0, "data a 6");
    expect("data a 5;data a 6;");
}
END_TEST

/* The line that was ahead breaks, and comes back with what is newer still. */
static void lose_the_one_ahead(void)
{
    say(0, "data a 1");
    say(1, "data a 1");
    say(0, "data a 2");
    say(0, "data a 3");
    come_back(0);
    rig.records[0] = '\0';
    say(0, "data a 6");
    expect("");
}

static void look_after(clock_ns_t time)
{
    fake_clock_advance(time);
    bundle_hold_on_timer(-1, EV_TIMEOUT, rig.bundle);
}

START_TEST(a_line_that_is_behind_is_waited_for_while_it_comes_nearer)
{
    lose_the_one_ahead();
    look_after(600 * MS);
    say(1, "data a 2");
    look_after(600 * MS);
    say(1, "data a 3");
    look_after(600 * MS);
    expect("");
    say(1, "data a 4");
    say(1, "data a 5");
    say(1, "data a 6");
    say(0, "data a 7");
    expect("data a 4;data a 5;data a 6;data a 7;");
}
END_TEST

START_TEST(a_line_that_is_far_behind_is_not_waited_for_beyond_five_seconds)
{
    static const char *const BEHIND[] = {"data a 2", "data a 3", "data a 4",
                                         "data a 5", "data a 6", "data a 7"};
    say(0, "data a 1");
    say(1, "data a 1");
    for (size_t i = 0; i < 6; i++) {
        say(0, BEHIND[i]);
    }
    come_back(0);
    rig.records[0] = '\0';
    say(0, "data a 9");
    for (size_t i = 0; i < 6; i++) {
        expect("");
        say(1, BEHIND[i]);
        look_after(900 * MS);
    }
    expect("GAP a connection;data a 9;");
}
END_TEST

START_TEST(content_from_before_a_gap_does_not_come_behind_it_however_late_it_is)
{
    lose_the_one_ahead();
    look_after(1001 * MS);
    expect("GAP a connection;data a 6;");
    fake_clock_advance(2000 * MS);
    say(1, "data a 2");
    say(1, "data a 3");
    say(1, "data a 4");
    say(1, "data a 6");
    say(1, "data a 7");
    expect("data a 7;");
}
END_TEST

START_TEST(content_that_one_line_missed_is_late_rather_than_lost)
{
    begin("data a 1");
    say(1, "data a 2");
    say(0, "data a 3");
    say(1, "data a 3");
    expect("data a 3;data a 2;");
    say(1, "data a 4");
    expect("data a 4;");
}
END_TEST

START_TEST(content_after_a_gap_is_told_again_when_it_is_what_it_was_before)
{
    begin("data a same");
    mock_cut(rig.peers[0]);
    cut(1);
    bundle_rig_until(&rig, bundle_rig_is_ready(&rig, 0) && bundle_rig_is_ready(&rig, 1));
    rig.records[0] = '\0';
    say(0, "data a same");
    say(1, "data a same");
    expect("data a same;");
}
END_TEST

START_TEST(a_full_buffer_leaves_what_it_held_to_the_other_line)
{
    static const char *const TEXTS[] = {"data a 2 ", "data a 3 ", "data a 4 ", "data a 5 ",
                                        "data a 6 ", "data a 7 ", "data a 8 ", "data a 9 "};
    size_t count                     = sizeof(TEXTS) / sizeof(TEXTS[0]);
    begin("data a 1");
    for (size_t i = 0; i < count; i++) {
        bundle_rig_say_much(&rig, 1, TEXTS[i], 600000);
    }
    expect("");
    for (size_t i = 0; i < count; i++) {
        bundle_rig_say_much(&rig, 0, TEXTS[i], 600000);
        ck_assert_int_eq(strncmp(rig.records, TEXTS[i], strlen(TEXTS[i])), 0);
        ck_assert_int_eq(strchr(rig.records, ';')[1], '\0'); /* that one alone */
        rig.records[0] = '\0';
    }
    say(1, "data a 10");
    expect("data a 10;");
}
END_TEST

START_TEST(what_a_line_held_when_it_died_still_follows)
{
    say(0, "snap a 10");
    say(1, "snap a 14");
    say(1, "seq a 14 15");
    cut(1);
    say(0, "seq a 10 14");
    expect("snap a 10;seq a 10 14;seq a 14 15;");
    say(0, "seq a 14 15");
    say(0, "seq a 15 16");
    expect("seq a 15 16;");
}
END_TEST

START_TEST(what_a_line_held_of_another_connection_does_not_lead_to_this_one)
{
    begin("data a 1");
    say(1, "data a 2");
    come_back(1); /* nobody knows what it missed, while the other one is silent */
    say(1, "data a 5");
    fake_clock_advance(1001 * MS);
    bundle_rig_until(&rig, strstr(rig.records, "data a 5;") != NULL);
    expect("GAP a connection;data a 5;");
}
END_TEST

START_TEST(when_nobody_is_left_after_what_was_held_another_gap_follows)
{
    begin("data a 1");
    say(1, "data a 3");
    rig.exchange.mute_restore = 1;
    cut(1);
    cut(0);
    expect("GAP a connection;data a 3;CLOSED;");
    rig.exchange.mute_restore = 0;
    bundle_rig_until(&rig, bundle_rig_is_ready(&rig, 0));
    ck_assert_ptr_nonnull(strstr(rig.records, "GAP a connection;"));
}
END_TEST

START_TEST(when_the_line_that_is_waited_for_dies_what_is_held_goes_out_behind_a_gap)
{
    say(1, "snap a 14");
    rig.records[0] = '\0';
    come_back(0); /* it never brought the channel */
    say(0, "snap a 20");
    say(0, "seq a 20 21");
    expect("");
    cut(1);
    bundle_rig_until(&rig, strstr(rig.records, "seq a 20 21;") != NULL);
    ck_assert_ptr_nonnull(strstr(rig.records, "GAP a connection;snap a 20;seq a 20 21;"));
    say(0, "seq a 21 22");
    ck_assert_ptr_nonnull(strstr(rig.records, "seq a 20 21;seq a 21 22;"));
}
END_TEST

START_TEST(a_line_that_brings_nothing_is_not_waited_for_and_the_hole_is_told)
{
    say(0, "snap a 10");
    say(1, "snap a 14");
    fake_clock_advance(1001 * MS);
    bundle_rig_until(&rig, strstr(rig.records, "snap a 14;") != NULL);
    expect("snap a 10;GAP a sequence;snap a 14;");
    say(1, "seq a 14 15");
    expect("seq a 14 15;");
}
END_TEST

START_TEST(a_hole_on_both_lines_is_told_once_and_the_snapshot_that_mends_it_tells_none)
{
    say(0, "snap a 10");
    say(1, "snap a 10");
    say(0, "seq a 15 16"); /* it is asked for again by itself */
    expect("snap a 10;");
    say(1, "seq a 15 16");
    expect("GAP a sequence;seq a 15 16;");
    bundle_rig_until(&rig, rig.exchange.subscribes == 4 && bundle_rig_is_ready(&rig, 0) &&
                               bundle_rig_is_ready(&rig, 1));
    say(0, "snap a 20");
    say(0, "seq a 20 21");
    say(1, "snap a 20");
    say(1, "seq a 20 21");
    expect("snap a 20;seq a 20 21;");
}
END_TEST

START_TEST(numbers_that_go_back_on_both_lines_are_told_at_once)
{
    say(0, "snap a 1000");
    say(1, "snap a 1000");
    say(0, "seq a 1 2");
    expect("snap a 1000;");
    say(1, "seq a 1 2");
    expect("GAP a sequence;seq a 1 2;");
}
END_TEST

START_TEST(a_hole_on_one_line_while_the_other_is_asked_for_again_is_told)
{
    say(0, "snap a 10");
    say(1, "snap a 10");
    rig.exchange.mute_subscribe = 1;
    say(0, "seq a 15 16"); /* the other one has it all, so far */
    bundle_rig_until(&rig, rig.exchange.subscribes == 3);
    say(1, "seq a 20 21"); /* and nobody has these */
    expect("snap a 10;GAP a sequence;seq a 20 21;");
}
END_TEST

START_TEST(a_line_that_came_after_the_last_sign_of_life_of_a_dead_one_does_not_make_up_for_it)
{
    say(0, "data a 1");
    say(1, "data a 1");
    rig.records[0] = '\0';
    come_back(0);
    fake_clock_advance(600 * MS); /* silent, and acknowledged for long enough */
    ck_assert_uint_eq(bundle_rig_covers(&rig, 0), 2);
    cut(1); /* nothing came from it since: it may have been dead all the while */
    bundle_rig_until(&rig, bundle_rig_is_ready(&rig, 1));
    expect("GAP a connection;GAP b connection;");
}
END_TEST

START_TEST(a_line_that_was_there_before_the_last_sign_of_life_of_a_dead_one_makes_up_for_it)
{
    say(0, "data a 1");
    say(1, "data a 1");
    come_back(0);
    fake_clock_advance(600 * MS);
    say(1, "data b 1");
    say(0, "data b 1");
    cut(1);
    bundle_rig_until(&rig, bundle_rig_is_ready(&rig, 1));
    expect("data a 1;data b 1;");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("bundle_hold");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, what_is_ahead_waits_for_the_other_line_and_comes_once);
    tcase_add_test(cases, what_is_held_back_goes_out_in_its_order);
    tcase_add_test(cases, a_snapshot_between_two_changes_of_the_other_line_is_not_passed_on);
    tcase_add_test(cases, a_line_that_is_behind_joins_when_it_has_come_as_far);
    tcase_add_test(cases, content_that_is_ahead_waits_and_goes_out_in_its_order);
    tcase_add_test(cases, content_that_the_other_line_missed_goes_in_front_of_what_is_newer);
    tcase_add_test(cases,
                   content_from_before_the_channel_began_is_not_passed_on_after_what_is_newer);
    tcase_add_test(cases, a_line_that_is_behind_is_waited_for_while_it_comes_nearer);
    tcase_add_test(cases, a_line_that_is_far_behind_is_not_waited_for_beyond_five_seconds);
    tcase_add_test(cases, content_from_before_a_gap_does_not_come_behind_it_however_late_it_is);
    tcase_add_test(cases, content_that_one_line_missed_is_late_rather_than_lost);
    tcase_add_test(cases, content_after_a_gap_is_told_again_when_it_is_what_it_was_before);
    tcase_add_test(cases, a_full_buffer_leaves_what_it_held_to_the_other_line);
    tcase_add_test(cases, what_a_line_held_when_it_died_still_follows);
    tcase_add_test(cases, what_a_line_held_of_another_connection_does_not_lead_to_this_one);
    tcase_add_test(cases, when_nobody_is_left_after_what_was_held_another_gap_follows);
    tcase_add_test(cases, when_the_line_that_is_waited_for_dies_what_is_held_goes_out_behind_a_gap);
    tcase_add_test(cases, a_line_that_brings_nothing_is_not_waited_for_and_the_hole_is_told);
    tcase_add_test(cases,
                   a_hole_on_both_lines_is_told_once_and_the_snapshot_that_mends_it_tells_none);
    tcase_add_test(cases, numbers_that_go_back_on_both_lines_are_told_at_once);
    tcase_add_test(cases, a_hole_on_one_line_while_the_other_is_asked_for_again_is_told);
    tcase_add_test(
        cases, a_line_that_came_after_the_last_sign_of_life_of_a_dead_one_does_not_make_up_for_it);
    tcase_add_test(
        cases, a_line_that_was_there_before_the_last_sign_of_life_of_a_dead_one_makes_up_for_it);
    return suite_run("session/bundle_hold", cases);
}
