/*
 * permessage-deflate's two directions (RFC 7692 7.2): messages to compressed payloads and back. No
 * memory but the object itself is held before the first message. What was agreed on is
 * deflate_offer.h's.
 */
#ifndef CORE_WS_DEFLATE_H
#define CORE_WS_DEFLATE_H

#include "base/buf.h"
#include "hawser/error.h"

#define WS_DEFLATE_MIN_BITS 8u
#define WS_DEFLATE_MAX_BITS 15u

struct ws_inflater;
struct ws_deflater;

/**
 * @param window_bits  8 to 15: the peer's
 * @param forgets      1: the peer starts each message afresh (no context takeover); nothing is held
 *                     between messages then
 * @param max_bytes    of a message when inflated
 * @return given, or NULL with err set
 */
struct ws_inflater *ws_inflater_create(unsigned window_bits, int forgets, uint64_t max_bytes,
                                       struct hawser_error *err);
/** NULL is allowed. */
void ws_inflater_destroy(struct ws_inflater *inflater);
/**
 * Inflate the next bytes of a message's payload, frame by frame or in any split.
 *
 * @param out  the message so far and nothing else: what comes is appended. One byte over max_bytes
 *             is refused before another step is inflated
 * @return     0, or -1: WS_CLOSE_TOO_BIG, WS_CLOSE_PROTOCOL (not DEFLATE), SYSTEM_MEMORY; the
 *             inflater is of no use then
 */
int ws_inflater_feed(struct ws_inflater *inflater, struct hawser_slice payload, struct buf *out,
                     struct hawser_error *err) HAWSER_MUST_CHECK;
/** The message's last byte was fed. May append as well. @return as ws_inflater_feed;
 * WS_CLOSE_PROTOCOL where it stops within a block */
int ws_inflater_finish(struct ws_inflater *inflater, struct buf *out,
                       struct hawser_error *err) HAWSER_MUST_CHECK;

/** @param window_bits, forgets  as above, of our own side. @return given, or NULL with err set */
struct ws_deflater *ws_deflater_create(unsigned window_bits, int forgets, struct hawser_error *err);
/** NULL is allowed. */
void ws_deflater_destroy(struct ws_deflater *deflater);
/**
 * Compress one message.
 * @param out  the payload of a frame with RSV1 is appended. Unless the peer gets it, and in this
 *             order, ws_deflater_forget must follow
 * @return     0, or -1: SYSTEM_MEMORY; forgotten already
 */
int ws_deflater_run(struct ws_deflater *deflater, struct hawser_slice message, struct buf *out,
                    struct hawser_error *err) HAWSER_MUST_CHECK;
/** Start afresh: what comes next refers to nothing before it. */
void ws_deflater_forget(struct ws_deflater *deflater);

#endif
