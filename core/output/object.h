/*
 * What an output consists of. For the files of this folder: output.c (the loop's side of both
 * kinds), thread.c and loop.c (what drives the writer).
 */
#ifndef CORE_OUTPUT_OBJECT_H
#define CORE_OUTPUT_OBJECT_H

#include <pthread.h>
#include <semaphore.h>

#include "base/obj.h"
#include "output/writer.h"

#define OUTPUT_MAGIC        0x0117f07au
#define OUTPUT_STOP_MS      250 /* how long output_destroy waits for a module that blocks */
#define OUTPUT_ANNOUNCE_GAP CLOCK_NS_PER_S /* between two output.dropped events of one output */

/** A thread that runs a writer. It shares what follows with the loop, and nothing else. */
struct output_thread {
    struct output *output; /* to free, when it is left behind */
    struct output_writer *writer;
    sem_t wake;
    sem_t ended;
    pthread_t id;
    _Atomic int is_asleep;
    _Atomic int is_draining;
    _Atomic int must_stop;
    _Atomic int is_left; /* the loop gave up waiting, or the thread ended: who comes second frees */
    int drained_fd;      /* eventfd, written once when a drain is over */
};

struct output {
    OBJ_MAGIC_FIELD;
    char *name;
    struct output_writer writer;
    struct net_loop *loop;
    struct telemetry_writer *telemetry;
    struct telemetry_cell *dropped_cell;
    struct output_thread *thread; /* NULL: the loop writes */
    struct event *run;            /* the loop's next step; NULL with a thread */
    int is_armed;
    struct event *drained; /* the thread's eventfd; NULL without one */

    struct event *deadline; /* of a drain; NULL: none runs */
    void (*done)(void *arg, size_t lost);
    void *done_arg;

    size_t max_records;
    size_t max_bytes;
    uint64_t pushed;
    uint64_t dropped;
    uint64_t dropped_untold; /* not in an event yet */
    clock_ns_t next_event_at;
    struct complaint full;
};

/** Both: start the driver. @return 0, or -1 with err set */
int output_thread_start(struct output *output, struct hawser_error *err) HAWSER_MUST_CHECK;
int output_loop_start(struct output *output, struct hawser_error *err) HAWSER_MUST_CHECK;

/** There is something to do. Hot. */
void output_thread_wake(struct output_thread *thread);
void output_loop_wake(struct output *output);
/** The same at once, also while it waits to try again. */
void output_thread_poke(struct output_thread *thread);
void output_loop_poke(struct output *output);
/** The drain's end is to be told. */
void output_thread_drain(struct output_thread *thread);
/** @return 1: the thread has ended; 0: it is still inside the module, and calls output_free when it
 * comes back */
int output_thread_stop(struct output_thread *thread);
void output_thread_free(struct output_thread *thread);
/** The module's object and everything else but the loop's events. */
void output_free(struct output *output);
/** Everything is written: ends the drain. */
void output_drained(struct output *output);

#endif
