/*
 * Metrics of all processes added up by name and session. An entry keeps its place for the life of
 * the object, so that readers can remember a value by it.
 */
#ifndef CORE_TELEMETRY_SUM_H
#define CORE_TELEMETRY_SUM_H

#include "telemetry/area.h"

struct hawser_metric;
struct telemetry_sum;

/** @param area borrowed, must outlive the object. @return given; NULL: out of memory */
struct telemetry_sum *telemetry_sum_create(struct telemetry_area *area);
void telemetry_sum_destroy(struct telemetry_sum *sum);

/**
 * Read every slot.
 * @param count  set to the number of entries; it never shrinks
 * @return       the entries, deltas 0; borrowed until the next call; those that no memory was left
 *               for are missing until a later call
 */
struct hawser_metric *telemetry_sum_read(struct telemetry_sum *sum, size_t *count);

#endif
