/*
 * skip.h with AVX-512: a block is one vector, and a comparison is a mask already.
 */
#include "rpc/skip_impl.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "rpc/skip_whole.h"
#include "rpc/skip_x86.h"

#define TARGET __attribute__((target("avx512f,avx512bw,bmi,bmi2,pclmul,popcnt")))

static inline TARGET uint64_t equal(__m512i bytes, char c)
{
    return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(c));
}

/* Bit 5 is what tells '{' from '[' and '}' from ']'. */
static inline TARGET void load(const char *at, struct skip_bits *bits)
{
    __m512i bytes   = _mm512_loadu_si512((const void *)at);
    __m512i bit     = _mm512_set1_epi8(0x20);
    __m512i high    = _mm512_or_si512(bytes, bit);
    bits->quote     = equal(bytes, '"');
    bits->backslash = equal(bytes, '\\');
    bits->open      = equal(high, '{');
    bits->close     = equal(high, '}');
    bits->curly     = _mm512_test_epi8_mask(bytes, bit);
}

static const struct skip_ops OPS = {load, skip_x86_prefix_xor};

TARGET const char *rpc_skip_avx512(const struct rpc_skip *skip)
{
    return skip_walk(&OPS, skip);
}

static inline TARGET uint64_t has_backslash(const char *at)
{
    return equal(_mm512_loadu_si512((const void *)at), '\\');
}

static const struct skip_whole_ops WHOLE_OPS = {
    {load, skip_x86_prefix_xor}, has_backslash, skip_x86_gather};

TARGET int rpc_whole_avx512(const struct rpc_skip *skip, const char *end)
{
    return skip_is_long(skip) ? skip_is_whole(&WHOLE_OPS, skip, end)
                              : rpc_skip_ends(rpc_skip_avx512, skip, end);
}

int rpc_skip_has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("pclmul");
}

#else

const char *rpc_skip_avx512(const struct rpc_skip *skip)
{
    return rpc_skip_portable(skip);
}

int rpc_whole_avx512(const struct rpc_skip *skip, const char *end)
{
    return rpc_whole_portable(skip, end);
}

int rpc_skip_has_avx512(void)
{
    return 0;
}

#endif
