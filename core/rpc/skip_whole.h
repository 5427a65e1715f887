/*
 * Is this stretch of bytes one array or object? For where the end is expected, so that no bracket
 * has to be looked at by itself: those of many blocks are gathered into one word, and pairs are
 * struck out of it all at once. Next to no branch depends on where brackets stand.
 */
#ifndef CORE_RPC_SKIP_WHOLE_H
#define CORE_RPC_SKIP_WHOLE_H

#include "rpc/skip_walk.h"

/* The brackets so far, without pairs that were struck out: bit 0 is the first. */
struct skip_row {
    uint64_t open;  /* it opens */
    uint64_t curly; /* { or } */
    unsigned count; /* under 64 */
};

/* Bits of a word that stand under a mask, moved together. A constant where it is used. */
typedef uint64_t skip_gather_fn(uint64_t bits, uint64_t mask);

/* Strike out each bracket that opens and the one right behind it that closes, until there is none
 * left. @return 0: all that is left opens; -1: broken */
SKIP_INLINE int skip_strike_out(skip_gather_fn *gather, struct skip_row *row)
{
    for (;;) {
        uint64_t here  = (UINT64_C(1) << row->count) - 1;
        uint64_t pairs = row->open & ~row->open >> 1 & here >> 1;
        if (pairs == 0) {
            return row->open == here ? 0 : -1;
        }
        if ((pairs & (row->curly ^ row->curly >> 1)) != 0) {
            return -1;
        }
        uint64_t keep = here & ~(pairs | pairs << 1);
        row->open     = gather(row->open, keep);
        row->curly    = gather(row->curly, keep);
        row->count    = (unsigned)__builtin_popcountll(keep);
    }
}

/* @return 0; -1: broken, or more open at once than a row holds */
SKIP_INLINE int skip_add_row(skip_gather_fn *gather, struct skip_row *row,
                             const struct skip_bits *bits, uint64_t brackets)
{
    unsigned more = (unsigned)__builtin_popcountll(brackets);
    if (row->count + more >= 64 && (skip_strike_out(gather, row) != 0 || row->count + more >= 64)) {
        return -1;
    }
    row->open |= gather(bits->open, brackets) << row->count;
    row->curly |= gather(bits->curly, brackets) << row->count;
    row->count += more;
    return 0;
}

/* One block of which `used` bytes belong to the stretch. @return the bits of its bytes in strings;
 * *stray gathers backslashes elsewhere */
SKIP_INLINE uint64_t skip_strings_of(const struct skip_ops *ops, struct skip_state *state,
                                     const struct skip_bits *bits, uint64_t *stray)
{
    uint64_t escaped = skip_escaped(state, bits->backslash);
    uint64_t inside  = ops->prefix_xor(bits->quote & ~escaped) ^ state->in_string;
    state->in_string = (uint64_t)0 - (inside >> 63);
    *stray |= bits->backslash & ~inside;
    return inside;
}

/* The first and the last bracket belong together and stay out of the row: else a value and another
 * behind it would pass for one. */
SKIP_INLINE int skip_is_whole(const struct skip_ops *ops, skip_gather_fn *gather,
                              const struct rpc_skip *skip, const char *end)
{
    struct skip_state state = {0};
    struct skip_row row     = {0};
    struct skip_bits bits;
    uint64_t stray  = 0;
    uint64_t first  = 1;
    uint64_t inside = 0;
    const char *at  = skip->at;
    size_t text     = (size_t)(skip->text.data + skip->text.len - at);
    size_t left     = (size_t)(end - at);
    for (; left > SKIP_BLOCK; at += SKIP_BLOCK, left -= SKIP_BLOCK, text -= SKIP_BLOCK) {
        ops->load(at, &bits);
        inside = skip_strings_of(ops, &state, &bits, &stray);
        if (skip_add_row(gather, &row, &bits, (bits.open | bits.close) & ~inside & ~first) != 0) {
            return 0;
        }
        first = 0;
    }
    if (text >= SKIP_BLOCK) {
        ops->load(at, &bits);
    } else {
        skip_load_tail(ops, skip, text, &bits);
    }
    uint64_t last = UINT64_C(1) << (left - 1);
    bits.backslash &= last | (last - 1);
    inside = skip_strings_of(ops, &state, &bits, &stray);
    if (skip_add_row(gather, &row, &bits,
                     (bits.open | bits.close) & ~inside & ~first & (last - 1)) != 0 ||
        skip_strike_out(gather, &row) != 0) {
        return 0;
    }
    return row.count == 0 && stray == 0 && (bits.close & ~inside & last) != 0 &&
           end[-1] == *skip->at + 2; /* in ASCII, both kinds close two behind where they open */
}

#endif
