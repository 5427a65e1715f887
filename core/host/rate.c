/*
 * A ring of samples; the rate is what lies between the oldest and now. See rate.h.
 */
#include "host/rate.h"

void rate_sample(struct rate *rate, uint64_t count, clock_ns_t now)
{
    uint32_t last = (rate->next + RATE_SAMPLES - 1) % RATE_SAMPLES;
    if (rate->used > 0 && count < rate->counts[last]) {
        *rate = (struct rate){0};
    }
    rate->counts[rate->next] = count;
    rate->times[rate->next]  = now;
    rate->next               = (rate->next + 1) % RATE_SAMPLES;
    rate->used += rate->used < RATE_SAMPLES;
}

double rate_per_s(const struct rate *rate, uint64_t count, clock_ns_t now)
{
    uint32_t oldest = (rate->next + RATE_SAMPLES - rate->used) % RATE_SAMPLES;
    if (rate->used == 0 || now <= rate->times[oldest] || count < rate->counts[oldest]) {
        return 0;
    }
    return (double)(count - rate->counts[oldest]) * (double)CLOCK_NS_PER_S /
           (double)(now - rate->times[oldest]);
}
