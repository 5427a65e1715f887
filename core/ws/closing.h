/*
 * Close frames: what stands in them (RFC 6455 5.5.1, 7.4), and what a close code means to the one
 * who was closed.
 */
#ifndef CORE_WS_CLOSING_H
#define CORE_WS_CLOSING_H

#include "base/slice.h"
#include "hawser/error.h"
#include "hawser/frame.h"

#define WS_CLOSING_MAX_BYTES  125u /* of a close frame's payload */
#define WS_CLOSING_MAX_REASON 123u

/** A close frame's payload in parts. */
struct ws_closing {
    uint16_t code;              /* 1005: the frame gave none */
    struct hawser_slice reason; /* UTF-8; borrowed from the payload */
};

/** @return 0, or -1: WS_CLOSE_PROTOCOL (one byte long, code not allowed), WS_CLOSE_UTF8 (reason) */
int ws_closing_parse(struct hawser_slice payload, struct ws_closing *out,
                     struct hawser_error *err) HAWSER_MUST_CHECK;
/**
 * Write a payload. A code that may not stand on the wire (1005 above all) gives the empty one; a
 * long reason is cut, never within a code point; one that is not UTF-8 is left out.
 *
 * @param out  WS_CLOSING_MAX_BYTES
 * @return     bytes written
 */
size_t ws_closing_build(uint16_t code, struct hawser_slice reason, uint8_t *out);
/** What the peer's close means: WS_CLOSED or WS_CLOSED_WRONG, with the code as cause and the reason
 * in the message. */
void ws_closing_explain(const struct ws_closing *closing, struct hawser_error *err);
/** @return the close code that tells a peer of a fault of its own: 1002, 1007, 1009, or 1011 where
 * the fault is ours */
uint16_t ws_closing_code(const struct hawser_error *fault);

#endif
