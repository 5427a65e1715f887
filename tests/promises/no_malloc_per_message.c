/*
 * Promise: in steady state no message costs an allocation, from the socket through WebSocket,
 * envelope, adapter and session to the record, and none does to be sent, up to 64 KiB. Over TLS,
 * too: what OpenSSL allocates to do its part is counted apart, and to the last one.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
#define SWEEP_MS      600000 /* a stall of the machine is no silence of the session */
#define TURNS_MAX     300000u

extern const struct hawser_module hawser_module; /* the deribit adapter's */

struct wire {
    int tls_version; /* 0: plain */
    uint32_t compression;
    unsigned per_record_received; /* allocations of OpenSSL's own */
    unsigned per_record_sent;
};

static const struct wire PLAIN      = {0};
static const struct wire COMPRESSED = {.compression = 1};
/* What OpenSSL 3.0 itself allocates for a record, and frees before it returns: the 40 bytes of a
 * WPACKET's bookkeeping, which no option of its avoids. */
static const struct wire TLS_1_2 = {.tls_version = TLS1_2_VERSION, .per_record_sent = 2};
static const struct wire TLS_1_3 = {
    .tls_version = TLS1_3_VERSION, .per_record_received = 1, .per_record_sent = 3};

struct stage {
    struct net_loop *loop;
    struct loopback server;
    struct module module;
    struct hawser_adapter adapter;
    struct hawser_instance *instance;
    struct session *session;
    size_t records;
    uint64_t allocations;         /* ours */
    uint64_t openssl_allocations; /* its own, to do what we asked for */
    char ca_file[64];
    char ticker[900];
    char trades[600];
};

static uint64_t openssl_allocations; /* while they are counted */
static int wastes;                   /* one allocation a message, on purpose */

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

static void *openssl_malloc(size_t size, const char *file, int line)
{
    uint64_t before = alloc_count_now();
    void *memory    = malloc(size);
    (void)file;
    (void)line;
    openssl_allocations += alloc_count_now() - before;
    return memory;
}

static void *openssl_realloc(void *memory, size_t size, const char *file, int line)
{
    uint64_t before = alloc_count_now();
    void *moved     = realloc(memory, size);
    (void)file;
    (void)line;
    openssl_allocations += alloc_count_now() - before;
    return moved;
}

static void openssl_free(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

static void start_counting(void)
{
    openssl_allocations = 0;
    alloc_count_start();
}

static void stop_counting(struct stage *stage)
{
    stage->allocations += alloc_count_stop() - openssl_allocations;
    stage->openssl_allocations += openssl_allocations;
}

static void forget_warm_up(struct stage *stage)
{
    stage->allocations         = 0;
    stage->openssl_allocations = 0;
    stage->server.records_in   = 0;
    stage->server.records_out  = 0;
}

static void turn(struct stage *stage)
{
    start_counting();
    (void)event_base_loop(stage->loop->base, EVLOOP_NONBLOCK);
    stop_counting(stage);
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

static void make_session(struct stage *stage, struct wire wire)
{
    static const char *const CHANNELS[] = {TICKER, TRADES};
    struct hawser_error err             = HAWSER_ERROR_INIT;
    char url[64];
    (void)snprintf(url, sizeof(url), "%s://127.0.0.1:%u/ws/api/v2",
                   wire.tls_version != 0 ? "wss" : "ws", stage->server.port);
    const struct instance_options instance = {
        .module = &stage->module, .name = "btc", .prefix = "/", .loop = stage->loop};
    struct session_options options = {.name          = "btc",
                                      .url           = url,
                                      .channels      = CHANNELS,
                                      .channel_count = 2,
                                      .heartbeat_ms  = -1,
                                      .compression   = wire.compression};
    if (wire.tls_version != 0) {
        options.tls.ca_file = stage->ca_file;
    }
    stage->instance = instance_create(&instance, &err);
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

static void secure(struct stage *stage, int version)
{
    struct certificate certificate = certificate_make(
        &(struct certificate_recipe){.common_name = "loopback", .names = "IP:127.0.0.1"});
    certificate_save(&certificate, stage->ca_file);
    loopback_secure(&stage->server, &certificate, version);
    certificate_free(&certificate);
}

static void set_up(struct stage *stage, struct wire wire)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    *stage                  = (struct stage){.adapter = *hawser_module.vtable.adapter};
    stage->adapter.message  = wasteful_message;
    stage->module           = (struct module){.descriptor = &hawser_module};
    stage->loop             = net_loop_create(NULL, &err);
    ck_assert_ptr_nonnull(stage->loop);
    stage->loop->sweep_ms = SWEEP_MS;
    make_texts(stage);
    loopback_start(&stage->server);
    if (wire.tls_version != 0) {
        secure(stage, wire.tls_version);
    }
    make_session(stage, wire);
    session_start(stage->session);
    until(stage, session_state(stage->session) == HAWSER_STATE_READY);
}

static void tear_down(struct stage *stage)
{
    session_destroy(stage->session);
    instance_destroy(stage->instance);
    loopback_stop(&stage->server);
    net_loop_destroy(stage->loop);
    if (stage->ca_file[0] != 0) {
        ck_assert_int_eq(unlink(stage->ca_file), 0);
    }
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
            forget_warm_up(stage);
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
    set_up(&stage, PLAIN);
    ck_assert_uint_eq(receive_rounds(&stage, queue_whole), 0);
    tear_down(&stage);
}
END_TEST

START_TEST(fragmented_messages_are_delivered_without_an_allocation)
{
    struct stage stage;
    set_up(&stage, PLAIN);
    ck_assert_uint_eq(receive_rounds(&stage, queue_fragments), 0);
    tear_down(&stage);
}
END_TEST

START_TEST(compressed_messages_are_delivered_without_an_allocation)
{
    struct stage stage;
    set_up(&stage, COMPRESSED);
    ck_assert_ptr_nonnull(stage.server.deflater);
    ck_assert_uint_eq(receive_rounds(&stage, loopback_queue_compressed), 0);
    tear_down(&stage);
}
END_TEST

START_TEST(encrypted_messages_are_delivered_without_an_allocation_but_openssls)
{
    const struct wire *wire = _i == 0 ? &TLS_1_2 : &TLS_1_3;
    struct stage stage;
    set_up(&stage, *wire);
    ck_assert_uint_eq(receive_rounds(&stage, queue_whole), 0);
    ck_assert_uint_gt(stage.server.records_out, ROUNDS);
    ck_assert_uint_eq(stage.openssl_allocations,
                      stage.server.records_out * wire->per_record_received);
    tear_down(&stage);
}
END_TEST

START_TEST(one_allocation_a_message_would_be_seen)
{
    struct stage stage;
    set_up(&stage, PLAIN);
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
    start_counting();
    int rc = session_send(stage->session, HAWSER_OPCODE_TEXT, slice_make(text, len), &err);
    stop_counting(stage);
    ck_assert_msg(rc == 0, "%s", err.message);
    until(stage, stage->server.messages >= wanted);
}

START_TEST(messages_up_to_64_kib_are_sent_without_an_allocation)
{
    static const struct wire *const WIRES[] = {&PLAIN, &COMPRESSED, &TLS_1_2, &TLS_1_3};
    static const size_t SIZES[]             = {1, 126, 300, 4096, 4097, 20000, LARGEST_BYTES};
    struct stage stage;
    set_up(&stage, *WIRES[_i]);
    for (unsigned round = 0; round < SEND_ROUNDS; round++) {
        if (round == WARM_UP) {
            forget_warm_up(&stage);
        }
        send_one(&stage, SIZES[round % (sizeof(SIZES) / sizeof(SIZES[0]))]);
    }
    ck_assert_uint_eq(stage.allocations, 0);
    ck_assert_uint_eq(stage.openssl_allocations,
                      stage.server.records_in * WIRES[_i]->per_record_sent);
    tear_down(&stage);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("no malloc per message");
    if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1) {
        return EXIT_FAILURE; /* it allocated before */
    }
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, messages_that_fit_the_read_buffer_are_delivered_without_an_allocation);
    tcase_add_test(cases, fragmented_messages_are_delivered_without_an_allocation);
    tcase_add_test(cases, compressed_messages_are_delivered_without_an_allocation);
    tcase_add_loop_test(cases, encrypted_messages_are_delivered_without_an_allocation_but_openssls,
                        0, 2);
    tcase_add_test(cases, one_allocation_a_message_would_be_seen);
    tcase_add_loop_test(cases, messages_up_to_64_kib_are_sent_without_an_allocation, 0, 4);
    return suite_run("no malloc per message", cases);
}
