/*
 * Two rings: one of slots (where a record's bytes lie), one of bytes. All positions only grow;
 * modulo the ring's size they are places.
 *
 * `front` holds the number of the next record to take and, below it, how many in front of that the
 * consumer is copying out at this moment (a few microseconds). The consumer sets a claim and ends
 * it; while there is one nobody else writes the word. Without one the producer may move the number
 * on: that drops the oldest. A mutex would do as well, but then the loop would wait for the
 * copying.
 *
 * What was dropped needs no list: the consumer sees a jump in the numbers (oldest dropped), and
 * each slot tells how many records had been refused before it (newest dropped).
 */
#include "output/queue.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/slice.h"
#include "output/record.h"

#define CLAIM_BITS 16u
#define CLAIM_MASK ((UINT64_C(1) << CLAIM_BITS) - 1)

/* Of each ring an empty queue keeps so much, and gives so much of the rest back at a time: no push
 * takes long for it. */
#define KEEP_BYTES      (512u * 1024)
#define GIVE_BACK_BYTES (1024u * 1024)

_Static_assert(OUTPUT_BATCH_RECORDS <= CLAIM_MASK, "a claim fits below the number");

struct slot {
    uint64_t start;   /* positions of the record's bytes */
    uint64_t end;     /* */
    uint64_t refused; /* records refused before this one, since the beginning */
};

_Static_assert(sizeof(struct slot) == OUTPUT_SLOT_BYTES, "OUTPUT_SLOT_BYTES tells otherwise");

struct output_queue {
    uint8_t *bytes;
    struct slot *slots;
    size_t max_bytes;
    size_t max_records;
    enum output_policy when_full;
    size_t page_bytes;

    /* Written by the producer. */
    _Alignas(64) _Atomic uint64_t tail; /* number of the next record to put */
    _Atomic uint64_t refused;
    uint64_t end;          /* position behind the newest record */
    _Atomic uint64_t base; /* number of the record in the first slot; moves while there is none */
    size_t touched_bytes;  /* from the start of the ring: what holds memory */
    size_t touched_slots;  /* the same of the other ring, in bytes */

    /* Written by both. */
    _Alignas(64) _Atomic uint64_t front;

    /* The consumer's own. */
    _Alignas(64) uint64_t expected; /* number of the record after the last one taken */
    uint64_t seen_refused;
};

struct output_queue *output_queue_create(size_t max_records, size_t max_bytes,
                                         enum output_policy when_full, struct hawser_error *err)
{
    struct output_queue *queue = aligned_alloc(64, sizeof(*queue));
    if (queue == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a queue");
        return NULL;
    }
    size_t rounded = (max_bytes + OUTPUT_RECORD_ALIGN - 1) / OUTPUT_RECORD_ALIGN;
    *queue         = (struct output_queue){.max_bytes   = rounded * OUTPUT_RECORD_ALIGN,
                                           .max_records = max_records,
                                           .when_full   = when_full,
                                           .page_bytes  = (size_t)sysconf(_SC_PAGESIZE)};
    /* Pages that are never reached take no memory: see start_anew. */
    queue->bytes = malloc(queue->max_bytes);
    queue->slots = calloc(max_records, sizeof(queue->slots[0]));
    if (queue->bytes == NULL || queue->slots == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a queue of %zu records and %zu bytes",
                  max_records, max_bytes);
        output_queue_destroy(queue);
        return NULL;
    }
    return queue;
}

void output_queue_destroy(struct output_queue *queue)
{
    if (queue == NULL) {
        return;
    }
    free(queue->bytes);
    free(queue->slots);
    free(queue);
}

static struct slot *slot_at(const struct output_queue *queue, uint64_t number)
{
    uint64_t base = atomic_load_explicit(&queue->base, memory_order_relaxed);
    return &queue->slots[(number - base) % queue->max_records];
}

static uint64_t number_in(uint64_t front)
{
    return front >> CLAIM_BITS;
}

static uint64_t claim_in(uint64_t front)
{
    return front & CLAIM_MASK;
}

/* Whole pages of ours alone: the last one may hold somebody else's, too. */
static void give_back(void *ring, size_t *touched, size_t page_bytes)
{
    size_t surplus = *touched - KEEP_BYTES;
    size_t keep    = *touched - (surplus < GIVE_BACK_BYTES ? surplus : GIVE_BACK_BYTES);
    uintptr_t from = ((uintptr_t)ring + keep + page_bytes - 1) / page_bytes * page_bytes;
    uintptr_t to   = ((uintptr_t)ring + *touched) / page_bytes * page_bytes;
    if (from < to) {
        (void)madvise((void *)from, to - from, MADV_DONTNEED); /* refused, they stay */
    }
    *touched = from < to ? (size_t)(from - (uintptr_t)ring) : KEEP_BYTES;
}

/* An empty queue goes on at its first slot and byte: as long as it never fills, few pages are ever
 * touched, and those of a time when it was full go back. The consumer, which has no claim on an
 * empty queue, reads the base after the tail that is stored behind it. */
static void start_anew(struct output_queue *queue, uint64_t tail)
{
    queue->end = (queue->end + queue->max_bytes - 1) / queue->max_bytes * queue->max_bytes;
    atomic_store_explicit(&queue->base, tail, memory_order_relaxed);
    if (queue->touched_bytes > KEEP_BYTES) {
        give_back(queue->bytes, &queue->touched_bytes, queue->page_bytes);
    }
    if (queue->touched_slots > KEEP_BYTES) {
        give_back(queue->slots, &queue->touched_slots, queue->page_bytes);
    }
}

/* Where `need` bytes can go in one piece. @return 1, or 0: no room while `oldest` is kept */
static int find_room(const struct output_queue *queue, uint64_t oldest, uint64_t tail, size_t need,
                     uint64_t *start)
{
    size_t to_edge = queue->max_bytes - (size_t)(queue->end % queue->max_bytes);
    *start         = queue->end + (to_edge < need ? to_edge : 0);
    if (oldest == tail) {
        return 1; /* start_anew left the whole ring */
    }
    return tail - oldest < queue->max_records &&
           *start + need - slot_at(queue, oldest)->start <= queue->max_bytes;
}

static size_t refuse(struct output_queue *queue)
{
    uint64_t refused = atomic_load_explicit(&queue->refused, memory_order_relaxed);
    atomic_store(&queue->refused, refused + 1);
    return 1;
}

static void note_touched(size_t *touched, size_t end)
{
    if (end > *touched) {
        *touched = end;
    }
}

static void put(struct output_queue *queue, uint64_t tail, uint64_t start, size_t need,
                const struct hawser_record *record)
{
    struct slot *slot = slot_at(queue, tail);
    size_t place      = (size_t)(start % queue->max_bytes);
    slot->start       = start;
    slot->end         = start + need;
    slot->refused     = atomic_load_explicit(&queue->refused, memory_order_relaxed);
    output_record_store(queue->bytes + place, record);
    queue->end = start + need;
    note_touched(&queue->touched_bytes, place + need);
    note_touched(&queue->touched_slots, (size_t)(slot + 1 - queue->slots) * sizeof(*slot));
    /* Sequentially consistent, so that the pusher's look at the sleeper comes after it. */
    atomic_store(&queue->tail, tail + 1);
}

size_t output_queue_push(struct output_queue *queue, const struct hawser_record *record)
{
    size_t need    = output_record_size(record);
    size_t dropped = 0;
    uint64_t tail  = atomic_load_explicit(&queue->tail, memory_order_relaxed);
    if (need > queue->max_bytes) {
        return refuse(queue);
    }
    for (;;) {
        uint64_t front  = atomic_load_explicit(&queue->front, memory_order_acquire);
        uint64_t oldest = number_in(front) - claim_in(front);
        uint64_t start  = 0;
        if (oldest == tail) {
            start_anew(queue, tail);
        }
        if (find_room(queue, oldest, tail, need, &start)) {
            put(queue, tail, start, need, record);
            return dropped;
        }
        /* While the consumer copies, its records hold the room, so that dropping those behind them
         * would win nothing. */
        if (queue->when_full == OUTPUT_DROP_NEWEST || claim_in(front) != 0) {
            return dropped + refuse(queue);
        }
        if (atomic_compare_exchange_strong(&queue->front, &front,
                                           (number_in(front) + 1) << CLAIM_BITS)) {
            dropped++;
        }
    }
}

void output_queue_measure(const struct output_queue *queue, size_t *records, size_t *bytes)
{
    uint64_t front = atomic_load_explicit(&queue->front, memory_order_acquire);
    uint64_t tail  = atomic_load_explicit(&queue->tail, memory_order_relaxed);
    uint64_t from  = number_in(front) - claim_in(front);
    *records       = (size_t)(tail - from);
    *bytes         = from == tail ? 0 : (size_t)(queue->end - slot_at(queue, from)->start);
}

uint64_t output_queue_pushed(const struct output_queue *queue)
{
    return atomic_load(&queue->tail);
}

uint64_t output_queue_taken(const struct output_queue *queue)
{
    return queue->expected;
}

int output_queue_is_empty(const struct output_queue *queue)
{
    uint64_t refused = atomic_load_explicit(&queue->refused, memory_order_acquire);
    return atomic_load(&queue->tail) == number_in(atomic_load(&queue->front)) &&
           refused == queue->seen_refused;
}

static void announce(struct output_batch *batch, uint64_t dropped)
{
    if (dropped == 0) {
        return;
    }
    batch->records[batch->count++] = (struct hawser_record){
        .struct_size = sizeof(struct hawser_record),
        .kind        = HAWSER_RECORD_DROPPED,
        .count       = dropped > UINT32_MAX ? UINT32_MAX : (uint32_t)dropped,
        .time_ns     = clock_realtime(),
        .reason      = SLICE_LITERAL("queue_full"),
    };
}

/* Claim up to a batch of records. @return how many; `*first` is the first one's number */
static uint64_t claim(struct output_queue *queue, uint64_t *first)
{
    for (;;) {
        uint64_t front = atomic_load_explicit(&queue->front, memory_order_acquire);
        uint64_t tail  = atomic_load_explicit(&queue->tail, memory_order_acquire);
        uint64_t count = tail - number_in(front); /* tail was read later, so it is not behind */
        if (count == 0) {
            return 0;
        }
        if (count > OUTPUT_BATCH_RECORDS) {
            count = OUTPUT_BATCH_RECORDS;
        }
        uint64_t claimed = (number_in(front) + count) << CLAIM_BITS | count;
        if (atomic_compare_exchange_strong(&queue->front, &front, claimed)) {
            *first = number_in(front);
            return count;
        }
    }
}

static void end_claim(struct output_queue *queue, uint64_t next)
{
    queue->expected = next;
    atomic_store_explicit(&queue->front, next << CLAIM_BITS, memory_order_release);
}

/* How many of the claimed records make one batch: at least one. */
static uint64_t fit(const struct output_queue *queue, uint64_t first, uint64_t count, size_t *bytes)
{
    uint64_t n = 0;
    *bytes     = 0;
    while (n < count && *bytes < OUTPUT_BATCH_BYTES) {
        const struct slot *slot = slot_at(queue, first + n++);
        *bytes += (size_t)(slot->end - slot->start);
    }
    return n;
}

static int make_room(struct output_batch *batch, size_t bytes)
{
    if (bytes <= batch->capacity) {
        return 0;
    }
    uint8_t *grown = malloc(bytes);
    if (grown == NULL) {
        return -1;
    }
    free(batch->bytes);
    batch->bytes    = grown;
    batch->capacity = bytes;
    return 0;
}

static void copy_out(struct output_queue *queue, uint64_t first, uint64_t count,
                     struct output_batch *batch)
{
    uint8_t *to      = batch->bytes;
    uint64_t missing = first - queue->expected;
    for (uint64_t n = first; n < first + count; n++) {
        const struct slot *slot = slot_at(queue, n);
        size_t len              = (size_t)(slot->end - slot->start);
        memcpy(to, queue->bytes + slot->start % queue->max_bytes, len);
        announce(batch, missing + (slot->refused - queue->seen_refused));
        missing             = 0;
        queue->seen_refused = slot->refused;
        output_record_fetch(to, &batch->records[batch->count++]);
        to += len;
    }
}

int output_queue_take(struct output_queue *queue, struct output_batch *batch)
{
    /* Read first: a record that went in before these were refused is then seen below. */
    uint64_t refused = atomic_load_explicit(&queue->refused, memory_order_acquire);
    uint64_t first   = 0;
    size_t bytes     = 0;
    batch->count     = 0;
    uint64_t count   = claim(queue, &first);
    if (count == 0) {
        announce(batch, refused - queue->seen_refused);
        queue->seen_refused = refused;
        return 0;
    }
    count = fit(queue, first, count, &bytes);
    if (make_room(batch, bytes > OUTPUT_BATCH_BYTES ? bytes : OUTPUT_BATCH_BYTES) != 0) {
        uint64_t expected = queue->expected; /* what was dropped in front is not announced yet */
        end_claim(queue, first);
        queue->expected = expected;
        return -1;
    }
    copy_out(queue, first, count, batch);
    end_claim(queue, first + count);
    return 0;
}

void output_batch_fini(struct output_batch *batch)
{
    free(batch->bytes);
    batch->bytes    = NULL;
    batch->capacity = 0;
    batch->count    = 0;
}
