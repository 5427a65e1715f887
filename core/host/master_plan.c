/*
 * What a reload would do: the new config checked as a reload would, then reload.c's plan, with what
 * only the master knows: who runs what, from which files. See master.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "host/checker.h"
#include "host/master.h"
#include "host/reload.h"
#include "host/runtime.h"

#define MAX_PLANS 4u /* at once: each has a checker of its own */

/* from a candidate to a list */

struct planning {
    struct master *master;
    const struct master_candidate *candidate;
    struct module_files modules; /* as they are now */
    json_t *list;
};

static int child_differs(const struct planning *planning, const struct master_child *child,
                         enum hawser_module_kind kind, const char *module)
{
    return child->channel != NULL &&
           module_files_differ(&child->modules, &planning->modules, kind, module);
}

/** Does a worker that has the old module run a session that writes to this output? */
static int output_module_changed(const struct planning *planning, const char *output,
                                 const char *module)
{
    struct master *master           = planning->master;
    struct shards shards            = master_shards(master);
    const struct conf_node *session = NULL;
    while ((session = conf_find(conf_tree_root(master->tree), "session", session)) != NULL) {
        if (session->word_count == 2 && runtime_session_uses(session, output) &&
            child_differs(planning, &master->workers[shard_worker(&shards, session->words[1])],
                          HAWSER_OUTPUT, module)) {
            return 1;
        }
    }
    return 0;
}

static const char *module_of(enum hawser_module_kind kind, const struct conf_node *block)
{
    const struct conf_node *adapter = conf_find(block, "adapter", NULL);
    if (kind != HAWSER_ADAPTER) {
        return block->word_count > 1 ? block->words[1] : "";
    }
    return adapter == NULL || adapter->word_count < 2 ? "" : adapter->words[1];
}

static int module_changed(void *arg, enum hawser_module_kind kind, const struct conf_node *after)
{
    const struct planning *planning = arg;
    struct master *master           = planning->master;
    struct shards shards            = master_shards(master);
    const char *module              = module_of(kind, after);
    switch (kind) {
    case HAWSER_ADAPTER:
        return child_differs(planning, &master->workers[shard_worker(&shards, after->words[1])],
                             kind, module);
    case HAWSER_OUTPUT:
        return output_module_changed(planning, after->words[after->word_count - 1], module);
    default:
        return child_differs(planning, &master->observer, kind, module);
    }
}

static int credentials_changed(void *arg, const char *session)
{
    const struct planning *planning = arg;
    return !secrets_equal(&planning->master->secrets, planning->candidate->secrets, session);
}

static int worker_changed(void *arg, const char *session)
{
    const struct planning *planning = arg;
    struct shards before            = master_shards(planning->master);
    struct shards after             = {planning->candidate->workers, before.quarantined};
    return shard_worker(&before, session) != shard_worker(&after, session);
}

static int has_failed(void *arg, const char *session)
{
    const struct planning *planning = arg;
    const char *state = json_string_value(json_object_get(planning->candidate->states, session));
    return state != NULL && (strcmp(state, "FAILED") == 0 || strcmp(state, "CLOSED") == 0);
}

static void add(struct planning *planning, const char *kind, const char *name, const char *action,
                struct buf *reason)
{
    const char *text = buf_text(reason);
    (void)json_array_append_new(planning->list,
                                json_pack("{s:s, s:s, s:s, s:s}", "kind", kind, "name", name,
                                          "action", action, "reason",
                                          text == NULL ? "" : text)); /* else it is short */
    buf_fini(reason);
}

static void add_main(void *arg, const struct reload_main_change *change)
{
    struct planning *planning = arg;
    struct buf reason         = {0};
    if (reload_main_explain(change, &reason) == 0) {
        add(planning, "host", change->directive, reload_main_words(change), &reason);
    }
}

static void add_change(struct planning *planning, const struct reload_change *change)
{
    static const char *const KINDS[] = {"host", "session", "output", "telemetry"};
    struct buf reason                = {0};
    const struct conf_node *block    = change->after != NULL ? change->after : change->before;
    const struct module_file *file =
        module_files_find(&planning->modules, change->kind, module_of(change->kind, block));
    const struct conf_node *place =
        file == NULL ? NULL : module_files_place(planning->candidate->tree, file);
    if (reload_change_explain(change, place, &reason) == 0) {
        add(planning, KINDS[change->kind], change->name, reload_change_words(change), &reason);
    }
}

json_t *master_plan_json(struct master *master, const struct master_candidate *candidate)
{
    struct planning planning  = {.master = master, .candidate = candidate, .list = json_array()};
    struct reload_rules rules = {.arg                 = &planning,
                                 .module_changed      = module_changed,
                                 .credentials_changed = credentials_changed,
                                 .worker_changed      = worker_changed,
                                 .has_failed          = has_failed};
    struct reload_plan plan;
    module_files_read(&planning.modules, candidate->tree, master->options->prefix);
    if (planning.list == NULL ||
        reload_plan_make(master->tree, candidate->tree, &rules, &plan) != 0) {
        json_decref(planning.list);
        module_files_fini(&planning.modules);
        return NULL;
    }
    reload_main_changes(master->tree, candidate->tree, add_main, &planning);
    for (size_t i = 0; i < plan.count; i++) {
        add_change(&planning, &plan.changes[i]);
    }
    reload_plan_fini(&plan);
    module_files_fini(&planning.modules);
    return planning.list;
}

/* for a control client */

struct run {
    struct list node;
    struct master *master;
    struct config_load load;
    struct checker *checker;
    json_t *states;
    void (*done)(void *arg, json_t *answer);
    void *arg;
};

static void run_free(struct run *run)
{
    list_remove(&run->node);
    checker_destroy(run->checker);
    config_load_fini(&run->load);
    json_decref(run->states);
    free(run);
}

static json_t *refusal(const char *text)
{
    return json_pack("{s:{s:i, s:s}}", "error", "code", (int)HAWSER_CONTROL_REFUSED, "message",
                     text);
}

/** The faults of the file, a line each. */
static json_t *problems_json(const struct conf_problems *problems)
{
    struct buf text = {0};
    json_t *answer  = NULL;
    const char *lines =
        buf_append_slice(&text, buf_slice(&problems->text)) == 0 ? buf_text(&text) : NULL;
    if (lines != NULL) {
        answer =
            json_pack("{s:{s:i, s:s, s:{s:s, s:I}}}", "error", "code", (int)HAWSER_CONTROL_REFUSED,
                      "message", "a reload would refuse the configuration", "data", "problems",
                      lines, "count", (json_int_t)problems->count);
    }
    buf_fini(&text);
    return answer;
}

static json_t *answer_json(struct run *run)
{
    struct master *master   = run->master;
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct settings settings;
    json_t *changes = NULL;
    if (settings_read(&settings, run->load.tree, master->options->prefix,
                      master->options->error_log, &err) != 0) {
        return refusal(err.message);
    }
    master_reload_check(master, run->load.tree, &settings, &run->load.problems);
    if (run->load.problems.count == 0) {
        struct master_candidate candidate = {run->load.tree, &run->load.secrets, settings.workers,
                                             run->states};
        changes                           = master_plan_json(master, &candidate);
    }
    settings_fini(&settings);
    if (run->load.problems.count > 0) {
        return problems_json(&run->load.problems);
    }
    return changes == NULL ? NULL
                           : json_pack("{s:{s:I, s:s, s:o}}", "result", "generation",
                                       (json_int_t)master->generation, "config",
                                       master->options->config, "changes", changes);
}

static void on_checked(void *arg, const struct conf_problems *problems)
{
    struct run *run = arg;
    json_t *answer  = problems->count > 0 ? problems_json(problems) : answer_json(run);
    run->done(run->arg, answer);
    run_free(run);
}

/** @return given: {"NAME": "STATE"}; NULL: no memory */
static json_t *states_of(const json_t *sessions)
{
    size_t i;
    json_t *session;
    json_t *states = json_object();
    json_array_foreach(sessions, i, session)
    {
        const char *name = json_string_value(json_object_get(session, "session"));
        if (name != NULL) {
            (void)json_object_set(states, name,
                                  json_object_get(session, "state")); /* short of memory: unknown */
        }
    }
    return states;
}

static size_t count_plans(const struct master *master)
{
    size_t count = 0;
    struct list *node;
    list_for_each (node, &master->plans) {
        count++;
    }
    return count;
}

void master_plan_start(struct master *master, const json_t *sessions,
                       void (*done)(void *arg, json_t *answer), void *arg)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct run *run         = count_plans(master) < MAX_PLANS ? calloc(1, sizeof(*run)) : NULL;
    if (run == NULL) {
        done(arg, refusal("too many plans are being made; try again"));
        return;
    }
    *run = (struct run){.master = master, .states = states_of(sessions), .done = done, .arg = arg};
    list_append(&master->plans, &run->node);
    if (config_load_read(&run->load, master->options) != 0) {
        done(arg, problems_json(&run->load.problems));
        run_free(run);
        return;
    }
    struct checker_order order = {.base       = master->base,
                                  .config     = run->load.config,
                                  .prefix     = master->options->prefix,
                                  .timeout_ms = settings_reload_timeout_ms(run->load.tree),
                                  .done       = on_checked,
                                  .arg        = run};
    run->checker               = checker_start(&order, &err);
    if (run->checker == NULL) {
        done(arg, refusal(err.message));
        run_free(run);
    }
}

void master_plans_fini(struct master *master)
{
    struct list *node, *after;
    list_for_each_safe (node, after, &master->plans) {
        struct run *run = LIST_ENTRY(node, struct run, node);
        run->done(run->arg, refusal("the host is stopping"));
        run_free(run);
    }
}
