/*
 * Random numbers: unpredictable ones for masking keys (RFC 6455 5.3) and nonces, and fractions for
 * jitter.
 */
#ifndef CORE_BASE_RANDOM_H
#define CORE_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/** Fill from the kernel's generator, through a buffer of this thread's; never fails (ends the
 * process instead). */
void random_bytes(void *out, size_t len);
uint32_t random_u32(void);
/** @return in [0, 1) */
double random_fraction(void);
/** Make random_fraction predictable, for tests; masks and nonces stay unpredictable. 0:
 * unpredictable again */
void random_seed_fractions(uint64_t seed);

#endif
