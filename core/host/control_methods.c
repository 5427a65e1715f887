/*
 * The methods of the control socket. See control.h; docs/control-api.md describes them for users.
 */
#include "host/control_methods.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/slice.h"
#include "host/shard.h"
#include "host/stream.h"

/* host.* */

json_t *control_reload_json(const struct reload_result *result)
{
    return json_pack("{s:b, s:I, s:s}", "ok", result->ok, "generation",
                     (json_int_t)result->generation, "text", result->text);
}

static void on_reloaded(void *arg, const struct reload_result *result)
{
    control_answer(arg, json_pack("{s:o}", "result", control_reload_json(result)));
}

static void run_reload(struct control_request *request, const json_t *message)
{
    (void)message;
    request->is_reload = 1;
    master_reload_start(request->master, on_reloaded, request);
}

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
    control_gather_sessions(request, plan_from_here);
}

static void run_release(struct control_request *request, const json_t *message)
{
    const char *name = json_string_value(json_object_get(request->params, "name"));
    (void)message;
    if (name == NULL || master_quarantine_release(request->master, name) != 0) {
        control_answer_error(request, CONTROL_INVALID_PARAMS,
                             "params.name: no session or adapter of this name is in quarantine; "
                             "host.status lists them");
        return;
    }
    control_answer(request, json_pack("{s:s}", "result", "ok"));
}

/* forwarding to the worker of one session */

/** @return the worker of the session that the request names; NULL: it names none, and is answered
 */
static struct master_child *worker_of(struct control_request *request)
{
    const char *name      = json_string_value(json_object_get(request->params, "session"));
    struct master *master = request->master;
    if (name == NULL) {
        control_answer_error(request, CONTROL_INVALID_PARAMS, "params.session names the session");
        return NULL;
    }
    return master_worker_of(master, name);
}

static void on_forwarded(void *arg, json_t *reply)
{
    control_answer(arg, reply);
}

static void forward(struct control_request *request, const json_t *message)
{
    struct master_child *worker = worker_of(request);
    if (worker != NULL) {
        master_command_send(worker, message, 0, on_forwarded, request);
    }
}

/* A session that a person closed stays closed in whichever worker runs it next. */
static void on_closed(void *arg, json_t *reply)
{
    struct control_request *request = arg;
    if (json_object_get(reply, "result") != NULL) {
        master_remember_closed(request->master, request->name, 1);
    }
    control_answer(request, reply);
}

static void on_reconnected(void *arg, json_t *reply)
{
    struct control_request *request = arg;
    if (json_object_get(reply, "result") != NULL) {
        master_remember_closed(request->master, request->name, 0);
    }
    control_answer(request, reply);
}

static void forward_named(struct control_request *request, const json_t *message,
                          void (*done)(void *arg, json_t *reply))
{
    struct master_child *worker = worker_of(request);
    if (worker == NULL) {
        return;
    }
    request->name = strdup(json_string_value(json_object_get(request->params, "session")));
    if (request->name == NULL) {
        control_answer(request, NULL);
        return;
    }
    master_command_send(worker, message, 0, done, request);
}

static void run_close(struct control_request *request, const json_t *message)
{
    forward_named(request, message, on_closed);
}

static void run_reconnect(struct control_request *request, const json_t *message)
{
    forward_named(request, message, on_reconnected);
}

/* stream.attach */

static int is_pattern(const json_t *pattern)
{
    size_t len = json_string_length(pattern);
    return pattern == NULL || (len > 0 && len <= STREAM_MAX_PATTERN_BYTES);
}

/* From then on the connection is the worker's: it answers, and writes what follows. */
static void hand_over(struct control_request *request, struct master_child *worker, int fd,
                      const json_t *message)
{
    struct control_conn *conn = request->conn;
    struct hawser_error err   = HAWSER_ERROR_INIT;
    char *text                = json_dumps(message, JSON_COMPACT);
    if (text == NULL) {
        control_answer(request, NULL);
    } else if (channel_send(worker->channel, CHANNEL_STREAM, 0, slice_of(text), fd, &err) != 0) {
        control_answer_error(request, (int)err.code, err.message);
    } else {
        control_forget(request);
        control_conn_end(conn);
    }
    free(text);
}

static void run_attach(struct control_request *request, const json_t *message)
{
    struct master_child *worker = worker_of(request);
    if (worker == NULL) {
        return;
    }
    int fd = request->batch != NULL ? -1 : control_conn_descriptor(request->conn, request);
    if (!is_pattern(json_object_get(request->params, "pattern"))) {
        control_answer_error(request, CONTROL_INVALID_PARAMS,
                             "params.pattern is a glob of 1 to 1024 bytes for names of channels");
    } else if (fd < 0) {
        control_answer_error(request, HAWSER_CONTROL_REFUSED,
                             "a stream takes the connection over: attach on one where nothing else "
                             "is under way");
    } else if (worker->channel == NULL) {
        control_answer_error(request, HAWSER_CONTROL_REFUSED,
                             "the worker is not running; it is being restarted");
    } else {
        hand_over(request, worker, fd, message);
    }
}

static const struct {
    const char *name;
    void (*run)(struct control_request *request, const json_t *message);
} METHODS[] = {{"host.status", control_run_status},
               {"host.reload", run_reload},
               {"host.plan", run_plan},
               {"host.release", run_release},
               {"session.list", control_run_session_list},
               {"session.state", forward},
               {"session.call", forward},
               {"session.subscribe", forward},
               {"session.unsubscribe", forward},
               {"session.reconnect", run_reconnect},
               {"session.close", run_close},
               {"stream.attach", run_attach},
               {"output.list", control_run_output_list},
               {"module.list", control_run_module_list}};
#define METHOD_COUNT (sizeof(METHODS) / sizeof(METHODS[0]))

static void refuse_unknown(struct control_request *request)
{
    json_t *names = json_array();
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        (void)json_array_append_new(names,
                                    json_string(METHODS[i].name)); /* short of memory it is short */
    }
    control_answer(request,
                   json_pack("{s:{s:i, s:s, s:{s:o}}}", "error", "code", CONTROL_METHOD_NOT_FOUND,
                             "message", "unknown method; data.methods has those there are", "data",
                             "methods", names));
}

void control_method_run(struct control_request *request, const json_t *message)
{
    const char *name = json_string_value(json_object_get(message, "method"));
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (strcmp(METHODS[i].name, name) == 0) {
            METHODS[i].run(request, message);
            return;
        }
    }
    refuse_unknown(request);
}
