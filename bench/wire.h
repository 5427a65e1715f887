/*
 * The work as it goes over the wire: one unmasked frame a message, one behind the other.
 */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include "mix.h"

struct wire {
    uint8_t *bytes;
    size_t starts[MIX_MESSAGES + 1];
    size_t stamps[MIX_MESSAGES]; /* where the digits stand; 0: not stamped */
};

/** @return 0; -1: out of memory */
int wire_init(struct wire *wire, const struct mix *mix, int binary) HAWSER_MUST_CHECK;
void wire_fini(struct wire *wire);
/** Write the time into message i. */
void wire_stamp(struct wire *wire, size_t i, int64_t now_ns);

#endif
