/*
 * The life of one worker's contents: make, stop, sweep. See runtime.h; apply.c changes generations.
 */
#include "host/runtime.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "host/stream.h"

#define QUICK_DRAIN_MS 1000
#define RETIRE_MS      5000

struct runtime_config *runtime_config_use(struct runtime_config *config)
{
    config->users++;
    return config;
}

void runtime_config_release(struct runtime_config *config)
{
    if (config != NULL && --config->users == 0) {
        conf_tree_destroy(config->tree);
        free(config);
    }
}

struct runtime_session *runtime_find(const struct runtime *runtime, const char *name)
{
    return registry_find(runtime->sessions, name);
}

void runtime_sweep_soon(struct runtime *runtime)
{
    event_active(runtime->sweep, EV_TIMEOUT, 0);
}

static void sweep_sessions(struct runtime *runtime)
{
    struct list *node, *after;
    list_for_each_safe (node, after, &runtime->leaving) {
        struct runtime_session *session = LIST_ENTRY(node, struct runtime_session, node);
        if (session->finished) {
            runtime_session_destroy(session);
        }
    }
}

/* A session on its way out still has something to say: that it closed. */
static int is_awaited(const struct runtime *runtime, const struct runtime_output *output)
{
    const struct list *node;
    list_for_each (node, &runtime->leaving) {
        const struct runtime_session *session = LIST_ENTRY(node, struct runtime_session, node);
        for (struct runtime_output **route = session->routes; *route != NULL; route++) {
            if (*route == output) {
                return 1;
            }
        }
    }
    return 0;
}

static void retire_unawaited(struct runtime *runtime)
{
    struct list *node, *after;
    list_for_each_safe (node, after, &runtime->draining) {
        struct runtime_output *output = LIST_ENTRY(node, struct runtime_output, node);
        if (!output->retired && !is_awaited(runtime, output)) {
            runtime_output_retire(output, RETIRE_MS);
        }
    }
}

static void sweep_outputs(struct list *outputs)
{
    struct list *node, *after;
    list_for_each_safe (node, after, outputs) {
        struct runtime_output *output = LIST_ENTRY(node, struct runtime_output, node);
        if (output->finished) {
            runtime_output_destroy(output);
        }
    }
}

static void retire_outputs(struct runtime *runtime, int64_t timeout_ms)
{
    while (!list_is_empty(&runtime->outputs)) {
        runtime_output_retire(LIST_ENTRY(runtime->outputs.next, struct runtime_output, node),
                              timeout_ms);
    }
}

/* A session may end inside its own call stack, and an output on its thread's behalf; both are freed
 * here, from the loop. */
static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct runtime *runtime = arg;
    (void)fd;
    (void)what;
    sweep_sessions(runtime);
    retire_unawaited(runtime);
    sweep_outputs(&runtime->draining);
    if (runtime->stopped != NULL && list_is_empty(&runtime->leaving)) {
        retire_outputs(runtime, RETIRE_MS);
        if (list_is_empty(&runtime->draining)) {
            void (*stopped)(void *) = runtime->stopped;
            runtime->stopped        = NULL;
            stopped(runtime->stopped_arg);
        }
    }
}

static void sample_one(void *arg, const char *name, void *object)
{
    struct runtime_session *session = object;
    clock_ns_t now                  = clock_monotonic();
    struct session_info info;
    (void)arg;
    (void)name;
    bundle_get_info(session->bundle, &info);
    rate_sample(&session->messages, info.messages, now);
    rate_sample(&session->bytes, info.bytes, now);
}

static void on_sample(evutil_socket_t fd, short what, void *arg)
{
    struct runtime *runtime = arg;
    (void)fd;
    (void)what;
    registry_each(runtime->sessions, sample_one, NULL);
}

static int make_events(struct runtime *runtime)
{
    static const struct timeval each_second = {1, 0};
    struct event_base *base                 = runtime->options.loop->base;
    runtime->sweep                          = event_new(base, -1, 0, on_sweep, runtime);
    runtime->retry                          = event_new(base, -1, 0, runtime_on_retry, runtime);
    runtime->sample                         = event_new(base, -1, EV_PERSIST, on_sample, runtime);
    return runtime->sweep == NULL || runtime->retry == NULL || runtime->sample == NULL
               ? -1
               : event_add(runtime->sample, &each_second);
}

struct runtime *runtime_create(const struct runtime_options *options, struct hawser_error *err)
{
    struct runtime *runtime = calloc(1, sizeof(*runtime));
    if (runtime == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a worker");
        return NULL;
    }
    runtime->options = *options;
    list_init(&runtime->leaving);
    list_init(&runtime->outputs);
    list_init(&runtime->draining);
    runtime->modules  = module_directory_create();
    runtime->sessions = registry_create();
    runtime->streams  = stream_hub_create(options->loop->base, options->telemetry);
    runtime->yielded  = json_object();
    if (runtime->modules == NULL || runtime->sessions == NULL || runtime->streams == NULL ||
        runtime->yielded == NULL || make_events(runtime) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a worker");
        runtime_destroy(runtime);
        return NULL;
    }
    return runtime;
}

static void inherit(void *arg, const char *name, void *object)
{
    const struct runtime_session *session = object;
    (void)name;
    bundle_inherit(session->bundle, arg);
}

void runtime_inherit(struct runtime *runtime, const char *why)
{
    registry_each(runtime->sessions, inherit, (void *)(uintptr_t)why);
}

void runtime_inherit_some(struct runtime *runtime, const json_t *names, const char *why)
{
    const char *name;
    json_t *ignored;
    json_object_foreach((json_t *)(uintptr_t)names, name, ignored)
    {
        const struct runtime_session *session = runtime_find(runtime, name);
        if (session != NULL) {
            bundle_inherit(session->bundle, why);
        }
    }
}

static void move_to_leaving(void *arg, const char *name, void *object)
{
    struct runtime *runtime         = arg;
    struct runtime_session *session = object;
    (void)registry_remove(runtime->sessions, name); /* it is there: we walk it */
    list_append(&runtime->leaving, &session->node);
}

static void destroy_outputs(struct list *outputs)
{
    struct list *node, *after;
    list_for_each_safe (node, after, outputs) {
        runtime_output_destroy(LIST_ENTRY(node, struct runtime_output, node));
    }
}

static void destroy_sessions(struct runtime *runtime)
{
    struct list *node, *after;
    registry_each(runtime->sessions, move_to_leaving, runtime);
    list_for_each_safe (node, after, &runtime->leaving) {
        runtime_session_destroy(LIST_ENTRY(node, struct runtime_session, node));
    }
}

void runtime_destroy(struct runtime *runtime)
{
    if (runtime == NULL) {
        return;
    }
    if (runtime->sessions != NULL) {
        destroy_sessions(runtime);
    }
    destroy_outputs(&runtime->outputs);
    destroy_outputs(&runtime->draining);
    registry_destroy(runtime->sessions);
    module_directory_destroy(runtime->modules);
    runtime_moves_fini(runtime);
    runtime_config_release(runtime->config);
    secrets_fini(&runtime->secrets);
    json_decref(runtime->shards.quarantined);
    if (runtime->sweep != NULL) {
        event_free(runtime->sweep);
    }
    if (runtime->retry != NULL) {
        event_free(runtime->retry);
    }
    if (runtime->sample != NULL) {
        event_free(runtime->sample);
    }
    stream_hub_destroy(runtime->streams);
    json_decref(runtime->closed);
    json_decref(runtime->standby);
    json_decref(runtime->yielded);
    free(runtime);
}

void runtime_reopen(struct runtime *runtime)
{
    struct list *node;
    list_for_each (node, &runtime->outputs) {
        output_reopen(LIST_ENTRY(node, struct runtime_output, node)->output);
    }
}

static void leave_one(void *arg, const char *name, void *object)
{
    (void)name;
    (void)arg;
    runtime_session_leave(object, "shutdown");
}

void runtime_stop(struct runtime *runtime, int graceful, int64_t timeout_ms,
                  void (*stopped)(void *arg), void *arg)
{
    runtime->stopped     = stopped;
    runtime->stopped_arg = arg;
    if (graceful) {
        registry_each(runtime->sessions, leave_one, NULL);
    } else {
        destroy_sessions(runtime);
        retire_outputs(runtime, timeout_ms < QUICK_DRAIN_MS ? timeout_ms : QUICK_DRAIN_MS);
    }
    runtime_sweep_soon(runtime);
}

void runtime_set_closed(struct runtime *runtime, json_t *names)
{
    json_decref(runtime->closed);
    runtime->closed = json_incref(names);
}

static void knows_past(void *arg, const char *name, void *object)
{
    struct runtime_session *session = object;
    (void)arg;
    (void)name;
    session->knows_past = 1;
}

void runtime_restore_channels(struct runtime *runtime, const json_t *changes)
{
    const char *name;
    json_t *change;
    json_object_foreach((json_t *)(uintptr_t)changes, name, change)
    {
        struct runtime_session *session = runtime_find(runtime, name);
        size_t i;
        json_t *channel;
        struct hawser_error err = HAWSER_ERROR_INIT;
        if (session == NULL || session->knows_past) {
            continue; /* another worker's; or wishes of meanwhile count */
        }
        json_array_foreach(json_object_get(change, "added"), i, channel)
        {
            struct hawser_slice slice = {json_string_value(channel), json_string_length(channel)};
            if (slice.data != NULL && bundle_subscribe(session->bundle, &slice, 1, &err) != 0) {
                log_about(LOG_SUBJECT("session", name), LOG_ERROR, "HW-HOST-057",
                          "channel \"%s\" wanted before is lost: %s", slice.data, err.message);
            }
        }
        json_array_foreach(json_object_get(change, "removed"), i, channel)
        {
            struct hawser_slice slice = {json_string_value(channel), json_string_length(channel)};
            if (slice.data != NULL && bundle_unsubscribe(session->bundle, &slice, 1, &err) != 0 &&
                err.code != HAWSER_REQUEST_INVALID) { /* else it is not wanted anyway */
                log_about(LOG_SUBJECT("session", name), LOG_ERROR, "HW-HOST-058",
                          "channel \"%s\" is wanted again: %s", slice.data, err.message);
            }
        }
    }
    registry_each(runtime->sessions, knows_past, NULL);
}
