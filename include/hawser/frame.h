/*
 * WebSocket frames as plain values (RFC 6455 5.2): the codec that libhawser itself uses.
 */
#ifndef HAWSER_FRAME_H
#define HAWSER_FRAME_H

#include "hawser/base.h"
#include "hawser/error.h"

#ifdef __cplusplus
extern "C" {
#endif

enum hawser_opcode {
    HAWSER_OPCODE_CONTINUATION = 0x0,
    HAWSER_OPCODE_TEXT         = 0x1,
    HAWSER_OPCODE_BINARY       = 0x2,
    HAWSER_OPCODE_CLOSE        = 0x8,
    HAWSER_OPCODE_PING         = 0x9,
    HAWSER_OPCODE_PONG         = 0xa
};

/** Close codes, RFC 6455 7.4.1 and the IANA registry. */
enum hawser_close_code {
    HAWSER_CLOSE_NORMAL           = 1000,
    HAWSER_CLOSE_GOING_AWAY       = 1001,
    HAWSER_CLOSE_PROTOCOL_ERROR   = 1002,
    HAWSER_CLOSE_UNSUPPORTED_DATA = 1003,
    HAWSER_CLOSE_NO_STATUS        = 1005, /* never on the wire */
    HAWSER_CLOSE_ABNORMAL         = 1006, /* never on the wire */
    HAWSER_CLOSE_INVALID_PAYLOAD  = 1007,
    HAWSER_CLOSE_POLICY_VIOLATION = 1008,
    HAWSER_CLOSE_TOO_BIG          = 1009,
    HAWSER_CLOSE_EXTENSION        = 1010,
    HAWSER_CLOSE_INTERNAL_ERROR   = 1011,
    HAWSER_CLOSE_SERVICE_RESTART  = 1012,
    HAWSER_CLOSE_TRY_AGAIN_LATER  = 1013,
    HAWSER_CLOSE_BAD_GATEWAY      = 1014,
    HAWSER_CLOSE_TLS_HANDSHAKE    = 1015 /* never on the wire */
};

#define HAWSER_FRAME_HEADER_MAX 14u

/** A frame's header. */
struct hawser_frame {
    uint64_t payload_len; /* [bytes] */
    uint8_t fin;          /* 1: last frame of its message */
    uint8_t rsv;          /* RSV1 = 4, RSV2 = 2, RSV3 = 1 */
    uint8_t opcode;       /* enum hawser_opcode */
    uint8_t masked;
    uint8_t mask[4];
};
HAWSER_NO_TAIL_PADDING(struct hawser_frame, mask);

/**
 * Decode one frame header from the front of a buffer. Hot.
 *
 * @param in    borrowed for the call; may hold part of a header
 * @param max   largest payload accepted [bytes]
 * @param out   filled when the result is > 0
 * @return      bytes used (2-14); 0: more are needed; -1: see err
 * @error       WS_CLOSE_PROTOCOL: reserved opcode, control frame over 125 bytes or fragmented,
 * length not minimal or with the top bit set; WS_CLOSE_TOO_BIG: payload over max. RSV bits are the
 * caller's to judge (extensions).
 * @source      RFC 6455 5.2, 5.5
 */
HAWSER_EXPORT int hawser_frame_decode(struct hawser_slice in, uint64_t max,
                                      struct hawser_frame *out,
                                      struct hawser_error *err) HAWSER_MUST_CHECK;

/**
 * Encode a frame header in its shortest form.
 *
 * @param frame  borrowed; `mask` is used where `masked` is 1
 * @param out    at least HAWSER_FRAME_HEADER_MAX bytes
 * @return       bytes written (2-14); 0: the header is not valid (see hawser_frame_is_valid)
 * @source       RFC 6455 5.2
 */
HAWSER_EXPORT size_t hawser_frame_encode(const struct hawser_frame *frame, uint8_t *out);

/**
 * May this header be sent? Known opcode, control frames whole and at most 125 bytes, length below
 * 2^63.
 * @return 1 or 0
 */
HAWSER_EXPORT int hawser_frame_is_valid(const struct hawser_frame *frame);

/**
 * XOR a payload with a masking key, in place (RFC 6455 5.3). Hot.
 * @param offset  position of bytes[0] in the payload: the key is rotated to it
 */
HAWSER_EXPORT void hawser_frame_mask(uint8_t *bytes, size_t len, const uint8_t mask[4],
                                     size_t offset);

#ifdef __cplusplus
}
#endif
#endif
