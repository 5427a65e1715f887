/*
 * What a reload changes and what came of it, in words. See master.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "host/master.h"

#define MAX_TOLD 100u /* changes in the log, a line each */

int master_child_is_behind(const struct master_child *child)
{
    return child->wanted && child->channel != NULL && child->generation < child->master->generation;
}

/** @return given: "worker 1, observer"; NULL: none (or no memory) */
static char *name_those_behind(const struct master *master)
{
    struct buf names = {0};
    for (uint32_t i = 0; i <= MASTER_WORKERS; i++) {
        const struct master_child *child =
            i < MASTER_WORKERS ? &master->workers[i] : &master->observer;
        if (master_child_is_behind(child) &&
            buf_printf(&names, "%s%s", names.len == 0 ? "" : ", ", master_child_name(child)) != 0) {
            break; /* some of them are better than none */
        }
    }
    const char *text = names.len == 0 ? NULL : buf_text(&names);
    char *copy       = text == NULL ? NULL : strdup(text);
    buf_fini(&names);
    return copy;
}

void master_outcome_of_those_behind(const struct master *master, char *out, size_t size)
{
    char *names = name_those_behind(master);
    (void)snprintf(out, size,
                   "%s did not apply it within %g s (it hangs, or has too much to do) and does so "
                   "when it comes back",
                   names == NULL ? "a process" : names,
                   (double)master->settings.reload_timeout_ms / 1000.0);
    free(names);
}

void master_outcome_describe(struct master *master, const char *trouble)
{
    struct master_reload *reload = &master->reload;
    long long took_ms = (long long)((clock_monotonic() - reload->began_at) / CLOCK_NS_PER_MS);
    (void)snprintf(reload->last.text, sizeof(reload->last.text),
                   "reload %s, generation %llu: %lld sessions kept, %lld changed in place, %lld "
                   "replaced, %lld added, %lld removed%s in %lld ms%s%s",
                   trouble == NULL ? "done" : "done in part",
                   (unsigned long long)master->generation, (long long)reload->totals[0],
                   (long long)reload->totals[1], (long long)reload->totals[2],
                   (long long)reload->totals[3], (long long)reload->totals[4], reload->others,
                   took_ms, trouble == NULL ? "" : "; error: ", trouble == NULL ? "" : trouble);
}

/* The counts of sessions are what the workers say they did; of the others, each may be in several
 * workers, so the plan's are told. */
static void count_others(struct master_reload *reload, const json_t *changes)
{
    static const char *const KINDS[] = {"output", "telemetry"};
    size_t len                       = 0;
    reload->others[0]                = 0;
    for (size_t kind = 0; kind < sizeof(KINDS) / sizeof(KINDS[0]); kind++) {
        size_t counts[3] = {0};
        for (size_t i = 0; i < json_array_size(changes); i++) {
            const json_t *change = json_array_get(changes, i);
            const char *action   = json_string_value(json_object_get(change, "action"));
            const char *what     = json_string_value(json_object_get(change, "kind"));
            if (what != NULL && action != NULL && strcmp(what, KINDS[kind]) == 0) {
                counts[0] += strcmp(action, "restarted") == 0;
                counts[1] += strcmp(action, "added") == 0;
                counts[2] += strcmp(action, "removed") == 0;
            }
        }
        if (counts[0] + counts[1] + counts[2] > 0) {
            len += (size_t)snprintf(reload->others + len, sizeof(reload->others) - len,
                                    "; %s: %zu restarted, %zu added, %zu removed", KINDS[kind],
                                    counts[0], counts[1], counts[2]);
        }
    }
}

void master_outcome_foresee(struct master *master)
{
    struct master_reload *reload      = &master->reload;
    struct master_candidate candidate = {reload->tree, &reload->secrets, reload->settings.workers,
                                         NULL};
    json_t *changes                   = master_plan_json(master, &candidate);
    size_t told                       = 0;
    size_t i;
    json_t *change;
    count_others(reload, changes);
    json_array_foreach(changes, i, change)
    {
        const char *kind = NULL, *name = NULL, *action = NULL, *reason = NULL;
        if (json_unpack(change, "{s:s, s:s, s:s, s:s}", "kind", &kind, "name", &name, "action",
                        &action, "reason", &reason) == 0 &&
            strcmp(action, "kept") != 0 && told++ < MAX_TOLD) {
            log_write(LOG_INFO, "HW-HOST-073", "reload: %s %s: %s: %s", kind, name, action, reason);
        }
    }
    if (told > MAX_TOLD) {
        log_write(LOG_INFO, "HW-HOST-074", "reload: and %zu more changes", told - MAX_TOLD);
    }
    json_decref(changes);
}
