/*
 * Places for connections beyond the usual number. See overlap.h.
 */
#include "session/overlap.h"

#include "base/hash.h"

int overlap_is_off(const struct budget *budget)
{
    return budget != NULL && budget_limits_of(budget).overlap == 0;
}

static uint64_t key_of_place(uint64_t key, uint32_t place)
{
    const struct {
        uint64_t key;
        uint64_t place;
    } about = {key, place + 1};
    return hash_bytes(&about, sizeof(about)) | 1; /* 0 is no key */
}

int overlap_take(struct overlap *overlap, struct budget *budget, uint64_t key, clock_ns_t now,
                 clock_ns_t until)
{
    if (budget == NULL) {
        return 1;
    }
    int64_t seen = overlap->until;
    if (overlap->place != NULL && atomic_compare_exchange_strong(overlap->place, &seen, until)) {
        overlap->until = until;
        return 1;
    }
    overlap->place = NULL;
    for (uint32_t i = 0; i < budget_limits_of(budget).overlap && i < OVERLAP_MOST; i++) {
        _Atomic int64_t *place = budget_number(budget, key_of_place(key, i));
        seen                   = atomic_load(place);
        if (seen <= now && atomic_compare_exchange_strong(place, &seen, until)) {
            *overlap = (struct overlap){place, until};
            return 1;
        }
    }
    return 0;
}

void overlap_give(struct overlap *overlap)
{
    int64_t seen = overlap->until;
    if (overlap->place != NULL) { /* failing, it ran out and is another's */
        (void)atomic_compare_exchange_strong(overlap->place, &seen, 0);
    }
    overlap->place = NULL;
}
