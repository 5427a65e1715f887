/*
 * Token buckets for requests. See ratelimit.h.
 */
#include "session/ratelimit.h"

static clock_ns_t time_of(struct ratelimit limit, uint32_t tokens)
{
    return (clock_ns_t)tokens * CLOCK_NS_PER_S / limit.rate;
}

clock_ns_t ratelimit_take(ratelimit_bucket *bucket, struct ratelimit limit, uint32_t cost,
                          clock_ns_t now)
{
    if (limit.rate == 0 || cost == 0) {
        return 0;
    }
    clock_ns_t whole = time_of(limit, limit.burst);
    clock_ns_t price = time_of(limit, cost < limit.burst ? cost : limit.burst);
    int64_t full_at  = atomic_load(bucket);
    for (;;) {
        clock_ns_t from  = full_at > now ? full_at : now;
        clock_ns_t after = from + price;
        if (after - now > whole) {
            return after - now - whole;
        }
        if (atomic_compare_exchange_weak(bucket, &full_at, after)) {
            return 0;
        }
    }
}

void ratelimit_owe(ratelimit_bucket *bucket, struct ratelimit limit, uint32_t cost, clock_ns_t now)
{
    if (limit.rate == 0) {
        return;
    }
    clock_ns_t most = now + 2 * time_of(limit, limit.burst);
    int64_t full_at = atomic_load(bucket);
    int64_t after   = 0;
    do {
        after = (full_at > now ? full_at : now) + time_of(limit, cost);
        after = after > most ? most : after;
    } while (after > full_at && !atomic_compare_exchange_weak(bucket, &full_at, after));
}

void ratelimit_drain(ratelimit_bucket *bucket, struct ratelimit limit, clock_ns_t then)
{
    if (limit.rate == 0) {
        return;
    }
    clock_ns_t after = then + time_of(limit, limit.burst);
    int64_t full_at  = atomic_load(bucket);
    while (after > full_at && !atomic_compare_exchange_weak(bucket, &full_at, after)) {
    }
}
