/*
 * The scripted WebSocket server of the tests. See mock_exchange.h.
 */
#include "support/mock_exchange.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/slice.h"
#include "ws/handshake.h"
#include "ws/message.h"

struct mock_exchange {
    struct event_base *base;
    struct mock_handler handler;
    void *arg;
    struct evconnlistener *listener;
    struct list peers;
    unsigned accepted;
    unsigned live;
    unsigned pings;
    unsigned close_code;
    const char *refusal_header;
    char url[64];
};

struct mock_peer {
    struct list in_mock;
    struct mock_exchange *mock;
    struct bufferevent *stream;
    struct ws_reader *reader;
    int upgraded;
    int mute;
    int close_sent;
    int busy;   /* inside its reader */
    int doomed; /* freed when its reader is done */
};

static void must(int ok, const char *what)
{
    if (!ok) {
        (void)fprintf(stderr, "mock exchange: %s\n", what);
        abort();
    }
}

static void peer_free(struct mock_peer *peer)
{
    struct mock_exchange *mock = peer->mock;
    if (peer->busy) {
        peer->doomed = 1;
        return;
    }
    if (mock->handler.gone != NULL) {
        mock->handler.gone(mock->arg, peer);
    }
    list_remove(&peer->in_mock);
    mock->live--;
    ws_reader_destroy(peer->reader);
    bufferevent_free(peer->stream);
    free(peer);
}

static void send_frame(struct mock_peer *peer, enum hawser_opcode opcode, const void *bytes,
                       size_t len)
{
    uint8_t head[HAWSER_FRAME_HEADER_MAX];
    struct hawser_frame frame = {.fin = 1, .opcode = (uint8_t)opcode, .payload_len = len};
    mock_send_raw(peer, head, hawser_frame_encode(&frame, head));
    mock_send_raw(peer, bytes, len);
}

static int on_control(void *arg, enum hawser_opcode opcode, struct hawser_slice payload)
{
    struct mock_peer *peer = arg;
    if (opcode == HAWSER_OPCODE_PING) {
        peer->mock->pings++;
        send_frame(peer, HAWSER_OPCODE_PONG, payload.data, payload.len);
    } else if (opcode == HAWSER_OPCODE_CLOSE) {
        peer->mock->close_code =
            payload.len < 2 ? HAWSER_CLOSE_NO_STATUS
                            : (unsigned)((uint8_t)payload.data[0] << 8 | (uint8_t)payload.data[1]);
        if (!peer->close_sent) {
            send_frame(peer, HAWSER_OPCODE_CLOSE, payload.data, payload.len);
        }
        peer->close_sent = 2; /* both frames are through: end it once this is written */
    }
    return 0;
}

static int on_message(void *arg, enum hawser_opcode opcode, struct hawser_slice bytes)
{
    struct mock_peer *peer     = arg;
    struct mock_exchange *mock = peer->mock;
    if (mock->handler.message != NULL) {
        mock->handler.message(mock->arg, peer, opcode, bytes);
    }
    return peer->doomed;
}

static void on_written(struct bufferevent *stream, void *arg)
{
    struct mock_peer *peer = arg;
    if (peer->close_sent == 2 && evbuffer_get_length(bufferevent_get_output(stream)) == 0) {
        peer_free(peer);
    }
}

static void refuse(struct mock_peer *peer, int status)
{
    struct mock_exchange *mock = peer->mock;
    char text[256];
    int len = snprintf(text, sizeof(text),
                       "HTTP/1.1 %d Refused\r\n%s%sContent-Length: 0\r\nConnection: close\r\n\r\n",
                       status, mock->refusal_header == NULL ? "" : mock->refusal_header,
                       mock->refusal_header == NULL ? "" : "\r\n");
    mock_send_raw(peer, text, (size_t)len);
    peer->close_sent = 2;
}

static void upgrade(struct mock_peer *peer, const struct ws_handshake_offer *offer)
{
    struct mock_exchange *mock = peer->mock;
    int what = mock->handler.upgrade == NULL ? MOCK_ACCEPT : mock->handler.upgrade(mock->arg, peer);
    struct buf answer = {0};
    if (what == MOCK_MUTE) {
        peer->mute = 1;
    } else if (what == MOCK_SHUT) {
        peer_free(peer);
    } else if (what != MOCK_ACCEPT) {
        refuse(peer, what);
    } else {
        must(ws_handshake_answer(offer, NULL, NULL, &answer) == 0, "no memory for a 101");
        mock_send_raw(peer, buf_data(&answer), answer.len);
        buf_fini(&answer);
        peer->upgraded = 1;
        if (mock->handler.opened != NULL) {
            mock->handler.opened(mock->arg, peer);
        }
    }
}

static void read_upgrade(struct mock_peer *peer, struct evbuffer *input)
{
    struct ws_handshake_offer offer;
    struct hawser_error err = HAWSER_ERROR_INIT;
    int status              = 0;
    size_t len              = evbuffer_get_length(input);
    struct hawser_slice all = slice_make(evbuffer_pullup(input, -1), len);
    int result              = ws_handshake_parse(all, &offer, &status, &err);
    must(result >= 0, err.message);
    if (result == 1) {
        char *copy = malloc(len); /* the offer points into bytes that are to be drained */
        must(copy != NULL, "no memory");
        memcpy(copy, all.data, len);
        result = ws_handshake_parse(slice_make(copy, len), &offer, &status, &err);
        must(result == 1, "the same bytes twice");
        (void)evbuffer_drain(input, offer.header_bytes);
        upgrade(peer, &offer);
        free(copy);
    }
}

static void on_readable(struct bufferevent *stream, void *arg)
{
    struct mock_peer *peer  = arg;
    struct evbuffer *input  = bufferevent_get_input(stream);
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (!peer->upgraded) {
        if (!peer->mute) {
            read_upgrade(peer, input);
        }
        return;
    }
    size_t len  = evbuffer_get_length(input);
    size_t used = 0;
    peer->busy  = 1;
    int result  = ws_reader_feed(peer->reader, evbuffer_pullup(input, -1), len, &used, &err);
    peer->busy  = 0;
    must(result >= 0, err.message);
    if (peer->doomed) {
        peer_free(peer);
        return;
    }
    (void)evbuffer_drain(input, used);
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
    (void)stream;
    if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0) {
        peer_free(arg);
    }
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int len, void *arg)
{
    struct mock_exchange *mock     = arg;
    struct mock_peer *peer         = calloc(1, sizeof(*peer));
    struct hawser_error err        = HAWSER_ERROR_INIT;
    struct ws_reader_options limit = {
        .role = WS_SERVER, .max_message_bytes = 64u << 20, .max_fragments = 100000};
    struct ws_message_handler into = {.message = on_message, .control = on_control};
    (void)listener;
    (void)address;
    (void)len;
    must(peer != NULL, "no memory for a peer");
    mock->accepted++;
    mock->live++;
    peer->mock = mock;
    list_append(&mock->peers, &peer->in_mock);
    peer->reader = ws_reader_create(&limit, &into, peer, &err);
    peer->stream = bufferevent_socket_new(mock->base, fd, BEV_OPT_CLOSE_ON_FREE);
    must(peer->reader != NULL && peer->stream != NULL, "no memory for a peer");
    bufferevent_setcb(peer->stream, on_readable, on_written, on_event, peer);
    must(bufferevent_enable(peer->stream, EV_READ | EV_WRITE) == 0, "no events for a peer");
}

static void open_port(struct mock_exchange *mock, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port   = htons(port),
                                  .sin_addr   = {.s_addr = htonl(INADDR_LOOPBACK)}};
    mock->listener =
        evconnlistener_new_bind(mock->base, on_accept, mock,
                                LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC,
                                128, (struct sockaddr *)&address, sizeof(address));
    must(mock->listener != NULL, "no port to listen on");
}

static uint16_t port_of(const struct mock_exchange *mock)
{
    struct sockaddr_in address = {0};
    socklen_t len              = sizeof(address);
    must(getsockname(evconnlistener_get_fd(mock->listener), (struct sockaddr *)&address, &len) == 0,
         "getsockname");
    return ntohs(address.sin_port);
}

struct mock_exchange *mock_create(struct event_base *base, const struct mock_handler *handler,
                                  void *arg)
{
    struct mock_exchange *mock = calloc(1, sizeof(*mock));
    must(mock != NULL, "no memory");
    mock->base    = base;
    mock->handler = *handler;
    mock->arg     = arg;
    list_init(&mock->peers);
    open_port(mock, 0);
    (void)snprintf(mock->url, sizeof(mock->url), "ws://127.0.0.1:%u/feed", port_of(mock));
    return mock;
}

void mock_destroy(struct mock_exchange *mock)
{
    struct list *node  = NULL;
    struct list *after = NULL;
    list_for_each_safe (node, after, &mock->peers) {
        peer_free(LIST_ENTRY(node, struct mock_peer, in_mock));
    }
    if (mock->listener != NULL) {
        evconnlistener_free(mock->listener);
    }
    free(mock);
}

const char *mock_url(const struct mock_exchange *mock)
{
    return mock->url;
}

void mock_listen(struct mock_exchange *mock, int on)
{
    if (!on && mock->listener != NULL) {
        evconnlistener_free(mock->listener);
        mock->listener = NULL;
    } else if (on && mock->listener == NULL) {
        open_port(mock, (uint16_t)strtoul(strrchr(mock->url, ':') + 1, NULL, 10));
    }
}

unsigned mock_accepted(const struct mock_exchange *mock)
{
    return mock->accepted;
}

unsigned mock_peers(const struct mock_exchange *mock)
{
    return mock->live;
}

unsigned mock_pings(const struct mock_exchange *mock)
{
    return mock->pings;
}

unsigned mock_close_code(const struct mock_exchange *mock)
{
    return mock->close_code;
}

void mock_refusal_header(struct mock_exchange *mock, const char *header)
{
    mock->refusal_header = header;
}

void mock_send(struct mock_peer *peer, enum hawser_opcode opcode, struct hawser_slice bytes)
{
    send_frame(peer, opcode, bytes.data, bytes.len);
}

void mock_send_text(struct mock_peer *peer, const char *fmt, ...)
{
    struct buf text = {0};
    va_list args;
    va_start(args, fmt);
    must(buf_vprintf(&text, fmt, args) == 0, "no memory");
    va_end(args);
    mock_send(peer, HAWSER_OPCODE_TEXT, buf_slice(&text));
    buf_fini(&text);
}

void mock_send_raw(struct mock_peer *peer, const void *bytes, size_t len)
{
    must(bufferevent_write(peer->stream, bytes, len) == 0, "no memory to write");
}

void mock_close(struct mock_peer *peer, uint16_t code, const char *reason)
{
    uint8_t payload[125] = {(uint8_t)(code >> 8), (uint8_t)code};
    size_t len           = strlen(reason);
    must(len <= sizeof(payload) - 2, "a reason that fits");
    memcpy(payload + 2, reason, len);
    send_frame(peer, HAWSER_OPCODE_CLOSE, payload, len + 2);
    peer->close_sent = 1;
}

void mock_cut(struct mock_peer *peer)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    must(setsockopt(bufferevent_getfd(peer->stream), SOL_SOCKET, SO_LINGER, &now, sizeof(now)) == 0,
         "SO_LINGER");
    peer_free(peer);
}

void mock_freeze(struct mock_peer *peer)
{
    must(bufferevent_disable(peer->stream, EV_READ | EV_WRITE) == 0, "freeze");
}
