/*
 * skip.h with NEON, which every 64-bit ARM has: a block is four vectors.
 */
#include "rpc/skip_impl.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#include "rpc/skip_walk.h"

#define VECTORS 4

/* There is no instruction that gathers a bit of each byte. Each byte keeps the bit of its place
 * among eight, and three rounds of adding neighbours bring eight bytes into one. */
static inline uint64_t gather(const uint8x16_t *masks)
{
    static const uint8_t PLACES[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t places               = vld1q_u8(PLACES);
    uint8x16_t low = vpaddq_u8(vandq_u8(masks[0], places), vandq_u8(masks[1], places));
    uint8x16_t sum =
        vpaddq_u8(low, vpaddq_u8(vandq_u8(masks[2], places), vandq_u8(masks[3], places)));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)), 0);
}

static inline uint64_t equal(const uint8x16_t *vectors, char c)
{
    uint8x16_t wanted = vdupq_n_u8((uint8_t)c);
    uint8x16_t masks[VECTORS];
    for (unsigned i = 0; i < VECTORS; i++) {
        masks[i] = vceqq_u8(vectors[i], wanted);
    }
    return gather(masks);
}

/* Bit 5 is what tells '{' from '[' and '}' from ']'. */
static inline void load(const char *at, struct skip_bits *bits)
{
    uint8x16_t bit = vdupq_n_u8(0x20);
    uint8x16_t plain[VECTORS];
    uint8x16_t high[VECTORS];
    uint8x16_t curly[VECTORS];
    for (unsigned i = 0; i < VECTORS; i++) {
        plain[i] = vld1q_u8((const uint8_t *)at + 16 * i);
        high[i]  = vorrq_u8(plain[i], bit);
        curly[i] = vtstq_u8(plain[i], bit);
    }
    bits->quote     = equal(plain, '"');
    bits->backslash = equal(plain, '\\');
    bits->open      = equal(high, '{');
    bits->close     = equal(high, '}');
    bits->curly     = gather(curly);
}

const char *rpc_skip_neon(const struct rpc_skip *skip)
{
    static const struct skip_ops OPS = {load, skip_prefix_xor};
    return skip_walk(&OPS, skip);
}

int rpc_whole_neon(const struct rpc_skip *skip, const char *end)
{
    return rpc_skip_ends(rpc_skip_neon, skip, end);
}

int rpc_skip_has_neon(void)
{
    return 1;
}

#else

const char *rpc_skip_neon(const struct rpc_skip *skip)
{
    return rpc_skip_portable(skip);
}

int rpc_whole_neon(const struct rpc_skip *skip, const char *end)
{
    return rpc_whole_portable(skip, end);
}

int rpc_skip_has_neon(void)
{
    return 0;
}

#endif
