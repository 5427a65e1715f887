/*
 * One output in one worker: the plugin's object behind a bounded queue, on a thread of its own
 * where it blocks. Pushing never waits; what does not fit is dropped by policy, counted, and
 * announced in the stream.
 */
#ifndef CORE_OUTPUT_OUTPUT_H
#define CORE_OUTPUT_OUTPUT_H

#include "hawser/output.h"
#include "net/loop.h"

struct telemetry_writer;
struct output;

enum output_policy { OUTPUT_DROP_OLDEST, OUTPUT_DROP_NEWEST };

/** Zero means the default named. Strings are copied. */
struct output_options {
    const char *name;
    size_t queue_records; /* 65,536 */
    size_t queue_bytes;   /* 64 MiB */
    enum output_policy when_full;
    uint32_t subject; /* of the instance, in the watch; 0: none */
};

/**
 * Start an output.
 *
 * @param vtable  borrowed for ever (modules are never unloaded)
 * @param object  taken: the plugin's object, destroyed with the output
 * @param loop    where an output that does not block is written
 * @param telemetry  NULL: none
 * @return        given; NULL with err set (the object is destroyed)
 */
struct output *output_create(const struct output_options *options,
                             const struct hawser_output *vtable, void *object,
                             struct net_loop *loop, struct telemetry_writer *telemetry,
                             struct hawser_error *err);

/** Queue a copy of a record. Hot. Never waits. */
void output_push(struct output *output, const struct hawser_record *record);
/** @return how many records were pushed so far; for output_is_past */
uint64_t output_pushed(const struct output *output);
/** Were these handed to the plugin, or dropped? @param pushed what output_pushed told */
int output_is_past(const struct output *output, uint64_t pushed);
/** Ask the plugin to open its files anew, after what is queued now. */
void output_reopen(struct output *output);
/**
 * No more records come: write what is queued, flush, then call `done` from the loop.
 * @param deadline_ms  after it `done` comes all the same, with the number of records that were not
 * written
 */
void output_drain(struct output *output, int64_t deadline_ms, void (*done)(void *arg, size_t lost),
                  void *arg);
/**
 * Stop and free; what is still queued is lost and its number logged. NULL is allowed. A module that
 * is inside a call and does not come back for a quarter of a second is left behind with its thread,
 * and destroyed by it when it does come back: the instance must bear that (instance_destroy does).
 */
void output_destroy(struct output *output);

struct output_stats {
    uint64_t pushed;
    uint64_t written;
    uint64_t dropped;
    uint64_t errors;
    size_t queued_records;
    size_t queued_bytes;
    size_t max_records;
    size_t max_bytes;
    uint64_t written_bytes; /* of the records' data */
    int is_failing;         /* the last write or flush did; it is tried again */
    char last_error[256];   /* empty: none yet */
};
void output_get_stats(struct output *output, struct output_stats *out);
const char *output_name(const struct output *output);

#endif
