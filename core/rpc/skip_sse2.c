/*
 * skip.h with SSE2, which every x86-64 has: a block is four vectors.
 */
#include "rpc/skip_impl.h"

#if defined(__x86_64__)

#include <emmintrin.h>

#include "rpc/skip_walk.h"

#define VECTORS 4

static inline uint64_t equal(const __m128i *vectors, char c)
{
    __m128i wanted = _mm_set1_epi8(c);
    uint64_t bits  = 0;
    for (unsigned i = 0; i < VECTORS; i++) {
        unsigned mask = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(vectors[i], wanted));
        bits |= (uint64_t)mask << (16 * i);
    }
    return bits;
}

/* Bit 5 is what tells '{' from '[' and '}' from ']'. */
static inline void load(const char *at, struct skip_bits *bits)
{
    __m128i plain[VECTORS];
    __m128i high[VECTORS];
    bits->curly = 0;
    for (unsigned i = 0; i < VECTORS; i++) {
        plain[i] = _mm_loadu_si128((const __m128i *)(const void *)(at + 16 * i));
        high[i]  = _mm_or_si128(plain[i], _mm_set1_epi8(0x20));
        bits->curly |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_slli_epi16(plain[i], 2))
                       << (16 * i);
    }
    bits->quote     = equal(plain, '"');
    bits->backslash = equal(plain, '\\');
    bits->open      = equal(high, '{');
    bits->close     = equal(high, '}');
}

const char *rpc_skip_sse2(const struct rpc_skip *skip)
{
    static const struct skip_ops OPS = {load, skip_prefix_xor};
    return skip_walk(&OPS, skip);
}

int rpc_whole_sse2(const struct rpc_skip *skip, const char *end)
{
    return rpc_skip_ends(rpc_skip_sse2, skip, end);
}

int rpc_skip_has_sse2(void)
{
    return 1;
}

#else

const char *rpc_skip_sse2(const struct rpc_skip *skip)
{
    return rpc_skip_portable(skip);
}

int rpc_whole_sse2(const struct rpc_skip *skip, const char *end)
{
    return rpc_whole_portable(skip, end);
}

int rpc_skip_has_sse2(void)
{
    return 0;
}

#endif
