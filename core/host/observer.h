/*
 * The observer: the process of the telemetry modules. It reads what workers leave in shared memory,
 * so that no sink can delay a session.
 */
#ifndef CORE_HOST_OBSERVER_H
#define CORE_HOST_OBSERVER_H

#include <event2/event.h>

#include "host/child.h"

struct observer;

struct observer_options {
    int channel;             /* taken */
    int telemetry;           /* descriptor of the telemetry area; borrowed for the call */
    const char *prefix;      /* borrowed as long as the observer */
    struct event_base *base; /* the master's loop (master_process off); NULL: one of its own */
};

struct observer *observer_create(const struct observer_options *options, struct hawser_error *err);
void observer_destroy(struct observer *observer);

/** The observer process's own main. @return exit status */
int observer_main(const struct child_spec *spec);

#endif
