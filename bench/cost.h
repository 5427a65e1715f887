/*
 * What a run cost this process, and the line of JSON that says so.
 */
#ifndef BENCH_COST_H
#define BENCH_COST_H

#include <stdint.h>

struct cost {
    int64_t started_ns; /* monotonic */
    double user_s;
    double sys_s;
};

/** Start to count; what came before (start-up, handshake, preparation) does not. */
void cost_start(struct cost *cost);
/** Print messages, bytes, seconds, user_s, sys_s, maxrss_kb, and `extra`, further members each
 * with a comma in front, or "". */
void cost_print(const struct cost *cost, uint64_t messages, uint64_t bytes, const char *extra);
/** @return CPU time of this process */
double cost_cpu_seconds(void);

#endif
