/*
 * Calls in flight. Each ends exactly once: with its answer, at its deadline, or with "outcome
 * unknown" when the link goes. The table of ids is rpc/correlate.c's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "rpc/build.h"
#include "session/calls.h"
#include "session/early.h"
#include "session/slot.h"

#define OWN_SHARE      16u /* of max_requests, one in so many is kept for the adapter */
#define TIMEOUT_MAX_MS (365 * 24 * 3600 * INT64_C(1000))

/* A call that never left has no unknown outcome. */
static void tell_unsent(const struct request *request, const struct hawser_error *why,
                        struct hawser_error *out)
{
    int64_t waited_ms = (clock_monotonic() - request->began_at) / CLOCK_NS_PER_MS;
    int is_late       = why->code == HAWSER_REQUEST_TIMEOUT;
    error_set(out, is_late ? HAWSER_REQUEST_TIMEOUT : HAWSER_WS_NOT_OPEN,
              "%s was not sent: it waited %lld ms for the exchange's rate limit%s", request->method,
              (long long)waited_ms, is_late ? "" : ", and then the link went");
}

static void on_reply(void *arg, const struct hawser_reply *reply)
{
    struct request *request  = arg;
    struct session *session  = request->session;
    struct hawser_reply told = *reply;
    struct hawser_error err  = HAWSER_ERROR_INIT;
    if (session_throttle_forget(request) && reply->err != NULL) {
        tell_unsent(request, reply->err, &err);
        told.err = &err;
    } else if (reply->err != NULL) {
        session_throttle_obey(session, request, reply->err);
    }
    session_emit(session, HAWSER_EVENT_REQUEST_STOP, told.round_trip_ns,
                 told.err == NULL ? 0 : told.err->code, request->method);
    uint64_t before = session_enter(session, WATCH_REPLY);
    request->fn(request->arg, &told);
    session_exit(session, before);
    free(request);
}

clock_ns_t session_call_timeout(const struct session *session, int64_t timeout_ms)
{
    int64_t ms = timeout_ms > 0 ? timeout_ms : session->options.request_timeout_ms;
    return (ms < TIMEOUT_MAX_MS ? ms : TIMEOUT_MAX_MS) * CLOCK_NS_PER_MS;
}

size_t session_call_places(const struct session *session)
{
    size_t all = session->options.max_requests;
    return all - all / OWN_SHARE;
}

static void watch_deadline(struct session *session)
{
    clock_ns_t deadline = rpc_pending_next_deadline(session->requests);
    if (deadline == 0) {
        session_timer_stop(session, SESSION_TIMER_REQUESTS);
        return;
    }
    clock_ns_t left = deadline - clock_monotonic();
    session_timer_arm(session, SESSION_TIMER_REQUESTS, left <= 0 ? 0 : left / CLOCK_NS_PER_MS + 1);
}

void session_on_requests(struct session *session)
{
    (void)rpc_pending_expire(session->requests, clock_monotonic()); /* how many: told one by one */
    watch_deadline(session);
}

static struct request *start_waiting(struct session *session, const char *method,
                                     int64_t timeout_ms, hawser_reply_fn fn, void *arg,
                                     struct hawser_error *err)
{
    if (!session_link_is_open(session)) {
        error_set(err, HAWSER_WS_NOT_OPEN, "session %s is %s; %s was not sent", session->label,
                  session_state_name(session->state), method);
        return NULL;
    }
    struct request *request = calloc(1, sizeof(*request));
    if (request == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a request");
        return NULL;
    }
    list_init(&request->node);
    request->session = session;
    request->fn      = fn;
    request->arg     = arg;
    (void)snprintf(request->method, sizeof(request->method), "%s", method);
    clock_ns_t now    = clock_monotonic();
    request->began_at = now;
    if (rpc_pending_add(session->requests, now, now + session_call_timeout(session, timeout_ms),
                        on_reply, request, &request->id, err) != 0) {
        free(request);
        return NULL;
    }
    watch_deadline(session);
    return request;
}

int session_expect(struct session *session, int64_t timeout_ms, hawser_reply_fn fn, void *arg,
                   uint64_t *id, struct hawser_error *err)
{
    const struct request *request = start_waiting(session, "expect", timeout_ms, fn, arg, err);
    if (request == NULL) {
        return -1;
    }
    *id = request->id;
    return 0;
}

/* Send it, or let it wait for its turn. */
static int dispatch(struct session *session, struct request *request, enum call_from from,
                    struct hawser_error *err)
{
    int rc = session_throttle(session, request, from, &session->outgoing, err);
    if (rc != 0) {
        return rc < 0 ? -1 : 0;
    }
    rc = session_send(session, HAWSER_OPCODE_TEXT, buf_slice(&session->outgoing), err);
    buf_wipe(&session->outgoing); /* it may have been a login */
    return rc;
}

static int call(struct session *session, enum call_from from, const char *method,
                struct hawser_slice params, struct request *request, struct hawser_error *err)
{
    if (request == NULL) {
        return -1;
    }
    buf_clear(&session->outgoing);
    if (rpc_build_request(&session->outgoing, request->id, method, params) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a request of %zu bytes", params.len);
        goto fail;
    }
    if (dispatch(session, request, from, err) != 0) {
        goto fail;
    }
    return 0;
fail:
    rpc_pending_cancel(session->requests, request->id);
    free(request);
    watch_deadline(session);
    return -1;
}

int session_call(struct session *session, const char *method, struct hawser_slice params,
                 int64_t timeout_ms, hawser_reply_fn fn, void *arg, struct hawser_error *err)
{
    return call(session, CALL_ADAPTER, method, params,
                start_waiting(session, method, timeout_ms, fn, arg, err), err);
}

static int may_wait(const struct session *session)
{
    return session->options.requests_wait && session->state != HAWSER_STATE_CLOSING &&
           session->state != HAWSER_STATE_CLOSED && session->state != HAWSER_STATE_FAILED;
}

int session_request(struct session *session, const char *method, struct hawser_slice params,
                    int64_t timeout_ms, hawser_reply_fn fn, void *arg, struct hawser_error *err)
{
    if (!session_is_serving(session) && may_wait(session)) {
        struct early_call early = {method, params, timeout_ms, fn, arg};
        return session_early_keep(session, &early, err);
    }
    if (!session_is_serving(session)) {
        error_set(err, HAWSER_SESSION_STATE, "session %s is %s, not READY; %s was not sent",
                  session->label, session_state_name(session->state), method);
        return -1;
    }
    size_t waiting = *session_requests_waiting(session);
    if (waiting >= session_call_places(session)) {
        error_set(err, HAWSER_REQUEST_LIMIT, "%zu requests wait for their answers already",
                  waiting);
        return -1;
    }
    return call(session, CALL_OUTSIDE, method, params,
                start_waiting(session, method, timeout_ms, fn, arg, err), err);
}

int session_answered(struct session *session, uint64_t id, struct hawser_slice result,
                     struct hawser_slice error)
{
    if (rpc_pending_answer(session->requests, id, clock_monotonic(), result, error) != 0) {
        session->late_answers++;
        complain(&session->late_trouble, &session->log, LOG_INFO, "HW-SESSION-020",
                 "an answer to request %llu came, which waits no more", (unsigned long long)id);
        return -1;
    }
    watch_deadline(session);
    return 0;
}

void session_requests_lost(struct session *session, const struct hawser_error *why)
{
    struct hawser_error lost = HAWSER_ERROR_INIT;
    error_set(&lost, HAWSER_REQUEST_UNKNOWN,
              "the link went before the answer came (%s); the exchange may have acted on it",
              why == NULL ? "the session leaves" : why->message);
    rpc_pending_fail_all(session->requests, &lost);
    session_timer_stop(session, SESSION_TIMER_REQUESTS);
}
