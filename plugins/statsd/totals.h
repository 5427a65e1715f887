/*
 * Sums of counters over all sessions, by name, for one flush.
 */
#ifndef STATSD_TOTALS_H
#define STATSD_TOTALS_H

#include "hawser/base.h"

#define STATSD_MAX_TOTALS                                                                          \
    256u /* names of counters; the core and its modules have a tenth of it                         \
          */

struct statsd_total {
    const char *name; /* borrowed for the flush */
    int64_t sum;
};

/** Zero-initialised: none. */
struct statsd_totals {
    struct statsd_total at[STATSD_MAX_TOTALS];
    size_t count;
    size_t next; /* where the name of the next call is likely to be */
};

void statsd_totals_clear(struct statsd_totals *totals);
/**
 * Add to the sum of a name.
 * @param name   borrowed until statsd_totals_clear
 * @param value  not negative; a sum that would overflow stays at its largest
 * @return       0, or -1: too many names
 */
int statsd_totals_add(struct statsd_totals *totals, const char *name, int64_t value);

#endif
