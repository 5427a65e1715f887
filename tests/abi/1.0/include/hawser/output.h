/*
 * The vtable of an output: where records go. One object in each worker whose sessions use it. The
 * core queues (bounded, with a policy) and calls `write` with batches; a slow or dead output never
 * delays a session.
 */
#ifndef HAWSER_OUTPUT_H
#define HAWSER_OUTPUT_H

#include "hawser/base.h"
#include "hawser/error.h"
#include "hawser/host.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a record tells. */
enum hawser_record_kind {
    HAWSER_RECORD_DATA = 0, /* a message of a channel */
    HAWSER_RECORD_READY,    /* the session is READY */
    HAWSER_RECORD_GAP,      /* messages of a channel may be missing since `since_ns` */
    HAWSER_RECORD_STALE,    /* a channel stopped delivering */
    HAWSER_RECORD_DROPPED,  /* `count` records were dropped in front of this one: queue full */
    HAWSER_RECORD_CLOSED,   /* the session's connection ended */
    HAWSER_RECORD_KIND_COUNT
};

/**
 * One record. All pointers are borrowed for the call of `write`.
 * In DATA, `data` holds the exchange's bytes as they came. In events `channel` may be empty (the
 * whole session).
 */
struct hawser_record {
    uint32_t struct_size;
    uint32_t kind;     /* enum hawser_record_kind */
    uint32_t flags;    /* enum hawser_delivery_flag, or-ed (DATA) */
    uint32_t count;    /* DROPPED: how many; saturates */
    int64_t time_ns;   /* CLOCK_REALTIME of the receive, or of the event */
    int64_t since_ns;  /* GAP, STALE: the last moment known to be good; 0: never */
    uint64_t epoch;    /* which connection of the session, from 1 */
    uint64_t sequence; /* number of the record in the session, from 1 */
    struct hawser_slice session;
    struct hawser_slice channel;
    struct hawser_slice data;
    struct hawser_slice
        reason; /* events: one word for programs: connection, sequence, queue_full ... */
    struct hawser_slice message; /* events: a line for people; may be empty */
};
HAWSER_NO_TAIL_PADDING(struct hawser_record, message);

enum hawser_output_flag {
    HAWSER_OUTPUT_BLOCKS =
        1u << 0 /* `write` may block: the core gives the output a thread of its own */
};

struct hawser_output {
    uint32_t struct_size;
    uint32_t flags; /* enum hawser_output_flag, or-ed */

    /** Make the object of one output. Mandatory. As in adapter.h. */
    int (*create)(const struct hawser_host *host, struct hawser_instance *self, void **out,
                  struct hawser_error *err);
    /** Free it; every record that `write` took is out by then, or was reported as an error.
     * Mandatory. */
    void (*destroy)(void *output);
    /** Check the config without making anything. May be NULL. As in adapter.h. */
    int (*check)(const struct hawser_host *host, struct hawser_instance *self,
                 struct hawser_error *err);
    /**
     * Write a batch, in order. Mandatory.
     *
     * @param records  borrowed for the call
     * @param count    at least 1
     * @return how many of them, from the front, are dealt with (0..count). Fewer than count: err is
     * set, and the core calls again with the rest after a while.
     */
    size_t (*write)(void *output, const struct hawser_record *records, size_t count,
                    struct hawser_error *err);
    /** The queue is empty: push out what `write` kept back. May be NULL. @return 0, or -1 with err
     * set */
    int (*flush)(void *output, struct hawser_error *err);
    /** Open files anew (SIGUSR1, after logrotate). May be NULL. Called where `write` is. @return 0,
     * or -1 with err set */
    int (*reopen)(void *output, struct hawser_error *err);
};
HAWSER_NO_TAIL_PADDING(struct hawser_output, reopen);

#ifdef __cplusplus
}
#endif
#endif
