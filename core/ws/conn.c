/*
 * A connection's way: dial, upgrade, open, end. What happens on it while it is open is
 * transfer.c's. See conn.h.
 */
#include "ws/conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/slice.h"
#include "ws/conn_impl.h"

#define HOST_MAX_BYTES             320u /* a name of 253 bytes, brackets, port */
#define DEFAULT_MAX_QUEUED_BYTES   (4u * 1024u * 1024u)
#define DEFAULT_CLOSING_TIMEOUT_MS 2000
#define REFUSAL_BODY_WAIT_MS       250

static void enter(struct ws_conn *conn)
{
    conn->calls++;
}

static void leave(struct ws_conn *conn)
{
    conn->calls--;
    if (conn->destroyed && conn->calls == 0) {
        conn->magic = 0;
        free(conn);
    }
}

static void drop_opening(struct ws_conn *conn)
{
    if (conn->opening != NULL) {
        net_dial_destroy(conn->opening->dial);
        buf_cleanse(&conn->opening->request);
        free(conn->opening);
        conn->opening = NULL;
    }
}

static void drop_timer(struct ws_conn *conn)
{
    if (conn->timer != NULL) {
        event_free(conn->timer);
        conn->timer = NULL;
    }
}

static void take_transport_down(struct ws_conn *conn)
{
    drop_opening(conn);
    drop_timer(conn);
    net_stream_destroy(conn->stream);
    ws_reader_destroy(conn->reader);
    ws_deflater_destroy(conn->deflater);
    conn->stream   = NULL;
    conn->reader   = NULL;
    conn->reads    = 0;
    conn->deflater = NULL;
    conn_drop_waiting(conn);
}

void ws_conn_destroy(struct ws_conn *conn)
{
    if (conn == NULL || conn->destroyed) {
        return;
    }
    conn->destroyed = 1;
    conn->phase     = WS_PHASE_CLOSED;
    take_transport_down(conn);
    free(conn->fate);
    conn->fate = NULL;
    enter(conn);
    leave(conn);
}

void conn_doom(struct ws_conn *conn, const struct hawser_error *why)
{
    size_t size = strlen(why->message) + 1;
    free(conn->fate);
    conn->is_doomed = 1;
    conn->fate      = malloc(sizeof(*conn->fate) + size);
    if (conn->fate != NULL) {
        conn->fate->cause          = why->cause;
        conn->fate->retry_after_ms = why->retry_after_ms;
        conn->fate->code           = why->code;
        conn->fate->cause_kind     = why->cause_kind;
        memcpy(conn->fate->text, why->message, size);
    }
}

static void recall_fate(const struct ws_conn *conn, struct hawser_error *err)
{
    const struct conn_fate *fate = conn->fate;
    if (fate == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "connection ended, and no memory to say why");
        return;
    }
    error_set(err, (enum hawser_code)fate->code, "%s", fate->text);
    error_set_cause(err, (enum hawser_cause)fate->cause_kind, fate->cause);
    err->retry_after_ms = fate->retry_after_ms;
}

void conn_end(struct ws_conn *conn, const struct hawser_error *why)
{
    if (conn->is_over || conn->destroyed) {
        return;
    }
    struct hawser_error err = *why; /* it may lie in what is taken down */
    conn->is_over           = 1;
    conn->phase             = WS_PHASE_CLOSED;
    take_transport_down(conn);
    conn->handler->ended(conn->arg, &err, conn->sent_close && conn->got_close);
}

static void end_as_doomed(struct ws_conn *conn)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    recall_fate(conn, &err);
    conn_end(conn, &err);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct ws_conn *conn = OBJ_CAST(struct ws_conn, arg, CONN_MAGIC);
    (void)fd;
    (void)what;
    enter(conn);
    if (!conn->is_doomed) {
        struct hawser_error err = HAWSER_ERROR_INIT;
        error_set(&err, HAWSER_NET_TIMEOUT, "server did not answer the close frame in %u ms",
                  conn->closing_timeout_ms);
        conn_end(conn, &err);
    } else {
        end_as_doomed(conn);
    }
    leave(conn);
}

void conn_end_after(struct ws_conn *conn, int64_t ms)
{
    struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    if (conn->timer == NULL) {
        conn->timer = evtimer_new(conn->loop->base, on_timer, conn);
    }
    if (conn->timer == NULL) {
        /* No memory for a deadline, then, and there is a stream: the loop soon tells its end. */
        (void)shutdown(net_stream_fd(conn->stream), SHUT_RDWR); /* fails only where it is gone */
    } else if (event_del(conn->timer) != 0 || evtimer_add(conn->timer, &wait) != 0) {
        event_active(conn->timer, EV_TIMEOUT, 0); /* no memory for a deadline: then at once */
    }
}

static void report_phase(struct ws_conn *conn, enum ws_phase phase)
{
    conn->phase = phase;
    if (conn->handler->phase != NULL) {
        conn->handler->phase(conn->arg, phase);
    }
}

struct ws_reader_options conn_reader_options(const struct ws_conn *conn)
{
    return (struct ws_reader_options){.role              = WS_CLIENT,
                                      .max_message_bytes = conn->max_message_bytes,
                                      .max_fragments     = conn->max_fragments,
                                      .text_unchecked    = conn->text_unchecked,
                                      .loop              = conn->loop};
}

/* @param agreed  NULL: no compression */
static int make_codecs(struct ws_conn *conn, const struct ws_deflate_params *agreed,
                       struct hawser_error *err)
{
    struct ws_reader_options options = conn_reader_options(conn);
    if (agreed == NULL) {
        return 0; /* the thread's own reader will do */
    }
    options.inflate_window_bits = agreed->server_max_window_bits;
    options.inflate_forgets     = agreed->server_no_context_takeover;
    conn->deflater =
        ws_deflater_create(agreed->client_max_window_bits, agreed->client_no_context_takeover, err);
    if (conn->deflater == NULL) {
        return -1;
    }
    const struct ws_message_handler handler = conn_message_handler(conn);
    conn->reader                            = ws_reader_create(&options, &handler, conn, err);
    return conn->reader == NULL ? -1 : 0;
}

/* The opening handshake is over. @return 1: open, go on; 0: not */
static int open_now(struct ws_conn *conn, struct hawser_slice extensions)
{
    struct hawser_error err         = HAWSER_ERROR_INIT;
    struct ws_deflate_params agreed = {0};
    int is_agreed                   = 0;
    if (conn->opening->options.compression) {
        is_agreed = ws_deflate_check(extensions, &conn->opening->options.deflate, &agreed, &err);
    }
    if (is_agreed < 0 || make_codecs(conn, is_agreed ? &agreed : NULL, &err) != 0) {
        conn_end(conn, &err);
        return 0;
    }
    drop_opening(conn);
    drop_timer(conn);
    conn->reads = 1;
    report_phase(conn, WS_PHASE_OPEN);
    return !conn->destroyed;
}

/* @return the offer; NULL: none. @param out WS_DEFLATE_OFFER_BYTES */
static const char *extensions_of(const struct ws_conn *conn, char *out)
{
    if (!conn->opening->options.compression) {
        return NULL;
    }
    ws_deflate_offer(&conn->opening->options.deflate, out);
    return out;
}

/* Bytes stay in the stream until the header is whole; a refusal's body may come a moment later. */
static size_t upgrade(struct ws_conn *conn, uint8_t *bytes, size_t len)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    char offer[WS_DEFLATE_OFFER_BYTES];
    const struct ws_handshake_request request = {.subprotocols =
                                                     conn->opening->options.subprotocols,
                                                 .extensions = extensions_of(conn, offer)};
    struct ws_handshake_response response;
    int rc =
        ws_handshake_check(slice_make(bytes, len), &request, conn->opening->key, &response, &err);
    if (rc == 1) {
        return open_now(conn, response.extensions) ? response.header_bytes : len;
    }
    if (rc == 0) {
        return 0;
    }
    if (response.header_bytes > 0 && len - response.header_bytes < response.body_bytes) {
        int is_first = !conn->is_doomed;
        conn_doom(conn, &err);
        if (is_first) {
            conn_end_after(conn, REFUSAL_BODY_WAIT_MS);
        }
        return 0;
    }
    conn_end(conn, &err);
    return len;
}

static size_t receive(struct ws_conn *conn, uint8_t *bytes, size_t len)
{
    if (len > conn->unread && conn->handler->activity != NULL) {
        conn->handler->activity(conn->arg, len - conn->unread);
        if (conn->destroyed) {
            return len;
        }
    }
    size_t used = 0;
    if (conn->phase == WS_PHASE_UPGRADING) {
        used = upgrade(conn, bytes, len);
    }
    if (!conn->reads) {
        used = conn->phase == WS_PHASE_UPGRADING ? used : len;
    } else if (used < len) {
        used += conn_receive(conn, bytes + used, len - used);
    }
    conn->unread = (uint32_t)(len - used);
    return used;
}

static size_t on_readable(void *arg, uint8_t *bytes, size_t len)
{
    struct ws_conn *conn = OBJ_CAST(struct ws_conn, arg, CONN_MAGIC);
    enter(conn);
    size_t used = receive(conn, bytes, len);
    leave(conn);
    return used;
}

static void on_writable(void *arg)
{
    struct ws_conn *conn = OBJ_CAST(struct ws_conn, arg, CONN_MAGIC);
    enter(conn);
    conn_send_waiting(conn);
    if (conn->phase == WS_PHASE_OPEN && conn->handler->writable != NULL) {
        conn->handler->writable(conn->arg);
    }
    leave(conn);
}

static void on_stream_ended(void *arg, const struct hawser_error *why)
{
    struct ws_conn *conn    = OBJ_CAST(struct ws_conn, arg, CONN_MAGIC);
    struct hawser_error err = *why;
    enter(conn);
    if (conn->is_doomed) {
        end_as_doomed(conn);
    } else {
        if (conn->phase == WS_PHASE_UPGRADING) {
            error_prefix(&err, "no answer to the upgrade request");
        } else if (conn->sent_close) {
            error_prefix(&err, "no answer to the close frame");
        } else {
            error_prefix(&err, "no close frame");
        }
        conn_end(conn, &err);
    }
    leave(conn);
}

static const struct net_stream_handler STREAM_HANDLER = {
    .readable = on_readable,
    .writable = on_writable,
    .ended    = on_stream_ended,
};

static void on_dial_phase(void *arg, enum net_phase phase)
{
    static const enum ws_phase PHASES[] = {[NET_PHASE_RESOLVING]  = WS_PHASE_RESOLVING,
                                           [NET_PHASE_CONNECTING] = WS_PHASE_CONNECTING,
                                           [NET_PHASE_TLS]        = WS_PHASE_TLS};
    struct ws_conn *conn                = OBJ_CAST(struct ws_conn, arg, CONN_MAGIC);
    enter(conn);
    if (conn->phase < WS_PHASE_CLOSING) {
        report_phase(conn, PHASES[phase]);
    }
    leave(conn);
}

static void start_upgrade(struct ws_conn *conn)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    report_phase(conn, WS_PHASE_UPGRADING);
    if (conn->destroyed || conn->phase != WS_PHASE_UPGRADING) {
        return;
    }
    if (net_stream_send(conn->stream, buf_slice(&conn->opening->request), slice_make(NULL, 0),
                        &err) != 0) {
        conn_end(conn, &err);
        return;
    }
    buf_cleanse(&conn->opening->request);
}

static void on_connected(void *arg, int fd, SSL *ssl)
{
    struct ws_conn *conn    = OBJ_CAST(struct ws_conn, arg, CONN_MAGIC);
    struct hawser_error err = HAWSER_ERROR_INIT;
    enter(conn);
    net_dial_destroy(conn->opening->dial);
    conn->opening->dial = NULL;
    size_t max          = conn->opening->options.max_queued_bytes;
    conn->stream = net_stream_create(conn->loop, fd, ssl, max != 0 ? max : DEFAULT_MAX_QUEUED_BYTES,
                                     &STREAM_HANDLER, conn, &err);
    if (conn->stream == NULL) {
        conn_end(conn, &err);
    } else if (conn->phase < WS_PHASE_CLOSING) {
        start_upgrade(conn);
    }
    leave(conn);
}

static void on_dial_failed(void *arg, const struct hawser_error *why)
{
    struct ws_conn *conn = OBJ_CAST(struct ws_conn, arg, CONN_MAGIC);
    enter(conn);
    conn_end(conn, why);
    leave(conn);
}

static const struct net_dial_handler DIAL_HANDLER = {
    .phase     = on_dial_phase,
    .connected = on_connected,
    .failed    = on_dial_failed,
};

/* Built before anything is dialled, so that a header that may not be sent is refused at once. */
static int build_request(struct ws_conn *conn, struct hawser_error *err)
{
    char host[HOST_MAX_BYTES];
    char offer[WS_DEFLATE_OFFER_BYTES];
    int len = net_url_host_header(conn->opening->options.url, host, sizeof(host));
    if (len < 0 || (size_t)len >= sizeof(host)) {
        error_set(err, HAWSER_NET_URL, "host name is too long");
        return -1;
    }
    const struct ws_handshake_request request = {.host    = host,
                                                 .path    = conn->opening->options.url->path,
                                                 .headers = conn->opening->options.headers,
                                                 .subprotocols =
                                                     conn->opening->options.subprotocols,
                                                 .extensions = extensions_of(conn, offer)};
    ws_handshake_key(conn->opening->key);
    return ws_handshake_build(&request, conn->opening->key, &conn->opening->request, err);
}

static void take_limits(struct ws_conn *conn, const struct ws_options *options)
{
    int64_t closing_ms =
        options->closing_timeout_ms > 0 ? options->closing_timeout_ms : DEFAULT_CLOSING_TIMEOUT_MS;
    conn->closing_timeout_ms = closing_ms < UINT32_MAX ? (uint32_t)closing_ms : UINT32_MAX;
    conn->max_message_bytes  = options->max_message_bytes;
    conn->max_fragments      = options->max_fragments;
    conn->text_unchecked     = options->text_unchecked != 0;
}

struct ws_conn *ws_conn_create(struct net_loop *loop, const struct ws_options *options,
                               const struct ws_handler *handler, void *arg,
                               struct hawser_error *err)
{
    struct ws_conn *conn = calloc(1, sizeof(*conn));
    if (conn == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a connection");
        return NULL;
    }
    conn->magic   = CONN_MAGIC;
    conn->loop    = loop;
    conn->handler = handler;
    conn->arg     = arg;
    take_limits(conn, options);
    conn->opening = calloc(1, sizeof(*conn->opening));
    conn->timer =
        evtimer_new(loop->base, on_timer, conn); /* before it is open, there must be one */
    if (conn->opening == NULL || conn->timer == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a connection");
        goto fail;
    }
    conn->opening->options = *options;
    if (build_request(conn, err) != 0) {
        goto fail;
    }
    conn->opening->dial =
        net_dial_start(loop, options->url, options->tls, options->path, &DIAL_HANDLER, conn, err);
    if (conn->opening->dial == NULL) {
        goto fail;
    }
    return conn;
fail:
    ws_conn_destroy(conn);
    return NULL;
}

void ws_conn_close(struct ws_conn *conn, uint16_t code, const char *reason)
{
    if (conn->phase == WS_PHASE_OPEN) {
        conn_start_closing(conn, code, slice_of(reason));
        conn_end_after(conn, conn->closing_timeout_ms);
    } else if (conn->phase < WS_PHASE_OPEN) {
        struct hawser_error err = HAWSER_ERROR_INIT;
        error_set(&err, HAWSER_WS_CLOSED, "closed by us before it was open");
        error_set_cause(&err, HAWSER_CAUSE_CLOSE, code);
        conn_doom(conn, &err);
        conn->phase = WS_PHASE_CLOSING;
        conn_end_after(conn, 0);
    }
}

enum ws_phase ws_conn_phase(const struct ws_conn *conn)
{
    return conn->phase;
}

size_t ws_conn_queued(const struct ws_conn *conn)
{
    return conn->stream == NULL ? 0 : net_stream_queued(conn->stream);
}
