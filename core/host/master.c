/*
 * The master's own life: set up, signals, stop. See master.h.
 */
#include "host/master.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "host/control.h"
#include "host/handover.h"
#include "host/privileges.h"
#include "session/budget.h"
#include "telemetry/area.h"

#define QUICK_STOP_S    5
#define OBSERVER_LEAD_S 2

/* stopping */

static int workers_are_running(const struct master *master)
{
    for (uint32_t i = 0; i < MASTER_WORKERS; i++) {
        if (master_child_is_running(&master->workers[i])) {
            return 1;
        }
    }
    return master_child_is_running(&master->roll.other);
}

/* The observer goes last, so that it sees the workers' last events. */
void master_check_stopped(struct master *master)
{
    if (!master->stopping || workers_are_running(master)) {
        return;
    }
    if (master->observer.wanted) {
        master_child_quit(&master->observer, QUICK_STOP_S * 1000);
    }
    if (!master_child_is_running(&master->observer)) {
        (void)event_base_loopbreak(master->base); /* fails only without a loop */
    }
}

void master_stop(struct master *master, int graceful)
{
    int64_t timeout_ms = graceful ? master->settings.shutdown_timeout_ms : 0;
    if (master->stopping == 2 || (master->stopping == 1 && graceful)) {
        return;
    }
    struct timeval deadline = {(time_t)(timeout_ms / 1000) + QUICK_STOP_S, 0};
    log_write(LOG_NOTICE, "HW-HOST-008",
              graceful ? "stopping: sessions close, outputs are emptied" : "stopping at once");
    master->stopping = graceful ? 1 : 2;
    master_notify_look(master);
    for (uint32_t i = 0; i < MASTER_WORKERS; i++) {
        master_child_quit(&master->workers[i], timeout_ms);
    }
    master_child_quit(&master->roll.other, timeout_ms);
    (void)event_add(master->stop_deadline,
                    &deadline); /* without it children that hang are ended by hand */
    master_check_stopped(master);
}

static void on_stop_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct master *master = arg;
    (void)fd;
    (void)what;
    log_write(LOG_ALERT, "HW-HOST-009", "processes did not stop in time; ending them");
    master->exit_status = 1;
    (void)event_base_loopbreak(
        master->base); /* fails only without a loop; master_child_fini kills */
}

/* life */

/** Make the folder that a file of ours goes into. */
static void make_folder_of(const char *path)
{
    char *folder = strdup(path);
    char *slash  = folder == NULL ? NULL : strrchr(folder, '/');
    if (slash != NULL && slash != folder) {
        *slash = 0;
        (void)mkdir(folder, 0755); /* there already, or the file's own error tells */
    }
    free(folder);
}

static int open_files(struct master *master, struct hawser_error *err)
{
    struct settings *s = &master->settings;
    if (strcmp(s->log_path, "stderr") != 0) {
        make_folder_of(s->log_path);
    }
    log_use_style(s->log_json);
    if (log_open(s->log_path, s->log_level, err) != 0 ||
        privileges_give(s->log_path, s->user, err) != 0) {
        return -1;
    }
    if (master->handover != NULL) {
        return master_takeover_files(master, err);
    }
    make_folder_of(s->pid_path);
    if (pidfile_create(&master->pidfile, s->pid_path, err) != 0) {
        return -1;
    }
    if (s->control_path != NULL) {
        make_folder_of(s->control_path);
        master->control = control_create(master, err);
        return master->control == NULL ? -1 : 0;
    }
    return 0;
}

static void on_lead_over(evutil_socket_t fd, short what, void *arg);

/* What all processes share. */
static int make_memory(struct master *master, struct hawser_error *err)
{
    master->area = telemetry_area_create(master->settings.workers, &master->telemetry, err);
    return master->area == NULL ? -1 : budget_make(&master->budget, err);
}

static int make_parts(struct master *master, struct hawser_error *err)
{
    master->base = event_base_new();
    if (master->base == NULL || (master->channels = json_object()) == NULL ||
        (master->closed = json_object()) == NULL ||
        (master->stop_deadline = event_new(master->base, -1, 0, on_stop_deadline, master)) ==
            NULL ||
        (master->lead = event_new(master->base, -1, 0, on_lead_over, master)) == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the master");
        return -1;
    }
    for (uint32_t i = 0; i < MASTER_WORKERS; i++) {
        master_child_init(&master->workers[i], master, CHILD_WORKER, i);
    }
    master_child_init(&master->roll.other, master, CHILD_WORKER, 0);
    master_child_init(&master->observer, master, CHILD_OBSERVER, 0);
    if ((master->handover != NULL ? master_takeover_memory(master, err)
                                  : make_memory(master, err)) != 0) {
        return -1;
    }
    if (master_watch_begin(master, err) != 0 || open_files(master, err) != 0 ||
        master_notify_begin(master, err) != 0) {
        return -1;
    }
    if (master_signals_watch(master) != 0) {
        error_set(err, HAWSER_SYSTEM_CALL, "cannot watch signals");
        return -1;
    }
    return 0;
}

/* The parent's end: it waits until the daemon runs, so that who started it may signal it at once.
 */
static _Noreturn void wait_for_daemon(int started)
{
    char byte;
    ssize_t got;
    do {
        got = read(started, &byte, 1);
    } while (got < 0 && errno == EINTR);
    _exit(got == 1 ? 0 : 1); /* the pid file and the sockets are the daemon's now */
}

static int leave_terminal(const struct master *master)
{
    int keeps_stderr = strcmp(master->settings.log_path, "stderr") == 0;
    return setsid() < 0 || freopen("/dev/null", "r", stdin) == NULL ||
                   freopen("/dev/null", "w", stdout) == NULL ||
                   (!keeps_stderr && freopen("/dev/null", "w", stderr) == NULL)
               ? -1
               : 0;
}

/** The foreground process ends; what follows has no terminal. @return 0 in the daemon; -1 with err
 * set. The parent does not return. */
static int become_daemon(struct master *master, struct hawser_error *err)
{
    int started[2] = {-1, -1};
    pid_t pid      = pipe2(started, O_CLOEXEC) != 0 ? -1 : fork();
    if (pid > 0) {
        (void)close(started[1]); /* the daemon's end */
        master_notify_successor(master, pid);
        wait_for_daemon(started[0]);
    }
    if (pid < 0 || event_reinit(master->base) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot become a daemon");
        return -1;
    }
    if (pidfile_update(&master->pidfile, err) != 0) {
        return -1;
    }
    if (leave_terminal(master) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot leave the terminal");
        return -1;
    }
    (void)close(started[0]);                               /* the parent's end */
    int told = write(started[1], "s", 1) == 1 ? 0 : errno; /* a parent that is gone needs no word */
    (void)close(started[1]);                               /* a byte is out or will never be */
    return told == 0 || told == EPIPE ? 0 : -1;
}

static void destroy(struct master *master)
{
    master_upgrade_fini(master);
    master_roll_fini(master);
    master_reload_fini(master);
    master_plans_fini(master);
    control_destroy(master->control);
    for (uint32_t i = 0; i < MASTER_WORKERS; i++) {
        master_child_fini(&master->workers[i]);
    }
    master_child_fini(&master->roll.other);
    master_child_fini(&master->observer);
    master_signals_fini(master);
    if (master->stop_deadline != NULL) {
        event_free(master->stop_deadline);
    }
    if (master->lead != NULL) {
        event_free(master->lead);
    }
    pidfile_remove(&master->pidfile);
    master_notify_end(master);
    master_watch_end(master);
    telemetry_area_detach(master->area);
    if (master->telemetry >= 0) {
        (void)close(master->telemetry); /* memory alone */
    }
    if (master->budget >= 0) {
        (void)close(master->budget); /* memory alone */
    }
    if (master->base != NULL) {
        event_base_free(master->base);
    }
    json_decref(master->channels);
    json_decref(master->handover);
    json_decref(master->closed);
    master_quarantine_fini(master);
    conf_tree_destroy(master->tree);
    secrets_fini(&master->secrets);
    if (master->config >= 0) {
        (void)close(master->config); /* memory alone */
    }
    settings_fini(&master->settings);
    free(master);
}

void master_start_workers(struct master *master)
{
    (void)event_del(master->lead); /* harmless when it does not wait */
    for (uint32_t i = 0; i < master->settings.workers && !master->stopping; i++) {
        if (!master->workers[i].wanted) {
            master_child_start(&master->workers[i]);
        }
    }
}

static void on_lead_over(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    log_write(LOG_WARN, "HW-HOST-016",
              "the observer takes its time; starting the workers without it");
    master_start_workers(arg);
}

/* The observer first: with its sinks in place none of the workers' first numbers is missed. */
static int start_children(struct master *master, struct hawser_error *err)
{
    static const struct timeval lead = {OBSERVER_LEAD_S, 0};
    if (master->settings.daemon && become_daemon(master, err) != 0) {
        return -1;
    }
    if (privileges_keep_masters(master->settings.user, err) != 0) {
        return -1;
    }
    (void)privileges_raise_files(); /* children raise their own; the log says when a limit is hit */
    log_write(LOG_NOTICE, "HW-HOST-017", "hawser/%s starts: %s, prefix %s, %u worker%s",
              HAWSER_VERSION, master->options->config, master->options->prefix,
              (unsigned)master->settings.workers, master->settings.workers == 1 ? "" : "s");
    master_signals_let_in();
    master_child_start(&master->observer);
    master_watch_again(master);
    if (conf_find(conf_tree_root(master->tree), "telemetry", NULL) == NULL ||
        event_add(master->lead, &lead) != 0) {
        master_start_workers(master);
    }
    return 0;
}

/* The old binary goes on where this one cannot; returns only when that fails as well. */
static void give_back(struct master *master, const struct hawser_error *err)
{
    if (master->handover != NULL && !master->is_given_back) {
        int failure =
            handover_exec(master->handover, master->handover_fd, HANDOVER_BACK, NULL, err->message);
        log_write(LOG_EMERG, "HW-HOST-103", "cannot give back to the old binary: %s",
                  strerror(failure));
    }
}

static int take_over(struct master *master, struct hawser_error *err)
{
    if (master_takeover_children(master, err) != 0) {
        return -1;
    }
    master_watch_again(master);
    control_clients_adopt(master->control, json_object_get(master->handover, "clients"));
    master_reload_resume(master);
    if (!master->is_given_back && master_roll_begin(master) != 0) {
        log_write(LOG_ERROR, "HW-HOST-104",
                  "no memory to let the processes follow; a restart of each does it");
    }
    return 0;
}

static int begin(struct master *master, struct hawser_error *err)
{
    const struct options *options = master->options;
    if (settings_read(&master->settings, master->tree, options->prefix, options->error_log, err) !=
            0 ||
        make_parts(master, err) != 0) {
        return -1;
    }
    return master->handover != NULL ? take_over(master, err) : start_children(master, err);
}

static struct master *create(const struct options *options, const struct master_start *start)
{
    struct master *master = calloc(1, sizeof(*master));
    if (master == NULL) {
        return NULL;
    }
    *master         = (struct master){.options       = options,
                                      .tree          = start->tree,
                                      .config        = start->config,
                                      .secrets       = *start->secrets,
                                      .generation    = 1,
                                      .telemetry     = -1,
                                      .budget        = -1,
                                      .pidfile       = PIDFILE_INIT,
                                      .notify        = {.manager = NOTIFY_INIT},
                                      .handover      = start->handover,
                                      .handover_fd   = start->handover_fd,
                                      .is_given_back = start->refusal != NULL,
                                      .started_at    = clock_monotonic()};
    *start->secrets = (struct secrets){0};
    list_init(&master->commands);
    list_init(&master->plans);
    master_reload_init(master);
    master_quarantine_init(master);
    return master;
}

int master_run(const struct options *options, const struct master_start *start)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct master *master   = create(options, start);
    if (master == NULL) {
        log_write(LOG_EMERG, "HW-HOST-018", "no memory for the master");
        return 1;
    }
    log_set_process("master");
    log_echo_to_stderr(start->handover == NULL); /* who starts it shall see why it does not start */
    if (begin(master, &err) != 0) {
        give_back(master, &err);
        log_write(LOG_EMERG, "HW-HOST-019", "%s", err.message);
        master->exit_status = 1;
    } else {
        log_echo_to_stderr(0);
        if (start->refusal != NULL) {
            log_write(LOG_ERROR, "HW-HOST-105", "%s could not take over, this binary goes on: %s",
                      child_program_path(), start->refusal);
        }
        if (event_base_dispatch(master->base) < 0) {
            log_write(LOG_EMERG, "HW-HOST-020", "the event loop does not run");
            master->exit_status = 1;
        }
    }
    int status = master->exit_status;
    if (status == 0) {
        log_write(LOG_NOTICE, "HW-HOST-021", "stopped");
    }
    destroy(master);
    return status;
}
