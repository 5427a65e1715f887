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

/* Bits of a word that stand under a mask, moved together. */
typedef uint64_t skip_gather_fn(uint64_t bits, uint64_t mask);

/* Constants where they are used, as those of skip_walk.h. */
struct skip_whole_ops {
    struct skip_ops block;
    uint64_t (*has_backslash)(const char *at); /* not 0: the block has one. Most have none */
    skip_gather_fn *gather;
};

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
        if (keep == 0) {
            *row = (struct skip_row){0};
            return 0;
        }
        row->open  = gather(row->open, keep);
        row->curly = gather(row->curly, keep);
        row->count = (unsigned)__builtin_popcountll(keep);
    }
}

/* A row is full: it is made shorter. @return 0; -1: broken, or more open at once than a row holds
 */
SKIP_INLINE int skip_make_room(skip_gather_fn *gather, struct skip_row *row, unsigned more)
{
    return skip_strike_out(gather, row) == 0 && row->count + more < 64 ? 0 : -1;
}

/* The rare block that has a backslash, or begins behind one. @param used its bytes that belong to
 * the stretch, 1 to 64 @return its quotes that open or close strings */
SKIP_INLINE uint64_t skip_quotes_unescaped(struct skip_state *state, uint64_t quote,
                                           uint64_t backslash, unsigned used)
{
    unsigned behind = SKIP_BLOCK - used;
    return quote & ~(skip_escaped(state, backslash << behind) >> behind);
}

/* One block. @param keep a bit for each of its bytes that count; a bracket may count less, see
 * below @return 0; -1: broken, or not to be told here */
SKIP_INLINE int skip_add_block(const struct skip_whole_ops *ops, struct skip_state *state,
                               struct skip_row *row, const char *at, uint64_t keep, uint64_t first)
{
    struct skip_bits bits;
    ops->block.load(at, &bits);
    uint64_t quote     = bits.quote & keep;
    uint64_t backslash = 0;
    if (__builtin_expect((ops->has_backslash(at) | state->escaped) != 0, 0)) {
        backslash = bits.backslash & keep;
        quote =
            skip_quotes_unescaped(state, quote, backslash, (unsigned)__builtin_popcountll(keep));
    }
    uint64_t inside   = ops->block.prefix_xor(quote) ^ state->in_string;
    uint64_t brackets = (bits.open | bits.close) & keep & ~first & ~inside;
    state->in_string  = (uint64_t)0 - (inside >> 63);
    if (__builtin_expect((backslash & ~inside) != 0, 0)) {
        return -1; /* no JSON has one there */
    }
    unsigned more = (unsigned)__builtin_popcountll(brackets);
    if (__builtin_expect(row->count + more >= 64, 0) &&
        skip_make_room(ops->gather, row, more) != 0) {
        return -1;
    }
    row->open |= ops->gather(bits.open, brackets) << row->count;
    row->curly |= ops->gather(bits.curly, brackets) << row->count;
    row->count += more;
    return 0;
}

/* The block that is not full comes first, so that the others end where the stretch does. The first
 * and the last bracket belong together and stay out of the row: else a value and another behind it
 * would pass for one. The text holds a block from where the stretch begins. */
SKIP_INLINE int skip_is_whole(const struct skip_whole_ops *ops, const struct rpc_skip *skip,
                              const char *end)
{
    struct skip_state state; /* two members of it are of use here */
    struct skip_row row = {0};
    const char *at      = skip->at;
    size_t used         = ((size_t)(end - at) - 1) % SKIP_BLOCK + 1;
    state.in_string     = 0;
    state.escaped       = 0;
    if (end[-1] != *at + 2) {
        return 0; /* in ASCII, both kinds close two behind where they open */
    }
    if (skip_add_block(ops, &state, &row, at, ~UINT64_C(0) >> (SKIP_BLOCK - used), 1) != 0) {
        return 0;
    }
    for (at += used; at != end; at += SKIP_BLOCK) {
        if (skip_add_block(ops, &state, &row, at, ~UINT64_C(0), 0) != 0) {
            return 0;
        }
    }
    if (state.in_string != 0) {
        return 0;
    }
    uint64_t others = (UINT64_C(1) << --row.count) - 1;
    row.open &= others;
    row.curly &= others;
    return skip_strike_out(ops->gather, &row) == 0 && row.count == 0;
}

/* @return 1: skip_is_whole can be asked */
SKIP_INLINE int skip_is_long(const struct rpc_skip *skip)
{
    return skip->text.data + skip->text.len - skip->at >= SKIP_BLOCK;
}

#endif
