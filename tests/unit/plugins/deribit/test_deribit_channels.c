/*
 * deribit/channels: subscribing, and each name of the reply.
 */
#include <stdio.h>
#include <stdlib.h>
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

static void answer(const char *method, const char *result)
{
    struct fake_request *request = fake_host_waiting(rig.fake, method);
    ck_assert_ptr_nonnull(request);
    fake_host_answer(rig.fake, request->id, result);
}

static void answer_error(const char *method, const char *error)
{
    struct fake_request *request = fake_host_waiting(rig.fake, method);
    ck_assert_ptr_nonnull(request);
    fake_host_answer_error(rig.fake, request->id, error);
}

START_TEST(private_and_public_channels_go_through_their_own_methods)
{
    adapter_rig_subscribe(&rig, "ticker.BTC-PERPETUAL.100ms", "user.orders.any.any.raw",
                          "book.BTC-PERPETUAL.100ms", NULL);
    ck_assert_uint_eq(rig.fake->request_count, 2);
    ck_assert_str_eq(fake_host_waiting(rig.fake, "private/subscribe")->params,
                     "{\"channels\":[\"user.orders.any.any.raw\"]}");
    ck_assert_str_eq(
        fake_host_waiting(rig.fake, "public/subscribe")->params,
        "{\"channels\":[\"ticker.BTC-PERPETUAL.100ms\",\"book.BTC-PERPETUAL.100ms\"]}");
}
END_TEST

START_TEST(private_names_are_known_before_anything_is_sent)
{
    static const struct {
        const char *name;
        int is_private;
    } NAMES[] = {
        {"user.trades.BTC-PERPETUAL.raw", 1},
        {"block_trade_confirmations", 1},
        {"block_rfq.maker.btc", 1},
        {"block_rfq.taker.btc", 1},
        {"block_rfq.trades.btc", 0},
        {"ticker.BTC-PERPETUAL.raw", 0},
        {"user", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        struct hawser_slice name = {NAMES[i].name, strlen(NAMES[i].name)};
        ck_assert_int_eq(rig.adapter->channel_is_private(name), NAMES[i].is_private);
    }
}
END_TEST

START_TEST(a_shuffled_reply_confirms_every_name)
{
    adapter_rig_subscribe(&rig, "a.1", "b.2", "c.3", NULL);
    answer("public/subscribe", "[\"c.3\",\"a.1\",\"b.2\"]");
    ck_assert_str_eq(rig.fake->events, "confirmed a.1\nconfirmed b.2\nconfirmed c.3\n");
}
END_TEST

START_TEST(a_name_that_the_reply_leaves_out_is_refused)
{
    adapter_rig_subscribe(&rig, "a.1", "nope.2", NULL);
    answer("public/subscribe", "[\"a.1\"]");
    ck_assert(fake_host_saw(rig.fake, "confirmed a.1"));
    ck_assert(fake_host_saw(rig.fake, "refused nope.2 302 "));
    ck_assert_uint_eq(adapter_rig_count(&rig, ""), 2);
}
END_TEST

START_TEST(a_reply_that_is_no_list_confirms_nothing)
{
    static const char *const REPLIES[] = {"\"ok\"", "{}", "[]", "[7,null]", "{\"a.1\":1}"};
    adapter_rig_subscribe(&rig, "a.1", NULL);
    answer("public/subscribe", REPLIES[_i]);
    ck_assert_uint_eq(adapter_rig_count(&rig, "refused a.1"), 1);
    ck_assert_uint_eq(adapter_rig_count(&rig, "confirmed"), 0);
}
END_TEST

START_TEST(a_name_that_is_the_start_of_another_is_not_confirmed_by_it)
{
    adapter_rig_subscribe(&rig, "a.1", NULL);
    answer("public/subscribe", "[\"a.10\"]");
    ck_assert(fake_host_saw(rig.fake, "refused a.1"));
}
END_TEST

START_TEST(portfolios_come_back_in_lower_case_and_keep_the_name_we_wanted)
{
    adapter_rig_subscribe(&rig, "user.portfolio.BTC", NULL);
    answer("private/subscribe", "[\"user.portfolio.btc\"]");
    ck_assert_str_eq(rig.fake->events, "confirmed user.portfolio.BTC\n");
    adapter_rig_receive(&rig, "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{"
                              "\"channel\":\"user.portfolio.btc\",\"data\":{\"equity\":1}}}");
    ck_assert_uint_eq(rig.fake->delivery_count, 1);
    ck_assert_str_eq(rig.fake->deliveries[0].channel, "user.portfolio.BTC");
    adapter_rig_receive(&rig, "{\"method\":\"subscription\",\"params\":{\"channel\":\"user."
                              "portfolio.eth\",\"data\":{}}}");
    ck_assert_str_eq(rig.fake->deliveries[1].channel, "user.portfolio.eth");
}
END_TEST

START_TEST(an_error_refuses_every_channel_of_its_call)
{
    adapter_rig_subscribe(&rig, "ticker.A.100ms", "book.A.raw", NULL);
    answer_error(
        "public/subscribe",
        "{\"code\":13778,\"message\":\"raw_subscriptions_not_available_for_unauthorized\"}");
    ck_assert_uint_eq(adapter_rig_count(&rig, "refused "), 2);
    ck_assert_uint_eq(adapter_rig_count(&rig, "fail "), 0);
}
END_TEST

START_TEST(an_expired_login_at_a_subscription_asks_for_another)
{
    adapter_rig_subscribe(&rig, "user.changes.any.any.raw", NULL);
    answer_error("private/subscribe", "{\"code\":13009,\"message\":\"unauthorized\"}");
    ck_assert_uint_eq(adapter_rig_count(&rig, "refused "), 1);
    ck_assert_uint_eq(rig.fake->last_fail.code, HAWSER_AUTH_EXPIRED);
    ck_assert_uint_eq(rig.fake->last_fail.recovery, HAWSER_RECOVER_REAUTHENTICATE);
}
END_TEST

START_TEST(a_rate_limit_at_a_subscription_asks_to_wait)
{
    adapter_rig_subscribe(&rig, "a.1", NULL);
    answer_error("public/subscribe", "{\"code\":10028,\"message\":\"too_many_requests\"}");
    ck_assert_uint_eq(rig.fake->last_fail.recovery, HAWSER_RECOVER_WAIT);
}
END_TEST

START_TEST(a_subscription_without_an_answer_reports_nothing)
{
    adapter_rig_subscribe(&rig, "a.1", NULL);
    fake_host_fail_request(rig.fake, fake_host_waiting(rig.fake, NULL)->id, HAWSER_REQUEST_TIMEOUT);
    adapter_rig_subscribe(&rig, "a.1", NULL);
    adapter_rig_break(&rig);
    ck_assert_str_eq(rig.fake->events, "");
}
END_TEST

START_TEST(a_late_answer_is_for_nobody)
{
    adapter_rig_subscribe(&rig, "a.1", NULL);
    adapter_rig_break(&rig);
    adapter_rig_receive(&rig, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[\"a.1\"]}");
    ck_assert_str_eq(rig.fake->events, "");
    ck_assert_uint_eq(rig.fake->late_answers, 1);
}
END_TEST

START_TEST(a_subscription_that_cannot_be_sent_fails)
{
    fake_host_refuse_next(rig.fake, HAWSER_REQUEST_LIMIT);
    adapter_rig_subscribe(&rig, "a.1", NULL);
    ck_assert_uint_eq(rig.fake->last_fail.code, HAWSER_REQUEST_LIMIT);
}
END_TEST

START_TEST(channels_are_given_up_when_the_exchange_says_so)
{
    adapter_rig_unsubscribe(&rig, "a.1", "user.lock", NULL);
    answer("public/unsubscribe", "[\"a.1\"]");
    ck_assert_str_eq(rig.fake->events, "gone a.1\n");
    answer("private/unsubscribe", "[]"); /* it was not subscribed: gone all the same */
    ck_assert(fake_host_saw(rig.fake, "gone user.lock"));
}
END_TEST

START_TEST(a_refused_unsubscription_is_logged)
{
    adapter_rig_unsubscribe(&rig, "a.1", NULL);
    answer_error("public/unsubscribe", "{\"code\":-32602,\"message\":\"Invalid params\"}");
    ck_assert_uint_eq(adapter_rig_count(&rig, "log 4 "), 1);
    ck_assert_uint_eq(adapter_rig_count(&rig, "gone"), 0);
}
END_TEST

#define MANY 400u

/* 400 names of 200 bytes are 80 kB; a frame may hold 32 kB. */
START_TEST(long_lists_are_cut_below_the_exchanges_frame_limit)
{
    struct hawser_slice *channels = calloc(MANY, sizeof(*channels));
    ck_assert_ptr_nonnull(channels);
    for (size_t i = 0; i < MANY; i++) {
        char *name = malloc(200);
        ck_assert_ptr_nonnull(name);
        memset(name, 'x', 200);
        (void)snprintf(name, 200, "book.%zu", i);
        name[strlen(name)] = '.';
        channels[i]        = (struct hawser_slice){name, 200};
    }
    rig.adapter->subscribe(rig.object, channels, MANY);
    size_t names = 0;
    for (size_t i = 0; i < rig.fake->request_count; i++) {
        const char *params = rig.fake->requests[i].params;
        ck_assert_uint_le(strlen(params), 25u * 1024u);
        for (const char *at = params; (at = strstr(at, "\"book.")) != NULL; at++) {
            names++;
        }
    }
    ck_assert_uint_eq(names, MANY);
    ck_assert_uint_eq(rig.fake->request_count, 4);
    for (size_t i = 0; i < MANY; i++) {
        free((void *)(uintptr_t)channels[i].data);
    }
    free(channels);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("channels");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, private_and_public_channels_go_through_their_own_methods);
    tcase_add_test(tests, private_names_are_known_before_anything_is_sent);
    tcase_add_test(tests, a_shuffled_reply_confirms_every_name);
    tcase_add_test(tests, a_name_that_the_reply_leaves_out_is_refused);
    tcase_add_loop_test(tests, a_reply_that_is_no_list_confirms_nothing, 0, 5);
    tcase_add_test(tests, a_name_that_is_the_start_of_another_is_not_confirmed_by_it);
    tcase_add_test(tests, portfolios_come_back_in_lower_case_and_keep_the_name_we_wanted);
    tcase_add_test(tests, an_error_refuses_every_channel_of_its_call);
    tcase_add_test(tests, an_expired_login_at_a_subscription_asks_for_another);
    tcase_add_test(tests, a_rate_limit_at_a_subscription_asks_to_wait);
    tcase_add_test(tests, a_subscription_without_an_answer_reports_nothing);
    tcase_add_test(tests, a_late_answer_is_for_nobody);
    tcase_add_test(tests, a_subscription_that_cannot_be_sent_fails);
    tcase_add_test(tests, channels_are_given_up_when_the_exchange_says_so);
    tcase_add_test(tests, a_refused_unsubscription_is_logged);
    tcase_add_test(tests, long_lists_are_cut_below_the_exchanges_frame_limit);
    return suite_run("deribit/channels", tests);
}
