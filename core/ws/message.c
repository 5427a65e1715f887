/*
 * Frames -> messages. See message.h. Payload is copied only where a message does not lie whole in
 * the fed bytes; what waits there in part has been unmasked and checked up to `ahead` already, so
 * that a bad octet is seen when it arrives and no octet is looked at twice.
 */
#include "ws/message.h"

#include <limits.h>

#include "base/error.h"
#include "base/obj.h"
#include "base/slice.h"
#include "ws/closing.h"
#include "ws/deflate.h"
#include "ws/frame.h"
#include "ws/message_impl.h"

/* A partial frame up to this size waits in the caller's buffer; a larger one is gathered. Must be
 * well under NET_READ_BUFFER_BYTES, so that there is room to read the rest. */
#define WAIT_MAX_BYTES (48u * 1024u)
/* Memory for a gathered payload grows as it arrives: a length alone must not cost any. */
#define GATHER_STEP_BYTES (64u * 1024u)

/* What a peer's compressor may add to a message that does not compress, beside an eighth of it. */
#define COMPRESSED_SLACK_BYTES 1024u

#define FIN  0x80u
#define RSV1 4u /* compressed, on a message's first frame (RFC 7692 6) */

/* What is left of one feed. */
struct window {
    uint8_t *bytes;
    size_t len;
    size_t at;
};

enum { GO_ON, STOPPED, WAIT, FAILED = -1 };

/* The one place that judges RSV bits: an extension that defines one allows it here. */
static int check_rsv(const struct ws_reader *reader, const struct hawser_frame *frame,
                     struct hawser_error *err)
{
    int is_first     = frame->opcode == HAWSER_OPCODE_TEXT || frame->opcode == HAWSER_OPCODE_BINARY;
    unsigned allowed = reader->inflater != NULL && is_first ? RSV1 : 0u;
    if ((frame->rsv & ~allowed) != 0) {
        error_set(err, HAWSER_WS_CLOSE_PROTOCOL,
                  "frame 0x%x has reserved bits %u set, and no extension uses them", frame->opcode,
                  frame->rsv);
        return -1;
    }
    return 0;
}

static int check_header(const struct ws_reader *reader, const struct hawser_frame *frame,
                        struct hawser_error *err)
{
    if (check_rsv(reader, frame, err) != 0) {
        return -1;
    }
    if (frame->masked != (reader->role == WS_SERVER)) {
        error_set(err, HAWSER_WS_CLOSE_PROTOCOL,
                  frame->masked ? "server sent a masked frame" : "client sent an unmasked frame");
        return -1;
    }
    if (ws_opcode_is_control(frame->opcode)) {
        return 0;
    }
    if (frame->opcode == HAWSER_OPCODE_CONTINUATION && reader->opcode == 0) {
        error_set(err, HAWSER_WS_CLOSE_PROTOCOL, "continuation frame with nothing to continue");
        return -1;
    }
    if (frame->opcode != HAWSER_OPCODE_CONTINUATION && reader->opcode != 0) {
        error_set(err, HAWSER_WS_CLOSE_PROTOCOL,
                  "new message before the fragmented one before it was complete");
        return -1;
    }
    if (reader->fragments >= reader->max_fragments) {
        error_set(err, HAWSER_WS_CLOSE_TOO_BIG, "message has more than %u fragments",
                  reader->max_fragments);
        return -1;
    }
    return 0;
}

static int check_text(struct ws_reader *reader, const uint8_t *bytes, size_t len,
                      struct hawser_error *err)
{
    if (ws_utf8_feed(&reader->utf8, bytes, len) != 0) {
        error_set(err, HAWSER_WS_CLOSE_UTF8, "text message is not UTF-8");
        return -1;
    }
    return 0;
}

static int check_text_end(struct ws_reader *reader, struct hawser_error *err)
{
    if (!ws_utf8_is_complete(&reader->utf8)) {
        error_set(err, HAWSER_WS_CLOSE_UTF8, "text message ends within a UTF-8 sequence");
        return -1;
    }
    return 0;
}

static int is_checked(const struct ws_reader *reader, unsigned opcode)
{
    return opcode == HAWSER_OPCODE_TEXT && !reader->text_unchecked;
}

static unsigned message_opcode(const struct ws_reader *reader, const struct hawser_frame *frame)
{
    return frame->opcode != HAWSER_OPCODE_CONTINUATION ? frame->opcode : reader->opcode;
}

static void unmask(const struct hawser_frame *frame, uint8_t *bytes, size_t len, uint64_t from)
{
    if (frame->masked) {
        hawser_frame_mask(bytes, len, frame->mask, (size_t)(from & 3u));
    }
}

/* Unmask and check the bytes at `from` of a frame's payload. */
static int process(struct ws_reader *reader, const struct hawser_frame *frame, uint8_t *bytes,
                   size_t len, uint64_t from, struct hawser_error *err)
{
    unmask(frame, bytes, len, from);
    return is_checked(reader, message_opcode(reader, frame)) ? check_text(reader, bytes, len, err)
                                                             : 0;
}

/* What came out before a fault is judged first: how the bytes were split must not matter.
 * @param payload  data NULL: the message is at its end */
static int add_compressed(struct ws_reader *reader, struct hawser_slice payload,
                          struct hawser_error *err)
{
    struct buf *out = &reader->gathered;
    size_t before   = out->len;
    int rc          = payload.data != NULL ? ws_inflater_feed(reader->inflater, payload, out, err)
                                           : ws_inflater_finish(reader->inflater, out, err);
    if (is_checked(reader, reader->opcode) && out->len > before &&
        check_text(reader, buf_data(out) + before, out->len - before, err) != 0) {
        return -1;
    }
    return rc;
}

static int deliver_gathered(struct ws_reader *reader, struct hawser_error *err)
{
    enum hawser_opcode opcode = (enum hawser_opcode)reader->opcode;
    if ((reader->is_compressed && add_compressed(reader, slice_make(NULL, 0), err) != 0) ||
        (is_checked(reader, opcode) && check_text_end(reader, err) != 0)) {
        return FAILED;
    }
    /* Taken out first: the handler may destroy the reader and still read its message. */
    struct buf message    = reader->gathered;
    struct net_loop *loop = reader->loop;
    buf_init(&reader->gathered, 0);
    reader->opcode           = 0;
    reader->fragments        = 0;
    reader->is_compressed    = 0;
    reader->compressed_bytes = 0;
    int stop = reader->handler.message(reader->message_arg, opcode, buf_slice(&message));
    if (loop != NULL) {
        net_loop_take_back(loop, &message);
    } else {
        buf_fini(&message);
    }
    return stop ? STOPPED : GO_ON;
}

/* Bytes of a frame's payload as they came, unmasked and checked. */
static int add_plain(struct ws_reader *reader, const uint8_t *bytes, size_t len,
                     struct hawser_error *err)
{
    size_t room = len < GATHER_STEP_BYTES ? GATHER_STEP_BYTES : len;
    room        = reader->frame_left < room ? (size_t)reader->frame_left : room;
    if (len > 0 && (buf_reserve(&reader->gathered, room) == NULL ||
                    buf_append(&reader->gathered, bytes, len) != 0)) {
        error_set(err, HAWSER_WS_CLOSE_TOO_BIG, "no memory for a message of over %zu bytes",
                  reader->gathered.len);
        return -1;
    }
    return 0;
}

static int take_part(struct ws_reader *reader, uint8_t *bytes, size_t len, struct hawser_error *err)
{
    uint64_t from = reader->frame.payload_len - reader->frame_left;
    if (reader->is_compressed) {
        unmask(&reader->frame, bytes, len, from);
        return add_compressed(reader, slice_make(bytes, len), err);
    }
    if (process(reader, &reader->frame, bytes, len, from, err) != 0) {
        return -1;
    }
    return add_plain(reader, bytes, len, err);
}

static int gather(struct ws_reader *reader, struct window *in, struct hawser_error *err)
{
    size_t have = in->len - in->at;
    size_t part = reader->frame_left < have ? (size_t)reader->frame_left : have;
    uint8_t *at = in->bytes + in->at;
    if (reader->loop != NULL) {
        net_loop_lend(reader->loop, &reader->gathered);
    }
    if (take_part(reader, at, part, err) != 0) {
        return FAILED;
    }
    in->at += part;
    reader->frame_left -= part;
    if (reader->frame_left > 0) {
        return WAIT;
    }
    return reader->frame.fin ? deliver_gathered(reader, err) : GO_ON;
}

static int start_gathering(struct ws_reader *reader, const struct hawser_frame *frame,
                           struct window *in, size_t header, struct hawser_error *err)
{
    if (frame->opcode != HAWSER_OPCODE_CONTINUATION) {
        reader->opcode        = frame->opcode;
        reader->is_compressed = frame->rsv != 0;
        reader->utf8          = (struct ws_utf8){0};
    }
    reader->fragments++;
    reader->compressed_bytes += reader->is_compressed ? frame->payload_len : 0;
    reader->frame      = *frame;
    reader->frame_left = frame->payload_len;
    in->at += header;
    return gather(reader, in, err);
}

/* A data frame that is a message of its own and whole in the window. Hot. */
static int take_whole(struct ws_reader *reader, const struct hawser_frame *frame, struct window *in,
                      size_t header, struct hawser_error *err)
{
    uint8_t *payload = in->bytes + in->at + header;
    size_t len       = (size_t)frame->payload_len;
    size_t done      = reader->ahead;
    if (done == 0) {
        reader->utf8 = (struct ws_utf8){0};
    }
    OBJ_ASSERT(done <= len);
    reader->ahead = 0;
    if (process(reader, frame, payload + done, len - done, done, err) != 0 ||
        (is_checked(reader, frame->opcode) && check_text_end(reader, err) != 0)) {
        return FAILED;
    }
    in->at += header + len;
    return reader->handler.message(reader->message_arg, (enum hawser_opcode)frame->opcode,
                                   slice_make(payload, len))
               ? STOPPED
               : GO_ON;
}

/* The frame stays in the caller's buffer; what is there of it is looked at now. */
static int look_ahead(struct ws_reader *reader, const struct hawser_frame *frame,
                      const struct window *in, size_t header, struct hawser_error *err)
{
    if (!is_checked(reader, frame->opcode)) {
        return WAIT;
    }
    if (reader->ahead == 0) {
        reader->utf8 = (struct ws_utf8){0};
    }
    size_t have = in->len - in->at - header;
    size_t done = reader->ahead;
    OBJ_ASSERT(done <= have);
    if (process(reader, frame, in->bytes + in->at + header + done, have - done, done, err) != 0) {
        return FAILED;
    }
    reader->ahead = have;
    return WAIT;
}

static int take_control(struct ws_reader *reader, const struct hawser_frame *frame,
                        struct window *in, size_t header, struct hawser_error *err)
{
    uint8_t *payload = in->bytes + in->at + header;
    size_t len       = (size_t)frame->payload_len;
    if (in->len - in->at - header < len) {
        return WAIT;
    }
    if (frame->masked) {
        hawser_frame_mask(payload, len, frame->mask, 0);
    }
    in->at += header + len;
    struct hawser_slice slice = slice_make(payload, len);
    if (frame->opcode == HAWSER_OPCODE_CLOSE) {
        struct ws_closing closing;
        if (ws_closing_parse(slice, &closing, err) != 0) {
            return FAILED;
        }
        reader->closed = 1;
    }
    return reader->handler.control(reader->arg, (enum hawser_opcode)frame->opcode, slice) ? STOPPED
                                                                                          : GO_ON;
}

/* How long the next frame may be. Compressed, a message may be a little longer than inflated. */
static uint64_t frame_room(const struct ws_reader *reader, uint8_t first_byte)
{
    uint64_t max      = reader->max_message_bytes;
    int is_compressed = reader->opcode != 0 ? reader->is_compressed : (first_byte >> 4 & RSV1) != 0;
    if (reader->inflater == NULL || !is_compressed) {
        return max - reader->gathered.len;
    }
    uint64_t slack = max / 8 + COMPRESSED_SLACK_BYTES;
    return (max > UINT64_MAX - slack ? max : max + slack) - reader->compressed_bytes;
}

static int take_frame(struct ws_reader *reader, struct window *in, struct hawser_error *err)
{
    struct hawser_frame frame;
    if (in->at == in->len) {
        return WAIT;
    }
    uint64_t room = frame_room(reader, in->bytes[in->at]);
    int used =
        hawser_frame_decode(slice_make(in->bytes + in->at, in->len - in->at), room, &frame, err);
    if (used <= 0) {
        return used == 0 ? WAIT : FAILED;
    }
    size_t header = (size_t)used;
    if (check_header(reader, &frame, err) != 0) {
        return FAILED;
    }
    if (ws_opcode_is_control(frame.opcode)) {
        return take_control(reader, &frame, in, header, err);
    }
    size_t have = in->len - in->at - header;
    if (!frame.fin || frame.rsv != 0 || reader->opcode != 0) {
        return start_gathering(reader, &frame, in, header, err);
    }
    if (frame.payload_len <= have) {
        return take_whole(reader, &frame, in, header, err);
    }
    return frame.payload_len <= WAIT_MAX_BYTES ? look_ahead(reader, &frame, in, header, err)
                                               : start_gathering(reader, &frame, in, header, err);
}

/* The longest payload that take_plain knows. */
#define PLAIN_MAX_BYTES 0xffffu
#define PLAIN_HEADER    4u

/* The frames that make up nearly all traffic, without the general decoder: unmasked whole data
 * frames with nothing unusual about them, back to back. Anything else, a fault too, is left to
 * take_frame. Hot, and not inlined, so that all of it stays in registers. */
static __attribute__((noinline)) int take_plain(struct ws_reader *reader, struct window *in)
{
    const uint8_t *at      = in->bytes + in->at;
    const uint8_t *end     = in->bytes + in->len;
    const unsigned checked = reader->text_unchecked ? UINT_MAX : 0;
    int rc                 = GO_ON;
    while (at < end - PLAIN_HEADER && rc == GO_ON) {
        unsigned kind          = at[0] - (FIN | HAWSER_OPCODE_TEXT); /* 0: text, 1: binary */
        unsigned len           = at[1];
        const uint8_t *payload = at + 2;
        if (len == 126) {
            len     = (unsigned)at[2] << 8 | at[3];
            payload = at + PLAIN_HEADER;
            if (len < 126) {
                break; /* not in its shortest form */
            }
        } else if (len > 126) {
            break; /* longer, or masked */
        }
        if (kind > 1 || len > (size_t)(end - payload) ||
            (kind == checked && !ws_utf8_is_valid(payload, len))) {
            break;
        }
        at = payload + len;
        rc = reader->handler.message(reader->message_arg,
                                     (enum hawser_opcode)(kind + HAWSER_OPCODE_TEXT),
                                     slice_make(payload, len));
    }
    in->at = (size_t)(at - in->bytes);
    return rc != GO_ON ? STOPPED : GO_ON;
}

static int feed_once(struct ws_reader *reader, struct window *in, struct hawser_error *err)
{
    if (reader->frame_left > 0) {
        return gather(reader, in, err);
    }
    if (reader->opcode == 0 && reader->role == WS_CLIENT && reader->ahead == 0 &&
        reader->max_message_bytes >= PLAIN_MAX_BYTES && in->len - in->at > PLAIN_HEADER &&
        take_plain(reader, in) == STOPPED) {
        return STOPPED;
    }
    return take_frame(reader, in, err);
}

int ws_reader_feed(struct ws_reader *reader, uint8_t *bytes, size_t len, size_t *used,
                   struct hawser_error *err)
{
    struct window in = {bytes, len, 0};
    int rc           = GO_ON;
    while (rc == GO_ON && in.at < in.len) {
        if (reader->closed) {
            in.at = in.len;
            break;
        }
        rc = feed_once(reader, &in, err);
    }
    *used = in.at;
    return rc == WAIT ? GO_ON : rc;
}
