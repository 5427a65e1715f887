/*
 * How long to wait before the next attempt: exponential, jittered, capped; pure functions.
 */
#ifndef CORE_SESSION_BACKOFF_H
#define CORE_SESSION_BACKOFF_H

#include <stdint.h>

#include "base/clock.h"

/** Zero means the default named. */
struct backoff_options {
    int64_t delay_ms;     /* first delay; 1000 */
    int64_t max_delay_ms; /* 30000 */
    int64_t steady_ms;    /* READY for so long resets the count; 30000 */
    double jitter;     /* 0..1: the delay is spread over [d * (1 - jitter), d]; negative: none; 0:
                          the default, 1: over all of [0, d] */
    uint32_t attempts; /* most attempts in a row; 0 or UINT32_MAX: endless */
    uint32_t reserved;
};

struct backoff {
    uint32_t attempt;       /* since the last reset */
    clock_ns_t ready_since; /* monotonic; 0: not READY */
};

/** The delay of attempt n (from 1), for a random fraction in [0, 1): min(delay * 2^(n-1), max),
 * spread. No overflow for any n. */
int64_t backoff_delay_ms(const struct backoff_options *options, uint32_t attempt, double fraction);

/** The delay at the slower pace, of what a quick attempt would not mend: the longest one, of which
 * the spread takes at most the half. */
int64_t backoff_slow_delay_ms(const struct backoff_options *options, double fraction);

/** A break at `now`: counts the attempt (from 1 again after a steady READY). @return 1 go on, 0 no
 * attempt is left */
int backoff_next(struct backoff *backoff, const struct backoff_options *options, clock_ns_t now);
/** READY was reached. */
void backoff_ready(struct backoff *backoff, clock_ns_t now);
/** Forget all attempts. */
void backoff_reset(struct backoff *backoff);

#endif
