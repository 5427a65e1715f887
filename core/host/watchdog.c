/*
 * Judging a process by its signs of life. See watchdog.h.
 */
#include "host/watchdog.h"

#define INTERVAL_MIN (5 * CLOCK_NS_PER_MS)
#define INTERVAL_MAX (500 * CLOCK_NS_PER_MS)

clock_ns_t watchdog_interval(clock_ns_t timeout, clock_ns_t budget)
{
    clock_ns_t interval = INTERVAL_MAX;
    if (timeout > 0 && timeout / 4 < interval) {
        interval = timeout / 4;
    }
    if (budget > 0 && budget / 2 < interval) {
        interval = budget / 2;
    }
    return interval < INTERVAL_MIN ? INTERVAL_MIN : interval;
}

static clock_ns_t time_seen(struct watchdog *watchdog, const struct watchdog_limits *limits,
                            clock_ns_t now)
{
    clock_ns_t elapsed  = watchdog->looked_at == 0 ? 0 : now - watchdog->looked_at;
    watchdog->looked_at = now;
    return elapsed > 2 * limits->interval ? 2 * limits->interval : elapsed;
}

static int is_slow(struct watchdog *watchdog, const struct watchdog_limits *limits, uint64_t call,
                   clock_ns_t elapsed)
{
    if (call != watchdog->call) {
        watchdog->call      = call;
        watchdog->in_call   = 0;
        watchdog->told_slow = 0;
        return 0;
    }
    watchdog->in_call += elapsed;
    if (call == 0 || limits->budget == 0 || watchdog->told_slow ||
        watchdog->in_call < limits->budget) {
        return 0;
    }
    watchdog->told_slow = 1;
    return 1;
}

static int hangs(struct watchdog *watchdog, const struct watchdog_limits *limits, uint64_t ticks,
                 clock_ns_t elapsed)
{
    if (ticks != watchdog->ticks) {
        watchdog->ticks     = ticks;
        watchdog->silence   = 0;
        watchdog->told_hung = 0;
        return 0;
    }
    watchdog->silence += elapsed;
    if (limits->timeout == 0 || watchdog->told_hung || watchdog->silence < limits->timeout) {
        return 0;
    }
    watchdog->told_hung = 1;
    return 1;
}

enum watchdog_verdict watchdog_look(struct watchdog *watchdog, const struct watchdog_limits *limits,
                                    uint64_t ticks, uint64_t call, clock_ns_t now)
{
    clock_ns_t elapsed = time_seen(watchdog, limits, now);
    int slow           = is_slow(watchdog, limits, call, elapsed);
    if (hangs(watchdog, limits, ticks, elapsed)) {
        return WATCHDOG_HANGS;
    }
    return slow ? WATCHDOG_SLOW : WATCHDOG_FINE;
}
