/*
 * Sums by name. See totals.h. Metrics come session by session, with the same names in the same
 * order: so each name is looked for behind the one before first.
 */
#include "totals.h"

#include <string.h>

void statsd_totals_clear(struct statsd_totals *totals)
{
    totals->count = 0;
    totals->next  = 0;
}

static struct statsd_total *find(struct statsd_totals *totals, const char *name)
{
    for (size_t i = 0; i < totals->count; i++) {
        size_t at = (totals->next + i) % totals->count;
        if (strcmp(totals->at[at].name, name) == 0) {
            totals->next = at + 1;
            return &totals->at[at];
        }
    }
    if (totals->count == STATSD_MAX_TOTALS) {
        return NULL;
    }
    struct statsd_total *total = &totals->at[totals->count++];
    *total                     = (struct statsd_total){name, 0};
    totals->next               = totals->count;
    return total;
}

int statsd_totals_add(struct statsd_totals *totals, const char *name, int64_t value)
{
    struct statsd_total *total = find(totals, name);
    if (total == NULL) {
        return -1;
    }
    total->sum = value > INT64_MAX - total->sum ? INT64_MAX : total->sum + value;
    return 0;
}
