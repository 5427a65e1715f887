/*
 * Time behind one pointer, so that tests can set it. Deadlines are monotonic; records carry wall
 * time.
 */
#ifndef CORE_BASE_CLOCK_H
#define CORE_BASE_CLOCK_H

#include <stdint.h>

typedef int64_t clock_ns_t;

#define CLOCK_NS_PER_MS INT64_C(1000000)
#define CLOCK_NS_PER_S  INT64_C(1000000000)

/** @return CLOCK_MONOTONIC [ns] */
clock_ns_t clock_monotonic(void);
/** @return CLOCK_REALTIME [ns] */
clock_ns_t clock_realtime(void);

struct clock_source {
    clock_ns_t (*monotonic)(void);
    clock_ns_t (*realtime)(void);
};

/** Replace the clock of this process; NULL gives the real one back. For tests. */
void clock_set_source(const struct clock_source *source);

#endif
