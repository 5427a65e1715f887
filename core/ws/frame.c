/*
 * Frame headers and masking. See hawser/frame.h and ws/frame.h. What a sequence of frames may look
 * like is message.c's; what RSV bits mean is the extension's.
 */
#include "ws/frame.h"

#include <string.h>

#include "base/error.h"

#define FIN_BIT         0x80u
#define MASK_BIT        0x80u
#define LENGTH_16       126u /* the two lengths that say: the real one follows */
#define LENGTH_64       127u
#define CONTROL_MAX     125u
#define MASK_KEY_BYTES  4u
#define FRAME_LEN_LIMIT (UINT64_C(1) << 63)

static int opcode_is_known(unsigned opcode)
{
    return opcode <= HAWSER_OPCODE_BINARY ||
           (opcode >= HAWSER_OPCODE_CLOSE && opcode <= HAWSER_OPCODE_PONG);
}

/* Judged on the first byte alone, so that a peer is told before it has sent a whole header. */
static int check_first_byte(uint8_t byte, struct hawser_error *err)
{
    unsigned opcode = byte & 0xfu;
    if (!opcode_is_known(opcode)) {
        error_set(err, HAWSER_WS_CLOSE_PROTOCOL, "frame has the reserved opcode 0x%x", opcode);
        return -1;
    }
    if (ws_opcode_is_control(opcode) && (byte & FIN_BIT) == 0) {
        error_set(err, HAWSER_WS_CLOSE_PROTOCOL, "control frame 0x%x is fragmented", opcode);
        return -1;
    }
    return 0;
}

static uint64_t read_big_endian(const uint8_t *at, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

static int check_length(unsigned opcode, unsigned short_len, uint64_t len, uint64_t max,
                        struct hawser_error *err)
{
    if ((short_len == LENGTH_16 && len <= CONTROL_MAX) ||
        (short_len == LENGTH_64 && len <= UINT16_MAX)) {
        error_set(err, HAWSER_WS_CLOSE_PROTOCOL, "frame length %llu is not in its shortest form",
                  (unsigned long long)len);
        return -1;
    }
    if (len >= FRAME_LEN_LIMIT) {
        error_set(err, HAWSER_WS_CLOSE_PROTOCOL, "frame length has its top bit set");
        return -1;
    }
    if (!ws_opcode_is_control(opcode) && len > max) {
        error_set(err, HAWSER_WS_CLOSE_TOO_BIG, "frame of %llu bytes is over the limit of %llu",
                  (unsigned long long)len, (unsigned long long)max);
        return -1;
    }
    return 0;
}

int hawser_frame_decode(struct hawser_slice in, uint64_t max, struct hawser_frame *out,
                        struct hawser_error *err)
{
    const uint8_t *at = (const uint8_t *)in.data;
    if (in.len == 0) {
        return 0;
    }
    if (check_first_byte(at[0], err) != 0) {
        return -1;
    }
    if (in.len < 2) {
        return 0;
    }
    unsigned opcode    = at[0] & 0xfu;
    unsigned short_len = at[1] & 0x7fu;
    if (ws_opcode_is_control(opcode) && short_len > CONTROL_MAX) {
        error_set(err, HAWSER_WS_CLOSE_PROTOCOL, "control frame 0x%x is over 125 bytes", opcode);
        return -1;
    }
    size_t len_bytes = short_len == LENGTH_16 ? 2u : short_len == LENGTH_64 ? 8u : 0u;
    size_t key_bytes = (at[1] & MASK_BIT) != 0 ? MASK_KEY_BYTES : 0u;
    if (in.len < 2 + len_bytes) {
        return 0;
    }
    uint64_t len = len_bytes == 0 ? short_len : read_big_endian(at + 2, len_bytes);
    if (check_length(opcode, short_len, len, max, err) != 0) {
        return -1;
    }
    if (in.len < 2 + len_bytes + key_bytes) {
        return 0;
    }
    *out = (struct hawser_frame){.payload_len = len,
                                 .fin         = at[0] >> 7,
                                 .rsv         = at[0] >> 4 & 7u,
                                 .opcode      = (uint8_t)opcode,
                                 .masked      = key_bytes != 0};
    if (key_bytes != 0) {
        memcpy(out->mask, at + 2 + len_bytes, MASK_KEY_BYTES);
    }
    return (int)(2 + len_bytes + key_bytes);
}

size_t hawser_frame_encode(const struct hawser_frame *frame, uint8_t *out)
{
    if (!hawser_frame_is_valid(frame)) {
        return 0;
    }
    uint64_t len     = frame->payload_len;
    size_t len_bytes = len <= CONTROL_MAX ? 0u : len <= UINT16_MAX ? 2u : 8u;
    uint8_t first    = (uint8_t)(len_bytes == 0 ? len : len_bytes == 2 ? LENGTH_16 : LENGTH_64);
    out[0] = (uint8_t)((frame->fin ? FIN_BIT : 0u) | (unsigned)frame->rsv << 4 | frame->opcode);
    out[1] = (uint8_t)((frame->masked ? MASK_BIT : 0u) | first);
    for (size_t i = 0; i < len_bytes; i++) {
        out[2 + i] = (uint8_t)(len >> 8 * (len_bytes - 1 - i));
    }
    if (!frame->masked) {
        return 2 + len_bytes;
    }
    memcpy(out + 2 + len_bytes, frame->mask, MASK_KEY_BYTES);
    return 2 + len_bytes + MASK_KEY_BYTES;
}

int hawser_frame_is_valid(const struct hawser_frame *frame)
{
    if (!opcode_is_known(frame->opcode) || frame->rsv > 7 ||
        frame->payload_len >= FRAME_LEN_LIMIT) {
        return 0;
    }
    return !ws_opcode_is_control(frame->opcode) ||
           (frame->fin && frame->payload_len <= CONTROL_MAX);
}

void hawser_frame_mask(uint8_t *bytes, size_t len, const uint8_t mask[4], size_t offset)
{
    uint8_t key[8];
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] = mask[(offset + i) & 3u];
    }
    uint64_t key_word;
    memcpy(&key_word, key, sizeof(key_word));
    size_t i = 0;
    for (; len - i >= sizeof(key_word); i += sizeof(key_word)) {
        uint64_t word;
        memcpy(&word, bytes + i, sizeof(word));
        word ^= key_word;
        memcpy(bytes + i, &word, sizeof(word));
    }
    for (; i < len; i++) {
        bytes[i] ^= key[i & 7u];
    }
}

int ws_close_code_is_valid(uint16_t code)
{
    if (code >= 3000) {
        return code <= 4999;
    }
    return code >= HAWSER_CLOSE_NORMAL && code <= HAWSER_CLOSE_BAD_GATEWAY && code != 1004 &&
           code != HAWSER_CLOSE_NO_STATUS && code != HAWSER_CLOSE_ABNORMAL;
}
