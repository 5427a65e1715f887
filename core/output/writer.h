/*
 * The consumer of one output's queue: batches into the module's `write`, retries, flushes, opens
 * anew. Knows neither threads nor loops; whoever drives it (thread.c, loop.c) waits as it is told.
 */
#ifndef CORE_OUTPUT_WRITER_H
#define CORE_OUTPUT_WRITER_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/complain.h"
#include "output/queue.h"

#define WRITER_FIRST_RETRY_MS 50
#define WRITER_RETRY_MS       5000 /* the longest delay */

#define WRITER_ERROR_SIZE 256u

struct telemetry_cell;

/** Fields above the line are set by the owner. */
struct output_writer {
    const char *name; /* borrowed */
    const struct hawser_output *vtable;
    void *object;
    uint32_t subject; /* of the instance, in the watch; 0: none */
    struct output_queue *queue;
    struct telemetry_cell *written_cell;
    struct telemetry_cell *error_cell;

    _Atomic uint64_t reopen_at;     /* open anew when this record is out, in the counting of
                                       output_queue_pushed, plus 1; 0: not asked for */
    _Atomic uint64_t written;       /* records, announcements not counted */
    _Atomic uint64_t written_bytes; /* of their data */
    _Atomic uint64_t errors;
    _Atomic int is_failing; /* the last write or flush did */
    pthread_mutex_t lock;   /* of last_error, which other threads read */
    char last_error[WRITER_ERROR_SIZE];
    struct output_batch batch;
    size_t next; /* of the batch, not dealt with yet */
    int64_t retry_ms;
    int is_unflushed;
    struct complaint trouble;
    struct complaint flush_trouble;
};

enum writer_step {
    WRITER_IDLE, /* nothing is left to do */
    WRITER_MORE, /* call again */
    WRITER_RETRY /* call again after retry_ms: the module failed */
};

/** Zero-initialised before; the fields above the line may be set before or after. */
void output_writer_init(struct output_writer *writer);
/** Do one thing that is to be done: at most one call of the module's `write`. */
enum writer_step output_writer_step(struct output_writer *writer);
/** Ask for `reopen` after what is queued now; any thread. */
void output_writer_reopen(struct output_writer *writer);
/** @return 1: a step would do something. For the driver's last look before it sleeps */
int output_writer_has_work(const struct output_writer *writer);
/** What the module said when it failed last; empty: it never did. Any thread. */
void output_writer_last_error(struct output_writer *writer, char *out, size_t size);
void output_writer_fini(struct output_writer *writer);

#endif
