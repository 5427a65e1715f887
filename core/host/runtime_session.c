/*
 * Sessions of one worker. See runtime.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "host/runtime.h"
#include "host/sessionconf.h"
#include "host/stream.h"
#include "host/summary.h"

/* Hot. */
static void on_record(void *arg, const struct hawser_record *record)
{
    struct runtime_session *session = arg;
    for (struct runtime_output **route = session->routes; *route != NULL; route++) {
        output_push((*route)->output, record);
    }
    if (!list_is_empty(&session->feed->streams)) {
        stream_feed_push(session->feed, record);
    }
}

static void finish_if_gone(struct runtime_session *session, enum hawser_state state)
{
    if (session->leaving && (state == HAWSER_STATE_CLOSED || state == HAWSER_STATE_FAILED)) {
        session->finished = 1;
        runtime_sweep_soon(session->runtime);
    }
}

static void on_state(void *arg, enum hawser_state state, const struct hawser_error *why)
{
    struct runtime_session *session = arg;
    struct runtime_options *options = &session->runtime->options;
    (void)why; /* the session logs it */
    if (options->changed != NULL) {
        options->changed(options->changed_arg);
    }
    finish_if_gone(session, state);
}

static void count_session(void *arg, const char *name, void *object)
{
    struct summary *summary         = arg;
    struct runtime_session *session = object;
    enum summary_group group        = summary_group_of(bundle_state(session->bundle));
    if (bundle_is_standing_by(session->bundle)) {
        return; /* another process counts it */
    }
    summary->sessions[group]++;
    if (summary_wants_example(summary, group)) {
        struct session_info info;
        bundle_get_info(session->bundle, &info);
        summary_give_example(summary, group, name, info.last_error.message);
    }
}

void runtime_summarize(struct runtime *runtime, struct summary *summary)
{
    registry_each(runtime->sessions, count_session, summary);
}

void runtime_session_destroy(struct runtime_session *session)
{
    if (session == NULL) {
        return;
    }
    if (!session->leaving && runtime_find(session->runtime, session->name) == session) {
        (void)registry_remove(session->runtime->sessions,
                              session->name); /* it was just found there */
    }
    list_remove(&session->node);
    runtime_move_ended(session);
    runtime_yield_free(session);
    runtime_take_now(session);
    bundle_destroy(session->bundle);
    runtime_config_release(session->config);
    stream_feed_release(session->feed);
    if (session->yielded) {
        runtime_say_gone(session->runtime, session->name);
    }
    free(session->routes);
    free(session->name);
    free(session);
}

int runtime_session_uses(const struct conf_node *session, const char *output)
{
    const struct conf_node *node = NULL;
    while ((node = conf_find(session, "output", node)) != NULL) {
        for (size_t i = 1; i < node->word_count; i++) {
            if (strcmp(node->words[i], output) == 0) {
                return 1;
            }
        }
    }
    return 0;
}

/** @return given: the outputs that a session block names, NULL-terminated; NULL: no memory */
static struct runtime_output **find_routes(const struct runtime *runtime,
                                           const struct conf_node *block)
{
    size_t count = 0;
    struct list *node;
    list_for_each (node, &runtime->outputs) {
        count++;
    }
    struct runtime_output **routes = calloc(count + 1, sizeof(struct runtime_output *));
    if (routes == NULL) {
        return NULL;
    }
    count = 0;
    list_for_each (node, &runtime->outputs) {
        struct runtime_output *output = LIST_ENTRY(node, struct runtime_output, node);
        if (runtime_session_uses(block, output->name)) {
            routes[count++] = output;
        }
    }
    return routes;
}

static int take_config(struct runtime_session *session, const struct conf_node *block,
                       int lines_too, struct hawser_error *err)
{
    struct runtime *runtime        = session->runtime;
    struct runtime_output **routes = find_routes(runtime, block);
    if (routes == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the session's outputs");
        return -1;
    }
    free(session->routes);
    session->routes = routes;
    if (session->config != runtime->config) {
        struct runtime_config *old = session->config;
        session->config            = runtime_config_use(runtime->config);
        session->block             = block;
        if (lines_too) {
            runtime_lines_rebase(session, old);
        }
        runtime_config_release(old);
    }
    return 0;
}

int runtime_session_rebase(struct runtime_session *session, const struct conf_node *block,
                           struct hawser_error *err)
{
    return take_config(session, block, 1, err);
}

int runtime_session_point(struct runtime_session *session, const struct conf_node *block,
                          struct hawser_error *err)
{
    return take_config(session, block, 0, err);
}

static int make_bundle(struct runtime_session *session, struct hawser_error *err)
{
    const struct runtime_options *options = &session->runtime->options;
    struct sessionconf conf;
    struct bundle_env env = {.loop        = options->loop,
                             .telemetry   = options->telemetry,
                             .budget      = options->budget,
                             .arg         = session,
                             .record      = on_record,
                             .state       = on_state,
                             .line_open   = runtime_line_open,
                             .line_made   = runtime_line_made,
                             .line_close  = runtime_line_close,
                             .moved       = runtime_on_moved,
                             .standing_by = runtime_on_standing_by};
    if (sessionconf_read(&conf, session->block, options->prefix, err) == 0) {
        session->bundle = bundle_create(&conf.bundle, &env, err);
    }
    sessionconf_fini(&conf);
    return session->bundle == NULL ? -1 : 0;
}

struct runtime_session *runtime_session_create(struct runtime *runtime,
                                               const struct conf_node *block,
                                               struct hawser_error *err)
{
    struct runtime_session *session = calloc(1, sizeof(*session));
    const struct conf_node *adapter = conf_find(block, "adapter", NULL);
    if (session == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a session");
        return NULL;
    }
    list_init(&session->node);
    list_init(&session->lines);
    session->runtime = runtime;
    session->config  = runtime_config_use(runtime->config);
    session->block   = block;
    session->name    = strdup(block->words[1]);
    session->module  = module_directory_find(runtime->modules, HAWSER_ADAPTER, adapter->words[1]);
    if (session->name == NULL || session->module == NULL) {
        error_set(err, HAWSER_MODULE_INIT, "adapter \"%s\" is not loaded", adapter->words[1]);
        goto fail;
    }
    session->feed = stream_feed_use(runtime->streams, session->name);
    if (session->feed == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a session");
        goto fail;
    }
    if (runtime_session_rebase(session, block, err) != 0 || make_bundle(session, err) != 0 ||
        registry_add(runtime->sessions, session->name, session, err) != 0) {
        goto fail;
    }
    rate_sample(&session->messages, 0, clock_monotonic());
    rate_sample(&session->bytes, 0, clock_monotonic());
    int stands_by = runtime_session_stand_by(session);
    if (json_object_get(runtime->closed, session->name) != NULL) {
        runtime_session_close(session);
    } else if (!stands_by) {
        bundle_start(session->bundle);
    }
    return session;
fail:
    error_prefix(err, "session %s", block->words[1]);
    runtime_session_destroy(session);
    return NULL;
}

int runtime_session_apply(struct runtime_session *session, const struct conf_node *block,
                          struct hawser_error *err)
{
    struct sessionconf conf;
    int rc = sessionconf_read(&conf, block, session->runtime->options.prefix, err);
    if (rc == 0) {
        rc = bundle_apply(session->bundle, &conf.bundle, err);
    }
    sessionconf_fini(&conf);
    return rc;
}

void runtime_session_close(struct runtime_session *session)
{
    log_about(LOG_SUBJECT("session", session->name), LOG_NOTICE, "HW-HOST-107",
              "is closed by hand, until it is asked for or a reload");
    session->closed_by_hand = 1;
    bundle_leave(session->bundle, HAWSER_CLOSE_NORMAL, "closed by hand");
}

int runtime_session_reopen(struct runtime_session *session, struct hawser_error *err)
{
    if (bundle_state(session->bundle) == HAWSER_STATE_CLOSING) {
        error_set(err, HAWSER_SESSION_STATE,
                  "session %s is still on its way out; ask again when it is CLOSED", session->name);
        return -1;
    }
    session->closed_by_hand = 0;
    bundle_reconnect(session->bundle, "asked for on the control socket");
    return 0;
}

void runtime_session_leave(struct runtime_session *session, const char *reason)
{
    (void)registry_remove(session->runtime->sessions,
                          session->name); /* absent when it is leaving already */
    session->leaving = 1;
    runtime_take_now(session);
    runtime_move_ended(session);
    list_remove(&session->node);
    list_append(&session->runtime->leaving, &session->node);
    bundle_leave(session->bundle, HAWSER_CLOSE_GOING_AWAY, reason);
    finish_if_gone(session, bundle_state(session->bundle)); /* one that was CLOSED before changes
                                                               its state no more */
}
