/*
 * Claims on tokens. See claim.h.
 */
#include "session/claim.h"

#include <stddef.h>

#define LATE_NS (20 * CLOCK_NS_PER_MS) /* who waits may be so late to take what is there */

void claim_raise(claim_number *claim, clock_ns_t now, clock_ns_t wait)
{
    int64_t until = now + (wait < CLAIM_HORIZON_NS - LATE_NS ? wait + LATE_NS : CLAIM_HORIZON_NS);
    int64_t seen  = atomic_load(claim);
    while ((seen < until || seen > now + CLAIM_HORIZON_NS) &&
           !atomic_compare_exchange_weak(claim, &seen, until)) {
    }
}

clock_ns_t claim_wait(const claim_number *claim, clock_ns_t now)
{
    int64_t until = claim == NULL ? 0 : atomic_load(claim);
    return until > now && until <= now + CLAIM_HORIZON_NS ? until - now : 0;
}
