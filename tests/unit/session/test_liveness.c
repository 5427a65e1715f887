/*
 * A link that went silent is found, one that only lacks data is kept.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/slice.h"
#include "rig.h"
#include "session/object.h"
#include "support/suite.h"

START_TEST(a_half_open_link_is_found_and_replaced)
{
    struct rig rig;
    rig_init(&rig);
    rig.options.heartbeat_ms = 60;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    mock_freeze(rig.exchange.peer);
    clock_ns_t frozen = clock_monotonic();
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_BACKOFF));
    ck_assert_uint_eq(rig.why.code, HAWSER_SESSION_SILENT);
    ck_assert_int_ge(clock_monotonic() - frozen, 60 * CLOCK_NS_PER_MS);
    rig_until(&rig, rig_info(&rig).epoch == 2 && rig_is(&rig, HAWSER_STATE_READY));
    rig_fini(&rig);
}
END_TEST

START_TEST(pings_keep_a_quiet_link_and_measure_it)
{
    struct rig rig;
    rig_init(&rig);
    rig.adapter              = &DIALECT_BARE;
    rig.options.heartbeat_ms = 40;
    rig_start(&rig);
    rig_until(&rig, mock_pings(rig.mock) >= 6);
    ck_assert_uint_eq(rig_info(&rig).epoch, 1);
    rig_until(&rig, rig_info(&rig).round_trip_ns > 0);
    rig_fini(&rig);
}
END_TEST

START_TEST(an_exchange_that_does_not_answer_its_heartbeat_is_left)
{
    struct rig rig;
    rig_init(&rig);
    rig.options.heartbeat_ms = 50;
    rig_start(&rig);
    rig_until(&rig, rig.dialect.beats >= 3);
    ck_assert_uint_eq(rig_info(&rig).epoch, 1);
    rig.exchange.mute_beat = 1; /* pongs go on */
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_BACKOFF));
    ck_assert_uint_eq(rig.why.code, HAWSER_SESSION_SILENT);
    ck_assert_ptr_nonnull(strstr(rig.why.message, "heartbeat"));
    rig_fini(&rig);
}
END_TEST

static void start_with_text(struct rig *rig, const char *answer, const char *pong)
{
    rig_init(rig);
    rig->adapter              = &DIALECT_BEATLESS;
    rig->options.heartbeat_ms = 60;
    rig->options.beat_text    = "ping 1";
    rig->options.beat_answer  = answer;
    rig->exchange.pong        = pong;
    rig_start(rig);
    rig_until(rig, rig_is(rig, HAWSER_STATE_READY));
}

START_TEST(a_text_and_its_answer_keep_a_link_and_the_adapter_sees_nothing_of_it)
{
    struct rig rig;
    start_with_text(&rig, _i == 0 ? "pong 1" : "pong*", "pong 1");
    rig_until(&rig, rig.exchange.texts >= 4);
    ck_assert_uint_eq(rig_info(&rig).epoch, 1);
    ck_assert_uint_eq(rig_info(&rig).foreign_messages, 0); /* the dialect takes it for data */
    rig_fini(&rig);
}
END_TEST

START_TEST(a_text_that_is_not_answered_ends_the_link_though_bytes_come)
{
    struct rig rig;
    start_with_text(&rig, "pong 1", _i == 0 ? NULL : "data a");
    rig_until(&rig, rig_info(&rig).epoch == 2);
    ck_assert_uint_eq(rig.why.code, HAWSER_SESSION_SILENT);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_text_without_an_answer_is_sent_and_any_byte_counts)
{
    struct rig rig;
    start_with_text(&rig, NULL, NULL);
    rig_until(&rig, rig.exchange.texts >= 4);
    ck_assert_uint_eq(rig_info(&rig).epoch, 1);
    rig_fini(&rig);
}
END_TEST

START_TEST(the_reason_of_a_close_outlives_the_silence_behind_it)
{
    struct rig rig;
    rig_init(&rig);
    rig.options.heartbeat_ms = 60;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    mock_close(rig.exchange.peer, 4000, "for maintenance");
    rig_until(&rig, ws_conn_phase(rig.session->conn) == WS_PHASE_CLOSING);
    mock_freeze(rig.exchange.peer); /* TCP stays open, and nothing comes any more */
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_BACKOFF));
    ck_assert_uint_eq(rig.why.code, HAWSER_WS_CLOSED);
    ck_assert_int_eq(rig.why.cause, 4000);
    rig_fini(&rig);
}
END_TEST

START_TEST(no_heartbeats_where_none_are_wanted)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    rig_pass_ms(&rig, 150);
    ck_assert_uint_eq(mock_pings(rig.mock), 0);
    ck_assert_uint_eq(rig.dialect.beats, 0);
    rig_fini(&rig);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("liveness");
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, a_half_open_link_is_found_and_replaced);
    tcase_add_test(cases, pings_keep_a_quiet_link_and_measure_it);
    tcase_add_test(cases, an_exchange_that_does_not_answer_its_heartbeat_is_left);
    tcase_add_loop_test(cases, a_text_and_its_answer_keep_a_link_and_the_adapter_sees_nothing_of_it,
                        0, 2);
    tcase_add_loop_test(cases, a_text_that_is_not_answered_ends_the_link_though_bytes_come, 0, 2);
    tcase_add_test(cases, a_text_without_an_answer_is_sent_and_any_byte_counts);
    tcase_add_test(cases, the_reason_of_a_close_outlives_the_silence_behind_it);
    tcase_add_test(cases, no_heartbeats_where_none_are_wanted);
    return suite_run("session/liveness", cases);
}
