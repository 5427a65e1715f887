/*
 * One WebSocket connection as a client: dial, opening handshake, messages, closing handshake. It
 * never reconnects; the session does. Deadlines of the phases up to open are the session's too; the
 * closing handshake has one of its own.
 */
#ifndef CORE_WS_CONN_H
#define CORE_WS_CONN_H

#include "hawser/error.h"
#include "hawser/frame.h"
#include "net/dial.h"
#include "net/loop.h"
#include "ws/deflate_offer.h"

enum ws_phase {
    WS_PHASE_RESOLVING,
    WS_PHASE_CONNECTING,
    WS_PHASE_TLS,
    WS_PHASE_UPGRADING,
    WS_PHASE_OPEN,
    WS_PHASE_CLOSING,
    WS_PHASE_CLOSED
};

/** Zero-initialised is valid but for the url. Pointers are borrowed until the connection is
 * destroyed. */
struct ws_options {
    const struct net_url *url;
    struct net_tls *tls;              /* needed for wss */
    const char *const *headers;       /* "Name: value", NULL-terminated; NULL: none */
    const char *subprotocols;         /* "a, b"; NULL: none */
    const struct net_path *path;      /* NULL: straight, from any address */
    uint64_t max_message_bytes;       /* 0: 16 MiB */
    size_t max_queued_bytes;          /* 0: 4 MiB */
    uint32_t max_fragments;           /* 0: 131,072 */
    int64_t closing_timeout_ms;       /* 0: 2000 */
    uint32_t compression;             /* 1: offer permessage-deflate */
    uint32_t text_unchecked;          /* 1: text is handed on unread, be it UTF-8 or not */
    struct ws_deflate_params deflate; /* what is offered then; zero: all that it may be */
};

struct ws_conn;

/** All may destroy the connection, except where they run inside a call of the connection's own
 * functions: none do. */
struct ws_handler {
    /** A phase begins (UPGRADING and before; then OPEN). May be NULL. */
    void (*phase)(void *arg, enum ws_phase phase);
    /** A whole message. Hot. Text is valid UTF-8, unless text_unchecked. @param bytes borrowed for
     * the call @return 0; 1: the connection was destroyed in it */
    int (*message)(void *arg, enum hawser_opcode opcode, struct hawser_slice bytes);
    /** A pong arrived. May be NULL. */
    void (*pong)(void *arg, struct hawser_slice payload);
    /** Any bytes arrived: the transport is alive. Hot. May be NULL. */
    void (*activity)(void *arg, size_t bytes);
    /** The server's close frame arrived (its answer goes out by itself). May be NULL. @param code
     * 1005: it gave none */
    void (*close_frame)(void *arg, uint16_t code, struct hawser_slice reason);
    /** While it is open: the send queue is low again after something was queued or refused (see
     * stream.h). May be NULL. */
    void (*writable)(void *arg);
    /**
     * The end, exactly once, whatever the way. Destroy the connection after it (or in it).
     * @param why    WS_CLOSED with the close code as cause; WS_REFUSED, WS_UNAUTHORIZED,
     * WS_TOO_MANY with the HTTP status; NET_*, TLS_* ...
     * @param clean  1: both close frames were exchanged
     */
    void (*ended)(void *arg, const struct hawser_error *why, int clean);
};

/** @param handler borrowed until the connection is destroyed. @return given; NULL with err set
 * (CONF_DIRECTIVE: a header that may not be sent). Handler calls come from the loop, never from
 * inside this call (but the first phase). */
struct ws_conn *ws_conn_create(struct net_loop *loop, const struct ws_options *options,
                               const struct ws_handler *handler, void *arg,
                               struct hawser_error *err);
/** At once, without a close handshake; `ended` is not called. NULL is allowed. Safe from callbacks.
 */
void ws_conn_destroy(struct ws_conn *conn);

/** @param opcode TEXT, BINARY. @return 0, or -1: WS_NOT_OPEN, NET_QUEUE_FULL, SYSTEM_LIMIT (larger
 * than the queue), WS_CLOSE_UTF8 (text that is not UTF-8) */
int ws_conn_send(struct ws_conn *conn, enum hawser_opcode opcode, struct hawser_slice bytes,
                 struct hawser_error *err) HAWSER_MUST_CHECK;
/** @param payload at most 125 bytes */
int ws_conn_ping(struct ws_conn *conn, struct hawser_slice payload,
                 struct hawser_error *err) HAWSER_MUST_CHECK;
/** Start the closing handshake; `ended` follows. Messages may still come until the server's close
 * frame. Before OPEN: ends at once (from the loop). Twice is harmless. @param reason UTF-8 or NULL;
 * cut to 123 bytes */
void ws_conn_close(struct ws_conn *conn, uint16_t code, const char *reason);
enum ws_phase ws_conn_phase(const struct ws_conn *conn);
/** Bytes queued and not yet taken by the kernel. */
size_t ws_conn_queued(const struct ws_conn *conn);

#endif
