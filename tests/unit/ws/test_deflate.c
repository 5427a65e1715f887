/*
 * ws/deflate.c against zlib itself: payloads of every kind of compressor, windows that are kept to,
 * bounds on what comes out.
 */
#include "ws/deflate.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/slice.h"
#include "support/suite.h"
#include "unit/ws/feed.h"

#define MESSAGE_BYTES 40000u /* more than the largest window */
#define FEW           7u

static struct hawser_error err;

/* Text that repeats itself near and far, and noise in between. */
static uint8_t *make_message(size_t len)
{
    uint32_t seed  = 1;
    uint8_t *bytes = malloc(len + 1);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] =
            (i / 500) % 3 == 0 ? (uint8_t)(seed >> 24) : (uint8_t) "{\"price\":12345.5,"[i % 17];
    }
    return bytes;
}

struct compressor {
    int level;
    int strategy;
    int window_bits;
    int memory_level;
    int flush;
};

static const struct compressor COMPRESSORS[] = {
    {0, Z_DEFAULT_STRATEGY, 15, 8, Z_SYNC_FLUSH}, {1, Z_DEFAULT_STRATEGY, 15, 1, Z_SYNC_FLUSH},
    {6, Z_DEFAULT_STRATEGY, 15, 8, Z_SYNC_FLUSH}, {9, Z_DEFAULT_STRATEGY, 15, 9, Z_SYNC_FLUSH},
    {6, Z_DEFAULT_STRATEGY, 9, 8, Z_SYNC_FLUSH},  {6, Z_FIXED, 15, 8, Z_SYNC_FLUSH},
    {6, Z_HUFFMAN_ONLY, 15, 8, Z_SYNC_FLUSH},     {6, Z_RLE, 12, 8, Z_SYNC_FLUSH},
    {6, Z_FILTERED, 15, 8, Z_SYNC_FLUSH},         {6, Z_DEFAULT_STRATEGY, 15, 8, Z_FULL_FLUSH},
    {9, Z_DEFAULT_STRATEGY, 15, 1, Z_FULL_FLUSH}, {6, Z_DEFAULT_STRATEGY, 15, 8, Z_FINISH},
    {0, Z_DEFAULT_STRATEGY, 15, 8, Z_FINISH},     {6, Z_FIXED, 15, 8, Z_FINISH},
};

/* What a peer sends for a message (RFC 7692 7.2.1), with a flush after each `piece` bytes. */
static void compress_as(z_stream *stream, const struct compressor *as, struct hawser_slice message,
                        size_t piece, struct buf *out)
{
    do {
        size_t part       = message.len < piece ? message.len : piece;
        int is_last       = part == message.len;
        stream->next_in   = (Bytef *)(uintptr_t)message.data;
        stream->avail_in  = (uInt)part;
        size_t room       = deflateBound(stream, (uLong)part) + 64;
        stream->next_out  = buf_reserve(out, room);
        stream->avail_out = (uInt)room;
        int rc            = deflate(stream, is_last ? as->flush : Z_SYNC_FLUSH);
        ck_assert(rc == (is_last && as->flush == Z_FINISH ? Z_STREAM_END : Z_OK));
        buf_commit(out, room - stream->avail_out);
        message = slice_skip(message, part);
    } while (message.len > 0);
    if (as->flush == Z_FINISH) {
        ck_assert_int_eq(buf_append(out, "", 1), 0);
        ck_assert_int_eq(deflateReset(stream), Z_OK);
    } else {
        out->len -= 4;
    }
}

static void check_read_back(struct ws_inflater *inflater, struct hawser_slice payload, size_t step,
                            struct hawser_slice expected)
{
    struct buf out = {0};
    for (; payload.len > 0;
         payload = slice_skip(payload, payload.len < step ? payload.len : step)) {
        size_t part = payload.len < step ? payload.len : step;
        ck_assert_msg(ws_inflater_feed(inflater, slice_make(payload.data, part), &out, &err) == 0,
                      "%s", err.message);
    }
    ck_assert_msg(ws_inflater_finish(inflater, &out, &err) == 0, "%s", err.message);
    ck_assert(slice_equal(buf_slice(&out), expected));
    buf_fini(&out);
}

START_TEST(payloads_of_every_compressor_are_read)
{
    static const size_t PIECES[] = {100, 16384, MESSAGE_BYTES};
    const struct compressor *as  = &COMPRESSORS[_i];
    uint8_t *message             = make_message(MESSAGE_BYTES);
    struct ws_inflater *inflater = ws_inflater_create(15, 0, MESSAGE_BYTES, &err);
    z_stream stream              = {0};
    ck_assert_int_eq(deflateInit2(&stream, as->level, Z_DEFLATED, -as->window_bits,
                                  as->memory_level, as->strategy),
                     Z_OK);
    for (size_t i = 0; i < 9; i++) {
        size_t len                 = i % 3 == 0 ? MESSAGE_BYTES : i * 37 % 200 + 1;
        struct hawser_slice wanted = slice_make(message + i * 11 % 200, len - i * 11 % 200 % len);
        struct buf payload         = {0};
        compress_as(&stream, as, wanted, PIECES[i / 3], &payload);
        check_read_back(inflater, buf_slice(&payload), i % 2 == 0 ? 3 : 1000, wanted);
        buf_fini(&payload);
    }
    (void)deflateEnd(&stream);
    ws_inflater_destroy(inflater);
    free(message);
}
END_TEST

/* Output of a few bytes at a time leaves zlib nothing to refer to but its window. */
static void inflate_within(z_stream *stream, struct hawser_slice payload, struct buf *out)
{
    static uint8_t tail[4]        = {0x00, 0x00, 0xff, 0xff};
    struct hawser_slice inputs[2] = {payload, slice_make(tail, sizeof(tail))};
    for (size_t i = 0; i < 2; i++) {
        stream->next_in  = (Bytef *)(uintptr_t)inputs[i].data;
        stream->avail_in = (uInt)inputs[i].len;
        do {
            stream->next_out  = buf_reserve(out, FEW);
            stream->avail_out = FEW;
            int rc            = inflate(stream, Z_SYNC_FLUSH);
            ck_assert_msg(rc == Z_OK || rc == Z_BUF_ERROR, "%s", stream->msg);
            buf_commit(out, FEW - stream->avail_out);
        } while (stream->avail_in > 0 || stream->avail_out == 0);
    }
}

START_TEST(what_we_compress_keeps_to_the_window_that_was_agreed_on)
{
    unsigned bits                = (unsigned)_i;
    uint8_t *message             = make_message(MESSAGE_BYTES);
    struct ws_deflater *deflater = ws_deflater_create(bits, 0, &err);
    struct ws_inflater *inflater = ws_inflater_create(bits, 0, MESSAGE_BYTES, &err);
    z_stream stream              = {0};
    ck_assert_int_eq(inflateInit2(&stream, -(int)bits), Z_OK);
    for (size_t i = 0; i < 3; i++) {
        struct hawser_slice wanted = slice_make(message, i % 2 == 0 ? 600 : MESSAGE_BYTES);
        struct buf payload         = {0};
        struct buf read            = {0};
        ck_assert_int_eq(ws_deflater_run(deflater, wanted, &payload, &err), 0);
        ck_assert(bits == 8 || payload.len < wanted.len);
        inflate_within(&stream, buf_slice(&payload), &read);
        ck_assert(slice_equal(buf_slice(&read), wanted));
        check_read_back(inflater, buf_slice(&payload), 100, wanted);
        buf_fini(&payload);
        buf_fini(&read);
    }
    (void)inflateEnd(&stream);
    ws_inflater_destroy(inflater);
    ws_deflater_destroy(deflater);
    free(message);
}
END_TEST

START_TEST(each_message_stands_alone_without_context_takeover)
{
    static const char TEXT[] = "the same text, which would be a reference with context takeover";
    struct ws_deflater *deflater = ws_deflater_create(15, _i, &err);
    struct buf payloads[2]       = {{0}, {0}};
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(ws_deflater_run(deflater, slice_of(TEXT), &payloads[i], &err), 0);
    }
    ck_assert_int_eq(payloads[0].len == payloads[1].len, _i);
    ws_deflater_destroy(deflater);
    buf_fini(&payloads[0]);
    buf_fini(&payloads[1]);
}
END_TEST

START_TEST(after_forgetting_nothing_refers_to_what_was_not_sent)
{
    static const char TEXT[]     = "a message of which the peer will see every second copy alone";
    struct ws_deflater *deflater = ws_deflater_create(15, 0, &err);
    struct ws_inflater *inflater = ws_inflater_create(15, 0, 1000, &err);
    ws_deflater_forget(deflater); /* before the first one too */
    for (size_t i = 0; i < 6; i++) {
        struct buf payload = {0};
        ck_assert_int_eq(ws_deflater_run(deflater, slice_of(TEXT), &payload, &err), 0);
        if (i % 2 == 0) {
            ws_deflater_forget(deflater);
        } else {
            check_read_back(inflater, buf_slice(&payload), 7, slice_of(TEXT));
        }
        buf_fini(&payload);
    }
    ws_inflater_destroy(inflater);
    ws_deflater_destroy(deflater);
}
END_TEST

START_TEST(an_empty_message_is_one_byte_however_often_it_comes)
{
    struct ws_deflater *deflater = ws_deflater_create(15, _i, &err);
    struct ws_inflater *inflater = ws_inflater_create(15, _i, 0, &err);
    for (size_t i = 0; i < 3; i++) {
        struct buf payload = {0};
        ck_assert_int_eq(ws_deflater_run(deflater, slice_make(NULL, 0), &payload, &err), 0);
        ck_assert_uint_eq(payload.len, 1);
        check_read_back(inflater, buf_slice(&payload), 1, slice_make(NULL, 0));
        buf_fini(&payload);
    }
    ws_inflater_destroy(inflater);
    ws_deflater_destroy(deflater);
}
END_TEST

/* `count` zeros in one compressed text frame. */
static void make_bomb(size_t count, struct buf *wire)
{
    static const struct compressor BEST = {9, Z_DEFAULT_STRATEGY, 15, 9, Z_SYNC_FLUSH};
    z_stream stream                     = {0};
    struct buf payload                  = {0};
    uint8_t *zeros                      = calloc(count, 1);
    ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
    compress_as(&stream, &BEST, slice_make(zeros, count), count, &payload);
    feed_frame(wire, 0xc1, NULL, buf_data(&payload), payload.len);
    (void)deflateEnd(&stream);
    buf_fini(&payload);
    free(zeros);
}

START_TEST(a_bomb_is_refused_as_soon_as_it_passes_the_limit)
{
    struct ws_reader_options options = {
        .role = WS_CLIENT, .max_message_bytes = 100000, .inflate_window_bits = 15};
    struct buf bomb = {0};
    struct feed feed;
    make_bomb(32u << 20, &bomb);
    feed_init_options(&feed, &options);
    for (size_t at = 0; feed.result == 0 && at + 10 < bomb.len; at += 10) {
        (void)feed_bytes(&feed, buf_data(&bomb) + at, 10);
    }
    ck_assert_str_eq(feed_said(&feed), "error=1009 ");
    ck_assert_ptr_nonnull(strstr(feed.err.message, "100000"));
    ck_assert_uint_lt(feed.fed, 200);
    feed_fini(&feed);
    feed_init_options(&feed, &options);
    ck_assert_int_eq(feed_bytes(&feed, buf_data(&bomb), bomb.len), -1);
    ck_assert_str_eq(feed_said(&feed), "error=1009 ");
    feed_fini(&feed);
    buf_fini(&bomb);
}
END_TEST

START_TEST(a_message_inflates_up_to_the_limit_and_not_a_byte_over_it)
{
    static const size_t LIMITS[]     = {1, 40, 4095, 4096, 65535, 65536, 65537, 200000};
    size_t limit                     = LIMITS[_i];
    struct ws_reader_options options = {
        .role = WS_CLIENT, .max_message_bytes = limit, .inflate_window_bits = 15};
    for (size_t over = 0; over < 2; over++) {
        struct buf wire = {0};
        struct feed feed;
        make_bomb(limit + over, &wire);
        feed_init_options(&feed, &options);
        ck_assert_int_eq(feed_bytes(&feed, buf_data(&wire), wire.len), over ? -1 : 0);
        ck_assert_int_eq(feed.err.code == HAWSER_WS_CLOSE_TOO_BIG, over != 0);
        feed_fini(&feed);
        buf_fini(&wire);
    }
}
END_TEST

START_TEST(noise_of_the_largest_size_may_be_longer_compressed_than_not)
{
    static const struct compressor FIXED = {6, Z_FIXED, 15, 8, Z_SYNC_FLUSH};
    const size_t size                    = 30000;
    uint32_t seed                        = 7;
    uint8_t *noise                       = malloc(size);
    struct ws_reader_options options     = {
            .role = WS_CLIENT, .max_message_bytes = size, .inflate_window_bits = 15};
    z_stream stream    = {0};
    struct buf payload = {0};
    struct buf wire    = {0};
    struct feed feed;
    ck_assert_ptr_nonnull(noise);
    for (size_t i = 0; i < size; i++) {
        seed     = seed * 1664525u + 1013904223u;
        noise[i] = (uint8_t)(seed >> 24 | 0x90);
    }
    ck_assert_int_eq(deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_FIXED), Z_OK);
    compress_as(&stream, &FIXED, slice_make(noise, size), size, &payload);
    (void)deflateEnd(&stream);
    feed_frame(&wire, 0xc2, NULL, buf_data(&payload), payload.len);
    ck_assert_uint_gt(payload.len, size);
    feed_init_options(&feed, &options);
    ck_assert_int_eq(feed_bytes(&feed, buf_data(&wire), wire.len), 0);
    ck_assert_int_eq(strncmp(feed_said(&feed), "binary(30000)=", 14), 0);
    feed_fini(&feed);
    buf_fini(&payload);
    buf_fini(&wire);
    free(noise);
}
END_TEST

START_TEST(compressed_bytes_that_make_nothing_have_a_bound_as_well)
{
    static const uint8_t NOTHING[]   = {0x00, 0x00, 0x00, 0xff, 0xff};
    struct ws_reader_options options = {
        .role = WS_CLIENT, .max_message_bytes = 1000, .inflate_window_bits = 15};
    struct buf frame = {0};
    struct feed feed;
    feed_init_options(&feed, &options);
    feed_frame(&frame, 0x41, NULL, NOTHING, sizeof(NOTHING));
    ck_assert_int_eq(feed_bytes(&feed, buf_data(&frame), frame.len), 0);
    buf_clear(&frame);
    feed_frame(&frame, 0x00, NULL, NOTHING, sizeof(NOTHING));
    size_t count = 1;
    while (count < 1000 && feed_bytes(&feed, buf_data(&frame), frame.len) == 0) {
        count++;
    }
    ck_assert_str_eq(feed_said(&feed), "error=1009 ");
    ck_assert_uint_lt(count, 500);
    feed_fini(&feed);
    buf_fini(&frame);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("deflate");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, payloads_of_every_compressor_are_read, 0,
                        sizeof(COMPRESSORS) / sizeof(COMPRESSORS[0]));
    tcase_add_loop_test(cases, what_we_compress_keeps_to_the_window_that_was_agreed_on, 8, 16);
    tcase_add_loop_test(cases, each_message_stands_alone_without_context_takeover, 0, 2);
    tcase_add_test(cases, after_forgetting_nothing_refers_to_what_was_not_sent);
    tcase_add_loop_test(cases, an_empty_message_is_one_byte_however_often_it_comes, 0, 2);
    tcase_add_test(cases, a_bomb_is_refused_as_soon_as_it_passes_the_limit);
    tcase_add_loop_test(cases, a_message_inflates_up_to_the_limit_and_not_a_byte_over_it, 0, 8);
    tcase_add_test(cases, noise_of_the_largest_size_may_be_longer_compressed_than_not);
    tcase_add_test(cases, compressed_bytes_that_make_nothing_have_a_bound_as_well);
    return suite_run("ws/deflate", cases);
}
