/*
 * The bounded queue in front of one output: one producer (the worker's loop), one consumer (the
 * output's thread, or the same loop). The producer takes no lock and never waits; the one word that
 * both sides write, which records the consumer is copying, is claimed by compare-and-swap.
 */
#ifndef CORE_OUTPUT_QUEUE_H
#define CORE_OUTPUT_QUEUE_H

#include "hawser/error.h"
#include "hawser/output.h"
#include "output/output.h"

#define OUTPUT_BATCH_RECORDS 128u          /* most records of the queue in one batch */
#define OUTPUT_SLOT_BYTES    24u           /* what a record's place takes, beside its bytes */
#define OUTPUT_BATCH_BYTES   (256u * 1024) /* a batch ends behind the record that reaches it */

struct output_queue;

/** Records that the consumer took out, with the announcements between them. */
struct output_batch {
    /* Each record may have an announcement in front of it, and one may stand at the end. */
    struct hawser_record records[2 * OUTPUT_BATCH_RECORDS + 1];
    size_t count;
    uint8_t *bytes; /* what the records point to; reused by the next batch */
    size_t capacity;
};

/** @param max_records, max_bytes over 0. @return given, or NULL with err set */
struct output_queue *output_queue_create(size_t max_records, size_t max_bytes,
                                         enum output_policy when_full, struct hawser_error *err);
void output_queue_destroy(struct output_queue *queue);

/** The producer's: put a copy of a record in. Hot. @return how many records were dropped: older
 * ones, or this one */
size_t output_queue_push(struct output_queue *queue, const struct hawser_record *record);
/** The producer's: how much is in it. */
void output_queue_measure(const struct output_queue *queue, size_t *records, size_t *bytes);
/** @return how many records ever went in; with output_queue_taken it tells whether one is out */
uint64_t output_queue_pushed(const struct output_queue *queue);

/**
 * The consumer's: take the next records out, DROPPED announcements where records are missing.
 * @param batch  filled; what it pointed to before is gone
 * @return 0 (count 0: the queue is empty), or -1: no memory for a copy, everything stays queued
 */
int output_queue_take(struct output_queue *queue, struct output_batch *batch) HAWSER_MUST_CHECK;
/** The consumer's: the number of the next record to take, in the counting of output_queue_pushed.
 */
uint64_t output_queue_taken(const struct output_queue *queue);
/** The consumer's. @return 1: nothing to take and nothing to announce */
int output_queue_is_empty(const struct output_queue *queue);
void output_batch_fini(struct output_batch *batch);

#endif
