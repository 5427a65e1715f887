/*
 * A whole session of libhawser's, with the input as the server: over loopback it dials, upgrades,
 * subscribes and calls, and is told these bytes, in these pieces. Whatever they are, it comes to
 * its end, every request with it, once each. Input: a byte of options, a seed for the pieces, then
 * what the server says; a whole 101 stands before it unless the options say that it brings its own.
 */
#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/slice.h"
#include "hawser/client.h"
#include "hawser/host.h"
#include "ws/handshake.h"

#define SIZE_MAX_BYTES 16384u /* fits the socket's buffer: the server never has to wait */
#define TURNS_MAX      100000u

enum { OPTION_COMPRESSED = 1, OPTION_OWN_ANSWER = 2, OPTION_ECHO = 4, OPTION_CLOSES = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct talk {
    struct event_base *base;
    struct hawser_client *client;
    struct buf request;
    uint8_t options;
    int fd; /* the server's; -1: not connected yet */
    unsigned ends;
    unsigned replies;
    unsigned calls;
};

static void must(int truth)
{
    if (!truth) {
        abort();
    }
}

static int listener = -1;
static char url[64];

/* Once for the process: a port for each input would soon use them up. */
static void listen_once(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len              = sizeof(address);
    if (listener >= 0) {
        return;
    }
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    must(listener >= 0 && bind(listener, (struct sockaddr *)&address, len) == 0);
    must(listen(listener, 8) == 0);
    must(getsockname(listener, (struct sockaddr *)&address, &len) == 0);
    (void)snprintf(url, sizeof(url), "ws://127.0.0.1:%u/", ntohs(address.sin_port));
}

static void on_reply(void *arg, const struct hawser_reply *reply)
{
    struct talk *talk = arg;
    talk->replies++;
    must(talk->replies <= talk->calls);
    must(reply->err == NULL || reply->err->code != 0);
}

static void on_message(struct hawser_client *client, enum hawser_opcode opcode,
                       struct hawser_slice bytes, void *arg)
{
    const struct talk *talk = arg;
    struct hawser_error err = HAWSER_ERROR_INIT;
    if ((talk->options & OPTION_ECHO) != 0 && hawser_send(client, opcode, bytes, &err) != 0) {
        must(err.code != 0);
    }
    if ((talk->options & OPTION_CLOSES) != 0) {
        hawser_close(client, 1000, "enough");
    }
}

static void on_state(struct hawser_client *client, enum hawser_state state,
                     const struct hawser_error *why, void *arg)
{
    struct talk *talk       = arg;
    struct hawser_error err = HAWSER_ERROR_INIT;
    (void)why;
    if (state == HAWSER_STATE_OPEN && talk->calls == 0 &&
        hawser_request(client, "public/get_time", SLICE_LITERAL("{}"), 0, on_reply, talk, &err) ==
            0) {
        talk->calls++;
    }
    talk->ends += state == HAWSER_STATE_CLOSED || state == HAWSER_STATE_FAILED;
}

static void drain(struct talk *talk)
{
    char sink[4096];
    while (recv(talk->fd, sink, sizeof(sink), MSG_DONTWAIT) > 0) {
    }
}

/* @return 1: the request has been read; 0: the client gave up before */
static int take_request(struct talk *talk)
{
    char bytes[2048];
    for (unsigned i = 0; i < TURNS_MAX && talk->ends == 0; i++) {
        must(event_base_loop(talk->base, EVLOOP_NONBLOCK) >= 0);
        if (talk->fd < 0) {
            talk->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
            continue;
        }
        ssize_t got = recv(talk->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (got > 0) {
            must(buf_append(&talk->request, bytes, (size_t)got) == 0);
        }
        if (talk->request.len > 4 &&
            memcmp(buf_data(&talk->request) + talk->request.len - 4, "\r\n\r\n", 4) == 0) {
            return 1;
        }
    }
    return 0;
}

static void build_answer(const struct talk *talk, struct buf *out)
{
    static const char FIELD[] = "Sec-WebSocket-Key: ";
    char accept[WS_ACCEPT_TEXT_BYTES + 1];
    if ((talk->options & OPTION_OWN_ANSWER) != 0) {
        return;
    }
    const char *key = memmem(buf_data(&talk->request), talk->request.len, FIELD, strlen(FIELD));
    must(key != NULL);
    ws_handshake_accept(key + strlen(FIELD), accept);
    const char *extension = (talk->options & OPTION_COMPRESSED) != 0
                                ? "Sec-WebSocket-Extensions: permessage-deflate\r\n"
                                : "";
    must(buf_printf(out,
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                    "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s\r\n",
                    accept, extension) == 0);
}

static void say(struct talk *talk, const struct buf *wire, uint32_t seed)
{
    const char *bytes = (const char *)buf_data(wire);
    for (size_t at = 0; at < wire->len;) {
        seed        = seed * 1664525u + 1013904223u;
        size_t part = (seed >> 30) == 0 ? wire->len - at : 1 + (seed >> 16) % 64;
        part        = part < wire->len - at ? part : wire->len - at;
        if (send(talk->fd, bytes + at, part, MSG_NOSIGNAL) < 0) {
            return; /* the client has heard enough */
        }
        at += part;
        must(event_base_loop(talk->base, EVLOOP_NONBLOCK) >= 0);
        drain(talk);
    }
}

static void serve(struct talk *talk, const uint8_t *data, size_t size, uint32_t seed)
{
    struct buf wire = {0};
    if (take_request(talk)) {
        build_answer(talk, &wire);
        must(buf_append(&wire, data, size) == 0);
        say(talk, &wire, seed);
    }
    (void)shutdown(talk->fd, SHUT_WR); /* it may be gone already */
    for (unsigned i = 0; talk->ends == 0; i++) {
        must(i < TURNS_MAX);
        must(event_base_loop(talk->base, EVLOOP_ONCE) >= 0);
        drain(talk);
    }
    buf_fini(&wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const CHANNELS[]      = {"a", "b"};
    struct hawser_error err                  = HAWSER_ERROR_INIT;
    struct hawser_client_options options     = HAWSER_CLIENT_OPTIONS_INIT;
    struct hawser_client_callbacks callbacks = {
        .struct_size = sizeof(callbacks), .message = on_message, .state = on_state};
    struct talk talk = {.base = event_base_new(), .fd = -1};
    if (size < 2 || size > SIZE_MAX_BYTES) {
        event_base_free(talk.base);
        return 0;
    }
    listen_once();
    talk.options                  = data[0];
    options.base                  = talk.base;
    options.reconnect_off         = 1;
    options.heartbeat_interval_ms = -1;
    options.max_message_bytes     = 1u << 16;
    talk.client                   = hawser_connect(url, &options, &callbacks, &talk, &err);
    must(talk.client != NULL);
    must(hawser_subscribe(talk.client, CHANNELS, 2, &err) == 0);
    serve(&talk, data + 2, size - 2, data[1] * 2654435761u);
    must(talk.ends == 1 && talk.replies == talk.calls);
    hawser_free(talk.client);
    buf_fini(&talk.request);
    const struct linger reset = {1, 0}; /* else each input leaves a port behind for a minute */
    (void)setsockopt(talk.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    (void)close(talk.fd); /* the server's end is of no interest any more */
    event_base_free(talk.base);
    return 0;
}
