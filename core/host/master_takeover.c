/*
 * A master that begins with what another binary of this host hands it: memory, sockets, and
 * children that run on. See master.h; master_upgrade.c is the other side.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "host/control.h"
#include "host/handover.h"
#include "host/master.h"
#include "session/budget.h"
#include "telemetry/area.h"

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

int master_takeover_memory(struct master *master, struct hawser_error *err)
{
    const json_t *state  = master->handover;
    master->telemetry    = handover_fd(state, "telemetry");
    master->budget       = handover_fd(state, "budget");
    master->area         = telemetry_area_attach(master->telemetry, err);
    master->generation   = (uint64_t)number_of(state, "generation");
    master->started_at   = (clock_ns_t)number_of(state, "started_at");
    master->next_command = (uint64_t)number_of(state, "next_command");
    json_t *channels     = json_object_get(state, "channels");
    if (channels != NULL) {
        json_decref(master->channels);
        master->channels = json_incref(channels);
    }
    json_t *closed = json_object_get(state, "closed");
    if (closed != NULL) {
        json_decref(master->closed);
        master->closed = json_incref(closed);
    }
    master->reload.last.generation = master->generation;
    struct budget *budget = master->area == NULL ? NULL : budget_attach(master->budget, err);
    budget_detach(budget);
    return budget == NULL ? -1 : 0;
}

int master_takeover_files(struct master *master, struct hawser_error *err)
{
    const json_t *state = master->handover;
    const char *pid     = json_string_value(json_object_get(state, "pid_path"));
    const char *control = json_string_value(json_object_get(state, "control_path"));
    int listener        = handover_fd(state, "control");
    if (pidfile_adopt(&master->pidfile, handover_fd(state, "pid"), pid == NULL ? "" : pid, err) !=
        0) {
        return -1;
    }
    if (listener < 0 || control == NULL) {
        return 0;
    }
    master->control = control_adopt(master, listener, control, err);
    return master->control == NULL ? -1 : 0;
}

static struct master_child *child_of(struct master *master, const json_t *about)
{
    json_int_t index = number_of(about, "index");
    if (number_of(about, "role") == CHILD_OBSERVER) {
        return &master->observer;
    }
    return index >= 0 && index < (json_int_t)MASTER_WORKERS ? &master->workers[index] : NULL;
}

/* Of a binary before this one, which tells none. */
static uint32_t slot_of(const struct master *master, const struct master_child *child,
                        const json_t *told)
{
    if (told != NULL) {
        return (uint32_t)json_integer_value(told);
    }
    return child->index == SHARD_QUARANTINE
               ? (uint32_t)telemetry_area_worker_slots(master->area) - 1
               : child->index;
}

static int take_child(struct master *master, const json_t *about, struct hawser_error *err)
{
    struct master_child *child = child_of(master, about);
    if (child == NULL) {
        error_set(err, HAWSER_SYSTEM_CALL, "the old binary has a process that this one has not");
        return -1;
    }
    child->slot       = slot_of(master, child, json_object_get(about, "slot"));
    child->pid        = (pid_t)number_of(about, "pid");
    child->generation = (uint64_t)number_of(about, "generation");
    child->restarts   = (uint64_t)number_of(about, "restarts");
    child->slow_calls = (uint64_t)number_of(about, "slow_calls");
    child->started_at = (clock_ns_t)number_of(about, "started_at");
    child->watch_fd   = (int)number_of(about, "watch");
    child->wanted     = json_is_true(json_object_get(about, "wanted"));
    child->again      = json_is_true(json_object_get(about, "again"));
    child->is_old     = 1;
    child->watch      = watch_attach(child->watch_fd, err);
    if (child->watch == NULL) {
        return -1;
    }
    module_files_read(&child->modules, master->tree, master->options->prefix);
    return master_child_attach(child, (int)number_of(about, "channel"), err);
}

static void close_at_exec(const json_t *state)
{
    static const char *const NAMES[] = {"telemetry", "budget",  "config",
                                        "pid",       "control", "program"};
    size_t i;
    json_t *child;
    for (size_t name = 0; name < sizeof(NAMES) / sizeof(NAMES[0]); name++) {
        handover_keep(handover_fd(state, NAMES[name]), 0);
    }
    json_array_foreach(json_object_get(state, "children"), i, child)
    {
        handover_keep((int)number_of(child, "channel"), 0);
        handover_keep((int)number_of(child, "watch"), 0);
    }
    control_clients_keep(json_object_get(state, "clients"), 0);
}

/* The state stays as long as the master. */
static void know_holes(struct master *master)
{
    size_t i;
    json_t *about;
    json_array_foreach(json_object_get(master->handover, "holes"), i, about)
    {
        json_int_t index = number_of(about, "index");
        if (index >= 0 && index < (json_int_t)MASTER_WORKERS) {
            master->workers[index].inherits = json_string_value(json_object_get(about, "why"));
        }
    }
}

/* Those that a signal closed stay closed. */
static void start_what_was_down(struct master *master)
{
    size_t i;
    json_t *index;
    json_array_foreach(json_object_get(master->handover, "down"), i, index)
    {
        uint64_t worker = (uint64_t)json_integer_value(index);
        if (worker < MASTER_WORKERS) {
            master_child_start(&master->workers[worker]);
        }
    }
}

int master_takeover_children(struct master *master, struct hawser_error *err)
{
    const json_t *state = master->handover;
    size_t i;
    json_t *child;
    master_quarantine_restore(master, json_object_get(state, "quarantine"));
    json_array_foreach(json_object_get(state, "children"), i, child)
    {
        if (take_child(master, child, err) != 0) {
            return -1;
        }
    }
    know_holes(master);
    close_at_exec(state);
    if (master->handover_fd >= 0) {
        (void)close(master->handover_fd); /* memory alone */
    }
    if (!master->is_given_back) { /* its own program stays open for workers to come */
        (void)close(handover_fd(state, "program")); /* the old binary, not needed any more */
    }
    master_signals_let_in();
    master->reload.again = json_is_true(json_object_get(state, "reload"));
    master_children_reap(master); /* those that died meanwhile */
    start_what_was_down(master);
    if (!master_child_is_running(&master->observer)) {
        master_child_start(&master->observer);
    }
    return 0;
}
