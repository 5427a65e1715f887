/*
 * permessage-deflate: any compressed payload, whole and in splits, must be read the same and stay
 * within its bound; any message must come back from our own compressor; any header value must be
 * judged without a fault. Input: a byte for the way and parameters, a seed for the splits, then the
 * bytes.
 */
#include "ws/deflate.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "ws/deflate_offer.h"

#define MAX_BYTES 70000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int truth)
{
    if (!truth) {
        abort();
    }
}

static size_t next_split(uint32_t *seed, size_t left)
{
    *seed       = *seed * 1664525u + 1013904223u;
    size_t part = (*seed >> 28) == 0 ? left : (*seed >> 16) % 9;
    return part < left ? part : left;
}

/* Two messages of the same bytes: the second may refer to the first. @return an error's code */
static uint32_t read_twice(struct hawser_slice bytes, unsigned options, uint32_t seed,
                           struct buf *out)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct ws_inflater *inflater =
        ws_inflater_create(8 + (options >> 1 & 7u), (int)(options & 1u), MAX_BYTES, &err);
    int rc = inflater == NULL ? -1 : 0;
    for (int turn = 0; rc == 0 && turn < 2; turn++) {
        struct buf message       = {0};
        struct hawser_slice left = bytes;
        while (rc == 0 && left.len > 0) {
            size_t part = seed == 0 ? left.len : next_split(&seed, left.len);
            rc          = ws_inflater_feed(inflater, slice_make(left.data, part), &message, &err);
            left        = slice_skip(left, part);
        }
        rc = rc == 0 ? ws_inflater_finish(inflater, &message, &err) : rc;
        must((rc == -1) == (err.code != 0));
        must(message.len <= MAX_BYTES || err.code == HAWSER_WS_CLOSE_TOO_BIG);
        if (rc == 0) {
            must(buf_append(out, &message.len, sizeof(message.len)) == 0);
            must(buf_append_slice(out, buf_slice(&message)) == 0);
        }
        buf_fini(&message);
    }
    ws_inflater_destroy(inflater);
    return err.code;
}

static void fuzz_inflate(struct hawser_slice bytes, unsigned options, uint32_t seed)
{
    struct buf whole  = {0};
    struct buf pieces = {0};
    uint32_t first    = read_twice(bytes, options, 0, &whole);
    uint32_t second   = read_twice(bytes, options, seed, &pieces);
    must(first == second && slice_equal(buf_slice(&whole), buf_slice(&pieces)));
    buf_fini(&whole);
    buf_fini(&pieces);
}

static void fuzz_both_ways(struct hawser_slice bytes, unsigned options, uint32_t seed)
{
    struct hawser_error err      = HAWSER_ERROR_INIT;
    unsigned bits                = 8 + (options >> 1 & 7u);
    int forgets                  = (int)(options & 1u);
    struct ws_deflater *deflater = ws_deflater_create(bits, forgets, &err);
    struct ws_inflater *inflater = ws_inflater_create(bits, forgets, bytes.len, &err);
    for (int turn = 0; deflater != NULL && inflater != NULL && turn < 3; turn++) {
        size_t len            = turn == 0 ? bytes.len : next_split(&seed, bytes.len);
        struct buf compressed = {0};
        struct buf message    = {0};
        must(ws_deflater_run(deflater, slice_make(bytes.data, len), &compressed, &err) == 0);
        must(ws_inflater_feed(inflater, buf_slice(&compressed), &message, &err) == 0);
        must(ws_inflater_finish(inflater, &message, &err) == 0);
        must(slice_equal(buf_slice(&message), slice_make(bytes.data, len)));
        if ((seed & 1u) != 0) {
            ws_deflater_forget(deflater);
        }
        buf_fini(&compressed);
        buf_fini(&message);
    }
    ws_deflater_destroy(deflater);
    ws_inflater_destroy(inflater);
}

static int is_agreed(const struct ws_deflate_params *agreed)
{
    return agreed->server_max_window_bits >= 8 && agreed->server_max_window_bits <= 15 &&
           agreed->client_max_window_bits >= 8 && agreed->client_max_window_bits <= 15;
}

static void fuzz_header(struct hawser_slice value, unsigned options)
{
    struct hawser_error err               = HAWSER_ERROR_INIT;
    const struct ws_deflate_params wished = {options & 1u, options >> 1 & 1u,
                                             (uint8_t)((options & 4u) != 0 ? 10 : 0),
                                             (uint8_t)((options & 8u) != 0 ? 12 : 0)};
    struct ws_deflate_params agreed;
    char answer[WS_DEFLATE_OFFER_BYTES];
    int rc = ws_deflate_check(value, &wished, &agreed, &err);
    must((rc == -1) == (err.code != 0) && rc <= 1 && (rc != 1 || is_agreed(&agreed)));
    if (ws_deflate_choose(value, &wished, &agreed, answer)) {
        must(is_agreed(&agreed) && strlen(answer) < sizeof(answer) - 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct hawser_slice bytes = slice_make(data + 2, size - 2);
    uint32_t seed             = data[1] * 2654435761u + 1;
    if (data[0] < 0x80) {
        fuzz_inflate(bytes, data[0], seed);
    } else if (data[0] < 0xc0) {
        fuzz_both_ways(bytes, data[0], seed);
    } else {
        fuzz_header(bytes, data[0]);
    }
    return 0;
}
