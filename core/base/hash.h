/*
 * A quick hash of bytes for tables in memory. Not for keys that an enemy may choose and add.
 */
#ifndef CORE_BASE_HASH_H
#define CORE_BASE_HASH_H

#include <stdint.h>
#include <string.h>

#include "base/slice.h"

#define HASH_MULTIPLIER UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / golden ratio */
#define HASH_OTHER      UINT64_C(0xd6e8feb86659fd93) /* odd, and as mixed as the first */

/* Both halves of a product depend on all bits of its factors; the sum is for a factor that is 0. */
#if defined(__SIZEOF_INT128__)

static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
    a ^= HASH_MULTIPLIER;
    b ^= HASH_OTHER;
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64) ^ (a + b);
}

#else

static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
    a = (a ^ a >> 32) * HASH_MULTIPLIER;
    b = (b ^ HASH_OTHER ^ a >> 29) * HASH_OTHER;
    return a ^ b ^ b >> 32;
}

#endif

/* Up to seven bytes as one number; those in the middle may be in it twice. */
static inline uint64_t hash_short(const uint8_t *at, size_t len)
{
    uint32_t first = 0;
    uint32_t last  = 0;
    if (len >= sizeof(first)) {
        memcpy(&first, at, sizeof(first));
        memcpy(&last, at + len - sizeof(last), sizeof(last));
        return (uint64_t)first << 32 | last;
    }
    return len == 0 ? 0 : (uint64_t)at[0] << 16 | (uint64_t)at[len / 2] << 8 | at[len - 1];
}

/** Hot. Sixteen bytes at a time, the last of them overlapping. @return the same number for the same
 * bytes in one process */
static inline uint64_t hash_bytes(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    uint64_t hash     = (uint64_t)len * HASH_OTHER;
    if (len < 8) {
        return hash_mix(hash, hash_short(at, len));
    }
    if (len < 16) {
        return hash_mix(hash ^ slice_word(at), slice_word(at + len - 8));
    }
    const uint8_t *last = at + len - 16;
    for (; at < last; at += 16) {
        hash = hash_mix(hash ^ slice_word(at), slice_word(at + 8));
    }
    return hash_mix(hash ^ slice_word(last), slice_word(last + 8));
}

#endif
