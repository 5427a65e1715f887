/*
 * Calls that came before READY and may wait for it: bounded, each for no longer than its own
 * deadline. None of them was ever sent, so each that ends here says so.
 */
#ifndef CORE_SESSION_EARLY_H
#define CORE_SESSION_EARLY_H

#include "hawser/host.h"

struct session;

/** A call as its caller made it. */
struct early_call {
    const char *method;         /* borrowed */
    struct hawser_slice params; /* borrowed */
    int64_t timeout_ms;         /* 0: the session's */
    hawser_reply_fn fn;
    void *arg;
};

/** Keep a call until the session is READY; fn is called exactly once then.
 * @error REQUEST_LIMIT: too many wait; SYSTEM_MEMORY */
int session_early_keep(struct session *session, const struct early_call *call,
                       struct hawser_error *err) HAWSER_MUST_CHECK;
/** The session takes requests: send them, in their order. */
void session_early_send(struct session *session);
/** The session will take none: end them all. */
void session_early_end(struct session *session);
/** The timer: end those whose deadline is over. */
void session_on_early(struct session *session);

#endif
