/*
 * Restart intensity. See intensity.h.
 */
#include "host/intensity.h"

#define SETTLED_NS (10 * CLOCK_NS_PER_S)
#define STEADY_NS  (60 * CLOCK_NS_PER_S)
#define FIRST_MS   100
#define LONGEST_MS 5000

static int is_too_often(const struct intensity *intensity, const struct intensity_limits *limits,
                        clock_ns_t now)
{
    uint32_t most = limits->most > INTENSITY_DEATHS_MAX ? INTENSITY_DEATHS_MAX : limits->most;
    if (most == 0 || intensity->count < most) {
        return 0;
    }
    return now - intensity->deaths[(intensity->count - most) % INTENSITY_DEATHS_MAX] <=
           limits->within;
}

int64_t intensity_died(struct intensity *intensity, const struct intensity_limits *limits,
                       clock_ns_t started_at, clock_ns_t now)
{
    clock_ns_t uptime = now - started_at;
    if (uptime >= STEADY_NS) {
        intensity->slow = 0;
    }
    intensity->in_a_row = uptime > SETTLED_NS ? 1 : intensity->in_a_row + 1;
    intensity->deaths[intensity->count++ % INTENSITY_DEATHS_MAX] = now;
    if (intensity->slow || is_too_often(intensity, limits, now)) {
        intensity->slow = 1;
        return INTENSITY_SLOW_MS;
    }
    int64_t delay_ms = intensity->in_a_row == 1 ? 0 : FIRST_MS;
    for (uint32_t i = 2; i < intensity->in_a_row && delay_ms < LONGEST_MS; i++) {
        delay_ms *= 2;
    }
    return delay_ms > LONGEST_MS ? LONGEST_MS : delay_ms;
}
