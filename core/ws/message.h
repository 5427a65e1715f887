/*
 * Frames -> messages, for both roles: fragmentation with control frames in between, compressed
 * messages, UTF-8 checked as it streams, limits, masking rules. No I/O: it is fed bytes and calls
 * back.
 */
#ifndef CORE_WS_MESSAGE_H
#define CORE_WS_MESSAGE_H

#include "base/buf.h"
#include "hawser/frame.h"
#include "net/loop.h"
#include "ws/utf8.h"

enum ws_role {
    WS_CLIENT, /* refuses masked frames */
    WS_SERVER  /* refuses unmasked frames, unmasks in place */
};

struct ws_message_handler {
    /** A whole message; a slice of the fed bytes where it came in one frame. Hot. @param arg
     * message_arg @return 0; 1: stop (the reader was destroyed) */
    int (*message)(void *arg, enum hawser_opcode opcode, struct hawser_slice bytes);
    /** A control frame: CLOSE (payload checked: length, code, UTF-8), PING, PONG. @return 0; 1:
     * stop */
    int (*control)(void *arg, enum hawser_opcode opcode, struct hawser_slice payload);
    void *message_arg; /* NULL: that of `control`, too. So messages need not pass through whoever
                          answers pings. */
};

struct ws_reader; /* the state between two feeds */

struct ws_reader_options {
    enum ws_role role;
    uint64_t max_message_bytes; /* over it: WS_CLOSE_TOO_BIG, before anything is allocated; of
                                   compressed messages the inflated size, as it grows; 0: 16 MiB */
    uint32_t max_fragments;     /* of one message, empty ones too; 0: 131,072 */
    /* permessage-deflate as the peer compresses: 8 to 15, or 0: it was not agreed on */
    uint8_t inflate_window_bits;
    uint8_t inflate_forgets; /* 1: without context takeover */
    uint8_t text_unchecked;  /* 1: text is handed on unread, be it UTF-8 or not */
    struct net_loop *loop;   /* lends memory for gathered messages; NULL: it is the heap's */
};

/** @param handler copied. @return given, or NULL with err set */
struct ws_reader *ws_reader_create(const struct ws_reader_options *options,
                                   const struct ws_message_handler *handler, void *arg,
                                   struct hawser_error *err);
/** NULL is allowed. Safe from the reader's own callbacks, which then return 1; a message that was
 * handed over stays readable until its callback returns. */
void ws_reader_destroy(struct ws_reader *reader);
/**
 * The thread's own reader, for bytes that nothing of a message came before: most connections never
 * need another. One user at a time. Hot.
 * @return to be given back before the next one borrows it; NULL: somebody further up the stack has
 * it
 */
struct ws_reader *ws_reader_borrow(const struct ws_reader_options *options,
                                   const struct ws_message_handler *handler, void *arg);
/**
 * Give it back; what it holds of a message moves to a reader of its own. Hot.
 * @param kept  set to it, given; to NULL where there is nothing to keep. NULL: what it holds goes,
 * too
 * @return 0; -1: err says that there is no memory for it
 */
int ws_reader_give_back(struct ws_reader *reader, struct ws_reader **kept,
                        struct hawser_error *err) HAWSER_MUST_CHECK;
/**
 * Feed bytes. Hot. A message that is whole inside `bytes` is handed on where it lies; else, and
 * where it was compressed, its payload is gathered.
 *
 * After a close frame everything is consumed and ignored (RFC 6455 5.5.1).
 *
 * @param bytes  changed in place where frames are masked, a partial frame at the end too
 * @param used   set to the bytes consumed from the front; the rest (a partial header, or a partial
 * frame that is worth waiting for) must be fed again, as this call left it, with more behind it
 * @return 0; 1: a handler said stop (touch nothing of the reader any more); -1: err says why
 * (WS_CLOSE_PROTOCOL 1002, WS_CLOSE_UTF8 1007, WS_CLOSE_TOO_BIG 1009)
 */
int ws_reader_feed(struct ws_reader *reader, uint8_t *bytes, size_t len, size_t *used,
                   struct hawser_error *err) HAWSER_MUST_CHECK;

#endif
