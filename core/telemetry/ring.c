/*
 * One event ring. See ring.h. Positions only grow; a record's place is its position modulo the
 * ring's size. Each side reads the other's position with acquire, so that it sees what the other
 * did before.
 */
#include "telemetry/ring.h"

_Static_assert((TELEMETRY_RING_RECORDS & (TELEMETRY_RING_RECORDS - 1)) == 0,
               "positions wrap at a power of two");

static struct telemetry_record *record_at(struct telemetry_ring *ring, uint64_t position)
{
    return &ring->records[position & (TELEMETRY_RING_RECORDS - 1)];
}

struct telemetry_record *telemetry_ring_reserve(struct telemetry_ring *ring)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    return head - tail < TELEMETRY_RING_RECORDS ? record_at(ring, head) : NULL;
}

void telemetry_ring_commit(struct telemetry_ring *ring)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
}

int telemetry_ring_take(struct telemetry_ring *ring, struct telemetry_record *out)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    if (head == tail) {
        return 0;
    }
    if (head - tail > TELEMETRY_RING_RECORDS) {
        atomic_store_explicit(&ring->tail, head, memory_order_release);
        return 0;
    }
    *out = *record_at(ring, tail);
    atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
    return 1;
}
