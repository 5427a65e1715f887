/*
 * Methods whose answer several processes hold: each is asked, and what comes back is put together.
 * See control.h.
 */
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "host/control_methods.h"
#include "host/losses.h"

#define GATHER_MS 2000 /* a worker that hangs must not hide the others */

static void on_gathered(void *arg, json_t *reply)
{
    struct control_request *request = arg;
    json_t *list                    = json_object_get(reply, "result");
    if (list != NULL) {
        (void)json_array_extend(request->gathered, list); /* short of memory it is short */
    } else {
        request->silent += reply != NULL;
    }
    json_decref(reply);
    if (--request->awaited == 0) {
        request->gathered_all(request);
    }
}

static void ask(struct control_request *request, struct master_child *child, const json_t *question)
{
    request->awaited++;
    master_command_send(child, question, GATHER_MS, on_gathered, request);
}

/** Ask all workers, and the observer where it has a share in it. */
static void gather(struct control_request *request, const char *method, int of_observer,
                   void (*done)(struct control_request *request))
{
    struct master *master = request->master;
    json_t *question      = json_pack("{s:s}", "method", method);
    request->gathered     = json_array();
    request->gathered_all = done;
    request->awaited      = 1; /* ours, so that answers that come at once do not end it too soon */
    for (uint32_t i = 0; i < MASTER_WORKERS && question != NULL; i++) {
        if (master_worker_is_used(master, i)) {
            ask(request, &master->workers[i], question);
        }
    }
    if (master_roll_is_beside(master) && question != NULL) {
        ask(request, &master->roll.other, question);
    }
    if (of_observer && question != NULL) {
        ask(request, &master->observer, question);
    }
    json_decref(question);
    on_gathered(request, NULL);
}

static void answer_gathered(struct control_request *request)
{
    control_answer(request, json_pack("{s:O}", "result", request->gathered));
}

void control_gather_sessions(struct control_request *request,
                             void (*done)(struct control_request *request))
{
    gather(request, "session.list", 0, done);
}

void control_run_session_list(struct control_request *request, const json_t *message)
{
    (void)message;
    control_gather_sessions(request, answer_gathered);
}

void control_run_output_list(struct control_request *request, const json_t *message)
{
    (void)message;
    gather(request, "output.list", 0, answer_gathered);
}

/* module.list: one entry for each version of a module that any process has loaded */

static int is_same_module(const json_t *a, const json_t *b)
{
    static const char *const KEYS[] = {"kind", "name", "file", "build_id", "file_time"};
    for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
        if (!json_equal(json_object_get(a, KEYS[i]), json_object_get(b, KEYS[i]))) {
            return 0;
        }
    }
    return 1;
}

static json_t *find_module(const json_t *modules, const json_t *module)
{
    size_t i;
    json_t *other;
    json_array_foreach(modules, i, other)
    {
        if (is_same_module(other, module)) {
            return other;
        }
    }
    return NULL;
}

static void merge_modules(struct control_request *request)
{
    json_t *modules = json_array();
    size_t i;
    json_t *module;
    json_array_foreach(request->gathered, i, module)
    {
        json_t *known = find_module(modules, module);
        if (known == NULL) {
            (void)json_array_append(modules, module); /* short of memory the list is short */
            continue;
        }
        json_int_t users = json_integer_value(json_object_get(known, "users")) +
                           json_integer_value(json_object_get(module, "users"));
        (void)json_object_set_new(known, "users", json_integer(users)); /* the same */
        (void)json_array_extend(json_object_get(known, "processes"),
                                json_object_get(module, "processes")); /* the same */
    }
    control_answer(request, json_pack("{s:o}", "result", modules));
}

void control_run_module_list(struct control_request *request, const json_t *message)
{
    (void)message;
    gather(request, "module.list", 1, merge_modules);
}

/* host.status */

static json_t *child_json(const struct master_child *child)
{
    return json_pack("{s:s, s:i, s:i, s:b, s:I, s:I, s:I}", "role", child_role_name(child->role),
                     "index", (int)child->index, "pid", (int)child->pid, "running",
                     master_child_is_running(child), "restarts", (json_int_t)child->restarts,
                     "generation", (json_int_t)child->generation, "slow_calls",
                     (json_int_t)child->slow_calls);
}

/** Are the sessions that the config calls required READY (all of them, where it calls none so)? */
static int is_ready(const json_t *sessions)
{
    size_t i;
    json_t *session;
    int ready_all      = 1;
    int ready_required = 1;
    int required       = 0;
    json_array_foreach(sessions, i, session)
    {
        const char *state = json_string_value(json_object_get(session, "state"));
        int ready         = state != NULL && strcmp(state, "READY") == 0;
        ready_all         = ready_all && ready;
        if (json_is_true(json_object_get(session, "required"))) {
            required       = 1;
            ready_required = ready_required && ready;
        }
    }
    return required ? ready_required : ready_all;
}

static json_t *status_json(const struct control_request *request)
{
    struct master *master = request->master;
    json_t *processes     = json_array();
    for (uint32_t i = 0; i < MASTER_WORKERS; i++) {
        if (master_worker_is_used(master, i)) {
            (void)json_array_append_new(
                processes, child_json(&master->workers[i])); /* short of memory the list is short */
        }
    }
    (void)json_array_append_new(processes, child_json(&master->observer));
    return json_pack("{s:s, s:i, s:I, s:s, s:s, s:I, s:b, s:I, s:o, s:o, s:o, s:O}", "version",
                     HAWSER_VERSION, "pid", (int)getpid(), "uptime_ms",
                     (json_int_t)((clock_monotonic() - master->started_at) / CLOCK_NS_PER_MS),
                     "prefix", master->options->prefix, "config", master->options->config,
                     "generation", (json_int_t)master->generation, "ready",
                     request->silent == 0 && is_ready(request->gathered), "silent_workers",
                     (json_int_t)request->silent, "last_reload",
                     control_reload_json(&master->reload.last), "processes", processes,
                     "quarantine", master_quarantine_json(master), "sessions", request->gathered);
}

static void answer_status(struct control_request *request)
{
    json_t *status = status_json(request);
    (void)json_object_set_new(status, "log",
                              losses_json(request->master->area)); /* or it lacks it */
    control_answer(request, json_pack("{s:o}", "result", status));
}

void control_run_status(struct control_request *request, const json_t *message)
{
    (void)message;
    control_gather_sessions(request, answer_status);
}
