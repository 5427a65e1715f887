/*
 * Sequence numbers of one channel: is a message missing in front of this one? Pure.
 */
#ifndef CORE_SESSION_GAP_H
#define CORE_SESSION_GAP_H

#include "hawser/host.h"

/** Zero-initialised: nothing was seen of the channel on this connection. */
struct gap_watch {
    uint64_t last;
    uint8_t seen; /* `last` is valid */
};

enum gap_verdict {
    GAP_NONE,
    GAP_NO_SNAPSHOT, /* a change came before any whole state */
    GAP_MISSING,     /* messages between the last one and this are missing */
    GAP_BACKWARDS    /* the numbers went back, or repeat */
};

/**
 * Judge a delivery. Hot. A snapshot starts the sequence anew. A change that names its predecessor
 * (FOLLOWS) must name the last one seen; one that does not (SEQUENCED alone) must be the next
 * number. Without SEQUENCED nothing can be told. After a gap the count goes on from this message,
 * so that one hole is told once.
 */
enum gap_verdict gap_check(struct gap_watch *watch, const struct hawser_delivery *delivery);
/** @return one sentence for people */
const char *gap_text(enum gap_verdict verdict);

#endif
