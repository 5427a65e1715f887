/*
 * What silent connections of a peer in C or C++ take, as hawser-bench's `idle` weighs them: the
 * first one pays for what all share, and is not counted.
 */
#ifndef BENCH_PEERS_MEMORY_H
#define BENCH_PEERS_MEMORY_H

#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

struct memory {
    size_t heap;
    long resident;
};

static inline struct memory memory_now(void)
{
    struct mallinfo2 info = mallinfo2();
    struct memory memory  = {info.uordblks + info.hblkhd, 0};
    FILE *file            = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        if (fscanf(file, "%*s %ld", &memory.resident) != 1) {
            memory.resident = 0;
        }
        (void)fclose(file); /* only read from */
    }
    memory.resident *= sysconf(_SC_PAGESIZE);
    return memory;
}

static inline void memory_print(const struct memory *first, long connections)
{
    struct memory now = memory_now();
    double others     = (double)(connections - 1);
    printf("{\"sessions\":%ld,\"heap_per_session\":%.0f,\"rss_per_session\":%.0f}\n", connections,
           ((double)now.heap - (double)first->heap) / others,
           (double)(now.resident - first->resident) / others);
}

static inline void memory_allow_many(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* too few shows in the connections */
    }
}

#endif
