/*
 * What a program gets wrong, or asks for at an odd moment: each is answered with what is wrong, and
 * nothing of it reaches the server.
 */
#include <check.h>
#include <event2/event.h>
#include <string.h>

#include "base/clock.h"
#include "base/slice.h"
#include "hawser/client.h"
#include "hawser/host.h"
#include "support/mock_exchange.h"
#include "support/suite.h"

struct rig {
    struct event_base *base;
    struct mock_exchange *mock;
    struct mock_peer *peer;
    struct hawser_client *client;
    unsigned asked;    /* messages that the server got */
    unsigned messages; /* that the client got */
    unsigned replies;
    int close_when_failed;
    enum hawser_state close_in; /* IDLE: in none */
    int is_closed;
    unsigned states_after; /* that were told after CLOSED */
};

static void server_opened(void *arg, struct mock_peer *peer)
{
    ((struct rig *)arg)->peer = peer;
}

static void server_message(void *arg, struct mock_peer *peer, enum hawser_opcode opcode,
                           struct hawser_slice bytes)
{
    (void)opcode;
    (void)bytes;
    ((struct rig *)arg)->asked++;
    mock_send_text(peer, "{\"id\":%u,\"result\":1}", ((struct rig *)arg)->asked);
}

static const struct mock_handler SERVER = {.opened = server_opened, .message = server_message};

static void on_message(struct hawser_client *client, enum hawser_opcode opcode,
                       struct hawser_slice bytes, void *arg)
{
    (void)client;
    (void)opcode;
    (void)bytes;
    ((struct rig *)arg)->messages++;
}

static void on_state(struct hawser_client *client, enum hawser_state state,
                     const struct hawser_error *why, void *arg)
{
    struct rig *rig = arg;
    (void)why;
    rig->states_after += rig->is_closed ? 1u : 0u;
    rig->is_closed |= state == HAWSER_STATE_CLOSED;
    if ((state == HAWSER_STATE_FAILED && rig->close_when_failed) ||
        (state == rig->close_in && state != HAWSER_STATE_IDLE)) {
        hawser_close(client, HAWSER_CLOSE_NORMAL, NULL);
    }
}

static const struct hawser_client_callbacks CALLBACKS = {
    .struct_size = sizeof(CALLBACKS), .message = on_message, .state = on_state};

static void begin(struct rig *rig)
{
    *rig      = (struct rig){0};
    rig->base = event_base_new();
    rig->mock = mock_create(rig->base, &SERVER, rig);
}

static void dial(struct rig *rig, struct hawser_client_options *options)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    options->base           = rig->base;
    options->retry_delay_ms = 10;
    rig->client             = hawser_connect(mock_url(rig->mock), options, &CALLBACKS, rig, &err);
    ck_assert_msg(rig->client != NULL, "%s", err.message);
}

static void end(struct rig *rig)
{
    hawser_free(rig->client);
    mock_destroy(rig->mock);
    event_base_free(rig->base);
}

#define until(rig, condition)                                                                      \
    for (clock_ns_t ends = clock_monotonic() + 10 * CLOCK_NS_PER_S; !(condition);) {               \
        struct timeval most = {.tv_usec = 50000};                                                  \
        (void)event_base_loopexit((rig)->base, &most);                                             \
        (void)event_base_loop((rig)->base, EVLOOP_ONCE);                                           \
        ck_assert_msg(clock_monotonic() < ends, "never came true: %s", #condition);                \
    }

static int is(const struct rig *rig, enum hawser_state state)
{
    return hawser_get_state(rig->client) == state;
}

START_TEST(callbacks_without_their_size_are_refused_as_none_would_be_called)
{
    struct hawser_error err                  = HAWSER_ERROR_INIT;
    struct hawser_client_callbacks callbacks = {.message = on_message};
    ck_assert_ptr_null(hawser_connect("ws://127.0.0.1:1/", NULL, &callbacks, NULL, &err));
    ck_assert_uint_eq(err.code, HAWSER_CONF_DIRECTIVE);
    ck_assert_ptr_nonnull(strstr(err.message, "callbacks.struct_size"));
}
END_TEST

START_TEST(a_client_without_a_url_is_told_what_one_looks_like)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_ptr_null(hawser_connect(NULL, NULL, NULL, NULL, &err));
    ck_assert_uint_eq(err.code, HAWSER_NET_URL);
    ck_assert_ptr_nonnull(strstr(err.message, "ws://HOST"));
}
END_TEST

static void on_reply(void *arg, const struct hawser_reply *reply)
{
    (void)reply;
    ((struct rig *)arg)->replies++;
}

START_TEST(a_request_that_is_none_is_refused_and_not_sent)
{
    static const struct {
        const char *method;
        const char *params;
    } WRONG[]                            = {{NULL, "{}"},
                                            {"", "{}"},
                                            {"b\xff", "{}"},
                                            {"m", "{"},
                                            {"m", "5"},
                                            {"m", "\"x\""},
                                            {"m", "{\"a\":}"},
                                            {"m", "{} x"},
                                            {"m", "[1,2,]"},
                                            {"m", "{}{}"},
                                            {"m", "{},\"method\":\"private/buy\""}};
    struct hawser_client_options options = HAWSER_CLIENT_OPTIONS_INIT;
    struct hawser_error err              = HAWSER_ERROR_INIT;
    struct rig rig;
    begin(&rig);
    dial(&rig, &options);
    until(&rig, is(&rig, HAWSER_STATE_READY));
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        ck_assert_int_eq(hawser_request(rig.client, WRONG[i].method, slice_of(WRONG[i].params), 0,
                                        on_reply, &rig, &err),
                         -1);
        ck_assert_uint_eq(err.code, HAWSER_REQUEST_INVALID);
    }
    ck_assert_int_eq(
        hawser_request(rig.client, "m", slice_of(" [1, {}] "), 0, on_reply, &rig, &err), 0);
    until(&rig, rig.replies == 1);
    ck_assert_uint_eq(rig.asked, 1);
    end(&rig);
}
END_TEST

START_TEST(a_request_whose_end_is_of_no_interest_needs_no_function)
{
    struct hawser_client_options options = HAWSER_CLIENT_OPTIONS_INIT;
    struct hawser_error err              = HAWSER_ERROR_INIT;
    struct rig rig;
    begin(&rig);
    options.requests_wait = 1;
    dial(&rig, &options);
    ck_assert_int_eq(
        hawser_request(rig.client, "m", slice_make(NULL, 0), INT64_MAX, NULL, NULL, &err), 0);
    until(&rig, rig.asked == 1);
    mock_send_text(rig.peer, "behind the answer");
    until(&rig, rig.messages == 1);
    end(&rig);
}
END_TEST

START_TEST(the_smallest_bound_for_messages_still_lets_it_connect)
{
    struct hawser_client_options options = HAWSER_CLIENT_OPTIONS_INIT;
    struct rig rig;
    begin(&rig);
    options.max_message_bytes = 1;
    dial(&rig, &options);
    until(&rig, is(&rig, HAWSER_STATE_READY));
    end(&rig);
}
END_TEST

START_TEST(a_close_after_a_failure_does_not_make_it_a_success)
{
    struct hawser_client_options options = HAWSER_CLIENT_OPTIONS_INIT;
    struct rig rig;
    begin(&rig);
    options.retry_count   = 1;
    rig.close_when_failed = 1;
    dial(&rig, &options);
    for (unsigned i = 0; i < 2; i++) { /* both links end by a clean handshake */
        until(&rig, is(&rig, HAWSER_STATE_READY));
        mock_close(rig.peer, HAWSER_CLOSE_GOING_AWAY, "bye");
        until(&rig, !is(&rig, HAWSER_STATE_READY));
    }
    until(&rig, is(&rig, HAWSER_STATE_CLOSED));
    ck_assert_int_eq(hawser_run(rig.client), -1);
    end(&rig);
}
END_TEST

START_TEST(a_client_may_be_closed_from_whichever_state_it_is_told)
{
    struct hawser_client_options options = HAWSER_CLIENT_OPTIONS_INIT;
    struct rig rig;
    begin(&rig);
    rig.close_in = (enum hawser_state)_i;
    if (rig.close_in == HAWSER_STATE_BACKOFF) {
        mock_listen(rig.mock, 0);
    }
    dial(&rig, &options);
    /* without TLS, a login and a close of its own some are never told */
    int is_told =
        _i != HAWSER_STATE_TLS && _i != HAWSER_STATE_AUTHENTICATING && _i != HAWSER_STATE_CLOSING;
    until(&rig, is(&rig, is_told ? HAWSER_STATE_CLOSED : HAWSER_STATE_READY));
    event_base_loop(rig.base, EVLOOP_NONBLOCK);
    ck_assert_int_eq(rig.is_closed, is_told);
    ck_assert_uint_eq(rig.states_after, 0);
    end(&rig);
}
END_TEST

static void call_everything(void *arg, const struct hawser_reply *reply)
{
    static const char *const CHANNEL[] = {"a"};
    struct rig *rig                    = arg;
    struct hawser_error err            = HAWSER_ERROR_INIT;
    rig->replies++;
    ck_assert_ptr_nonnull(reply->err);
    ck_assert_int_eq(
        hawser_request(rig->client, "m", slice_of("{}"), 0, call_everything, rig, &err), -1);
    ck_assert_int_eq(hawser_send(rig->client, HAWSER_OPCODE_TEXT, slice_of("x"), &err), -1);
    (void)!hawser_subscribe(rig->client, CHANNEL, 1, &err);
    hawser_close(rig->client, HAWSER_CLOSE_NORMAL, "bye");
    ck_assert_uint_eq(hawser_queued(rig->client), 0);
}

START_TEST(a_reply_that_comes_as_the_client_is_freed_may_call_it)
{
    struct hawser_client_options options = HAWSER_CLIENT_OPTIONS_INIT;
    struct hawser_error err              = HAWSER_ERROR_INIT;
    struct rig rig;
    begin(&rig);
    options.requests_wait = 1;
    dial(&rig, &options);
    if (_i == 1) { /* sent and unanswered; else it waits to be sent */
        until(&rig, is(&rig, HAWSER_STATE_READY));
    }
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(
            hawser_request(rig.client, "m", slice_of("{}"), 0, call_everything, &rig, &err), 0);
    }
    end(&rig);
    ck_assert_uint_eq(rig.replies, 3);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("misuse");
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, callbacks_without_their_size_are_refused_as_none_would_be_called);
    tcase_add_test(cases, a_client_without_a_url_is_told_what_one_looks_like);
    tcase_add_test(cases, a_request_that_is_none_is_refused_and_not_sent);
    tcase_add_test(cases, a_request_whose_end_is_of_no_interest_needs_no_function);
    tcase_add_test(cases, the_smallest_bound_for_messages_still_lets_it_connect);
    tcase_add_test(cases, a_close_after_a_failure_does_not_make_it_a_success);
    tcase_add_loop_test(cases, a_client_may_be_closed_from_whichever_state_it_is_told,
                        HAWSER_STATE_RESOLVING, HAWSER_STATE_CLOSED);
    tcase_add_loop_test(cases, a_reply_that_comes_as_the_client_is_freed_may_call_it, 0, 2);
    return suite_run("client/misuse", cases);
}
