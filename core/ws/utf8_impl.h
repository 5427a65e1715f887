/*
 * The front of a text in long steps, for utf8.c, which judges what is left byte by byte.
 */
#ifndef CORE_WS_UTF8_IMPL_H
#define CORE_WS_UTF8_IMPL_H

#include <stddef.h>
#include <stdint.h>

/**
 * Hot. Only where ws_utf8_has_avx2.
 * @param bytes  start at a code point
 * @return       how many from the front are whole code points, all valid; whether the next one is,
 *               is not said
 */
size_t ws_utf8_prefix_avx2(const uint8_t *bytes, size_t len);

/** @return 1: the machine, and the build, have these instructions. Hot. A test that is built
 * WITHOUT takes the other way. */
#if defined(__x86_64__) && !defined(WS_UTF8_WITHOUT_AVX2)
static inline int ws_utf8_has_avx2(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}
#else
static inline int ws_utf8_has_avx2(void)
{
    return 0;
}
#endif

#endif
