/*
 * A quick hash of bytes for tables in memory. Not for keys that an enemy may choose and add.
 */
#ifndef CORE_BASE_HASH_H
#define CORE_BASE_HASH_H

#include <stdint.h>
#include <string.h>

#define HASH_MULTIPLIER UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / golden ratio */

/** Hot. Reads eight bytes at a time, the last of them overlapping. @return the same number for the
 * same bytes in one process */
static inline uint64_t hash_bytes(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    size_t left       = len;
    uint64_t hash     = (uint64_t)len * HASH_MULTIPLIER;
    uint64_t word     = 0;
    for (; left >= sizeof(word); at += sizeof(word), left -= sizeof(word)) {
        memcpy(&word, at, sizeof(word));
        hash = (hash ^ word) * HASH_MULTIPLIER;
        hash ^= hash >> 29;
    }
    if (left > 0) {
        if (len >= sizeof(word)) {
            memcpy(&word, at + left - sizeof(word), sizeof(word));
        } else {
            memcpy(&word, at, left);
        }
        hash = (hash ^ word) * HASH_MULTIPLIER;
    }
    return hash ^ (hash >> 32);
}

#endif
