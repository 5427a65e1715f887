/*
 * What conn.c (from dial to open, and the end) and transfer.c (while it is open) share of a
 * connection.
 */
#ifndef CORE_WS_CONN_IMPL_H
#define CORE_WS_CONN_IMPL_H

#include "base/obj.h"
#include "net/event_struct.h"
#include "net/stream.h"
#include "ws/closing.h"
#include "ws/conn.h"
#include "ws/deflate.h"
#include "ws/handshake.h"
#include "ws/message.h"

#define CONN_MAGIC 0x5753636eu

/* How the connection will end, known before it does: a whole struct hawser_error for each idle
 * connection would be most of its memory. */
struct conn_fate {
    int64_t cause;
    int64_t retry_after_ms;
    uint32_t code;
    uint32_t cause_kind;
    char text[];
};

/* What is needed until it is open. */
struct conn_opening {
    struct ws_options options;
    struct net_dial *dial;
    struct buf request; /* until it is sent; may hold credentials */
    char key[WS_KEY_TEXT_BYTES + 1];
};

/* Ten thousand may be open and silent: what only some need, or all but for a moment, is not in
 * here. */
struct ws_conn {
    OBJ_MAGIC_FIELD;
    enum ws_phase phase;
    struct net_loop *loop;
    const struct ws_handler *handler;
    void *arg;
    struct conn_opening *opening; /* NULL: it is open, or over */
    struct net_stream *stream;
    struct ws_reader
        *reader; /* made when a message comes in parts; NULL: the thread's own serves */
    uint64_t max_message_bytes;
    uint32_t max_fragments;
    uint32_t closing_timeout_ms;
    struct ws_deflater *deflater; /* NULL: permessage-deflate was not agreed on */
    uint8_t *waiting;             /* payload of the one control frame that could not be sent yet */
    struct event *timer;          /* to the end: at once, or at a deadline; NULL: none is due */
    struct conn_fate *fate; /* NULL: not known yet, or, where it is doomed, there was no memory */
    uint32_t unread;        /* bytes that the reader left to come again: of one read buffer */
    uint8_t calls;          /* handler calls under way: the memory outlives them */
    uint8_t waiting_opcode; /* 0: none waits */
    uint8_t waiting_len;
    uint8_t is_doomed;   /* how it will end was said */
    uint8_t pong_queued; /* behind bytes that the kernel did not take yet */
    uint8_t sent_close;
    uint8_t got_close;
    uint8_t deaf; /* what still arrives is dropped: the peer broke the protocol */
    uint8_t text_unchecked;
    uint8_t reads; /* frames: since it is open, to the end */
    uint8_t is_over;
    uint8_t destroyed;
};
_Static_assert(sizeof(struct ws_conn) <= 120, "an idle connection has grown");

/** The end: transport down, `ended` called. From loop callbacks alone. */
void conn_end(struct ws_conn *conn, const struct hawser_error *why);
/** Remember how it will end; the last word counts. */
void conn_doom(struct ws_conn *conn, const struct hawser_error *why);
/** End with the fate, or as a closing handshake that was not answered, when this time is over. */
void conn_end_after(struct ws_conn *conn, int64_t ms);

/** The reader that this connection needs, without compression. */
struct ws_reader_options conn_reader_options(const struct ws_conn *conn);
/** Feed what came while open. @return bytes consumed; the connection may be destroyed */
size_t conn_receive(struct ws_conn *conn, uint8_t *bytes, size_t len);
/** No control frame waits any more. */
void conn_drop_waiting(struct ws_conn *conn);
/** Send the control frame that waits, if one does. */
void conn_send_waiting(struct ws_conn *conn);
/** Send a close frame, or let it wait for room. */
void conn_start_closing(struct ws_conn *conn, uint16_t code, struct hawser_slice reason);
/** Where its reader hands on what it reads. */
struct ws_message_handler conn_message_handler(const struct ws_conn *conn);

#endif
