/*
 * The commands of hawser-bench and what they are told.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdint.h>

struct bench_options {
    const char *target;   /* URL or FILE */
    const char *tls_ca;   /* clients: PEM file; NULL: the system's roots */
    const char *tls_cert; /* serve: with it, wss */
    const char *tls_key;
    const char *scan;  /* recv --route: learned, general or strict */
    const char *kind;  /* messages: only those of one kind; NULL: all */
    uint64_t count;    /* messages; serve: 0 sends until the client goes */
    uint64_t rate;     /* serve: messages a second; 0: as fast as it goes */
    uint64_t sessions; /* idle */
    uint16_t port;     /* serve; 0: any */
    int route;         /* recv */
    int utf8;          /* recv: check text, as --route does */
    int big_records;   /* serve: TLS records of 16 KiB, not one a message */
    int binary;        /* serve: frames say binary, so that nobody checks UTF-8 */
    int stamped;       /* serve: each message says when it was sent */
    int silent;        /* serve: connections are kept, and nothing is sent */
    int stock;         /* walk, rawrecv: SSL_read from the socket itself */
    int bare;          /* latency: a blocking recv in place of the library */
    int loop;          /* latency: the same under libevent */
    int busy;          /* latency: never sleep */
};

/** Each runs one command. @return 0, or -1: it has said why */
int bench_serve(const struct bench_options *options);
int bench_messages(const struct bench_options *options);
int bench_recv(const struct bench_options *options);
int bench_latency(const struct bench_options *options);
int bench_idle(const struct bench_options *options);
int bench_walk(const struct bench_options *options);
int bench_rawrecv(const struct bench_options *options);
int bench_route(const struct bench_options *options);

#endif
