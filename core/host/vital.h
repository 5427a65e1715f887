/*
 * The signs of life of a child process: that its loop turns, what it does in modules, and where it
 * was when a signal ends it. The master looks at them (master_watch.c).
 */
#ifndef CORE_HOST_VITAL_H
#define CORE_HOST_VITAL_H

#include <event2/event.h>

#include "hawser/error.h"

#define VITAL_TICK_MS 250

struct vital;

/**
 * From now on fatal signals leave a report in the log before they end the process, and calls into
 * modules are watched. Once in a process, on the loop's thread.
 * @param base  borrowed, freed before vital_end
 * @param fd    taken: the memory of base/watch.h
 * @return      given; NULL with err set
 */
struct vital *vital_begin(struct event_base *base, int fd, struct hawser_error *err);
/** After `base` was freed, and the last module was called. NULL is allowed. */
void vital_end(struct vital *vital);

#endif
