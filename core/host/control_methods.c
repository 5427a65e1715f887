/*
 * The methods of the control socket. See control.h; docs/control-api.md describes them for users.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "host/control.h"
#include "host/losses.h"
#include "host/shard.h"

#define METHOD_NOT_FOUND (-32601)
#define INVALID_PARAMS   (-32602)
#define GATHER_MS        2000 /* a worker that hangs must not hide the others */

static json_t *child_json(const struct master_child *child)
{
    return json_pack("{s:s, s:i, s:i, s:b, s:I, s:I, s:I}", "role", child_role_name(child->role),
                     "index", (int)child->index, "pid", (int)child->pid, "running",
                     master_child_is_running(child), "restarts", (json_int_t)child->restarts,
                     "generation", (json_int_t)child->generation, "slow_calls",
                     (json_int_t)child->slow_calls);
}

static json_t *reload_json(const struct reload_result *result)
{
    return json_pack("{s:b, s:I, s:s}", "ok", result->ok, "generation",
                     (json_int_t)result->generation, "text", result->text);
}

/* gathering from all workers */

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
                     (json_int_t)request->silent, "last_reload", reload_json(&master->reload.last),
                     "processes", processes, "quarantine", master_quarantine_json(master),
                     "sessions", request->gathered);
}

static void answer_status(struct control_request *request)
{
    json_t *status = status_json(request);
    (void)json_object_set_new(status, "log",
                              losses_json(request->master->area)); /* or it lacks it */
    control_answer(request, json_pack("{s:o}", "result", status));
}

static void answer_list(struct control_request *request)
{
    control_answer(request, json_pack("{s:O}", "result", request->gathered));
}

static void on_gathered(void *arg, json_t *reply)
{
    struct control_request *request = arg;
    json_t *sessions                = json_object_get(reply, "result");
    if (sessions != NULL) {
        (void)json_array_extend(request->gathered, sessions); /* short of memory it is short */
    } else {
        request->silent += reply != NULL;
    }
    json_decref(reply);
    if (--request->awaited == 0) {
        request->gathered_all(request);
    }
}

static void gather(struct control_request *request,
                   void (*gathered_all)(struct control_request *request))
{
    struct master *master = request->master;
    json_t *question      = json_pack("{s:s}", "method", "session.list");
    request->gathered     = json_array();
    request->gathered_all = gathered_all;
    request->awaited      = 1; /* ours, so that answers that come at once do not end it too soon */
    for (uint32_t i = 0; i < MASTER_WORKERS && question != NULL; i++) {
        if (!master_worker_is_used(master, i)) {
            continue;
        }
        request->awaited++;
        master_command_send(&master->workers[i], question, GATHER_MS, on_gathered, request);
    }
    json_decref(question);
    on_gathered(request, NULL);
}

static void run_status(struct control_request *request, const json_t *message)
{
    (void)message;
    gather(request, answer_status);
}

static void run_session_list(struct control_request *request, const json_t *message)
{
    (void)message;
    gather(request, answer_list);
}

/* reload */

static void on_reloaded(void *arg, const struct reload_result *result)
{
    control_answer(arg, json_pack("{s:o}", "result", reload_json(result)));
}

static void run_reload(struct control_request *request, const json_t *message)
{
    (void)message;
    master_reload_start(request->master, on_reloaded, request);
}

/* plan */

static void on_planned(void *arg, json_t *answer)
{
    control_answer(arg, answer);
}

static void plan_from_here(struct control_request *request)
{
    master_plan_start(request->master, request->gathered, on_planned, request);
}

static void run_plan(struct control_request *request, const json_t *message)
{
    (void)message;
    gather(request, plan_from_here);
}

/* quarantine */

static void run_release(struct control_request *request, const json_t *message)
{
    const char *name = json_string_value(json_object_get(request->params, "name"));
    (void)message;
    if (name == NULL || master_quarantine_release(request->master, name) != 0) {
        control_answer_error(request, INVALID_PARAMS,
                             "params.name: no session or adapter of this name is in quarantine; "
                             "host.status lists them");
        return;
    }
    control_answer(request, json_pack("{s:s}", "result", "ok"));
}

/* forwarding to the worker of one session */

static void on_forwarded(void *arg, json_t *reply)
{
    control_answer(arg, reply);
}

static void forward(struct control_request *request, const json_t *message)
{
    const char *name = json_string_value(json_object_get(request->params, "session"));
    if (name == NULL) {
        control_answer_error(request, INVALID_PARAMS, "params.session names the session");
        return;
    }
    struct master *master = request->master;
    struct shards shards  = master_shards(master);
    master_command_send(&master->workers[shard_worker(&shards, name)], message, 0, on_forwarded,
                        request);
}

static const struct {
    const char *name;
    void (*run)(struct control_request *request, const json_t *message);
} METHODS[] = {{"host.status", run_status},
               {"host.reload", run_reload},
               {"host.plan", run_plan},
               {"host.release", run_release},
               {"session.list", run_session_list},
               {"session.state", forward},
               {"session.call", forward},
               {"session.subscribe", forward},
               {"session.unsubscribe", forward},
               {"session.reconnect", forward}};

void control_method_run(struct control_request *request, const json_t *message)
{
    const char *name = json_string_value(json_object_get(message, "method"));
    for (size_t i = 0; i < sizeof(METHODS) / sizeof(METHODS[0]); i++) {
        if (strcmp(METHODS[i].name, name) == 0) {
            METHODS[i].run(request, message);
            return;
        }
    }
    control_answer_error(request, METHOD_NOT_FOUND,
                         "unknown method; there are host.status, host.reload, host.plan, "
                         "host.release, session.list, "
                         "session.state, session.call, session.subscribe, "
                         "session.unsubscribe, session.reconnect");
}
