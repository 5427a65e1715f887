/*
 * One worker. See worker.h.
 */
#include "host/worker.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/obj.h"
#include "host/channel.h"
#include "host/child_loop.h"
#include "host/child_settings.h"
#include "host/commands.h"
#include "host/json_mask.h"
#include "host/privileges.h"
#include "host/runtime.h"
#include "host/sealed.h"
#include "host/settings.h"
#include "host/stream.h"
#include "host/summary.h"
#include "host/vital.h"
#include "session/budget.h"
#include "telemetry/metric.h"

#define WORKER_MAGIC           0x776f726bu
#define MASTER_GONE_TIMEOUT_MS 1000
#define SUMMARY_DELAY_US       200000

struct worker {
    OBJ_MAGIC_FIELD;
    struct worker_options options;
    struct net_loop *loop;
    struct channel *channel;
    struct telemetry_area *area;
    struct telemetry_writer *telemetry;
    struct budget *budget;
    struct runtime *runtime;
    struct command_env commands;
    struct secrets secrets; /* for the config that comes next */
    json_t *channels;       /* of a predecessor, for the config that comes next; NULL: none */
    struct event *deadline; /* of a graceful stop */
    struct event *summary;  /* pending: the master hears soon how the sessions are */
    uint64_t generation;
    int stopping;
    int status; /* exit status of the process */
};

static void send_json(struct worker *worker, enum channel_type type, uint64_t id, json_t *json)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    int may_be_shown        = type != CHANNEL_REPLY || json_mask_secrets(json) == 0;
    char *text              = json == NULL || !may_be_shown ? NULL : json_dumps(json, JSON_COMPACT);
    struct hawser_slice body = {text == NULL ? "{}" : text, text == NULL ? 2 : strlen(text)};
    if (worker->channel != NULL && channel_send(worker->channel, type, id, body, -1, &err) != 0) {
        log_write(LOG_ERROR, "HW-HOST-064", "the master does not hear: %s", err.message);
    }
    free(text);
    json_decref(json);
}

static void on_command_reply(void *arg, uint64_t id, json_t *reply)
{
    send_json(arg, CHANNEL_REPLY, id, reply);
}

static void on_channels_changed(void *arg, json_t *change)
{
    send_json(arg, CHANNEL_CHANNELS, 0, change);
}

static void on_say(void *arg, enum runtime_word word, json_t *about)
{
    static const enum channel_type TYPES[] = {[RUNTIME_STANDS_BY] = CHANNEL_STANDBY,
                                              [RUNTIME_MARKS]     = CHANNEL_MARKS,
                                              [RUNTIME_GONE]      = CHANNEL_GONE};
    send_json(arg, TYPES[word], 0, about);
}

/* how the sessions are: changes that come in a rush are told together */

static void on_summary_due(evutil_socket_t fd, short what, void *arg)
{
    struct worker *worker  = OBJ_CAST(struct worker, arg, WORKER_MAGIC);
    struct summary summary = {0};
    (void)fd;
    (void)what;
    runtime_summarize(worker->runtime, &summary);
    send_json(worker, CHANNEL_SUMMARY, 0, summary_json(&summary));
}

static void on_session_changed(void *arg)
{
    static const struct timeval soon = {0, SUMMARY_DELAY_US};
    struct worker *worker            = OBJ_CAST(struct worker, arg, WORKER_MAGIC);
    if (!event_pending(worker->summary, EV_TIMEOUT, NULL)) {
        (void)event_add(worker->summary, &soon); /* without it the next change tells */
    }
}

/* stopping */

static void on_stopped(void *arg)
{
    struct worker *worker = OBJ_CAST(struct worker, arg, WORKER_MAGIC);
    channel_destroy(worker->channel); /* the master takes its end for ours */
    worker->channel = NULL;
    if (worker->options.ended != NULL) {
        worker->options.ended(worker->options.arg);
    }
    if (worker->options.base == NULL) {
        (void)event_base_loopbreak(worker->loop->base); /* fails only without a loop */
    }
}

static void stop(struct worker *worker, int graceful, int64_t timeout_ms)
{
    struct timeval after = {(time_t)(timeout_ms / 1000), (suseconds_t)(timeout_ms % 1000 * 1000)};
    if (worker->stopping && graceful) {
        return;
    }
    worker->stopping = 1;
    if (graceful) {
        (void)event_add(worker->deadline,
                        &after); /* without it the sessions' own deadlines end the stop */
    }
    runtime_stop(worker->runtime, graceful, timeout_ms, on_stopped, worker);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct worker *worker = OBJ_CAST(struct worker, arg, WORKER_MAGIC);
    (void)fd;
    (void)what;
    log_write(LOG_WARN, "HW-HOST-065", "sessions did not close in time; closing them at once");
    stop(worker, 0, MASTER_GONE_TIMEOUT_MS);
}

/* what the master says */

static void take_settings(struct worker *worker, const json_t *about)
{
    /* In the master's process, log and user are its own. */
    if (worker->options.base == NULL && child_settings_take(about, worker->generation == 0) != 0) {
        worker->status = 2;
        (void)event_base_loopbreak(worker->loop->base); /* fails only without a loop */
    }
}

static void on_moves_done(void *arg, json_t *report)
{
    struct worker *worker = OBJ_CAST(struct worker, arg, WORKER_MAGIC);
    send_json(worker, CHANNEL_APPLIED, worker->generation, report);
}

/* Those that a successor before this one took over are nobody's since it died. */
static void stand_by(struct worker *worker, const json_t *standby, json_t *report)
{
    if (worker->generation == 0) {
        runtime_inherit_some(worker->runtime, json_object_get(standby, "taken"),
                             "the worker that ran the session died");
    }
    (void)json_object_set_new(report, "standby", runtime_standing_by(worker->runtime)); /* or it is
                                                            replaced when the wait for it is over */
}

static void take_config(struct worker *worker, const struct channel_message *message)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    json_t *about           = json_loadb(message->body.data, message->body.len, 0, NULL);
    json_t *report          = json_object();
    struct shards shards    = {(uint32_t)json_integer_value(json_object_get(about, "workers")),
                               json_object_get(about, "quarantined")};
    struct conf_tree *tree  = message->fd < 0 ? NULL : sealed_read(message->fd, &err);
    int64_t longest_ms      = tree == NULL ? 0 : settings_reload_timeout_ms(tree) * 3 / 4;
    runtime_moves_tell(worker->runtime); /* of the generation before */
    take_settings(worker, about);
    if (tree == NULL || report == NULL || worker->stopping) {
        conf_tree_destroy(tree);
        if (report != NULL && !worker->stopping) {
            (void)json_object_set_new(
                report, "errors", json_pack("[s]", err.message)); /* also logged by the master */
        }
    } else {
        const json_t *standby = json_object_get(about, "standby");
        runtime_set_closed(worker->runtime, json_object_get(about, "closed"));
        runtime_set_standby(worker->runtime, standby);
        runtime_apply(worker->runtime, tree, &shards, &worker->secrets, report);
        runtime_restore_channels(worker->runtime, worker->channels);
        const char *inherits = json_string_value(json_object_get(about, "inherits"));
        if (worker->generation == 0 && inherits != NULL) {
            runtime_inherit(worker->runtime, inherits);
        } else if (worker->generation != 0) {
            runtime_inherit_some(worker->runtime, json_object_get(about, "moved"),
                                 "the session came from another worker");
        }
        if (standby != NULL) {
            stand_by(worker, standby, report);
        }
    }
    json_decref(worker->channels);
    worker->channels   = NULL;
    worker->generation = message->id;
    secrets_fini(&worker->secrets);
    runtime_moves_await(worker->runtime, report, longest_ms, on_moves_done, worker);
    json_decref(about);
}

static void run_command(struct worker *worker, const struct channel_message *message)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    json_t *request         = json_loadb(message->body.data, message->body.len, 0, NULL);
    if (worker->stopping || request == NULL) {
        error_set(&err, HAWSER_CONTROL_REFUSED, "the worker is stopping");
        send_json(worker, CHANNEL_REPLY, message->id, command_error(&err));
    } else {
        command_run(&worker->commands, message->id, request);
    }
    json_decref(request);
}

/* A process of the same index takes over from this one, or this one from it. */
static void take_turns(struct worker *worker, const struct channel_message *message)
{
    json_t *about = json_loadb(message->body.data, message->body.len, 0, NULL);
    if (message->type == CHANNEL_REMEMBER) {
        runtime_remember(worker->runtime);
    } else if (message->type == CHANNEL_YIELD && !worker->stopping) {
        runtime_yield(worker->runtime, about);
    } else if (message->type == CHANNEL_MARKS) {
        runtime_take(worker->runtime, about);
    } else if (message->type == CHANNEL_GONE) {
        runtime_go_on_alone(worker->runtime, about);
    }
    json_decref(about);
}

static void attach(struct worker *worker, const struct channel_message *message)
{
    json_t *request = json_loadb(message->body.data, message->body.len, 0, NULL);
    if (message->fd >= 0 && request != NULL) {
        stream_attach(worker->runtime->streams, message->fd, request);
    } else if (message->fd >= 0) {
        (void)close(message->fd); /* no memory: the client sees the end, and may try again */
    }
    json_decref(request);
}

static void on_message(void *arg, const struct channel_message *message)
{
    struct worker *worker   = OBJ_CAST(struct worker, arg, WORKER_MAGIC);
    struct hawser_error err = HAWSER_ERROR_INIT;
    switch (message->type) {
    case CHANNEL_SECRETS:
        if (secrets_decode(&worker->secrets, message->body, &err) != 0) {
            log_write(LOG_ERROR, "HW-HOST-066", "%s", err.message);
        }
        break;
    case CHANNEL_DYNAMIC:
        json_decref(worker->channels);
        worker->channels = json_loadb(message->body.data, message->body.len, 0, NULL);
        break;
    case CHANNEL_CONFIG:
        take_config(worker, message);
        break;
    case CHANNEL_COMMAND:
        run_command(worker, message);
        break;
    case CHANNEL_STREAM:
        attach(worker, message);
        return; /* the descriptor is the stream's */
    case CHANNEL_REMEMBER:
    case CHANNEL_YIELD:
    case CHANNEL_MARKS:
    case CHANNEL_GONE:
        take_turns(worker, message);
        break;
    case CHANNEL_REOPEN:
        if (worker->options.base == NULL && log_reopen(&err) != 0) {
            log_write(LOG_ERROR, "HW-HOST-067", "%s", err.message);
        }
        runtime_reopen(worker->runtime);
        break;
    case CHANNEL_QUIT:
        stop(worker, message->id != 0,
             message->id == 0 ? MASTER_GONE_TIMEOUT_MS : (int64_t)message->id);
        break;
    default:
        log_write(LOG_ERROR, "HW-HOST-068",
                  "the master sent a message of type %d, which is none for a worker",
                  (int)message->type);
        break;
    }
    if (message->fd >= 0) {
        (void)close(message->fd); /* read by now */
    }
}

static void on_channel_end(void *arg, const struct hawser_error *why)
{
    struct worker *worker = OBJ_CAST(struct worker, arg, WORKER_MAGIC);
    log_write(LOG_ALERT, "HW-HOST-069", "the master is gone (%s); stopping", why->message);
    channel_destroy(worker->channel);
    worker->channel = NULL;
    stop(worker, 0, MASTER_GONE_TIMEOUT_MS);
}

static const struct channel_handler CHANNEL_HANDLER = {on_message, on_channel_end};

/* life */

void worker_destroy(struct worker *worker)
{
    if (worker == NULL) {
        return;
    }
    runtime_destroy(
        worker->runtime); /* commands that wait are answered here, while the channel is there */
    channel_destroy(worker->channel);
    if (worker->deadline != NULL) {
        event_free(worker->deadline);
    }
    if (worker->summary != NULL) {
        event_free(worker->summary);
    }
    net_loop_destroy(worker->loop);
    telemetry_writer_close(worker->telemetry);
    telemetry_area_detach(worker->area);
    budget_detach(worker->budget);
    json_decref(worker->channels);
    secrets_fini(&worker->secrets);
    worker->magic = 0;
    free(worker);
}

static int make_parts(struct worker *worker, struct hawser_error *err)
{
    const struct worker_options *options = &worker->options;
    worker->loop                         = net_loop_create(options->base, err);
    worker->area   = worker->loop == NULL ? NULL : telemetry_area_attach(options->telemetry, err);
    worker->budget = worker->area == NULL ? NULL : budget_attach(options->budget, err);
    if (worker->budget == NULL) {
        (void)close(options->channel); /* taken, and of no use now */
        return -1;
    }
    worker->telemetry = telemetry_writer_open(worker->area, options->slot, err);
    worker->channel =
        channel_create(worker->loop->base, options->channel, &CHANNEL_HANDLER, worker, err);
    worker->deadline = event_new(worker->loop->base, -1, 0, on_deadline, worker);
    worker->summary  = event_new(worker->loop->base, -1, 0, on_summary_due, worker);
    if (worker->telemetry == NULL || worker->channel == NULL || worker->deadline == NULL ||
        worker->summary == NULL) {
        return -1;
    }
    struct runtime_options runtime = {.loop        = worker->loop,
                                      .telemetry   = worker->telemetry,
                                      .budget      = worker->budget,
                                      .prefix      = options->prefix,
                                      .index       = options->index,
                                      .changed     = on_session_changed,
                                      .changed_arg = worker,
                                      .say         = on_say,
                                      .say_arg     = worker};
    worker->runtime                = runtime_create(&runtime, err);
    return worker->runtime == NULL ? -1 : 0;
}

struct worker *worker_create(const struct worker_options *options, struct hawser_error *err)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    if (worker == NULL) {
        (void)close(options->channel); /* taken, and of no use now */
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a worker");
        return NULL;
    }
    *worker = (struct worker){.magic = WORKER_MAGIC, .options = *options};
    if (make_parts(worker, err) != 0) {
        worker_destroy(worker);
        return NULL;
    }
    worker->commands =
        (struct command_env){worker->runtime, on_command_reply, on_channels_changed, worker};
    return worker;
}

static void on_term(evutil_socket_t number, short what, void *arg)
{
    struct worker *worker = OBJ_CAST(struct worker, arg, WORKER_MAGIC);
    (void)number;
    (void)what;
    stop(worker, 0, MASTER_GONE_TIMEOUT_MS);
}

int worker_main(const struct child_spec *spec)
{
    struct hawser_error err       = HAWSER_ERROR_INIT;
    struct worker_options options = {.index     = spec->index,
                                     .slot      = spec->slot,
                                     .channel   = spec->fds[0],
                                     .telemetry = spec->fds[1],
                                     .budget    = spec->fds[2],
                                     .prefix    = spec->prefix};
    (void)privileges_raise_files();
    struct worker *worker = worker_create(&options, &err);
    if (worker == NULL) {
        log_write(LOG_EMERG, "HW-HOST-070", "cannot start: %s", err.message);
        return 2;
    }
    (void)close(spec->fds[1]); /* mapped */
    (void)close(spec->fds[2]); /* mapped */
    struct vital *vital     = NULL;
    struct child_loop child = {.loop      = worker->loop,
                               .telemetry = worker->telemetry,
                               .watch     = spec->fds[3],
                               .terminate = on_term,
                               .arg       = worker};
    int ran                 = child_loop_run(&child, &vital);
    int status              = ran == 0 ? worker->status : 2;
    worker_destroy(worker);
    vital_end(vital);
    return status;
}
