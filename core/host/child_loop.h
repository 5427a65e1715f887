/*
 * The life of a child with a loop (worker, observer) once its parts are there: until the loop ends.
 */
#ifndef CORE_HOST_CHILD_LOOP_H
#define CORE_HOST_CHILD_LOOP_H

#include <event2/event.h>

#include "hawser/base.h"

struct net_loop;
struct telemetry_writer;
struct vital;

/** All but `watch` borrowed. */
struct child_loop {
    struct net_loop *loop;
    struct telemetry_writer *telemetry; /* counts the lines that the log loses */
    int watch;                          /* taken: the memory of base/watch.h */
    event_callback_fn terminate;        /* SIGTERM */
    void *arg;
};

/**
 * Show signs of life, and run the loop until it is broken.
 * @param vital  given, or NULL: end it when the loop is destroyed
 * @return       0; -1: the loop does not run (it was logged)
 */
int child_loop_run(const struct child_loop *child, struct vital **vital) HAWSER_MUST_CHECK;

#endif
