/*
 * The master's children: start, tell, start again, end. See master.h; master_end.c is what follows
 * from a death.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "host/master.h"
#include "host/observer.h"
#include "host/worker.h"
#include "telemetry/area.h"

int master_child_is_running(const struct master_child *child)
{
    return child->pid > 0 || child->channel != NULL;
}

const char *master_child_name(const struct master_child *child)
{
    static char text[48];
    if (child->role == CHILD_OBSERVER) {
        return "observer";
    }
    if (child->index == SHARD_QUARANTINE) {
        return "quarantine worker";
    }
    (void)snprintf(text, sizeof(text), child->stands_by ? "successor of worker %u" : "worker %u",
                   (unsigned)child->index);
    return text;
}

/* the channel */

static void on_message(void *arg, const struct channel_message *message)
{
    struct master_child *child = arg;
    json_t *body               = json_loadb(message->body.data, message->body.len, 0, NULL);
    switch (message->type) {
    case CHANNEL_APPLIED:
        child->generation = message->id;
        master_reload_applied(child, message->id, body);
        master_roll_applied(child, body);
        master_notify_look(child->master);
        if (child->role == CHILD_OBSERVER && event_pending(child->master->lead, EV_TIMEOUT, NULL)) {
            master_start_workers(child->master);
        }
        break;
    case CHANNEL_REPLY:
        master_command_answered(child, message->id, json_incref(body));
        break;
    case CHANNEL_SUMMARY:
        summary_read(&child->summary, body);
        break;
    case CHANNEL_CHANNELS:
        master_remember_channels(child->master, body);
        master_roll_channels(child, body);
        break;
    case CHANNEL_STANDBY:
    case CHANNEL_MARKS:
    case CHANNEL_GONE:
        master_roll_told(child, message, body);
        break;
    default:
        log_write(LOG_ERROR, "HW-HOST-022",
                  "%s sent a message of type %d, which is none for the master",
                  master_child_name(child), (int)message->type);
        break;
    }
    json_decref(body);
    if (message->fd >= 0) {
        (void)close(message->fd); /* children have nothing to hand up */
    }
}

static void on_channel_end(void *arg, const struct hawser_error *why)
{
    struct master_child *child = arg;
    (void)why; /* its death tells more, and comes with SIGCHLD */
    channel_destroy(child->channel);
    child->channel = NULL;
    master_commands_fail(child);
    if (child->pid == 0) {
        master_child_bury(child); /* in this process there is no SIGCHLD */
    }
}

static const struct channel_handler CHANNEL_HANDLER = {on_message, on_channel_end};

/* @return given: the channels wanted at run time of the sessions that move; NULL: none */
static json_t *moved_channels(const struct master *master)
{
    const char *name;
    json_t *ignored;
    json_t *channels = master->quarantine.moved == NULL ? NULL : json_object();
    json_object_foreach(master->quarantine.moved, name, ignored)
    {
        (void)json_object_set(channels, name,
                              json_object_get(master->channels, name)); /* it may have none */
    }
    return channels;
}

int master_child_configure(struct master_child *child, struct hawser_error *err)
{
    struct master *master = child->master;
    struct settings *s    = &master->settings;
    struct shards shards  = master_shards(master);
    struct buf secrets    = {0};
    int rc                = -1;
    json_t *about =
        json_pack("{s:I, s:s, s:I, s:b, s:b, s:s*, s:s*, s:O*, s:O*, s:O, s:o*}", "workers",
                  (json_int_t)s->workers, "log_path", s->log_path, "log_level",
                  (json_int_t)s->log_level, "log_json", s->log_json, "seccomp", s->seccomp, "user",
                  s->user, "inherits", child->inherits, "quarantined", shards.quarantined, "moved",
                  master->quarantine.moved, "closed", master->closed, "standby",
                  child->stands_by ? json_pack("{s:O}", "taken", master->roll.taken) : NULL);
    char *text = about == NULL ? NULL : json_dumps(about, JSON_COMPACT);
    json_t *dynamic =
        child->generation == 0 ? json_incref(master->channels) : moved_channels(master);
    char *channels           = dynamic == NULL ? NULL : json_dumps(dynamic, JSON_COMPACT);
    struct hawser_slice none = {"", 0};
    if (text == NULL || (child->role == CHILD_WORKER &&
                         secrets_select(&master->secrets, child->index, &shards, &secrets) != 0)) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory to configure %s", master_child_name(child));
        goto out;
    }
    if (child->role == CHILD_WORKER &&
        channel_send(child->channel, CHANNEL_SECRETS, 0,
                     secrets.len == 0 ? none : buf_slice(&secrets), -1, err) != 0) {
        goto out;
    }
    if (child->role == CHILD_WORKER && channels != NULL &&
        channel_send(child->channel, CHANNEL_DYNAMIC, 0,
                     (struct hawser_slice){channels, strlen(channels)}, -1, err) != 0) {
        goto out;
    }
    module_files_read(&child->modules, master->tree, master->options->prefix);
    rc = channel_send(child->channel, CHANNEL_CONFIG, master->generation,
                      (struct hawser_slice){text, strlen(text)}, master->config, err);
out:
    buf_cleanse(&secrets);
    json_decref(about);
    json_decref(dynamic);
    free(channels);
    free(text);
    return rc;
}

/* start and end */

int master_child_attach(struct master_child *child, int fd, struct hawser_error *err)
{
    child->channel = channel_create(child->master->base, fd, &CHANNEL_HANDLER, child, err);
    return child->channel == NULL ? -1 : 0;
}

/* Inside this process: the same objects on the same kind of channel. */
static int start_inside(struct master_child *child, int channel, struct hawser_error *err)
{
    struct master *master = child->master;
    if (child->role == CHILD_OBSERVER) {
        struct observer_options options = {.channel   = channel,
                                           .telemetry = master->telemetry,
                                           .prefix    = master->options->prefix,
                                           .base      = master->base};
        child->observer                 = observer_create(&options, err);
        return child->observer == NULL ? -1 : 0;
    }
    struct worker_options options = {.index     = child->index,
                                     .slot      = child->slot,
                                     .channel   = channel,
                                     .telemetry = master->telemetry,
                                     .budget    = master->budget,
                                     .prefix    = master->options->prefix,
                                     .base      = master->base};
    child->worker                 = worker_create(&options, err);
    return child->worker == NULL ? -1 : 0;
}

static int start_process(struct master_child *child, int channel, struct hawser_error *err)
{
    struct master *master  = child->master;
    int is_worker          = child->role == CHILD_WORKER;
    struct child_spec spec = {.role      = child->role,
                              .index     = child->index,
                              .slot      = child->slot,
                              .fds       = {channel, master->telemetry,
                                      is_worker ? master->budget : child->watch_fd,
                                      is_worker ? child->watch_fd : -1},
                              .fd_count  = is_worker ? 4 : 3,
                              .log_level = (uint32_t)master->settings.log_level,
                              .log_json  = (uint32_t)master->settings.log_json,
                              .prefix    = master->options->prefix,
                              .log_path  = master->settings.log_path};
    pid_t pid              = child_spawn(&spec, err);
    (void)close(channel); /* the child's end */
    child->pid = pid < 0 ? 0 : pid;
    return pid < 0 ? -1 : 0;
}

/** @return 1: somebody else counts there */
static int is_slot_used(const struct master_child *child, uint32_t slot)
{
    const struct master *master = child->master;
    for (uint32_t i = 0; i <= MASTER_WORKERS; i++) {
        const struct master_child *other =
            i < MASTER_WORKERS ? &master->workers[i] : &master->roll.other;
        if (other != child && other->slot == slot && master_child_is_running(other)) {
            return 1;
        }
    }
    return 0;
}

/* The last slot is kept for the quarantine; a successor takes one that nobody uses, and keeps it.
 */
static int take_slot(struct master_child *child, struct hawser_error *err)
{
    uint32_t slots = (uint32_t)telemetry_area_worker_slots(child->master->area);
    uint32_t own   = child->index == SHARD_QUARANTINE ? slots - 1 : child->index;
    if (child->role != CHILD_WORKER || (child->slot < slots && !is_slot_used(child, child->slot))) {
        return 0;
    }
    child->slot = own;
    for (uint32_t slot = slots - 1; is_slot_used(child, child->slot) && slot > 0; slot--) {
        child->slot = slot - 1;
    }
    if (child->slot >= slots || is_slot_used(child, child->slot)) {
        error_set(err, HAWSER_SYSTEM_LIMIT, "there is no room for its counters");
        return -1;
    }
    return 0;
}

int master_child_launch(struct master_child *child, struct hawser_error *err)
{
    int fds[2];
    child->started_at = clock_monotonic();
    if (take_slot(child, err) != 0 || channel_pair(fds, err) != 0) {
        return -1;
    }
    child->channel = channel_create(child->master->base, fds[0], &CHANNEL_HANDLER, child, err);
    if (child->channel == NULL) {
        (void)close(fds[1]); /* nobody has it yet */
        return -1;
    }
    if (child->master->settings.master_process && master_watch_prepare(child, err) != 0) {
        (void)close(fds[1]); /* nobody has it yet */
        goto fail;
    }
    if ((child->master->settings.master_process ? start_process(child, fds[1], err)
                                                : start_inside(child, fds[1], err)) != 0) {
        goto fail;
    }
    child->generation = 0;
    return master_child_configure(child, err);
fail:
    channel_destroy(child->channel);
    child->channel = NULL;
    return -1;
}

static void tell_delay(const struct master_child *child, int64_t delay_ms, int was_slow)
{
    const struct intensity_limits *limits = &child->master->settings.restarts;
    if (child->intensity.slow && !was_slow) {
        log_write(LOG_ALERT, "HW-HOST-023",
                  "%s died %u times within %lld s; it is started again in %lld s, and so on until "
                  "it stays up for a minute: its sessions are down meanwhile",
                  master_child_name(child), (unsigned)limits->most,
                  (long long)(limits->within / CLOCK_NS_PER_S), (long long)(delay_ms / 1000));
    } else if (delay_ms > 0) {
        log_write(child->intensity.slow ? LOG_ALERT : LOG_WARN, "HW-HOST-024",
                  "%s died %u times in a row, soon after its start; next try in %d ms",
                  master_child_name(child), (unsigned)child->intensity.in_a_row, (int)delay_ms);
    }
}

void master_child_start_later(struct master_child *child)
{
    int was_slow     = child->intensity.slow;
    int64_t delay_ms = 0;
    if (!child->was_killed) {
        delay_ms = intensity_died(&child->intensity, &child->master->settings.restarts,
                                  child->started_at, clock_monotonic());
    }
    struct timeval after = {(time_t)(delay_ms / 1000), (suseconds_t)(delay_ms % 1000 * 1000)};
    if (event_add(child->restart, &after) != 0) {
        log_write(LOG_ALERT, "HW-HOST-025",
                  "%s cannot be scheduled for its restart; starting it now",
                  master_child_name(child));
        event_active(child->restart, EV_TIMEOUT, 0);
    }
    tell_delay(child, delay_ms, was_slow);
}

void master_child_start(struct master_child *child)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (child->master->stopping) {
        return;
    }
    if (master_child_is_running(
            child)) { /* told to end, and still at it: two of one index would share its sessions */
        child->again = !child->wanted;
        return;
    }
    child->wanted = 1;
    child->again  = 0;
    if (master_child_launch(child, &err) != 0) {
        log_write(LOG_ALERT, "HW-HOST-026", "%s does not start: %s", master_child_name(child),
                  err.message);
        master_child_start_later(child);
    }
}

static void on_restart(evutil_socket_t fd, short what, void *arg)
{
    struct master_child *child = arg;
    (void)fd;
    (void)what;
    if (child->wanted && !child->master->stopping && !master_child_is_running(child)) {
        child->restarts++;
        master_child_start(child);
    }
}

void master_child_hurry(struct master_child *child)
{
    if (event_pending(child->restart, EV_TIMEOUT, NULL)) {
        event_active(child->restart, EV_TIMEOUT, 0);
    }
}

void master_child_quit(struct master_child *child, int64_t timeout_ms)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    child->wanted           = 0;
    child->again            = 0;
    child->inherits         = NULL;
    if (child->restart != NULL) {
        (void)event_del(child->restart); /* harmless when it does not wait */
    }
    if (child->channel != NULL && channel_send(child->channel, CHANNEL_QUIT, (uint64_t)timeout_ms,
                                               (struct hawser_slice){"", 0}, -1, &err) != 0) {
        log_write(LOG_ERROR, "HW-HOST-030", "%s cannot be told to stop (%s); ending it",
                  master_child_name(child), err.message);
        if (child->pid > 0) {
            (void)kill(child->pid, SIGTERM); /* it may have ended by itself */
        }
    }
}

void master_child_init(struct master_child *child, struct master *master, enum child_role role,
                       uint32_t index)
{
    *child = (struct master_child){
        .master = master, .role = role, .index = index, .slot = CHILD_ANY_SLOT, .watch_fd = -1};
    child->restart = event_new(master->base, -1, 0, on_restart, child);
}

void master_child_swap(struct master_child *a, struct master_child *b)
{
    struct event *restart = a->restart; /* it knows its place */
    struct master_child c = *a;
    *a                    = *b;
    *b                    = c;
    b->restart            = a->restart;
    a->restart            = restart;
    if (a->channel != NULL) {
        channel_set_arg(a->channel, a);
    }
    if (b->channel != NULL) {
        channel_set_arg(b->channel, b);
    }
    master_commands_swap(a, b);
}

void master_child_fini(struct master_child *child)
{
    if (child->pid > 0) {                /* the stop's deadline has passed */
        (void)kill(child->pid, SIGKILL); /* it may have ended by itself */
        (void)waitpid(child->pid, NULL, 0);
        child->pid = 0;
    }
    child->master->stopping = 2;
    master_child_bury(child);
    module_files_fini(&child->modules);
    master_watch_fini(child);
    if (child->restart != NULL) {
        event_free(child->restart);
    }
}
