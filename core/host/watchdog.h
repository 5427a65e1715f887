/*
 * Is a process alive, and does a module hold up its loop? Pure: fed with what base/watch.h shows at
 * each look, and with the time.
 */
#ifndef CORE_HOST_WATCHDOG_H
#define CORE_HOST_WATCHDOG_H

#include "base/clock.h"

struct watchdog_limits {
    clock_ns_t timeout;  /* a loop that does not turn for so long hangs; 0: never */
    clock_ns_t budget;   /* a call into a module may take so long; 0: any time */
    clock_ns_t interval; /* between looks */
};

/** What was seen of one process. Zeros: nothing yet. */
struct watchdog {
    uint64_t ticks;
    uint64_t call;
    clock_ns_t looked_at;
    clock_ns_t silence; /* since the loop last turned */
    clock_ns_t in_call; /* since the call under way was first seen */
    int told_slow;
    int told_hung;
};

enum watchdog_verdict {
    WATCHDOG_FINE,
    WATCHDOG_SLOW, /* the call under way is over its budget; told once for each call */
    WATCHDOG_HANGS /* told once */
};

/** Between looks, by the limits: twice in the budget, and often enough for the timeout. */
clock_ns_t watchdog_interval(clock_ns_t timeout, clock_ns_t budget);

/**
 * Look. A call is told as slow when it was seen at looks that lie a budget apart, so it took at
 * least that; one that takes an interval longer than its budget is never missed. Time in which
 * nobody looked (the machine slept, everything was stopped) counts as two intervals at most.
 *
 * @param ticks  watch_ticks
 * @param call   watch_loop_call
 */
enum watchdog_verdict watchdog_look(struct watchdog *watchdog, const struct watchdog_limits *limits,
                                    uint64_t ticks, uint64_t call, clock_ns_t now);

#endif
