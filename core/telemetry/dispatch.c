/*
 * Events and metrics to sinks. See dispatch.h.
 */
#include "telemetry/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "base/complain.h"
#include "base/error.h"
#include "base/list.h"
#include "base/log.h"
#include "base/watch.h"
#include "telemetry/event.h"
#include "telemetry/sum.h"

#define NAME_SIZE 64u

struct telemetry_sink {
    struct list node;
    char name[NAME_SIZE];
    const struct hawser_telemetry *vtable;
    void *object;
    uint32_t subject;
    clock_ns_t flush_interval;
    clock_ns_t next_flush;
    int64_t *last; /* values at the last flush, by entry of the sum */
    size_t last_count;
    struct complaint trouble;
};

struct telemetry_dispatch {
    struct telemetry_area *area;
    struct telemetry_sum *sum;
    struct list sinks;
};

static int wants(const struct telemetry_sink *sink, uint32_t id)
{
    return HAWSER_HAS(sink->vtable, event) &&
           (sink->vtable->event_mask & HAWSER_EVENT_BIT(id)) != 0;
}

static struct telemetry_sink *sink_of(struct list *node)
{
    return LIST_ENTRY(node, struct telemetry_sink, node);
}

static void publish_mask(struct telemetry_dispatch *dispatch)
{
    uint64_t mask = 0;
    struct list *node;
    list_for_each (node, &dispatch->sinks) {
        mask |= HAWSER_HAS(sink_of(node)->vtable, event) ? sink_of(node)->vtable->event_mask : 0;
    }
    telemetry_area_set_wanted(dispatch->area, mask);
}

struct telemetry_dispatch *telemetry_dispatch_create(struct telemetry_area *area)
{
    struct telemetry_dispatch *dispatch = calloc(1, sizeof(*dispatch));
    if (dispatch == NULL) {
        return NULL;
    }
    dispatch->area = area;
    list_init(&dispatch->sinks);
    dispatch->sum = telemetry_sum_create(area);
    if (dispatch->sum == NULL) {
        free(dispatch);
        return NULL;
    }
    publish_mask(dispatch); /* a predecessor may have left its own */
    return dispatch;
}

static void free_sink(struct telemetry_sink *sink)
{
    list_remove(&sink->node);
    free(sink->last);
    free(sink);
}

void telemetry_dispatch_destroy(struct telemetry_dispatch *dispatch)
{
    if (dispatch == NULL) {
        return;
    }
    while (!list_is_empty(&dispatch->sinks)) {
        free_sink(sink_of(dispatch->sinks.next));
    }
    publish_mask(dispatch);
    telemetry_sum_destroy(dispatch->sum);
    free(dispatch);
}

/* Room for the values of `count` entries; new ones start at 0, as their metrics did. */
static int reserve_last(struct telemetry_sink *sink, size_t count)
{
    if (count <= sink->last_count) {
        return 0;
    }
    int64_t *last = realloc(sink->last, count * sizeof(last[0]));
    if (last == NULL) {
        return -1;
    }
    memset(last + sink->last_count, 0, (count - sink->last_count) * sizeof(last[0]));
    sink->last       = last;
    sink->last_count = count;
    return 0;
}

static void remember(struct telemetry_sink *sink, const struct hawser_metric *metrics, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sink->last[i] = metrics[i].value;
    }
}

struct telemetry_sink *telemetry_dispatch_add(struct telemetry_dispatch *dispatch,
                                              const struct telemetry_sink_settings *settings,
                                              clock_ns_t now, struct hawser_error *err)
{
    size_t count;
    const struct hawser_metric *metrics = telemetry_sum_read(dispatch->sum, &count);
    struct telemetry_sink *sink         = calloc(1, sizeof(*sink));
    if (sink == NULL || reserve_last(sink, count) != 0) {
        free(sink);
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a telemetry sink");
        return NULL;
    }
    remember(sink, metrics, count);
    memcpy(sink->name, settings->name, strnlen(settings->name, sizeof(sink->name) - 1));
    sink->vtable         = settings->vtable;
    sink->object         = settings->object;
    sink->subject        = settings->subject;
    sink->flush_interval = settings->flush_interval;
    sink->next_flush     = now + settings->flush_interval;
    list_append(&dispatch->sinks, &sink->node);
    publish_mask(dispatch);
    return sink;
}

static void hand_out(void *arg, const struct hawser_event *event)
{
    struct telemetry_dispatch *dispatch = arg;
    struct list *node;
    list_for_each (node, &dispatch->sinks) {
        if (wants(sink_of(node), event->id)) {
            uint64_t before = watch_enter(sink_of(node)->subject, WATCH_EVENT);
            sink_of(node)->vtable->event(sink_of(node)->object, event);
            watch_leave(before);
        }
    }
}

size_t telemetry_dispatch_events(struct telemetry_dispatch *dispatch)
{
    return telemetry_drain(dispatch->area, hand_out, dispatch);
}

static void set_deltas(const struct telemetry_sink *sink, struct hawser_metric *metrics,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int is_growth =
            metrics[i].kind == HAWSER_METRIC_COUNTER && metrics[i].value > sink->last[i];
        metrics[i].delta =
            is_growth ? (int64_t)((uint64_t)metrics[i].value - (uint64_t)sink->last[i]) : 0;
    }
}

static void flush_sink(struct telemetry_dispatch *dispatch, struct telemetry_sink *sink)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    size_t count;
    struct hawser_metric *metrics = telemetry_sum_read(dispatch->sum, &count);
    if (reserve_last(sink, count) != 0) {
        complain(&sink->trouble, LOG_SUBJECT("telemetry", sink->name), LOG_WARN, "HW-TELEMETRY-001",
                 "no memory for a flush");
        return;
    }
    set_deltas(sink, metrics, count);
    uint64_t before = watch_enter(sink->subject, WATCH_FLUSH);
    int rc          = sink->vtable->flush(sink->object, metrics, count, &err);
    watch_leave(before);
    remember(sink, metrics, count);
    if (rc != 0) {
        complain(&sink->trouble, LOG_SUBJECT("telemetry", sink->name), LOG_WARN, "HW-TELEMETRY-002",
                 "%s; the next flush comes as usual", err.message);
    } else {
        complain_over(&sink->trouble, LOG_SUBJECT("telemetry", sink->name), LOG_NOTICE,
                      "HW-TELEMETRY-003", "flushes again");
    }
}

void telemetry_dispatch_remove(struct telemetry_dispatch *dispatch, struct telemetry_sink *sink)
{
    (void)telemetry_dispatch_events(dispatch); /* how many does not matter here */
    flush_sink(dispatch, sink);
    free_sink(sink);
    publish_mask(dispatch);
}

clock_ns_t telemetry_dispatch_flush(struct telemetry_dispatch *dispatch, clock_ns_t now)
{
    clock_ns_t next = 0;
    struct list *node;
    list_for_each (node, &dispatch->sinks) {
        struct telemetry_sink *sink = sink_of(node);
        if (sink->next_flush <= now) {
            flush_sink(dispatch, sink);
            /* Whole intervals on, so that flushes keep their rhythm and none is made up for. */
            clock_ns_t late = now - sink->next_flush;
            sink->next_flush += (late / sink->flush_interval + 1) * sink->flush_interval;
        }
        next = next == 0 || sink->next_flush < next ? sink->next_flush : next;
    }
    return next;
}

void telemetry_dispatch_flush_all(struct telemetry_dispatch *dispatch)
{
    struct list *node;
    list_for_each (node, &dispatch->sinks) {
        flush_sink(dispatch, sink_of(node));
    }
}
