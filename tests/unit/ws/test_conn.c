/*
 * ws/conn.c and ws/transfer.c against a server of raw bytes on loopback: opening, messages, closing
 * and faults. Destroying at each event: test_conn_destroy.c.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "unit/ws/client.h"

#define RUN(client, steps)                                                                         \
    do {                                                                                           \
        client_init((client), (steps), sizeof(steps) / sizeof((steps)[0]));                        \
        client_run(client);                                                                        \
    } while (0)

#define ACTING(client, steps, action)                                                              \
    do {                                                                                           \
        client_init((client), (steps), sizeof(steps) / sizeof((steps)[0]));                        \
        (client)->on_event = (action);                                                             \
        client_run(client);                                                                        \
    } while (0)

static void check_said(struct client *client, const char *expected)
{
    peer_join(&client->peer);
    ck_assert_str_eq(client->peer.trouble, "");
    ck_assert_str_eq(client_said(client), expected);
}

START_TEST(the_server_closes_and_its_code_goes_back)
{
    static const struct peer_step STEPS[] = {PEER_STEP(UPGRADE, ""),
                                             PEER_STEP(SEND, "\x81\x05Hello\x88\x06\x03\xe9gone"),
                                             PEER_STEP(EXPECT, "\x88\x03\xe9"), PEER_STEP(END, "")};
    struct client client;
    RUN(&client, STEPS);
    check_said(&client, "open text(5)=Hello close-1001(4)=gone ended=WS_CLOSED/1001 clean ");
    ck_assert_ptr_nonnull(strstr(client.why.message, "gone"));
    client_fini(&client);
}
END_TEST

START_TEST(an_empty_close_frame_is_answered_by_an_empty_one)
{
    static const struct peer_step STEPS[] = {PEER_STEP(UPGRADE, ""), PEER_STEP(SEND, "\x88\x00"),
                                             PEER_STEP(EXPECT, "\x88"), PEER_STEP(END, "")};
    struct client client;
    RUN(&client, STEPS);
    check_said(&client, "open close-1005(0)= ended=WS_CLOSED/1005 clean ");
    client_fini(&client);
}
END_TEST

START_TEST(frames_that_come_with_the_101_are_not_lost)
{
    static const struct peer_step STEPS[] = {
        PEER_STEP(UPGRADE, "\x81\x05"
                           "first\x89\x01p\x82\x01x\x81\x03pa"),
        PEER_STEP(EXPECT, "\x8ap"), PEER_STEP(SEND, "r\x88\x02\x03\xe8"),
        PEER_STEP(EXPECT, "\x88\x03\xe8"), PEER_STEP(END, "")};
    struct client client;
    RUN(&client, STEPS);
    check_said(&client, "open text(5)=first binary(1)=x text(3)=par close-1000(0)= "
                        "ended=WS_CLOSED/1000 clean ");
    client_fini(&client);
}
END_TEST

START_TEST(bytes_that_come_one_by_one_make_the_same_messages)
{
    static const char WIRE[] =
        "\x81\x05Hello\x01\x03Hel\x89\x02hi\x80\x02lo\x8a\x01q\x88\x02\x0f\xa0";
    static const struct peer_step STEPS[] = {PEER_STEP(UPGRADE, ""),
                                             {PEER_SEND_BYTES, WIRE, sizeof(WIRE) - 1, 0},
                                             PEER_STEP(EXPECT, "\x8ahi"),
                                             PEER_STEP(EXPECT, "\x88\x0f\xa0"),
                                             PEER_STEP(END, "")};
    struct client client;
    RUN(&client, STEPS);
    check_said(&client, "open text(5)=Hello text(5)=Hello pong(1)=q close-4000(0)= "
                        "ended=WS_CLOSED/4000 clean ");
    /* every byte is reported once, though tails come to the reader again and again */
    ck_assert_uint_eq(client.heard_bytes, 129 + sizeof(WIRE) - 1);
    client_fini(&client);
}
END_TEST

static void close_at_open(struct client *client, const char *what)
{
    if (strcmp(what, "open") == 0) {
        ws_conn_close(client->conn, 1000, "done");
        ws_conn_close(client->conn, 1001, "twice is harmless");
    }
}

START_TEST(we_close_and_read_until_the_answer)
{
    static const struct peer_step STEPS[] = {
        PEER_STEP(UPGRADE, ""),
        PEER_STEP(EXPECT, "\x88\x03\xe8"
                          "done"),
        PEER_STEP(SEND, "\x81\x04late\x89\x01p\x88\x02\x03\xe8\x81\x05never"), PEER_STEP(END, "")};
    struct client client;
    ACTING(&client, STEPS, close_at_open);
    check_said(&client, "open text(4)=late close-1000(0)= ended=WS_CLOSED/1000 clean ");
    client_fini(&client);
}
END_TEST

START_TEST(a_close_that_is_not_answered_ends_at_its_deadline)
{
    static const struct peer_step STEPS[] = {PEER_STEP(UPGRADE, ""),
                                             PEER_STEP(EXPECT, "\x88\x03\xe8"
                                                               "done"),
                                             PEER_STEP(EXPECT_EOF, "")};
    struct client client;
    client_init(&client, STEPS, 3);
    client.on_event                   = close_at_open;
    client.options.closing_timeout_ms = 50;
    client_run(&client);
    check_said(&client, "open ended=NET_TIMEOUT/0 ");
    client_fini(&client);
}
END_TEST

START_TEST(a_server_that_keeps_tcp_open_after_both_close_frames_is_left)
{
    static const struct peer_step STEPS[] = {
        PEER_STEP(UPGRADE, ""), PEER_STEP(SEND, "\x88\x02\x03\xf4"),
        PEER_STEP(EXPECT, "\x88\x03\xf4"), PEER_STEP(EXPECT_EOF, "")};
    struct client client;
    client_init(&client, STEPS, 4);
    client.options.closing_timeout_ms = 50;
    client_run(&client);
    check_said(&client, "open close-1012(0)= ended=WS_CLOSED/1012 clean ");
    client_fini(&client);
}
END_TEST

static void close_at_upgrading(struct client *client, const char *what)
{
    if (strcmp(what, "upgrading") == 0) {
        ws_conn_close(client->conn, 1001, "changed my mind");
    }
}

START_TEST(a_close_before_open_ends_at_once)
{
    static const struct peer_step STEPS[] = {PEER_STEP(EXPECT_EOF, "")};
    struct client client;
    ACTING(&client, STEPS, close_at_upgrading);
    ck_assert_str_eq(client_said(&client), "ended=WS_CLOSED/1001 ");
    client_fini(&client);
}
END_TEST

START_TEST(a_cut_without_a_close_frame_is_not_clean)
{
    static const struct peer_step STEPS[] = {PEER_STEP(UPGRADE, "\x81\x01"
                                                                "a\x81\x05par"),
                                             PEER_STEP(END, "")};
    struct client client;
    RUN(&client, STEPS);
    check_said(&client, "open text(1)=a ended=NET_LOST/0 ");
    client_fini(&client);
}
END_TEST

static void send_hello(struct client *client, const char *what)
{
    if (strcmp(what, "open") == 0) {
        client_send(client, "Hello");
        client_send(client, "");
        client_send(client, "\xe2\x82\xac");
    }
}

START_TEST(what_we_send_arrives_masked)
{
    static const struct peer_step STEPS[] = {
        PEER_STEP(UPGRADE, ""),      PEER_STEP(EXPECT, "\x81Hello"),
        PEER_STEP(EXPECT, "\x81"),   PEER_STEP(EXPECT, "\x81\xe2\x82\xac"),
        PEER_STEP(SEND, "\x88\x00"), PEER_STEP(EXPECT, "\x88"),
        PEER_STEP(END, "")};
    struct client client;
    ACTING(&client, STEPS, send_hello);
    check_said(&client, "open close-1005(0)= ended=WS_CLOSED/1005 clean ");
    client_fini(&client);
}
END_TEST

static char big_frame[300001];

static void send_big(struct client *client, const char *what)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (strcmp(what, "open") == 0) {
        ck_assert_int_eq(ws_conn_send(client->conn, HAWSER_OPCODE_BINARY,
                                      slice_make(big_frame + 1, sizeof(big_frame) - 1), &err),
                         0);
    }
}

START_TEST(a_large_message_is_sent_whole)
{
    struct peer_step steps[] = {PEER_STEP(UPGRADE, ""),
                                {PEER_EXPECT, big_frame, sizeof(big_frame), 0},
                                PEER_STEP(SEND, "\x88\x00"),
                                PEER_STEP(EXPECT, "\x88"),
                                PEER_STEP(END, "")};
    struct client client;
    for (size_t i = 0; i < sizeof(big_frame); i++) {
        big_frame[i] = (char)(i * 31);
    }
    big_frame[0] = (char)0x82;
    ACTING(&client, steps, send_big);
    check_said(&client, "open close-1005(0)= ended=WS_CLOSED/1005 clean ");
    client_fini(&client);
}
END_TEST

static void ping_at_open(struct client *client, const char *what)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    char long_payload[126]  = {0};
    if (strcmp(what, "open") == 0) {
        ck_assert_int_eq(ws_conn_ping(client->conn, slice_make(long_payload, 126), &err), -1);
        ck_assert_int_eq(ws_conn_ping(client->conn, slice_of("p1"), &err), 0);
    }
}

START_TEST(a_ping_of_ours_brings_a_pong)
{
    static const struct peer_step STEPS[] = {PEER_STEP(UPGRADE, ""), PEER_STEP(EXPECT, "\x89p1"),
                                             PEER_STEP(SEND, "\x8a\x02p1\x88\x00"),
                                             PEER_STEP(EXPECT, "\x88"), PEER_STEP(END, "")};
    struct client client;
    ACTING(&client, STEPS, ping_at_open);
    check_said(&client, "open pong(2)=p1 close-1005(0)= ended=WS_CLOSED/1005 clean ");
    client_fini(&client);
}
END_TEST

static void send_wrong(struct client *client, const char *what)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    enum hawser_opcode text = HAWSER_OPCODE_TEXT;
    if (strcmp(what, "upgrading") == 0) {
        ck_assert_int_eq(ws_conn_send(client->conn, text, slice_of("x"), &err), -1);
        ck_assert_uint_eq(err.code, HAWSER_WS_NOT_OPEN);
        ck_assert_int_eq(ws_conn_ping(client->conn, slice_of("x"), &err), -1);
    } else if (strcmp(what, "open") == 0) {
        ck_assert_int_eq(ws_conn_send(client->conn, text, slice_of("\xff"), &err), -1);
        ck_assert_uint_eq(err.code, HAWSER_WS_CLOSE_UTF8);
        ck_assert_int_eq(ws_conn_send(client->conn, HAWSER_OPCODE_PING, slice_of("x"), &err), -1);
        ck_assert_uint_eq(err.code, HAWSER_REQUEST_INVALID);
        ws_conn_close(client->conn, 1000, NULL);
        ck_assert_int_eq(ws_conn_send(client->conn, text, slice_of("x"), &err), -1);
        ck_assert_uint_eq(err.code, HAWSER_WS_NOT_OPEN);
    }
}

START_TEST(what_may_not_be_sent_is_refused_and_nothing_goes_out)
{
    static const struct peer_step STEPS[] = {
        PEER_STEP(UPGRADE, ""), PEER_STEP(EXPECT, "\x88\x03\xe8"),
        PEER_STEP(SEND, "\x88\x02\x03\xe8"), PEER_STEP(END, "")};
    struct client client;
    ACTING(&client, STEPS, send_wrong);
    check_said(&client, "open close-1000(0)= ended=WS_CLOSED/1000 clean ");
    client_fini(&client);
}
END_TEST

static const struct {
    const char *wire;
    size_t len;
    const char *answer; /* the start of the close frame's payload */
    const char *ended;
} FAULTS[] = {
    {"\x83\x00", 2, "\x03\xea", "open ended=WS_CLOSE_PROTOCOL/0 "},
    {"\x81\x80"
     "abcd",
     6, "\x03\xea", "open ended=WS_CLOSE_PROTOCOL/0 "},
    {"\xc1\x00", 2, "\x03\xea", "open ended=WS_CLOSE_PROTOCOL/0 "},
    {"\x88\x02\x03\xed", 4, "\x03\xea", "open ended=WS_CLOSE_PROTOCOL/0 "},
    {"\x81\x7e\x01\x00"
     "ab\xff",
     7, "\x03\xef", "open ended=WS_CLOSE_UTF8/0 "},
    {"\x82\x7f\x00\x00\x00\x00\x10\x00\x00\x00", 10, "\x03\xf1", "open ended=WS_CLOSE_TOO_BIG/0 "},
};

START_TEST(a_fault_is_answered_with_its_code_and_nothing_is_heard_after_it)
{
    const struct peer_step steps[] = {PEER_STEP(UPGRADE, ""),
                                      {PEER_SEND, FAULTS[_i].wire, FAULTS[_i].len, 0},
                                      {PEER_EXPECT_CLOSE, FAULTS[_i].answer, 2, 0},
                                      PEER_STEP(SEND, "\x81\x05never\x88\x02\x03\xea"),
                                      PEER_STEP(END, "")};
    struct client client;
    RUN(&client, steps);
    check_said(&client, FAULTS[_i].ended);
    client_fini(&client);
}
END_TEST

static const struct {
    const char *answer;
    const char *ended;
    const char *says;
} REFUSALS[] = {
    {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 7\r\n\r\nbad key", "ended=WS_UNAUTHORIZED/401 ",
     "bad key"},
    {"HTTP/1.1 503 Busy\r\nRetry-After: 9\r\n\r\nfull", "ended=WS_TOO_MANY/503 ", "full"},
    {"HTTP/1.1 302 Found\r\nLocation: ws://x/\r\nContent-Length: 0\r\n\r\n",
     "ended=WS_REDIRECT/302 ", "ws://x/"},
    {"HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\npart", "ended=WS_REFUSED/404 ", "part"},
    {"SSH-2.0-x\r\n", "ended=WS_HANDSHAKE/0 ", "HTTP/1.1"},
    {"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
     "ended=WS_HANDSHAKE/0 ", "Accept"},
    {"HTTP/1.1 10", "ended=NET_LOST/0 ", "upgrade"},
};

START_TEST(a_refusal_is_told_with_its_body_however_slowly_it_comes)
{
    for (int slowly = 0; slowly < 2; slowly++) {
        const struct peer_step steps[] = {PEER_STEP(READ_HEADER, ""),
                                          {slowly ? PEER_SEND_BYTES : PEER_SEND,
                                           REFUSALS[_i].answer, strlen(REFUSALS[_i].answer), 0},
                                          PEER_STEP(END, "")};
        struct client client;
        RUN(&client, steps);
        peer_join(&client.peer); /* what it could not send any more is no matter */
        ck_assert_str_eq(client_said(&client), REFUSALS[_i].ended);
        ck_assert_msg(strstr(client.why.message, REFUSALS[_i].says) != NULL, "%s",
                      client.why.message);
        client_fini(&client);
    }
}
END_TEST

START_TEST(a_refusal_whose_body_never_comes_is_told_all_the_same)
{
    static const struct peer_step STEPS[] = {
        PEER_STEP(READ_HEADER, ""),
        PEER_STEP(SEND, "HTTP/1.1 429 Slow\r\nRetry-After: 3\r\nContent-Length: 50\r\n\r\n"),
        PEER_STEP(EXPECT_EOF, "")};
    struct client client;
    RUN(&client, STEPS);
    check_said(&client, "ended=WS_TOO_MANY/429 ");
    ck_assert_int_eq(client.why.retry_after_ms, 3000);
    client_fini(&client);
}
END_TEST

#define FLOOD 20000

/* The peer pings without reading: our answers must not pile up. Then it reads, and the newest ping
 * is among those answered. */
static void look_at_queue(struct client *client, const char *what)
{
    (void)what;
    ck_assert_uint_le(ws_conn_queued(client->conn), 64u * 1024u);
}

START_TEST(pongs_to_a_peer_that_does_not_read_stay_bounded)
{
    static char ping[127];
    struct peer_step steps[] = {PEER_STEP(UPGRADE, ""),
                                {PEER_SEND_MANY, ping, sizeof(ping), FLOOD},
                                PEER_STEP(SEND, "\x89\x04last\x81\x04"
                                                "done"),
                                {PEER_SKIP_TO, "\x8alast", 5, 0},
                                PEER_STEP(SEND, "\x88\x00"),
                                PEER_STEP(EXPECT, "\x88"),
                                PEER_STEP(END, "")};
    struct client client;
    ping[0] = (char)0x89;
    ping[1] = 125;
    ACTING(&client, steps, look_at_queue);
    check_said(&client, "open text(4)=done close-1005(0)= ended=WS_CLOSED/1005 clean ");
    client_fini(&client);
}
END_TEST

START_TEST(a_header_that_may_not_be_sent_is_refused_before_anything_is_dialled)
{
    const char *const headers[]       = {"Host: other", NULL};
    struct hawser_error err           = HAWSER_ERROR_INIT;
    static const struct ws_handler NO = {0};
    struct net_loop *loop             = net_loop_create(NULL, &err);
    struct net_url url                = {0};
    ck_assert_int_eq(net_url_parse("ws://127.0.0.1:1/", &url, &err), 0);
    struct ws_options options = {.url = &url, .headers = headers};
    ck_assert_ptr_null(ws_conn_create(loop, &options, &NO, NULL, &err));
    ck_assert_uint_eq(err.code, HAWSER_CONF_DIRECTIVE);
    net_url_fini(&url);
    net_loop_destroy(loop);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, the_server_closes_and_its_code_goes_back);
    tcase_add_test(tcase, an_empty_close_frame_is_answered_by_an_empty_one);
    tcase_add_test(tcase, frames_that_come_with_the_101_are_not_lost);
    tcase_add_test(tcase, bytes_that_come_one_by_one_make_the_same_messages);
    tcase_add_test(tcase, we_close_and_read_until_the_answer);
    tcase_add_test(tcase, a_close_that_is_not_answered_ends_at_its_deadline);
    tcase_add_test(tcase, a_server_that_keeps_tcp_open_after_both_close_frames_is_left);
    tcase_add_test(tcase, a_close_before_open_ends_at_once);
    tcase_add_test(tcase, a_cut_without_a_close_frame_is_not_clean);
    tcase_add_test(tcase, what_we_send_arrives_masked);
    tcase_add_test(tcase, a_large_message_is_sent_whole);
    tcase_add_test(tcase, a_ping_of_ours_brings_a_pong);
    tcase_add_test(tcase, what_may_not_be_sent_is_refused_and_nothing_goes_out);
    tcase_add_loop_test(tcase, a_fault_is_answered_with_its_code_and_nothing_is_heard_after_it, 0,
                        (int)(sizeof(FAULTS) / sizeof(FAULTS[0])));
    tcase_add_loop_test(tcase, a_refusal_is_told_with_its_body_however_slowly_it_comes, 0,
                        (int)(sizeof(REFUSALS) / sizeof(REFUSALS[0])));
    tcase_add_test(tcase, a_refusal_whose_body_never_comes_is_told_all_the_same);
    tcase_add_test(tcase, pongs_to_a_peer_that_does_not_read_stay_bounded);
    tcase_add_test(tcase, a_header_that_may_not_be_sent_is_refused_before_anything_is_dialled);
}

int main(void)
{
    Suite *suite = suite_create("ws conn");
    TCase *tcase = tcase_create("loopback");
    tcase_set_timeout(tcase, 60);
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
