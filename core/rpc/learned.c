/*
 * Messages by the layout of those before. See learned.h. Why the result is that of the general
 * scan: the walk over the head ends in the same state as when it was learned, since it is the same
 * bytes; so does that over a plain string in place of a plain string, over one value in place of
 * another, and over inner part and tail. So it accepts, with the same members at the same places.
 */
#include "rpc/learned.h"

#include <string.h>

#include "base/slice.h"
#include "rpc/envelope.h"
#include "rpc/scan.h"
#include "rpc/skip.h"

#define PASSED_OVER_MAX 8u

#define WANTED (HAWSER_ENVELOPE_HAS_CHANNEL | HAWSER_ENVELOPE_HAS_DATA)

static inline int fits(struct rpc_layout *layout, struct hawser_slice bytes,
                       struct hawser_envelope *out);
static void learn(struct rpc_scanner *scanner, struct hawser_slice bytes,
                  const struct hawser_envelope *envelope);

_Thread_local struct rpc_early rpc_early;

int rpc_scan(struct hawser_slice bytes, struct hawser_envelope *out)
{
    static _Thread_local struct rpc_scanner scanner;
    return rpc_scanner_scan(&scanner, bytes, out);
}

/* Not inlined, so that the usual way is short. */
static __attribute__((noinline)) int
scan_unusual(struct rpc_scanner *scanner, struct hawser_slice bytes, struct hawser_envelope *out)
{
    for (unsigned i = 1; i < RPC_LAYOUTS; i++) {
        unsigned at = (scanner->last + i) % RPC_LAYOUTS;
        if (fits(&scanner->layouts[at], bytes, out)) {
            scanner->last = at;
            return 0;
        }
    }
    if (rpc_scan_general(bytes, out) != 0) {
        return -1;
    }
    learn(scanner, bytes, out);
    return 0;
}

int rpc_scanner_scan(struct rpc_scanner *scanner, struct hawser_slice bytes,
                     struct hawser_envelope *out)
{
    return fits(&scanner->layouts[scanner->last], bytes, out) ? 0
                                                              : scan_unusual(scanner, bytes, out);
}

/* What the layout knows. Member by member: a struct that is made elsewhere and copied here would be
 * read in larger pieces than it was just written in, and a processor waits long for that. */
static inline void fill(const struct rpc_layout *layout, struct hawser_slice bytes,
                        struct hawser_envelope *out)
{
    rpc_envelope_clear(out);
    out->method.data = layout->method_len > 0 ? bytes.data + layout->method_at : NULL;
    out->method.len  = layout->method_len;
    out->params.data = bytes.data + layout->params_at;
    out->params.len  = bytes.len - layout->params_at - layout->behind_params;
    out->flags       = layout->flags;
}

/* Is what lies between the walk and `end` one value, no more and no less? */
static inline int is_value(struct hawser_slice bytes, const struct rpc_walk *walk, const char *end)
{
    char c = *walk->at;
    if (c == '{' || c == '[') {
        struct rpc_skip skip = {bytes, walk->at, RPC_DEPTH_MAX - 2};
        return rpc_skip_is_whole(&skip, end);
    }
    struct rpc_walk other = *walk;
    struct hawser_slice value;
    return rpc_skip_value(&other, bytes, 2, &value) == 0 && value.data == walk->at &&
           other.at == end;
}

static inline int fits(struct rpc_layout *layout, struct hawser_slice bytes,
                       struct hawser_envelope *out)
{
    size_t head = layout->head_len;
    if (head == 0 || bytes.len < head + layout->inner_len + layout->tail_len ||
        !slice_same_bytes(bytes.data, layout->head, head)) {
        return 0;
    }
    const char *end      = bytes.data + bytes.len;
    struct rpc_walk walk = {bytes.data + head - 1, end};
    struct hawser_slice channel;
    int escaped;
    if (rpc_walk_string(&walk, &channel, &escaped) != 0 || escaped ||
        (size_t)(end - walk.at) < layout->inner_len ||
        !slice_same_bytes(walk.at, layout->inner, layout->inner_len)) {
        return 0;
    }
    walk.at += layout->inner_len;
    const char *tail = end - layout->tail_len;
    rpc_early_tell(channel);
    if (tail <= walk.at || !slice_same_bytes(tail, layout->tail, layout->tail_len) ||
        !is_value(bytes, &walk, tail)) {
        return 0;
    }
    fill(layout, bytes, out);
    out->channel.data = channel.data; /* by halves: see fill */
    out->channel.len  = channel.len;
    out->data.data    = walk.at;
    out->data.len     = (size_t)(tail - walk.at);
    layout->uses_left = PASSED_OVER_MAX;
    return 1;
}

/* One place at a time is offered; a layout that is used holds its place against kinds of message
 * that never come twice. */
static struct rpc_layout *take_place(struct rpc_scanner *scanner)
{
    struct rpc_layout *layout = &scanner->layouts[scanner->victim];
    scanner->victim           = (scanner->victim + 1) % RPC_LAYOUTS;
    if (layout->uses_left > 0) {
        layout->uses_left--;
        return NULL;
    }
    return layout;
}

/* Anything whose place or presence depends on more than the layout keeps is left to the general
 * scan. An empty method is too: it has a place, and no layout keeps that of nothing. */
static int is_plain(const struct hawser_envelope *envelope, struct hawser_slice bytes)
{
    const char *head_end = envelope->channel.data;
    if ((envelope->flags & ~(uint32_t)HAWSER_ENVELOPE_HAS_METHOD) != WANTED ||
        head_end > envelope->data.data || envelope->params.data > head_end) {
        return 0;
    }
    if ((envelope->flags & HAWSER_ENVELOPE_HAS_METHOD) != 0 &&
        (envelope->method.len == 0 || envelope->method.data > head_end)) {
        return 0;
    }
    const char *channel_end = head_end + envelope->channel.len + 1;
    const char *data_end    = envelope->data.data + envelope->data.len;
    return head_end - bytes.data <= RPC_LAYOUT_HEAD_MAX &&
           envelope->data.data - channel_end <= RPC_LAYOUT_INNER_MAX &&
           bytes.data + bytes.len - data_end <= RPC_LAYOUT_TAIL_MAX;
}

static void learn(struct rpc_scanner *scanner, struct hawser_slice bytes,
                  const struct hawser_envelope *envelope)
{
    struct rpc_layout *layout = is_plain(envelope, bytes) ? take_place(scanner) : NULL;
    if (layout == NULL) {
        return;
    }
    const char *start  = bytes.data;
    const char *end    = start + bytes.len;
    const char *inner  = envelope->channel.data + envelope->channel.len + 1;
    const char *tail   = envelope->data.data + envelope->data.len;
    const char *params = envelope->params.data;
    *layout            = (struct rpc_layout){.head_len      = (uint8_t)(envelope->channel.data - start),
                                             .inner_len     = (uint8_t)(envelope->data.data - inner),
                                             .tail_len      = (uint8_t)(end - tail),
                                             .params_at     = (uint8_t)(params - start),
                                             .behind_params = (uint8_t)(end - (params + envelope->params.len)),
                                             .flags         = envelope->flags};
    if ((envelope->flags & HAWSER_ENVELOPE_HAS_METHOD) != 0) {
        layout->method_at  = (uint8_t)(envelope->method.data - start);
        layout->method_len = (uint8_t)envelope->method.len;
    }
    memcpy(layout->head, start, layout->head_len);
    memcpy(layout->inner, inner, layout->inner_len);
    memcpy(layout->tail, tail, layout->tail_len);
}
