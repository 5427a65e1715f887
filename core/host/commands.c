/*
 * The worker's side of the control socket's session methods. See commands.h.
 */
#include "host/commands.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/explain.h"
#include "base/slice.h"
#include "host/inventory.h"
#include "host/lines_json.h"
#include "host/stream.h"

#define MAX_CHANNELS 10000u

struct command {
    const struct command_env *env;
    uint64_t id;
    const json_t *params;
    struct runtime_session *session; /* NULL for commands on all */
};

json_t *command_error(const struct hawser_error *err)
{
    json_t *error = json_pack("{s:I, s:s, s:{s:s, s:s}}", "code", (json_int_t)err->code, "message",
                              err->message, "data", "category", error_category_name(err->category),
                              "name", error_code_name(err->code));
    if (error != NULL && err->cause_kind != HAWSER_CAUSE_NONE) {
        (void)json_object_set_new(json_object_get(error, "data"), "cause",
                                  json_integer(err->cause)); /* a detail */
    }
    return json_pack("{s:o}", "error", error);
}

static void reply_error(const struct command *command, const struct hawser_error *err)
{
    command->env->reply(command->env->arg, command->id, command_error(err));
}

static void reply_result(const struct command *command, json_t *result)
{
    command->env->reply(command->env->arg, command->id, json_pack("{s:o}", "result", result));
}

static json_t *last_error_json(const struct hawser_error *err)
{
    if (err->code == 0) {
        return json_null();
    }
    struct buf text       = {0};
    const char *explained = error_explain(err, &text) == 0 ? buf_text(&text) : err->message;
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s}", "category", error_category_name(err->category), "name",
                  error_code_name(err->code), "message", err->message, "explanation", explained);
    buf_fini(&text);
    return json;
}

/** `required;` and `required on;` */
static int is_required(const struct conf_node *block)
{
    const struct conf_node *node = conf_find(block, "required", NULL);
    return node != NULL && (node->word_count == 1 || strcmp(node->words[1], "on") == 0);
}

/* What this worker measures of it, and who is with it. */
static void add_measured(json_t *json, const struct runtime_session *session,
                         const struct session_info *info)
{
    clock_ns_t now = clock_monotonic();
    json_t *more   = json_pack("{s:b, s:I, s:f, s:f}", "closed_by_hand", session->closed_by_hand,
                               "streams", (json_int_t)stream_feed_count(session->feed),
                               "messages_per_s", rate_per_s(&session->messages, info->messages, now),
                               "bytes_per_s", rate_per_s(&session->bytes, info->bytes, now));
    (void)json_object_update(json, more); /* short of memory they are missing */
    json_decref(more);
}

/** One session, as session.list and session.state give it. @return given; NULL: no memory */
static json_t *session_json(const struct runtime_session *session)
{
    struct session_info info;
    bundle_get_info(session->bundle, &info);
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
        "s:I, s:I, s:I, s:I, s:I, s:I, "
        "s:b, s:b, s:o}",
        "session", session->name, "adapter", session->module->descriptor->name, "state",
        hawser_state_name(info.state), "address", info.address, "state_since",
        (json_int_t)info.state_since_ns, "epoch", (json_int_t)info.epoch, "sequence",
        (json_int_t)info.sequence, "messages", (json_int_t)info.messages, "bytes",
        (json_int_t)info.bytes, "reconnects", (json_int_t)info.reconnects, "gaps",
        (json_int_t)info.gaps, "last_message", (json_int_t)info.last_message_ns, "round_trip_ns",
        (json_int_t)info.round_trip_ns, "attempt", (json_int_t)info.attempt, "next_attempt",
        (json_int_t)info.next_attempt_ns, "channels_wanted", (json_int_t)info.channels_wanted,
        "channels_confirmed", (json_int_t)info.channels_confirmed, "requests_waiting",
        (json_int_t)info.requests_waiting, "late_answers", (json_int_t)info.late_answers,
        "foreign_messages", (json_int_t)info.foreign_messages, "illegal_events",
        (json_int_t)info.illegal_events, "required", is_required(session->block), "held", info.held,
        "last_error", last_error_json(&info.last_error));
    add_measured(json, session, &info);
    lines_json_add(json, session);
    return json;
}

static void add_to_list(void *arg, const char *name, void *object)
{
    const struct runtime_session *session = object;
    (void)name;
    if (!bundle_is_standing_by(session->bundle)) {               /* else another process lists it */
        (void)json_array_append_new(arg, session_json(session)); /* short of memory it is short */
    }
}

static void run_list(const struct command *command)
{
    json_t *list = json_array();
    registry_each(command->env->runtime->sessions, add_to_list, list);
    reply_result(command, list);
}

static void add_channel(void *arg, const char *channel, int confirmed, int dynamic)
{
    (void)json_array_append_new(arg, json_pack("{s:s, s:b, s:b}", "channel", channel, "confirmed",
                                               confirmed, "dynamic",
                                               dynamic)); /* short of memory the list is short */
}

static void run_state(const struct command *command)
{
    json_t *state    = session_json(command->session);
    json_t *channels = json_array();
    bundle_each_channel(command->session->bundle, add_channel, channels);
    (void)json_object_set_new(state, "channels",
                              channels); /* on no memory both are NULL, and so is the answer */
    reply_result(command, state);
}

/* session.call: answered when the exchange does */

struct call {
    struct command command;
};

static void on_call_reply(void *arg, const struct hawser_reply *reply)
{
    struct call *call = arg;
    json_error_t ignored;
    if (reply->err == NULL) {
        json_t *result =
            json_loadb(reply->result.data, reply->result.len, JSON_DECODE_ANY, &ignored);
        if (result == NULL) {
            struct hawser_error err = HAWSER_ERROR_INIT;
            error_set(&err, HAWSER_JSON_INVALID, "the exchange's result is not valid JSON: %s",
                      ignored.text);
            reply_error(&call->command, &err);
        } else {
            reply_result(&call->command, result);
        }
    } else {
        json_t *error  = command_error(reply->err);
        json_t *object = reply->error.len == 0
                             ? NULL
                             : json_loadb(reply->error.data, reply->error.len, 0, &ignored);
        if (object != NULL) {
            (void)json_object_set_new(json_object_get(json_object_get(error, "error"), "data"),
                                      "exchange_error", object); /* a detail */
        }
        call->command.env->reply(call->command.env->arg, call->command.id, error);
    }
    free(call);
}

static void run_call(const struct command *command)
{
    const char *method      = json_string_value(json_object_get(command->params, "method"));
    const json_t *params    = json_object_get(command->params, "params");
    const json_t *timeout   = json_object_get(command->params, "timeout_ms");
    struct hawser_error err = HAWSER_ERROR_INIT;
    char *text        = params == NULL ? NULL : json_dumps(params, JSON_COMPACT | JSON_ENCODE_ANY);
    struct call *call = calloc(1, sizeof(*call));
    if (call == NULL || (params != NULL && text == NULL)) {
        error_set(&err, HAWSER_SYSTEM_MEMORY, "no memory for the call");
    } else if (method == NULL || method[0] == 0) {
        error_set(&err, HAWSER_REQUEST_INVALID,
                  "session.call needs params.method, e.g. \"public/get_time\"");
    } else if (timeout != NULL && !json_is_null(timeout) &&
               (!json_is_integer(timeout) || json_integer_value(timeout) < 0)) {
        error_set(&err, HAWSER_REQUEST_INVALID,
                  "params.timeout_ms is a whole number of milliseconds, or 0 for request_timeout");
    } else {
        call->command = *command;
        if (bundle_request(command->session->bundle, method, slice_of(text),
                           json_integer_value(timeout), on_call_reply, call, &err) == 0) {
            free(text);
            return;
        }
    }
    free(text);
    free(call);
    reply_error(command, &err);
}

/* channels */

/** @return given: the channels named in params; NULL with err set */
static struct hawser_slice *read_channels(const struct command *command, size_t *count,
                                          struct hawser_error *err)
{
    const json_t *channels = json_object_get(command->params, "channels");
    *count                 = json_array_size(channels);
    if (*count == 0 || *count > MAX_CHANNELS) {
        error_set(err, HAWSER_REQUEST_INVALID,
                  "params.channels is an array of 1 to %u channel names", MAX_CHANNELS);
        return NULL;
    }
    struct hawser_slice *slices = calloc(*count, sizeof(*slices));
    for (size_t i = 0; slices != NULL && i < *count; i++) {
        const json_t *channel = json_array_get(channels, i);
        slices[i]             = slice_make(json_string_value(channel), json_string_length(channel));
        if (slices[i].len == 0 || slices[i].len > COMMANDS_MAX_CHANNEL_BYTES) {
            error_set(err, HAWSER_REQUEST_INVALID,
                      "params.channels holds something that is no channel name of 1 to %u bytes",
                      COMMANDS_MAX_CHANNEL_BYTES);
            free(slices);
            return NULL;
        }
    }
    if (slices == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the channels");
    }
    return slices;
}

static void change_channels(const struct command *command, int add)
{
    struct hawser_error err       = HAWSER_ERROR_INIT;
    size_t count                  = 0;
    struct bundle *bundle         = command->session->bundle;
    struct hawser_slice *channels = read_channels(command, &count, &err);
    if (channels == NULL || (add ? bundle_subscribe(bundle, channels, count, &err)
                                 : bundle_unsubscribe(bundle, channels, count, &err)) != 0) {
        free(channels);
        reply_error(command, &err);
        return;
    }
    free(channels);
    json_t *names = json_object_get(command->params, "channels");
    command->env->channels_changed(command->env->arg,
                                   json_pack("{s:s, s:O}", "session", command->session->name,
                                             add ? "added" : "removed", names));
    reply_result(command, json_string("ok"));
}

static void run_subscribe(const struct command *command)
{
    change_channels(command, 1);
}

static void run_unsubscribe(const struct command *command)
{
    change_channels(command, 0);
}

static void run_reconnect(const struct command *command)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (runtime_session_reopen(command->session, &err) != 0) {
        reply_error(command, &err);
        return;
    }
    reply_result(command, json_string("ok"));
}

static void run_close(const struct command *command)
{
    runtime_session_close(command->session);
    reply_result(command, json_string("ok"));
}

static void run_outputs(const struct command *command)
{
    reply_result(command, inventory_outputs(command->env->runtime));
}

static void run_modules(const struct command *command)
{
    reply_result(command, inventory_modules(command->env->runtime));
}

static const struct {
    const char *method;
    int needs_session;
    void (*run)(const struct command *command);
} COMMANDS[] = {{"session.list", 0, run_list},
                {"session.state", 1, run_state},
                {"session.call", 1, run_call},
                {"session.subscribe", 1, run_subscribe},
                {"session.unsubscribe", 1, run_unsubscribe},
                {"session.reconnect", 1, run_reconnect},
                {"session.close", 1, run_close},
                {"output.list", 0, run_outputs},
                {"module.list", 0, run_modules}};

void command_run(const struct command_env *env, uint64_t id, const json_t *request)
{
    struct command command  = {env, id, json_object_get(request, "params"), NULL};
    const char *method      = json_string_value(json_object_get(request, "method"));
    const char *name        = json_string_value(json_object_get(command.params, "session"));
    struct hawser_error err = HAWSER_ERROR_INIT;
    for (size_t i = 0; method != NULL && i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++) {
        if (strcmp(COMMANDS[i].method, method) != 0) {
            continue;
        }
        command.session = name == NULL ? NULL : runtime_find(env->runtime, name);
        if (COMMANDS[i].needs_session && command.session == NULL) {
            error_set(&err, HAWSER_REQUEST_INVALID, "no session \"%s\"; session.list names them",
                      name == NULL ? "" : name);
            reply_error(&command, &err);
            return;
        }
        if (COMMANDS[i].needs_session && runtime_session_is_going(command.session)) {
            error_set(&err, HAWSER_SESSION_STATE,
                      "session %s is going over to another process; ask again", name);
            reply_error(&command, &err);
            return;
        }
        COMMANDS[i].run(&command);
        return;
    }
    error_set(&err, HAWSER_REQUEST_INVALID, "unknown method \"%s\"", method == NULL ? "" : method);
    reply_error(&command, &err);
}
