/*
 * What leaves a session: data, gaps after breaks and in sequences, stale channels; and what does
 * not.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/slice.h"
#include "rig.h"
#include "support/suite.h"

START_TEST(data_of_a_wanted_channel_becomes_a_numbered_record)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    mock_send_text(rig.exchange.peer, "data a");
    mock_send_text(rig.exchange.peer, "data b");
    rig_until(&rig, rig_count(rig.records, "DATA b;") == 1);
    ck_assert_str_eq(rig.records, "READY;DATA a;DATA b;");
    ck_assert_uint_eq(rig.last_epoch, 1);
    ck_assert_uint_eq(rig.last_sequence, 3);
    rig_fini(&rig);
}
END_TEST

START_TEST(data_that_nobody_wants_is_counted_and_dropped)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    mock_send_text(rig.exchange.peer, "data foreign");
    rig_until(&rig, rig_info(&rig).foreign_messages == 1);
    ck_assert_str_eq(rig.records, "READY;");
    ck_assert_uint_eq(rig_info(&rig).channels_wanted, 2);
    rig_fini(&rig);
}
END_TEST

START_TEST(after_a_break_the_gap_comes_before_the_first_new_message)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    mock_send_text(rig.exchange.peer, "data a");
    rig_until(&rig, rig_count(rig.records, "DATA a;") == 1);
    int64_t good = rig_info(&rig).last_message_ns;
    mock_cut(rig.exchange.peer);
    rig.exchange.mute_subscribe = 1; /* data comes before the acknowledgement */
    rig_until(&rig, rig.exchange.peer != NULL && rig.exchange.subscribes == 2);
    mock_send_text(rig.exchange.peer, "data a");
    rig_until(&rig, rig_count(rig.records, "DATA a;") == 2);
    ck_assert_str_eq(rig.records, "READY;DATA a;CLOSED;GAP a connection;DATA a;");
    ck_assert_int_le(rig.last_since_ns, good + CLOCK_NS_PER_S);
    ck_assert_int_gt(rig.last_since_ns, good - CLOCK_NS_PER_S);
    ck_assert_uint_eq(rig.last_epoch, 2);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_channel_that_never_delivers_again_has_its_gap_when_it_is_restored)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    mock_cut(rig.exchange.peer);
    rig_until(&rig, rig_info(&rig).epoch == 2 && rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_str_eq(rig.records, "READY;CLOSED;GAP a connection;GAP b connection;READY;");
    ck_assert_uint_eq(rig_info(&rig).gaps, 2);
    rig_fini(&rig);
}
END_TEST

START_TEST(several_breaks_in_a_row_make_one_gap_from_the_first_of_them)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    rig.exchange.mute_restore = 1;
    mock_cut(rig.exchange.peer);
    rig_until(&rig, rig.exchange.peer != NULL);
    int64_t reopened = clock_realtime();
    mock_cut(rig.exchange.peer);
    rig.exchange.mute_restore = 0;
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_uint_eq(rig_count(rig.records, "GAP a connection;"), 1);
    ck_assert_int_lt(rig.last_since_ns, reopened);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_hole_in_the_sequence_is_told_and_that_channel_alone_is_healed)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    mock_send_text(rig.exchange.peer, "snap a 10");
    mock_send_text(rig.exchange.peer, "seq a 10 12");
    mock_send_text(rig.exchange.peer, "seq a 15 16");
    rig_until(&rig, rig.exchange.unsubscribes == 1 && rig.exchange.subscribes == 2);
    ck_assert_str_eq(rig.exchange.last_subscribe, "sub a");
    rig_until(&rig, rig_info(&rig).channels_confirmed == 2);
    ck_assert_str_eq(rig.records, "READY;DATA a;DATA a;GAP a sequence;DATA a;");
    ck_assert_int_eq(session_state(rig.session), HAWSER_STATE_READY);
    mock_send_text(rig.exchange.peer, "snap a 20");
    rig_until(&rig, rig_count(rig.records, "DATA a;") == 4);
    ck_assert_uint_eq(rig_count(rig.records, "GAP"), 1);
    ck_assert_uint_eq(rig_info(&rig).epoch, 1);
    rig_fini(&rig);
}
END_TEST

START_TEST(messages_that_are_merely_counted_are_not_subscribed_again_for_a_hole)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    mock_send_text(rig.exchange.peer, "num a 10");
    mock_send_text(rig.exchange.peer, "num a 13");
    mock_send_text(rig.exchange.peer, "num a 14");
    rig_until(&rig, rig_count(rig.records, "DATA a;") == 3);
    ck_assert_str_eq(rig.records, "READY;DATA a;GAP a sequence;DATA a;DATA a;");
    rig_pass_ms(&rig, 50);
    ck_assert_uint_eq(rig.exchange.unsubscribes, 0);
    ck_assert_uint_eq(rig_info(&rig).channels_confirmed, 2);
    rig_fini(&rig);
}
END_TEST

START_TEST(what_is_missed_while_a_channel_is_subscribed_again_is_told)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    mock_send_text(rig.exchange.peer, "snap a 10");
    mock_send_text(rig.exchange.peer, "num a 12");
    rig_until(&rig, rig.exchange.unsubscribes == 1 && rig.exchange.subscribes == 2);
    rig_until(&rig, rig_info(&rig).channels_confirmed == 2);
    mock_send_text(rig.exchange.peer, "num a 15"); /* and no snapshot */
    rig_until(&rig, rig_count(rig.records, "DATA a;") == 3);
    ck_assert_str_eq(rig.records, "READY;DATA a;GAP a sequence;DATA a;GAP a sequence;DATA a;");
    rig_fini(&rig);
}
END_TEST

START_TEST(a_channel_with_many_holes_is_not_healed_for_each)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    for (size_t i = 1; i <= 5; i++) {
        mock_send_text(rig.exchange.peer, "seq a %zu %zu", i * 10 + 5, i * 10 + 8);
        rig_until(&rig, rig_count(rig.records, "GAP a sequence;") == i);
        rig_pass_ms(&rig, 50); /* the first is healed meanwhile */
        ck_assert_uint_eq(rig_info(&rig).channels_confirmed, 2);
    }
    ck_assert_uint_eq(rig.exchange.unsubscribes, 1);
    ck_assert_uint_eq(rig_count(rig.records, "DATA a;"), 5);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_channel_that_the_exchange_ends_is_told_and_asked_for_again)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    mock_send_text(rig.exchange.peer, "off a");
    rig_until(&rig, rig.exchange.subscribes == 2 && rig_info(&rig).channels_confirmed == 2);
    ck_assert_str_eq(rig.records, "READY;GAP a ended;");
    rig_fini(&rig);
}
END_TEST

START_TEST(a_stale_channel_is_subscribed_alone_and_then_the_link_is_replaced)
{
    static const struct session_stale_rule RULES[] = {{"a*", 100}};
    struct rig rig;
    rig_init(&rig);
    rig.options.stale       = RULES;
    rig.options.stale_count = 1;
    rig_start(&rig);
    rig_until(&rig, rig_count(rig.records, "STALE a silent;") == 1);
    rig_until(&rig, rig.exchange.unsubscribes == 1);
    ck_assert_uint_eq(rig_info(&rig).epoch, 1);
    rig_until(&rig, rig_info(&rig).epoch == 2);
    ck_assert_uint_eq(rig_info(&rig).last_error.code, HAWSER_SESSION_STALE);
    ck_assert_uint_eq(rig_count(rig.records, "STALE a silent;"), 2);
    ck_assert_uint_eq(rig_count(rig.records, "STALE b"), 0);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_channel_that_delivers_is_not_stale)
{
    static const struct session_stale_rule RULES[] = {{"a", 200}};
    struct rig rig;
    rig_init(&rig);
    rig.options.stale       = RULES;
    rig.options.stale_count = 1;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    for (int i = 0; i < 12; i++) {
        mock_send_text(rig.exchange.peer, "data a");
        rig_pass_ms(&rig, 50);
    }
    ck_assert_uint_eq(rig_count(rig.records, "STALE"), 0);
    rig_fini(&rig);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("records");
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, data_of_a_wanted_channel_becomes_a_numbered_record);
    tcase_add_test(cases, data_that_nobody_wants_is_counted_and_dropped);
    tcase_add_test(cases, after_a_break_the_gap_comes_before_the_first_new_message);
    tcase_add_test(cases, a_channel_that_never_delivers_again_has_its_gap_when_it_is_restored);
    tcase_add_test(cases, several_breaks_in_a_row_make_one_gap_from_the_first_of_them);
    tcase_add_test(cases, a_hole_in_the_sequence_is_told_and_that_channel_alone_is_healed);
    tcase_add_test(cases, messages_that_are_merely_counted_are_not_subscribed_again_for_a_hole);
    tcase_add_test(cases, what_is_missed_while_a_channel_is_subscribed_again_is_told);
    tcase_add_test(cases, a_channel_with_many_holes_is_not_healed_for_each);
    tcase_add_test(cases, a_channel_that_the_exchange_ends_is_told_and_asked_for_again);
    tcase_add_test(cases, a_stale_channel_is_subscribed_alone_and_then_the_link_is_replaced);
    tcase_add_test(cases, a_channel_that_delivers_is_not_stale);
    return suite_run("session/records", cases);
}
