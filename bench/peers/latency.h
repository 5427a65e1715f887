/*
 * How old stamped messages are when a peer in C or C++ sees them. See ../mix.h for the stamp.
 */
#ifndef BENCH_PEERS_LATENCY_H
#define BENCH_PEERS_LATENCY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LATENCY_MAX (1024u * 1024u)
#define LATENCY_KEY "\"sent\":\""

struct latency {
    long long *ages_ns; /* NULL: nobody asked */
    size_t count;
};

static inline int latency_init(struct latency *latency, int wanted)
{
    latency->count   = 0;
    latency->ages_ns = wanted ? (long long *)calloc(LATENCY_MAX, sizeof(long long)) : NULL;
    return wanted && latency->ages_ns == NULL ? -1 : 0;
}

static inline void latency_take(struct latency *latency, const void *bytes, size_t len)
{
    struct timespec now = {0, 0};
    if (latency->ages_ns == NULL || latency->count == LATENCY_MAX) {
        return;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* this clock is always there */
    const char *at = (const char *)memmem(bytes, len, LATENCY_KEY, sizeof(LATENCY_KEY) - 1);
    if (at != NULL) {
        latency->ages_ns[latency->count++] = now.tv_sec * 1000000000LL + now.tv_nsec -
                                             strtoll(at + sizeof(LATENCY_KEY) - 1, NULL, 10);
    }
}

static inline int latency_by_size(const void *a, const void *b)
{
    long long x = *(const long long *)a;
    long long y = *(const long long *)b;
    return (x > y) - (x < y);
}

static inline double latency_us(const struct latency *latency, double part)
{
    return (double)latency->ages_ns[(size_t)((double)(latency->count - 1) * part)] / 1e3;
}

/** @param out  for report_print; "" where nothing was taken */
static inline void latency_text(struct latency *latency, char *out, size_t size)
{
    out[0] = 0;
    if (latency->count > 0) {
        qsort(latency->ages_ns, latency->count, sizeof(long long), latency_by_size);
        (void)snprintf(out, size, ",\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f",
                       latency_us(latency, 0.5), latency_us(latency, 0.99),
                       latency_us(latency, 0.999));
    }
    free(latency->ages_ns);
}

#endif
