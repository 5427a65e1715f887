/*
 * One output as the worker's loop sees it: push, drain, end. What is queued is written by the
 * writer, which a thread or the loop drives.
 */
#include "output/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/watch.h"
#include "output/object.h"
#include "telemetry/event.h"

#define DEFAULT_RECORDS 65536u
#define DEFAULT_BYTES   (64u * 1024u * 1024u)

static void on_drained(evutil_socket_t fd, short what, void *arg)
{
    struct output *output = OBJ_CAST(struct output, arg, OUTPUT_MAGIC);
    uint64_t times        = 0;
    (void)what;
    if (read(fd, &times, sizeof(times)) == (ssize_t)sizeof(times)) {
        output_drained(output); /* may free the output */
    }
}

static int start_driver(struct output *output, struct hawser_error *err)
{
    if ((output->writer.vtable->flags & HAWSER_OUTPUT_BLOCKS) == 0) {
        return output_loop_start(output, err);
    }
    if (output_thread_start(output, err) != 0) {
        return -1;
    }
    output->drained = event_new(output->loop->base, output->thread->drained_fd,
                                EV_READ | EV_PERSIST, on_drained, output);
    if (output->drained == NULL || event_add(output->drained, NULL) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for an output's event");
        return -1;
    }
    return 0;
}

/* An output belongs to no session, so its name is part of the metric's. */
static struct telemetry_cell *metric_of(const struct output *output, const char *what)
{
    char name[128];
    (void)snprintf(name, sizeof(name), "output.%.48s.%s", output->name, what);
    return telemetry_metric(output->telemetry, name, NULL, HAWSER_METRIC_COUNTER);
}

static void name_metrics(struct output *output)
{
    output->writer.written_cell = metric_of(output, "records");
    output->writer.error_cell   = metric_of(output, "errors");
    output->dropped_cell        = metric_of(output, "lost");
}

struct output *output_create(const struct output_options *options,
                             const struct hawser_output *vtable, void *object,
                             struct net_loop *loop, struct telemetry_writer *telemetry,
                             struct hawser_error *err)
{
    struct output *output = calloc(1, sizeof(*output));
    if (output == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for an output");
        vtable->destroy(object);
        return NULL;
    }
    output->magic          = OUTPUT_MAGIC;
    output->loop           = loop;
    output->telemetry      = telemetry;
    output->writer.vtable  = vtable;
    output->writer.subject = options->subject;
    output->writer.object  = object;
    output->name           = strdup(options->name);
    output_writer_init(&output->writer);
    if (output->name == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for an output");
        goto fail;
    }
    output->writer.name = output->name;
    output->max_records = options->queue_records == 0 ? DEFAULT_RECORDS : options->queue_records;
    output->max_bytes   = options->queue_bytes == 0 ? DEFAULT_BYTES : options->queue_bytes;
    name_metrics(output);
    output->writer.queue =
        output_queue_create(output->max_records, output->max_bytes, options->when_full, err);
    if (output->writer.queue == NULL || start_driver(output, err) != 0) {
        goto fail;
    }
    return output;
fail:
    output_destroy(output);
    return NULL;
}

/* Told by the log at once, then seldom, and by an event at most each second: the queue may be full
 * for hours. */
static void tell_dropped(struct output *output, size_t dropped)
{
    clock_ns_t now = clock_monotonic();
    output->dropped += dropped;
    output->dropped_untold += dropped;
    telemetry_add(output->dropped_cell, (int64_t)dropped);
    complain(&output->full, LOG_SUBJECT("output", output->name), LOG_ERROR, "HW-OUTPUT-001",
             "queue full, %" PRIu64 " records dropped so far; announced in the stream",
             output->dropped);
    if (now >= output->next_event_at) {
        telemetry_emit(output->telemetry, HAWSER_EVENT_OUTPUT_DROPPED, NULL, output->name,
                       (int64_t)output->dropped_untold, HAWSER_OUTPUT_FULL);
        output->dropped_untold = 0;
        output->next_event_at  = now + OUTPUT_ANNOUNCE_GAP;
    }
}

static void tell_room(struct output *output)
{
    size_t records = 0;
    size_t bytes   = 0;
    output_queue_measure(output->writer.queue, &records, &bytes);
    if (records > output->max_records / 4 || bytes > output->max_bytes / 4) {
        return; /* else it would be told with each batch */
    }
    complain_over(&output->full, LOG_SUBJECT("output", output->name), LOG_NOTICE, "HW-OUTPUT-002",
                  "queue has room again, %" PRIu64 " dropped", output->dropped);
    if (output->dropped_untold > 0) {
        telemetry_emit(output->telemetry, HAWSER_EVENT_OUTPUT_DROPPED, NULL, output->name,
                       (int64_t)output->dropped_untold, HAWSER_OUTPUT_FULL);
        output->dropped_untold = 0;
    }
}

void output_push(struct output *output, const struct hawser_record *record)
{
    size_t dropped = output_queue_push(output->writer.queue, record);
    output->pushed++;
    if (dropped > 0) {
        tell_dropped(output, dropped);
    } else if (output->full.count > 0) {
        tell_room(output);
    }
    if (output->thread != NULL) {
        output_thread_wake(output->thread);
    } else {
        output_loop_wake(output);
    }
}

uint64_t output_pushed(const struct output *output)
{
    return output->pushed;
}

int output_is_past(const struct output *output, uint64_t pushed)
{
    return atomic_load(&output->writer.written) + output->dropped >= pushed;
}

void output_reopen(struct output *output)
{
    output_writer_reopen(&output->writer);
    if (output->thread != NULL) {
        output_thread_poke(output->thread);
    } else {
        output_loop_poke(output);
    }
}

static uint64_t count_left(const struct output *output)
{
    uint64_t written = atomic_load(&output->writer.written);
    return output->pushed - output->dropped - written;
}

static void end_drain(struct output *output, uint64_t lost)
{
    void (*done)(void *arg, size_t lost) = output->done;
    void *arg                            = output->done_arg;
    if (output->deadline != NULL) {
        event_free(output->deadline);
        output->deadline = NULL;
    }
    output->done = NULL;
    if (done != NULL) {
        done(arg, (size_t)lost);
    }
}

void output_drained(struct output *output)
{
    end_drain(output, 0);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct output *output = OBJ_CAST(struct output, arg, OUTPUT_MAGIC);
    (void)fd;
    (void)what;
    end_drain(output, count_left(output));
}

void output_drain(struct output *output, int64_t deadline_ms, void (*done)(void *arg, size_t lost),
                  void *arg)
{
    struct timeval delay = {deadline_ms / 1000, deadline_ms % 1000 * 1000};
    output->done         = done;
    output->done_arg     = arg;
    output->deadline     = evtimer_new(output->loop->base, on_deadline, output);
    if (output->deadline == NULL || event_add(output->deadline, &delay) != 0) {
        log_about(LOG_SUBJECT("output", output->name), LOG_ERROR, "HW-OUTPUT-003",
                  "no memory for the deadline of its end");
    }
    if (output->thread != NULL) {
        output_thread_drain(output->thread);
    } else {
        output_loop_poke(output);
    }
}

static void free_events(struct output *output)
{
    if (output->run != NULL) {
        event_free(output->run);
    }
    if (output->drained != NULL) {
        event_free(output->drained);
    }
    if (output->deadline != NULL) {
        event_free(output->deadline);
    }
}

void output_destroy(struct output *output)
{
    if (output == NULL) {
        return;
    }
    free_events(output);
    uint64_t left = count_left(output);
    if (output->thread != NULL && !output_thread_stop(output->thread)) {
        /* From here on the thread may free it at any moment. */
        log_write(LOG_ERROR, "HW-OUTPUT-004",
                  "an output's module does not come back from a call; its thread and %" PRIu64
                  " records are left behind",
                  left);
        return;
    }
    if (count_left(output) > 0) {
        log_about(LOG_SUBJECT("output", output->name), LOG_ERROR, "HW-OUTPUT-005",
                  "ends with %" PRIu64 " records that were not written", count_left(output));
    }
    output_free(output);
}

void output_free(struct output *output)
{
    uint64_t before = watch_enter(output->writer.subject, WATCH_DESTROY);
    output->writer.vtable->destroy(output->writer.object);
    watch_leave(before);
    output_writer_fini(&output->writer);
    output_queue_destroy(output->writer.queue);
    output_thread_free(output->thread);
    output->magic = 0;
    free(output->name);
    free(output);
}

void output_get_stats(struct output *output, struct output_stats *out)
{
    *out = (struct output_stats){.pushed        = output->pushed,
                                 .written       = atomic_load(&output->writer.written),
                                 .dropped       = output->dropped,
                                 .errors        = atomic_load(&output->writer.errors),
                                 .max_records   = output->max_records,
                                 .max_bytes     = output->max_bytes,
                                 .written_bytes = atomic_load(&output->writer.written_bytes),
                                 .is_failing    = atomic_load(&output->writer.is_failing)};
    output_writer_last_error(&output->writer, out->last_error, sizeof(out->last_error));
    output_queue_measure(output->writer.queue, &out->queued_records, &out->queued_bytes);
}

const char *output_name(const struct output *output)
{
    return output->name;
}
