/*
 * The observer. See observer.h. It loads the telemetry modules, drains the workers' rings and
 * flushes sinks when they are due.
 */
#include "host/observer.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/list.h"
#include "base/log.h"
#include "base/obj.h"
#include "base/slice.h"
#include "base/watch.h"
#include "conf/directive.h"
#include "host/channel.h"
#include "host/child_loop.h"
#include "host/child_settings.h"
#include "host/inventory.h"
#include "host/modules.h"
#include "host/reload.h"
#include "host/sealed.h"
#include "host/vital.h"
#include "module/directory.h"
#include "module/instance.h"
#include "net/loop.h"
#include "telemetry/dispatch.h"
#include "telemetry/metric.h"

#define OBSERVER_MAGIC 0x6f627372u
#define DRAIN_MS       100

struct sink {
    struct list node;
    const struct module *module;
    struct hawser_instance *instance;
    void *object;
    struct telemetry_sink *sink;
};

struct observer {
    OBJ_MAGIC_FIELD;
    struct observer_options options;
    struct net_loop *loop;
    struct channel *channel;
    struct telemetry_area *area;
    struct telemetry_writer *writer; /* the sinks' own counters */
    struct telemetry_dispatch *dispatch;
    struct module_directory *modules;
    struct conf_tree *tree;
    struct list sinks;
    struct event *tick;
    int configured;
    int status;
};

/* sinks */

static void sink_destroy(struct observer *observer, struct sink *sink)
{
    list_remove(&sink->node);
    if (sink->sink != NULL) {
        telemetry_dispatch_remove(observer->dispatch, sink->sink);
    }
    if (sink->object != NULL) {
        uint64_t before = watch_enter(instance_subject(sink->instance), WATCH_DESTROY);
        sink->module->descriptor->vtable.telemetry->destroy(sink->object);
        watch_leave(before);
    }
    instance_destroy(sink->instance);
    free(sink);
}

static struct sink *sink_find(struct observer *observer, const char *name)
{
    struct list *node;
    list_for_each (node, &observer->sinks) {
        struct sink *sink = LIST_ENTRY(node, struct sink, node);
        if (strcmp(instance_name(sink->instance), name) == 0) {
            return sink;
        }
    }
    return NULL;
}

static int sink_start(struct observer *observer, struct sink *sink, const struct conf_node *block,
                      struct hawser_error *err)
{
    struct instance_options instance      = {.module    = sink->module,
                                             .name      = block->words[1],
                                             .block     = block,
                                             .prefix    = observer->options.prefix,
                                             .loop      = observer->loop,
                                             .telemetry = observer->writer};
    const struct hawser_telemetry *vtable = sink->module->descriptor->vtable.telemetry;
    int64_t flush_ms = conf_get_number(block, &conf_core_table, 1, HAWSER_IN_TELEMETRY, "flush");
    sink->instance   = instance_create(&instance, err);
    if (sink->instance == NULL) {
        return -1;
    }
    uint32_t subject = instance_subject(sink->instance);
    uint64_t before  = watch_enter(subject, WATCH_CREATE);
    int made         = vtable->create(hostapi_table(), sink->instance, &sink->object, err);
    watch_leave(before);
    if (made != 0) {
        return -1;
    }
    struct telemetry_sink_settings settings = {.name           = block->words[1],
                                               .vtable         = vtable,
                                               .object         = sink->object,
                                               .subject        = subject,
                                               .flush_interval = flush_ms * CLOCK_NS_PER_MS};
    sink->sink = telemetry_dispatch_add(observer->dispatch, &settings, clock_monotonic(), err);
    return sink->sink == NULL ? -1 : 0;
}

static void sink_add(struct observer *observer, const struct conf_node *block)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct sink *sink       = calloc(1, sizeof(*sink));
    if (sink == NULL) {
        log_about(LOG_SUBJECT("telemetry", block->words[1]), LOG_ERROR, "HW-HOST-045", "no memory");
        return;
    }
    list_init(&sink->node);
    sink->module = module_directory_find(observer->modules, HAWSER_TELEMETRY, block->words[1]);
    if (sink->module == NULL) {
        log_about(LOG_SUBJECT("telemetry", block->words[1]), LOG_ERROR, "HW-HOST-046",
                  "its module is not loaded");
        free(sink);
        return;
    }
    if (sink_start(observer, sink, block, &err) != 0) {
        log_about(LOG_SUBJECT("telemetry", block->words[1]), LOG_ERROR, "HW-HOST-047",
                  "does not start: %s", err.message);
        sink_destroy(observer, sink);
        return;
    }
    list_append(&observer->sinks, &sink->node);
}

/* a config */

static int module_changed(void *arg, enum hawser_module_kind kind, const struct conf_node *after)
{
    struct observer *observer = arg;
    struct sink *sink = kind == HAWSER_TELEMETRY ? sink_find(observer, after->words[1]) : NULL;
    return sink == NULL ||
           sink->module != module_directory_find(observer->modules, kind, after->words[1]);
}

static void module_refused(void *arg, const struct conf_node *node, const struct hawser_error *why)
{
    (void)arg;
    log_write(LOG_ERROR, "HW-HOST-048", "%s:%u: %s", node->file, node->line, why->message);
}

/* Adapters and outputs are not ours to load: less of foreign code in this process. */
static void load_modules(struct observer *observer, const struct conf_tree *tree)
{
    struct modules_load load = {.directory = observer->modules,
                                .prefix    = observer->options.prefix,
                                .only      = HAWSER_TELEMETRY,
                                .refused   = module_refused};
    modules_load_all(&load, tree);
}

static void apply(struct observer *observer, struct conf_tree *tree)
{
    struct reload_plan plan;
    struct reload_rules rules = {.arg = observer, .module_changed = module_changed};
    load_modules(observer, tree);
    if (reload_plan_make(observer->tree, tree, &rules, &plan) != 0) {
        log_write(LOG_ERROR, "HW-HOST-049",
                  "no memory to apply the configuration; telemetry goes on as it was");
        conf_tree_destroy(tree);
        return;
    }
    for (size_t i = 0; i < plan.count; i++) {
        const struct reload_change *change = &plan.changes[i];
        struct sink *sink =
            change->kind == HAWSER_TELEMETRY ? sink_find(observer, change->name) : NULL;
        if (change->kind != HAWSER_TELEMETRY) {
            continue;
        }
        if (sink != NULL && change->action == RELOAD_KEEP) {
            instance_set_block(sink->instance, change->after);
            continue;
        }
        if (sink != NULL) {
            sink_destroy(observer, sink);
        }
        if (change->after != NULL) {
            sink_add(observer, change->after);
        }
    }
    reload_plan_fini(&plan);
    conf_tree_destroy(observer->tree);
    observer->tree = tree;
}

/* the loop */

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct observer *observer = OBJ_CAST(struct observer, arg, OBSERVER_MAGIC);
    (void)fd;
    (void)what;
    (void)telemetry_dispatch_events(observer->dispatch); /* how many is of no interest */
    (void)telemetry_dispatch_flush(observer->dispatch,
                                   clock_monotonic()); /* asked again at the next tick */
}

static void stop(struct observer *observer)
{
    (void)telemetry_dispatch_events(observer->dispatch); /* how many is of no interest */
    telemetry_dispatch_flush_all(observer->dispatch);
    channel_destroy(observer->channel); /* the master takes its end for ours */
    observer->channel = NULL;
    (void)event_del(observer->tick); /* it was added */
    if (observer->options.base == NULL) {
        (void)event_base_loopbreak(observer->loop->base); /* fails only without a loop */
    }
}

static void take_settings(struct observer *observer, const struct channel_message *message)
{
    json_t *about = json_loadb(message->body.data, message->body.len, 0, NULL);
    /* In the master's process, log and user are its own. */
    if (observer->options.base == NULL && child_settings_take(about, !observer->configured) != 0) {
        observer->status = 2;
        (void)event_base_loopbreak(observer->loop->base); /* fails only without a loop */
    }
    observer->configured = 1;
    json_decref(about);
}

static void take_config(struct observer *observer, const struct channel_message *message)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct conf_tree *tree  = message->fd < 0 ? NULL : sealed_read(message->fd, &err);
    take_settings(observer, message);
    if (tree == NULL) {
        log_write(LOG_ERROR, "HW-HOST-050", "the configuration did not arrive: %s", err.message);
    } else {
        apply(observer, tree);
    }
    if (channel_send(observer->channel, CHANNEL_APPLIED, message->id,
                     (struct hawser_slice){"{}", 2}, -1, &err) != 0) {
        log_write(LOG_ERROR, "HW-HOST-051", "the master does not hear: %s", err.message);
    }
}

static size_t count_users(void *arg, const struct module *module)
{
    struct observer *observer = arg;
    struct list *node;
    size_t users = 0;
    list_for_each (node, &observer->sinks) {
        users += LIST_ENTRY(node, struct sink, node)->module == module;
    }
    return users;
}

/* The master asks for the modules, and for nothing else. */
static void answer_command(struct observer *observer, uint64_t id)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    json_t *reply =
        json_pack("{s:o}", "result",
                  inventory_modules_of(observer->modules, count_users, observer, "observer"));
    char *text = reply == NULL ? NULL : json_dumps(reply, JSON_COMPACT);
    if (channel_send(observer->channel, CHANNEL_REPLY, id, slice_of(text == NULL ? "{}" : text), -1,
                     &err) != 0) {
        log_write(LOG_ERROR, "HW-HOST-108", "the master does not hear an answer: %s", err.message);
    }
    free(text);
    json_decref(reply);
}

static void on_message(void *arg, const struct channel_message *message)
{
    struct observer *observer = OBJ_CAST(struct observer, arg, OBSERVER_MAGIC);
    struct hawser_error err   = HAWSER_ERROR_INIT;
    if (message->type == CHANNEL_CONFIG) {
        take_config(observer, message);
    } else if (message->type == CHANNEL_REOPEN && observer->options.base == NULL &&
               log_reopen(&err) != 0) {
        log_write(LOG_ERROR, "HW-HOST-052", "%s", err.message);
    } else if (message->type == CHANNEL_COMMAND) {
        answer_command(observer, message->id);
    } else if (message->type == CHANNEL_QUIT) {
        stop(observer);
    }
    if (message->fd >= 0) {
        (void)close(message->fd); /* read by now */
    }
}

static void on_channel_end(void *arg, const struct hawser_error *why)
{
    struct observer *observer = OBJ_CAST(struct observer, arg, OBSERVER_MAGIC);
    log_write(LOG_ALERT, "HW-HOST-053", "the master is gone (%s); stopping", why->message);
    stop(observer);
}

static const struct channel_handler CHANNEL_HANDLER = {on_message, on_channel_end};

void observer_destroy(struct observer *observer)
{
    struct list *node, *after;
    if (observer == NULL) {
        return;
    }
    list_for_each_safe (node, after, &observer->sinks) {
        sink_destroy(observer, LIST_ENTRY(node, struct sink, node));
    }
    channel_destroy(observer->channel);
    if (observer->tick != NULL) {
        event_free(observer->tick);
    }
    telemetry_dispatch_destroy(observer->dispatch);
    module_directory_destroy(observer->modules);
    conf_tree_destroy(observer->tree);
    net_loop_destroy(observer->loop);
    telemetry_writer_close(observer->writer);
    telemetry_area_detach(observer->area);
    observer->magic = 0;
    free(observer);
}

static int make_parts(struct observer *observer, struct hawser_error *err)
{
    struct timeval interval = {0, DRAIN_MS * 1000};
    observer->loop          = net_loop_create(observer->options.base, err);
    observer->area =
        observer->loop == NULL ? NULL : telemetry_area_attach(observer->options.telemetry, err);
    if (observer->area == NULL) {
        (void)close(observer->options.channel); /* taken, and of no use now */
        return -1;
    }
    observer->channel = channel_create(observer->loop->base, observer->options.channel,
                                       &CHANNEL_HANDLER, observer, err);
    observer->writer =
        telemetry_writer_open(observer->area, telemetry_area_observer_slot(observer->area), err);
    if (observer->channel == NULL || observer->writer == NULL) {
        return -1;
    }
    observer->dispatch = telemetry_dispatch_create(observer->area);
    observer->modules  = module_directory_create();
    observer->tick     = event_new(observer->loop->base, -1, EV_PERSIST, on_tick, observer);
    if (observer->dispatch == NULL || observer->modules == NULL || observer->tick == NULL ||
        event_add(observer->tick, &interval) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the observer");
        return -1;
    }
    return 0;
}

struct observer *observer_create(const struct observer_options *options, struct hawser_error *err)
{
    struct observer *observer = calloc(1, sizeof(*observer));
    if (observer == NULL) {
        (void)close(options->channel); /* taken, and of no use now */
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the observer");
        return NULL;
    }
    *observer = (struct observer){.magic = OBSERVER_MAGIC, .options = *options};
    list_init(&observer->sinks);
    if (make_parts(observer, err) != 0) {
        observer_destroy(observer);
        return NULL;
    }
    return observer;
}

static void on_term(evutil_socket_t number, short what, void *arg)
{
    (void)number;
    (void)what;
    stop(arg);
}

int observer_main(const struct child_spec *spec)
{
    struct hawser_error err         = HAWSER_ERROR_INIT;
    struct observer_options options = {
        .channel = spec->fds[0], .telemetry = spec->fds[1], .prefix = spec->prefix};
    struct observer *observer = observer_create(&options, &err);
    if (observer == NULL) {
        log_write(LOG_EMERG, "HW-HOST-054", "cannot start: %s", err.message);
        return 2;
    }
    (void)close(spec->fds[1]); /* mapped */
    struct vital *vital     = NULL;
    struct child_loop child = {.loop      = observer->loop,
                               .telemetry = observer->writer,
                               .watch     = spec->fds[2],
                               .terminate = on_term,
                               .arg       = observer};
    int ran                 = child_loop_run(&child, &vital);
    int status              = ran == 0 ? observer->status : 2;
    observer_destroy(observer);
    vital_end(vital);
    return status;
}
