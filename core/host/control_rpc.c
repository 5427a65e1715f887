/*
 * JSON-RPC 2.0 on the control socket: envelopes, batches, answers. See control.h. What a method
 * means is control_methods.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "host/control.h"
#include "host/json_mask.h"

/** The requests of one line, answered by one line. */
struct control_batch {
    struct control_conn *conn; /* NULL: gone */
    json_t *answers;
    size_t awaited;
};

static void batch_settle(struct control_batch *batch)
{
    if (--batch->awaited > 0) {
        return;
    }
    if (batch->conn != NULL && json_array_size(batch->answers) > 0) {
        control_conn_write(batch->conn, batch->answers);
    }
    json_decref(batch->answers);
    free(batch);
}

void control_requests_orphan(struct list *requests)
{
    struct list *node, *after;
    list_for_each_safe (node, after, requests) {
        struct control_request *request = LIST_ENTRY(node, struct control_request, node);
        list_remove(&request->node);
        request->conn = NULL;
        if (request->batch != NULL) {
            request->batch->conn = NULL;
        }
    }
}

void control_forget(struct control_request *request)
{
    struct control_conn *conn = request->conn;
    list_remove(&request->node);
    if (request->batch != NULL) {
        batch_settle(request->batch);
    }
    if (conn != NULL) {
        control_conn_settled(conn);
    }
    json_decref(request->id);
    json_decref(request->gathered);
    free(request->name);
    free(request);
}

static void deliver(struct control_request *request, json_t *body)
{
    if (request->conn == NULL || request->id == NULL) {
        return;
    }
    /* Short of memory the answer lacks a member. */
    (void)json_object_set_new(body, "jsonrpc", json_string("2.0"));
    (void)json_object_set(body, "id", request->id);
    if (request->batch != NULL) {
        (void)json_array_append(request->batch->answers, body);
    } else {
        control_conn_write(request->conn, body);
    }
}

void control_answer(struct control_request *request, json_t *body)
{
    if (body == NULL || json_mask_secrets(body) != 0) {
        json_decref(body);
        body = json_pack("{s:{s:i, s:s}}", "error", "code", (int)HAWSER_SYSTEM_MEMORY, "message",
                         "no memory for the answer");
    }
    deliver(request, body);
    json_decref(body);
    control_forget(request);
}

static json_t *error_json(int code, const char *message)
{
    return json_pack("{s:{s:i, s:s}}", "error", "code", code, "message", message);
}

void control_answer_error(struct control_request *request, int code, const char *message)
{
    control_answer(request, error_json(code, message));
}

int control_request_is_lone_reload(const struct control_request *request)
{
    return request->is_reload && request->batch == NULL;
}

static int is_awaited(struct list *requests, const struct control_batch *batch)
{
    struct list *node;
    list_for_each (node, requests) {
        if (LIST_ENTRY(node, struct control_request, node)->batch == batch) {
            return 1;
        }
    }
    return 0;
}

void control_requests_give_up(struct list *requests, int code, const char *message)
{
    struct list *node, *after;
    list_for_each_safe (node, after, requests) {
        struct control_request *request = LIST_ENTRY(node, struct control_request, node);
        struct control_batch *batch     = request->batch;
        if (control_request_is_lone_reload(request)) {
            continue;
        }
        json_t *body = error_json(code, message);
        deliver(request, body);
        json_decref(body);
        list_remove(&request->node);
        request->conn = NULL;
        if (batch != NULL && !is_awaited(requests, batch)) { /* all others of it are answered */
            if (json_array_size(batch->answers) > 0) {
                control_conn_write(batch->conn, batch->answers);
            }
            batch->conn = NULL;
        }
    }
}

/** @return given, in the client's list; NULL: no memory, and the client is cut off */
static struct control_request *request_create(struct control_conn *conn,
                                              struct control_batch *batch)
{
    struct control_request *request = calloc(1, sizeof(*request));
    if (request == NULL) {
        control_conn_end(conn);
        return NULL;
    }
    *request =
        (struct control_request){.master = control_conn_master(conn), .conn = conn, .batch = batch};
    list_init(&request->node);
    list_append(control_conn_requests(conn), &request->node);
    if (batch != NULL) {
        batch->awaited++;
    }
    return request;
}

/** An error that belongs to no request: its id is null. */
static void answer_nobody(struct control_conn *conn, int code, const char *message)
{
    struct control_request *request = request_create(conn, NULL);
    if (request != NULL) {
        request->id = json_null();
        control_answer_error(request, code, message);
    }
}

static int may_be_id(const json_t *id)
{
    return id == NULL || json_is_string(id) || json_is_number(id) || json_is_null(id);
}

/** @return NULL, or what makes it no request */
static const char *find_fault(const json_t *message)
{
    const json_t *params = json_object_get(message, "params");
    const char *version  = json_string_value(json_object_get(message, "jsonrpc"));
    const json_t *method = json_object_get(message, "method");
    if (!json_is_object(message)) {
        return "a request is an object such as {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"host."
               "status\"}";
    }
    if (version == NULL || strcmp(version, "2.0") != 0) {
        return "the member \"jsonrpc\" is missing or not \"2.0\"";
    }
    if (!may_be_id(json_object_get(message, "id"))) {
        return "the member \"id\" is neither a string nor a number nor null";
    }
    if (!json_is_string(method)) {
        return "the member \"method\" is missing or not a string";
    }
    if (params != NULL && !json_is_object(params) && !json_is_array(params)) {
        return "the member \"params\" is neither an object nor an array";
    }
    return NULL;
}

static size_t count_waiting(struct list *requests)
{
    size_t count = 0;
    struct list *node;
    list_for_each (node, requests) {
        count++;
    }
    return count;
}

static void take_one(struct control_conn *conn, struct control_batch *batch, const json_t *message)
{
    struct control_request *request = request_create(conn, batch);
    const char *fault               = find_fault(message);
    json_t *id                      = json_object_get(message, "id");
    if (request == NULL) {
        return;
    }
    /* Who sends no request shall hear of it, whether it gave an id or not. */
    request->id = fault != NULL && (id == NULL || !may_be_id(id)) ? json_null() : json_incref(id);
    request->params = json_object_get(message, "params");
    if (fault != NULL) {
        control_answer_error(request, CONTROL_INVALID_REQUEST, fault);
    } else if (json_is_array(request->params)) {
        control_answer_error(request, CONTROL_INVALID_PARAMS,
                             "params are given by name: an object, not an array");
    } else if (count_waiting(control_conn_requests(conn)) > CONTROL_MAX_WAITING) {
        control_answer_error(request, HAWSER_CONTROL_REFUSED,
                             "too many requests of this connection wait for their answers");
    } else {
        control_method_run(request, message);
    }
}

static void take_batch(struct control_conn *conn, const json_t *messages)
{
    size_t i;
    json_t *message;
    if (json_array_size(messages) == 0 || json_array_size(messages) > CONTROL_MAX_BATCH) {
        answer_nobody(conn, CONTROL_INVALID_REQUEST, "a batch holds 1 to 100 requests");
        return;
    }
    struct control_batch *batch = calloc(1, sizeof(*batch));
    if (batch == NULL || (batch->answers = json_array()) == NULL) {
        free(batch);
        control_conn_end(conn);
        return;
    }
    batch->conn    = conn;
    batch->awaited = 1; /* ours, so that answers that come at once do not end it too soon */
    json_array_foreach((json_t *)(uintptr_t)messages, i, message)
    {
        take_one(conn, batch, message);
    }
    batch_settle(batch);
}

void control_rpc_take(struct control_conn *conn, const char *line, size_t len)
{
    json_error_t where;
    json_t *message = json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
    if (message == NULL) {
        answer_nobody(conn, CONTROL_PARSE_ERROR, "not a JSON value on one line");
    } else if (json_is_array(message)) {
        take_batch(conn, message);
    } else {
        take_one(conn, NULL, message);
    }
    json_decref(message);
}
