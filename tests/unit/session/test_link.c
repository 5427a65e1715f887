/*
 * The session and its link: phases, deadlines, breaks, backoff, goodbyes.
 */
#include <check.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/slice.h"
#include "rig.h"
#include "rpc/scan.h"
#include "session/object.h"
#include "support/suite.h"

START_TEST(a_session_walks_through_its_states_to_ready)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_str_eq(rig.states, "RESOLVING CONNECTING UPGRADING OPEN RESTORING READY ");
    ck_assert_str_eq(rig.records, "READY;");
    ck_assert_ptr_eq(rpc_early.arg, rig.session);
    struct session_info info = rig_info(&rig);
    ck_assert_uint_eq(info.epoch, 1);
    ck_assert_uint_eq(info.channels_confirmed, 2);
    ck_assert_uint_eq(info.illegal_events, 0);
    rig_fini(&rig);
}
END_TEST

START_TEST(an_upgrade_that_never_comes_is_tried_again_with_growing_delays)
{
    static const int64_t DELAYS_MS[] = {10, 20, 40, 40};
    struct rig rig;
    rig_init(&rig);
    rig.options.connect_timeout_ms = 30;
    rig.exchange.upgrade           = MOCK_MUTE;
    rig_start(&rig);
    for (uint32_t i = 0; i < 4; i++) {
        rig_until(&rig, rig_is(&rig, HAWSER_STATE_BACKOFF) && rig_info(&rig).attempt == i + 1);
        struct session_info info = rig_info(&rig);
        int64_t delay            = info.next_attempt_ns - info.state_since_ns;
        ck_assert_int_ge(delay, DELAYS_MS[i] * CLOCK_NS_PER_MS);
        ck_assert_uint_eq(info.last_error.code, HAWSER_SESSION_PHASE_TIMEOUT);
        ck_assert_uint_eq(mock_accepted(rig.mock), i + 1);
    }
    ck_assert_ptr_nonnull(strstr(rig_info(&rig).last_error.message, "UPGRADING"));
    rig.exchange.upgrade = MOCK_ACCEPT;
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    rig_fini(&rig);
}
END_TEST

START_TEST(the_deadline_of_an_attempt_that_is_over_does_not_touch_the_next)
{
    struct rig rig;
    rig_init(&rig);
    rig.options.connect_timeout_ms   = 600;
    rig.options.subscribe_timeout_ms = 600;
    rig.exchange.upgrade             = MOCK_SHUT;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_BACKOFF));
    rig.exchange.upgrade = MOCK_ACCEPT;
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    rig_pass_ms(&rig, 1500); /* well past the first attempt's deadline */
    ck_assert_int_eq(session_state(rig.session), HAWSER_STATE_READY);
    ck_assert_uint_eq(rig_info(&rig).epoch, 1);
    ck_assert_uint_eq(mock_accepted(rig.mock), 2);
    ck_assert_uint_eq(rig_info(&rig).illegal_events, 0); /* no timer fired that nobody waits for */
    rig_fini(&rig);
}
END_TEST

START_TEST(one_close_leads_to_one_reconnect)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    mock_close(rig.exchange.peer, HAWSER_CLOSE_SERVICE_RESTART, "maintenance");
    rig_until(&rig, rig_info(&rig).epoch == 2 && rig_is(&rig, HAWSER_STATE_READY));
    rig_pass_ms(&rig, 200);
    ck_assert_uint_eq(mock_accepted(rig.mock), 2);
    ck_assert_uint_eq(mock_peers(rig.mock), 1);
    ck_assert_uint_eq(rig_count(rig.states, "BACKOFF"), 1);
    ck_assert_uint_eq(rig_count(rig.records, "CLOSED;"), 1);
    ck_assert_uint_eq(rig_info(&rig).reconnects, 1);
    ck_assert_uint_eq(rig.dialect.connected, 2);
    ck_assert_uint_eq(rig.dialect.disconnected, 1);
    rig_fini(&rig);
}
END_TEST

START_TEST(two_failures_at_once_lead_to_one_reconnect)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    mock_send_text(rig.exchange.peer, "boom"); /* the adapter fails twice inside its message slot */
    rig_until(&rig, rig_info(&rig).epoch == 2 && rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_uint_eq(mock_accepted(rig.mock), 2);
    ck_assert_uint_eq(rig_count(rig.states, "BACKOFF"), 1);
    ck_assert_uint_eq(rig.dialect.disconnected, 1);
    ck_assert_str_eq(rig_info(&rig).last_error.message, "boom"); /* the first is the cause */
    rig_fini(&rig);
}
END_TEST

START_TEST(a_session_outlasts_a_server_that_is_away)
{
    struct rig rig;
    rig_init(&rig);
    mock_listen(rig.mock, 0);
    rig_start(&rig);
    rig_until(&rig, rig_info(&rig).attempt >= 5);
    ck_assert_uint_eq(rig_info(&rig).last_error.code, HAWSER_NET_CONNECT);
    mock_listen(rig.mock, 1);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    rig_fini(&rig);
}
END_TEST

START_TEST(counted_attempts_end_in_failed_and_say_why)
{
    struct rig rig;
    rig_init(&rig);
    rig.options.backoff.attempts = 2;
    rig.exchange.upgrade         = MOCK_SHUT;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_FAILED));
    ck_assert_uint_eq(mock_accepted(rig.mock), 3);
    ck_assert_uint_eq(rig.why.code, HAWSER_SESSION_RETRIES);
    rig.exchange.upgrade = MOCK_ACCEPT;
    session_reconnect(rig.session, "somebody saw to it");
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    rig_fini(&rig);
}
END_TEST

START_TEST(retry_after_is_obeyed)
{
    struct rig rig;
    rig_init(&rig);
    rig.exchange.upgrade = 503;
    mock_refusal_header(rig.mock, "Retry-After: 1");
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_BACKOFF));
    struct session_info info = rig_info(&rig);
    ck_assert_int_ge(info.next_attempt_ns - info.state_since_ns, 1000 * CLOCK_NS_PER_MS);
    ck_assert_uint_eq(info.last_error.code, HAWSER_WS_TOO_MANY);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_protocol_error_waits_for_the_longest_delay)
{
    struct rig rig;
    rig_init(&rig);
    rig.options.backoff =
        (struct backoff_options){.delay_ms = 1, .max_delay_ms = 5000, .jitter = -1.0};
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    mock_send_raw(rig.exchange.peer, "\xf1\x00", 2); /* reserved bits */
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_BACKOFF));
    struct session_info info = rig_info(&rig);
    ck_assert_int_ge(info.next_attempt_ns - info.state_since_ns, 5000 * CLOCK_NS_PER_MS);
    rig_fini(&rig);
}
END_TEST

START_TEST(denied_access_is_asked_for_once)
{
    struct rig rig;
    rig_init(&rig);
    rig.exchange.upgrade = 401;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_FAILED));
    rig_pass_ms(&rig, 150);
    ck_assert_uint_eq(mock_accepted(rig.mock), 1);
    ck_assert_uint_eq(rig.why.code, HAWSER_WS_UNAUTHORIZED);
    rig_fini(&rig);
}
END_TEST

START_TEST(leaving_says_goodbye_and_closes)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    session_leave(rig.session, HAWSER_CLOSE_GOING_AWAY, "shutdown");
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_CLOSED));
    ck_assert_uint_eq(rig.dialect.leaves, 1);
    ck_assert_uint_eq(mock_close_code(rig.mock), HAWSER_CLOSE_GOING_AWAY);
    ck_assert_uint_eq(rig_info(&rig).ended_cleanly, 1);
    ck_assert_uint_eq(rig_count(rig.records, "CLOSED;"), 1);
    rig_pass_ms(&rig, 100);
    ck_assert_uint_eq(mock_accepted(rig.mock), 1);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_goodbye_that_is_not_answered_is_waited_for_only_a_while)
{
    struct rig rig;
    rig_init(&rig);
    rig.options.leave_timeout_ms = 50;
    rig.exchange.mute_leave      = 1;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    session_leave(rig.session, HAWSER_CLOSE_NORMAL, NULL);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_CLOSED));
    ck_assert_uint_eq(mock_close_code(rig.mock), HAWSER_CLOSE_NORMAL);
    rig_fini(&rig);
}
END_TEST

START_TEST(leaving_before_the_link_is_up_closes_at_once)
{
    struct rig rig;
    rig_init(&rig);
    rig.exchange.upgrade = MOCK_MUTE;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_UPGRADING));
    session_leave(rig.session, HAWSER_CLOSE_NORMAL, NULL);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_CLOSED));
    ck_assert_uint_eq(rig.dialect.leaves, 0);
    rig_fini(&rig);
}
END_TEST

START_TEST(with_reconnect_off_a_clean_close_is_the_end)
{
    struct rig rig;
    rig_init(&rig);
    rig.options.reconnect_off = 1;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    mock_close(rig.exchange.peer, HAWSER_CLOSE_NORMAL, "done");
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_CLOSED));
    ck_assert_uint_eq(rig_info(&rig).ended_cleanly, 1);
    ck_assert_uint_eq(mock_accepted(rig.mock), 1);
    rig_fini(&rig);
}
END_TEST

START_TEST(with_reconnect_off_a_cut_link_is_a_failure)
{
    struct rig rig;
    rig_init(&rig);
    rig.options.reconnect_off = 1;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    mock_cut(rig.exchange.peer);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_FAILED));
    ck_assert_uint_eq(rig_info(&rig).ended_cleanly, 0);
    ck_assert_uint_eq(rig_count(rig.states, "BACKOFF"), 0);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_new_link_on_request_replaces_the_old_one)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    session_reconnect(rig.session, "asked for");
    rig_until(&rig, rig_info(&rig).epoch == 2 && rig_is(&rig, HAWSER_STATE_READY));
    rig_until(&rig, mock_peers(rig.mock) == 1);
    ck_assert_uint_eq(rig_count(rig.states, "BACKOFF"), 0);
    ck_assert_uint_eq(rig_info(&rig).attempt, 0);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_deadline_of_a_state_that_was_left_in_the_same_turn_is_overtaken)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    session_post(rig.session, SESSION_INCOMPLETE);
    session_post(rig.session, SESSION_DEADLINE);
    session_drain(rig.session);
    ck_assert_uint_eq(rig.session->overtaken, 1);
    ck_assert_int_eq(session_state(rig.session), HAWSER_STATE_RESTORING);
    rig_fini(&rig);
}
END_TEST

START_TEST(an_event_that_cannot_happen_is_counted_and_changes_nothing)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    session_post(rig.session, SESSION_OPENED);
    rig_until(&rig, rig_info(&rig).illegal_events == 1);
    mock_send_text(rig.exchange.peer, "data a");
    rig_until(&rig, rig_count(rig.records, "DATA a;") == 1);
    ck_assert_int_eq(session_state(rig.session), HAWSER_STATE_READY);
    ck_assert_uint_eq(rig_info(&rig).epoch, 1);
    rig_fini(&rig);
}
END_TEST

START_TEST(the_end_of_a_link_that_was_replaced_in_the_same_turn_is_overtaken)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    session_post(rig.session, SESSION_RECONNECT);
    session_post(rig.session, SESSION_LOST);
    session_drain(rig.session);
    ck_assert_uint_eq(rig.session->overtaken, 1);
    ck_assert_uint_eq(rig_count(rig.states, "BACKOFF"), 0);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    rig_fini(&rig);
}
END_TEST

START_TEST(a_session_may_be_destroyed_in_any_state)
{
    static const int UPGRADES[] = {MOCK_ACCEPT, MOCK_MUTE, MOCK_SHUT, 401};
    for (size_t i = 0; i < 4; i++) {
        for (int turns = 0; turns < 12; turns++) {
            struct rig rig;
            rig_init(&rig);
            rig.exchange.upgrade = UPGRADES[i];
            rig_start(&rig);
            for (int turn = 0; turn < turns; turn++) {
                (void)event_base_loop(rig.loop->base, EVLOOP_NONBLOCK);
            }
            rig_fini(&rig);
            ck_assert_ptr_null(rpc_early.arg); /* whoever scans next must not meet it */
        }
    }
}
END_TEST

START_TEST(an_unusable_url_is_refused_when_the_session_is_made)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig_init(&rig);
    rig.options.url        = "http://example.org/";
    struct session_env env = {.loop = rig.loop, .adapter = &DIALECT_FULL};
    ck_assert_ptr_null(session_create(&rig.options, &env, &err));
    ck_assert_uint_eq(err.code, HAWSER_NET_URL);
    mock_destroy(rig.mock);
    net_loop_destroy(rig.loop);
}
END_TEST

START_TEST(an_adapter_is_told_when_a_full_queue_is_low_again)
{
    enum { BLOCK = 16384, QUEUE = 1 << 20, BLOCKS_MAX = 4096 };
    static char block[BLOCK];
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    unsigned sent           = 0;
    rig_init(&rig);
    rig.options.max_queued_bytes = QUEUE;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    memset(block, 'x', sizeof(block));
    /* The exchange reads in turns of the loop alone, and there are none. */
    while (session_send(rig.session, HAWSER_OPCODE_TEXT, slice_make(block, sizeof(block)), &err) ==
           0) {
        ck_assert_uint_lt(sent++, BLOCKS_MAX);
    }
    ck_assert_uint_eq(err.code, HAWSER_NET_QUEUE_FULL);
    ck_assert_uint_eq(rig.dialect.writables, 0);
    rig_until(&rig, rig.dialect.writables > 0 || session_unsent_bytes(rig.session) <= QUEUE / 4);
    ck_assert_uint_eq(rig.dialect.writables, 1);
    ck_assert_int_eq(rig.dialect.refused_again, 0);
    rig_until(&rig, rig.exchange.texts == 1);
    ck_assert_uint_eq(session_unsent_bytes(rig.session), 0);
    rig_fini(&rig);
}
END_TEST

START_TEST(an_adapter_of_an_older_abi_is_not_told_of_its_queue)
{
    struct rig rig;
    struct hawser_error err       = HAWSER_ERROR_INIT;
    struct hawser_adapter adapter = DIALECT_FULL;
    static char block[65536];
    adapter.struct_size = offsetof(struct hawser_adapter, writable);
    rig_init(&rig);
    rig.adapter                  = &adapter;
    rig.options.max_queued_bytes = 1 << 20;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    memset(block, 'x', sizeof(block));
    while (session_send(rig.session, HAWSER_OPCODE_TEXT, slice_make(block, sizeof(block)), &err) ==
           0) {
    }
    rig_until(&rig, session_unsent_bytes(rig.session) == 0);
    ck_assert_uint_eq(rig.dialect.writables, 0);
    rig_fini(&rig);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("link");
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, a_session_walks_through_its_states_to_ready);
    tcase_add_test(cases, an_upgrade_that_never_comes_is_tried_again_with_growing_delays);
    tcase_add_test(cases, the_deadline_of_an_attempt_that_is_over_does_not_touch_the_next);
    tcase_add_test(cases, one_close_leads_to_one_reconnect);
    tcase_add_test(cases, two_failures_at_once_lead_to_one_reconnect);
    tcase_add_test(cases, a_session_outlasts_a_server_that_is_away);
    tcase_add_test(cases, counted_attempts_end_in_failed_and_say_why);
    tcase_add_test(cases, retry_after_is_obeyed);
    tcase_add_test(cases, a_protocol_error_waits_for_the_longest_delay);
    tcase_add_test(cases, denied_access_is_asked_for_once);
    tcase_add_test(cases, leaving_says_goodbye_and_closes);
    tcase_add_test(cases, a_goodbye_that_is_not_answered_is_waited_for_only_a_while);
    tcase_add_test(cases, leaving_before_the_link_is_up_closes_at_once);
    tcase_add_test(cases, with_reconnect_off_a_clean_close_is_the_end);
    tcase_add_test(cases, with_reconnect_off_a_cut_link_is_a_failure);
    tcase_add_test(cases, a_new_link_on_request_replaces_the_old_one);
    tcase_add_test(cases, a_deadline_of_a_state_that_was_left_in_the_same_turn_is_overtaken);
    tcase_add_test(cases, an_event_that_cannot_happen_is_counted_and_changes_nothing);
    tcase_add_test(cases, the_end_of_a_link_that_was_replaced_in_the_same_turn_is_overtaken);
    tcase_add_test(cases, a_session_may_be_destroyed_in_any_state);
    tcase_add_test(cases, an_adapter_is_told_when_a_full_queue_is_low_again);
    tcase_add_test(cases, an_adapter_of_an_older_abi_is_not_told_of_its_queue);
    tcase_add_test(cases, an_unusable_url_is_refused_when_the_session_is_made);
    return suite_run("session/link", cases);
}
