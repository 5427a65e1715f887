/*
 * skip.h in plain C: eight bytes at a time in one 64-bit word.
 */
#include "rpc/skip_impl.h"
#include "rpc/skip_walk.h"

#define EACH(byte) (UINT64_C(0x0101010101010101) * (uint8_t)(byte))

/* The first byte in the lowest bits, whatever the machine's own order. */
static uint64_t load_word(const char *at)
{
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; i++) {
        word |= (uint64_t)(uint8_t)at[i] << (8 * i);
    }
    return word;
}

/* The highest bit of each byte, gathered: the multiplication moves bit 7 + 8i to bit 56 + i. */
static uint64_t gather(uint64_t word)
{
    return ((word & EACH(0x80)) >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

static uint64_t equal(uint64_t word, char c)
{
    uint64_t differs = word ^ EACH(c);
    return gather(~(((differs & EACH(0x7f)) + EACH(0x7f)) | differs));
}

static void load(const char *at, struct skip_bits *bits)
{
    memset(bits, 0, sizeof(*bits));
    for (unsigned i = 0; i < SKIP_BLOCK; i += 8) {
        uint64_t word = load_word(at + i);
        uint64_t high = word | EACH(0x20);
        bits->quote |= equal(word, '"') << i;
        bits->backslash |= equal(word, '\\') << i;
        bits->open |= equal(high, '{') << i;
        bits->close |= equal(high, '}') << i;
        bits->curly |= gather((word & EACH(0x20)) << 2) << i;
    }
}

const char *rpc_skip_portable(const struct rpc_skip *skip)
{
    static const struct skip_ops OPS = {load, skip_prefix_xor};
    return skip_walk(&OPS, skip);
}

int rpc_whole_portable(const struct rpc_skip *skip, const char *end)
{
    return rpc_skip_ends(rpc_skip_portable, skip, end);
}
