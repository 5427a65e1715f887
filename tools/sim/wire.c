/*
 * What a client's bytes are: the opening handshake (with its refusals), then frames.
 */
#include <stdio.h>

#include "base/error.h"
#include "base/slice.h"
#include "sim/api.h"
#include "sim/conn.h"
#include "ws/deflate_offer.h"
#include "ws/handshake.h"
#include "ws/message.h"

#define MESSAGE_MAX (1024u * 1024u)
#define RSV1        4u /* compressed (RFC 7692 6) */

static const char *status_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } rows[] = {{302, "Found"},
                {400, "Bad Request"},
                {401, "Unauthorized"},
                {404, "Not Found"},
                {405, "Method Not Allowed"},
                {426, "Upgrade Required"},
                {429, "Too Many Requests"},
                {431, "Request Header Fields Too Large"},
                {503, "Service Unavailable"}};
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].status == status) {
            return rows[i].phrase;
        }
    }
    return "Refused";
}

static void refuse(struct sim_conn *conn, int status, int retry_after_s)
{
    char text[512];
    char extra[96] = "";
    if (status == 302) {
        (void)snprintf(extra, sizeof(extra), "Location: http://127.0.0.1/elsewhere\r\n");
    } else if (retry_after_s >= 0) {
        (void)snprintf(extra, sizeof(extra), "Retry-After: %d\r\n", retry_after_s);
    } else if (status == 426) {
        (void)snprintf(extra, sizeof(extra), "Sec-WebSocket-Version: 13\r\n");
    }
    const char *phrase = status_phrase(status);
    int len            = snprintf(text, sizeof(text),
                                  "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
                                             "Connection: close\r\n%s\r\n%s\n",
                                  status, phrase, strlen(phrase) + 1, extra, phrase);
    conn->sim->stats.upgrades_refused++;
    sim_conn_queue(conn, slice_make(text, (size_t)len), slice_make(NULL, 0));
    buf_clear(&conn->in);
    sim_conn_finish(conn);
}

static int on_message(void *arg, enum hawser_opcode opcode, struct hawser_slice bytes)
{
    struct sim_conn *conn = OBJ_CAST(struct sim_conn, arg, SIM_CONN_MAGIC);
    if (conn->state == SIM_CONN_OPEN) {
        (void)opcode; /* the exchange takes binary messages for text too */
        sim_api_request(conn, bytes);
    }
    return conn->state == SIM_CONN_OPEN || conn->state == SIM_CONN_CLOSING ? 0 : 1;
}

static int on_control(void *arg, enum hawser_opcode opcode, struct hawser_slice payload)
{
    struct sim_conn *conn = OBJ_CAST(struct sim_conn, arg, SIM_CONN_MAGIC);
    if (opcode == HAWSER_OPCODE_CLOSE) {
        if (conn->state == SIM_CONN_OPEN) {
            conn->sim->stats.closed_by_client++;
            sim_server_gone(conn);
            sim_wire_frame(conn, HAWSER_OPCODE_CLOSE,
                           payload.len >= 2 ? slice_make(payload.data, 2) : slice_make(NULL, 0));
        }
        sim_conn_finish(conn);
        return 1;
    }
    if (opcode == HAWSER_OPCODE_PING && conn->state == SIM_CONN_OPEN && !conn->faults.answers_off) {
        sim_wire_frame(conn, HAWSER_OPCODE_PONG, payload);
    }
    sim_liveness_alive(conn, 0);
    return 0;
}

/* @param agreed  NULL: no compression. @return 0, or -1: no memory */
static int make_codecs(struct sim_conn *conn, const struct ws_deflate_params *agreed)
{
    static const struct ws_message_handler handler = {.message = on_message, .control = on_control};
    struct hawser_error err                        = HAWSER_ERROR_INIT;
    struct ws_reader_options options               = {
                      .role = WS_SERVER, .max_message_bytes = MESSAGE_MAX, .max_fragments = 4096};
    if (agreed != NULL) {
        options.inflate_window_bits = agreed->client_max_window_bits;
        options.inflate_forgets     = agreed->client_no_context_takeover;
        conn->deflater              = ws_deflater_create(agreed->server_max_window_bits,
                                                         agreed->server_no_context_takeover, &err);
        if (conn->deflater == NULL) {
            return -1;
        }
    }
    conn->reader = ws_reader_create(&options, &handler, conn, &err);
    return conn->reader == NULL ? -1 : 0;
}

static int open_frames(struct sim_conn *conn, const struct ws_handshake_offer *offer)
{
    static const struct ws_deflate_params own = {0};
    struct ws_deflate_params agreed;
    char extensions[WS_DEFLATE_OFFER_BYTES];
    int compresses = conn->sim->options.compresses &&
                     ws_deflate_choose(offer->extensions, &own, &agreed, extensions);
    if (make_codecs(conn, compresses ? &agreed : NULL) != 0 ||
        ws_handshake_answer(offer, NULL, compresses ? extensions : NULL, &conn->out) != 0) {
        sim_note(conn->sim, "handshake: out of memory");
        sim_conn_drop(conn);
        return -1;
    }
    buf_consume(&conn->in, offer->header_bytes);
    conn->sim->stats.upgrades_ok++;
    conn->state                  = SIM_CONN_OPEN;
    conn->deadline               = 0;
    conn->liveness.last_received = clock_monotonic();
    sim_conn_schedule(conn);
    return 0;
}

static int path_is_right(struct hawser_slice path)
{
    size_t len = strlen(SIM_PATH);
    return slice_starts_with(path, SIM_PATH) && (path.len == len || path.data[len] == '?');
}

static void upgrade(struct sim_conn *conn)
{
    const struct sim_faults *faults = &conn->sim->faults;
    struct ws_handshake_offer offer;
    struct hawser_error err = HAWSER_ERROR_INIT;
    int status              = 400;
    int rc                  = ws_handshake_parse(buf_slice(&conn->in), &offer, &status, &err);
    if (rc == 0) {
        return;
    }
    if (rc < 0) {
        conn->sim->stats.protocol_errors++;
        sim_note(conn->sim, "connection %llu: %s", (unsigned long long)conn->id, err.message);
        refuse(conn, status, -1);
    } else if (conn->over_limit) {
        conn->sim->stats.refused_limit++;
        refuse(conn, 429, -1);
    } else if (faults->upgrade == SIM_UPGRADE_NONE) {
        conn->sim->stats.upgrades_silent++;
        sim_conn_halfopen(conn);
    } else if (faults->upgrade == SIM_UPGRADE_STATUS) {
        refuse(conn, faults->upgrade_status, faults->upgrade_retry_after_s);
    } else if (faults->maintenance) {
        refuse(conn, 503, -1);
    } else if (!path_is_right(offer.path)) {
        refuse(conn, 404, -1);
    } else {
        (void)open_frames(conn, &offer);
    }
}

static uint16_t close_code_of(const struct hawser_error *err)
{
    switch (err->code) {
    case HAWSER_WS_CLOSE_UTF8:
        return HAWSER_CLOSE_INVALID_PAYLOAD;
    case HAWSER_WS_CLOSE_TOO_BIG:
        return HAWSER_CLOSE_TOO_BIG;
    default:
        return HAWSER_CLOSE_PROTOCOL_ERROR;
    }
}

static void frames(struct sim_conn *conn)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    size_t used             = 0;
    int rc =
        ws_reader_feed(conn->reader, conn->in.bytes + conn->in.start, conn->in.len, &used, &err);
    if (rc < 0) {
        conn->sim->stats.protocol_errors++;
        sim_note(conn->sim, "connection %llu: %s", (unsigned long long)conn->id, err.message);
        sim_conn_close(conn, close_code_of(&err), "protocol error");
        buf_clear(&conn->in);
        sim_conn_finish(conn);
    } else if (rc == 0) {
        buf_consume(&conn->in, used);
    } else {
        buf_clear(&conn->in);
    }
}

void sim_wire_input(struct sim_conn *conn)
{
    if (conn->state == SIM_CONN_UPGRADE && !conn->finish_when_sent) {
        upgrade(conn);
    }
    if ((conn->state == SIM_CONN_OPEN || conn->state == SIM_CONN_CLOSING) && conn->in.len > 0 &&
        !conn->finish_when_sent) {
        frames(conn);
    }
    if (conn->finish_when_sent) {
        buf_clear(&conn->in);
    }
}

static void queue_frame(struct sim_conn *conn, unsigned opcode, unsigned rsv,
                        struct hawser_slice payload)
{
    uint8_t head[HAWSER_FRAME_HEADER_MAX];
    const struct hawser_frame frame = {
        .payload_len = payload.len, .fin = 1, .rsv = (uint8_t)rsv, .opcode = (uint8_t)opcode};
    size_t len = hawser_frame_encode(&frame, head);
    sim_conn_queue(conn, slice_make(head, len), payload);
}

void sim_wire_frame(struct sim_conn *conn, enum hawser_opcode opcode, struct hawser_slice payload)
{
    queue_frame(conn, opcode, 0, payload);
}

void sim_conn_send(struct sim_conn *conn, struct hawser_slice text)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct buf payload      = {0};
    if (conn->deflater == NULL || ws_deflater_run(conn->deflater, text, &payload, &err) != 0) {
        queue_frame(conn, HAWSER_OPCODE_TEXT, 0, text);
    } else {
        queue_frame(conn, HAWSER_OPCODE_TEXT, RSV1, buf_slice(&payload));
    }
    buf_fini(&payload);
}
