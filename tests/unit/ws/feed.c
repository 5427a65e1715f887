/*
 * See feed.h.
 */
#include "unit/ws/feed.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/slice.h"
#include "support/guard.h"
#include "ws/closing.h"

#define SHOWN_BYTES 40u

static uint32_t checksum(struct hawser_slice bytes)
{
    uint32_t sum = 2166136261u;
    for (size_t i = 0; i < bytes.len; i++) {
        sum = (sum ^ (uint8_t)bytes.data[i]) * 16777619u;
    }
    return sum;
}

static int say(struct feed *feed, const char *what, struct hawser_slice bytes)
{
    ck_assert_int_eq(buf_printf(&feed->said, "%s(%zu)=", what, bytes.len), 0);
    if (bytes.len > SHOWN_BYTES) {
        ck_assert_int_eq(buf_printf(&feed->said, "#%08x", checksum(bytes)), 0);
    } else {
        ck_assert_int_eq(buf_append_slice(&feed->said, bytes), 0);
    }
    ck_assert_int_eq(buf_append_text(&feed->said, " "), 0);
    feed->events++;
    if (feed->events != feed->stop_after) {
        return 0;
    }
    ws_reader_destroy(feed->reader);
    feed->reader = NULL;
    (void)checksum(bytes); /* the message must have outlived the reader */
    return 1;
}

static int on_message(void *arg, enum hawser_opcode opcode, struct hawser_slice bytes)
{
    return say(arg, opcode == HAWSER_OPCODE_TEXT ? "text" : "binary", bytes);
}

static int on_control(void *arg, enum hawser_opcode opcode, struct hawser_slice payload)
{
    struct feed *feed = arg;
    if (opcode != HAWSER_OPCODE_CLOSE) {
        return say(feed, opcode == HAWSER_OPCODE_PING ? "ping" : "pong", payload);
    }
    struct ws_closing closing;
    struct hawser_error err = HAWSER_ERROR_INIT;
    char what[16];
    ck_assert_int_eq(ws_closing_parse(payload, &closing, &err), 0);
    (void)snprintf(what, sizeof(what), "close-%u", closing.code);
    return say(feed, what, closing.reason);
}

void feed_init_options(struct feed *feed, const struct ws_reader_options *options)
{
    static const struct ws_message_handler HANDLER = {.message = on_message, .control = on_control};
    *feed                                          = (struct feed){.err = HAWSER_ERROR_INIT};
    feed->reader = ws_reader_create(options, &HANDLER, feed, &feed->err);
    ck_assert_ptr_nonnull(feed->reader);
}

static struct ws_reader_options default_options(enum ws_role role)
{
    return (struct ws_reader_options){
        .role = role, .max_message_bytes = 1u << 20, .max_fragments = 64};
}

void feed_init(struct feed *feed, enum ws_role role)
{
    const struct ws_reader_options options = default_options(role);
    feed_init_options(feed, &options);
}

int feed_bytes(struct feed *feed, const void *bytes, size_t len)
{
    if (feed->result != 0) {
        return feed->result;
    }
    ck_assert_int_eq(buf_append(&feed->tail, bytes, len), 0);
    feed->fed += len;
    struct hawser_slice copy = guard_copy(buf_data(&feed->tail), feed->tail.len);
    uint8_t *at              = (uint8_t *)(uintptr_t)copy.data;
    size_t used              = 0;
    feed->result             = ws_reader_feed(feed->reader, at, copy.len, &used, &feed->err);
    ck_assert_uint_le(used, copy.len);
    ck_assert_int_eq(feed->result == -1, feed->err.code != 0);
    if (feed->result == -1) {
        ck_assert_int_eq(buf_printf(&feed->said, "error=%u ", ws_closing_code(&feed->err)), 0);
    }
    buf_clear(&feed->tail);
    ck_assert_int_eq(buf_append(&feed->tail, at + used, copy.len - used), 0);
    guard_free(copy);
    return feed->result;
}

const char *feed_said(struct feed *feed)
{
    const char *text = buf_text(&feed->said);
    ck_assert_ptr_nonnull(text);
    return text;
}

void feed_fini(struct feed *feed)
{
    ws_reader_destroy(feed->reader);
    buf_fini(&feed->tail);
    buf_fini(&feed->said);
}

static void check_one(const struct ws_reader_options *options, struct hawser_slice bytes,
                      size_t step, size_t first, const char *expected)
{
    const uint8_t *wire = (const uint8_t *)bytes.data;
    size_t len          = bytes.len;
    struct feed feed;
    feed_init_options(&feed, options);
    (void)feed_bytes(&feed, wire, first);
    for (size_t at = first; at < len; at += step) {
        (void)feed_bytes(&feed, wire + at, len - at < step ? len - at : step);
    }
    ck_assert_msg(strcmp(feed_said(&feed), expected) == 0,
                  "split at %zu, step %zu: said \"%s\", expected \"%s\" (%s)", first, step,
                  feed_said(&feed), expected, feed.err.message);
    feed_fini(&feed);
}

void feed_check_options(const struct ws_reader_options *options, const void *wire, size_t len,
                        const char *expected)
{
    struct hawser_slice bytes = slice_make(wire, len);
    check_one(options, bytes, 1, 0, expected);
    for (size_t first = 0; first <= len; first++) {
        check_one(options, bytes, len, first, expected);
    }
}

void feed_check_splits(enum ws_role role, const void *wire, size_t len, const char *expected)
{
    const struct ws_reader_options options = default_options(role);
    feed_check_options(&options, wire, len, expected);
}

void feed_frame(struct buf *wire, unsigned first_byte, const uint8_t *mask, const void *payload,
                size_t len)
{
    struct hawser_frame frame = {.payload_len = len,
                                 .fin         = first_byte >> 7 & 1u,
                                 .rsv         = first_byte >> 4 & 7u,
                                 .opcode      = first_byte & 0xfu,
                                 .masked      = mask != NULL};
    if (mask != NULL) {
        memcpy(frame.mask, mask, sizeof(frame.mask));
    }
    uint8_t header[HAWSER_FRAME_HEADER_MAX];
    size_t header_len = hawser_frame_encode(&frame, header);
    ck_assert_uint_gt(header_len, 0);
    ck_assert_int_eq(buf_append(wire, header, header_len), 0);
    ck_assert_int_eq(buf_append(wire, payload, len), 0);
    if (mask != NULL) {
        hawser_frame_mask(wire->bytes + wire->start + wire->len - len, len, mask, 0);
    }
}
