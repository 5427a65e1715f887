/*
 * What skip_avx2.c and skip_avx512.c have in common: instructions on words of bits.
 */
#ifndef CORE_RPC_SKIP_X86_H
#define CORE_RPC_SKIP_X86_H

#include <immintrin.h>
#include <stdint.h>

#define SKIP_X86 static inline __attribute__((always_inline, target("bmi2,pclmul")))

/* The product with ones, without carries: bit i is the parity of bits 0 to i. */
SKIP_X86 uint64_t skip_x86_prefix_xor(uint64_t bits)
{
    __m128i product =
        _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)bits), _mm_set1_epi8((char)0xff), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

SKIP_X86 uint64_t skip_x86_gather(uint64_t bits, uint64_t mask)
{
    return _pext_u64(bits, mask);
}

#endif
