/*
 * A reload: read, check in a child, hand to the children, say what came of it. See master.h. One at
 * a time; what is asked for meanwhile becomes one more afterwards.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "host/checker.h"
#include "host/master.h"
#include "telemetry/area.h"

static const char *const TOTALS[5] = {"kept", "applied", "replaced", "added", "removed"};

void master_reload_init(struct master *master)
{
    list_init(&master->reload.waiters);
    master->reload.config = -1;
    master->reload.last =
        (struct reload_result){.generation = master->generation, .ok = 1, .text = "started"};
}

static void tell_waiters(struct master *master)
{
    struct list *node, *after;
    list_for_each_safe (node, after, &master->reload.waiters) {
        struct reload_waiter *waiter = LIST_ENTRY(node, struct reload_waiter, node);
        if (waiter->for_next) {
            waiter->for_next = 0;
            continue;
        }
        list_remove(&waiter->node);
        if (waiter->done != NULL) {
            waiter->done(waiter->arg, &master->reload.last);
        }
        free(waiter);
    }
}

/** The attempt is over, one way or the other. */
static void finish(struct master *master, int ok)
{
    struct master_reload *reload = &master->reload;
    reload->step                 = RELOAD_STEP_NONE;
    reload->last.ok              = ok;
    reload->last.generation      = master->generation;
    if (reload->deadline != NULL) {
        (void)event_del(reload->deadline); /* harmless when it does not wait */
    }
    conf_tree_destroy(reload->tree);
    reload->tree = NULL;
    secrets_fini(&reload->secrets);
    settings_fini(&reload->settings);
    if (reload->config >= 0) {
        (void)close(reload->config); /* memory alone */
    }
    reload->config = -1;
    json_decref(reload->errors);
    reload->errors = NULL;
    log_write(ok ? LOG_NOTICE : LOG_ERROR, "HW-HOST-036", "%s", reload->last.text);
    master_notify_look(master);
    tell_waiters(master);
    master_reload_resume(master);
}

static void give_up(struct master *master)
{
    (void)snprintf(master->reload.last.text, sizeof(master->reload.last.text),
                   "reload given up: the host is stopping");
    finish(master, 0);
}

static void refuse(struct master *master, const struct conf_problems *problems)
{
    struct buf text = {0};
    const char *line =
        buf_append_slice(&text, buf_slice(&problems->text)) == 0 ? buf_text(&text) : NULL;
    size_t first = line == NULL ? 0 : strcspn(line, "\n");
    while (line != NULL && *line != 0) {
        size_t len = strcspn(line, "\n");
        log_write(LOG_ERROR, "HW-HOST-037", "reload: %.*s", (int)len, line);
        line += len + (line[len] == '\n');
    }
    (void)snprintf(master->reload.last.text, sizeof(master->reload.last.text),
                   "reload refused, generation %llu goes on: %.*s%s",
                   (unsigned long long)master->generation, (int)first,
                   text.len == 0 ? "no memory" : (const char *)buf_data(&text),
                   problems->count > 1 ? " (and more, see the log)" : "");
    buf_fini(&text);
    finish(master, 0);
}

/* applying */

static int all_applied(const struct master *master)
{
    for (uint32_t i = 0; i < MASTER_WORKERS; i++) {
        if (master_child_is_behind(&master->workers[i])) {
            return 0;
        }
    }
    return !master_child_is_behind(&master->observer);
}

static void check_applied(struct master *master)
{
    if (master->reload.step == RELOAD_STEP_APPLYING && all_applied(master)) {
        const json_t *first = json_array_get(master->reload.errors, 0);
        master_outcome_describe(master, first == NULL ? NULL : json_string_value(first));
        finish(master, first == NULL);
    }
}

void master_reload_applied(struct master_child *child, uint64_t generation, const json_t *report)
{
    struct master_reload *reload = &child->master->reload;
    if (reload->step != RELOAD_STEP_APPLYING || generation != child->master->generation) {
        return; /* a child that started again */
    }
    for (size_t i = 0; i < 5; i++) {
        reload->totals[i] += json_integer_value(json_object_get(report, TOTALS[i]));
    }
    (void)json_array_extend(reload->errors,
                            json_object_get(report, "errors")); /* the child logged them as well */
    check_applied(child->master);
}

void master_reload_child_gone(struct master *master)
{
    check_applied(master);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct master *master = arg;
    (void)fd;
    (void)what;
    char trouble[512];
    master_outcome_of_those_behind(master, trouble, sizeof(trouble));
    master_outcome_describe(master, trouble);
    finish(master, 0);
}

static void swap_text(char **a, char **b)
{
    char *kept = *a;
    *a         = *b;
    *b         = kept;
}

/* What a running host cannot change stays in force, for the children that it starts from now on,
 * too: a worker that comes back as another user could not write what the others write. */
static void keep_fixed(struct settings *now, struct settings *wanted)
{
    uint32_t mode        = now->control_mode;
    int seccomp          = now->seccomp;
    now->master_process  = wanted->master_process;
    now->seccomp         = wanted->seccomp; /* a filter cannot be taken back */
    now->control_mode    = wanted->control_mode;
    wanted->seccomp      = seccomp;
    wanted->control_mode = mode;
    swap_text(&now->user, &wanted->user);
    swap_text(&now->pid_path, &wanted->pid_path);
    swap_text(&now->control_path, &wanted->control_path);
    swap_text(&now->control_group, &wanted->control_group);
}

/* Afterwards the reload's settings are the old ones, but for what is fixed: there they are what the
 * config wants. */
static void adopt(struct master *master)
{
    struct master_reload *reload = &master->reload;
    struct settings old          = master->settings;
    struct conf_tree *tree       = master->tree;
    struct secrets secrets       = master->secrets;
    int config                   = master->config;
    master->settings             = reload->settings;
    master->tree                 = reload->tree;
    master->secrets              = reload->secrets;
    master->config               = reload->config;
    reload->settings             = old;
    reload->tree                 = tree;
    reload->secrets              = secrets;
    reload->config               = config;
    keep_fixed(&master->settings, &reload->settings);
    master->generation++;
}

static int text_differs(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) != 0;
}

static void warn_of_fixed(const struct master *master)
{
    const struct settings *wanted = &master->reload.settings; /* after adopt */
    const struct settings *now    = &master->settings;
    if (text_differs(wanted->pid_path, now->pid_path) ||
        text_differs(wanted->control_path, now->control_path) ||
        text_differs(wanted->control_group, now->control_group) ||
        wanted->control_mode != now->control_mode || text_differs(wanted->user, now->user) ||
        wanted->seccomp != now->seccomp) {
        log_write(LOG_WARN, "HW-HOST-038",
                  "reload: changes of pid, control, user and seccomp need a restart; the old ones "
                  "stay in force");
    }
}

static void configure_children(struct master *master)
{
    uint32_t workers = master->settings.workers;
    for (uint32_t i = 0; i < MASTER_WORKERS; i++) {
        struct master_child *child = &master->workers[i];
        struct hawser_error err    = HAWSER_ERROR_INIT;
        if (i >= workers && i != SHARD_QUARANTINE) {
            if (child->wanted) {
                master_child_quit(child, master->settings.shutdown_timeout_ms);
            }
        } else if (!child->wanted) {
            if (i != SHARD_QUARANTINE) {
                master_child_start(child);
            }
        } else if (child->channel != NULL && master_child_configure(child, &err) != 0) {
            (void)json_array_append_new(master->reload.errors,
                                        json_string(err.message)); /* logged below */
            log_write(LOG_ERROR, "HW-HOST-039", "reload: %s", err.message);
        }
        master_child_hurry(child);
    }
    struct hawser_error err = HAWSER_ERROR_INIT;
    master_child_hurry(&master->observer);
    if (master->observer.channel != NULL && master_child_configure(&master->observer, &err) != 0) {
        log_write(LOG_ERROR, "HW-HOST-040", "reload: %s", err.message);
    }
}

static void apply(struct master *master)
{
    struct master_reload *reload = &master->reload;
    struct hawser_error err      = HAWSER_ERROR_INIT;
    master_outcome_foresee(master);
    adopt(master);
    int64_t longest_ms      = master->settings.reload_timeout_ms;
    struct timeval deadline = {(time_t)(longest_ms / 1000),
                               (suseconds_t)(longest_ms % 1000 * 1000)};
    warn_of_fixed(master);
    log_use_style(master->settings.log_json);
    if (log_open(master->settings.log_path, master->settings.log_level, &err) != 0) {
        log_write(LOG_ERROR, "HW-HOST-041", "%s; the log goes on where it was", err.message);
    }
    reload->step   = RELOAD_STEP_APPLYING;
    reload->errors = json_array();
    memset(reload->totals, 0, sizeof(reload->totals));
    (void)event_add(reload->deadline,
                    &deadline); /* without it a reload may wait for a worker that hangs */
    master_quarantine_reload(master);
    (void)json_object_clear(master->closed); /* a reload opens what a person closed */
    configure_children(master);
    master_quarantine_reloaded(master);
    check_applied(master);
}

/* checking */

void master_reload_check(const struct master *master, const struct conf_tree *tree,
                         const struct settings *settings, struct conf_problems *problems)
{
    size_t most = telemetry_area_worker_slots(master->area) - 2; /* quarantine, a successor */
    if (settings->workers > most) {
        conf_problem(problems, conf_find(conf_tree_root(tree), "worker_processes", NULL),
                     "worker_processes can grow to %zu without a restart, not to %u", most,
                     (unsigned)settings->workers);
    }
}

static void on_checked(void *arg, const struct conf_problems *problems)
{
    struct master *master        = arg;
    struct master_reload *reload = &master->reload;
    struct hawser_error err      = HAWSER_ERROR_INIT;
    struct conf_problems more;
    conf_problems_init(&more);
    if (master->stopping) { /* what it would start would have to be stopped */
        give_up(master);
    } else if (problems->count > 0) {
        refuse(master, problems);
    } else if (settings_read(&reload->settings, reload->tree, master->options->prefix,
                             master->options->error_log, &err) != 0) {
        conf_problem(&more, NULL, "%s", err.message);
        refuse(master, &more);
    } else {
        master_reload_check(master, reload->tree, &reload->settings, &more);
        if (more.count > 0) {
            refuse(master, &more);
        } else {
            apply(master);
        }
    }
    conf_problems_fini(&more);
}

/* From the loop: the checker is not freed inside its own callback, and a refused file does not
 * recurse. */
static void begin(struct master *master)
{
    struct master_reload *reload = &master->reload;
    struct hawser_error err      = HAWSER_ERROR_INIT;
    struct config_load load;
    reload->step     = RELOAD_STEP_CHECKING;
    reload->began_at = clock_monotonic();
    master_notify_look(master);
    if (config_load_read(&load, master->options) != 0) {
        refuse(master, &load.problems);
        config_load_fini(&load);
        return;
    }
    reload->tree    = load.tree;
    reload->config  = load.config;
    reload->secrets = load.secrets;
    load.tree       = NULL;
    load.config     = -1;
    load.secrets    = (struct secrets){0};
    checker_destroy(reload->checker);
    struct checker_order order = {.base       = master->base,
                                  .config     = reload->config,
                                  .prefix     = master->options->prefix,
                                  .timeout_ms = settings_reload_timeout_ms(reload->tree),
                                  .done       = on_checked,
                                  .arg        = master};
    reload->checker            = checker_start(&order, &err);
    if (reload->checker == NULL) {
        conf_problem(&load.problems, NULL, "%s", err.message);
        refuse(master, &load.problems);
    }
    config_load_fini(&load);
}

void master_reload_start(struct master *master,
                         void (*done)(void *arg, const struct reload_result *result), void *arg)
{
    struct master_reload *reload = &master->reload;
    if (done != NULL) {
        struct reload_waiter *waiter = calloc(1, sizeof(*waiter));
        if (waiter == NULL) {
            struct reload_result none = {
                .generation = master->generation, .ok = 0, .text = "reload: no memory"};
            done(arg, &none);
            return;
        }
        *waiter = (struct reload_waiter){
            .done = done, .arg = arg, .for_next = reload->step != RELOAD_STEP_NONE};
        list_append(&reload->waiters, &waiter->node);
    }
    reload->again = 1;
    master_reload_resume(master);
}

/* Another binary that waits to take over goes first: it reloads then. So does a worker's successor,
 * which knows the config in force. */
void master_reload_resume(struct master *master)
{
    struct master_reload *reload = &master->reload;
    if (reload->deadline == NULL) {
        reload->deadline = event_new(master->base, -1, 0, on_deadline, master);
    }
    if (reload->step == RELOAD_STEP_NONE && reload->again && reload->deadline != NULL &&
        !master->stopping && !master_upgrade_is_waiting(master) && !master_roll_is_beside(master) &&
        !master->roll.is_next) {
        reload->again = 0;
        begin(master);
    }
}

void master_reload_fini(struct master *master)
{
    struct master_reload *reload = &master->reload;
    checker_destroy(reload->checker);
    reload->checker = NULL;
    reload->again   = 0;
    if (reload->step != RELOAD_STEP_NONE) {
        give_up(master);
    }
    tell_waiters(master);
    if (reload->deadline != NULL) {
        event_free(reload->deadline);
    }
    reload->deadline = NULL;
}
