/*
 * A connection that offers permessage-deflate, against a server of raw bytes: what the server may
 * answer, and what goes over the wire then.
 */
#include <check.h>
#include <string.h>

#include "base/slice.h"
#include "support/suite.h"
#include "unit/ws/client.h"
#include "ws/deflate.h"

#define HELLO    "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"
#define AGREED   "Sec-WebSocket-Extensions: permessage-deflate\r\n"
#define BYE      PEER_STEP(SEND, "\x88\x02\x03\xe8"), PEER_STEP(EXPECT, "\x88\x03\xe8")
#define SAID_BYE "close-1000(0)= ended=WS_CLOSED/1000 clean "

#define LONG_BYTES 600u

static char long_text[LONG_BYTES + 1];

static void prepare(struct client *client, const struct peer_step *steps, size_t count,
                    void (*on_event)(struct client *client, const char *what))
{
    memset(long_text, 'x', LONG_BYTES);
    client_init(client, steps, count);
    client->options.compression      = 1;
    client->options.max_queued_bytes = 4000;
    client->on_event                 = on_event;
}

static void finish(struct client *client, const char *expected)
{
    client_run(client);
    peer_join(&client->peer);
    ck_assert_str_eq(client->peer.trouble, "");
    ck_assert_str_eq(client_said(client), expected);
    client_fini(client);
}

/* A step that expects the frame of a message as a fresh compressor of ours makes it. */
static struct peer_step expect_compressed(unsigned bits, enum hawser_opcode opcode,
                                          struct hawser_slice message, struct buf *frame)
{
    struct hawser_error err      = HAWSER_ERROR_INIT;
    struct ws_deflater *deflater = ws_deflater_create(bits, 0, &err);
    ck_assert_int_eq(buf_append(frame, opcode == HAWSER_OPCODE_TEXT ? "\xc1" : "\xc2", 1), 0);
    ck_assert_int_eq(ws_deflater_run(deflater, message, frame, &err), 0);
    ws_deflater_destroy(deflater);
    return (struct peer_step){PEER_EXPECT, (const char *)buf_data(frame), frame->len, 0};
}

static void send_long_and_short(struct client *client, const char *what)
{
    if (strcmp(what, "open") == 0) {
        client_send(client, long_text);
        client_send(client, "short");
    }
}

START_TEST(messages_are_compressed_both_ways_and_short_ones_are_sent_as_they_are)
{
    struct client client;
    struct buf frame = {0};
    memset(long_text, 'x', LONG_BYTES);
    const struct peer_step steps[] = {
        PEER_STEP(UPGRADE_WITH, AGREED),
        expect_compressed(15, HAWSER_OPCODE_TEXT, slice_of(long_text), &frame),
        PEER_STEP(EXPECT, "\x81"
                          "short"),
        PEER_STEP(SEND, HELLO "\x81\x03yes\x89\x01p" HELLO),
        PEER_STEP(EXPECT, "\x8ap"),
        BYE,
        PEER_STEP(END, ""),
    };
    prepare(&client, steps, sizeof(steps) / sizeof(steps[0]), send_long_and_short);
    finish(&client, "open text(5)=Hello text(3)=yes text(5)=Hello " SAID_BYE);
    buf_fini(&frame);
}
END_TEST

START_TEST(the_window_that_the_server_asks_for_is_kept_to)
{
    struct client client;
    struct buf frame = {0};
    memset(long_text, 'x', LONG_BYTES);
    const struct peer_step steps[] = {
        PEER_STEP(UPGRADE_WITH, "Sec-WebSocket-Extensions: permessage-deflate; "
                                "client_max_window_bits=8\r\n"),
        expect_compressed(8, HAWSER_OPCODE_TEXT, slice_of(long_text), &frame),
        PEER_STEP(EXPECT, "\x81"
                          "short"),
        BYE,
        PEER_STEP(END, ""),
    };
    prepare(&client, steps, sizeof(steps) / sizeof(steps[0]), send_long_and_short);
    finish(&client, "open " SAID_BYE);
    buf_fini(&frame);
}
END_TEST

static void send_long_twice(struct client *client, const char *what)
{
    if (strcmp(what, "open") == 0) {
        client_send(client, long_text);
        client_send(client, long_text);
    }
}

START_TEST(without_context_takeover_each_message_stands_alone_both_ways)
{
    struct client client;
    struct buf frame  = {0};
    struct buf second = {0};
    memset(long_text, 'x', LONG_BYTES);
    const struct peer_step steps[] = {
        PEER_STEP(UPGRADE_WITH, "Sec-WebSocket-Extensions: permessage-deflate; "
                                "server_no_context_takeover; client_no_context_takeover\r\n"),
        expect_compressed(15, HAWSER_OPCODE_TEXT, slice_of(long_text), &frame),
        expect_compressed(15, HAWSER_OPCODE_TEXT, slice_of(long_text), &second),
        PEER_STEP(SEND, HELLO "\xc1\x05\xf2\x00\x11\x00\x00"), /* it refers to the first */
        PEER_STEP(EXPECT_CLOSE, "\x03\xea"),
        PEER_STEP(END, ""),
    };
    prepare(&client, steps, sizeof(steps) / sizeof(steps[0]), send_long_twice);
    finish(&client, "open text(5)=Hello ended=WS_CLOSE_PROTOCOL/0 ");
    buf_fini(&frame);
    buf_fini(&second);
}
END_TEST

START_TEST(a_server_that_declines_gets_and_sends_plain_frames)
{
    struct client client;
    static char plain[LONG_BYTES + 1] = "\x81";
    memset(plain + 1, 'x', LONG_BYTES);
    const struct peer_step steps[] = {
        PEER_STEP(UPGRADE, ""),
        {PEER_EXPECT, plain, sizeof(plain), 0},
        PEER_STEP(EXPECT, "\x81"
                          "short"),
        PEER_STEP(SEND, HELLO),
        PEER_STEP(EXPECT_CLOSE, "\x03\xea"),
        PEER_STEP(END, ""),
    };
    prepare(&client, steps, sizeof(steps) / sizeof(steps[0]), send_long_and_short);
    finish(&client, "open ended=WS_CLOSE_PROTOCOL/0 ");
}
END_TEST

/* Noise: it would compress badly, but a repetition of it very well. */
static char noise[5000];

static void send_too_much_first(struct client *client, const char *what)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (strcmp(what, "open") == 0) {
        ck_assert_int_eq(
            ws_conn_send(client->conn, HAWSER_OPCODE_TEXT, slice_make(noise, sizeof(noise)), &err),
            -1);
        ck_assert_int_eq(err.code, HAWSER_SYSTEM_LIMIT);
        ck_assert_int_eq(ws_conn_send(client->conn, HAWSER_OPCODE_TEXT,
                                      slice_make(noise + sizeof(noise) - LONG_BYTES, LONG_BYTES),
                                      &err),
                         0);
    }
}

START_TEST(a_message_that_was_refused_is_not_referred_to)
{
    struct client client;
    struct buf frame = {0};
    uint32_t seed    = 3;
    for (size_t i = 0; i < sizeof(noise); i++) {
        seed     = seed * 1664525u + 1013904223u;
        noise[i] = (char)(seed >> 25);
    }
    const struct peer_step steps[] = {
        PEER_STEP(UPGRADE_WITH, AGREED),
        expect_compressed(15, HAWSER_OPCODE_TEXT,
                          slice_make(noise + sizeof(noise) - LONG_BYTES, LONG_BYTES), &frame),
        BYE,
        PEER_STEP(END, ""),
    };
    prepare(&client, steps, sizeof(steps) / sizeof(steps[0]), send_too_much_first);
    finish(&client, "open " SAID_BYE);
    buf_fini(&frame);
}
END_TEST

static void send_noise(struct client *client, const char *what)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (strcmp(what, "open") == 0) {
        for (size_t len = 400; len <= 800; len += 400) {
            ck_assert_int_eq(
                ws_conn_send(client->conn, HAWSER_OPCODE_BINARY, slice_make(noise + 1, len), &err),
                0);
        }
    }
}

START_TEST(what_does_not_shrink_is_sent_as_it_is_and_not_referred_to)
{
    struct client client;
    struct buf frame = {0};
    uint32_t seed    = 5;
    for (size_t i = 1; i <= 400; i++) {
        seed           = seed * 1664525u + 1013904223u;
        noise[i]       = (char)(seed >> 24);
        noise[i + 400] = noise[i]; /* the second message is the first one twice */
    }
    noise[0]                       = '\x82';
    const struct peer_step steps[] = {
        PEER_STEP(UPGRADE_WITH, AGREED),
        {PEER_EXPECT, noise, 401, 0},
        expect_compressed(15, HAWSER_OPCODE_BINARY, slice_make(noise + 1, 800), &frame),
        BYE,
        PEER_STEP(END, ""),
    };
    prepare(&client, steps, sizeof(steps) / sizeof(steps[0]), send_noise);
    finish(&client, "open " SAID_BYE);
    buf_fini(&frame);
}
END_TEST

static const char *const WRONG_ANSWERS[] = {
    "Sec-WebSocket-Extensions: permessage-deflate; x\r\n",
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
    "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=16\r\n",
    "Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate\r\n",
    AGREED AGREED,
    "Sec-WebSocket-Extensions: x-webkit-deflate-frame\r\n",
};

START_TEST(a_wrong_answer_fails_the_connection)
{
    struct client client;
    const struct peer_step steps[] = {
        {PEER_UPGRADE_WITH, WRONG_ANSWERS[_i], strlen(WRONG_ANSWERS[_i]), 0},
        PEER_STEP(EXPECT_ANY_END, ""),
    };
    prepare(&client, steps, 2, NULL);
    finish(&client, "ended=WS_HANDSHAKE/0 ");
}
END_TEST

START_TEST(what_was_not_offered_is_not_taken)
{
    static const struct peer_step STEPS[] = {PEER_STEP(UPGRADE_WITH, AGREED),
                                             PEER_STEP(EXPECT_ANY_END, "")};
    struct client client;
    client_init(&client, STEPS, 2);
    finish(&client, "ended=WS_HANDSHAKE/0 ");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("conn deflate");
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, messages_are_compressed_both_ways_and_short_ones_are_sent_as_they_are);
    tcase_add_test(cases, the_window_that_the_server_asks_for_is_kept_to);
    tcase_add_test(cases, without_context_takeover_each_message_stands_alone_both_ways);
    tcase_add_test(cases, a_server_that_declines_gets_and_sends_plain_frames);
    tcase_add_test(cases, a_message_that_was_refused_is_not_referred_to);
    tcase_add_test(cases, what_does_not_shrink_is_sent_as_it_is_and_not_referred_to);
    tcase_add_loop_test(cases, a_wrong_answer_fails_the_connection, 0,
                        sizeof(WRONG_ANSWERS) / sizeof(WRONG_ANSWERS[0]));
    tcase_add_test(cases, what_was_not_offered_is_not_taken);
    return suite_run("ws/conn_deflate", cases);
}
