/*
 * A clock for tests. See fake_clock.h.
 */
#include "support/fake_clock.h"

#include <stddef.h>

static clock_ns_t elapsed;

static clock_ns_t fake_monotonic(void)
{
    return CLOCK_NS_PER_S + elapsed;
}

static clock_ns_t fake_realtime(void)
{
    return INT64_C(1767225600) * CLOCK_NS_PER_S + elapsed; /* 2026-01-01T00:00:00Z */
}

static const struct clock_source FAKE = {fake_monotonic, fake_realtime};

void fake_clock_install(void)
{
    elapsed = 0;
    clock_set_source(&FAKE);
}

void fake_clock_advance(clock_ns_t by)
{
    elapsed += by;
}

void fake_clock_remove(void)
{
    clock_set_source(NULL);
}
