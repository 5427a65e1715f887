/*
 * The work: market data as an exchange sends it, rendered before the clock starts. 40 % tickers of
 * about 700 bytes, 40 % changes of a book of about 300, 20 % trades of about 400 with escapes and
 * text that is not ASCII, and in each thousand one book of 30 KB.
 */
#ifndef BENCH_MIX_H
#define BENCH_MIX_H

#include "hawser/base.h"

#define MIX_MESSAGES  8000u /* different ones; then they repeat */
#define MIX_STAMP     20u   /* digits of the sending time in a stamped message */
#define MIX_STAMP_KEY "\"sent\":\""

struct mix {
    char *bytes;
    size_t len;
    size_t starts[MIX_MESSAGES + 1];
};

/** @param stamped  1: tickers alone, each with room for the time when it is sent
 *  @return 0; -1: out of memory */
int mix_init(struct mix *mix, int stamped) HAWSER_MUST_CHECK;
void mix_fini(struct mix *mix);
/** @return message i of an endless sequence */
struct hawser_slice mix_message(const struct mix *mix, uint64_t i);

#endif
