/*
 * Token buckets for requests. A bucket is one number, as in budget.c: the moment at which it is
 * full again; pure functions of it, of the limits and of the time.
 */
#ifndef CORE_SESSION_RATELIMIT_H
#define CORE_SESSION_RATELIMIT_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/clock.h"

#define RATELIMIT_POOLS_MAX  8u
#define RATELIMIT_NAME_BYTES 32u

/** Tokens of one pool. */
struct ratelimit {
    uint32_t rate;  /* that come back in a second; 0: no limit */
    uint32_t burst; /* of a full pool */
};

/** What the config says of a pool. Holds no pointers. */
struct ratelimit_rule {
    char pool[RATELIMIT_NAME_BYTES];
    struct ratelimit limit; /* burst 0: as the adapter says */
};

/** May be shared by processes; 0 is a full bucket. */
typedef _Atomic int64_t ratelimit_bucket;

/** Take tokens, or learn when they are there. What costs more than a full bucket holds takes a full
 * one. @return 0: taken; else how long to wait [ns], and nothing is taken */
clock_ns_t ratelimit_take(ratelimit_bucket *bucket, struct ratelimit limit, uint32_t cost,
                          clock_ns_t now);
/** Take tokens that are not there, too: those who come next wait for them, a full bucket at most.
 */
void ratelimit_owe(ratelimit_bucket *bucket, struct ratelimit limit, uint32_t cost, clock_ns_t now);
/** The other side says that there are none: none there is until `then`. */
void ratelimit_drain(ratelimit_bucket *bucket, struct ratelimit limit, clock_ns_t then);

#endif
