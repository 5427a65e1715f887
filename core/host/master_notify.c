/*
 * What the service manager hears of the host, and when. See master.h; notify.c sends it.
 * What is to be known is looked up again and again, so that a datagram that was lost is made good.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "host/master.h"

#define TICK        CLOCK_NS_PER_S
#define PATIENCE    (10 * CLOCK_NS_PER_S) /* with workers that do not come up */
#define KILL_WAIT   (10 * CLOCK_NS_PER_S) /* from a hang until SIGKILL must have had its effect */
#define STOP_SLACK  (10 * CLOCK_NS_PER_S)
#define US(time)    ((long long)((time) / 1000))
#define STATUS_SIZE 768u

/* the condition of the host */

static int workers_are_up(const struct master *master)
{
    for (uint32_t i = 0; i < master->settings.workers; i++) {
        if (master->workers[i].generation == 0) {
            return 0;
        }
    }
    return 1;
}

/* One worker that dies at each start must not have the others, which run, ended by a start's
 * deadline. */
static int is_started(const struct master *master)
{
    return workers_are_up(master) || clock_monotonic() - master->started_at > PATIENCE;
}

static enum master_phase phase_of(const struct master *master)
{
    if (master->stopping) {
        return MASTER_PHASE_STOPPING;
    }
    if (master->notify.told < MASTER_PHASE_READY && !is_started(master)) {
        return MASTER_PHASE_STARTING;
    }
    /* READY comes first, in whatever phase the start ends. */
    return master->reload.step != RELOAD_STEP_NONE && master->notify.told >= MASTER_PHASE_READY
               ? MASTER_PHASE_RELOADING
               : MASTER_PHASE_READY;
}

static int say_phase(struct master *master, enum master_phase phase)
{
    char text[160];
    switch (phase) {
    case MASTER_PHASE_READY:
        (void)snprintf(text, sizeof(text), "READY=1\nMAINPID=%ld\n", (long)getpid());
        break;
    case MASTER_PHASE_RELOADING:
        (void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld\n",
                       US(clock_monotonic()));
        break;
    case MASTER_PHASE_STOPPING:
        /* A stop may take as long as its directive says, whatever the unit's own limit is. */
        (void)snprintf(text, sizeof(text), "STOPPING=1\nEXTEND_TIMEOUT_USEC=%lld\n",
                       US(master->settings.shutdown_timeout_ms * CLOCK_NS_PER_MS + STOP_SLACK));
        break;
    default:
        return 0;
    }
    return notify_send(&master->notify.manager, text);
}

/* the line of status */

static uint64_t count_sessions(const struct master *master)
{
    uint64_t count               = 0;
    const struct conf_node *node = NULL;
    while ((node = conf_find(conf_tree_root(master->tree), "session", node)) != NULL) {
        count++;
    }
    return count;
}

static void print_sessions(const struct master *master, char *out, size_t size)
{
    struct summary all = {0};
    for (uint32_t i = 0; i < MASTER_WORKERS; i++) {
        summary_merge(&all, &master->workers[i].summary);
    }
    summary_merge(&all, &master->roll.other.summary);
    summary_print(&all, master->notify.sessions, out, size);
}

static void say_status(struct master *master, enum master_phase phase)
{
    static const char *const PREFIXES[] = {
        [MASTER_PHASE_STARTING]  = "starting: ",
        [MASTER_PHASE_READY]     = "",
        [MASTER_PHASE_RELOADING] = "reloading: ",
        [MASTER_PHASE_STOPPING]  = "stopping: ",
    };
    struct master_notify *notify = &master->notify;
    char sessions[STATUS_SIZE];
    char text[STATUS_SIZE + 128];
    if (notify->generation != master->generation) {
        notify->generation = master->generation;
        notify->sessions   = count_sessions(master);
    }
    print_sessions(master, sessions, sizeof(sessions));
    (void)snprintf(text, sizeof(text), "STATUS=%s%s%s", PREFIXES[phase], sessions,
                   master->reload.last.ok ? "" : "; the last reload failed, see the log");
    notify_clean(text);
    if (strcmp(text, notify->status) != 0 && notify_send(&notify->manager, text) == 0) {
        (void)snprintf(notify->status, sizeof(notify->status), "%s", text); /* it fits */
    }
}

/* the watchdog */

/* A child that dies is the master's business, who starts it again; one that can be neither run nor
 * buried is not. */
static int child_is_sound(const struct master_child *child, clock_ns_t patience, clock_ns_t now)
{
    if (child->aborted_at != 0 && now - child->aborted_at > KILL_WAIT) {
        return 0;
    }
    if (child->pid > 0) { /* one that hangs is ended by the master, unless that is off */
        return child->master->settings.worker_timeout_ms != 0 || child->watchdog.silence < patience;
    }
    return !child->wanted || child->channel != NULL ||
           event_pending(child->restart, EV_TIMEOUT, NULL);
}

static const struct master_child *find_unsound(const struct master *master, clock_ns_t now)
{
    clock_ns_t patience = master->notify.manager.watchdog;
    for (uint32_t i = 0; i < MASTER_WORKERS; i++) {
        if (!child_is_sound(&master->workers[i], patience, now)) {
            return &master->workers[i];
        }
    }
    return child_is_sound(&master->observer, patience, now) ? NULL : &master->observer;
}

static void feed_watchdog(struct master *master)
{
    struct master_notify *notify = &master->notify;
    clock_ns_t now               = clock_monotonic();
    if (notify->manager.watchdog == 0 || now < notify->fed_at + notify->manager.watchdog / 2) {
        return;
    }
    const struct master_child *unsound = find_unsound(master, now);
    if (unsound != NULL) {
        complain(&notify->trouble, NULL, LOG_ALERT, "HW-HOST-090",
                 "%s neither runs nor ends; the service manager's watchdog is not told that all is "
                 "well, so that it starts the host anew",
                 master_child_name(unsound));
        return;
    }
    complain_over(&notify->trouble, NULL, LOG_NOTICE, "HW-HOST-091", "the processes run again");
    if (notify_send(&notify->manager, "WATCHDOG=1") == 0) {
        notify->fed_at = now;
    }
}

/* life */

void master_notify_look(struct master *master)
{
    struct master_notify *notify = &master->notify;
    if (!notify_is_open(&notify->manager)) {
        return;
    }
    enum master_phase phase = phase_of(master);
    if (phase != notify->told && say_phase(master, phase) == 0) {
        notify->told = phase;
        say_status(master, phase);
    }
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct master *master = arg;
    (void)fd;
    (void)what;
    master_notify_look(master);
    say_status(master, phase_of(master));
    feed_watchdog(master);
}

int master_notify_begin(struct master *master, struct hawser_error *err)
{
    struct master_notify *notify = &master->notify;
    if (notify_open(&notify->manager, err) != 0) {
        log_write(LOG_ERROR, "HW-HOST-092", "%s",
                  err->message); /* sessions matter more than who watches them */
        error_clear(err);
    }
    if (!notify_is_open(&notify->manager)) {
        return 0;
    }
    clock_ns_t patience = notify->manager.watchdog;
    clock_ns_t every    = patience > 0 && patience / 4 < TICK ? patience / 4 : TICK;
    struct timeval tick = {(time_t)(every / CLOCK_NS_PER_S),
                           (suseconds_t)(every % CLOCK_NS_PER_S / 1000)};
    notify->tick        = event_new(master->base, -1, EV_PERSIST, on_tick, master);
    if (notify->tick == NULL || event_add(notify->tick, &tick) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory to tell the service manager anything");
        return -1;
    }
    return 0;
}

void master_notify_successor(struct master *master, pid_t pid)
{
    char text[48];
    (void)snprintf(text, sizeof(text), "MAINPID=%ld\n", (long)pid);
    (void)notify_send(&master->notify.manager, text); /* the successor says it again with READY */
}

void master_notify_end(struct master *master)
{
    if (master->notify.tick != NULL) {
        event_free(master->notify.tick);
    }
    notify_close(&master->notify.manager);
}
