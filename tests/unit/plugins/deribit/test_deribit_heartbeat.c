/*
 * deribit/restore and deribit/heartbeat: cancel-on-disconnect, set_heartbeat, test_request and our
 * own question.
 */
#include <string.h>

#include "support/adapter_rig.h"
#include "support/suite.h"

extern const struct hawser_module hawser_module;

static struct adapter_rig rig;

static void set_up(void)
{
    adapter_rig_init(&rig, &hawser_module);
    adapter_rig_start(&rig);
}

static void tear_down(void)
{
    adapter_rig_fini(&rig);
}

static uint64_t restore(const char *heartbeat)
{
    fake_host_unset(rig.fake, "heartbeat");
    fake_host_set(rig.fake, "heartbeat", heartbeat, NULL);
    rig.adapter->restore(rig.object);
    const struct fake_request *request = fake_host_waiting(rig.fake, "public/set_heartbeat");
    ck_assert_ptr_nonnull(request);
    return request->id;
}

START_TEST(restoring_asks_for_heartbeats_at_the_sessions_interval)
{
    uint64_t id = restore("45s");
    ck_assert_str_eq(rig.fake->requests[0].params, "{\"interval\":45}");
    ck_assert_str_eq(rig.fake->events, "");
    fake_host_answer(rig.fake, id, "\"ok\"");
    ck_assert_str_eq(rig.fake->events, "restored\n");
}
END_TEST

START_TEST(the_exchange_is_never_asked_for_less_than_10_seconds)
{
    (void)restore("3s");
    ck_assert_str_eq(rig.fake->requests[0].params, "{\"interval\":10}");
}
END_TEST

START_TEST(with_heartbeat_off_nothing_is_sent)
{
    fake_host_set(rig.fake, "heartbeat", "0", NULL);
    rig.adapter->restore(rig.object);
    ck_assert_uint_eq(rig.fake->request_count, 0);
    ck_assert_str_eq(rig.fake->events, "restored\n");
}
END_TEST

START_TEST(without_heartbeats_a_link_is_not_used)
{
    fake_host_answer_error(rig.fake, restore("30s"),
                           "{\"code\":-32602,\"message\":\"Invalid params\"}");
    ck_assert_uint_eq(rig.fake->last_fail.code, HAWSER_ADAPTER_FAILED);
    ck_assert_uint_eq(rig.fake->last_fail.recovery, HAWSER_RECOVER_RECONNECT_SLOWLY);
    ck_assert(!fake_host_saw(rig.fake, "restored"));
}
END_TEST

START_TEST(an_expired_login_during_restore_asks_for_another)
{
    fake_host_answer_error(rig.fake, restore("30s"),
                           "{\"code\":13009,\"message\":\"unauthorized\"}");
    ck_assert_uint_eq(rig.fake->last_fail.recovery, HAWSER_RECOVER_REAUTHENTICATE);
}
END_TEST

START_TEST(a_restore_that_is_not_answered_fails)
{
    fake_host_fail_request(rig.fake, restore("30s"), HAWSER_REQUEST_TIMEOUT);
    ck_assert_uint_eq(rig.fake->last_fail.code, HAWSER_REQUEST_TIMEOUT);
}
END_TEST

START_TEST(a_link_that_breaks_during_restore_is_the_hosts_affair)
{
    (void)restore("30s");
    adapter_rig_break(&rig);
    ck_assert_str_eq(rig.fake->events, "");
}
END_TEST

START_TEST(a_restore_that_cannot_be_sent_fails)
{
    fake_host_refuse_next(rig.fake, HAWSER_NET_QUEUE_FULL);
    rig.adapter->restore(rig.object);
    ck_assert_uint_eq(rig.fake->last_fail.code, HAWSER_NET_QUEUE_FULL);
}
END_TEST

START_TEST(cancel_on_disconnect_is_asked_for_before_the_heartbeat)
{
    fake_host_set(rig.fake, "cancel_on_disconnect", "connection", NULL);
    rig.adapter->restore(rig.object);
    ck_assert_uint_eq(rig.fake->request_count, 1);
    ck_assert_str_eq(rig.fake->requests[0].method, "private/enable_cancel_on_disconnect");
    ck_assert_str_eq(rig.fake->requests[0].params, "{\"scope\":\"connection\"}");
    fake_host_answer(rig.fake, rig.fake->requests[0].id, "\"ok\"");
    ck_assert_str_eq(rig.fake->events, "");
    fake_host_answer(rig.fake, fake_host_waiting(rig.fake, "public/set_heartbeat")->id, "\"ok\"");
    ck_assert_str_eq(rig.fake->events, "restored\n");
}
END_TEST

START_TEST(without_the_cancel_on_disconnect_that_was_wanted_a_link_is_not_used)
{
    fake_host_set(rig.fake, "cancel_on_disconnect", "account", NULL);
    rig.adapter->restore(rig.object);
    fake_host_answer_error(rig.fake, rig.fake->requests[0].id,
                           "{\"code\":11050,\"message\":\"bad_request\"}");
    ck_assert_uint_eq(rig.fake->last_fail.code, HAWSER_ADAPTER_FAILED);
    ck_assert_uint_eq(rig.fake->last_fail.recovery, HAWSER_RECOVER_RECONNECT_SLOWLY);
    ck_assert(!fake_host_saw(rig.fake, "restored"));
    ck_assert_ptr_null(fake_host_waiting(rig.fake, "public/set_heartbeat"));
}
END_TEST

START_TEST(cancel_on_disconnect_without_a_login_is_refused_by_the_check)
{
    struct hawser_error err        = HAWSER_ERROR_INIT;
    const struct hawser_host *host = fake_host_table();
    struct hawser_instance *self   = fake_host_instance(rig.fake);
    ck_assert_int_eq(rig.adapter->check(host, self, &err), 0);
    fake_host_set(rig.fake, "cancel_on_disconnect", "connection", NULL);
    ck_assert_int_eq(rig.adapter->check(host, self, &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_CONF_DIRECTIVE);
    fake_host_set(rig.fake, "credentials", "file:deribit.cred", NULL);
    ck_assert_int_eq(rig.adapter->check(host, self, &err), 0);
}
END_TEST

START_TEST(a_test_request_is_answered_at_once)
{
    adapter_rig_receive(&rig, "{\"jsonrpc\":\"2.0\",\"method\":\"heartbeat\","
                              "\"params\":{\"type\":\"test_request\"}}");
    ck_assert_str_eq(rig.fake->events, "alive\n");
    ck_assert_ptr_nonnull(fake_host_waiting(rig.fake, "public/test"));
}
END_TEST

START_TEST(a_storm_of_test_requests_is_answered_by_a_few)
{
    for (unsigned i = 0; i < 1000; i++) {
        adapter_rig_receive(&rig,
                            "{\"method\":\"heartbeat\",\"params\":{\"type\":\"test_request\"}}");
    }
    ck_assert_uint_eq(adapter_rig_count(&rig, "alive"), 1000);
    ck_assert_uint_eq(rig.fake->request_count, 8);
    fake_host_answer(rig.fake, fake_host_waiting(rig.fake, "public/test")->id, "{}");
    adapter_rig_receive(&rig, "{\"method\":\"heartbeat\",\"params\":{\"type\":\"test_request\"}}");
    ck_assert_uint_eq(rig.fake->request_count, 9);
    while (fake_host_waiting(rig.fake, NULL) != NULL) { /* as when the link breaks */
        fake_host_fail_request(rig.fake, fake_host_waiting(rig.fake, NULL)->id,
                               HAWSER_REQUEST_UNKNOWN);
    }
    adapter_rig_receive(&rig, "{\"method\":\"heartbeat\",\"params\":{\"type\":\"test_request\"}}");
    ck_assert_uint_eq(rig.fake->request_count, 10);
}
END_TEST

START_TEST(a_heartbeat_shows_life_and_wants_no_answer)
{
    adapter_rig_receive(&rig, "{\"params\":{\"type\":\"heartbeat\"},\"method\":\"heartbeat\"}");
    ck_assert_str_eq(rig.fake->events, "alive\n");
    ck_assert_uint_eq(rig.fake->request_count, 0);
}
END_TEST

START_TEST(a_heartbeat_without_a_type_is_not_understood)
{
    adapter_rig_receive(&rig, "{\"method\":\"heartbeat\",\"params\":{}}");
    adapter_rig_receive(&rig, "{\"method\":\"heartbeat\"}");
    ck_assert_uint_eq(adapter_rig_count(&rig, "unexpected "), 2);
    ck_assert_uint_eq(adapter_rig_count(&rig, "alive"), 0);
}
END_TEST

START_TEST(any_answer_to_our_question_shows_life)
{
    rig.adapter->heartbeat(rig.object);
    fake_host_answer(rig.fake, fake_host_waiting(rig.fake, "public/test")->id, "{}");
    ck_assert_uint_eq(adapter_rig_count(&rig, "alive"), 1);
    rig.adapter->heartbeat(rig.object);
    fake_host_answer_error(rig.fake, fake_host_waiting(rig.fake, "public/test")->id,
                           "{\"code\":11051,\"message\":\"system_maintenance\"}");
    ck_assert_uint_eq(adapter_rig_count(&rig, "alive"), 2);
}
END_TEST

START_TEST(no_answer_shows_no_life)
{
    rig.adapter->heartbeat(rig.object);
    fake_host_fail_request(rig.fake, fake_host_waiting(rig.fake, NULL)->id, HAWSER_REQUEST_TIMEOUT);
    rig.adapter->heartbeat(rig.object);
    adapter_rig_break(&rig);
    ck_assert_str_eq(rig.fake->events, "");
}
END_TEST

START_TEST(heartbeats_that_cannot_be_sent_are_logged_once_until_one_is)
{
    for (unsigned i = 0; i < 3; i++) {
        fake_host_refuse_next(rig.fake, HAWSER_NET_QUEUE_FULL);
        rig.adapter->heartbeat(rig.object);
    }
    ck_assert_uint_eq(adapter_rig_count(&rig, "log 4 no heartbeat sent"), 1);
    rig.adapter->heartbeat(rig.object);
    fake_host_refuse_next(rig.fake, HAWSER_NET_QUEUE_FULL);
    rig.adapter->heartbeat(rig.object);
    ck_assert_uint_eq(adapter_rig_count(&rig, "log 4 no heartbeat sent"), 2);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("heartbeat");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, restoring_asks_for_heartbeats_at_the_sessions_interval);
    tcase_add_test(tests, the_exchange_is_never_asked_for_less_than_10_seconds);
    tcase_add_test(tests, with_heartbeat_off_nothing_is_sent);
    tcase_add_test(tests, without_heartbeats_a_link_is_not_used);
    tcase_add_test(tests, an_expired_login_during_restore_asks_for_another);
    tcase_add_test(tests, a_restore_that_is_not_answered_fails);
    tcase_add_test(tests, a_link_that_breaks_during_restore_is_the_hosts_affair);
    tcase_add_test(tests, a_restore_that_cannot_be_sent_fails);
    tcase_add_test(tests, cancel_on_disconnect_is_asked_for_before_the_heartbeat);
    tcase_add_test(tests, without_the_cancel_on_disconnect_that_was_wanted_a_link_is_not_used);
    tcase_add_test(tests, cancel_on_disconnect_without_a_login_is_refused_by_the_check);
    tcase_add_test(tests, a_test_request_is_answered_at_once);
    tcase_add_test(tests, a_storm_of_test_requests_is_answered_by_a_few);
    tcase_add_test(tests, a_heartbeat_shows_life_and_wants_no_answer);
    tcase_add_test(tests, a_heartbeat_without_a_type_is_not_understood);
    tcase_add_test(tests, any_answer_to_our_question_shows_life);
    tcase_add_test(tests, no_answer_shows_no_life);
    tcase_add_test(tests, heartbeats_that_cannot_be_sent_are_logged_once_until_one_is);
    return suite_run("deribit/heartbeat", tests);
}
