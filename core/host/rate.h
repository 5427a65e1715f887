/*
 * How fast a counter grew lately. It is looked at once a second from outside, so that counting
 * itself costs nothing. Pure.
 */
#ifndef CORE_HOST_RATE_H
#define CORE_HOST_RATE_H

#include <stdint.h>

#include "base/clock.h"

#define RATE_SAMPLES 11u /* of ten seconds, when one is taken each second */

/** Zero-initialised: nothing is known yet. */
struct rate {
    uint64_t counts[RATE_SAMPLES];
    clock_ns_t times[RATE_SAMPLES];
    uint32_t next;
    uint32_t used;
};

/** @param count the counter's value; one that is below the last begins anew */
void rate_sample(struct rate *rate, uint64_t count, clock_ns_t now);
/** @return counts a second, over the samples there are and what came since; 0: nothing is known */
double rate_per_s(const struct rate *rate, uint64_t count, clock_ns_t now);

#endif
