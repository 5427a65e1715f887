/*
 * The walk of skip.h over blocks of 64 bytes, one bit a byte. How a block becomes bits is the
 * includer's: one source file for each set of instructions, so that all of them share this logic.
 */
#ifndef CORE_RPC_SKIP_WALK_H
#define CORE_RPC_SKIP_WALK_H

#include <stdint.h>
#include <string.h>

#include "rpc/skip.h"
#include "rpc/walk.h"

#define SKIP_BLOCK 64

/* Without it the walk would be one function for all, compiled for the oldest machine. */
#define SKIP_INLINE static inline __attribute__((always_inline))

/* Bit i stands for byte i of a block. */
struct skip_bits {
    uint64_t quote;
    uint64_t backslash;
    uint64_t open;  /* [ { */
    uint64_t close; /* ] } */
    uint64_t curly; /* of the brackets: { } */
};

/* What differs between sets of instructions. Constants where they are used, so nothing is called.
 */
struct skip_ops {
    void (*load)(const char *at, struct skip_bits *bits);
    uint64_t (*prefix_xor)(uint64_t bits); /* bit i of the result: parity of bits 0 to i */
};

struct skip_state {
    uint64_t in_string; /* all ones: the block before ended inside a string */
    uint64_t escaped;   /* 1: it ended with a backslash that escapes the first byte of this one */
    uint64_t kinds;     /* bit 0: the innermost container is an object, bit 1 the next one out */
    unsigned depth;
    unsigned depth_max;
    uint64_t spilled[RPC_DEPTH_MAX / 64]; /* kinds of 64 levels each, outermost first */
};

/* prefix_xor where no instruction does it. */
SKIP_INLINE uint64_t skip_prefix_xor(uint64_t bits)
{
    for (unsigned distance = 1; distance < 64; distance *= 2) {
        bits ^= bits << distance;
    }
    return bits;
}

/* A byte is escaped where the run of backslashes in front of it is odd. Runs that start at odd
 * places are carried over by an addition, the others are odd where their end is. */
SKIP_INLINE uint64_t skip_escaped(struct skip_state *state, uint64_t backslash)
{
    const uint64_t even = UINT64_C(0x5555555555555555);
    uint64_t carry      = state->escaped;
    if (backslash == 0) {
        state->escaped = 0;
        return carry;
    }
    backslash &= ~carry;
    uint64_t follows    = backslash << 1 | carry;
    uint64_t odd_starts = backslash & ~even & ~follows;
    uint64_t even_runs  = odd_starts + backslash;
    state->escaped      = even_runs < backslash;
    return (even ^ (even_runs << 1)) & follows;
}

SKIP_INLINE int skip_open(struct skip_state *state, uint64_t curly)
{
    if (state->depth == state->depth_max) {
        return -1;
    }
    if (state->depth > 0 && state->depth % 64 == 0) {
        state->spilled[state->depth / 64 - 1] = state->kinds;
    }
    state->kinds = state->kinds << 1 | curly;
    state->depth++;
    return 0;
}

SKIP_INLINE int skip_close(struct skip_state *state, uint64_t curly)
{
    if ((state->kinds & 1) != curly) {
        return -1;
    }
    state->kinds >>= 1;
    state->depth--;
    if (state->depth > 0 && state->depth % 64 == 0) {
        state->kinds = state->spilled[state->depth / 64 - 1];
    }
    return 0;
}

/* @return 1: the container ends at bit *end; 0: it goes on; -1: broken. A bracket that closes right
 * behind the one that opens, by far the most common pair, leaves the stack alone. */
SKIP_INLINE int skip_brackets(struct skip_state *state, const struct skip_bits *bits,
                              uint64_t outside, unsigned *end)
{
    uint64_t left = (bits->open | bits->close) & outside;
    while (left != 0) {
        unsigned at    = (unsigned)__builtin_ctzll(left);
        uint64_t curly = bits->curly >> at & 1;
        left &= left - 1;
        if ((bits->open >> at & 1) == 0) {
            if (skip_close(state, curly) != 0) {
                return -1;
            }
            if (state->depth == 0) {
                *end = at;
                return 1;
            }
            continue;
        }
        unsigned next = (unsigned)__builtin_ctzll(left | UINT64_C(1) << 63);
        if (state->depth > 0 && state->depth < state->depth_max && left != 0 &&
            (bits->close >> next & 1) != 0) {
            if ((bits->curly >> next & 1) != curly) {
                return -1;
            }
            left &= left - 1;
        } else if (skip_open(state, curly) != 0) {
            return -1;
        }
    }
    return 0;
}

/* The bits of what is left, less than a block: by a block that ends where the text ends, or, in a
 * text shorter than one, by a copy. */
SKIP_INLINE void skip_load_tail(const struct skip_ops *ops, const struct rpc_skip *skip,
                                size_t left, struct skip_bits *bits)
{
    const char *end = skip->text.data + skip->text.len;
    if (skip->text.len < SKIP_BLOCK) {
        char copy[SKIP_BLOCK] = {0};
        memcpy(copy, end - left, left);
        ops->load(copy, bits);
        return;
    }
    unsigned before = SKIP_BLOCK - (unsigned)left;
    ops->load(end - SKIP_BLOCK, bits);
    bits->quote >>= before;
    bits->backslash >>= before;
    bits->open >>= before;
    bits->close >>= before;
    bits->curly >>= before;
}

/* @return as skip_brackets */
SKIP_INLINE int skip_block(const struct skip_ops *ops, struct skip_state *state,
                           const struct skip_bits *bits, unsigned *end)
{
    uint64_t escaped = skip_escaped(state, bits->backslash);
    uint64_t inside  = ops->prefix_xor(bits->quote & ~escaped) ^ state->in_string;
    state->in_string = (uint64_t)0 - (inside >> 63);
    if ((bits->backslash & ~inside) != 0) {
        return -1; /* no JSON has one there */
    }
    return skip_brackets(state, bits, ~inside, end);
}

SKIP_INLINE const char *skip_walk(const struct skip_ops *ops, const struct rpc_skip *skip)
{
    struct skip_state state; /* what is spilled is written before it is read */
    struct skip_bits bits;
    unsigned end;
    int rc          = 0;
    state.in_string = 0;
    state.escaped   = 0;
    state.kinds     = 0;
    state.depth     = 0;
    state.depth_max = skip->depth_max;
    const char *at  = skip->at;
    size_t left     = (size_t)(skip->text.data + skip->text.len - at);
    for (; left >= SKIP_BLOCK; at += SKIP_BLOCK, left -= SKIP_BLOCK) {
        ops->load(at, &bits);
        rc = skip_block(ops, &state, &bits, &end);
        if (rc != 0) {
            return rc > 0 ? at + end + 1 : NULL;
        }
    }
    if (left > 0) {
        skip_load_tail(ops, skip, left, &bits);
        rc = skip_block(ops, &state, &bits, &end);
    }
    return rc > 0 ? at + end + 1 : NULL;
}

#endif
