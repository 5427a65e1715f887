/*
 * permessage-deflate over zlib. See deflate.h. Our own compressor is small and fast rather than
 * thorough: what we send is short, and each idle connection pays for its windows.
 */
#include "ws/deflate.h"

#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#include "base/error.h"
#include "base/obj.h"
#include "base/slice.h"

#define STEP_MIN_BYTES 4096u
#define STEP_MAX_BYTES (64u * 1024u) /* inflated between two looks at the limit */
#define PART_MAX_BYTES (1u << 30)    /* zlib counts in unsigned int */

/* zlib's smallest window for raw deflate, and the largest of ours: with memory level 5 that makes
 * 38 KB, where zlib's defaults make 268. A smaller window than agreed on is always allowed. */
#define OWN_MIN_BITS     9
#define OWN_MAX_BITS     12
#define OWN_MEMORY_LEVEL 5

static const uint8_t TAIL[4] = {0x00, 0x00, 0xff, 0xff}; /* RFC 7692 7.2.1, 7.2.2 */

struct ws_inflater {
    z_stream stream;
    uint64_t max_bytes;
    uint8_t window_bits;
    uint8_t forgets;
    uint8_t is_ready;   /* the stream holds memory */
    uint8_t has_input;  /* of the message in progress */
    uint8_t final_seen; /* a final block ended with the last byte so far */
};

struct ws_deflater {
    z_stream stream;
    uint8_t window_bits;
    uint8_t forgets;
    uint8_t is_ready;
};

static int no_memory(struct hawser_error *err)
{
    error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for permessage-deflate");
    return -1;
}

struct ws_inflater *ws_inflater_create(unsigned window_bits, int forgets, uint64_t max_bytes,
                                       struct hawser_error *err)
{
    OBJ_ASSERT(window_bits >= WS_DEFLATE_MIN_BITS && window_bits <= WS_DEFLATE_MAX_BITS);
    struct ws_inflater *inflater = calloc(1, sizeof(*inflater));
    if (inflater == NULL) {
        (void)no_memory(err);
        return NULL;
    }
    /* zlib's own compressors used 9 where they were told 8: a larger window reads both. */
    inflater->window_bits = (uint8_t)(window_bits < OWN_MIN_BITS ? OWN_MIN_BITS : window_bits);
    inflater->forgets     = forgets != 0;
    inflater->max_bytes   = max_bytes;
    return inflater;
}

static void release_inflater(struct ws_inflater *inflater)
{
    if (inflater->is_ready) {
        (void)inflateEnd(&inflater->stream);
        inflater->is_ready = 0;
    }
}

void ws_inflater_destroy(struct ws_inflater *inflater)
{
    if (inflater != NULL) {
        release_inflater(inflater);
        free(inflater);
    }
}

static int prepare_inflater(struct ws_inflater *inflater, struct hawser_error *err)
{
    if (inflater->is_ready) {
        return 0;
    }
    inflater->stream = (z_stream){0};
    if (inflateInit2(&inflater->stream, -(int)inflater->window_bits) != Z_OK) {
        return no_memory(err);
    }
    inflater->is_ready = 1;
    return 0;
}

/* One byte over the limit is room enough to see that it is passed. */
static size_t inflate_room(size_t input, size_t have, uint64_t max)
{
    size_t room = input < STEP_MIN_BYTES / 4 ? STEP_MIN_BYTES : STEP_MAX_BYTES;
    return max - have < room ? (size_t)(max - have) + 1 : room;
}

/* A final block ends a DEFLATE stream, but not the message; the next stream may still refer to what
 * went before (RFC 7692 7.2.3.4). */
static int take_stream_end(struct ws_inflater *inflater)
{
    inflater->final_seen = inflater->stream.avail_in == 0;
    return inflateResetKeep(&inflater->stream);
}

static int inflate_step(struct ws_inflater *inflater, struct buf *out, struct hawser_error *err)
{
    z_stream *stream = &inflater->stream;
    size_t room      = inflate_room(stream->avail_in, out->len, inflater->max_bytes);
    uint8_t *to      = buf_reserve(out, room);
    if (to == NULL) {
        return no_memory(err);
    }
    stream->next_out  = to;
    stream->avail_out = (uInt)room;
    int rc            = inflate(stream, Z_SYNC_FLUSH);
    buf_commit(out, room - stream->avail_out);
    if (out->len > inflater->max_bytes) {
        error_set(err, HAWSER_WS_CLOSE_TOO_BIG, "compressed message inflates to over %llu bytes",
                  (unsigned long long)inflater->max_bytes);
        return -1;
    }
    if (rc == Z_STREAM_END) {
        rc = take_stream_end(inflater);
    }
    if (rc == Z_MEM_ERROR) {
        return no_memory(err);
    }
    if (rc != Z_OK && rc != Z_BUF_ERROR) {
        error_set(err, HAWSER_WS_CLOSE_PROTOCOL, "compressed message is damaged: %s",
                  stream->msg != NULL ? stream->msg : zError(rc));
        return -1;
    }
    return 0;
}

static int inflate_part(struct ws_inflater *inflater, const uint8_t *bytes, size_t len,
                        struct buf *out, struct hawser_error *err)
{
    inflater->stream.next_in  = bytes;
    inflater->stream.avail_in = (uInt)len;
    inflater->final_seen      = 0;
    do {
        if (inflate_step(inflater, out, err) != 0) {
            return -1;
        }
    } while (inflater->stream.avail_in > 0 || inflater->stream.avail_out == 0);
    return 0;
}

int ws_inflater_feed(struct ws_inflater *inflater, struct hawser_slice payload, struct buf *out,
                     struct hawser_error *err)
{
    if (payload.len > 0 && prepare_inflater(inflater, err) != 0) {
        return -1;
    }
    while (payload.len > 0) {
        size_t part         = payload.len < PART_MAX_BYTES ? payload.len : PART_MAX_BYTES;
        inflater->has_input = 1;
        if (inflate_part(inflater, (const uint8_t *)payload.data, part, out, err) != 0) {
            return -1;
        }
        payload = slice_skip(payload, part);
    }
    return 0;
}

/* zlib tells in data_type: 128 between two blocks, and the bits that are left of the last byte. */
static int stands_between_blocks(const struct ws_inflater *inflater)
{
    return inflater->stream.data_type == 128 && !inflater->final_seen;
}

int ws_inflater_finish(struct ws_inflater *inflater, struct buf *out, struct hawser_error *err)
{
    /* Peers leave the empty block out behind a final one, and all of it where nothing was to be
     * compressed. */
    if (inflater->has_input && !inflater->final_seen) {
        if (inflate_part(inflater, TAIL, sizeof(TAIL), out, err) != 0) {
            return -1;
        }
        if (!stands_between_blocks(inflater)) {
            error_set(err, HAWSER_WS_CLOSE_PROTOCOL, "compressed message ends within a block");
            return -1;
        }
    }
    inflater->has_input  = 0;
    inflater->final_seen = 0;
    if (inflater->forgets) {
        release_inflater(inflater);
    }
    return 0;
}

struct ws_deflater *ws_deflater_create(unsigned window_bits, int forgets, struct hawser_error *err)
{
    OBJ_ASSERT(window_bits >= WS_DEFLATE_MIN_BITS && window_bits <= WS_DEFLATE_MAX_BITS);
    struct ws_deflater *deflater = calloc(1, sizeof(*deflater));
    if (deflater == NULL) {
        (void)no_memory(err);
        return NULL;
    }
    deflater->window_bits = (uint8_t)window_bits;
    deflater->forgets     = forgets != 0;
    return deflater;
}

static void release_deflater(struct ws_deflater *deflater)
{
    if (deflater->is_ready) {
        (void)deflateEnd(&deflater->stream); /* says that it was busy: it may be */
        deflater->is_ready = 0;
    }
}

void ws_deflater_destroy(struct ws_deflater *deflater)
{
    if (deflater != NULL) {
        release_deflater(deflater);
        free(deflater);
    }
}

/* zlib has no raw window of 8 bits. With 9 and runs alone, no distance is over one. */
static int prepare_deflater(struct ws_deflater *deflater, struct hawser_error *err)
{
    int bits     = deflater->window_bits > OWN_MAX_BITS ? OWN_MAX_BITS : deflater->window_bits;
    int strategy = bits < OWN_MIN_BITS ? Z_RLE : Z_DEFAULT_STRATEGY;
    if (deflater->is_ready) {
        return 0;
    }
    deflater->stream = (z_stream){0};
    if (deflateInit2(&deflater->stream, Z_BEST_SPEED, Z_DEFLATED,
                     -(bits < OWN_MIN_BITS ? OWN_MIN_BITS : bits), OWN_MEMORY_LEVEL,
                     strategy) != Z_OK) {
        return no_memory(err);
    }
    deflater->is_ready = 1;
    return 0;
}

static int deflate_part(struct ws_deflater *deflater, const uint8_t *bytes, size_t len, int flush,
                        struct buf *out)
{
    z_stream *stream = &deflater->stream;
    stream->next_in  = bytes;
    stream->avail_in = (uInt)len;
    do {
        size_t room = stream->avail_in < STEP_MIN_BYTES ? STEP_MIN_BYTES : STEP_MAX_BYTES;
        uint8_t *to = buf_reserve(out, room);
        if (to == NULL) {
            return -1;
        }
        stream->next_out  = to;
        stream->avail_out = (uInt)room;
        (void)deflate(stream, flush); /* Z_BUF_ERROR alone, where there was nothing left to do */
        buf_commit(out, room - stream->avail_out);
    } while (stream->avail_out == 0);
    return 0;
}

int ws_deflater_run(struct ws_deflater *deflater, struct hawser_slice message, struct buf *out,
                    struct hawser_error *err)
{
    static const uint8_t EMPTY[1] = {0x00}; /* RFC 7692 7.2.3.6; zlib does not flush twice */
    const uint8_t *bytes          = (const uint8_t *)message.data;
    size_t left                   = message.len;
    if (left == 0) {
        return buf_append(out, EMPTY, sizeof(EMPTY)) == 0 ? 0 : no_memory(err);
    }
    if (prepare_deflater(deflater, err) != 0) {
        return -1;
    }
    while (left > 0) {
        size_t part = left < PART_MAX_BYTES ? left : PART_MAX_BYTES;
        left -= part;
        if (deflate_part(deflater, bytes, part, left == 0 ? Z_SYNC_FLUSH : Z_NO_FLUSH, out) != 0) {
            release_deflater(deflater);
            return no_memory(err);
        }
        bytes += part;
    }
    OBJ_ASSERT(out->len > sizeof(TAIL) &&
               memcmp(buf_data(out) + out->len - sizeof(TAIL), TAIL, sizeof(TAIL)) == 0);
    out->len -= sizeof(TAIL);
    if (deflater->forgets) {
        release_deflater(deflater);
    }
    return 0;
}

void ws_deflater_forget(struct ws_deflater *deflater)
{
    if (deflater->is_ready) {
        (void)deflateReset(&deflater->stream); /* fails only on a stream that is none */
    }
}
