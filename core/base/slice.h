/*
 * Helpers on struct hawser_slice: bytes that belong to somebody else.
 */
#ifndef CORE_BASE_SLICE_H
#define CORE_BASE_SLICE_H

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "hawser/base.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/** A string literal as a slice. */
#define SLICE_LITERAL(text) ((struct hawser_slice){(text), sizeof(text) - 1})

static inline struct hawser_slice slice_make(const void *data, size_t len)
{
    return (struct hawser_slice){(const char *)data, len};
}

/** @param text NUL-terminated; NULL gives the empty slice */
static inline struct hawser_slice slice_of(const char *text)
{
    return (struct hawser_slice){text, text == NULL ? 0 : strlen(text)};
}

/** Eight bytes, in the machine's own order. Hot. */
static inline uint64_t slice_word(const void *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return word;
}

/* 16 bytes, and 16 to 64: memcmp(...) == 0. Of halves and branches gcc would make the first where
 * it may not take for granted what each x86-64 has. */
#if defined(__SSE2__)

/* @return all ones in each byte that is the same */
static inline __m128i slice_compare_16(const char *a, const char *b)
{
    return _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)a),
                          _mm_loadu_si128((const __m128i *)(const void *)b));
}

static inline int slice_same_16(const char *a, const char *b)
{
    return _mm_movemask_epi8(slice_compare_16(a, b)) == 0xffff;
}

/* Four pieces, which overlap unless all of 64 bytes are there. */
static inline int slice_same_64(const char *a, const char *b, size_t len)
{
    size_t last   = len - 16;
    size_t second = last < 16 ? last : 16;
    size_t third  = last < 32 ? last : 32;
    __m128i same  = _mm_and_si128(slice_compare_16(a, b), slice_compare_16(a + second, b + second));
    __m128i other =
        _mm_and_si128(slice_compare_16(a + third, b + third), slice_compare_16(a + last, b + last));
    return _mm_movemask_epi8(_mm_and_si128(same, other)) == 0xffff;
}

#else

static inline int slice_same_16(const char *a, const char *b)
{
    return memcmp(a, b, 16) == 0;
}

static inline int slice_same_64(const char *a, const char *b, size_t len)
{
    return memcmp(a, b, len) == 0;
}

#endif

/** memcmp(...) == 0, for what is short and compared often. Hot: without a call, and without a loop
 * up to 64 bytes. */
static inline __attribute__((always_inline)) int slice_same_bytes(const char *a, const char *b,
                                                                  size_t len)
{
    if (len >= 16) {
        for (; len > 64; a += 16, b += 16, len -= 16) {
            if (!slice_same_16(a, b)) {
                return 0;
            }
        }
        return slice_same_64(a, b, len);
    }
    if (len >= 8) {
        return memcmp(a, b, 8) == 0 && memcmp(a + len - 8, b + len - 8, 8) == 0;
    }
    if (len >= 4) {
        return memcmp(a, b, 4) == 0 && memcmp(a + len - 4, b + len - 4, 4) == 0;
    }
    return len == 0 || (a[0] == b[0] && a[len / 2] == b[len / 2] && a[len - 1] == b[len - 1]);
}

static inline int slice_equal(struct hawser_slice a, struct hawser_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline int slice_equal_text(struct hawser_slice a, const char *text)
{
    return slice_equal(a, slice_of(text));
}

static inline int slice_equal_nocase(struct hawser_slice a, const char *text)
{
    return a.len == strlen(text) && (a.len == 0 || strncasecmp(a.data, text, a.len) == 0);
}

static inline int slice_contains_nocase(struct hawser_slice a, const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= a.len; i++) {
        if (strncasecmp(a.data + i, part, len) == 0) {
            return 1;
        }
    }
    return 0;
}

static inline int slice_starts_with(struct hawser_slice a, const char *prefix)
{
    size_t len = strlen(prefix);
    return a.len >= len && memcmp(a.data, prefix, len) == 0;
}

/** The slice without its first `count` bytes; `count` may not exceed its length. */
static inline struct hawser_slice slice_skip(struct hawser_slice a, size_t count)
{
    return count == 0 ? a : slice_make(a.data + count, a.len - count);
}

#endif
