/*
 * Streams over real TLS: records of any size, tails, pauses in the middle of what was received, key
 * updates, slow readers, and each way to end.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/slice.h"
#include "certificates.h"
#include "net/dial.h"
#include "net/stream.h"
#include "tls_server.h"

#define MANY (1u << 20)

struct client {
    struct net_loop *loop;
    const struct net_stream_handler *handler; /* NULL: the usual one */
    struct net_stream *stream;
    struct buf got;
    size_t most;    /* bytes consumed in one call; 0: all */
    size_t waiting; /* bytes that the last call left */
    int pause_each; /* so many reads; 0: never */
    int destroy_in_readable;
    int destroy_in_ended;
    int reads;
    int ends;
    int send_buffer; /* 0: as it is */
    struct hawser_error why;
};

static struct certificate identity; /* of the server, signed by itself */
static char identity_file[64];
static uint8_t sample[MANY];

static void set_up(void)
{
    identity =
        certificate_make(&(struct certificate_recipe){.common_name = "x", .names = "IP:127.0.0.1"});
    certificate_save(&identity, identity_file);
    for (size_t i = 0; i < sizeof(sample); i++) {
        sample[i] = (uint8_t)((i * 2654435761u) >> 13);
    }
}

static void tear_down(void)
{
    (void)unlink(identity_file);
    certificate_free(&identity);
}

static void go_on(evutil_socket_t fd, short what, void *arg)
{
    struct client *client = arg;
    (void)fd;
    (void)what;
    memset(client->loop->read_buffer, 0xdd, NET_READ_BUFFER_BYTES); /* as if others had used it */
    memset(client->loop->cipher_buffer, 0xdd, NET_CIPHER_BUFFER_BYTES);
    if (client->stream != NULL && client->ends == 0) {
        net_stream_pause(client->stream, 0);
    }
}

static void pause_for_a_turn(struct client *client)
{
    static const struct timeval NEXT_TURN = {0, 0};
    net_stream_pause(client->stream, 1);
    ck_assert_int_eq(event_base_once(client->loop->base, -1, EV_TIMEOUT, go_on, client, &NEXT_TURN),
                     0);
}

static size_t on_readable(void *arg, uint8_t *bytes, size_t len)
{
    struct client *client = arg;
    size_t take           = client->most != 0 && client->most < len ? client->most : len;
    ck_assert_int_eq(buf_append(&client->got, bytes, take), 0);
    memset(bytes, 0xee, take);
    client->reads++;
    if (client->destroy_in_readable) {
        net_stream_destroy(client->stream);
        client->stream = NULL;
        (void)event_base_loopbreak(client->loop->base);
    } else if (client->pause_each != 0 && client->reads % client->pause_each == 0) {
        pause_for_a_turn(client);
    }
    return take;
}

static void on_ended(void *arg, const struct hawser_error *why)
{
    struct client *client = arg;
    client->ends++;
    client->why = *why;
    if (client->destroy_in_ended) {
        net_stream_destroy(client->stream);
        client->stream = NULL;
    }
    (void)event_base_loopbreak(client->loop->base);
}

static const struct net_stream_handler STREAM_HANDLER = {on_readable, NULL, on_ended};

static void on_phase(void *arg, enum net_phase phase)
{
    (void)arg;
    (void)phase;
}

static void on_connected(void *arg, int fd, SSL *ssl)
{
    struct client *client   = arg;
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (client->send_buffer != 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &client->send_buffer,
                         sizeof(client->send_buffer));
    }
    client->stream =
        net_stream_create(client->loop, fd, ssl, 2 * MANY,
                          client->handler ? client->handler : &STREAM_HANDLER, client, &err);
    ck_assert_ptr_nonnull(client->stream);
    (void)event_base_loopbreak(client->loop->base);
}

static void on_failed(void *arg, const struct hawser_error *why)
{
    (void)arg;
    ck_abort_msg("%s", why->message);
}

static const struct net_dial_handler DIAL_HANDLER = {on_phase, on_connected, on_failed};

static void connect_to(struct client *client, struct tls_server *server)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct net_url url;
    char text[64];
    struct net_tls *tls = net_tls_create(&(struct net_tls_options){.ca_file = identity_file}, &err);
    ck_assert_ptr_nonnull(tls);
    (void)snprintf(text, sizeof(text), "wss://127.0.0.1:%u/", tls_server_port(server));
    ck_assert_int_eq(net_url_parse(text, &url, &err), 0);
    client->loop = net_loop_create(NULL, &err);
    ck_assert_ptr_nonnull(client->loop);
    struct net_dial *dial =
        net_dial_start(client->loop, &url, tls, NULL, &DIAL_HANDLER, client, &err);
    ck_assert_ptr_nonnull(dial);
    (void)event_base_dispatch(client->loop->base);
    ck_assert_ptr_nonnull(client->stream);
    net_dial_destroy(dial);
    net_url_fini(&url);
    net_tls_destroy(tls); /* the SSL keeps what it needs */
}

static void run(struct client *client, struct tls_server *server)
{
    connect_to(client, server);
    (void)event_base_dispatch(client->loop->base);
}

static void close_all(struct client *client, struct tls_server *server)
{
    net_stream_destroy(client->stream);
    tls_server_free(server);
    net_loop_destroy(client->loop);
    buf_fini(&client->got);
}

static struct tls_server *start(int (*serve)(SSL *, void *), void *arg)
{
    return tls_server_start(
        &(struct tls_server_options){.certificate = &identity, .serve = serve, .arg = arg});
}

static int send_all(SSL *ssl, const uint8_t *bytes, size_t len, size_t each)
{
    for (size_t at = 0; at < len; at += each) {
        size_t piece = len - at < each ? len - at : each;
        if (SSL_write(ssl, bytes + at, (int)piece) != (int)piece) {
            return 0;
        }
    }
    return 1;
}

static const size_t RECORD_SIZES[] = {1, 547, 4096, 16384};

static int serve_sample(SSL *ssl, void *arg)
{
    const size_t *each = arg;
    return send_all(ssl, sample, *each == 1 ? 5000 : MANY, *each);
}

static void assert_got_sample(const struct client *client, size_t len)
{
    ck_assert_uint_eq(client->got.len, len);
    ck_assert_int_eq(memcmp(buf_data(&client->got), sample, len), 0);
}

START_TEST(records_of_any_size_arrive_and_a_close_notify_is_a_normal_end)
{
    size_t each               = RECORD_SIZES[_i];
    struct client client      = {.most = 0};
    struct tls_server *server = start(serve_sample, &each);
    run(&client, server);
    assert_got_sample(&client, each == 1 ? 5000 : MANY);
    ck_assert_int_eq(client.ends, 1);
    ck_assert_int_eq(client.why.code, HAWSER_NET_LOST);
    ck_assert_str_eq(client.why.message, "closed by peer");
    close_all(&client, server);
}
END_TEST

START_TEST(pauses_in_the_middle_lose_and_reorder_nothing)
{
    size_t each               = RECORD_SIZES[_i % 4];
    struct client client      = {.pause_each = 1, .most = _i < 4 ? 0 : 50000};
    struct tls_server *server = start(serve_sample, &each);
    run(&client, server);
    assert_got_sample(&client, each == 1 ? 5000 : MANY);
    ck_assert_str_eq(client.why.message, "closed by peer");
    close_all(&client, server);
}
END_TEST

START_TEST(a_pause_keeps_ciphertext_that_found_no_room)
{
    size_t each               = RECORD_SIZES[1 + _i % 3];
    struct client client      = {.pause_each = 2 + _i / 3, .most = 5000};
    struct tls_server *server = start(serve_sample, &each);
    run(&client, server);
    /* What a handler leaves at the end is dropped: less than a buffer. */
    ck_assert_uint_gt(client.got.len, MANY - NET_READ_BUFFER_BYTES);
    ck_assert_int_eq(memcmp(buf_data(&client.got), sample, client.got.len), 0);
    ck_assert_str_eq(client.why.message, "closed by peer");
    close_all(&client, server);
}
END_TEST

static int serve_sample_in_steps(SSL *ssl, void *arg)
{
    (void)arg;
    uint8_t answer;
    for (size_t at = 0; at < 2000; at += 100) {
        if (!send_all(ssl, sample + at, 100, 100) || SSL_read(ssl, &answer, 1) != 1) {
            return 0;
        }
    }
    return 1;
}

static size_t consume_some(void *arg, uint8_t *bytes, size_t len)
{
    struct client *client   = arg;
    struct hawser_error err = HAWSER_ERROR_INIT;
    size_t take             = client->most < len ? client->most : len;
    size_t before           = client->got.len;
    ck_assert_int_eq(buf_append(&client->got, bytes, take), 0);
    /* an answer to each hundred, once it is there in whole, though a tail of it stays */
    size_t arrived_before = (before + client->waiting) / 100;
    client->waiting       = len - take;
    for (size_t i = arrived_before; i < (before + len) / 100; i++) {
        ck_assert_int_eq(
            net_stream_send(client->stream, SLICE_LITERAL("y"), slice_make(NULL, 0), &err), 0);
    }
    return take;
}

static const struct net_stream_handler SOME_HANDLER = {consume_some, NULL, on_ended};

START_TEST(a_tail_is_kept_and_stands_before_what_follows)
{
    struct client client      = {.most = (size_t)_i, .handler = &SOME_HANDLER};
    struct tls_server *server = start(serve_sample_in_steps, NULL);
    run(&client, server);
    ck_assert_int_eq(client.ends, 1);
    ck_assert_str_eq(client.why.message, "closed by peer");
    assert_got_sample(&client, _i >= 100 ? 2000 : (size_t)_i * 20);
    close_all(&client, server);
}
END_TEST

static int cut(SSL *ssl, void *arg)
{
    (void)arg;
    (void)send_all(ssl, sample, 1000, 1000);
    return 0;
}

START_TEST(a_cut_without_close_notify_is_a_lost_link)
{
    struct client client      = {.destroy_in_ended = _i};
    struct tls_server *server = start(cut, NULL);
    run(&client, server);
    assert_got_sample(&client, 1000);
    ck_assert_int_eq(client.ends, 1);
    ck_assert_msg(client.why.code == HAWSER_TLS_LOST, "%s", client.why.message);
    close_all(&client, server);
}
END_TEST

/* No record under these keys, and no TLS at all. */
static char garbage[] = "\x17\x03\x03\x01\x01" /* of 257 bytes */
                        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef!";
static char page[] = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n";

static int send_foreign(SSL *ssl, void *arg)
{
    (void)send_all(ssl, sample, 1000, 1000);
    (void)!send(SSL_get_fd(ssl), arg, strlen(arg), MSG_NOSIGNAL);
    return 0;
}

START_TEST(damage_on_the_wire_is_a_lost_link_after_the_good_bytes)
{
    struct client client      = {.pause_each = _i & 1, .most = (_i & 1) == 0 ? 0 : 300};
    struct tls_server *server = start(send_foreign, _i < 2 ? garbage : page);
    run(&client, server);
    assert_got_sample(&client, 1000);
    ck_assert_msg(client.why.code == HAWSER_TLS_LOST, "%s", client.why.message);
    ck_assert_int_eq(client.why.cause_kind, HAWSER_CAUSE_TLS);
    ck_assert_msg(strstr(client.why.message, "damages") != NULL, "%s", client.why.message);
    close_all(&client, server);
}
END_TEST

static int renegotiate(SSL *ssl, void *arg)
{
    char byte;
    (void)arg;
    (void)send_all(ssl, sample, 1000, 1000);
    return SSL_renegotiate(ssl) == 1 && SSL_do_handshake(ssl) == 1 && SSL_read(ssl, &byte, 1) > 0;
}

START_TEST(a_server_that_wants_to_renegotiate_is_told_of)
{
    struct client client      = {.most = 0};
    struct tls_server *server = tls_server_start(&(struct tls_server_options){
        .certificate = &identity, .max_version = TLS1_2_VERSION, .serve = renegotiate});
    run(&client, server);
    assert_got_sample(&client, 1000);
    ck_assert_int_eq(client.why.code, HAWSER_TLS_HANDSHAKE);
    ck_assert_msg(strstr(client.why.message, "renegotiate") != NULL, "%s", client.why.message);
    close_all(&client, server);
}
END_TEST

START_TEST(a_stream_can_be_destroyed_in_readable_with_records_left)
{
    size_t each               = RECORD_SIZES[_i];
    struct client client      = {.destroy_in_readable = 1, .most = 1};
    struct tls_server *server = start(serve_sample, &each);
    run(&client, server);
    ck_assert_ptr_null(client.stream);
    ck_assert_int_eq(client.ends, 0);
    close_all(&client, server);
}
END_TEST

/* Reads until the client's close_notify, and compares. */
static int read_sample(SSL *ssl, void *arg)
{
    static uint8_t got[2 * MANY];
    int *result = arg;
    size_t have = 0;
    for (;;) {
        int n = SSL_read(ssl, got + have, (int)(sizeof(got) - have));
        if (n <= 0) {
            *result = SSL_get_error(ssl, n) == SSL_ERROR_ZERO_RETURN && have == MANY + 4 &&
                      memcmp(got, "head", 4) == 0 && memcmp(got + 4, sample, MANY) == 0;
            return 1;
        }
        have += (size_t)n;
    }
}

START_TEST(a_large_send_goes_through_a_tiny_socket_buffer_and_finish_follows_it)
{
    struct hawser_error err   = HAWSER_ERROR_INIT;
    int result                = 0;
    struct client client      = {.send_buffer = 1};
    struct tls_server *server = start(read_sample, &result);
    connect_to(&client, server);
    size_t first = (size_t)_i * 20000;
    ck_assert_int_eq(
        net_stream_send(client.stream, SLICE_LITERAL("head"), slice_make(sample, first), &err), 0);
    for (size_t at = first; at < MANY; at += 65536) {
        size_t len = MANY - at < 65536 ? MANY - at : 65536;
        ck_assert_int_eq(net_stream_send(client.stream, slice_make(sample + at, 1),
                                         slice_make(sample + at + 1, len - 1), &err),
                         0);
    }
    ck_assert_uint_gt(net_stream_queued(client.stream), 0);
    net_stream_finish(client.stream);
    (void)event_base_dispatch(client.loop->base);
    ck_assert_int_eq(client.ends, 1);
    tls_server_join(server);
    ck_assert_int_eq(result, 1);
    close_all(&client, server);
}
END_TEST

static int update_keys(SSL *ssl, void *arg)
{
    uint8_t echo[1000];
    (void)arg;
    for (size_t at = 0; at < 20000; at += sizeof(echo)) {
        size_t have = 0;
        if (SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED) != 1 ||
            !send_all(ssl, sample + at, sizeof(echo), 300)) {
            return 0;
        }
        while (have < sizeof(echo)) {
            int n = SSL_read(ssl, echo + have, (int)(sizeof(echo) - have));
            if (n <= 0) {
                return 0;
            }
            have += (size_t)n;
        }
        if (memcmp(echo, sample + at, sizeof(echo)) != 0) {
            return 0;
        }
    }
    return 1;
}

static size_t send_back(void *arg, uint8_t *bytes, size_t len)
{
    struct client *client   = arg;
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_int_eq(
        net_stream_send(client->stream, slice_make(NULL, 0), slice_make(bytes, len), &err), 0);
    ck_assert_int_eq(buf_append(&client->got, bytes, len), 0);
    return len;
}

static const struct net_stream_handler ECHO_HANDLER = {send_back, NULL, on_ended};

START_TEST(key_updates_go_unnoticed)
{
    struct client client      = {.handler = &ECHO_HANDLER};
    struct tls_server *server = start(update_keys, NULL);
    run(&client, server);
    assert_got_sample(&client, 20000);
    ck_assert_msg(strcmp(client.why.message, "closed by peer") == 0, "%s", client.why.message);
    close_all(&client, server);
}
END_TEST

START_TEST(a_client_certificate_that_is_missing_is_told_when_tls_1_3_says_so)
{
    struct client client      = {.most = 0};
    struct tls_server *server = tls_server_start(&(struct tls_server_options){
        .certificate = &identity, .client_authority = &identity, .min_version = TLS1_3_VERSION});
    run(&client, server);
    ck_assert_int_eq(client.ends, 1);
    ck_assert_msg(client.why.code == HAWSER_TLS_HANDSHAKE, "%s", client.why.message);
    ck_assert_msg(strstr(client.why.message, "tls_certificate") != NULL, "%s", client.why.message);
    close_all(&client, server);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/stream_tls");
    TCase *tcase = tcase_create("tls");
    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, records_of_any_size_arrive_and_a_close_notify_is_a_normal_end, 0, 4);
    tcase_add_loop_test(tcase, pauses_in_the_middle_lose_and_reorder_nothing, 0, 8);
    tcase_add_loop_test(tcase, a_pause_keeps_ciphertext_that_found_no_room, 0, 9);
    tcase_add_loop_test(tcase, a_tail_is_kept_and_stands_before_what_follows, 98, 102);
    tcase_add_loop_test(tcase, a_cut_without_close_notify_is_a_lost_link, 0, 2);
    tcase_add_loop_test(tcase, damage_on_the_wire_is_a_lost_link_after_the_good_bytes, 0, 4);
    tcase_add_test(tcase, a_server_that_wants_to_renegotiate_is_told_of);
    tcase_add_loop_test(tcase, a_stream_can_be_destroyed_in_readable_with_records_left, 0, 4);
    tcase_add_loop_test(tcase, a_large_send_goes_through_a_tiny_socket_buffer_and_finish_follows_it,
                        0, 3);
    tcase_add_test(tcase, key_updates_go_unnoticed);
    tcase_add_test(tcase, a_client_certificate_that_is_missing_is_told_when_tls_1_3_says_so);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
