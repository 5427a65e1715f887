/*
 * Random numbers. See random.h.
 */
#include "base/random.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/obj.h"

#define POOL_BYTES 1024u

static _Thread_local struct {
    uint8_t bytes[POOL_BYTES];
    size_t left;
} pool;

static uint64_t seed_state; /* 0: fractions come from the kernel */

static void refill(void)
{
    size_t have = 0;
    while (have < POOL_BYTES) {
        ssize_t got = getrandom(pool.bytes + have, POOL_BYTES - have, 0);
        OBJ_ASSERT(got > 0 || errno == EINTR);
        have += got > 0 ? (size_t)got : 0;
    }
    pool.left = POOL_BYTES;
}

void random_bytes(void *out, size_t len)
{
    uint8_t *to = out;
    while (len > 0) {
        if (pool.left == 0) {
            refill();
        }
        size_t part = len < pool.left ? len : pool.left;
        uint8_t *at = pool.bytes + POOL_BYTES - pool.left;
        memcpy(to, at, part);
        explicit_bzero(at, part); /* a later leak of the pool must not give a past key away */
        pool.left -= part;
        to += part;
        len -= part;
    }
}

uint32_t random_u32(void)
{
    uint32_t value;
    random_bytes(&value, sizeof(value));
    return value;
}

double random_fraction(void)
{
    uint64_t bits;
    if (seed_state != 0) { /* xorshift64*: enough for a test's jitter */
        seed_state ^= seed_state >> 12;
        seed_state ^= seed_state << 25;
        seed_state ^= seed_state >> 27;
        bits = seed_state * UINT64_C(0x2545F4914F6CDD1D);
    } else {
        random_bytes(&bits, sizeof(bits));
    }
    return (double)(bits >> 11) / (double)(UINT64_C(1) << 53);
}

void random_seed_fractions(uint64_t seed)
{
    seed_state = seed;
}
