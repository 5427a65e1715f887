/*
 * The vtable of a telemetry sink, and what it gets: counters and gauges at each flush, and, one by
 * one, the events that it asked for. Sinks run in the observer process: a dead or slow one delays
 * no session.
 */
#ifndef HAWSER_TELEMETRY_H
#define HAWSER_TELEMETRY_H

#include "hawser/base.h"
#include "hawser/error.h"
#include "hawser/event_table.h"
#include "hawser/host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HAWSER_EVENT_ROW(code, name, measurement, unit) HAWSER_EVENT_##code,
enum hawser_event_id { HAWSER_EVENT_TABLE(HAWSER_EVENT_ROW) HAWSER_EVENT_COUNT };
#undef HAWSER_EVENT_ROW

#define HAWSER_EVENT_BIT(id) (UINT64_C(1) << (id))

/** One event. Pointers are borrowed for the call. */
struct hawser_event {
    uint32_t struct_size;
    uint32_t id;         /* enum hawser_event_id */
    int64_t time_ns;     /* CLOCK_REALTIME */
    int64_t value;       /* the measurement, in the unit of event_table.h */
    uint32_t worker;     /* index of the worker it happened in */
    uint32_t code;       /* enum hawser_code where the event tells of an error; else 0 */
    const char *name;    /* "connection.start" */
    const char *session; /* "" where the event belongs to no session */
    const char *subject; /* channel, method, host ...; may be "" */
};
HAWSER_NO_TAIL_PADDING(struct hawser_event, subject);

enum hawser_metric_kind {
    HAWSER_METRIC_COUNTER = 0, /* only grows */
    HAWSER_METRIC_GAUGE
};

/** One metric at a flush, summed over workers. */
struct hawser_metric {
    const char *name;    /* [a-z0-9_.]: "message.received", "session.state" */
    const char *session; /* "" where it belongs to no session */
    int64_t value;       /* now */
    int64_t delta;       /* counters: since this sink's last flush; gauges: 0 */
    uint32_t kind;       /* enum hawser_metric_kind */
    uint32_t reserved;
};
HAWSER_NO_TAIL_PADDING(struct hawser_metric, reserved);

struct hawser_telemetry {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t event_mask; /* HAWSER_EVENT_BIT of each event wanted one by one */

    /** Make the sink's object. Mandatory. As in adapter.h. */
    int (*create)(const struct hawser_host *host, struct hawser_instance *self, void **out,
                  struct hawser_error *err);
    /** Free it; `flush` was called just before. Mandatory. */
    void (*destroy)(void *sink);
    /** Check the config without making anything. May be NULL. */
    int (*check)(const struct hawser_host *host, struct hawser_instance *self,
                 struct hawser_error *err);
    /** An event of the mask happened. May be NULL when the mask is 0. */
    void (*event)(void *sink, const struct hawser_event *event);
    /**
     * The flush interval is over: send. Mandatory.
     * @return 0, or -1 with err set; it is logged (told once, then seldom) and the next flush comes
     * as usual
     */
    int (*flush)(void *sink, const struct hawser_metric *metrics, size_t count,
                 struct hawser_error *err);
};
HAWSER_NO_TAIL_PADDING(struct hawser_telemetry, flush);

#ifdef __cplusplus
}
#endif
#endif
