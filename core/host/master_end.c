/*
 * Children that ended: which, of what, and what follows. See master.h.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/log.h"
#include "host/master.h"
#include "host/observer.h"
#include "host/worker.h"

void master_child_bury(struct master_child *child)
{
    channel_destroy(child->channel);
    child->channel = NULL;
    child->summary = (struct summary){0};
    child->is_old  = 0;
    if (child->wanted && child->generation > 0 && child->inherits == NULL) {
        child->inherits = "the worker that ran the session died";
    }
    master_commands_fail(child);
    worker_destroy(child->worker);
    observer_destroy(child->observer);
    child->worker   = NULL;
    child->observer = NULL;
    master_reload_child_gone(child->master);
    if (child == &child->master->roll.other) {
        master_roll_other_gone(child->master);
        return;
    }
    if (master_roll_old_gone(child)) {
        return;
    }
    if (child->again && !child->master->stopping) {
        master_child_start(child);
        return;
    }
    if (child->master->stopping || !child->wanted) {
        master_check_stopped(child->master);
        return;
    }
    master_child_start_later(child);
}

/* " in module ...", or nothing when it was in no module. */
static void tell_where(const struct master_child *child, char *out, size_t size)
{
    char words[MASTER_WATCH_WORDS];
    struct watch_call call;
    if (child->watch != NULL && watch_describe_crash(child->watch, &call)) {
        (void)snprintf(out, size, " in %s", master_watch_words(&call, words, sizeof(words)));
    }
}

static void tell_death(const struct master_child *child, int status)
{
    int expected                       = child->master->stopping || !child->wanted;
    char where[MASTER_WATCH_WORDS + 8] = "";
    tell_where(child, where, sizeof(where));
    if (WIFSIGNALED(status)) {
        log_write(expected ? LOG_NOTICE : LOG_ALERT, "HW-HOST-027",
                  "%s (pid %d) was ended by signal %d (%s)%s%s", master_child_name(child),
                  (int)child->pid, WTERMSIG(status), strsignal(WTERMSIG(status)), where,
                  expected ? "" : "; starting it again");
    } else if (WEXITSTATUS(status) != 0 || !expected) {
        log_write(expected ? LOG_WARN : LOG_ALERT, "HW-HOST-028",
                  "%s (pid %d) ended with status %d%s%s", master_child_name(child), (int)child->pid,
                  WEXITSTATUS(status), where, expected ? "" : "; starting it again");
    } else {
        log_write(LOG_INFO, "HW-HOST-029", "%s (pid %d) is done", master_child_name(child),
                  (int)child->pid);
    }
}

/* One that ran and was ended by a person's (or the kernel's) signal has shown no fault of its own:
 * it comes back at once, however often. */
static int was_killed_from_outside(const struct master_child *child, int status)
{
    int asked  = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    int killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    return (asked || killed) && child->generation > 0 && child->aborted_at == 0;
}

/** @return 1: it had ended; 0: it runs, or there is none */
static int reap_one(struct master_child *child)
{
    int status = 0;
    if (child->pid <= 0 || waitpid(child->pid, &status, WNOHANG) != child->pid) {
        return 0;
    }
    tell_death(child, status);
    child->was_killed = was_killed_from_outside(child, status);
    child->pid        = 0;
    if (child != &child->master->roll.other) { /* a successor serves nobody yet */
        master_quarantine_judge(child, status);
    }
    master_child_bury(child);
    return 1;
}

/* One signal may stand for several ends, and who is buried may change places with one that was not
 * looked at yet. */
void master_children_reap(struct master *master)
{
    int found = 1;
    while (found) {
        found = reap_one(&master->observer);
        for (uint32_t i = 0; i < MASTER_WORKERS; i++) {
            found |= reap_one(&master->workers[i]);
        }
        found |= reap_one(&master->roll.other);
    }
}
