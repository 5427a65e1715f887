/*
 * A ring of fixed-size records in shared memory, from one producer to one consumer in another
 * process. Either may die at any instruction and be replaced: a record is visible when it is whole,
 * and is gone before it is used. Zeroed memory is an empty ring.
 */
#ifndef CORE_TELEMETRY_RING_H
#define CORE_TELEMETRY_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define TELEMETRY_RING_RECORDS 4096u /* a power of two */
#define TELEMETRY_SUBJECT_SIZE 168u

/** One event. Strings are NUL-terminated when our own code wrote them. */
struct telemetry_record {
    uint32_t id; /* enum hawser_event_id */
    uint32_t code;
    int64_t time_ns; /* CLOCK_REALTIME */
    int64_t value;
    char session[64];
    char subject[TELEMETRY_SUBJECT_SIZE];
};
_Static_assert(sizeof(struct telemetry_record) == 256, "a record is four cache lines");

struct telemetry_ring {
    _Alignas(64) _Atomic uint64_t head; /* records ever put; written by the producer */
    _Alignas(64) _Atomic uint64_t tail; /* records ever taken; written by the consumer */
    _Alignas(64) struct telemetry_record records[TELEMETRY_RING_RECORDS];
};

/**
 * The producer's side: where the next record goes. Nothing is visible before telemetry_ring_commit.
 * @return borrowed until the commit; NULL: the ring is full (or its consumer broke it)
 */
struct telemetry_record *telemetry_ring_reserve(struct telemetry_ring *ring);
void telemetry_ring_commit(struct telemetry_ring *ring);

/**
 * The consumer's side: take the oldest record out. Positions that cannot be are repaired by giving
 * up what the ring held.
 * @param out  a copy, so that a producer gone wild cannot change it under its reader
 * @return     1, or 0: the ring is empty
 */
int telemetry_ring_take(struct telemetry_ring *ring, struct telemetry_record *out);

#endif
