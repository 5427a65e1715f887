/*
 * The life of a child with a loop. See child_loop.h.
 */
#include "host/child_loop.h"

#include <signal.h>

#include "base/error.h"
#include "base/log.h"
#include "host/losses.h"
#include "host/vital.h"
#include "net/loop.h"

int child_loop_run(const struct child_loop *child, struct vital **vital)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    int rc                  = 0;
    losses_count(child->telemetry);
    *vital = vital_begin(child->loop->base, child->watch, &err);
    if (*vital == NULL) {
        log_write(LOG_ERROR, "HW-HOST-071", "%s; nobody sees what this process does", err.message);
    }
    struct event *term = evsignal_new(child->loop->base, SIGTERM, child->terminate, child->arg);
    if (term == NULL || event_add(term, NULL) != 0 || net_loop_run(child->loop) < 0) {
        log_write(LOG_EMERG, "HW-HOST-072", "the event loop does not run");
        rc = -1;
    }
    if (term != NULL) {
        event_free(term);
    }
    losses_forget();
    return rc;
}
