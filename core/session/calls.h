/*
 * A call from its start to its end, as requests.c keeps it and throttle.c lets it wait.
 */
#ifndef CORE_SESSION_CALLS_H
#define CORE_SESSION_CALLS_H

#include "session/object.h"

#define METHOD_SHOWN 64u

enum call_from {
    CALL_OUTSIDE, /* of an application */
    CALL_ADAPTER  /* of the dialect: it waits only when it is about channels */
};

/** @param timeout_ms  as the caller asked; 0 or less: the session's
 * @return how long a call may wait for its answer [ns]: no more than a year, so that any number can
 * be added to a time */
clock_ns_t session_call_timeout(const struct session *session, int64_t timeout_ms);
/** @return how many calls of applications may wait for their answers at once. The rest of
 * max_requests is the adapter's: a flood of them must not keep it from answering the exchange. */
size_t session_call_places(const struct session *session);

struct request {
    struct session *session;
    hawser_reply_fn fn;
    void *arg;
    uint64_t id;
    char method[METHOD_SHOWN]; /* for telemetry; cut where it is longer */
    struct list node;          /* in session->throttle.waiting, or alone */
    struct buf frame;          /* what is to be sent, while it waits */
    clock_ns_t began_at;
    uint32_t pool;
    uint32_t cost; /* 0: of no pool */
    uint8_t waits;
};

/* throttle.c */
void session_throttle_init(struct session *session);
/**
 * Is it this call's turn? If not, it takes `frame` over and waits; it is sent later.
 * @param frame  what is to be sent; emptied when the call waits
 * @return       0: send it now; 1: it waits; -1 with err set: too many wait
 */
int session_throttle(struct session *session, struct request *request, enum call_from from,
                     struct buf *frame, struct hawser_error *err) HAWSER_MUST_CHECK;
/** The call ends: it waits no more. @return 1: it was never sent */
int session_throttle_forget(struct request *request);
/** An answer says that there were too many requests: obey. */
void session_throttle_obey(struct session *session, const struct request *request,
                           const struct hawser_error *err);
/** Send what may go by now. */
void session_on_throttle(struct session *session);

#endif
