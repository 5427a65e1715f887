/*
 * Lines of the log that could not be written: counted where every process, and who asks on the
 * control socket, can see them, since the log itself cannot tell.
 */
#ifndef CORE_HOST_LOSSES_H
#define CORE_HOST_LOSSES_H

#include <jansson.h>

struct telemetry_area;
struct telemetry_writer;

#define LOSSES_METRIC "log.lost"

/** From now on each lost line of this process adds 1 to the metric, until losses_forget. */
void losses_count(struct telemetry_writer *writer);
/** Before the writer is closed. */
void losses_forget(void);
/** @return given: {"lost": of all processes, "reason": of the last one of this process, or null}
 */
json_t *losses_json(struct telemetry_area *area);

#endif
