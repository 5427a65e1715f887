/*
 * A clock that stands still until a test moves it.
 */
#ifndef TESTS_SUPPORT_FAKE_CLOCK_H
#define TESTS_SUPPORT_FAKE_CLOCK_H

#include "base/clock.h"

/** From here on both clocks show fixed times. */
void fake_clock_install(void);
void fake_clock_advance(clock_ns_t by);
/** The real clock again. */
void fake_clock_remove(void);

#endif
