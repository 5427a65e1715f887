/*
 * UTF-8 with AVX2: ASCII by 128 bytes, anything else by 32, where three tables say which faults two
 * neighbouring bytes can be part of (Keiser, Lemire: "Validating UTF-8 in less than one instruction
 * per byte", 2020). It stops in front of the first doubt.
 */
#include "ws/utf8_impl.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))
#define INLINE static inline TARGET __attribute__((always_inline))

#define BLOCK 32u
#define LARGE (4u * BLOCK)

/* What a pair of bytes may be; a fault is one that all three tables agree on. */
#define TOO_SHORT      0x01 /* a lead, and no continuation behind it */
#define TOO_LONG       0x02 /* ASCII, and a continuation behind it */
#define OVERLONG_3     0x04
#define TOO_LARGE      0x08
#define SURROGATE      0x10
#define OVERLONG_2     0x20
#define TOO_LARGE_1000 0x40
#define OVERLONG_4     0x40
#define TWO_CONTS      0x80 /* right only as the third or fourth byte */
#define CARRY          (TOO_SHORT | TOO_LONG | TWO_CONTS)
#define LARGE_LOW      (CARRY | TOO_LARGE | TOO_LARGE_1000)
#define CONT           (TOO_LONG | OVERLONG_2 | TWO_CONTS)

#define TABLE(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)
#define C(x)       ((char)(x))

INLINE __m256i load(const uint8_t *at)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

INLINE __m256i high_half(__m256i bytes)
{
    return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0f));
}

INLINE __m256i first_high(__m256i before)
{
    const __m256i table = TABLE(
        TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
        C(TWO_CONTS), C(TWO_CONTS), C(TWO_CONTS), C(TWO_CONTS), TOO_SHORT | OVERLONG_2, TOO_SHORT,
        TOO_SHORT | OVERLONG_3 | SURROGATE, TOO_SHORT | TOO_LARGE | TOO_LARGE_1000 | OVERLONG_4);
    return _mm256_shuffle_epi8(table, high_half(before));
}

INLINE __m256i first_low(__m256i before)
{
    const __m256i table =
        TABLE(C(CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4), C(CARRY | OVERLONG_2), C(CARRY),
              C(CARRY), C(CARRY | TOO_LARGE), C(LARGE_LOW), C(LARGE_LOW), C(LARGE_LOW),
              C(LARGE_LOW), C(LARGE_LOW), C(LARGE_LOW), C(LARGE_LOW), C(LARGE_LOW),
              C(LARGE_LOW | SURROGATE), C(LARGE_LOW), C(LARGE_LOW));
    return _mm256_shuffle_epi8(table, _mm256_and_si256(before, _mm256_set1_epi8(0x0f)));
}

INLINE __m256i second_high(__m256i bytes)
{
    const __m256i table =
        TABLE(TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
              TOO_SHORT, C(CONT | OVERLONG_3 | TOO_LARGE_1000 | OVERLONG_4),
              C(CONT | OVERLONG_3 | TOO_LARGE), C(CONT | SURROGATE | TOO_LARGE),
              C(CONT | SURROGATE | TOO_LARGE), TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT);
    return _mm256_shuffle_epi8(table, high_half(bytes));
}

/* @return all zero where these bytes, behind those, are no fault */
INLINE __m256i faults(__m256i bytes, __m256i before)
{
    __m256i seam    = _mm256_permute2x128_si256(before, bytes, 0x21);
    __m256i back_1  = _mm256_alignr_epi8(bytes, seam, 15);
    __m256i back_2  = _mm256_alignr_epi8(bytes, seam, 14);
    __m256i back_3  = _mm256_alignr_epi8(bytes, seam, 13);
    __m256i special = _mm256_and_si256(_mm256_and_si256(first_high(back_1), first_low(back_1)),
                                       second_high(bytes));
    __m256i third   = _mm256_subs_epu8(back_2, _mm256_set1_epi8(0xe0 - 0x80));
    __m256i fourth  = _mm256_subs_epu8(back_3, _mm256_set1_epi8(0xf0 - 0x80));
    __m256i wanted  = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(C(0x80)));
    return _mm256_xor_si256(wanted, special);
}

/* A code point that is cut at `at` is given back whole. */
static size_t whole_before(const uint8_t *bytes, size_t at)
{
    for (size_t back = 1; back <= 3 && back <= at; back++) {
        uint8_t byte = bytes[at - back];
        if (byte >= 0xc0) {
            size_t size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
            return size > back ? at - back : at;
        }
        if (byte < 0x80) {
            return at;
        }
    }
    return at;
}

/* Blocks until one is ASCII alone, from one that is not. @return as ws_utf8_prefix_avx2 */
INLINE size_t skip_mixed(const uint8_t *bytes, size_t len, size_t at)
{
    __m256i before = _mm256_setzero_si256(); /* ASCII, whatever it was */
    for (; len - at >= BLOCK; at += BLOCK) {
        __m256i block = load(bytes + at);
        __m256i fault = faults(block, before);
        if (!_mm256_testz_si256(fault, fault)) {
            break;
        }
        if (_mm256_movemask_epi8(block) == 0) {
            return at;
        }
        before = block;
    }
    return whole_before(bytes, at);
}

INLINE int is_large_ascii(const uint8_t *at)
{
    __m256i low  = _mm256_or_si256(load(at), load(at + BLOCK));
    __m256i high = _mm256_or_si256(load(at + 2 * BLOCK), load(at + 3 * BLOCK));
    return _mm256_movemask_epi8(_mm256_or_si256(low, high)) == 0;
}

/* Large blocks of ASCII, but for the last, full or not. */
INLINE size_t skip_large(const uint8_t *bytes, size_t len, size_t at)
{
    while (len - at > LARGE && is_large_ascii(bytes + at)) {
        at += LARGE;
    }
    return at;
}

/* The last block overlaps the one before it: no loop over the rest. */
INLINE size_t skip_ascii(const uint8_t *bytes, size_t len, size_t at)
{
    at = skip_large(bytes, len, at);
    while (len - at >= BLOCK && _mm256_movemask_epi8(load(bytes + at)) == 0) {
        at += BLOCK;
    }
    return len - at < BLOCK && _mm256_movemask_epi8(load(bytes + len - BLOCK)) == 0 ? len : at;
}

/* From `at` on, as ws_utf8_prefix_avx2. Not inlined: its tables would be made ready for all that is
 * ASCII, too. */
static TARGET __attribute__((noinline)) size_t prefix_from(const uint8_t *bytes, size_t len,
                                                           size_t at)
{
    for (;;) {
        at = skip_ascii(bytes, len, at);
        if (len - at < BLOCK) {
            return at;
        }
        size_t mixed = skip_mixed(bytes, len, at);
        if (mixed <= at || len - mixed < BLOCK || bytes[mixed] >= 0x80) {
            return mixed;
        }
        at = mixed;
    }
}

/* What most texts are, ASCII alone, in large blocks, of which the last overlaps, too. */
TARGET size_t ws_utf8_prefix_avx2(const uint8_t *bytes, size_t len)
{
    if (len < BLOCK) {
        return 0;
    }
    size_t at = skip_large(bytes, len, 0);
    if (len >= LARGE && len - at <= LARGE && is_large_ascii(bytes + len - LARGE)) {
        return len;
    }
    return prefix_from(bytes, len, at);
}

#else

size_t ws_utf8_prefix_avx2(const uint8_t *bytes, size_t len)
{
    (void)bytes;
    (void)len;
    return 0;
}

#endif
