/*
 * Promise: in steady state no message costs an allocation, from the socket through WebSocket,
 * envelope, adapter and session to the record, and none does to be sent, up to 64 KiB.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "hawser/module.h"
#include "module/instance.h"
#include "promises/loopback.h"
#include "session/session.h"
#include "support/alloc_count.h"
#include "support/suite.h"

#define TICKER        "ticker.BTC-PERPETUAL.100ms"
#define TRADES        "trades.BTC-PERPETUAL.raw"
#define WARM_UP       20u
#define ROUNDS        80u
#define ROUND_COUNT   40u    /* messages of each kind in a round */
#define ODD_PIECE     7001u  /* ends within a message nearly always */
#define LARGEST_BYTES 65536u /* sent */
#define SEND_ROUNDS   200u
#define TURNS_MAX     300000u

extern const struct hawser_module hawser_module; /* the deribit adapter's */

struct stage {
    struct net_loop *loop;
    struct loopback server;
    struct module module;
    struct hawser_adapter adapter;
    struct hawser_instance *instance;
    struct session *session;
    size_t records;
    uint64_t allocations;
    char ticker[900];
    char trades[600];
};

static int wastes; /* one allocation a message, on purpose */

static void wasteful_message(void *adapter, const struct hawser_message *message)
{
    if (wastes) {
        void *volatile waste = malloc(16);
        free(waste);
    }
    hawser_module.vtable.adapter->message(adapter, message);
}

static void on_record(void *arg, const struct hawser_record *record)
{
    struct stage *stage = arg;
    stage->records += record->kind == HAWSER_RECORD_DATA;
}

static void turn(struct stage *stage)
{
    alloc_count_start();
    (void)event_base_loop(stage->loop->base, EVLOOP_NONBLOCK);
    stage->allocations += alloc_count_stop();
}

#define until(stage, condition)                                                                    \
    do {                                                                                           \
        for (unsigned turns = 0; !(condition); turns++) {                                          \
            ck_assert_msg(turns < TURNS_MAX, "never came true: %s", #condition);                   \
            loopback_run(&(stage)->server);                                                        \
            turn(stage);                                                                           \
        }                                                                                          \
    } while (0)

static void make_texts(struct stage *stage)
{
    (void)snprintf(
        stage->ticker, sizeof(stage->ticker),
        "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":\"%s\","
        "\"data\":{\"timestamp\":1790000000123,\"stats\":{\"volume_usd\":1.5,\"low\":1},"
        "\"state\":\"open\",\"note\":\"%0500d \xe2\x82\xac\",\"best_ask_price\":1}}}",
        TICKER, 7);
    (void)snprintf(
        stage->trades, sizeof(stage->trades),
        "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":\"%s\","
        "\"data\":[{\"trade_seq\":1,\"trade_id\":\"2\",\"note\":\"%0300d\"}]}}",
        TRADES, 7);
}

static void make_session(struct stage *stage, int compression)
{
    static const char *const CHANNELS[] = {TICKER, TRADES};
    struct hawser_error err             = HAWSER_ERROR_INIT;
    char url[64];
    (void)snprintf(url, sizeof(url), "ws://127.0.0.1:%u/ws/api/v2", stage->server.port);
    const struct instance_options instance = {
        .module = &stage->module, .name = "btc", .prefix = "/", .loop = stage->loop};
    const struct session_options options = {.name          = "btc",
                                            .url           = url,
                                            .channels      = CHANNELS,
                                            .channel_count = 2,
                                            .heartbeat_ms  = -1,
                                            .compression   = (uint32_t)compression};
    stage->instance                      = instance_create(&instance, &err);
    ck_assert_msg(stage->instance != NULL, "%s", err.message);
    const struct session_env env = {.loop     = stage->loop,
                                    .adapter  = &stage->adapter,
                                    .host     = hostapi_table(),
                                    .instance = stage->instance,
                                    .arg      = stage,
                                    .record   = on_record};
    stage->session               = session_create(&options, &env, &err);
    ck_assert_msg(stage->session != NULL, "%s", err.message);
    instance_set_session(stage->instance, stage->session);
}

static void set_up(struct stage *stage, int compression)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    *stage                  = (struct stage){.adapter = *hawser_module.vtable.adapter};
    stage->adapter.message  = wasteful_message;
    stage->module           = (struct module){.descriptor = &hawser_module};
    stage->loop             = net_loop_create(NULL, &err);
    ck_assert_ptr_nonnull(stage->loop);
    make_texts(stage);
    loopback_start(&stage->server);
    make_session(stage, compression);
    session_start(stage->session);
    until(stage, session_state(stage->session) == HAWSER_STATE_READY);
}

static void tear_down(struct stage *stage)
{
    session_destroy(stage->session);
    instance_destroy(stage->instance);
    loopback_stop(&stage->server);
    net_loop_destroy(stage->loop);
}

static void queue_whole(struct loopback *server, struct hawser_slice text)
{
    loopback_queue(server, text, 0);
}

static void queue_fragments(struct loopback *server, struct hawser_slice text)
{
    loopback_queue(server, text, 150);
}

/* Rounds of messages, in pieces that end anywhere. @return allocations after the warm-up */
static uint64_t receive_rounds(struct stage *stage,
                               void (*queue)(struct loopback *server, struct hawser_slice text))
{
    for (unsigned round = 0; round < WARM_UP + ROUNDS; round++) {
        size_t wanted = stage->records + 2 * (size_t)ROUND_COUNT;
        if (round == WARM_UP) {
            stage->allocations = 0;
        }
        for (unsigned i = 0; i < ROUND_COUNT; i++) {
            queue(&stage->server, slice_of(stage->ticker));
            queue(&stage->server, slice_of(stage->trades));
        }
        while (stage->server.out.len > 0) {
            (void)loopback_write(&stage->server, ODD_PIECE);
            turn(stage);
        }
        until(stage, stage->records >= wanted);
        ck_assert_uint_eq(stage->records, wanted);
    }
    return stage->allocations;
}

START_TEST(messages_that_fit_the_read_buffer_are_delivered_without_an_allocation)
{
    struct stage stage;
    set_up(&stage, 0);
    ck_assert_uint_eq(receive_rounds(&stage, queue_whole), 0);
    tear_down(&stage);
}
END_TEST

START_TEST(fragmented_messages_are_delivered_without_an_allocation)
{
    struct stage stage;
    set_up(&stage, 0);
    ck_assert_uint_eq(receive_rounds(&stage, queue_fragments), 0);
    tear_down(&stage);
}
END_TEST

START_TEST(compressed_messages_are_delivered_without_an_allocation)
{
    struct stage stage;
    set_up(&stage, 1);
    ck_assert_ptr_nonnull(stage.server.deflater);
    ck_assert_uint_eq(receive_rounds(&stage, loopback_queue_compressed), 0);
    tear_down(&stage);
}
END_TEST

START_TEST(one_allocation_a_message_would_be_seen)
{
    struct stage stage;
    set_up(&stage, 0);
    wastes = 1;
    ck_assert_uint_eq(receive_rounds(&stage, queue_whole), 2ull * ROUNDS * ROUND_COUNT);
    wastes = 0;
    tear_down(&stage);
}
END_TEST

static void send_one(struct stage *stage, size_t len)
{
    static char text[LARGEST_BYTES];
    struct hawser_error err = HAWSER_ERROR_INIT;
    size_t wanted           = stage->server.messages + 1;
    memset(text, 'x', sizeof(text));
    alloc_count_start();
    int rc = session_send(stage->session, HAWSER_OPCODE_TEXT, slice_make(text, len), &err);
    stage->allocations += alloc_count_stop();
    ck_assert_msg(rc == 0, "%s", err.message);
    until(stage, stage->server.messages >= wanted);
}

START_TEST(messages_up_to_64_kib_are_sent_without_an_allocation)
{
    static const size_t SIZES[] = {1, 126, 300, 4096, 4097, 20000, LARGEST_BYTES};
    struct stage stage;
    set_up(&stage, _i);
    for (unsigned round = 0; round < SEND_ROUNDS; round++) {
        if (round == WARM_UP) {
            stage.allocations = 0;
        }
        send_one(&stage, SIZES[round % (sizeof(SIZES) / sizeof(SIZES[0]))]);
    }
    ck_assert_uint_eq(stage.allocations, 0);
    tear_down(&stage);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("no malloc per message");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, messages_that_fit_the_read_buffer_are_delivered_without_an_allocation);
    tcase_add_test(cases, fragmented_messages_are_delivered_without_an_allocation);
    tcase_add_test(cases, compressed_messages_are_delivered_without_an_allocation);
    tcase_add_test(cases, one_allocation_a_message_would_be_seen);
    tcase_add_loop_test(cases, messages_up_to_64_kib_are_sent_without_an_allocation, 0, 2);
    return suite_run("no malloc per message", cases);
}
