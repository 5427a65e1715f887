/*
 * How many connections more than usual one exchange may see while one takes over from another: a
 * few places for each host:port, shared by all workers. A place is taken for a time, so that a
 * worker that dies gives it back.
 */
#ifndef CORE_SESSION_OVERLAP_H
#define CORE_SESSION_OVERLAP_H

#include "session/budget.h"

#define OVERLAP_MOST 16u

/** Zero-initialised: none is held. */
struct overlap {
    _Atomic int64_t *place; /* in the shared memory; NULL: none */
    clock_ns_t until;       /* what we wrote there */
};

/** @return 1: overlaps are not wanted at all */
int overlap_is_off(const struct budget *budget);
/**
 * Take a place, or keep the one that is held for longer.
 * @param budget  NULL: no bound
 * @param key     of budget_key
 * @param until   monotonic; it is free again then
 * @return        1: it is ours; 0: all are taken
 */
int overlap_take(struct overlap *overlap, struct budget *budget, uint64_t key, clock_ns_t now,
                 clock_ns_t until);
/** Give it back, unless somebody else has it by now. */
void overlap_give(struct overlap *overlap);

#endif
