/*
 * CPU time and memory by getrusage. See cost.h.
 */
#include "cost.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

static int64_t now_ns(clockid_t clock)
{
    struct timespec now = {0};
    (void)clock_gettime(clock, &now); /* these clocks are always there */
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

void cost_start(struct cost *cost)
{
    struct rusage usage = {0};
    (void)getrusage(RUSAGE_SELF, &usage); /* cannot fail with these arguments */
    cost->user_s     = seconds_of(usage.ru_utime);
    cost->sys_s      = seconds_of(usage.ru_stime);
    cost->started_ns = now_ns(CLOCK_MONOTONIC);
}

void cost_print(const struct cost *cost, uint64_t messages, uint64_t bytes, const char *extra)
{
    struct rusage usage = {0};
    int64_t spent_ns    = now_ns(CLOCK_MONOTONIC) - cost->started_ns;
    (void)getrusage(RUSAGE_SELF, &usage); /* as above */
    printf("{\"messages\":%" PRIu64 ",\"bytes\":%" PRIu64
           ",\"seconds\":%.6f,\"user_s\":%.6f,\"sys_s\":%.6f,\"maxrss_kb\":%ld%s}\n",
           messages, bytes, (double)spent_ns / 1e9, seconds_of(usage.ru_utime) - cost->user_s,
           seconds_of(usage.ru_stime) - cost->sys_s, usage.ru_maxrss, extra);
}

double cost_cpu_seconds(void)
{
    return (double)now_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e9;
}
