/*
 * From one generation to the next in a running worker: the plan of reload.c carried out. See
 * runtime.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "host/modules.h"
#include "host/reload.h"
#include "host/runtime.h"
#include "host/settings.h"
#include "host/shard.h"
#include "module/instance.h"

struct apply {
    struct runtime *runtime;
    struct runtime_config *before; /* NULL: the first generation */
    struct shards shards_before;
    struct secrets *secrets; /* the new ones */
    json_t *report;
    json_t *wishes; /* {session: [channel]}: wanted at run time of those that start anew */
};

static void note_error(struct apply *apply, const struct hawser_error *err)
{
    log_write(LOG_ERROR, "HW-HOST-001", "reload: %s", err->message);
    (void)json_array_append_new(json_object_get(apply->report, "errors"),
                                json_string(err->message)); /* the log has it */
}

/* what the plan has to ask */

static int session_is_ours(struct apply *apply, const struct conf_node *session, int is_after)
{
    const struct shards *shards = is_after ? &apply->runtime->shards : &apply->shards_before;
    return session->word_count == 2 &&
           json_object_get(apply->runtime->yielded, session->words[1]) == NULL &&
           shard_worker(shards, session->words[1]) == apply->runtime->options.index;
}

static int output_is_ours(struct apply *apply, const struct conf_node *output, int is_after)
{
    const struct conf_tree *tree    = is_after ? apply->runtime->config->tree : apply->before->tree;
    const struct conf_node *session = NULL;
    while ((session = conf_find(conf_tree_root(tree), "session", session)) != NULL) {
        if (session_is_ours(apply, session, is_after) &&
            runtime_session_uses(session, output->words[output->word_count - 1])) {
            return 1;
        }
    }
    return 0;
}

static int is_ours(void *arg, enum hawser_module_kind kind, const struct conf_node *node,
                   int is_after)
{
    switch (kind) {
    case HAWSER_ADAPTER:
        return session_is_ours(arg, node, is_after);
    case HAWSER_OUTPUT:
        return output_is_ours(arg, node, is_after);
    default:
        return 0; /* sinks are the observer's */
    }
}

static int module_changed(void *arg, enum hawser_module_kind kind, const struct conf_node *after)
{
    struct apply *apply = arg;
    if (kind == HAWSER_OUTPUT) {
        struct runtime_output *output =
            runtime_output_find(apply->runtime, after->words[after->word_count - 1]);
        return output == NULL || output->module != module_directory_find(apply->runtime->modules,
                                                                         kind, after->words[1]);
    }
    struct runtime_session *session = runtime_find(apply->runtime, after->words[1]);
    const struct conf_node *adapter = conf_find(after, "adapter", NULL);
    return session == NULL || adapter == NULL || session->behind ||
           session->module !=
               module_directory_find(apply->runtime->modules, kind, adapter->words[1]);
}

static int credentials_changed(void *arg, const char *session)
{
    struct apply *apply = arg;
    return !secrets_equal(&apply->runtime->secrets, apply->secrets, session);
}

/* carrying it out */

static void module_refused(void *arg, const struct conf_node *node, const struct hawser_error *why)
{
    struct hawser_error err = *why;
    error_prefix(&err, "%s:%u", node->file, node->line);
    note_error(arg, &err);
}

static void load_modules(struct apply *apply)
{
    struct modules_load load = {.directory = apply->runtime->modules,
                                .prefix    = apply->runtime->options.prefix,
                                .arg       = apply,
                                .refused   = module_refused};
    modules_load_all(&load, apply->runtime->config->tree);
}

static void make_outputs(struct apply *apply, const struct reload_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct reload_change *change = &plan->changes[i];
        struct hawser_error err            = HAWSER_ERROR_INIT;
        if (change->kind != HAWSER_OUTPUT || change->action == RELOAD_REMOVE) {
            continue;
        }
        struct runtime_output *old = runtime_output_find(apply->runtime, change->name);
        if (change->action == RELOAD_KEEP && old != NULL) {
            struct runtime_config *config = old->config;
            old->config                   = runtime_config_use(apply->runtime->config);
            old->block                    = change->after;
            instance_set_block(old->instance, change->after);
            runtime_config_release(config);
            continue;
        }
        if (old != NULL) { /* first in the list is found first: the old one may not hide the new */
            list_remove(&old->node);
            list_append(&apply->runtime->draining, &old->node);
        }
        if (runtime_output_create(apply->runtime, change->after, &err) == NULL) {
            note_error(apply, &err);
            if (old != NULL) { /* better the old one than none */
                list_remove(&old->node);
                list_append(&apply->runtime->outputs, &old->node);
            }
        }
    }
}

static void keep_wish(void *arg, const char *channel, int confirmed, int dynamic)
{
    (void)confirmed;
    if (dynamic) {
        (void)json_array_append_new(arg, json_string(channel)); /* short of memory it is lost */
    }
}

/* What is wanted of it at run time outlives it. */
static void keep_wishes(struct apply *apply, const struct runtime_session *session)
{
    json_t *channels = json_array();
    if (channels != NULL) {
        bundle_each_channel(session->bundle, keep_wish, channels);
    }
    (void)json_object_set_new(apply->wishes, session->name, channels); /* NULL is refused */
}

static void wish_again(struct apply *apply, const struct runtime_session *session)
{
    size_t i;
    json_t *channel;
    json_array_foreach(json_object_get(apply->wishes, session->name), i, channel)
    {
        struct hawser_error err   = HAWSER_ERROR_INIT;
        struct hawser_slice slice = {json_string_value(channel), json_string_length(channel)};
        if (bundle_subscribe(session->bundle, &slice, 1, &err) != 0) {
            error_prefix(&err, "session %s: channel \"%s\" wanted before is lost", session->name,
                         slice.data);
            note_error(apply, &err);
        }
    }
}

static void start_session(struct apply *apply, const struct reload_change *change)
{
    struct hawser_error err         = HAWSER_ERROR_INIT;
    struct runtime_session *session = runtime_session_create(apply->runtime, change->after, &err);
    if (session == NULL) {
        note_error(apply, &err);
    } else if (change->action != RELOAD_ADD) {
        wish_again(apply, session);
        bundle_inherit(session->bundle, "a reload replaced the session");
    }
}

static int change_session(struct apply *apply, struct runtime_session *session,
                          const struct reload_change *change)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    const char *pairs[SECRETS_MAX_PAIRS * 2];
    int rc = runtime_session_rebase(session, change->after, &err);
    if (rc == 0 && change->action == RELOAD_APPLY) {
        size_t count = secrets_of(apply->secrets, session->name, pairs, SECRETS_MAX_PAIRS);
        rc           = runtime_session_apply(session, change->after, &err);
        if (rc == 0 && count > 0 && credentials_changed(apply, session->name)) {
            rc = bundle_set_credentials(session->bundle, pairs, count, &err);
        }
    }
    if (rc != 0) {
        error_prefix(&err, "session %s goes on as it was", session->name);
        note_error(apply, &err);
    }
    return rc;
}

/* FAILED waits for a person, and a reload is how a person comes; so does what a person closed. */
static int waits_for_person(const struct runtime_session *session)
{
    return bundle_state(session->bundle) == HAWSER_STATE_FAILED ||
           (session->closed_by_hand &&
            json_object_get(session->runtime->closed, session->name) == NULL);
}

static void change_running(struct apply *apply, const struct reload_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct reload_change *change = &plan->changes[i];
        if (change->kind != HAWSER_ADAPTER || change->action == RELOAD_ADD) {
            continue;
        }
        struct runtime_session *session = runtime_find(apply->runtime, change->name);
        if (session == NULL) {
            continue; /* it failed to start in the generation before; see start_missing */
        }
        if (change->action == RELOAD_REMOVE || waits_for_person(session) ||
            (change->action == RELOAD_REPLACE && session->closed_by_hand)) {
            keep_wishes(apply, session);
            runtime_session_leave(session, "reload");
        } else if (change->action != RELOAD_REPLACE) {
            (void)change_session(apply, session, change); /* reported there */
        }
    }
}

/* With the new secrets in place. */
static void move_replaced(struct apply *apply, const struct reload_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct reload_change *change = &plan->changes[i];
        struct hawser_error err            = HAWSER_ERROR_INIT;
        struct runtime_session *session =
            change->kind == HAWSER_ADAPTER && change->action == RELOAD_REPLACE
                ? runtime_find(apply->runtime, change->name)
                : NULL;
        if (session != NULL && runtime_session_move(session, change->after, &err) != 0) {
            error_prefix(&err, "session %s goes on as it was", session->name);
            note_error(apply, &err);
        }
    }
}

static void start_missing(struct apply *apply, const struct reload_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct reload_change *change = &plan->changes[i];
        if (change->kind == HAWSER_ADAPTER && change->action != RELOAD_REMOVE &&
            runtime_find(apply->runtime, change->name) == NULL) {
            start_session(apply, change);
        }
    }
}

/* Outputs that nobody names any more: removed ones, and old versions set aside by make_outputs.
 * They are drained when the sessions that used them are gone. */
static void retire_unused(struct apply *apply, const struct reload_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct reload_change *change = &plan->changes[i];
        struct runtime_output *output      = runtime_output_find(apply->runtime, change->name);
        if (change->kind == HAWSER_OUTPUT && change->action == RELOAD_REMOVE && output != NULL) {
            list_remove(&output->node);
            list_append(&apply->runtime->draining, &output->node);
        }
    }
    runtime_sweep_soon(apply->runtime);
}

static void report_totals(struct apply *apply, const struct reload_plan *plan)
{
    static const struct {
        const char *name;
        enum reload_action action;
    } TOTALS[] = {{"kept", RELOAD_KEEP},
                  {"applied", RELOAD_APPLY},
                  {"replaced", RELOAD_REPLACE},
                  {"added", RELOAD_ADD},
                  {"removed", RELOAD_REMOVE}};
    for (size_t i = 0; i < sizeof(TOTALS) / sizeof(TOTALS[0]); i++) {
        json_int_t count = (json_int_t)plan->totals[HAWSER_ADAPTER][TOTALS[i].action];
        (void)json_object_set_new(apply->report, TOTALS[i].name,
                                  json_integer(count)); /* a report without a number is read as 0 */
    }
}

void runtime_apply(struct runtime *runtime, struct conf_tree *tree, const struct shards *shards,
                   struct secrets *secrets, json_t *report)
{
    struct apply apply           = {.runtime       = runtime,
                                    .before        = runtime->config,
                                    .shards_before = runtime->shards,
                                    .secrets       = secrets,
                                    .report        = report};
    struct runtime_config *after = calloc(1, sizeof(*after));
    struct reload_plan plan      = {0};
    struct reload_rules rules    = {.arg                 = &apply,
                                    .is_ours             = is_ours,
                                    .module_changed      = module_changed,
                                    .credentials_changed = credentials_changed};
    struct hawser_error err      = HAWSER_ERROR_INIT;
    (void)json_object_set_new(report, "errors",
                              json_array()); /* without it errors are in the log alone */
    if (after == NULL) {
        conf_tree_destroy(tree);
        error_set(&err, HAWSER_SYSTEM_MEMORY,
                  "no memory for the new configuration; the old one goes on");
        note_error(&apply, &err);
        return;
    }
    *after          = (struct runtime_config){tree, 1};
    runtime->config = after;
    runtime->shards = (struct shards){shards->workers, json_incref(shards->quarantined)};
    load_modules(&apply);
    if (reload_plan_make(apply.before == NULL ? NULL : apply.before->tree, tree, &rules, &plan) !=
        0) {
        error_set(&err, HAWSER_SYSTEM_MEMORY,
                  "no memory to plan the reload; the old configuration goes on");
        note_error(&apply, &err);
        runtime->config = apply.before;
        json_decref(runtime->shards.quarantined);
        runtime->shards = apply.shards_before;
        runtime_config_release(after);
        return;
    }
    budget_set_limits(runtime->options.budget, settings_connect_budget(tree));
    runtime->options.loop->busy_ms = settings_busy_poll_ms(tree);
    make_outputs(&apply, &plan);
    apply.wishes = json_object(); /* short of memory they are lost */
    change_running(&apply, &plan);
    secrets_fini(&runtime->secrets);
    runtime->secrets = *secrets;
    *secrets         = (struct secrets){0};
    move_replaced(&apply, &plan);
    start_missing(&apply, &plan);
    json_decref(apply.wishes);
    retire_unused(&apply, &plan);
    runtime_retry_outputs(runtime);
    report_totals(&apply, &plan);
    reload_plan_fini(&plan);
    runtime_config_release(apply.before);
    json_decref(apply.shards_before.quarantined);
}
