/*
 * What the peers in C and C++ share: their arguments, and the line of JSON that each prints, as
 * hawser-bench does.
 */
#ifndef BENCH_PEERS_REPORT_H
#define BENCH_PEERS_REPORT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct report {
    unsigned long long messages;
    unsigned long long bytes;
    double user_s;
    double sys_s;
};

/** ws://HOST:PORT/ or wss://HOST:PORT/ [--tuned] [--parse] [--latency] [--idle N] [--tls-ca FILE]
 */
struct report_target {
    char host[64];
    int port;
    int secure;
    int tuned; /* 0: as the library's documentation has it */
    int parse;
    int latency;
    long idle; /* connections; 0: one, which receives */
    const char *tls_ca;
};

static inline double report_seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/** The connection is open: what came before does not count. */
static inline void report_start(struct report *report)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage); /* cannot fail with these arguments */
    report->user_s = report_seconds(usage.ru_utime);
    report->sys_s  = report_seconds(usage.ru_stime);
}

/** @param extra  more members, each with a comma before it, or "" */
static inline void report_print(const struct report *report, const char *extra)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage); /* as above */
    printf(
        "{\"messages\":%llu,\"bytes\":%llu,\"user_s\":%.6f,\"sys_s\":%.6f,\"maxrss_kb\":%ld%s}\n",
        report->messages, report->bytes, report_seconds(usage.ru_utime) - report->user_s,
        report_seconds(usage.ru_stime) - report->sys_s, usage.ru_maxrss, extra);
}

static inline void report_flag(struct report_target *target, const char *flag, const char *value)
{
    target->tuned |= strcmp(flag, "--tuned") == 0;
    target->parse |= strcmp(flag, "--parse") == 0;
    target->latency |= strcmp(flag, "--latency") == 0;
    if (value != NULL && strcmp(flag, "--idle") == 0) {
        target->idle = strtol(value, NULL, 10);
    } else if (value != NULL && strcmp(flag, "--tls-ca") == 0) {
        target->tls_ca = value;
    }
}

/** Ends the process with a word where the arguments are wrong. */
static inline void report_parse(int argc, char **argv, struct report_target *target)
{
    char scheme[8] = "";
    memset(target, 0, sizeof(*target));
    if (argc < 2 ||
        sscanf(argv[1], "%7[a-z]://%63[^:]:%d", scheme, target->host, &target->port) != 3) {
        fprintf(stderr,
                "usage: %s URL [--tuned] [--parse] [--latency] [--idle N] [--tls-ca FILE]\n",
                argv[0]);
        exit(2);
    }
    target->secure = strcmp(scheme, "wss") == 0;
    for (int i = 2; i < argc; i++) {
        report_flag(target, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
    }
}

#endif
