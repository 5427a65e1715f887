/*
 * libhawser's calls against a scripted server in the same loop.
 */
#include <check.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/slice.h"
#include "hawser/client.h"
#include "hawser/host.h"
#include "support/mock_exchange.h"
#include "support/suite.h"

#define QUEUE_BYTES (4u << 20)
#define BLOCK_BYTES 65536u
#define BLOCKS_MAX  4096u

struct rig {
    struct event_base *base;
    struct mock_exchange *mock;
    struct mock_peer *peer;
    struct hawser_client *client;
    struct hawser_client_options options;
    char messages[1024];
    char states[1024];
    char asked[1024]; /* what the server was asked */
    char answer[256]; /* "result":... of subscribe calls; empty: none is given */
    unsigned closed_code;
    unsigned replies;
    uint32_t reply_code;
    uint32_t why;
    int close_on_message;
    unsigned writables;
    int refused_again; /* in the callback that says that there is room */
};

static void server_opened(void *arg, struct mock_peer *peer)
{
    ((struct rig *)arg)->peer = peer;
}

static void server_message(void *arg, struct mock_peer *peer, enum hawser_opcode opcode,
                           struct hawser_slice bytes)
{
    struct rig *rig = arg;
    (void)opcode;
    (void)snprintf(rig->asked, sizeof(rig->asked), "%.*s", (int)bytes.len, bytes.data);
    const char *id = strstr(rig->asked, "\"id\":");
    if (id != NULL && rig->answer[0] != '\0') {
        mock_send_text(peer, "{\"jsonrpc\":\"2.0\",\"id\":%ld,%s}", strtol(id + 5, NULL, 10),
                       rig->answer);
    }
}

static void server_gone(void *arg, struct mock_peer *peer)
{
    struct rig *rig = arg;
    rig->peer       = rig->peer == peer ? NULL : rig->peer;
}

static const struct mock_handler SERVER = {
    .opened = server_opened, .message = server_message, .gone = server_gone};

static void add(char *all, const char *text, size_t len)
{
    size_t at = strlen(all);
    (void)snprintf(all + at, 1024 - at, "%.*s ", (int)len, text);
}

static void on_message(struct hawser_client *client, enum hawser_opcode opcode,
                       struct hawser_slice bytes, void *arg)
{
    struct rig *rig = arg;
    (void)opcode;
    add(rig->messages, bytes.data, bytes.len);
    if (rig->close_on_message) {
        hawser_close(client, HAWSER_CLOSE_NORMAL, "enough");
    }
}

static void on_state(struct hawser_client *client, enum hawser_state state,
                     const struct hawser_error *why, void *arg)
{
    struct rig *rig  = arg;
    const char *name = hawser_state_name(state);
    (void)client;
    add(rig->states, name, strlen(name));
    rig->why = why == NULL ? rig->why : why->code;
}

static void on_closed(struct hawser_client *client, uint16_t code, struct hawser_slice reason,
                      void *arg)
{
    (void)client;
    (void)reason;
    ((struct rig *)arg)->closed_code = code;
}

static void on_writable(struct hawser_client *client, void *arg)
{
    struct rig *rig         = arg;
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig->writables++;
    rig->refused_again = hawser_send(client, HAWSER_OPCODE_TEXT, slice_of("last"), &err) != 0;
}

static void begin(struct rig *rig)
{
    struct hawser_client_options options = HAWSER_CLIENT_OPTIONS_INIT;
    *rig                                 = (struct rig){.options = options};
    rig->base                            = event_base_new();
    rig->mock                            = mock_create(rig->base, &SERVER, rig);
    rig->options.base                    = rig->base;
    rig->options.retry_delay_ms          = 10;
    rig->options.timeout_ms              = 2000;
}

static void dial(struct rig *rig)
{
    struct hawser_error err                  = HAWSER_ERROR_INIT;
    struct hawser_client_callbacks callbacks = {.struct_size = sizeof(callbacks),
                                                .message     = on_message,
                                                .state       = on_state,
                                                .closed      = on_closed,
                                                .writable    = on_writable};
    rig->client = hawser_connect(mock_url(rig->mock), &rig->options, &callbacks, rig, &err);
    ck_assert_msg(rig->client != NULL, "%s", err.message);
}

static void end(struct rig *rig)
{
    hawser_free(rig->client);
    mock_destroy(rig->mock);
    event_base_free(rig->base);
}

static int turn(struct rig *rig, clock_ns_t ends)
{
    struct timeval most = {.tv_usec = 50000};
    (void)event_base_loopexit(rig->base, &most);
    (void)event_base_loop(rig->base, EVLOOP_ONCE);
    return clock_monotonic() < ends;
}

#define until(rig, condition)                                                                      \
    for (clock_ns_t ends = clock_monotonic() + 10 * CLOCK_NS_PER_S; !(condition);) {               \
        ck_assert_msg(turn(rig, ends), "never came true: %s; %s", #condition, (rig)->states);      \
    }

static int is(const struct rig *rig, enum hawser_state state)
{
    return hawser_get_state(rig->client) == state;
}

START_TEST(messages_go_both_ways)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    begin(&rig);
    dial(&rig);
    ck_assert_int_eq(hawser_send(rig.client, HAWSER_OPCODE_TEXT, slice_of("early"), &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_WS_NOT_OPEN);
    until(&rig, is(&rig, HAWSER_STATE_READY));
    ck_assert_int_eq(hawser_send(rig.client, HAWSER_OPCODE_TEXT, slice_of("hello"), &err), 0);
    until(&rig, strcmp(rig.asked, "hello") == 0);
    mock_send_text(rig.peer, "world");
    until(&rig, strcmp(rig.messages, "world ") == 0);
    ck_assert_int_eq(hawser_send(rig.client, HAWSER_OPCODE_PING, slice_of("x"), &err), -1);
    end(&rig);
}
END_TEST

START_TEST(channels_are_confirmed_by_the_answer_and_asked_for_again_after_a_break)
{
    static const char *const CHANNELS[] = {"a.\"x\"", "b"};
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    begin(&rig);
    rig.options.subscribe_method = "sub";
    (void)snprintf(rig.answer, sizeof(rig.answer), "\"result\":[\"b\",\"a.\\\"x\\\"\"]");
    dial(&rig);
    ck_assert_int_eq(hawser_subscribe(rig.client, CHANNELS, 2, &err), 0);
    until(&rig, is(&rig, HAWSER_STATE_READY));
    ck_assert_ptr_nonnull(strstr(rig.asked, "\"method\":\"sub\""));
    ck_assert_ptr_nonnull(strstr(rig.asked, "{\"channels\":[\"a.\\\"x\\\"\",\"b\"]}"));
    ck_assert_str_eq(rig.messages, ""); /* the answer is not the program's */
    rig.asked[0] = '\0';
    mock_cut(rig.peer);
    until(&rig, strstr(rig.states, "BACKOFF") != NULL && is(&rig, HAWSER_STATE_READY));
    ck_assert_ptr_nonnull(strstr(rig.asked, "\"b\""));
    end(&rig);
}
END_TEST

START_TEST(a_channel_that_the_answer_leaves_out_keeps_the_client_from_ready)
{
    static const char *const CHANNELS[] = {"a", "b"};
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    begin(&rig);
    (void)snprintf(rig.answer, sizeof(rig.answer), "\"result\":[\"b\"]");
    dial(&rig);
    ck_assert_int_eq(hawser_subscribe(rig.client, CHANNELS, 2, &err), 0);
    until(&rig, rig.asked[0] != '\0');
    mock_send_text(rig.peer, "after the answer");
    until(&rig, rig.messages[0] != '\0');
    ck_assert_int_eq(hawser_get_state(rig.client), HAWSER_STATE_RESTORING);
    end(&rig);
}
END_TEST

static void on_reply(void *arg, const struct hawser_reply *reply)
{
    struct rig *rig = arg;
    rig->replies++;
    rig->reply_code = reply->err == NULL ? 0 : reply->err->code;
}

START_TEST(requests_end_once_with_answer_error_or_break)
{
    static const char *const ANSWERS[] = {"\"result\":5",
                                          "\"error\":{\"code\":10028,\"message\":\"slow\"}", ""};
    static const uint32_t CODES[]      = {0, HAWSER_REQUEST_REFUSED, HAWSER_REQUEST_UNKNOWN};
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    begin(&rig);
    dial(&rig);
    until(&rig, is(&rig, HAWSER_STATE_READY));
    for (unsigned i = 0; i < 3; i++) {
        rig.asked[0] = '\0';
        (void)snprintf(rig.answer, sizeof(rig.answer), "%s", ANSWERS[i]);
        ck_assert_int_eq(hawser_request(rig.client, "m", slice_of("{}"), 0, on_reply, &rig, &err),
                         0);
        until(&rig, rig.asked[0] != '\0');
        if (i == 2) {
            mock_cut(rig.peer);
        }
        until(&rig, rig.replies == i + 1);
        ck_assert_uint_eq(rig.reply_code, CODES[i]);
    }
    ck_assert_str_eq(rig.messages, "");
    end(&rig);
}
END_TEST

START_TEST(a_request_before_open_is_refused_or_waits_as_the_caller_chose)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    begin(&rig);
    rig.options.requests_wait = (uint32_t)_i;
    dial(&rig);
    int rc = hawser_request(rig.client, "m", slice_of("{}"), 0, on_reply, &rig, &err);
    ck_assert_int_eq(rc, _i == 0 ? -1 : 0);
    (void)snprintf(rig.answer, sizeof(rig.answer), "\"result\":5");
    until(&rig, is(&rig, HAWSER_STATE_READY) && rig.replies == (unsigned)_i);
    ck_assert_uint_eq(rc == 0 ? rig.reply_code : err.code, rc == 0 ? 0 : HAWSER_WS_NOT_OPEN);
    end(&rig);
}
END_TEST

START_TEST(retries_run_out)
{
    struct rig rig;
    begin(&rig);
    rig.options.retry_count = 2;
    mock_listen(rig.mock, 0);
    dial(&rig);
    until(&rig, is(&rig, HAWSER_STATE_FAILED));
    ck_assert_uint_eq(rig.why, HAWSER_SESSION_RETRIES);
    end(&rig);
}
END_TEST

START_TEST(a_client_may_be_closed_from_its_callback)
{
    struct rig rig;
    begin(&rig);
    rig.close_on_message = 1;
    dial(&rig);
    until(&rig, is(&rig, HAWSER_STATE_READY));
    mock_send_text(rig.peer, "one");
    until(&rig, is(&rig, HAWSER_STATE_CLOSED));
    ck_assert_uint_eq(mock_close_code(rig.mock), HAWSER_CLOSE_NORMAL);
    ck_assert_uint_eq(mock_accepted(rig.mock), 1);
    ck_assert_int_eq(hawser_run(rig.client), 0);
    end(&rig);
}
END_TEST

START_TEST(a_full_queue_is_told_when_it_is_low_again)
{
    static char block[BLOCK_BYTES];
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    unsigned sent           = 0;
    begin(&rig);
    rig.options.compression_off   = 1;
    rig.options.max_message_bytes = QUEUE_BYTES / 2;
    dial(&rig);
    until(&rig, is(&rig, HAWSER_STATE_READY));
    ck_assert_uint_eq(hawser_queued(rig.client), 0);
    memset(block, 'x', sizeof(block));
    /* The server reads in turns of the loop alone, and there are none. */
    while (hawser_send(rig.client, HAWSER_OPCODE_TEXT, slice_make(block, sizeof(block)), &err) ==
           0) {
        ck_assert_uint_lt(sent++, BLOCKS_MAX);
    }
    ck_assert_uint_eq(err.code, HAWSER_NET_QUEUE_FULL);
    ck_assert_uint_gt(hawser_queued(rig.client), QUEUE_BYTES - 2 * BLOCK_BYTES);
    ck_assert_uint_le(hawser_queued(rig.client), QUEUE_BYTES);
    ck_assert_uint_eq(rig.writables, 0);
    until(&rig, rig.writables > 0 || hawser_queued(rig.client) <= QUEUE_BYTES / 4);
    ck_assert_uint_eq(rig.writables, 1);
    ck_assert_uint_le(hawser_queued(rig.client), QUEUE_BYTES / 4 + BLOCK_BYTES);
    ck_assert_int_eq(rig.refused_again, 0);
    until(&rig, strcmp(rig.asked, "last") == 0);
    ck_assert_uint_eq(hawser_queued(rig.client), 0);
    end(&rig);
}
END_TEST

START_TEST(the_servers_close_is_told)
{
    struct rig rig;
    begin(&rig);
    rig.options.reconnect_off = 1;
    dial(&rig);
    until(&rig, is(&rig, HAWSER_STATE_READY));
    mock_close(rig.peer, HAWSER_CLOSE_GOING_AWAY, "bye");
    until(&rig, is(&rig, HAWSER_STATE_CLOSED));
    ck_assert_uint_eq(rig.closed_code, HAWSER_CLOSE_GOING_AWAY);
    end(&rig);
}
END_TEST

START_TEST(a_client_runs_a_loop_of_its_own)
{
    struct rig rig;
    struct hawser_error err              = HAWSER_ERROR_INIT;
    struct hawser_client_options options = HAWSER_CLIENT_OPTIONS_INIT;
    begin(&rig);
    mock_listen(rig.mock, 0); /* nobody is there */
    options.reconnect_off        = 1;
    struct hawser_client *client = hawser_connect(mock_url(rig.mock), &options, NULL, NULL, &err);
    ck_assert_ptr_nonnull(client);
    ck_assert_int_eq(hawser_run(client), -1);
    ck_assert_int_eq(hawser_get_state(client), HAWSER_STATE_FAILED);
    hawser_free(client);
    end(&rig);
}
END_TEST

static void on_libevent_message(int severity, const char *text)
{
    ck_assert_msg(severity < EVENT_LOG_WARN, "libevent: %s", text);
}

START_TEST(a_wrong_url_is_refused_at_once_and_what_was_half_built_is_taken_down_in_order)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    event_set_log_callback(on_libevent_message);
    ck_assert_ptr_null(hawser_connect("ftp://x", NULL, NULL, NULL, &err));
    ck_assert_uint_eq(err.code, HAWSER_NET_URL);
    hawser_free(NULL);
    event_set_log_callback(NULL);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("client");
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, messages_go_both_ways);
    tcase_add_test(cases, channels_are_confirmed_by_the_answer_and_asked_for_again_after_a_break);
    tcase_add_test(cases, a_channel_that_the_answer_leaves_out_keeps_the_client_from_ready);
    tcase_add_test(cases, requests_end_once_with_answer_error_or_break);
    tcase_add_loop_test(cases, a_request_before_open_is_refused_or_waits_as_the_caller_chose, 0, 2);
    tcase_add_test(cases, retries_run_out);
    tcase_add_test(cases, a_client_may_be_closed_from_its_callback);
    tcase_add_test(cases, a_full_queue_is_told_when_it_is_low_again);
    tcase_add_test(cases, the_servers_close_is_told);
    tcase_add_test(cases, a_client_runs_a_loop_of_its_own);
    tcase_add_test(cases,
                   a_wrong_url_is_refused_at_once_and_what_was_half_built_is_taken_down_in_order);
    return suite_run("client/client", cases);
}
