/*
 * After another binary took over: its children follow one by one. A worker's successor comes up
 * beside it, and takes over (master_beside.c); where that cannot be it comes after it, and the next
 * follows when its sessions are up again, so that never all are down at once. See master.h.
 */
#include <signal.h>
#include <string.h>

#include "base/log.h"
#include "host/handover.h"
#include "host/master.h"

#define LOOK_MS   20
#define ANSWER_MS 1000
#define GRACE_MS  5000 /* behind a graceful end's own deadline; then it is killed */

static struct master_child *next_old(struct master *master)
{
    if (master->observer.is_old) {
        return &master->observer;
    }
    for (uint32_t i = 0; i < MASTER_WORKERS; i++) {
        if (master->workers[i].is_old && master->workers[i].wanted) {
            return &master->workers[i];
        }
    }
    return NULL;
}

static void finish(struct master *master)
{
    struct master_roll *roll = &master->roll;
    long long took_ms        = (long long)((clock_monotonic() - roll->began_at) / CLOCK_NS_PER_MS);
    roll->is_active          = 0;
    roll->is_next            = 0;
    (void)event_del(roll->look); /* harmless when it does not wait */
    log_write(LOG_NOTICE, "HW-HOST-099", "hawser/%s has taken over: %u processes follow in %lld ms",
              HAWSER_VERSION, (unsigned)roll->count, took_ms);
}

/* Its successor starts when it is gone. */
static void replace(struct master_roll *roll, struct master_child *child)
{
    int64_t timeout_ms = child->master->settings.shutdown_timeout_ms;
    log_write(LOG_INFO, "HW-HOST-100", "%s (pid %d) makes room for its successor",
              master_child_name(child), (int)child->pid);
    master_child_quit(child, timeout_ms);
    child->again    = 1;
    child->inherits = "a new version of the host took over";
    roll->child     = child;
    roll->step      = ROLL_ENDING;
    roll->deadline  = clock_monotonic() + (timeout_ms + GRACE_MS) * CLOCK_NS_PER_MS;
    roll->count++;
}

static void wait_for_end(struct master_roll *roll)
{
    struct master_child *child = roll->child;
    int64_t longest_ms         = child->master->settings.reload_timeout_ms;
    if (!child->is_old) {
        roll->step     = ROLL_STARTING;
        roll->deadline = clock_monotonic() + longest_ms * CLOCK_NS_PER_MS;
    } else if (clock_monotonic() > roll->deadline && child->pid > 0) {
        log_write(LOG_ALERT, "HW-HOST-101", "%s (pid %d) does not end; killing it",
                  master_child_name(child), (int)child->pid);
        (void)kill(child->pid, SIGKILL); /* it may have ended by itself */
        roll->deadline += GRACE_MS * CLOCK_NS_PER_MS;
    }
}

/** Has every session come as far as it does without a person? */
static int are_up(const json_t *sessions)
{
    size_t i;
    json_t *session;
    json_array_foreach(sessions, i, session)
    {
        const char *state = json_string_value(json_object_get(session, "state"));
        if (state == NULL || (strcmp(state, "READY") != 0 && strcmp(state, "FAILED") != 0 &&
                              strcmp(state, "CLOSED") != 0)) {
            return 0;
        }
    }
    return 1;
}

static void on_sessions(void *arg, json_t *reply)
{
    struct master *master    = arg;
    struct master_roll *roll = &master->roll;
    const json_t *sessions   = json_object_get(reply, "result");
    if (roll->step == ROLL_ASKING) {
        roll->step = sessions != NULL && are_up(sessions) ? ROLL_NEXT : ROLL_LOOKING;
    }
    json_decref(reply);
}

static void look_at_sessions(struct master_roll *roll)
{
    struct master_child *child = roll->child;
    json_t *question           = json_pack("{s:s}", "method", "session.list");
    if (!child->wanted && !master_child_is_running(child)) {
        roll->step = ROLL_NEXT; /* a reload has no work for it */
    } else if (child->channel == NULL || child->generation < child->master->generation) {
        roll->step = ROLL_STARTING;
    } else if (child->role == CHILD_OBSERVER) {
        roll->step = ROLL_NEXT;
    } else if (question != NULL) {
        roll->step = ROLL_ASKING;
        master_command_send(child, question, ANSWER_MS, on_sessions, child->master);
    }
    json_decref(question);
}

static void begin_next(struct master *master)
{
    struct master_roll *roll   = &master->roll;
    struct master_child *child = next_old(master);
    if (child == NULL) {
        finish(master);
        return;
    }
    roll->is_next = master->reload.step != RELOAD_STEP_NONE;
    if (!roll->is_next && master_roll_begin_beside(child) != 0) {
        replace(roll, child);
        master_reload_resume(master);
    }
}

static void step(struct master *master)
{
    struct master_roll *roll = &master->roll;
    int comes_after          = roll->step >= ROLL_STARTING;
    if (comes_after && clock_monotonic() > roll->deadline) {
        log_write(LOG_WARN, "HW-HOST-102",
                  "%s does not have its sessions up in time; the next one follows",
                  master_child_name(roll->child));
        roll->step = ROLL_NEXT;
    }
    if (roll->step == ROLL_NEXT) {
        begin_next(master);
    } else if (roll->step < ROLL_ENDING) {
        master_roll_look_beside(master);
    } else if (roll->step == ROLL_ENDING) {
        wait_for_end(roll);
    } else if (roll->step == ROLL_STARTING || roll->step == ROLL_LOOKING) {
        look_at_sessions(roll);
    }
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
    struct master *master = arg;
    (void)fd;
    (void)what;
    if (master->stopping) {
        master->roll.is_active = 0;
        master->roll.is_next   = 0;
        (void)event_del(master->roll.look); /* it waits: it is persistent */
        return;
    }
    step(master);
}

int master_roll_begin(struct master *master)
{
    static const struct timeval often = {0, LOOK_MS * 1000};
    struct master_roll *roll          = &master->roll;
    roll->knows_how =
        json_integer_value(json_object_get(master->handover, "yields")) >= HANDOVER_YIELDS;
    roll->began_at = clock_monotonic();
    roll->step     = ROLL_NEXT;
    roll->look     = event_new(master->base, -1, EV_PERSIST, on_look, master);
    if (roll->look == NULL || event_add(roll->look, &often) != 0) {
        return -1;
    }
    roll->is_active = 1;
    return 0;
}

void master_roll_fini(struct master *master)
{
    if (master->roll.look != NULL) {
        event_free(master->roll.look);
        master->roll.look = NULL;
    }
    json_decref(master->roll.waiting);
    json_decref(master->roll.taken);
    master->roll.waiting = NULL;
    master->roll.taken   = NULL;
}
