/*
 * See loopback.h.
 */
#include "promises/loopback.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/slice.h"
#include "ws/deflate_offer.h"
#include "ws/handshake.h"

#define READ_BYTES (256u * 1024u)

void loopback_start(struct loopback *loopback)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len         = sizeof(at);
    *loopback             = (struct loopback){.fd = -1};
    loopback->listener    = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_ge(loopback->listener, 0);
    ck_assert_int_eq(bind(loopback->listener, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(loopback->listener, 1), 0);
    ck_assert_int_eq(getsockname(loopback->listener, (struct sockaddr *)&at, &len), 0);
    loopback->port = ntohs(at.sin_port);
}

void loopback_secure(struct loopback *loopback, const struct certificate *certificate, int version)
{
    loopback->tls = SSL_CTX_new(TLS_server_method());
    ck_assert_ptr_nonnull(loopback->tls);
    ck_assert_int_eq(SSL_CTX_set_min_proto_version(loopback->tls, version), 1);
    ck_assert_int_eq(SSL_CTX_set_max_proto_version(loopback->tls, version), 1);
    ck_assert_int_eq(SSL_CTX_use_certificate(loopback->tls, certificate->x509), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey(loopback->tls, certificate->key), 1);
    (void)SSL_CTX_set_mode(loopback->tls,
                           SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static void queue_frame(struct loopback *loopback, unsigned first_byte, struct hawser_slice payload)
{
    uint8_t head[HAWSER_FRAME_HEADER_MAX];
    const struct hawser_frame frame = {.payload_len = payload.len,
                                       .fin         = first_byte >> 7 & 1u,
                                       .rsv         = first_byte >> 4 & 7u,
                                       .opcode      = first_byte & 0xfu};
    size_t len                      = hawser_frame_encode(&frame, head);
    ck_assert_int_eq(buf_append(&loopback->out, head, len), 0);
    ck_assert_int_eq(buf_append_slice(&loopback->out, payload), 0);
}

void loopback_queue(struct loopback *loopback, struct hawser_slice text, size_t fragment_bytes)
{
    unsigned opcode = HAWSER_OPCODE_TEXT;
    do {
        size_t part  = fragment_bytes != 0 && fragment_bytes < text.len ? fragment_bytes : text.len;
        unsigned fin = part == text.len ? 0x80u : 0u;
        queue_frame(loopback, fin | opcode, slice_make(text.data, part));
        text   = slice_skip(text, part);
        opcode = HAWSER_OPCODE_CONTINUATION;
    } while (text.len > 0);
}

void loopback_queue_compressed(struct loopback *loopback, struct hawser_slice text)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct buf payload      = {0};
    ck_assert_int_eq(ws_deflater_run(loopback->deflater, text, &payload, &err), 0);
    queue_frame(loopback, 0xc1, buf_slice(&payload));
    buf_fini(&payload);
}

static size_t write_tls(struct loopback *loopback, size_t part)
{
    size_t sent = 0;
    int result  = SSL_write_ex(loopback->ssl, buf_data(&loopback->out), part, &sent);
    ck_assert(result == 1 || SSL_get_error(loopback->ssl, result) == SSL_ERROR_WANT_WRITE);
    return sent;
}

static size_t write_plain(struct loopback *loopback, size_t part)
{
    ssize_t sent = send(loopback->fd, buf_data(&loopback->out), part, MSG_NOSIGNAL | MSG_DONTWAIT);
    ck_assert(sent >= 0 || errno == EAGAIN);
    return sent < 0 ? 0 : (size_t)sent;
}

size_t loopback_write(struct loopback *loopback, size_t most)
{
    size_t part = loopback->out.len < most ? loopback->out.len : most;
    size_t sent = loopback->ssl != NULL ? write_tls(loopback, part) : write_plain(loopback, part);
    buf_consume(&loopback->out, sent);
    return sent;
}

/* A request with channels is answered with them, any other with "ok". */
static void answer(struct loopback *loopback, const char *request)
{
    char text[4096];
    const char *id       = strstr(request, "\"id\":");
    const char *channels = strstr(request, "\"channels\":");
    const char *end      = channels == NULL ? NULL : strchr(channels, ']');
    const char *result   = "\"ok\"";
    size_t result_len    = strlen(result);
    if (id == NULL) {
        return;
    }
    if (end != NULL) {
        result     = channels + strlen("\"channels\":");
        result_len = (size_t)(end + 1 - result);
    }
    int len = snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"result\":%.*s}",
                       strtoll(id + 5, NULL, 10), (int)result_len, result);
    loopback_queue(loopback, slice_make(text, (size_t)len), 0);
}

static int on_message(void *arg, enum hawser_opcode opcode, struct hawser_slice bytes)
{
    struct loopback *loopback = arg;
    char request[4096];
    (void)opcode;
    loopback->messages++;
    if (bytes.len > 0 && bytes.data[0] == '{' && bytes.len < sizeof(request)) {
        memcpy(request, bytes.data, bytes.len);
        request[bytes.len] = 0;
        answer(loopback, request);
    }
    return 0;
}

static int on_control(void *arg, enum hawser_opcode opcode, struct hawser_slice payload)
{
    (void)arg;
    (void)opcode;
    (void)payload;
    return 0;
}

static void make_reader(struct loopback *loopback, const struct ws_deflate_params *agreed)
{
    static const struct ws_message_handler HANDLER = {.message = on_message, .control = on_control};
    struct hawser_error err                        = HAWSER_ERROR_INIT;
    struct ws_reader_options options               = {.role = WS_SERVER};
    if (agreed != NULL) {
        options.inflate_window_bits = agreed->client_max_window_bits;
        loopback->deflater          = ws_deflater_create(agreed->server_max_window_bits, 0, &err);
    }
    loopback->reader = ws_reader_create(&options, &HANDLER, loopback, &err);
}

static void upgrade(struct loopback *loopback)
{
    static const struct ws_deflate_params OWN = {0};
    struct hawser_error err                   = HAWSER_ERROR_INIT;
    struct ws_handshake_offer offer;
    struct ws_deflate_params agreed;
    char extensions[WS_DEFLATE_OFFER_BYTES];
    int status = 0;
    if (ws_handshake_parse(buf_slice(&loopback->in), &offer, &status, &err) != 1) {
        return;
    }
    int compresses = ws_deflate_choose(offer.extensions, &OWN, &agreed, extensions);
    ck_assert_int_eq(
        ws_handshake_answer(&offer, NULL, compresses ? extensions : NULL, &loopback->out), 0);
    make_reader(loopback, compresses ? &agreed : NULL);
    buf_consume(&loopback->in, offer.header_bytes);
    loopback->is_open = 1;
}

/* The handshake, too. */
static size_t read_tls(struct loopback *loopback, uint8_t *room)
{
    size_t got  = 0;
    size_t have = 0;
    int result  = 1;
    while (result == 1 && have < READ_BYTES) {
        result = SSL_read_ex(loopback->ssl, room + have, READ_BYTES - have, &got);
        have += result == 1 ? got : 0;
    }
    ck_assert(result == 1 || SSL_get_error(loopback->ssl, result) == SSL_ERROR_WANT_READ);
    return have;
}

static size_t read_plain(const struct loopback *loopback, uint8_t *room)
{
    ssize_t got = recv(loopback->fd, room, READ_BYTES, MSG_DONTWAIT);
    return got > 0 ? (size_t)got : 0;
}

static void receive(struct loopback *loopback)
{
    uint8_t *room = buf_reserve(&loopback->in, READ_BYTES);
    ck_assert_ptr_nonnull(room);
    buf_commit(&loopback->in,
               loopback->ssl != NULL ? read_tls(loopback, room) : read_plain(loopback, room));
    if (!loopback->is_open) {
        upgrade(loopback);
    }
    if (loopback->is_open) {
        struct hawser_error err = HAWSER_ERROR_INIT;
        size_t used             = 0;
        ck_assert_int_eq(ws_reader_feed(loopback->reader, loopback->in.bytes + loopback->in.start,
                                        loopback->in.len, &used, &err),
                         0);
        buf_consume(&loopback->in, used);
    }
}

static void on_tls_message(int is_written, int version, int type, const void *bytes, size_t len,
                           SSL *ssl, void *arg)
{
    struct loopback *loopback = arg;
    (void)version;
    (void)bytes;
    (void)len;
    (void)ssl;
    if (type == SSL3_RT_HEADER) {
        loopback->records_in += !is_written;
        loopback->records_out += is_written != 0;
    }
}

static void welcome(struct loopback *loopback)
{
    int on       = 1;
    loopback->fd = accept4(loopback->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (loopback->fd < 0) {
        return;
    }
    (void)setsockopt(loopback->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (loopback->tls != NULL) {
        loopback->ssl = SSL_new(loopback->tls);
        ck_assert_ptr_nonnull(loopback->ssl);
        ck_assert_int_eq(SSL_set_fd(loopback->ssl, loopback->fd), 1);
        SSL_set_msg_callback(loopback->ssl, on_tls_message);
        SSL_set_msg_callback_arg(loopback->ssl, loopback);
        SSL_set_accept_state(loopback->ssl);
    }
}

void loopback_run(struct loopback *loopback)
{
    if (loopback->fd < 0) {
        welcome(loopback);
    }
    if (loopback->fd < 0) {
        return;
    }
    receive(loopback);
    while (loopback->out.len > 0 && loopback_write(loopback, loopback->out.len) > 0) {
    }
}

void loopback_stop(struct loopback *loopback)
{
    if (loopback->fd >= 0) {
        (void)close(loopback->fd);
    }
    (void)close(loopback->listener);
    SSL_free(loopback->ssl);
    SSL_CTX_free(loopback->tls);
    ws_reader_destroy(loopback->reader);
    ws_deflater_destroy(loopback->deflater);
    buf_fini(&loopback->in);
    buf_fini(&loopback->out);
}
