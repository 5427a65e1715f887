/*
 * The line of JSON that every peer prints, as hawser-bench does. C and C++.
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

/** ws://HOST:PORT/ or wss://HOST:PORT/ [--parse] [--tls-ca FILE] */
struct report_target {
    char host[64];
    int port;
    int secure;
    int parse;
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

static inline void report_print(const struct report *report)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage); /* as above */
    printf("{\"messages\":%llu,\"bytes\":%llu,\"user_s\":%.6f,\"sys_s\":%.6f,\"maxrss_kb\":%ld}\n",
           report->messages, report->bytes, report_seconds(usage.ru_utime) - report->user_s,
           report_seconds(usage.ru_stime) - report->sys_s, usage.ru_maxrss);
}

/** Ends the process with a word where the arguments are wrong. */
static inline void report_parse(int argc, char **argv, struct report_target *target)
{
    char scheme[8] = "";
    memset(target, 0, sizeof(*target));
    if (argc < 2 ||
        sscanf(argv[1], "%7[a-z]://%63[^:]:%d", scheme, target->host, &target->port) != 3) {
        fprintf(stderr, "usage: %s URL [--parse] [--tls-ca FILE]\n", argv[0]);
        exit(2);
    }
    target->secure = strcmp(scheme, "wss") == 0;
    for (int i = 2; i < argc; i++) {
        target->parse |= strcmp(argv[i], "--parse") == 0;
        if (strcmp(argv[i], "--tls-ca") == 0 && i + 1 < argc) {
            target->tls_ca = argv[i + 1];
        }
    }
}

#endif
