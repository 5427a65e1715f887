/*
 * The process's clock. See clock.h.
 */
#include "base/clock.h"

#include <stddef.h>
#include <time.h>

static clock_ns_t read_clock(clockid_t id)
{
    struct timespec now;
    (void)clock_gettime(id, &now); /* cannot fail for these two clocks */
    return (clock_ns_t)now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

static clock_ns_t real_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

static clock_ns_t real_realtime(void)
{
    return read_clock(CLOCK_REALTIME);
}

static const struct clock_source REAL     = {real_monotonic, real_realtime};
static const struct clock_source *current = &REAL;

clock_ns_t clock_monotonic(void)
{
    return current->monotonic();
}

clock_ns_t clock_realtime(void)
{
    return current->realtime();
}

void clock_set_source(const struct clock_source *source)
{
    current = source == NULL ? &REAL : source;
}
