/*
 * See peer.h. Nothing is asserted in the thread: the test looks at `trouble`.
 */
#include "unit/ws/peer.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ws/frame.h"
#include "ws/handshake.h"

#define PATIENCE_SECONDS   20
#define EXPECTED_MAX_BYTES (1u << 20)

static int trouble(struct peer *peer, const char *fmt, ...) HAWSER_PRINTF(2, 3);

static int trouble(struct peer *peer, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(peer->trouble, sizeof(peer->trouble), fmt, args);
    va_end(args);
    return -1;
}

static int send_all(struct peer *peer, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(peer->fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0) {
            return trouble(peer, "send failed");
        }
        bytes += sent;
        len -= (size_t)sent;
    }
    return 0;
}

static int read_exactly(struct peer *peer, uint8_t *to, size_t len)
{
    while (len > 0) {
        ssize_t got = recv(peer->fd, to, len, 0);
        if (got <= 0) {
            return trouble(peer, "client left while bytes were expected");
        }
        to += got;
        len -= (size_t)got;
    }
    return 0;
}

static int read_request(struct peer *peer)
{
    char text[4096];
    size_t len = 0;
    while (len < 4 || memcmp(text + len - 4, "\r\n\r\n", 4) != 0) {
        if (len + 1 >= sizeof(text) || read_exactly(peer, (uint8_t *)text + len, 1) != 0) {
            return trouble(peer, "no upgrade request");
        }
        len++;
    }
    text[len]       = 0;
    const char *key = strstr(text, "Sec-WebSocket-Key: ");
    if (key == NULL) {
        return trouble(peer, "no key in the request");
    }
    (void)snprintf(peer->key, sizeof(peer->key), "%.24s", key + 19);
    return 0;
}

/* @param fields more of them, each with its CRLF */
static int upgrade(struct peer *peer, const char *fields, const struct peer_step *step)
{
    char accept[WS_ACCEPT_TEXT_BYTES + 1];
    char text[8192];
    if (read_request(peer) != 0) {
        return -1;
    }
    ws_handshake_accept(peer->key, accept);
    int len = snprintf(text, sizeof(text),
                       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s\r\n",
                       accept, fields);
    memcpy(text + len, step->bytes, step->len);
    return send_all(peer, text, (size_t)len + step->len);
}

static int read_frame(struct peer *peer, struct hawser_frame *frame, uint8_t *payload, size_t max)
{
    uint8_t header[HAWSER_FRAME_HEADER_MAX];
    struct hawser_error err = HAWSER_ERROR_INIT;
    size_t len              = 0;
    int used                = 0;
    while (used == 0) {
        if (read_exactly(peer, header + len, 1) != 0) {
            return -1;
        }
        len++;
        used =
            hawser_frame_decode((struct hawser_slice){(const char *)header, len}, max, frame, &err);
    }
    if (used < 0) {
        return trouble(peer, "bad frame: %.150s", err.message);
    }
    if (!frame->masked) {
        return trouble(peer, "client's frame is not masked");
    }
    if (read_exactly(peer, payload, (size_t)frame->payload_len) != 0) {
        return -1;
    }
    hawser_frame_mask(payload, (size_t)frame->payload_len, frame->mask, 0);
    return 0;
}

static int is_frame(const struct hawser_frame *frame, const uint8_t *payload,
                    const struct peer_step *step)
{
    unsigned first = (unsigned)frame->fin << 7 | (unsigned)frame->rsv << 4 | frame->opcode;
    if (step->what == PEER_EXPECT_CLOSE) {
        return first == 0x88 && frame->payload_len >= step->len &&
               memcmp(payload, step->bytes, step->len) == 0;
    }
    return first == (uint8_t)step->bytes[0] && frame->payload_len == step->len - 1 &&
           memcmp(payload, step->bytes + 1, step->len - 1) == 0;
}

static int expect_frame(struct peer *peer, const struct peer_step *step)
{
    struct hawser_frame frame;
    uint8_t *payload = malloc(EXPECTED_MAX_BYTES);
    if (payload == NULL) {
        return trouble(peer, "no memory");
    }
    int found = 0;
    int rc    = 0;
    do {
        rc    = read_frame(peer, &frame, payload, EXPECTED_MAX_BYTES);
        found = rc == 0 && is_frame(&frame, payload, step);
    } while (rc == 0 && !found && step->what == PEER_SKIP_TO);
    if (rc == 0 && !found) {
        rc = trouble(peer, "got frame 0x%x of %llu bytes: %.*s", frame.opcode,
                     (unsigned long long)frame.payload_len,
                     (int)(frame.payload_len < 100 ? frame.payload_len : 100), payload);
    }
    free(payload);
    return rc;
}

static int expect_end(struct peer *peer, int must_be_eof)
{
    uint8_t byte[4096];
    ssize_t got;
    do {
        got = recv(peer->fd, byte, sizeof(byte), 0);
    } while (got > 0 && !must_be_eof);
    return must_be_eof && got != 0 ? trouble(peer, "no EOF, but %zd", got) : 0;
}

static int send_in_pieces(struct peer *peer, const struct peer_step *step)
{
    for (size_t i = 0; i < step->len; i++) {
        if (send_all(peer, step->bytes + i, 1) != 0) {
            return -1;
        }
    }
    return 0;
}

static int send_many(struct peer *peer, const struct peer_step *step)
{
    for (unsigned i = 0; i < step->count; i++) {
        if (send_all(peer, step->bytes, step->len) != 0) {
            return -1;
        }
    }
    return 0;
}

static int take_step(struct peer *peer, const struct peer_step *step)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    switch (step->what) {
    case PEER_UPGRADE:
        return upgrade(peer, "", step);
    case PEER_UPGRADE_WITH:
        return upgrade(peer, step->bytes, &(struct peer_step){PEER_UPGRADE_WITH, "", 0, 0});
    case PEER_READ_HEADER:
        return read_request(peer);
    case PEER_SEND:
        return send_all(peer, step->bytes, step->len);
    case PEER_SEND_BYTES:
        return send_in_pieces(peer, step);
    case PEER_SEND_MANY:
        return send_many(peer, step);
    case PEER_EXPECT:
    case PEER_EXPECT_CLOSE:
    case PEER_SKIP_TO:
        return expect_frame(peer, step);
    case PEER_EXPECT_EOF:
    case PEER_EXPECT_ANY_END:
        return expect_end(peer, step->what == PEER_EXPECT_EOF);
    case PEER_RESET:
        return setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    case PEER_END:
    default:
        return 0;
    }
}

static void *run(void *arg)
{
    struct peer *peer       = arg;
    struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    int on                  = 1;
    peer->fd                = accept(peer->listener, NULL, NULL);
    if (peer->fd < 0) {
        (void)trouble(peer, "nobody came");
        return NULL;
    }
    (void)setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    (void)setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    for (size_t i = 0; i < peer->step_count; i++) {
        if (take_step(peer, &peer->steps[i]) != 0) {
            break;
        }
    }
    (void)close(peer->fd);
    return NULL;
}

void peer_start(struct peer *peer, const struct peer_step *steps, size_t count)
{
    struct sockaddr_in at   = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    socklen_t len           = sizeof(at);
    *peer                   = (struct peer){.steps = steps, .step_count = count};
    peer->listener          = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(peer->listener, 0);
    ck_assert_int_eq(bind(peer->listener, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(peer->listener, 1), 0);
    ck_assert_int_eq(getsockname(peer->listener, (struct sockaddr *)&at, &len), 0);
    (void)setsockopt(peer->listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    peer->port = ntohs(at.sin_port);
    ck_assert_int_eq(pthread_create(&peer->thread, NULL, run, peer), 0);
}

void peer_join(struct peer *peer)
{
    if (peer->joined) {
        return;
    }
    peer->joined = 1;
    (void)shutdown(peer->listener, SHUT_RDWR); /* it may wait for a client that never came */
    ck_assert_int_eq(pthread_join(peer->thread, NULL), 0);
    (void)close(peer->listener);
}
