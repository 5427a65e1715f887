/*
 * Calls that wait for READY. See early.h.
 */
#include "session/early.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/slice.h"
#include "session/calls.h"
#include "session/slot.h"

struct early {
    struct list node;
    struct early_call call; /* its method and params stand behind this */
    clock_ns_t began_at;
    clock_ns_t deadline;
    size_t bytes;
    char text[];
};

static struct early *first_of(struct session *session)
{
    return list_is_empty(&session->early) ? NULL
                                          : LIST_ENTRY(session->early.next, struct early, node);
}

static void forget(struct session *session, struct early *early)
{
    list_remove(&early->node);
    session->early_count--;
    session->early_bytes -= early->bytes;
}

static void watch(struct session *session)
{
    clock_ns_t least  = 0;
    struct list *node = NULL;
    list_for_each (node, &session->early) {
        clock_ns_t deadline = LIST_ENTRY(node, struct early, node)->deadline;
        least               = least == 0 || deadline < least ? deadline : least;
    }
    if (least == 0) {
        session_timer_stop(session, SESSION_TIMER_EARLY);
        return;
    }
    clock_ns_t left = least - clock_monotonic();
    session_timer_arm(session, SESSION_TIMER_EARLY, left <= 0 ? 0 : left / CLOCK_NS_PER_MS + 1);
}

static int has_room(const struct session *session, size_t bytes, struct hawser_error *err)
{
    const struct session_options *options = &session->options;
    if (session->early_count < session_call_places(session) &&
        session->early_bytes + bytes <= options->max_queued_bytes) {
        return 1;
    }
    error_set(err, HAWSER_REQUEST_LIMIT,
              "%zu calls of %zu bytes wait for session %s already; max_send_queue bounds the bytes",
              session->early_count, session->early_bytes, session->label);
    return 0;
}

int session_early_keep(struct session *session, const struct early_call *call,
                       struct hawser_error *err)
{
    size_t method_len   = strlen(call->method) + 1;
    size_t bytes        = method_len + call->params.len;
    struct early *early = NULL;
    if (!has_room(session, bytes, err)) {
        return -1;
    }
    early = malloc(sizeof(*early) + bytes);
    if (early == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a call that waits");
        return -1;
    }
    early->call     = *call;
    early->bytes    = bytes;
    early->began_at = clock_monotonic();
    early->deadline = early->began_at + session_call_timeout(session, call->timeout_ms);
    memcpy(early->text, call->method, method_len);
    if (call->params.len > 0) {
        memcpy(early->text + method_len, call->params.data, call->params.len);
    }
    early->call.method = early->text;
    early->call.params = slice_make(early->text + method_len, call->params.len);
    list_append(&session->early, &early->node);
    session->early_count++;
    session->early_bytes += bytes;
    watch(session);
    return 0;
}

/* @param early out of the list; freed */
static void tell(struct session *session, struct early *early, const struct hawser_error *why)
{
    struct hawser_reply reply = {.err = why};
    uint64_t before           = session_enter(session, WATCH_REPLY);
    early->call.fn(early->call.arg, &reply);
    session_exit(session, before);
    free(early);
}

static void tell_unsent(struct session *session, struct early *early, enum hawser_code code)
{
    struct hawser_error why = HAWSER_ERROR_INIT;
    clock_ns_t waited       = clock_monotonic() - early->began_at;
    error_set(&why, code, "%s was not sent: it waited %lld ms for session %s, which is %s",
              early->call.method, (long long)(waited / CLOCK_NS_PER_MS), session->label,
              session_state_name(session->state));
    session_emit(session, HAWSER_EVENT_REQUEST_STOP, waited, code, early->call.method);
    tell(session, early, &why);
}

void session_early_send(struct session *session)
{
    struct list due;
    list_init(&due);
    /* those that are made by the fns of these go their own way */
    for (struct early *early = first_of(session); early != NULL; early = first_of(session)) {
        forget(session, early);
        list_append(&due, &early->node);
    }
    session_timer_stop(session, SESSION_TIMER_EARLY);
    while (!list_is_empty(&due)) {
        struct early *early     = LIST_ENTRY(due.next, struct early, node);
        struct hawser_error err = HAWSER_ERROR_INIT;
        clock_ns_t left         = early->deadline - clock_monotonic();
        list_remove(&early->node);
        if (session_request(session, early->call.method, early->call.params,
                            left <= CLOCK_NS_PER_MS ? 1 : left / CLOCK_NS_PER_MS, early->call.fn,
                            early->call.arg, &err) == 0) {
            free(early);
        } else {
            tell(session, early, &err);
        }
    }
}

void session_early_end(struct session *session)
{
    for (struct early *early = first_of(session); early != NULL; early = first_of(session)) {
        forget(session, early);
        tell_unsent(session, early, HAWSER_WS_NOT_OPEN);
    }
    session_timer_stop(session, SESSION_TIMER_EARLY);
}

void session_on_early(struct session *session)
{
    clock_ns_t now     = clock_monotonic();
    struct list *node  = NULL;
    struct list *after = NULL;
    list_for_each_safe (node, after, &session->early) {
        struct early *early = LIST_ENTRY(node, struct early, node);
        if (now >= early->deadline) {
            forget(session, early);
            tell_unsent(session, early, HAWSER_REQUEST_TIMEOUT);
        }
    }
    watch(session);
}
