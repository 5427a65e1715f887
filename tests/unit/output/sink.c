/*
 * See sink.h.
 */
#include "sink.h"

#include <stdlib.h>

#include "base/error.h"

struct sink *sink_create(void)
{
    struct sink *sink = calloc(1, sizeof(*sink));
    if (sink == NULL || sem_init(&sink->is_blocked, 0, 0) != 0 ||
        sem_init(&sink->unblock, 0, 0) != 0 || sem_init(&sink->is_destroyed, 0, 0) != 0) {
        abort();
    }
    return sink;
}

void sink_free(struct sink *sink)
{
    free(sink);
}

static int sink_make(const struct hawser_host *host, struct hawser_instance *self, void **out,
                     struct hawser_error *err)
{
    (void)host;
    (void)self;
    (void)out;
    (void)err;
    abort(); /* tests hand the object in */
}

static void sink_destroy(void *output)
{
    struct sink *sink = output;
    (void)sem_post(&sink->is_destroyed);
}

static size_t sink_write(void *output, const struct hawser_record *records, size_t count,
                         struct hawser_error *err)
{
    struct sink *sink = output;
    atomic_fetch_add(&sink->calls, 1);
    if (atomic_load(&sink->blocks)) {
        (void)sem_post(&sink->is_blocked);
        while (sem_wait(&sink->unblock) != 0) {
        }
    }
    uint64_t failures = atomic_load(&sink->failures_left);
    if (failures > 0) {
        atomic_store(&sink->failures_left, failures == UINT64_MAX ? failures : failures - 1);
        error_set(err, HAWSER_OUTPUT_WRITE, "no space left on device");
        return 0;
    }
    size_t most = atomic_load(&sink->at_most);
    size_t at   = atomic_load(&sink->count);
    size_t n    = most > 0 && most < count ? most : count;
    for (size_t i = 0; i < n && at < SINK_MOST; i++, at++) {
        sink->seen[at].kind     = records[i].kind;
        sink->seen[at].count    = records[i].count;
        sink->seen[at].sequence = records[i].sequence;
    }
    atomic_store(&sink->count, at);
    if (n < count) {
        error_set(err, HAWSER_OUTPUT_WRITE, "some for later");
    }
    return n;
}

static int sink_flush(void *output, struct hawser_error *err)
{
    struct sink *sink = output;
    if (atomic_load(&sink->flush_fails)) {
        error_set(err, HAWSER_OUTPUT_WRITE, "not flushed");
        return -1;
    }
    atomic_fetch_add(&sink->flushes, 1);
    return 0;
}

static int sink_reopen(void *output, struct hawser_error *err)
{
    struct sink *sink = output;
    (void)err;
    atomic_store(&sink->reopened_at, atomic_load(&sink->count) + 1);
    atomic_store(&sink->failures_left, 0);
    return 0;
}

const struct hawser_output sink_on_thread = {
    .struct_size = sizeof(sink_on_thread),
    .flags       = HAWSER_OUTPUT_BLOCKS,
    .create      = sink_make,
    .destroy     = sink_destroy,
    .write       = sink_write,
    .flush       = sink_flush,
    .reopen      = sink_reopen,
};
const struct hawser_output sink_on_loop = {
    .struct_size = sizeof(sink_on_loop),
    .create      = sink_make,
    .destroy     = sink_destroy,
    .write       = sink_write,
    .flush       = sink_flush,
    .reopen      = sink_reopen,
};
