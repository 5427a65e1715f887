/*
 * From the shared memory to the sinks: events as they come, metrics at each sink's interval. Knows
 * no process and no loop: the observer calls telemetry_dispatch_events from a short timer (100 ms),
 * and telemetry_dispatch_flush when it is due. One thread.
 */
#ifndef CORE_TELEMETRY_DISPATCH_H
#define CORE_TELEMETRY_DISPATCH_H

#include "base/clock.h"
#include "hawser/telemetry.h"
#include "telemetry/area.h"

struct telemetry_dispatch;
struct telemetry_sink;

struct telemetry_sink_settings {
    const char *name;                      /* for the log; copied, at most 63 bytes */
    const struct hawser_telemetry *vtable; /* borrowed, outlives the sink */
    void *object;                          /* made by vtable->create; stays the caller's */
    uint32_t subject;                      /* of the instance, in the watch; 0: none */
    clock_ns_t flush_interval;             /* over 0 */
};

/** @param area borrowed, must outlive the object. @return given; NULL: out of memory */
struct telemetry_dispatch *telemetry_dispatch_create(struct telemetry_area *area);
/** Sinks still there are removed, without a flush. NULL is allowed. */
void telemetry_dispatch_destroy(struct telemetry_dispatch *dispatch);

/**
 * A sink starts: from now on it gets the events of its mask; the deltas of its first flush count
 * from now.
 * @return borrowed until it is removed; NULL with err set: SYSTEM_MEMORY
 */
struct telemetry_sink *telemetry_dispatch_add(struct telemetry_dispatch *dispatch,
                                              const struct telemetry_sink_settings *settings,
                                              clock_ns_t now, struct hawser_error *err);
/** A sink ends: waiting events are handed out and it is flushed for the last time; the caller
 * destroys its object then. */
void telemetry_dispatch_remove(struct telemetry_dispatch *dispatch, struct telemetry_sink *sink);

/** Hand out the events that wait. @return how many came, wanted or not */
size_t telemetry_dispatch_events(struct telemetry_dispatch *dispatch);
/**
 * Flush the sinks whose interval is over. A sink's failure is logged, told once, then seldom; the
 * deltas that it failed to send are not offered again, for it may have sent some of them.
 * @return when the next flush is due (monotonic); 0: there is no sink
 */
clock_ns_t telemetry_dispatch_flush(struct telemetry_dispatch *dispatch, clock_ns_t now);
/** Flush every sink now, whatever its interval: before the end of the process. */
void telemetry_dispatch_flush_all(struct telemetry_dispatch *dispatch);

#endif
