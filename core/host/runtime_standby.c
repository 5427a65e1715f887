/*
 * Sessions that stand by for another process of this worker's index, until it yields them one by
 * one. See runtime.h; runtime_yield.c is the other side.
 */
#include "base/log.h"
#include "host/marks_json.h"
#include "host/runtime.h"

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

void runtime_take(struct runtime *runtime, const json_t *marks)
{
    struct runtime_session *session = session_of(runtime, marks);
    if (session != NULL && bundle_is_standing_by(session->bundle)) {
        marks_json_take(session->bundle, marks);
        log_about(LOG_SUBJECT("session", session->name), LOG_INFO, "HW-HOST-118",
                  "goes on in this worker");
        if (runtime->options.changed != NULL) {
            runtime->options.changed(runtime->options.changed_arg);
        }
    }
}

void runtime_go_on_alone(struct runtime *runtime, const json_t *about)
{
    const struct runtime_session *session = session_of(runtime, about);
    if (session != NULL) {
        bundle_alone(session->bundle);
    }
}
