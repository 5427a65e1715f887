/*
 * The session's one link: dials it, hears what it says, takes it down. A link has a number
 * (session->attempt); when it goes, the number goes with it.
 */
#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "base/slice.h"
#include "hawser/adapter.h"
#include "rpc/scan.h"
#include "session/object.h"
#include "session/slot.h"

#define SELF(arg) OBJ_CAST(struct session, arg, SESSION_MAGIC)

static void on_phase(void *arg, enum ws_phase phase)
{
    struct session *session = SELF(arg);
    switch (phase) {
    case WS_PHASE_CONNECTING:
        session_post(session, SESSION_CONNECTING);
        break;
    case WS_PHASE_TLS:
        session_post(session, SESSION_SECURING);
        break;
    case WS_PHASE_UPGRADING:
        session_report_certificate(session);
        session_post(session, SESSION_UPGRADING);
        break;
    case WS_PHASE_OPEN:
        session->opened_at = clock_monotonic();
        session->epoch++;
        session_beat_begin(session);
        session_stale_begin(session);
        session_emit(session, HAWSER_EVENT_CONNECTION_START,
                     session->opened_at - session->dialled_at, 0, session->url.host);
        session_post(session, SESSION_OPENED);
        break;
    case WS_PHASE_RESOLVING: /* the session is there since it dialled */
    case WS_PHASE_CLOSING:
    case WS_PHASE_CLOSED:
        break;
    }
    session_drain(session);
}

/* Counted by two adds; an event only where a sink wants one for each message. Not inlined, like the
 * others beside on_message: what they need to remember would be saved for each message. */
static __attribute__((noinline)) void report_received(const struct session *session, size_t bytes)
{
    struct telemetry_writer *writer = session->env.telemetry;
    telemetry_count(session->received_cell, 1);
    telemetry_count(session->bytes_cell, (int64_t)bytes);
    if (telemetry_wants(writer, HAWSER_EVENT_MESSAGE_RECEIVED)) {
        telemetry_announce(writer, HAWSER_EVENT_MESSAGE_RECEIVED, session->options.name, NULL,
                           (int64_t)bytes, 0);
    }
}

static void expect_channel(void *arg, struct hawser_slice channel)
{
    struct session *session = arg;
    wanted_expect(&session->wanted, channel);
}

/* What the message that was handled set going. @return 1: its link is gone */
static __attribute__((noinline)) int settle(struct session *session)
{
    const struct ws_conn *conn = session->conn; /* only what follows may take it down */
    session->unsettled         = 0;
    if (session->told_secret) { /* it would lie in the buffer until others are written over it */
        session->told_secret = 0;
        explicit_bzero((void *)(uintptr_t)session->message.bytes.data, session->message.bytes.len);
    }
    if (session->queued > 0) {
        session_drain(session);
    }
    return session->conn != conn || conn == NULL;
}

static inline void hand_on(struct session *session)
{
    session->depth++;
    session->env.adapter->message(session->adapter, &session->message);
    session->depth--;
}

static __attribute__((noinline)) int hand_on_heedfully(struct session *session)
{
    if (session->env.telemetry != NULL) { /* else the cells are ones that all threads share */
        report_received(session, session->message.bytes.len);
    }
    if (session->options.beat_answer != NULL &&
        session_beat_answers(session, session->message.bytes)) {
        return 0;
    }
    uint64_t before = watch_enter(session->env.subject, WATCH_MESSAGE);
    hand_on(session);
    watch_leave(before);
    return session->unsettled ? settle(session) : 0;
}

/* What is told of it stands in the session: it is the same for all that one read brought, but for
 * the bytes. */
static int on_message(void *arg, enum hawser_opcode opcode, struct hawser_slice bytes)
{
    struct session *session = arg; /* on_activity, which the read began with, looked at it */
    session->message.bytes  = bytes;
    session->message.binary =
        (uint32_t)opcode - HAWSER_OPCODE_TEXT; /* 1 and 2: nothing else comes */
    session->messages++;
    session->last_message_ns = session->message.received_ns;
    if (session->heeds) {
        return hand_on_heedfully(session);
    }
    hand_on(session);
    return session->unsettled ? settle(session) : 0;
}

void session_message_is_secret(struct session *session)
{
    session->told_secret = 1;
    session->unsettled   = 1;
}

static void on_activity(void *arg, size_t bytes)
{
    struct session *session = SELF(arg);
    session->bytes += bytes;
    session->heard_ns            = clock_realtime();
    session->message.received_ns = session->heard_ns;
    heartbeat_heard(&session->beat, clock_monotonic());
    session->heeds = session->env.telemetry != NULL || session->options.beat_answer != NULL ||
                     watch_caller.thread != NULL;
    rpc_early = (struct rpc_early){expect_channel, session};
}

static void on_pong(void *arg, struct hawser_slice payload)
{
    session_ponged(SELF(arg), payload);
}

static void on_close_frame(void *arg, uint16_t code, struct hawser_slice reason)
{
    struct session *session = SELF(arg);
    if (session->env.close_frame != NULL) {
        session->env.close_frame(session->env.arg, code, reason);
    }
}

static void on_writable(void *arg)
{
    struct session *session              = SELF(arg);
    const struct hawser_adapter *adapter = session->env.adapter;
    if (session->told_open && HAWSER_HAS(adapter, writable)) {
        uint64_t before = session_enter(session, WATCH_WRITABLE);
        adapter->writable(session->adapter);
        session_exit(session, before);
    }
    if (session->env.writable != NULL) {
        session->env.writable(session->env.arg);
    }
}

static void on_ended(void *arg, const struct hawser_error *why, int clean)
{
    struct session *session = SELF(arg);
    session->ended_cleanly  = clean != 0;
    session_post_failure(session, why, clean);
    session_drain(session);
}

static const struct ws_handler HANDLER = {
    .phase       = on_phase,
    .message     = on_message,
    .pong        = on_pong,
    .activity    = on_activity,
    .close_frame = on_close_frame,
    .writable    = on_writable,
    .ended       = on_ended,
};

void session_link_dial(struct session *session)
{
    const struct session_options *options = &session->options;
    struct ws_options link                = {
                       .url               = &urls_current(&session->urls)->url,
                       .tls               = session->tls,
                       .headers           = options->headers,
                       .subprotocols      = options->subprotocols,
                       .path              = &session->path,
                       .max_message_bytes = options->max_message_bytes,
                       .max_queued_bytes  = options->max_queued_bytes,
                       .compression       = options->compression,
                       .text_unchecked    = options->text_unchecked,
    };
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (session_turn_wait_ms(session) > 0) {
        session_post(session, SESSION_HELD);
        return;
    }
    session_turn_used(session);
    session->dialled_at      = clock_monotonic();
    session->opened_at       = 0;
    session->next_attempt_ns = 0;
    session->attempt++;
    session->dials++;
    session->leaving       = 0;
    session->ended_cleanly = 0;
    if (session_take_proxy_login(session, &err) == 0) {
        session->conn = ws_conn_create(session->env.loop, &link, &HANDLER, session, &err);
    }
    if (session->conn == NULL) {
        session_post_failure(session, &err, 0);
    }
}

static void tell_adapter(struct session *session, const struct hawser_error *why)
{
    const struct hawser_adapter *adapter = session->env.adapter;
    struct hawser_error left             = HAWSER_ERROR_INIT;
    error_set(&left, HAWSER_WS_CLOSED, "the session leaves");
    if (session->told_open && HAWSER_HAS(adapter, disconnected)) {
        uint64_t before = session_enter(session, WATCH_DISCONNECTED);
        adapter->disconnected(session->adapter, why == NULL ? &left : why);
        session_exit(session, before);
    }
    session->told_open = 0;
}

static void tell_outputs(struct session *session, const struct hawser_error *why)
{
    struct hawser_record closed = {
        .since_ns = session->heard_ns,
        .reason   = slice_of(why == NULL ? "left" : "connection"),
        .message  = slice_of(why == NULL ? "the session was closed" : why->message),
    };
    session_record_event(session, HAWSER_RECORD_CLOSED, &closed);
    session_emit(session, HAWSER_EVENT_CONNECTION_STOP, clock_monotonic() - session->opened_at,
                 why == NULL ? 0 : why->code, session->url.host);
}

void session_link_drop(struct session *session, const struct hawser_error *why)
{
    if (session->conn == NULL) {
        return;
    }
    session->dropping = 1;
    if (rpc_early.arg == session) {
        rpc_early = (struct rpc_early){NULL, NULL};
    }
    if (session->opened_at != 0) {
        (void)snprintf(session->break_message, sizeof(session->break_message), "%s",
                       why == NULL ? "the session left" : why->message);
    }
    for (size_t i = SESSION_TIMER_BEAT; i < SESSION_TIMER_COUNT; i++) {
        session_timer_stop(session, (enum session_timer)i);
    }
    ws_conn_destroy(session->conn);
    session->conn     = NULL;
    session->restored = 0;
    session->pump_due = 0;
    session->renewing = 0;
    session->answers  = 0;
    session_requests_lost(session, why);
    tell_adapter(session, why);
    session_channels_lost(session);
    if (session->opened_at != 0) {
        tell_outputs(session, why);
    }
    session->attempt++;
    session->dropping = 0;
}

int session_link_is_open(const struct session *session)
{
    return session->conn != NULL && session->opened_at != 0 && !session->leaving;
}

int session_send(struct session *session, enum hawser_opcode opcode, struct hawser_slice bytes,
                 struct hawser_error *err)
{
    if (!session_link_is_open(session)) {
        error_set(err, HAWSER_WS_NOT_OPEN, "session %s is %s; nothing was sent", session->label,
                  session_state_name(session->state));
        return -1;
    }
    if (ws_conn_send(session->conn, opcode, bytes, err) != 0) {
        return -1;
    }
    session_report_sent(session, bytes.len);
    return 0;
}

size_t session_unsent_bytes(const struct session *session)
{
    return session->conn == NULL ? 0 : ws_conn_queued(session->conn);
}
