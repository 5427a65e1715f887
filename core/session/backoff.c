/*
 * Exponential backoff with jitter and a cap. See backoff.h.
 */
#include "session/backoff.h"

#define DEFAULT_DELAY_MS     INT64_C(1000)
#define DEFAULT_MAX_DELAY_MS INT64_C(30000)
#define DEFAULT_STEADY_MS    INT64_C(30000)
#define DEFAULT_JITTER       1.0
#define SLOW_JITTER_MAX      0.5

static int64_t or_default(int64_t value, int64_t standard)
{
    return value > 0 ? value : standard;
}

static double jitter_of(const struct backoff_options *options)
{
    if (options->jitter < 0.0) {
        return 0.0;
    }
    if (options->jitter == 0.0) {
        return DEFAULT_JITTER;
    }
    return options->jitter > 1.0 ? 1.0 : options->jitter;
}

int64_t backoff_delay_ms(const struct backoff_options *options, uint32_t attempt, double fraction)
{
    int64_t delay = or_default(options->delay_ms, DEFAULT_DELAY_MS);
    int64_t cap   = or_default(options->max_delay_ms, DEFAULT_MAX_DELAY_MS);
    for (uint32_t i = 1; i < attempt && delay < cap; i++) {
        delay = delay > INT64_MAX / 2 ? cap : delay * 2;
    }
    if (delay > cap) {
        delay = cap;
    }
    return delay - (int64_t)((double)delay * jitter_of(options) * fraction);
}

int64_t backoff_slow_delay_ms(const struct backoff_options *options, double fraction)
{
    struct backoff_options slow = *options;
    slow.jitter                 = jitter_of(options);
    if (slow.jitter > SLOW_JITTER_MAX) {
        slow.jitter = SLOW_JITTER_MAX;
    } else if (slow.jitter == 0.0) {
        slow.jitter = -1.0; /* none, and not the default */
    }
    return backoff_delay_ms(&slow, UINT32_MAX, fraction);
}

int backoff_next(struct backoff *backoff, const struct backoff_options *options, clock_ns_t now)
{
    clock_ns_t steady = or_default(options->steady_ms, DEFAULT_STEADY_MS) * CLOCK_NS_PER_MS;
    if (backoff->ready_since != 0 && now - backoff->ready_since >= steady) {
        backoff->attempt = 0;
    }
    backoff->ready_since = 0;
    if (options->attempts != 0 && options->attempts != UINT32_MAX &&
        backoff->attempt >= options->attempts) {
        return 0;
    }
    if (backoff->attempt < UINT32_MAX) {
        backoff->attempt++;
    }
    return 1;
}

void backoff_ready(struct backoff *backoff, clock_ns_t now)
{
    if (backoff->ready_since == 0) {
        backoff->ready_since = now;
    }
}

void backoff_reset(struct backoff *backoff)
{
    *backoff = (struct backoff){0};
}
