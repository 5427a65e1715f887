/*
 * The full check of a config, modules included, in a child of its own: a module that crashes while
 * it is loaded or checked takes nothing along.
 */
#ifndef CORE_HOST_CHECKER_H
#define CORE_HOST_CHECKER_H

#include <event2/event.h>

#include "conf/tree.h"
#include "host/child.h"

struct checker;

/** What to check, and whom to tell. */
struct checker_order {
    struct event_base *base;
    int config; /* descriptor of the sealed config; borrowed for the call */
    const char *prefix;
    int64_t timeout_ms; /* of the config itself: the child has read the same */
    /** Called once from the loop; `problems` are borrowed for the call; none: the config is good.
     * It may destroy the checker. */
    void (*done)(void *arg, const struct conf_problems *problems);
    void *arg;
};

/** Start to check. @return given; destroy it in `done` or after, or before (kills the child); NULL
 * with err set */
struct checker *checker_start(const struct checker_order *order, struct hawser_error *err);
void checker_destroy(struct checker *checker);
/**
 * The same, waiting for the outcome.
 * @param order  base, done and arg are not used
 * @param print  where the checker prints the config, its modules' secrets masked as well; -1:
 * nowhere
 * @return 0, or -1 with err set: it could not be checked
 */
int checker_run(const struct checker_order *order, int print, struct conf_problems *problems,
                struct hawser_error *err) HAWSER_MUST_CHECK;

/** The checker process's own main. @return exit status */
int checker_main(const struct child_spec *spec);

#endif
