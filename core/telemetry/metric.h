/*
 * Counters and gauges: rows in the shared memory, each written by one process, at the cost of one
 * add. Sums over processes are made by the reader (sum.h).
 */
#ifndef CORE_TELEMETRY_METRIC_H
#define CORE_TELEMETRY_METRIC_H

#include <stdatomic.h>

#include "hawser/telemetry.h"
#include "telemetry/area.h"

/** One number in the shared memory. */
struct telemetry_cell {
    _Atomic int64_t value;
};

/** The right of one process to write in one slot. */
struct telemetry_writer;

/**
 * Start to write in a slot. Metrics that a dead predecessor left there go on from their values, and
 * its events are still read. Two live writers of one slot are a mistake of the caller's.
 * @param area  borrowed, must outlive the writer
 * @return      given; NULL with err set: SYSTEM_LIMIT (no such slot), SYSTEM_MEMORY
 */
struct telemetry_writer *telemetry_writer_open(struct telemetry_area *area, size_t slot,
                                               struct hawser_error *err);
/** Metrics stay. NULL is allowed. */
void telemetry_writer_close(struct telemetry_writer *writer);

/**
 * The cell of a metric, made with value 0 where it is not there yet. Look it up once and keep it.
 * Any thread of the process may call this.
 *
 * @param writer   NULL: what is counted goes nowhere
 * @param name     [a-z0-9_.], at most 63 bytes; the rest is cut off
 * @param session  NULL or "": none; at most 63 bytes; the rest is cut off
 * @return         borrowed, lives as long as the area; never NULL: when the table is full it is a
 *                 cell that many share, and the metric "telemetry.refused" counts it
 */
struct telemetry_cell *telemetry_metric(struct telemetry_writer *writer, const char *name,
                                        const char *session, enum hawser_metric_kind kind);

/** Hot. Any thread of the process may call this. */
static inline void telemetry_add(struct telemetry_cell *cell, int64_t by)
{
    (void)atomic_fetch_add_explicit(&cell->value, by, memory_order_relaxed);
}

/** The same by the one thread that ever writes this cell, without a locked instruction. Hot. */
static inline void telemetry_count(struct telemetry_cell *cell, int64_t by)
{
    int64_t value = atomic_load_explicit(&cell->value, memory_order_relaxed);
    atomic_store_explicit(&cell->value, value + by, memory_order_relaxed);
}

/** For gauges. Hot. */
static inline void telemetry_set(struct telemetry_cell *cell, int64_t value)
{
    atomic_store_explicit(&cell->value, value, memory_order_relaxed);
}

static inline int64_t telemetry_value(const struct telemetry_cell *cell)
{
    return atomic_load_explicit(&cell->value, memory_order_relaxed);
}

/** For the files of this folder. */
struct telemetry_area *telemetry_writer_area(const struct telemetry_writer *writer);
struct telemetry_slot *telemetry_writer_slot(const struct telemetry_writer *writer);
/** The cell of the metric "telemetry.dropped": events that found the ring full. */
struct telemetry_cell *telemetry_writer_dropped(const struct telemetry_writer *writer);

#endif
