/*
 * What stands in the shared memory, byte for byte. For the files of this folder. All processes of
 * one host run the same binary, and still check the header, for a left-over descriptor may be any.
 */
#ifndef CORE_TELEMETRY_LAYOUT_H
#define CORE_TELEMETRY_LAYOUT_H

#include <stdatomic.h>

#include "telemetry/metric.h"
#include "telemetry/ring.h"

#define TELEMETRY_AREA_MAGIC   UINT64_C(0x6861777365727401)
#define TELEMETRY_ROWS_MAX     4096u
#define TELEMETRY_NAME_SIZE    64u
#define TELEMETRY_SESSION_SIZE 64u

/** One metric. Written once, before it is counted in row_count; later only its cell changes. */
struct telemetry_row {
    char name[TELEMETRY_NAME_SIZE];
    char session[TELEMETRY_SESSION_SIZE];
    uint32_t kind; /* enum hawser_metric_kind */
    uint32_t reserved;
    struct telemetry_cell cell;
};

/** What one process writes. Aligned to cache lines, so that processes do not slow each other. */
struct telemetry_slot {
    _Alignas(64) _Atomic uint32_t row_count;
    struct telemetry_cell overflow; /* where metrics count that found no row */
    struct telemetry_row rows[TELEMETRY_ROWS_MAX];
    struct telemetry_ring ring;
};

struct telemetry_header {
    uint64_t magic;
    uint64_t slot_bytes;
    uint64_t slots;
    _Atomic uint64_t wanted; /* HAWSER_EVENT_BITs; set by the observer */
};

struct telemetry_shared {
    struct telemetry_header header;
    struct telemetry_slot slots[];
};

#endif
