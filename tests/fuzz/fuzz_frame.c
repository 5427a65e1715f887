/*
 * The frame decoder and the message reader: any bytes, as either role, fed whole and in splits that
 * the input chooses, must be read the same. Input: a byte for role and limits, a seed for the
 * splits, then the wire.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ws/closing.h"
#include "ws/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct hearing {
    uint64_t hash; /* of all that was handed on, in order */
    unsigned close_code;
};

static void mix(struct hearing *hearing, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++) {
        hearing->hash = (hearing->hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
}

static int hear(void *arg, enum hawser_opcode opcode, struct hawser_slice bytes)
{
    uint64_t head[2] = {opcode, bytes.len};
    mix(arg, head, sizeof(head));
    mix(arg, bytes.data, bytes.len);
    return 0;
}

static const struct ws_message_handler HANDLER = {.message = hear, .control = hear};

static size_t next_split(uint32_t *seed, size_t left)
{
    *seed       = *seed * 1664525u + 1013904223u;
    size_t part = (*seed >> 28) == 0 ? left : (*seed >> 16) % 9;
    return part < left ? part : left;
}

/* The tail comes again, as the reader left it, in memory of just its size. */
static void feed(uint8_t options_byte, const uint8_t *wire, size_t size, uint32_t seed,
                 struct hearing *out)
{
    struct ws_reader_options options = {.role = (options_byte & 1u) != 0 ? WS_SERVER : WS_CLIENT,
                                        .max_message_bytes =
                                            (options_byte & 2u) != 0 ? 1u << 20 : 40,
                                        .max_fragments       = (options_byte & 4u) != 0 ? 1000 : 3,
                                        .inflate_window_bits = (options_byte & 8u) != 0 ? 15 : 0,
                                        .inflate_forgets     = options_byte >> 4 & 1u,
                                        .text_unchecked      = options_byte >> 5 & 1u};
    struct hawser_error err          = HAWSER_ERROR_INIT;
    struct ws_reader *reader         = ws_reader_create(&options, &HANDLER, out, &err);
    uint8_t *tail                    = NULL;
    size_t tail_len                  = 0;
    int rc                           = 0;
    for (size_t at = 0; reader != NULL && rc == 0 && at < size;) {
        size_t part    = seed == 0 ? size - at : next_split(&seed, size - at);
        uint8_t *bytes = malloc(tail_len + part + 1);
        size_t used    = 0;
        if (bytes == NULL) {
            break;
        }
        if (tail_len > 0) {
            memcpy(bytes, tail, tail_len);
        }
        memcpy(bytes + tail_len, wire + at, part);
        at += part;
        rc = ws_reader_feed(reader, bytes, tail_len + part, &used, &err);
        if (used > tail_len + part || (rc == -1) != (err.code != 0)) {
            abort();
        }
        tail_len = tail_len + part - used;
        memmove(bytes, bytes + used, tail_len);
        free(tail);
        tail = bytes;
    }
    out->close_code = err.code == 0 ? 0 : ws_closing_code(&err);
    free(tail);
    ws_reader_destroy(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hearing whole = {0};
    struct hearing split = {0};
    if (size < 2) {
        return 0;
    }
    feed(data[0], data + 2, size - 2, 0, &whole);
    feed(data[0], data + 2, size - 2, data[1] * 2654435761u + 1, &split);
    if (whole.hash != split.hash || whole.close_code != split.close_code) {
        abort();
    }
    return 0;
}
