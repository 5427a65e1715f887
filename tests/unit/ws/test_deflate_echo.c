/*
 * Echoes of compressed messages, both roles of ours in one process: sizes from 16 bytes to 128 KiB,
 * what market data and other things look like, whole and in fragments, with every set of parameters
 * that can be agreed on.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "support/suite.h"
#include "unit/ws/feed.h"
#include "ws/deflate.h"
#include "ws/deflate_offer.h"

#define LARGEST_BYTES (128u * 1024u)

/* One end: what it sends is fed to the other's reader. */
struct end {
    enum ws_role role;
    struct ws_deflater *deflater;
    struct ws_reader *reader;
    struct end *other;
    size_t fragment_bytes; /* 0: whole */
    enum hawser_opcode opcode;
    struct buf wire;  /* sent by the other, not read yet */
    struct buf heard; /* the last message */
    unsigned count;
};

static void send_message(struct end *end, enum hawser_opcode opcode, struct hawser_slice message)
{
    static const uint8_t MASK[4] = {0xa1, 0x00, 0x37, 0xfe};
    struct hawser_error err      = HAWSER_ERROR_INIT;
    struct buf payload           = {0};
    ck_assert_int_eq(ws_deflater_run(end->deflater, message, &payload, &err), 0);
    struct hawser_slice rest = buf_slice(&payload);
    unsigned first           = (unsigned)opcode | 0x40u;
    do {
        size_t most = end->fragment_bytes != 0 ? end->fragment_bytes : rest.len;
        size_t part = rest.len < most ? rest.len : most;
        feed_frame(&end->other->wire, first | (part == rest.len ? 0x80u : 0u),
                   end->role == WS_CLIENT ? MASK : NULL, rest.data, part);
        rest  = slice_skip(rest, part);
        first = HAWSER_OPCODE_CONTINUATION;
    } while (rest.len > 0);
    buf_fini(&payload);
}

static void read_wire(struct end *end)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    size_t used             = 0;
    int rc =
        ws_reader_feed(end->reader, end->wire.bytes + end->wire.start, end->wire.len, &used, &err);
    ck_assert_msg(rc == 0, "%s", err.message);
    ck_assert_uint_eq(used, end->wire.len);
    buf_clear(&end->wire);
}

/* A server echoes, a client keeps. */
static int on_message(void *arg, enum hawser_opcode opcode, struct hawser_slice bytes)
{
    struct end *end = arg;
    end->count++;
    if (end->role == WS_SERVER) {
        send_message(end, opcode, bytes);
        return 0;
    }
    buf_clear(&end->heard);
    end->opcode = opcode;
    ck_assert_int_eq(buf_append_slice(&end->heard, bytes), 0);
    return 0;
}

static int on_control(void *arg, enum hawser_opcode opcode, struct hawser_slice payload)
{
    (void)arg;
    (void)opcode;
    (void)payload;
    return 0;
}

static void end_init(struct end *end, enum ws_role role, const struct ws_deflate_params *agreed,
                     struct end *other)
{
    static const struct ws_message_handler HANDLER = {.message = on_message, .control = on_control};
    struct hawser_error err                        = HAWSER_ERROR_INIT;
    int is_client                                  = role == WS_CLIENT;
    struct ws_reader_options options               = {
                      .role              = role,
                      .max_message_bytes = LARGEST_BYTES,
                      .inflate_window_bits =
            is_client ? agreed->server_max_window_bits : agreed->client_max_window_bits,
                      .inflate_forgets =
            is_client ? agreed->server_no_context_takeover : agreed->client_no_context_takeover};
    *end          = (struct end){.role = role, .other = other};
    end->reader   = ws_reader_create(&options, &HANDLER, end, &err);
    end->deflater = ws_deflater_create(
        is_client ? agreed->client_max_window_bits : agreed->server_max_window_bits,
        is_client ? agreed->client_no_context_takeover : agreed->server_no_context_takeover, &err);
    ck_assert(end->reader != NULL && end->deflater != NULL);
}

static void end_fini(struct end *end)
{
    ws_reader_destroy(end->reader);
    ws_deflater_destroy(end->deflater);
    buf_fini(&end->wire);
    buf_fini(&end->heard);
}

enum content { JSON, UTF8, NOISE, ZEROS, CONTENT_COUNT };

static void fill(uint8_t *bytes, size_t len, enum content content, unsigned turn)
{
    static const char UTF8_TEXT[] = "\xe2\x82\xac 12 \xf0\x9f\x9a\x80 \xc3\xa4 ";
    uint32_t seed                 = turn * 2654435761u + 1;
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        if (content == JSON) {
            bytes[i] =
                (uint8_t)(i % 29 < 8 ? '0' + (seed >> 24) % 10
                                     : (unsigned char)"\"price\":,\"amount\":[ ]{}"[i % 29 - 8]);
            bytes[i] = bytes[i] == 0 ? ' ' : bytes[i];
        } else if (content == UTF8) {
            size_t at = i % (sizeof(UTF8_TEXT) - 1);
            /* the last code point must be whole */
            bytes[i] = len - i < sizeof(UTF8_TEXT) && (i - at) + sizeof(UTF8_TEXT) - 1 > len
                           ? 'x'
                           : (uint8_t)UTF8_TEXT[at];
        } else {
            bytes[i] = content == NOISE ? (uint8_t)(seed >> 24) : 0;
        }
    }
}

/* As the fuzzing server of Autobahn's suite may ask: each a set of parameters of its own. */
static const struct ws_deflate_params PARAMS[] = {
    {0, 0, 15, 15}, {1, 0, 15, 15}, {0, 1, 15, 15}, {1, 1, 15, 15}, {0, 0, 9, 9}, {0, 0, 15, 9},
    {0, 0, 9, 15},  {1, 1, 9, 9},   {1, 1, 15, 9},  {0, 0, 8, 8},   {1, 1, 8, 8}, {0, 0, 10, 11},
    {0, 1, 12, 13}, {1, 0, 14, 12}, {0, 0, 8, 15},  {0, 0, 15, 8},
};

static const size_t SIZES[]     = {0,    16,    64,    256,   1024,         4096,
                                   8192, 16384, 32768, 65536, LARGEST_BYTES};
static const size_t FRAGMENTS[] = {0, 1000, 256};

static void echo(struct end *client, size_t size, enum content content, unsigned turn)
{
    static uint8_t message[LARGEST_BYTES + 1];
    enum hawser_opcode opcode =
        content == NOISE || content == ZEROS ? HAWSER_OPCODE_BINARY : HAWSER_OPCODE_TEXT;
    fill(message, size, content, turn);
    send_message(client, opcode, slice_make(message, size));
    read_wire(client->other);
    read_wire(client);
    ck_assert_uint_eq(client->opcode, opcode);
    ck_assert_msg(slice_equal(buf_slice(&client->heard), slice_make(message, size)),
                  "%zu bytes of content %d came back otherwise", size, content);
}

START_TEST(every_message_comes_back_with_all_parameters)
{
    struct end client;
    struct end server;
    unsigned sent = 0;
    end_init(&client, WS_CLIENT, &PARAMS[_i], &server);
    end_init(&server, WS_SERVER, &PARAMS[_i], &client);
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
        client.fragment_bytes = FRAGMENTS[i % 3];
        server.fragment_bytes = FRAGMENTS[(i + 1) % 3];
        for (unsigned turn = 0; turn < (SIZES[i] <= 4096 ? 40 : 4); turn++) {
            echo(&client, SIZES[i], (enum content)(turn % CONTENT_COUNT), turn);
            sent++;
        }
    }
    ck_assert_uint_eq(server.count, sent);
    ck_assert_uint_eq(client.count, sent);
    end_fini(&client);
    end_fini(&server);
}
END_TEST

START_TEST(a_thousand_messages_of_a_size_come_back)
{
    struct end client;
    struct end server;
    end_init(&client, WS_CLIENT, &PARAMS[_i % 2], &server);
    end_init(&server, WS_SERVER, &PARAMS[_i % 2], &client);
    for (unsigned turn = 0; turn < 1000; turn++) {
        echo(&client, SIZES[_i % 5], _i < 5 ? JSON : NOISE, turn);
    }
    ck_assert_uint_eq(client.count, 1000);
    end_fini(&client);
    end_fini(&server);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("echo");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, every_message_comes_back_with_all_parameters, 0,
                        sizeof(PARAMS) / sizeof(PARAMS[0]));
    tcase_add_loop_test(cases, a_thousand_messages_of_a_size_come_back, 0, 10);
    return suite_run("ws/deflate echo", cases);
}
