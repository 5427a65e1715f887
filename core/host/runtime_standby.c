/*
 * Sessions that stand by for another process of this worker's index, until it yields them one by
 * one. See runtime.h; runtime_yield.c is the other side.
 */
#include <stdlib.h>

#include "base/log.h"
#include "host/marks_json.h"
#include "host/runtime.h"

#define TURNS       4             /* of the loop, in which it reads what is there */
#define SHORT_BYTES (32u * 1024u) /* in one turn: less than it could have read */
#define CATCH_UP_NS (5 * CLOCK_NS_PER_S)

/** What the other process said, until all is read that came meanwhile. */
struct runtime_take {
    struct runtime_session *session;
    json_t *marks;
    struct event *turn;
    uint64_t bytes; /* received by the last turn */
    uint32_t turns;
    clock_ns_t until;
};

void runtime_set_standby(struct runtime *runtime, const json_t *standby)
{
    json_decref(runtime->standby);
    runtime->standby = json_incref((json_t *)(uintptr_t)standby);
}

static int is_taken(const struct runtime *runtime, const char *name)
{
    return json_object_get(json_object_get(runtime->standby, "taken"), name) != NULL;
}

int runtime_session_stand_by(struct runtime_session *session)
{
    struct runtime *runtime = session->runtime;
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (runtime->standby == NULL || is_taken(runtime, session->name)) {
        return 0;
    }
    if (bundle_stand_by(session->bundle, &err) != 0) {
        log_about(LOG_SUBJECT("session", session->name), LOG_ERROR, "HW-HOST-117",
                  "does not wait for the worker before: %s", err.message);
        return 0;
    }
    return 1;
}

static void add_standing_by(void *arg, const char *name, void *object)
{
    const struct runtime_session *session = object;
    if (bundle_is_standing_by(session->bundle)) {
        (void)json_array_append_new(arg,
                                    json_string(name)); /* without it, the deadline's end does */
    }
}

json_t *runtime_standing_by(const struct runtime *runtime)
{
    json_t *names = json_array();
    registry_each(runtime->sessions, add_standing_by, names);
    return names;
}

void runtime_on_standing_by(void *arg, const struct hawser_error *why)
{
    struct runtime_session *session       = arg;
    const struct runtime_options *options = &session->runtime->options;
    if (options->say != NULL) {
        options->say(options->say_arg, RUNTIME_STANDS_BY,
                     json_pack("{s:s, s:s*, s:o*}", "session", session->name, "why",
                               why == NULL ? NULL : why->message, "first",
                               marks_json_first(session->bundle)));
    }
}

static struct runtime_session *session_of(const struct runtime *runtime, const json_t *about)
{
    const char *name = json_string_value(json_object_get(about, "session"));
    return name == NULL ? NULL : runtime_find(runtime, name);
}

/* going on */

static void go_on(struct runtime_session *session, const json_t *marks)
{
    const struct runtime_options *options = &session->runtime->options;
    marks_json_take(session->bundle, marks);
    log_about(LOG_SUBJECT("session", session->name), LOG_INFO, "HW-HOST-118",
              "goes on in this worker");
    if (options->changed != NULL) {
        options->changed(options->changed_arg);
    }
}

static uint64_t bytes_of(const struct runtime_session *session)
{
    struct session_info info;
    bundle_get_info(session->bundle, &info);
    return info.bytes;
}

/* On a busy machine the other one's words may be read before what the exchange sent in front of
 * them: then the two would not seem to meet. */
static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    static const struct timeval now = {0, 0};
    struct runtime_take *take       = arg;
    struct runtime_session *session = take->session;
    uint64_t bytes                  = bytes_of(session);
    uint64_t came                   = bytes - take->bytes;
    (void)fd;
    (void)what;
    take->bytes = bytes;
    take->turns++;
    if ((take->turns <= TURNS || came > SHORT_BYTES) && clock_monotonic() < take->until &&
        event_add(take->turn, &now) == 0) {
        return;
    }
    runtime_take_now(session);
}

void runtime_take_now(struct runtime_session *session)
{
    struct runtime_take *take = session->take;
    if (take == NULL) {
        return;
    }
    session->take = NULL;
    go_on(session, take->marks);
    if (take->turn != NULL) {
        event_free(take->turn);
    }
    json_decref(take->marks);
    free(take);
}

void runtime_take(struct runtime *runtime, const json_t *marks)
{
    struct runtime_session *session = session_of(runtime, marks);
    if (session == NULL || !bundle_is_standing_by(session->bundle) || session->take != NULL) {
        return;
    }
    struct runtime_take *take = calloc(1, sizeof(*take));
    if (take == NULL) { /* as far as it came */
        go_on(session, marks);
        return;
    }
    *take         = (struct runtime_take){.session = session,
                                          .marks   = json_incref((json_t *)(uintptr_t)marks),
                                          .turn  = evtimer_new(runtime->options.loop->base, on_turn, take),
                                          .bytes = bytes_of(session),
                                          .until = clock_monotonic() + CATCH_UP_NS};
    session->take = take;
    if (take->turn == NULL) {
        take->until = 0;
    }
    on_turn(-1, 0, take);
}

void runtime_go_on_alone(struct runtime *runtime, const json_t *about)
{
    const struct runtime_session *session = session_of(runtime, about);
    if (session != NULL) {
        bundle_alone(session->bundle);
    }
}
