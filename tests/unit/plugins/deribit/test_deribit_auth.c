/*
 * deribit/auth: logging in and out.
 */
#include <string.h>

#include "support/adapter_rig.h"
#include "support/suite.h"

extern const struct hawser_module hawser_module;

static struct adapter_rig rig;

static void set_up(void)
{
    adapter_rig_init(&rig, &hawser_module);
    fake_host_credential(rig.fake, "client_id", "some\"id");
    fake_host_credential(rig.fake, "client_secret", "s3cret");
    adapter_rig_start(&rig);
}

static void tear_down(void)
{
    adapter_rig_fini(&rig);
}

static uint64_t ask(void)
{
    rig.adapter->authenticate(rig.object);
    const struct fake_request *request = fake_host_waiting(rig.fake, "public/auth");
    ck_assert_ptr_nonnull(request);
    return request->id;
}

START_TEST(the_login_sends_the_credentials_and_reports_how_long_they_serve)
{
    uint64_t id = ask();
    ck_assert_str_eq(rig.fake->requests[0].params,
                     "{\"grant_type\":\"client_credentials\",\"client_id\":\"some\\\"id\","
                     "\"client_secret\":\"s3cret\"}");
    fake_host_answer(rig.fake, id, "{\"access_token\":\"t\",\"expires_in\":900,\"scope\":\"x\"}");
    ck_assert_str_eq(rig.fake->events, "authenticated 900000\n");
}
END_TEST

START_TEST(the_tokens_of_a_login_are_told_to_be_secret)
{
    fake_host_answer(rig.fake, ask(),
                     "{\"access_token\":\"acc-1\",\"refresh_token\":\"ref\\/\\u0031\"}");
    ck_assert_str_eq(fake_host_secret(rig.fake, "access_token"), "acc-1");
    ck_assert_str_eq(fake_host_secret(rig.fake, "refresh_token"), "ref/1");
    fake_host_answer(rig.fake, ask(), "{\"access_token\":\"acc-2\",\"refresh_token\":\"ref-2\"}");
    ck_assert_str_eq(fake_host_secret(rig.fake, "access_token"), "acc-2");
    ck_assert_str_eq(fake_host_secret(rig.fake, "refresh_token"), "ref-2");
}
END_TEST

START_TEST(a_login_without_an_end_serves_for_ever)
{
    fake_host_answer(rig.fake, ask(), "{\"access_token\":\"t\"}");
    ck_assert_str_eq(rig.fake->events, "authenticated 0\n");
}
END_TEST

START_TEST(an_absurd_lifetime_does_not_overflow)
{
    fake_host_answer(rig.fake, ask(),
                     "{\"access_token\":\"t\",\"expires_in\":9223372036854775807}");
    ck_assert(fake_host_saw(rig.fake, "authenticated "));
    ck_assert(!fake_host_saw(rig.fake, "authenticated -"));
}
END_TEST

START_TEST(an_answer_without_a_token_is_no_login)
{
    static const char *const ANSWERS[] = {"{\"expires_in\":900}", "{\"access_token\":\"\"}",
                                          "{\"access_token\":7}", "\"ok\"", "[]"};
    fake_host_answer(rig.fake, ask(), ANSWERS[_i]);
    ck_assert_uint_eq(adapter_rig_count(&rig, "fail "), 1);
    ck_assert_uint_eq(rig.fake->last_fail.code, HAWSER_ADAPTER_FAILED);
    ck_assert(!fake_host_saw(rig.fake, "authenticated"));
}
END_TEST

START_TEST(wrong_credentials_stop_the_session_at_the_first_answer)
{
    fake_host_answer_error(rig.fake, ask(), "{\"code\":13004,\"message\":\"invalid_credentials\"}");
    ck_assert_uint_eq(adapter_rig_count(&rig, "fail "), 1);
    ck_assert_uint_eq(rig.fake->last_fail.code, HAWSER_AUTH_DENIED);
    ck_assert_uint_eq(rig.fake->last_fail.recovery, HAWSER_RECOVER_STOP);
    ck_assert_ptr_nonnull(strstr(rig.fake->last_fail.message, "client_secret"));
    ck_assert_ptr_null(strstr(rig.fake->events, "s3cret"));
    ck_assert_uint_eq(rig.fake->request_count, 1);
}
END_TEST

START_TEST(what_a_login_calls_unauthorized_is_denied_not_retried)
{
    fake_host_answer_error(rig.fake, ask(), "{\"code\":13009,\"message\":\"unauthorized\"}");
    ck_assert_uint_eq(rig.fake->last_fail.code, HAWSER_AUTH_DENIED);
}
END_TEST

START_TEST(an_exchange_in_trouble_is_waited_for)
{
    static const struct {
        const char *error;
        uint32_t code;
        uint32_t recovery;
    } CASES[] = {
        {"{\"code\":10028,\"message\":\"too_many_requests\"}", HAWSER_RATE_LIMITED,
         HAWSER_RECOVER_WAIT},
        {"{\"code\":11051,\"message\":\"system_maintenance\"}", HAWSER_EXCHANGE_BUSY,
         HAWSER_RECOVER_WAIT},
        {"{\"code\":13028,\"message\":\"temporarily_unavailable\"}", HAWSER_EXCHANGE_BUSY,
         HAWSER_RECOVER_WAIT},
        {"{\"code\":-32601,\"message\":\"Method not found\"}", HAWSER_ADAPTER_FAILED,
         HAWSER_RECOVER_RECONNECT_SLOWLY},
    };
    fake_host_answer_error(rig.fake, ask(), CASES[_i].error);
    ck_assert_uint_eq(rig.fake->last_fail.code, CASES[_i].code);
    ck_assert_uint_eq(rig.fake->last_fail.recovery, CASES[_i].recovery);
}
END_TEST

START_TEST(a_login_that_times_out_fails_with_the_timeout)
{
    fake_host_fail_request(rig.fake, ask(), HAWSER_REQUEST_TIMEOUT);
    ck_assert_uint_eq(rig.fake->last_fail.code, HAWSER_REQUEST_TIMEOUT);
}
END_TEST

START_TEST(a_link_that_breaks_during_the_login_is_the_hosts_affair)
{
    (void)ask();
    adapter_rig_break(&rig);
    ck_assert_str_eq(rig.fake->events, "");
}
END_TEST

START_TEST(a_login_that_cannot_be_sent_fails)
{
    fake_host_refuse_next(rig.fake, HAWSER_NET_QUEUE_FULL);
    rig.adapter->authenticate(rig.object);
    ck_assert_uint_eq(rig.fake->last_fail.code, HAWSER_NET_QUEUE_FULL);
}
END_TEST

START_TEST(half_of_the_credentials_are_told_to_be_missing)
{
    struct adapter_rig half;
    adapter_rig_init(&half, &hawser_module);
    fake_host_credential(half.fake, "client_id", "id");
    adapter_rig_start(&half);
    half.adapter->authenticate(half.object);
    ck_assert_uint_eq(half.fake->last_fail.code, HAWSER_AUTH_MISSING);
    ck_assert_uint_eq(half.fake->request_count, 0);
    adapter_rig_fini(&half);
}
END_TEST

START_TEST(leaving_logs_out_and_keeps_the_tokens)
{
    fake_host_answer(rig.fake, ask(), "{\"access_token\":\"t\",\"expires_in\":900}");
    fake_host_forget_events(rig.fake);
    rig.adapter->leave(rig.object);
    ck_assert_str_eq(fake_host_last_sent(rig.fake),
                     "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"private/logout\","
                     "\"params\":{\"invalidate_token\":false}}");
    ck_assert_str_eq(rig.fake->events, "left\n");
}
END_TEST

START_TEST(leaving_without_a_login_says_nothing)
{
    rig.adapter->leave(rig.object);
    ck_assert_uint_eq(rig.fake->sent_count, 0);
    ck_assert_str_eq(rig.fake->events, "left\n");
}
END_TEST

START_TEST(a_login_does_not_outlive_its_connection)
{
    fake_host_answer(rig.fake, ask(), "{\"access_token\":\"t\",\"expires_in\":900}");
    adapter_rig_break(&rig);
    rig.fake->open = 1;
    rig.adapter->leave(rig.object);
    ck_assert_uint_eq(rig.fake->sent_count, 0);
}
END_TEST

START_TEST(a_logout_that_cannot_be_sent_is_told_and_does_not_hold_the_close_up)
{
    fake_host_answer(rig.fake, ask(), "{\"access_token\":\"t\",\"expires_in\":900}");
    fake_host_refuse_next(rig.fake, HAWSER_NET_QUEUE_FULL);
    rig.adapter->leave(rig.object);
    ck_assert(fake_host_saw(rig.fake, "log 4 no logout before the close"));
    ck_assert(fake_host_saw(rig.fake, "left"));
}
END_TEST

#define UNAUTHORIZED "{\"id\":4711,\"error\":{\"code\":13009,\"message\":\"unauthorized\"}}"

START_TEST(a_call_that_is_unauthorized_renews_a_settled_login_once)
{
    fake_host_answer(rig.fake, ask(), "{\"access_token\":\"t\",\"expires_in\":900}");
    fake_host_advance(rig.fake, 7000);
    adapter_rig_receive(&rig, UNAUTHORIZED);
    ck_assert_uint_eq(rig.fake->last_fail.code, HAWSER_AUTH_EXPIRED);
    ck_assert_uint_eq(rig.fake->last_fail.recovery, HAWSER_RECOVER_REAUTHENTICATE);
    adapter_rig_receive(&rig, UNAUTHORIZED);
    ck_assert_uint_eq(adapter_rig_count(&rig, "fail "), 1);
    fake_host_answer(rig.fake, ask(), "{\"access_token\":\"u\",\"expires_in\":900}");
    fake_host_advance(rig.fake, 7000);
    adapter_rig_receive(&rig, UNAUTHORIZED);
    ck_assert_uint_eq(adapter_rig_count(&rig, "fail "), 2);
}
END_TEST

START_TEST(a_fresh_login_or_none_or_another_error_is_left_alone)
{
    adapter_rig_receive(&rig, UNAUTHORIZED);
    fake_host_answer(rig.fake, ask(), "{\"access_token\":\"t\",\"expires_in\":900}");
    fake_host_advance(rig.fake, 5000);
    adapter_rig_receive(&rig, UNAUTHORIZED);
    fake_host_advance(rig.fake, 5000);
    adapter_rig_receive(&rig, "{\"id\":1,\"error\":{\"code\":13021,\"message\":\"forbidden\"}}");
    adapter_rig_receive(&rig, "{\"id\":1,\"error\":{\"message\":\"13009\"}}");
    ck_assert_uint_eq(adapter_rig_count(&rig, "fail "), 0);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("auth");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_login_sends_the_credentials_and_reports_how_long_they_serve);
    tcase_add_test(tests, the_tokens_of_a_login_are_told_to_be_secret);
    tcase_add_test(tests, a_login_without_an_end_serves_for_ever);
    tcase_add_test(tests, an_absurd_lifetime_does_not_overflow);
    tcase_add_loop_test(tests, an_answer_without_a_token_is_no_login, 0, 5);
    tcase_add_test(tests, wrong_credentials_stop_the_session_at_the_first_answer);
    tcase_add_test(tests, what_a_login_calls_unauthorized_is_denied_not_retried);
    tcase_add_loop_test(tests, an_exchange_in_trouble_is_waited_for, 0, 4);
    tcase_add_test(tests, a_login_that_times_out_fails_with_the_timeout);
    tcase_add_test(tests, a_link_that_breaks_during_the_login_is_the_hosts_affair);
    tcase_add_test(tests, a_login_that_cannot_be_sent_fails);
    tcase_add_test(tests, half_of_the_credentials_are_told_to_be_missing);
    tcase_add_test(tests, leaving_logs_out_and_keeps_the_tokens);
    tcase_add_test(tests, leaving_without_a_login_says_nothing);
    tcase_add_test(tests, a_login_does_not_outlive_its_connection);
    tcase_add_test(tests, a_logout_that_cannot_be_sent_is_told_and_does_not_hold_the_close_up);
    tcase_add_test(tests, a_call_that_is_unauthorized_renews_a_settled_login_once);
    tcase_add_test(tests, a_fresh_login_or_none_or_another_error_is_left_alone);
    return suite_run("deribit/auth", tests);
}
