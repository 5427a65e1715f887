/*
 * Sessions that another process takes over, one by one: each is passed on until its calls are
 * answered, then its outputs are emptied, the other process hears how far they came, and it leaves.
 * See runtime.h; runtime_standby.c is the other side.
 */
#include <stdlib.h>

#include "base/log.h"
#include "conf/directive.h"
#include "host/marks_json.h"
#include "host/runtime.h"

#define LOOK_MS       5
#define FLUSH_MS      5000
#define REACH_MS      INT64_C(5000)  /* to come as far as what the other process holds */
#define REQUESTS_MS   INT64_C(10000) /* for calls that wait, at the most */
#define QUIET_SESSION "{s:s, s:{s:I, s:I, s:I}, s:[]}"

/** What the outputs have to have written. */
struct runtime_yield {
    struct runtime_session *session;
    struct event *look;
    clock_ns_t deadline; /* of the calls, then of the outputs */
    clock_ns_t reach_until;
    json_t *firsts; /* where the other process begins, and we are not yet; NULL: unknown */
    json_t *marks;  /* NULL: it is passed on yet */
    struct runtime_output **routes; /* NULL-terminated, once nothing is passed on */
    uint64_t *until;                /* beside them */
};

static void remember(void *arg, const char *name, void *object)
{
    const struct runtime_session *session = object;
    struct hawser_error err               = HAWSER_ERROR_INIT;
    (void)arg;
    if (bundle_remember(session->bundle, &err) != 0) {
        log_about(LOG_SUBJECT("session", name), LOG_ERROR, "HW-HOST-113",
                  "the next worker goes on with a gap: %s", err.message);
    }
}

void runtime_remember(struct runtime *runtime)
{
    registry_each(runtime->sessions, remember, NULL);
}

void runtime_yield_free(struct runtime_session *session)
{
    struct runtime_yield *yield = session->yield;
    if (yield == NULL) {
        return;
    }
    if (yield->look != NULL) {
        event_free(yield->look);
    }
    json_decref(yield->marks);
    json_decref(yield->firsts);
    free(yield->routes);
    free(yield->until);
    free(yield);
    session->yield = NULL;
}

int runtime_session_is_going(const struct runtime_session *session)
{
    return session->yield != NULL && session->yield->marks != NULL;
}

static void say(struct runtime *runtime, enum runtime_word word, json_t *about)
{
    const struct runtime_options *options = &runtime->options;
    if (options->say != NULL) {
        options->say(options->say_arg, word, about);
    } else {
        json_decref(about);
    }
}

void runtime_say_gone(struct runtime *runtime, const char *name)
{
    say(runtime, RUNTIME_GONE, json_pack("{s:s}", "session", name));
}

/** From here on what comes is the other process's. @return 0; -1: no memory */
static int stop_passing(struct runtime_yield *yield)
{
    struct runtime_session *session = yield->session;
    struct runtime_output **none    = calloc(1, sizeof(struct runtime_output *));
    size_t count                    = 0;
    while (session->routes[count] != NULL) {
        count++;
    }
    yield->until = calloc(count + 1, sizeof(uint64_t));
    yield->marks =
        none == NULL || yield->until == NULL ? NULL : marks_json_of(session->bundle, session->name);
    if (yield->marks == NULL) {
        free(none);
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        yield->until[i] = output_pushed(session->routes[i]->output);
    }
    yield->routes   = session->routes;
    session->routes = none;
    return 0;
}

/* Outputs that a reload replaced meanwhile are emptied by themselves. */
static int is_there(const struct runtime *runtime, const struct runtime_output *output)
{
    const struct list *node;
    list_for_each (node, &runtime->outputs) {
        if (LIST_ENTRY(node, const struct runtime_output, node) == output) {
            return 1;
        }
    }
    return 0;
}

static int is_written(const struct runtime_yield *yield)
{
    for (size_t i = 0; yield->routes[i] != NULL; i++) {
        if (is_there(yield->session->runtime, yield->routes[i]) &&
            !output_is_past(yield->routes[i]->output, yield->until[i])) {
            return 0;
        }
    }
    return 1;
}

static void leave(struct runtime_session *session)
{
    json_t *marks         = session->yield->marks;
    session->yield->marks = NULL;
    say(session->runtime, RUNTIME_MARKS, marks);
    runtime_yield_free(session);
    session->yielded = 1;
    (void)json_object_set_new(session->runtime->yielded, session->name,
                              json_true()); /* short of memory a reload starts it here again */
    runtime_session_leave(session, "another process took over");
}

static size_t requests_waiting(const struct runtime_session *session)
{
    struct session_info info;
    bundle_get_info(session->bundle, &info);
    return info.requests_waiting;
}

/* A process that is behind the exchange would stop short of where the other one began. */
static int may_stop(struct runtime_yield *yield, clock_ns_t now)
{
    const struct runtime_session *session = yield->session;
    if (!marks_json_reached(session->bundle, yield->firsts)) {
        if (now < yield->reach_until) {
            return 0;
        }
        log_about(LOG_SUBJECT("session", session->name), LOG_WARN, "HW-HOST-128",
                  "in %zu channels it is still behind where the next worker's connection began, "
                  "after %lld ms; that one goes on with a gap",
                  json_array_size(yield->firsts), (long long)REACH_MS);
        json_decref(yield->firsts);
        yield->firsts = NULL;
    }
    return requests_waiting(session) == 0 || now >= yield->deadline;
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
    static const struct timeval soon = {0, LOOK_MS * 1000};
    struct runtime_yield *yield      = arg;
    struct runtime_session *session  = yield->session;
    clock_ns_t now                   = clock_monotonic();
    (void)fd;
    (void)what;
    if (yield->marks == NULL && may_stop(yield, now)) {
        if (stop_passing(yield) != 0) {
            yield->marks = json_pack("{s:s, s:s}", "session", session->name, "why",
                                     "no memory to tell the next worker how far it was");
            leave(session);
            return;
        }
        yield->deadline = now + FLUSH_MS * CLOCK_NS_PER_MS;
    }
    if (yield->marks != NULL && (is_written(yield) || now >= yield->deadline)) {
        if (!is_written(yield)) {
            log_about(LOG_SUBJECT("session", session->name), LOG_WARN, "HW-HOST-114",
                      "its outputs are not empty after %d ms; the next worker goes on, and what is "
                      "left here may come behind what is newer",
                      FLUSH_MS);
        }
        leave(session);
        return;
    }
    if (event_add(yield->look, &soon) != 0) {
        log_about(LOG_SUBJECT("session", session->name), LOG_ERROR, "HW-HOST-115",
                  "no memory for a timer; the next worker has to wait for this one's end");
    }
}

static int64_t requests_ms(const struct runtime_session *session)
{
    int64_t longest_ms =
        conf_get_number(session->block, &conf_core_table, 1, HAWSER_IN_SESSION, "request_timeout");
    return longest_ms < REQUESTS_MS ? longest_ms : REQUESTS_MS;
}

static void make_yield(struct runtime_session *session, const json_t *about)
{
    struct runtime_yield *yield = calloc(1, sizeof(*yield));
    clock_ns_t now              = clock_monotonic();
    session->yield              = yield;
    if (yield != NULL) {
        yield->session     = session;
        yield->deadline    = now + requests_ms(session) * CLOCK_NS_PER_MS;
        yield->reach_until = now + REACH_MS * CLOCK_NS_PER_MS;
        yield->firsts      = json_incref(json_object_get(about, "first"));
        yield->look        = evtimer_new(session->runtime->options.loop->base, on_look, yield);
    }
    if (yield == NULL || yield->look == NULL) {
        runtime_yield_free(session);
        log_about(LOG_SUBJECT("session", session->name), LOG_ERROR, "HW-HOST-116",
                  "no memory to let the next worker take over; it has to wait for this one's end");
        return;
    }
    size_t calls = requests_waiting(session);
    if (calls > 0) {
        log_about(LOG_SUBJECT("session", session->name), LOG_INFO, "HW-HOST-129",
                  "the next worker asks for it; %zu calls are waited for", calls);
    }
    on_look(-1, 0, yield);
}

void runtime_yield(struct runtime *runtime, const json_t *about)
{
    const char *name                = json_string_value(json_object_get(about, "session"));
    struct runtime_session *session = name == NULL ? NULL : runtime_find(runtime, name);
    if (session != NULL && session->yield == NULL) {
        make_yield(session, about);
    } else if (name != NULL && json_object_get(runtime->yielded, name) != NULL) {
        say(runtime, RUNTIME_MARKS,
            json_pack("{s:s, s:s}", "session", name, "why", "another process had it meanwhile"));
        runtime_say_gone(runtime, name);
    } else if (session == NULL && name != NULL) { /* nothing of it is passed on here */
        say(runtime, RUNTIME_MARKS,
            json_pack(QUIET_SESSION, "session", name, "total", "sequence", (json_int_t)0, "epoch",
                      (json_int_t)0, "gaps", (json_int_t)0, "channels"));
        runtime_say_gone(runtime, name);
    }
}
