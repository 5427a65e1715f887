/*
 * Calls through a session: each ends exactly once, and none is sent twice.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "rig.h"
#include "support/suite.h"

START_TEST(an_answer_ends_its_request)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_int_eq(rig_call(&rig, "public/test", 0, &err), 0);
    rig_until(&rig, rig.exchange.calls == 1);
    ck_assert_ptr_nonnull(strstr(rig.exchange.last_call, "public/test"));
    const char *id = strstr(rig.exchange.last_call, "id\":") + 4;
    mock_send_text(rig.exchange.peer, "{\"id\":%ld,\"result\":\"yes\"}", strtol(id, NULL, 10));
    rig_until(&rig, rig.replies == 1);
    ck_assert_str_eq(rig.reply_result, "\"yes\"");
    ck_assert_uint_eq(rig_info(&rig).requests_waiting, 0);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_request_without_an_answer_times_out_and_its_late_answer_is_counted)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_int_eq(rig_call(&rig, "slow", 30, &err), 0);
    rig_until(&rig, rig.replies == 1);
    ck_assert_uint_eq(rig.reply_err.code, HAWSER_REQUEST_TIMEOUT);
    mock_send_text(rig.exchange.peer, "{\"id\":1,\"result\":1}");
    rig_until(&rig, rig_info(&rig).late_answers == 1);
    ck_assert_uint_eq(rig.replies, 1);
    ck_assert_int_eq(session_state(rig.session), HAWSER_STATE_READY);
    rig_fini(&rig);
}
END_TEST

static void note_nothing(void *arg, const struct hawser_reply *reply)
{
    (void)arg;
    (void)reply;
}

START_TEST(a_flood_of_calls_leaves_room_for_those_of_the_adapter)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    unsigned taken          = 0;
    rig_init(&rig);
    rig.options.max_requests = 64;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    while (session_request(rig.session, "private/slow", SLICE_LITERAL("{}"), 0, note_nothing, NULL,
                           &err) == 0) {
        ck_assert_uint_lt(taken++, 64);
    }
    ck_assert_uint_eq(err.code, HAWSER_REQUEST_LIMIT);
    ck_assert_uint_eq(taken, 60);
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_int_eq(rig_call(&rig, "public/test", 0, &err), 0);
    }
    ck_assert_int_eq(rig_call(&rig, "public/test", 0, &err), -1);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_request_may_wait_as_long_as_a_number_can_say)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_int_eq(rig_call(&rig, "slow", INT64_MAX, &err), 0);
    rig_until(&rig, rig.exchange.calls == 1);
    rig_pass_ms(&rig, 20);
    ck_assert_uint_eq(rig.replies, 0);
    mock_send_text(rig.exchange.peer, "{\"id\":1,\"result\":1}");
    rig_until(&rig, rig.replies == 1);
    ck_assert_uint_eq(rig.reply_err.code, 0);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_break_ends_every_request_with_outcome_unknown_and_sends_none_again)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(rig_call(&rig, "private/buy", 0, &err), 0);
    }
    rig_until(&rig, rig.exchange.calls == 5);
    mock_cut(rig.exchange.peer);
    rig_until(&rig, rig.replies > 0);
    ck_assert_uint_eq(rig.replies, 5); /* all of them, before there is a new link */
    ck_assert_uint_eq(mock_accepted(rig.mock), 1);
    ck_assert_uint_eq(rig.reply_err.code, HAWSER_REQUEST_UNKNOWN);
    rig_until(&rig, rig_info(&rig).epoch == 2 && rig_is(&rig, HAWSER_STATE_READY));
    rig_pass_ms(&rig, 50);
    ck_assert_uint_eq(rig.exchange.calls, 5);
    ck_assert_uint_eq(rig.replies, 5);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_failure_that_follows_from_a_break_does_not_hide_its_cause)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig_init(&rig);
    rig.fail_in_reply = 1;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_int_eq(rig_call(&rig, "private/buy", 0, &err), 0);
    rig_until(&rig, rig.exchange.calls == 1);
    mock_cut(rig.exchange.peer);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_BACKOFF));
    ck_assert_uint_eq(rig.reply_err.code, HAWSER_REQUEST_UNKNOWN);
    ck_assert_uint_eq(rig.why.code, HAWSER_NET_LOST);
    ck_assert_uint_eq(rig_info(&rig).last_error.code, HAWSER_NET_LOST);
    rig_fini(&rig);
}
END_TEST

START_TEST(requests_end_when_the_session_is_destroyed)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_int_eq(rig_call(&rig, "private/buy", 0, &err), 0);
    rig_fini(&rig);
    ck_assert_uint_eq(rig.replies, 1);
    ck_assert_uint_eq(rig.reply_err.code, HAWSER_REQUEST_UNKNOWN);
}
END_TEST

START_TEST(too_many_requests_at_once_are_refused)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig_init(&rig);
    rig.options.max_requests = 3;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(rig_call(&rig, "x", 0, &err), 0);
    }
    ck_assert_int_eq(rig_call(&rig, "x", 0, &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_REQUEST_LIMIT);
    rig_fini(&rig);
    ck_assert_uint_eq(rig.replies, 3);
}
END_TEST

START_TEST(a_request_from_outside_waits_for_nobody_and_is_refused_before_ready)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig_init(&rig);
    rig.exchange.mute_subscribe = 1;
    rig_start(&rig);
    ck_assert_int_eq(rig_call(&rig, "x", 0, &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_WS_NOT_OPEN);
    rig_until(&rig, rig.exchange.subscribes == 1);
    ck_assert_int_eq(session_request(rig.session, "x", (struct hawser_slice){NULL, 0}, 0,
                                     note_nothing, NULL, &err),
                     -1);
    ck_assert_uint_eq(err.code, HAWSER_SESSION_STATE);
    ck_assert_uint_eq(rig.exchange.calls, 0);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_refused_channel_does_not_block_requests_from_outside)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig_init(&rig);
    rig.exchange.refused = "b";
    rig_start(&rig);
    rig_until(&rig, rig_count(rig.records, "GAP b refused;") == 1);
    rig_until(&rig, session_request(rig.session, "x", (struct hawser_slice){NULL, 0}, 0,
                                    note_nothing, NULL, &err) == 0);
    rig_until(&rig, rig.exchange.calls == 1);
    rig_fini(&rig);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("requests");
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, an_answer_ends_its_request);
    tcase_add_test(cases, a_request_without_an_answer_times_out_and_its_late_answer_is_counted);
    tcase_add_test(cases, a_flood_of_calls_leaves_room_for_those_of_the_adapter);
    tcase_add_test(cases, a_request_may_wait_as_long_as_a_number_can_say);
    tcase_add_test(cases, a_break_ends_every_request_with_outcome_unknown_and_sends_none_again);
    tcase_add_test(cases, a_failure_that_follows_from_a_break_does_not_hide_its_cause);
    tcase_add_test(cases, requests_end_when_the_session_is_destroyed);
    tcase_add_test(cases, too_many_requests_at_once_are_refused);
    tcase_add_test(cases, a_request_from_outside_waits_for_nobody_and_is_refused_before_ready);
    tcase_add_test(cases, a_refused_channel_does_not_block_requests_from_outside);
    return suite_run("session/requests", cases);
}
