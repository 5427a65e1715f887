/*
 * Frames around the messages of a mix. See wire.h.
 */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include "hawser/frame.h"

int wire_init(struct wire *wire, const struct mix *mix, int binary)
{
    wire->bytes = malloc(mix->len + (size_t)MIX_MESSAGES * HAWSER_FRAME_HEADER_MAX);
    if (wire->bytes == NULL) {
        return -1;
    }
    size_t at = 0;
    for (size_t i = 0; i < MIX_MESSAGES; i++) {
        struct hawser_slice message = mix_message(mix, i);
        struct hawser_frame frame   = {.payload_len = message.len, .fin = 1};
        frame.opcode                = binary ? HAWSER_OPCODE_BINARY : HAWSER_OPCODE_TEXT;
        wire->starts[i]             = at;
        at += hawser_frame_encode(&frame, wire->bytes + at);
        memcpy(wire->bytes + at, message.data, message.len);
        const uint8_t *key =
            memmem(wire->bytes + at, message.len, MIX_STAMP_KEY, sizeof(MIX_STAMP_KEY) - 1);
        wire->stamps[i] = key == NULL ? 0 : (size_t)(key - wire->bytes) + sizeof(MIX_STAMP_KEY) - 1;
        at += message.len;
    }
    wire->starts[MIX_MESSAGES] = at;
    return 0;
}

void wire_fini(struct wire *wire)
{
    free(wire->bytes);
    wire->bytes = NULL;
}

void wire_stamp(struct wire *wire, size_t i, int64_t now_ns)
{
    if (wire->stamps[i] == 0) {
        return;
    }
    for (size_t digit = MIX_STAMP; digit > 0; digit--) {
        wire->bytes[wire->stamps[i] + digit - 1] = (uint8_t)('0' + now_ns % 10);
        now_ns /= 10;
    }
}
