/*
 * A worker's successor beside it, while both run: the sessions go over one by one, each when the
 * successor has it READY. The master hands on what the two say to each other, sees that it comes to
 * an end, and knows what is whose when one of them dies. See master.h; master_roll.c is the frame.
 */
#include <signal.h>
#include <string.h>

#include "base/log.h"
#include "base/slice.h"
#include "host/master.h"
#include "telemetry/area.h"

#define GRACE_MS   5000  /* behind reload_timeout; then who is waited for is ended */
#define GIVING_MS  30000 /* at least, for one that was asked: calls, outputs, goodbye */
#define MOST_TRIES 3u

static struct master_child *successor(struct master *master)
{
    return &master->roll.other;
}

int master_roll_is_beside(const struct master *master)
{
    return master->roll.step == ROLL_BESIDE;
}

static void forget(struct master_roll *roll)
{
    json_decref(roll->taken);
    json_decref(roll->waiting);
    roll->taken   = NULL;
    roll->waiting = NULL;
    roll->tries   = 0;
}

/** @return how many sessions the old one was asked for, and has yet */
static size_t count_asked(const struct master_roll *roll)
{
    size_t count = 0;
    const char *session;
    json_t *asked;
    json_object_foreach(roll->waiting, session, asked)
    {
        count += json_is_true(asked);
    }
    return count;
}

static void expect_progress(struct master_roll *roll)
{
    int64_t longest_ms = roll->other.master->settings.reload_timeout_ms;
    if (longest_ms < GIVING_MS && count_asked(roll) > 0) {
        longest_ms = GIVING_MS;
    }
    roll->deadline = clock_monotonic() + (longest_ms + GRACE_MS) * CLOCK_NS_PER_MS;
}

static void tell(struct master_child *child, enum channel_type type, struct hawser_slice body)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (child->channel != NULL && channel_send(child->channel, type, 0, body, -1, &err) != 0) {
        log_write(LOG_ERROR, "HW-HOST-119", "%s does not hear of its sessions: %s",
                  master_child_name(child), err.message);
    }
}

/** @param why NULL: none */
static void tell_about(struct master_child *child, enum channel_type type, const char *session,
                       const char *why)
{
    json_t *about = json_pack("{s:s, s:s*}", "session", session, "why", why);
    char *text    = about == NULL ? NULL : json_dumps(about, JSON_COMPACT);
    if (text != NULL) { /* else it is made good when the deadline is over */
        tell(child, type, slice_of(text));
    }
    free(text);
    json_decref(about);
}

/* begin */

/** Whether two of this index may run for a while. */
static const char *reason_against(const struct master_child *child)
{
    const struct master *master = child->master;
    if (!master->roll.knows_how) {
        return "the version before this one cannot hand sessions over";
    }
    if (settings_connect_budget(master->tree).overlap == 0) {
        return "max_overlap 0 allows no connections beside the ones there are";
    }
    return master->roll.tries >= MOST_TRIES ? "its successor ended too often" : NULL;
}

static int start(struct master_child *child, struct hawser_error *err)
{
    struct master_child *next = successor(child->master);
    next->index               = child->index;
    next->slot                = CHILD_ANY_SLOT;
    next->stands_by           = 1;
    next->wanted              = 1;
    next->again               = 0;
    next->restarts            = child->restarts;
    next->slow_calls          = child->slow_calls;
    next->inherits            = NULL;
    next->aborted_at          = 0;
    next->watchdog            = (struct watchdog){0};
    tell(child, CHANNEL_REMEMBER, slice_of("{}"));
    return master_child_launch(next, err);
}

int master_roll_begin_beside(struct master_child *child)
{
    struct master_roll *roll = &child->master->roll;
    struct hawser_error err  = HAWSER_ERROR_INIT;
    if (child->role != CHILD_WORKER || !child->wanted || child->channel == NULL) {
        forget(roll);
        return -1;
    }
    if (child != roll->child) { /* what went over from another one is of no interest any more */
        forget(roll);
    }
    const char *why_not = reason_against(child);
    roll->child         = child;
    json_decref(roll->waiting);
    roll->waiting = json_object();
    if (roll->taken == NULL) {
        roll->taken = json_object();
    }
    if (why_not == NULL && start(child, &err) != 0) {
        why_not = err.message;
    }
    if (why_not != NULL) {
        log_write(LOG_WARN, "HW-HOST-120",
                  "%s (pid %d) leaves before its successor comes, with a gap in its data: %s",
                  master_child_name(child), (int)child->pid, why_not);
        forget(roll);
        return -1;
    }
    log_write(LOG_INFO, "HW-HOST-121", "%s (pid %d) gets a successor (pid %d) beside it",
              master_child_name(child), (int)child->pid, (int)roll->other.pid);
    roll->step = ROLL_BESIDE;
    roll->tries++;
    expect_progress(roll);
    return 0;
}

/* end */

/** The successor is the worker from here on. */
static void promote(struct master *master)
{
    struct master_roll *roll   = &master->roll;
    struct master_child *child = roll->child;
    master_child_swap(child, &roll->other);
    child->stands_by = 0;
    child->is_old    = 0;
    forget(roll);
    roll->count++;
}

static void part(struct master *master)
{
    struct master_roll *roll = &master->roll;
    int64_t timeout_ms       = master->settings.shutdown_timeout_ms;
    promote(master);
    log_write(LOG_INFO, "HW-HOST-122", "%s is pid %d now, which has every session of pid %d",
              master_child_name(roll->child), (int)roll->child->pid, (int)roll->other.pid);
    master_child_quit(&roll->other, timeout_ms);
    roll->step     = ROLL_PARTING;
    roll->deadline = clock_monotonic() + (timeout_ms + GRACE_MS) * CLOCK_NS_PER_MS;
    master_reload_resume(master);
}

static void look_whether_done(struct master *master)
{
    if (master->roll.step == ROLL_BESIDE && successor(master)->generation > 0 &&
        json_object_size(master->roll.waiting) == 0) {
        part(master);
    }
}

/* one by one */

/** @param said by the successor; NULL: nothing */
static void ask_for(struct master *master, const char *session, const struct hawser_slice *said)
{
    struct master_roll *roll = &master->roll;
    if (json_object_get(roll->waiting, session) == NULL) {
        return;
    }
    (void)json_object_set_new(roll->waiting, session, json_true()); /* it is there */
    if (said != NULL) {
        tell(roll->child, CHANNEL_YIELD, *said);
    } else {
        tell_about(roll->child, CHANNEL_YIELD, session, NULL);
    }
}

/* A successor before this one may have asked for it: then what the old one says of it comes, or
 * came, by itself. */
static void wait_for(struct master_roll *roll, const char *session)
{
    const json_t *taken = json_object_get(roll->taken, session);
    if (!json_is_false(taken) && json_object_get(roll->waiting, session) == NULL) {
        (void)json_object_set_new(
            roll->waiting, session,
            json_boolean(taken != NULL)); /* without it, its predecessor's end tells it */
    }
}

void master_roll_applied(struct master_child *child, const json_t *report)
{
    struct master_roll *roll = &child->master->roll;
    size_t i;
    json_t *name;
    if (child != &roll->other || roll->step != ROLL_BESIDE) {
        return;
    }
    json_array_foreach(json_object_get(report, "standby"), i, name)
    {
        wait_for(roll, json_string_value(name));
    }
    expect_progress(roll);
    look_whether_done(child->master);
}

static void tell_why_not(const char *session, const char *why)
{
    log_about(LOG_SUBJECT("session", session), LOG_WARN, "HW-HOST-123",
              "no connection beside the old one comes up; that one leaves first, with a gap: %s",
              why);
}

/* What the old one says to a successor that is gone is for the next one to know. */
static int is_listened_to(const struct master_roll *roll, const struct master_child *child)
{
    return roll->step == ROLL_BESIDE ||
           (roll->step == ROLL_NEXT && child == roll->child && roll->taken != NULL);
}

void master_roll_told(struct master_child *child, const struct channel_message *message,
                      const json_t *about)
{
    struct master *master    = child->master;
    struct master_roll *roll = &master->roll;
    const char *session      = json_string_value(json_object_get(about, "session"));
    if (session == NULL || !is_listened_to(roll, child)) {
        return;
    }
    if (message->type == CHANNEL_STANDBY && child == &roll->other) {
        const char *why = json_string_value(json_object_get(about, "why"));
        if (why != NULL) {
            tell_why_not(session, why);
        }
        ask_for(master, session, &message->body);
    } else if (message->type == CHANNEL_MARKS && child == roll->child) {
        (void)json_object_set_new(roll->taken, session,
                                  json_true()); /* short of memory it comes up by itself */
        tell(&roll->other, CHANNEL_MARKS, message->body);
    } else if (message->type == CHANNEL_GONE && child == roll->child) {
        tell(&roll->other, CHANNEL_GONE, message->body);
        (void)json_object_del(roll->waiting, session); /* it may not be there */
        (void)json_object_set_new(roll->taken, session,
                                  json_false()); /* short of memory it is waited for in vain */
    }
    expect_progress(roll);
    look_whether_done(master);
}

struct master_child *master_worker_of(struct master *master, const char *session)
{
    struct shards shards       = master_shards(master);
    struct master_child *child = &master->workers[shard_worker(&shards, session)];
    struct master_roll *roll   = &master->roll;
    return roll->child == child && json_object_get(roll->taken, session) != NULL ? &roll->other
                                                                                 : child;
}

static void on_repeated(void *arg, json_t *reply)
{
    (void)arg;
    json_decref(reply); /* the one that has the session answers who asked */
}

void master_roll_repeat(struct master *master, const char *session, const json_t *request)
{
    struct master_roll *roll = &master->roll;
    if (request != NULL && roll->step == ROLL_BESIDE && roll->other.channel != NULL &&
        master_worker_of(master, session) == roll->child) {
        master_command_send(&roll->other, request, 0, on_repeated, NULL);
    }
}

void master_roll_channels(struct master_child *child, const json_t *change)
{
    static const char *const METHODS[][2] = {{"added", "session.subscribe"},
                                             {"removed", "session.unsubscribe"}};
    const char *session                   = json_string_value(json_object_get(change, "session"));
    for (size_t i = 0; i < 2 && session != NULL && child == child->master->roll.child; i++) {
        json_t *channels = json_object_get(change, METHODS[i][0]);
        json_t *request  = json_array_size(channels) == 0
                               ? NULL
                               : json_pack("{s:s, s:{s:s, s:O}}", "method", METHODS[i][1], "params",
                                           "session", session, "channels", channels);
        master_roll_repeat(child->master, session, request); /* short of memory it lacks them */
        json_decref(request);
    }
}

/* what goes wrong */

/** What the old one had goes on in the successor, with gaps. */
static void release_all(struct master *master, const char *why)
{
    struct master_roll *roll = &master->roll;
    const char *session;
    json_t *ignored;
    json_object_foreach(roll->waiting, session, ignored)
    {
        if (json_object_get(roll->taken, session) == NULL) {
            tell_about(&roll->other, CHANNEL_MARKS, session, why);
        }
        tell_about(&roll->other, CHANNEL_GONE, session, NULL);
    }
}

/* Its last numbers would be added to those of who counts the sessions now. */
static void forget_gauges(struct master *master)
{
    if (master->area != NULL) {
        telemetry_area_forget_gauges(master->area, master->roll.other.slot);
    }
}

int master_roll_old_gone(struct master_child *child)
{
    struct master *master    = child->master;
    struct master_roll *roll = &master->roll;
    struct hawser_error err  = HAWSER_ERROR_INIT;
    if (roll->step != ROLL_BESIDE || child != roll->child || master->stopping) {
        return 0;
    }
    if (roll->other.generation == 0 || roll->other.channel == NULL || !child->wanted) {
        roll->step = ROLL_DROPPING; /* a worker that starts as after any death is up as soon */
        master_child_quit(&roll->other, 0);
        forget(roll);
        return 0;
    }
    log_write(LOG_WARN, "HW-HOST-124",
              "%s is gone before its sessions went over; they go on in its successor (pid %d)",
              master_child_name(child), (int)roll->other.pid);
    release_all(master, "the worker that ran the session died");
    promote(master);
    child->restarts++;
    if (master_child_configure(child, &err) != 0) { /* who is in quarantine may have changed */
        log_write(LOG_ERROR, "HW-HOST-125", "%s does not learn which sessions are its own: %s",
                  master_child_name(child), err.message);
    }
    roll->step = ROLL_NEXT;
    forget_gauges(master);
    master_reload_resume(master);
    return 1;
}

void master_roll_other_gone(struct master *master)
{
    struct master_roll *roll = &master->roll;
    forget_gauges(master);
    if (master->stopping) {
        master_check_stopped(master);
        return;
    }
    if (roll->step == ROLL_PARTING || roll->step == ROLL_DROPPING || !roll->child->wanted) {
        roll->step = ROLL_NEXT;
    } else if (roll->step == ROLL_BESIDE) {
        log_write(LOG_ERROR, "HW-HOST-126", "the successor of %s ended before it took over",
                  master_child_name(roll->child));
        roll->step = ROLL_NEXT; /* another one, as long as there are tries */
    }
    master_reload_resume(master);
}

void master_roll_drop(struct master *master)
{
    struct master_roll *roll = &master->roll;
    if (roll->step == ROLL_BESIDE) {
        roll->step = ROLL_DROPPING;
        master_child_quit(&roll->other, master->settings.shutdown_timeout_ms);
    }
}

static void ask_for_all(struct master *master)
{
    const char *session;
    json_t *asked;
    void *next;
    json_object_foreach_safe(master->roll.waiting, next, session, asked)
    {
        if (!json_is_true(asked)) {
            tell_why_not(session, "it took too long");
            ask_for(master, session, NULL);
        }
    }
}

static void end(struct master_child *child)
{
    log_write(LOG_ALERT, "HW-HOST-127", "%s (pid %d) does not come to an end; killing it",
              master_child_name(child), (int)child->pid);
    if (child->pid > 0) {
        (void)kill(child->pid, SIGKILL); /* it may have ended by itself */
    }
}

void master_roll_look_beside(struct master *master)
{
    struct master_roll *roll = &master->roll;
    if (clock_monotonic() <= roll->deadline) {
        return;
    }
    if (roll->step == ROLL_PARTING || roll->step == ROLL_DROPPING || roll->other.generation == 0) {
        end(&roll->other);
    } else if (count_asked(roll) == json_object_size(roll->waiting)) {
        end(roll->child);
    } else {
        ask_for_all(master);
    }
    expect_progress(roll);
}
