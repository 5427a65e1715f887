/*
 * skip.h with AVX2: a block is two vectors. PCLMULQDQ, as old as AVX2 itself, makes the parity of
 * the quotes in one instruction.
 */
#include "rpc/skip_impl.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "rpc/skip_whole.h"
#include "rpc/skip_x86.h"

#define TARGET __attribute__((target("avx2,bmi,bmi2,pclmul,popcnt")))

static inline TARGET uint64_t join(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
                                                     << 32;
}

static inline TARGET __m256i equal(const char *at, char c)
{
    return _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(const void *)at),
                             _mm256_set1_epi8(c));
}

/* Bit 5 is what tells '{' from '[' and '}' from ']'. */
static inline TARGET void load(const char *at, struct skip_bits *bits)
{
    __m256i a      = _mm256_loadu_si256((const __m256i *)(const void *)at);
    __m256i b      = _mm256_loadu_si256((const __m256i *)(const void *)(at + 32));
    __m256i bit    = _mm256_set1_epi8(0x20);
    __m256i high_a = _mm256_or_si256(a, bit);
    __m256i high_b = _mm256_or_si256(b, bit);
#define EQUAL(x, y, c)                                                                             \
    join(_mm256_cmpeq_epi8(x, _mm256_set1_epi8(c)), _mm256_cmpeq_epi8(y, _mm256_set1_epi8(c)))
    bits->quote     = EQUAL(a, b, '"');
    bits->backslash = EQUAL(a, b, '\\');
    bits->open      = EQUAL(high_a, high_b, '{');
    bits->close     = EQUAL(high_a, high_b, '}');
#undef EQUAL
    bits->curly = join(_mm256_slli_epi16(a, 2), _mm256_slli_epi16(b, 2));
}

static const struct skip_ops OPS = {load, skip_x86_prefix_xor};

TARGET const char *rpc_skip_avx2(const struct rpc_skip *skip)
{
    return skip_walk(&OPS, skip);
}

static inline TARGET uint64_t has_backslash(const char *at)
{
    __m256i low  = equal(at, '\\');
    __m256i high = equal(at + 32, '\\');
    return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(low, high));
}

static const struct skip_whole_ops WHOLE_OPS = {
    {load, skip_x86_prefix_xor}, has_backslash, skip_x86_gather};

int rpc_walked_avx2(const struct rpc_skip *skip, const char *end)
{
    return rpc_skip_ends(rpc_skip_avx2, skip, end);
}

TARGET int rpc_whole_avx2(const struct rpc_skip *skip, const char *end)
{
    return skip_is_long(skip) ? skip_is_whole(&WHOLE_OPS, skip, end) : rpc_walked_avx2(skip, end);
}

int rpc_skip_gathers_slowly(void)
{
    return __builtin_cpu_is("znver1") || __builtin_cpu_is("znver2");
}

int rpc_skip_has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt") &&
           __builtin_cpu_supports("pclmul");
}

#else

const char *rpc_skip_avx2(const struct rpc_skip *skip)
{
    return rpc_skip_portable(skip);
}

int rpc_whole_avx2(const struct rpc_skip *skip, const char *end)
{
    return rpc_whole_portable(skip, end);
}

int rpc_walked_avx2(const struct rpc_skip *skip, const char *end)
{
    return rpc_whole_portable(skip, end);
}

int rpc_skip_gathers_slowly(void)
{
    return 0;
}

int rpc_skip_has_avx2(void)
{
    return 0;
}

#endif
