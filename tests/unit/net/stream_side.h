/*
 * One end of a socket pair as a stream, with a handler that records, and the bare other end: what
 * the tests of streams share.
 */
#ifndef TESTS_UNIT_NET_STREAM_SIDE_H
#define TESTS_UNIT_NET_STREAM_SIDE_H

#include "net/stream.h"

enum where { NOWHERE, IN_READABLE, IN_WRITABLE, IN_ENDED };

struct side {
    struct net_loop *loop;
    int loop_is_others;
    struct net_stream *stream;
    int peer;    /* -1: closed */
    size_t most; /* bytes consumed in one call; 0: all */
    struct buf got;
    int is_flooded; /* each read makes the other end write as much as it can */
    int reads;
    int writables;
    int ends;
    enum where destroy_in;
    int pause_after_reads;
    struct hawser_error why;
};

void side_open(struct side *side, size_t max_queued);
/** The same on the loop of another, which is closed later. */
void side_join(struct side *side, const struct side *other, size_t max_queued);
void side_close(struct side *side);
/** Turn the loop until nothing is left to do at once. */
void side_turn(struct side *side);
/** The other end writes. */
void side_hear(struct side *side, const void *bytes, size_t len);
/** Send until the kernel takes no more and something is queued. */
void side_fill_queue(struct side *side);
/** The other end writes until the kernel takes no more. */
void side_flood(struct side *side);
void side_fill(uint8_t *bytes, size_t len, unsigned seed);

#endif
