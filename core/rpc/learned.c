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

static void learn(struct rpc_scanner *scanner, struct hawser_slice bytes,
                  const struct hawser_envelope *envelope);

_Thread_local struct rpc_early rpc_early;

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

/* Is what lies between the two one value, no more and no less? */
static __attribute__((noinline)) int is_other_value(struct hawser_slice bytes, const char *at,
                                                    const char *end)
{
    struct rpc_walk walk = {at, bytes.data + bytes.len};
    struct hawser_slice value;
    return rpc_skip_value(&walk, bytes, 2, &value) == 0 && value.data == at && walk.at == end;
}

static inline int is_value(struct hawser_slice bytes, const char *at, const char *end)
{
    struct rpc_skip skip = {bytes, at, RPC_DEPTH_MAX - 2};
    return *at == '{' || *at == '[' ? rpc_skip_is_whole(&skip, end)
                                    : is_other_value(bytes, at, end);
}

/* Any name. @return its length; SIZE_MAX: none, or one with escapes, which no layout keeps */
static __attribute__((noinline)) size_t long_name(struct hawser_slice bytes, const char *at)
{
    struct rpc_walk walk = {at - 1, bytes.data + bytes.len};
    struct hawser_slice name;
    int escaped;
    return rpc_walk_string(&walk, &name, &escaped) == 0 && !escaped ? name.len : SIZE_MAX;
}

static __attribute__((noinline)) int same_parts(const struct rpc_layout *layout, const char *inner,
                                                const char *tail)
{
    return slice_same_bytes(inner, layout->inner, layout->inner_len) &&
           slice_same_bytes(tail, layout->tail, layout->tail_len);
}

/* The parts between channel and data, and behind them, as two words where that is enough. */
static inline int same_around(const struct rpc_layout *layout, const char *inner, const char *tail)
{
    const char *end = tail + layout->tail_len;
    if (!layout->has_words || end - inner < (ptrdiff_t)sizeof(uint64_t)) {
        return same_parts(layout, inner, tail);
    }
    uint64_t differs = (slice_word(inner) ^ layout->inner_word) & layout->inner_mask;
    return (differs |
            ((slice_word(end - sizeof(uint64_t)) ^ layout->tail_word) & layout->tail_mask)) == 0;
}

static inline __attribute__((always_inline)) int
fits(struct rpc_layout *layout, struct hawser_slice bytes, struct hawser_envelope *out)
{
    const char *name = bytes.data + layout->head_len;
    const char *tail = bytes.data + bytes.len - layout->tail_len;
    if (layout->head_len == 0 || bytes.len < layout->least_len ||
        !slice_same_bytes(bytes.data, layout->head, layout->head_len)) {
        return 0;
    }
    size_t len =
        bytes.len - layout->least_len > RPC_WALK_LOOK ? rpc_walk_look(name) : RPC_WALK_LOOK;
    if (len == RPC_WALK_LOOK) {
        len = long_name(bytes, name);
    }
    if (len >= bytes.len - layout->least_len) {
        return 0;
    }
    const char *inner = name + len + 1;
    const char *data  = inner + layout->inner_len;
    if (!same_around(layout, inner, tail)) {
        return 0;
    }
    rpc_early_tell(slice_make(name, len));
    if (!is_value(bytes, data, tail)) {
        return 0;
    }
    fill(layout, bytes, out);
    out->channel.data = name; /* by halves: see fill */
    out->channel.len  = len;
    out->data.data    = data;
    out->data.len     = (size_t)(tail - data);
    layout->uses_left = PASSED_OVER_MAX;
    return 1;
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

/* Not inlined: gcc would work out again and again where the layout of a thread's own scanner is. */
static __attribute__((noinline)) int scan_with(struct rpc_scanner *scanner,
                                               struct rpc_layout *layout, struct hawser_slice bytes,
                                               struct hawser_envelope *out)
{
    return fits(layout, bytes, out) ? 0 : scan_unusual(scanner, bytes, out);
}

int rpc_scanner_scan(struct rpc_scanner *scanner, struct hawser_slice bytes,
                     struct hawser_envelope *out)
{
    return scan_with(scanner, &scanner->layouts[scanner->last], bytes, out);
}

int rpc_scan(struct hawser_slice bytes, struct hawser_envelope *out)
{
    static _Thread_local struct rpc_scanner scanner;
    return rpc_scanner_scan(&scanner, bytes, out);
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

/* What a word holds of `part` where it stands at the word's start, or at its end. */
static void learn_word(const char *part, size_t len, size_t at, uint64_t *word, uint64_t *mask)
{
    char bytes[sizeof(*word)] = {0};
    char kept[sizeof(*mask)]  = {0};
    memcpy(bytes + at, part, len);
    memset(kept + at, 0xff, len);
    memcpy(word, bytes, sizeof(*word));
    memcpy(mask, kept, sizeof(*mask));
}

static void learn_words(struct rpc_layout *layout)
{
    size_t size = sizeof(layout->tail_word);
    if (layout->inner_len > size || layout->tail_len > size) {
        return;
    }
    learn_word(layout->inner, layout->inner_len, 0, &layout->inner_word, &layout->inner_mask);
    learn_word(layout->tail, layout->tail_len, size - layout->tail_len, &layout->tail_word,
               &layout->tail_mask);
    layout->has_words = 1;
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
    *layout            = (struct rpc_layout){
                   .head_len      = (uint8_t)(envelope->channel.data - start),
                   .inner_len     = (uint8_t)(envelope->data.data - inner),
                   .tail_len      = (uint8_t)(end - tail),
                   .params_at     = (uint8_t)(params - start),
                   .behind_params = (uint8_t)(end - (params + envelope->params.len)),
                   .flags         = envelope->flags,
                   .least_len     = (uint16_t)(bytes.len - envelope->data.len - envelope->channel.len)};
    if ((envelope->flags & HAWSER_ENVELOPE_HAS_METHOD) != 0) {
        layout->method_at  = (uint8_t)(envelope->method.data - start);
        layout->method_len = (uint8_t)envelope->method.len;
    }
    memcpy(layout->head, start, layout->head_len);
    memcpy(layout->inner, inner, layout->inner_len);
    memcpy(layout->tail, tail, layout->tail_len);
    learn_words(layout);
}
