/*
 * One output's consumer. See writer.h.
 */
#include "output/writer.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "base/watch.h"
#include "telemetry/metric.h"

static void grow_delay(struct output_writer *writer)
{
    writer->retry_ms = writer->retry_ms == 0 ? WRITER_FIRST_RETRY_MS : writer->retry_ms * 2;
    if (writer->retry_ms > WRITER_RETRY_MS) {
        writer->retry_ms = WRITER_RETRY_MS;
    }
}

static void note_error(struct output_writer *writer, const char *what, const char *why)
{
    atomic_fetch_add(&writer->errors, 1);
    telemetry_add(writer->error_cell, 1);
    (void)pthread_mutex_lock(&writer->lock); /* never held for long, and never twice */
    (void)snprintf(writer->last_error, sizeof(writer->last_error), "%s: %s", what, why);
    (void)pthread_mutex_unlock(&writer->lock);
}

static const char *reason_of(const struct hawser_error *err)
{
    return err->code == 0 ? "the module gave no reason" : err->message;
}

static enum writer_step fail(struct output_writer *writer, struct complaint *trouble,
                             const char *what, const struct hawser_error *err)
{
    grow_delay(writer);
    note_error(writer, what, reason_of(err));
    atomic_store(&writer->is_failing, 1);
    complain(trouble, LOG_SUBJECT("output", writer->name), LOG_ERROR, "HW-OUTPUT-007",
             "%s failed: %s; records wait in the queue, next try in %" PRId64 " ms", what,
             reason_of(err), writer->retry_ms);
    return WRITER_RETRY;
}

static void note_success(struct output_writer *writer)
{
    if (atomic_load_explicit(&writer->is_failing, memory_order_relaxed) &&
        writer->trouble.count == 0 && writer->flush_trouble.count == 0) {
        atomic_store(&writer->is_failing, 0);
    }
}

static void reopen(struct output_writer *writer)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    atomic_store(&writer->reopen_at, 0);
    if (!HAWSER_HAS(writer->vtable, reopen)) {
        return;
    }
    uint64_t before = watch_enter(writer->subject, WATCH_REOPEN);
    int rc          = writer->vtable->reopen(writer->object, &err);
    watch_leave(before);
    if (rc != 0) {
        note_error(writer, "reopen", reason_of(&err));
        log_about(LOG_SUBJECT("output", writer->name), LOG_ERROR, "HW-OUTPUT-008",
                  "could not be opened anew: %s; the old file stays in use", err.message);
        return;
    }
    writer->retry_ms = 0; /* a new file may be on a disk that has room */
    log_about(LOG_SUBJECT("output", writer->name), LOG_NOTICE, "HW-OUTPUT-009", "opened anew");
}

/* While writes fail, the records in front of it may never get out, and a new file may be the cure.
 */
static int reopen_is_due(const struct output_writer *writer)
{
    uint64_t at = atomic_load(&writer->reopen_at);
    if (at == 0) {
        return 0;
    }
    return writer->trouble.count > 0 ||
           (writer->next == writer->batch.count && output_queue_taken(writer->queue) >= at - 1);
}

static uint64_t count_real(const struct hawser_record *records, size_t count)
{
    uint64_t real = 0;
    for (size_t i = 0; i < count; i++) {
        real += records[i].kind != HAWSER_RECORD_DROPPED;
    }
    return real;
}

static uint64_t count_bytes(const struct hawser_record *records, size_t count)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += records[i].data.len;
    }
    return bytes;
}

static enum writer_step write_batch(struct output_writer *writer)
{
    struct hawser_error err             = HAWSER_ERROR_INIT;
    const struct hawser_record *records = writer->batch.records + writer->next;
    size_t count                        = writer->batch.count - writer->next;
    uint64_t before                     = watch_enter(writer->subject, WATCH_WRITE);
    size_t done = writer->vtable->write(writer->object, records, count, &err);
    watch_leave(before);
    if (done > count) {
        done = count; /* the module's mistake; the records are gone either way */
    }
    uint64_t real = count_real(records, done);
    atomic_fetch_add(&writer->written, real);
    atomic_fetch_add(&writer->written_bytes, count_bytes(records, done));
    telemetry_add(writer->written_cell, (int64_t)real);
    writer->next += done;
    writer->is_unflushed = 1;
    if (done > 0) {
        writer->retry_ms = 0;
    }
    if (done < count) {
        return fail(writer, &writer->trouble, "write", &err);
    }
    complain_over(&writer->trouble, LOG_SUBJECT("output", writer->name), LOG_NOTICE,
                  "HW-OUTPUT-010", "writes again");
    note_success(writer);
    return WRITER_MORE;
}

static int flush_module(struct output_writer *writer, struct hawser_error *err)
{
    if (!HAWSER_HAS(writer->vtable, flush)) {
        return 0;
    }
    uint64_t before = watch_enter(writer->subject, WATCH_FLUSH);
    int rc          = writer->vtable->flush(writer->object, err);
    watch_leave(before);
    return rc;
}

static enum writer_step flush(struct output_writer *writer)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (flush_module(writer, &err) != 0) {
        return fail(writer, &writer->flush_trouble, "flush", &err);
    }
    complain_over(&writer->flush_trouble, LOG_SUBJECT("output", writer->name), LOG_NOTICE,
                  "HW-OUTPUT-011", "flushes again");
    note_success(writer);
    writer->is_unflushed = 0;
    writer->retry_ms     = 0;
    return WRITER_MORE;
}

enum writer_step output_writer_step(struct output_writer *writer)
{
    if (reopen_is_due(writer)) {
        reopen(writer);
        return WRITER_MORE;
    }
    if (writer->next < writer->batch.count) {
        return write_batch(writer);
    }
    writer->next = 0;
    if (output_queue_take(writer->queue, &writer->batch) != 0) {
        struct hawser_error err = HAWSER_ERROR_INIT;
        error_set(&err, HAWSER_SYSTEM_MEMORY, "no memory for a batch");
        return fail(writer, &writer->trouble, "write", &err);
    }
    if (writer->batch.count > 0) {
        return write_batch(writer);
    }
    return writer->is_unflushed ? flush(writer) : WRITER_IDLE;
}

void output_writer_reopen(struct output_writer *writer)
{
    atomic_store(&writer->reopen_at, output_queue_pushed(writer->queue) + 1);
}

int output_writer_has_work(const struct output_writer *writer)
{
    return writer->next < writer->batch.count || writer->is_unflushed ||
           atomic_load(&writer->reopen_at) != 0 || !output_queue_is_empty(writer->queue);
}

void output_writer_init(struct output_writer *writer)
{
    (void)pthread_mutex_init(&writer->lock, NULL); /* cannot fail without attributes */
}

void output_writer_last_error(struct output_writer *writer, char *out, size_t size)
{
    (void)pthread_mutex_lock(&writer->lock); /* never held for long, and never twice */
    (void)snprintf(out, size, "%s", writer->last_error);
    (void)pthread_mutex_unlock(&writer->lock);
}

void output_writer_fini(struct output_writer *writer)
{
    (void)pthread_mutex_destroy(&writer->lock); /* nobody holds it any more */
    output_batch_fini(&writer->batch);
}
