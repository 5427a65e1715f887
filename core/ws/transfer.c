/*
 * An open connection: messages and control frames both ways, the closing handshake, faults of the
 * peer's. See conn.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "base/slice.h"
#include "ws/conn_impl.h"
#include "ws/frame.h"
#include "ws/utf8.h"

#define SMALL_BYTES 4096u /* a payload up to this is masked on the stack, beside its header */
/* Shorter messages are sent as they are: they would hardly shrink, and cost the most for it. */
#define COMPRESS_MIN_BYTES 256u

#define RSV1 4u /* compressed (RFC 7692 6) */

/* A frame's header, masked with a fresh key (RFC 6455 5.3). @return its length */
static size_t build_header(unsigned opcode, unsigned rsv, size_t len, uint8_t *out, uint8_t *mask)
{
    struct hawser_frame frame = {
        .payload_len = len, .fin = 1, .rsv = (uint8_t)rsv, .opcode = (uint8_t)opcode, .masked = 1};
    random_bytes(frame.mask, sizeof(frame.mask));
    memcpy(mask, frame.mask, sizeof(frame.mask));
    return hawser_frame_encode(&frame, out);
}

static int send_small(struct ws_conn *conn, enum hawser_opcode opcode, struct hawser_slice payload,
                      struct hawser_error *err)
{
    uint8_t frame[HAWSER_FRAME_HEADER_MAX + SMALL_BYTES];
    uint8_t mask[4];
    size_t header = build_header(opcode, 0, payload.len, frame, mask);
    if (payload.len > 0) {
        memcpy(frame + header, payload.data, payload.len);
        hawser_frame_mask(frame + header, payload.len, mask, 0);
    }
    return net_stream_send(conn->stream, slice_make(frame, header + payload.len),
                           slice_make(NULL, 0), err);
}

/* @param payload  ours: masked where it lies */
static int send_own(struct ws_conn *conn, unsigned opcode, unsigned rsv, struct buf *payload,
                    struct hawser_error *err)
{
    uint8_t head[HAWSER_FRAME_HEADER_MAX];
    uint8_t mask[4];
    size_t header = build_header(opcode, rsv, payload->len, head, mask);
    hawser_frame_mask(payload->bytes + payload->start, payload->len, mask, 0);
    return net_stream_send(conn->stream, slice_make(head, header), buf_slice(payload), err);
}

static int send_large(struct ws_conn *conn, enum hawser_opcode opcode, struct hawser_slice payload,
                      struct hawser_error *err)
{
    struct buf masked = {0};
    int rc            = -1;
    net_loop_lend(conn->loop, &masked);
    if (buf_append_slice(&masked, payload) == 0) {
        rc = send_own(conn, opcode, 0, &masked, err);
    } else {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory to send %zu bytes", payload.len);
    }
    net_loop_take_back(conn->loop, &masked);
    return rc;
}

static int send_frame(struct ws_conn *conn, enum hawser_opcode opcode, struct hawser_slice payload,
                      struct hawser_error *err)
{
    return payload.len <= SMALL_BYTES ? send_small(conn, opcode, payload, err)
                                      : send_large(conn, opcode, payload, err);
}

/* What does not shrink goes as it is. */
static int send_compressed(struct ws_conn *conn, enum hawser_opcode opcode,
                           struct hawser_slice message, struct hawser_error *err)
{
    struct buf payload = {0};
    net_loop_lend(conn->loop, &payload);
    int rc     = ws_deflater_run(conn->deflater, message, &payload, err);
    int shrank = payload.len < message.len;
    if (rc == 0) {
        rc = shrank ? send_own(conn, opcode, RSV1, &payload, err)
                    : send_frame(conn, opcode, message, err);
    }
    if (rc != 0 || !shrank) {
        ws_deflater_forget(conn->deflater); /* the server will never see it compressed */
    }
    net_loop_take_back(conn->loop, &payload);
    return rc;
}

static int check_open(const struct ws_conn *conn, struct hawser_error *err)
{
    if (conn->phase != WS_PHASE_OPEN) {
        error_set(err, HAWSER_WS_NOT_OPEN,
                  conn->phase < WS_PHASE_OPEN ? "connection is not open yet"
                                              : "connection is closed or closing");
        return -1;
    }
    return 0;
}

int ws_conn_send(struct ws_conn *conn, enum hawser_opcode opcode, struct hawser_slice bytes,
                 struct hawser_error *err)
{
    if (check_open(conn, err) != 0) {
        return -1;
    }
    if (opcode != HAWSER_OPCODE_TEXT && opcode != HAWSER_OPCODE_BINARY) {
        error_set(err, HAWSER_REQUEST_INVALID, "messages are text or binary, not 0x%x",
                  (unsigned)opcode);
        return -1;
    }
    if (opcode == HAWSER_OPCODE_TEXT && !ws_utf8_is_valid((const uint8_t *)bytes.data, bytes.len)) {
        error_set(err, HAWSER_WS_CLOSE_UTF8, "text to send is not UTF-8");
        return -1;
    }
    if (conn->deflater != NULL && bytes.len >= COMPRESS_MIN_BYTES) {
        return send_compressed(conn, opcode, bytes, err);
    }
    return send_frame(conn, opcode, bytes, err);
}

int ws_conn_ping(struct ws_conn *conn, struct hawser_slice payload, struct hawser_error *err)
{
    if (check_open(conn, err) != 0) {
        return -1;
    }
    if (payload.len > WS_CLOSING_MAX_BYTES) {
        error_set(err, HAWSER_REQUEST_INVALID, "ping of over 125 bytes");
        return -1;
    }
    return send_frame(conn, HAWSER_OPCODE_PING, payload, err);
}

/* One slot: a newer pong takes the older one's place (RFC 6455 5.5.3), a close frame that of any
 * pong. */
static void let_wait(struct ws_conn *conn, enum hawser_opcode opcode, struct hawser_slice payload)
{
    conn_drop_waiting(conn);
    conn->waiting = malloc(WS_CLOSING_MAX_BYTES);
    if (conn->waiting != NULL) {
        if (payload.len > 0) {
            memcpy(conn->waiting, payload.data, payload.len);
        }
        conn->waiting_len    = (uint8_t)payload.len;
        conn->waiting_opcode = (uint8_t)opcode;
    } /* else no memory: the peer, or our deadline, ends the connection */
}

void conn_drop_waiting(struct ws_conn *conn)
{
    free(conn->waiting);
    conn->waiting        = NULL;
    conn->waiting_len    = 0;
    conn->waiting_opcode = 0;
}

static void send_control(struct ws_conn *conn, enum hawser_opcode opcode,
                         struct hawser_slice payload)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (send_frame(conn, opcode, payload, &err) != 0) {
        if (err.code == HAWSER_NET_QUEUE_FULL) {
            let_wait(conn, opcode, payload);
        } /* else the stream is lost, and says so itself */
        return;
    }
    if (opcode == HAWSER_OPCODE_CLOSE) {
        conn->sent_close = 1;
    } else {
        conn->pong_queued = net_stream_queued(conn->stream) > 0;
    }
}

void conn_send_waiting(struct ws_conn *conn)
{
    uint8_t payload[WS_CLOSING_MAX_BYTES];
    conn->pong_queued = 0;
    if (conn->waiting_opcode == 0 || conn->stream == NULL) {
        return;
    }
    size_t len = conn->waiting_len;
    memcpy(payload, conn->waiting, len);
    enum hawser_opcode opcode = (enum hawser_opcode)conn->waiting_opcode;
    conn_drop_waiting(conn);
    send_control(conn, opcode, slice_make(payload, len));
}

/* A peer that pings and does not read gets one pong into the queue; of the others only the newest
 * is kept until the queue moves. */
static void answer_ping(struct ws_conn *conn, struct hawser_slice payload)
{
    if (conn->phase != WS_PHASE_OPEN) {
        return; /* nothing may follow our close frame */
    }
    if (conn->pong_queued && net_stream_queued(conn->stream) > 0) {
        let_wait(conn, HAWSER_OPCODE_PONG, payload);
    } else {
        send_control(conn, HAWSER_OPCODE_PONG, payload);
    }
}

void conn_start_closing(struct ws_conn *conn, uint16_t code, struct hawser_slice reason)
{
    uint8_t payload[WS_CLOSING_MAX_BYTES];
    size_t len  = ws_closing_build(code, reason, payload);
    conn->phase = WS_PHASE_CLOSING;
    conn_drop_waiting(conn);
    send_control(conn, HAWSER_OPCODE_CLOSE, slice_make(payload, len));
}

/* The answer has the peer's own code (RFC 6455 5.5.1). The server closes TCP first (7.1.1). */
static void take_close(struct ws_conn *conn, struct hawser_slice payload)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct ws_closing closing;
    if (ws_closing_parse(payload, &closing, &err) != 0) {
        return; /* the reader has checked it */
    }
    conn->got_close = 1;
    ws_closing_explain(&closing, &err);
    conn_doom(conn, &err);
    if (conn->phase == WS_PHASE_OPEN) {
        conn_start_closing(conn, closing.code, slice_make(NULL, 0));
    }
    conn_end_after(conn, conn->closing_timeout_ms);
    if (conn->handler->close_frame != NULL) {
        conn->handler->close_frame(conn->arg, closing.code, closing.reason);
    }
}

static int on_control(void *arg, enum hawser_opcode opcode, struct hawser_slice payload)
{
    struct ws_conn *conn = arg;
    if (opcode == HAWSER_OPCODE_PING) {
        answer_ping(conn, payload);
    } else if (opcode == HAWSER_OPCODE_CLOSE) {
        take_close(conn, payload);
    } else if (conn->handler->pong != NULL) {
        conn->handler->pong(conn->arg, payload);
    }
    return conn->destroyed;
}

struct ws_message_handler conn_message_handler(const struct ws_conn *conn)
{
    return (struct ws_message_handler){conn->handler->message, on_control, conn->arg};
}

/* RFC 6455 7.1.7: told with a close frame; then nothing of the peer's is listened to any more, but
 * it is read, because a socket closed with unread bytes resets and could take the close frame with
 * it. */
static void fail_connection(struct ws_conn *conn, const struct hawser_error *fault)
{
    conn->deaf = 1;
    conn_doom(conn, fault);
    if (conn->phase == WS_PHASE_OPEN) {
        conn_start_closing(conn, ws_closing_code(fault), slice_of(fault->message));
    }
    conn_end_after(conn, conn->closing_timeout_ms);
}

/* @return as ws_reader_feed */
static int feed_borrowed(struct ws_conn *conn, struct ws_reader *reader, uint8_t *bytes, size_t len,
                         size_t *used, struct hawser_error *err)
{
    int rc                  = ws_reader_feed(reader, bytes, len, used, err);
    struct ws_reader **kept = rc == 0 ? &conn->reader : NULL;
    return ws_reader_give_back(reader, kept, err) != 0 ? -1 : rc;
}

static int feed(struct ws_conn *conn, uint8_t *bytes, size_t len, size_t *used,
                struct hawser_error *err)
{
    if (conn->reader == NULL) {
        const struct ws_reader_options options  = conn_reader_options(conn);
        const struct ws_message_handler handler = conn_message_handler(conn);
        struct ws_reader *own                   = ws_reader_borrow(&options, &handler, conn);
        if (own != NULL) {
            return feed_borrowed(conn, own, bytes, len, used, err);
        }
        conn->reader = ws_reader_create(&options, &handler, conn, err);
    }
    return conn->reader == NULL ? -1 : ws_reader_feed(conn->reader, bytes, len, used, err);
}

size_t conn_receive(struct ws_conn *conn, uint8_t *bytes, size_t len)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    size_t used             = len;
    if (!conn->deaf && feed(conn, bytes, len, &used, &err) < 0) {
        fail_connection(conn, &err);
        used = len;
    }
    return used;
}
