/*
 * Repeated troubles: told once, then seldom, then "over". One struct complaint for each trouble of
 * each object.
 */
#ifndef CORE_BASE_COMPLAIN_H
#define CORE_BASE_COMPLAIN_H

#include "base/clock.h"
#include "hawser/base.h"

struct log_subject;

/** Zero-initialised: no trouble. */
struct complaint {
    clock_ns_t next_at; /* monotonic; not told again before */
    clock_ns_t interval;
    clock_ns_t last_at; /* monotonic; happened last */
    uint64_t count;     /* since the trouble began */
    uint64_t told;      /* of them, told in the log */
};

/** The trouble happened (again): a log line at once, then after 10 s, 20 s, 40 s ... at most each
 * 10 min. @param about, id  as in log.h; about may be NULL */
void complain(struct complaint *trouble, const struct log_subject *about, int level, const char *id,
              const char *fmt, ...) HAWSER_PRINTF(5, 6);
/** The trouble is over: one line when it was told before, with how often it happened; nothing
 * otherwise. */
void complain_over(struct complaint *trouble, const struct log_subject *about, int level,
                   const char *id, const char *fmt, ...) HAWSER_PRINTF(5, 6);
/** complain_over for a trouble of which nothing but its absence tells that it is over: once it has
 * not happened for 10 min. */
void complain_lapse(struct complaint *trouble, const struct log_subject *about, int level,
                    const char *id, const char *fmt, ...) HAWSER_PRINTF(5, 6);

#endif
