/*
 * Repeated troubles: told once, then seldom, then "over". One struct complaint for each trouble of
 * each object.
 */
#ifndef CORE_BASE_COMPLAIN_H
#define CORE_BASE_COMPLAIN_H

#include "base/clock.h"
#include "hawser/base.h"

/** Zero-initialised: no trouble. */
struct complaint {
    clock_ns_t next_at; /* monotonic; not told again before */
    clock_ns_t interval;
    uint64_t count; /* since the trouble began */
    uint64_t told;  /* of them, told in the log */
};

/** The trouble happened (again): a log line at once, then after 10 s, 20 s, 40 s ... at most each
 * 10 min. */
void complain(struct complaint *trouble, int level, const char *fmt, ...) HAWSER_PRINTF(3, 4);
/** The trouble is over: one line when it was told before, with how often it happened; nothing
 * otherwise. */
void complain_over(struct complaint *trouble, int level, const char *fmt, ...) HAWSER_PRINTF(3, 4);

#endif
