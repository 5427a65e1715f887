/*
 * What the master sees of a child from outside: what it does in modules, whether its loop turns,
 * and what it was doing when it died. See master.h; watchdog.c judges.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "host/losses.h"
#include "host/master.h"
#include "telemetry/metric.h"

#define REPORT_NS (4 * CLOCK_NS_PER_S) /* for the report of its end; then it is killed */

int master_watch_prepare(struct master_child *child, struct hawser_error *err)
{
    child->watchdog   = (struct watchdog){0};
    child->aborted_at = 0;
    if (child->watch != NULL) {
        watch_clear(child->watch);
        return 0;
    }
    if (watch_make(&child->watch_fd, err) != 0) {
        return -1;
    }
    child->watch = watch_attach(child->watch_fd, err);
    if (child->watch == NULL) {
        (void)close(child->watch_fd); /* nothing is in it */
        child->watch_fd = -1;
        return -1;
    }
    return 0;
}

void master_watch_fini(struct master_child *child)
{
    if (child->watch != NULL) {
        watch_detach(child->watch);
        (void)close(child->watch_fd); /* memory alone */
        child->watch = NULL;
    }
}

const char *master_watch_words(const struct watch_call *call, char *out, size_t size)
{
    static const char *const kinds[] = {"instance", "session", "output", "telemetry"};
    const char *kind = call->kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[call->kind] : "?";
    (void)snprintf(out, size, "module %s, %s=%s, in its `%s`", call->module, kind, call->name,
                   watch_slot_name(call->slot)); /* fits */
    return out;
}

void master_count(struct master *master, const char *metric, const char *session)
{
    telemetry_add(telemetry_metric(master->writer, metric, session, HAWSER_METRIC_COUNTER), 1);
}

/* A loop that hangs */

static void end_it(struct master_child *child, int number)
{
    (void)kill(child->pid, number); /* it may have ended by itself */
}

static void tell_hang(struct master_child *child, clock_ns_t now)
{
    char words[MASTER_WATCH_WORDS];
    struct watch_call call;
    int known = watch_describe_loop(child->watch, &call);
    log_write(LOG_ALERT, "HW-HOST-042",
              "%s (pid %d) hangs: its loop did not turn for %lld ms; it is in %s; ending it",
              master_child_name(child), (int)child->pid,
              (long long)(child->watchdog.silence / CLOCK_NS_PER_MS),
              known ? master_watch_words(&call, words, sizeof(words)) : "no module");
    master_count(child->master, "worker.hung", NULL);
    child->aborted_at = now;
    end_it(child, SIGABRT);
}

/* A call that takes long */

/* Each module and function has a complaint of its own while it is one of the last few. */
static struct complaint *complaint_of(struct master_child *child, const struct watch_call *call)
{
    struct master_slow *slow = NULL;
    for (size_t i = 0; i < MASTER_SLOW_MAX; i++) {
        slow = &child->slow[i];
        if (slow->slot == call->slot && strcmp(slow->module, call->module) == 0) {
            return &slow->trouble;
        }
    }
    slow  = &child->slow[child->next_slow++ % MASTER_SLOW_MAX];
    *slow = (struct master_slow){.slot = call->slot};
    memcpy(slow->module, call->module, sizeof(slow->module));
    return &slow->trouble;
}

static void tell_slow(struct master_child *child)
{
    char words[MASTER_WATCH_WORDS];
    struct watch_call call;
    if (!watch_describe_loop(child->watch, &call)) {
        return; /* it came back at this moment */
    }
    child->slow_calls++;
    master_count(child->master, "callback.slow", call.name);
    complain(
        complaint_of(child, &call), NULL, LOG_WARN, "HW-HOST-043",
        "%s is held up by %s: for more than %lld ms nothing else runs there; it must not block",
        master_child_name(child), master_watch_words(&call, words, sizeof(words)),
        (long long)child->master->settings.callback_budget_ms);
}

/* looking */

static void look_at(struct master_child *child, const struct watchdog_limits *limits,
                    clock_ns_t now)
{
    if (child->pid <= 0 || child->watch == NULL) {
        return;
    }
    enum watchdog_verdict verdict = watchdog_look(
        &child->watchdog, limits, watch_ticks(child->watch), watch_loop_call(child->watch), now);
    if (child->aborted_at != 0) {
        if (now - child->aborted_at > REPORT_NS) {
            end_it(child, SIGKILL);
        }
    } else if (verdict == WATCHDOG_HANGS) {
        tell_hang(child, now);
    } else if (verdict == WATCHDOG_SLOW) {
        tell_slow(child);
    }
}

static struct watchdog_limits limits_of(const struct settings *settings)
{
    struct watchdog_limits limits = {.timeout = settings->worker_timeout_ms * CLOCK_NS_PER_MS,
                                     .budget  = settings->callback_budget_ms * CLOCK_NS_PER_MS};
    limits.interval               = watchdog_interval(limits.timeout, limits.budget);
    return limits;
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
    struct master *master         = arg;
    struct watchdog_limits limits = limits_of(&master->settings);
    clock_ns_t now                = clock_monotonic();
    (void)fd;
    (void)what;
    for (uint32_t i = 0; i < MASTER_WORKERS; i++) {
        look_at(&master->workers[i], &limits, now);
    }
    look_at(&master->roll.other, &limits, now);
    look_at(&master->observer, &limits, now);
    master_watch_again(master);
}

int master_watch_begin(struct master *master, struct hawser_error *err)
{
    master->writer =
        telemetry_writer_open(master->area, telemetry_area_master_slot(master->area), err);
    master->look = evtimer_new(master->base, on_look, master);
    if (master->writer == NULL || master->look == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory to watch the workers");
        return -1;
    }
    losses_count(master->writer);
    return 0;
}

void master_watch_again(struct master *master)
{
    clock_ns_t interval  = limits_of(&master->settings).interval;
    struct timeval after = {(time_t)(interval / CLOCK_NS_PER_S),
                            (suseconds_t)(interval % CLOCK_NS_PER_S / 1000)};
    if (event_add(master->look, &after) != 0) {
        log_write(LOG_ALERT, "HW-HOST-044",
                  "no memory for a timer: nobody watches the workers any more");
    }
}

void master_watch_end(struct master *master)
{
    if (master->look != NULL) {
        event_free(master->look);
    }
    losses_forget();
    telemetry_writer_close(master->writer);
}
