/*
 * A worker: one event loop with the sessions that are its own, told what to do over its channel to
 * the master.
 */
#ifndef CORE_HOST_WORKER_H
#define CORE_HOST_WORKER_H

#include <event2/event.h>

#include "host/child.h"

struct worker;

struct worker_options {
    uint32_t index;
    uint32_t slot;            /* where it counts, in the telemetry area */
    int channel;              /* taken */
    int telemetry;            /* descriptor of the telemetry area; borrowed for the call */
    int budget;               /* descriptor of the connect budget; borrowed for the call */
    const char *prefix;       /* borrowed as long as the worker */
    struct event_base *base;  /* the master's loop (master_process off); NULL: one of its own */
    void (*ended)(void *arg); /* from the loop, when it has stopped; destroy it then or later */
    void *arg;
};

struct worker *worker_create(const struct worker_options *options, struct hawser_error *err);
void worker_destroy(struct worker *worker);

/** The worker process's own main. @return exit status */
int worker_main(const struct child_spec *spec);

#endif
