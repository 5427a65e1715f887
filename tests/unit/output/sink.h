/*
 * An output module for tests: remembers what it was given, fails and blocks on demand. Its fields
 * are safe to look at from the loop while its thread writes.
 */
#ifndef TESTS_UNIT_OUTPUT_SINK_H
#define TESTS_UNIT_OUTPUT_SINK_H

#include <semaphore.h>
#include <stdatomic.h>

#include "hawser/output.h"

#define SINK_MOST 100000u

struct sink {
    _Atomic uint64_t failures_left; /* `write` takes nothing so often; UINT64_MAX: for ever */
    _Atomic int flush_fails;
    _Atomic int blocks; /* 1: `write` waits for `unblock` */
    sem_t is_blocked;   /* posted when it begins to wait */
    sem_t unblock;
    sem_t is_destroyed;     /* posted by `destroy` */
    _Atomic size_t at_most; /* records taken in one call; 0: all */
    _Atomic size_t count;
    _Atomic uint64_t calls;
    _Atomic uint64_t flushes;
    _Atomic uint64_t reopened_at; /* count + 1 when `reopen` was called; 0: never */
    struct {
        uint32_t kind;
        uint32_t count;
        uint64_t sequence;
    } seen[SINK_MOST];
};

struct sink *sink_create(void);
/** Not `destroy` of the vtable: that one only tells. */
void sink_free(struct sink *sink);
extern const struct hawser_output sink_on_thread;
extern const struct hawser_output sink_on_loop;

#endif
