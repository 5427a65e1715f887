/*
 * SIGUSR2: the binary at our path takes over, in this process. First it says in a child whether it
 * can; then it is handed everything by exec, with the children running on. See master.h; the other
 * side is master_takeover.c.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "host/child.h"
#include "host/control.h"
#include "host/handover.h"
#include "host/master.h"

#define MAX_SAID_BYTES (64u * 1024u)
#define GRACE_MS       5000 /* behind the check's own deadline; and for the channels to be quiet */
#define END_MS         2000 /* from its last words to its end */
#define LOOK_MS        20
#define CLIENTS_MS     1000 /* for control clients to get their answers; then to hear of none */
#define QUIET_TURNS    2 /* of the loop: it reads what signals wrote, then calls their handlers */

struct upgrade {
    struct master *master;
    pid_t pid; /* of the check; 0: over */
    int report;
    struct event *readable;
    struct event *timer;
    struct buf said;
    int is_said;         /* the report is over */
    clock_ns_t deadline; /* of what is waited for */
    clock_ns_t clients_until;
    int is_hurried;       /* they were told */
    uint32_t quiet_turns; /* since signals are held; 0: they are not */
};

/* No signal may find the new binary before it has its handlers: it lets them in. */
static void hold_signals(struct upgrade *upgrade)
{
    master_signals_hold_all();
    upgrade->quiet_turns = 1;
}

static void let_signals_in(struct upgrade *upgrade)
{
    if (upgrade->quiet_turns > 0) {
        master_signals_let_in();
        upgrade->quiet_turns = 0;
    }
}

static void upgrade_free(struct upgrade *upgrade)
{
    if (upgrade->readable != NULL) {
        event_free(upgrade->readable);
    }
    if (upgrade->timer != NULL) {
        event_free(upgrade->timer);
    }
    if (upgrade->report >= 0) {
        (void)close(upgrade->report); /* read only */
    }
    if (upgrade->pid > 0) {
        (void)kill(upgrade->pid, SIGKILL); /* may have ended by itself */
        (void)waitpid(upgrade->pid, NULL, 0);
    }
    if (upgrade->is_hurried) {
        control_go_on(upgrade->master->control);
    }
    let_signals_in(upgrade);
    buf_fini(&upgrade->said);
    upgrade->master->upgrade = NULL;
    free(upgrade);
}

static void refuse(struct upgrade *upgrade, const char *why)
{
    struct master *master = upgrade->master;
    log_write(LOG_ERROR, "HW-HOST-093", "%s does not take over, this binary goes on: %s",
              child_program_path(), why);
    upgrade_free(upgrade);
    master_reload_resume(master);
}

static void wait_a_little(struct upgrade *upgrade, int64_t wait_ms)
{
    struct timeval after = {(time_t)(wait_ms / 1000), (suseconds_t)(wait_ms % 1000 * 1000)};
    if (event_add(upgrade->timer, &after) != 0) {
        refuse(upgrade, "no memory to wait");
    }
}

/* what is handed over */

static json_t *child_json(const struct master_child *child)
{
    return json_pack("{s:i, s:I, s:I, s:i, s:i, s:i, s:I, s:I, s:I, s:I, s:b, s:b}", "role",
                     (int)child->role, "index", (json_int_t)child->index, "slot",
                     (json_int_t)child->slot, "pid", (int)child->pid, "channel",
                     channel_idle_fd(child->channel), "watch", child->watch_fd, "generation",
                     (json_int_t)child->generation, "restarts", (json_int_t)child->restarts,
                     "started_at", (json_int_t)child->started_at, "slow_calls",
                     (json_int_t)child->slow_calls, "wanted", child->wanted, "again", child->again);
}

/** @return given: the indices of the workers that are down and wait to be started */
static json_t *down_json(const struct master *master)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < MASTER_WORKERS; i++) {
        const struct master_child *child = &master->workers[i];
        if (child->pid == 0 && child->wanted) {
            (void)json_array_append_new(list, json_integer(i)); /* a reload starts it */
        }
    }
    return list;
}

/** @return given: of which workers the next process has to tell holes in the data, and why */
static json_t *holes_json(const struct master *master)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < MASTER_WORKERS; i++) {
        const struct master_child *child = &master->workers[i];
        if (child->inherits != NULL && (child->pid == 0 || child->generation == 0)) {
            (void)json_array_append_new(list, json_pack("{s:i, s:s}", "index", (int)i, "why",
                                                        child->inherits)); /* short of memory they
                                                                              are not told */
        }
    }
    return list;
}

/** @return 1: no child is in the middle of a message; 0: one is */
static int add_children(struct master *master, json_t *list)
{
    for (uint32_t i = 0; i <= MASTER_WORKERS; i++) {
        const struct master_child *child =
            i < MASTER_WORKERS ? &master->workers[i] : &master->observer;
        if (child->pid == 0) {
            continue;
        }
        if (child->channel == NULL || channel_idle_fd(child->channel) < 0) {
            return 0;
        }
        (void)json_array_append_new(list, child_json(child)); /* short of memory: counted below */
    }
    return 1;
}

/** @return given; NULL: not now (or no memory) */
static json_t *state_json(struct master *master)
{
    const char *path  = child_program_path();
    json_t *children  = json_array();
    struct master *m  = master;
    const char *where = m->control == NULL ? NULL : control_path(m->control);
    if (!add_children(master, children)) {
        json_decref(children);
        return NULL;
    }
    return json_pack(
        "{s:i, s:b, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:s*, s:O, s:O, s:o, s:{s:i, "
        "s:i, s:i, s:i, s:i, s:i}}",
        "yields", HANDOVER_YIELDS, "reload", m->reload.again, "generation",
        (json_int_t)m->generation, "started_at", (json_int_t)m->started_at, "next_command",
        (json_int_t)m->next_command, "argv", handover_argv(m->options, path), "children", children,
        "down", down_json(m), "holes", holes_json(m), "clients", control_clients_json(m->control),
        "program", path, "pid_path", m->pidfile.path, "control_path", where, "channels",
        m->channels, "closed", m->closed, "quarantine", master_quarantine_json(m), "fds",
        "telemetry", m->telemetry, "budget", m->budget, "config", m->config, "pid", m->pidfile.fd,
        "control", m->control == NULL ? -1 : control_listener(m->control), "program",
        child_program_fd());
}

/** All descriptors of a state: does the next exec keep them? */
static void keep_all(const json_t *state, int keep)
{
    const char *name;
    json_t *fd;
    size_t i;
    json_t *child;
    json_object_foreach(json_object_get(state, "fds"), name, fd)
    {
        handover_keep((int)json_integer_value(fd), keep);
    }
    json_array_foreach(json_object_get(state, "children"), i, child)
    {
        handover_keep((int)json_integer_value(json_object_get(child, "channel")), keep);
        handover_keep((int)json_integer_value(json_object_get(child, "watch")), keep);
    }
    control_clients_keep(json_object_get(state, "clients"), keep);
}

static void hand_over(struct upgrade *upgrade, const json_t *state)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    const char *path        = child_program_path();
    int fd                  = handover_write(state, &err);
    if (fd < 0) {
        refuse(upgrade, err.message);
        return;
    }
    log_write(LOG_NOTICE, "HW-HOST-094", "handing over to %s", path);
    keep_all(state, 1);
    int failure = handover_exec(state, fd, HANDOVER_TAKE, path, "");
    keep_all(state, 0);
    (void)close(fd); /* memory alone */
    error_set_errno(&err, HAWSER_SYSTEM_CALL, failure, "cannot execute it");
    refuse(upgrade, err.message);
}

static void give_clients_time(struct upgrade *upgrade)
{
    upgrade->clients_until = clock_monotonic() + CLIENTS_MS * CLOCK_NS_PER_MS;
}

/* The start, a reload and plans are brought to their end first, and messages in the middle too. */
static int may_hand_over(struct upgrade *upgrade)
{
    const struct master *master = upgrade->master;
    if (event_pending(master->lead, EV_TIMEOUT, NULL) || master->reload.step != RELOAD_STEP_NONE ||
        !list_is_empty(&master->plans)) {
        give_clients_time(upgrade);
        return 0;
    }
    if (control_may_hand_over(master->control)) {
        return 1;
    }
    if (clock_monotonic() <= upgrade->clients_until) {
        return 0;
    }
    if (!upgrade->is_hurried) {
        upgrade->is_hurried = 1;
        give_clients_time(upgrade);
        control_hurry(master->control);
        return 0;
    }
    return 1; /* they do not read what they were told */
}

static void look_again(struct upgrade *upgrade)
{
    let_signals_in(upgrade);
    if (clock_monotonic() > upgrade->deadline) {
        refuse(upgrade,
               "a reload, a plan, or messages to the workers did not end in time; try again");
    } else {
        wait_a_little(upgrade, LOOK_MS);
    }
}

/* A signal whose handler ran, and that the loop has not passed on yet, would be lost with this
 * binary: so they are held, and those before it are passed on first. */
static void try_hand_over(struct upgrade *upgrade)
{
    struct master *master = upgrade->master;
    if (master->stopping) {
        upgrade_free(upgrade);
        return;
    }
    json_t *state = may_hand_over(upgrade) ? state_json(master) : NULL;
    if (state == NULL) {
        look_again(upgrade);
    } else if (upgrade->quiet_turns == 0) {
        hold_signals(upgrade);
        wait_a_little(upgrade, 0);
    } else if (upgrade->quiet_turns < QUIET_TURNS) {
        upgrade->quiet_turns++;
        wait_a_little(upgrade, 0);
    } else {
        hand_over(upgrade, state);
    }
    json_decref(state);
}

/* the check */

/** The last line that it said, or the first: "" when it said nothing. Ends the others. */
static const char *line_of(struct upgrade *upgrade, int last)
{
    char *text = (char *)(uintptr_t)buf_text(&upgrade->said);
    if (text == NULL) {
        return "";
    }
    for (size_t len = strlen(text); len > 0 && text[len - 1] == '\n'; len--) {
        text[len - 1] = 0;
    }
    char *newline = last ? strrchr(text, '\n') : strchr(text, '\n');
    if (last) {
        return newline == NULL ? text : newline + 1;
    }
    if (newline != NULL) {
        *newline = 0;
    }
    return text;
}

static void judge(struct upgrade *upgrade)
{
    int status = 0;
    pid_t got  = waitpid(upgrade->pid, &status, WNOHANG);
    if (got == 0 && clock_monotonic() < upgrade->deadline) {
        wait_a_little(upgrade, LOOK_MS);
        return;
    }
    if (got == 0) { /* its last words are out: what else it does is of no interest */
        (void)kill(upgrade->pid, SIGKILL);
        (void)waitpid(upgrade->pid, NULL, 0); /* ours, and killed */
    }
    upgrade->pid = 0;
    if (strncmp(line_of(upgrade, 1), HANDOVER_READY, strlen(HANDOVER_READY)) == 0) {
        int64_t longest_ms = upgrade->master->settings.reload_timeout_ms + GRACE_MS;
        upgrade->deadline  = clock_monotonic() + longest_ms * CLOCK_NS_PER_MS;
        give_clients_time(upgrade);
        try_hand_over(upgrade);
        return;
    }
    char why[1024];
    const char *said = line_of(upgrade, 0);
    if (said[0] != 0) {
        (void)snprintf(why, sizeof(why), "%s", said);
    } else if (got > 0 && WIFSIGNALED(status)) {
        (void)snprintf(why, sizeof(why), "it was ended by signal %d (%s)", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    } else {
        (void)snprintf(why, sizeof(why),
                       "it does not say that it can (is it a hawser that could?)");
    }
    refuse(upgrade, why);
}

static void on_report(evutil_socket_t fd, short what, void *arg)
{
    struct upgrade *upgrade = arg;
    uint8_t *room           = buf_reserve(&upgrade->said, 4096);
    ssize_t got             = room == NULL ? 0 : read(fd, room, 4096);
    (void)what;
    if (got > 0) {
        buf_commit(&upgrade->said, (size_t)got);
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        (void)event_del(upgrade->readable); /* it waits, or this would not have come */
        (void)event_del(upgrade->timer);    /* the same */
        upgrade->is_said  = 1;
        upgrade->deadline = clock_monotonic() + END_MS * CLOCK_NS_PER_MS;
        judge(upgrade);
    }
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct upgrade *upgrade = arg;
    (void)fd;
    (void)what;
    if (upgrade->pid > 0 && upgrade->is_said) {
        judge(upgrade);
    } else if (upgrade->pid > 0) {
        refuse(upgrade, "it took too long to say whether it can");
    } else {
        try_hand_over(upgrade);
    }
}

static int begin(struct upgrade *upgrade, struct hawser_error *err)
{
    struct master *master = upgrade->master;
    upgrade->timer        = event_new(master->base, -1, 0, on_timer, upgrade);
    upgrade->pid = handover_spawn_check(master->options, master->config, &upgrade->report, err);
    if (upgrade->pid < 0) {
        upgrade->pid = 0;
        return -1;
    }
    upgrade->readable =
        event_new(master->base, upgrade->report, EV_READ | EV_PERSIST, on_report, upgrade);
    if (upgrade->timer == NULL || upgrade->readable == NULL ||
        event_add(upgrade->readable, NULL) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory to watch it");
        return -1;
    }
    return 0;
}

void master_upgrade_start(struct master *master)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (master->stopping || master->upgrade != NULL || master->roll.is_active) {
        log_write(LOG_NOTICE, "HW-HOST-095", "no other binary takes over now: %s",
                  master->stopping ? "the host is stopping" : "one is at it already");
        return;
    }
    if (!master->settings.master_process) {
        log_write(LOG_WARN, "HW-HOST-096",
                  "no other binary takes over: that needs `master_process on`");
        return;
    }
    struct upgrade *upgrade = calloc(1, sizeof(*upgrade));
    if (upgrade == NULL) {
        log_write(LOG_ERROR, "HW-HOST-097", "no memory to let another binary take over");
        return;
    }
    *upgrade = (struct upgrade){.master = master, .report = -1};
    buf_init(&upgrade->said, MAX_SAID_BYTES);
    master->upgrade = upgrade;
    log_write(LOG_NOTICE, "HW-HOST-098", "asking %s whether it can take over",
              child_program_path());
    if (begin(upgrade, &err) != 0) {
        refuse(upgrade, err.message);
        return;
    }
    wait_a_little(upgrade, master->settings.reload_timeout_ms + GRACE_MS);
}

int master_upgrade_is_waiting(const struct master *master)
{
    return master->upgrade != NULL && master->upgrade->is_said && master->upgrade->pid == 0;
}

void master_upgrade_fini(struct master *master)
{
    if (master->upgrade != NULL) {
        upgrade_free(master->upgrade);
    }
}
