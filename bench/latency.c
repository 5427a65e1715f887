/*
 * `latency URL`: how old a stamped message is when it reaches the callback.
 */
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "cost.h"
#include "hawser/client.h"
#include "link.h"
#include "mix.h"

#define SAMPLES_MAX (4u * 1024u * 1024u)
#define BARE_BYTES  (128u * 1024u)

struct latency {
    struct cost cost;
    int64_t *samples;
    size_t count;
    size_t count_max;
    uint64_t bytes;
    int ended;
};

/* A socket without the library, and what lies in its buffer. */
struct bare {
    struct latency *latency;
    struct link link;
    struct event_base *base; /* NULL: it blocks */
    uint8_t *buffer;
    size_t have;
};

static int64_t now_ns(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* this clock is always there */
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void take(struct latency *latency, struct hawser_slice bytes)
{
    int64_t now    = now_ns();
    const char *at = memmem(bytes.data, bytes.len, MIX_STAMP_KEY, sizeof(MIX_STAMP_KEY) - 1);
    latency->bytes += bytes.len;
    if (at != NULL && latency->count < latency->count_max) {
        int64_t sent                       = strtoll(at + sizeof(MIX_STAMP_KEY) - 1, NULL, 10);
        latency->samples[latency->count++] = now - sent;
    }
}

static void on_message(struct hawser_client *client, enum hawser_opcode opcode,
                       struct hawser_slice bytes, void *arg)
{
    (void)client;
    (void)opcode;
    take(arg, bytes);
}

static void on_state(struct hawser_client *client, enum hawser_state state,
                     const struct hawser_error *why, void *arg)
{
    struct latency *latency = arg;
    (void)client;
    if (state == HAWSER_STATE_OPEN) {
        cost_start(&latency->cost);
    } else if (why != NULL && why->cause != HAWSER_CLOSE_NORMAL) {
        fprintf(stderr, "hawser-bench: %s\n", why->message);
    }
}

static int run_library(struct latency *latency, const struct bench_options *options)
{
    static const struct hawser_client_callbacks CALLBACKS = {
        .struct_size = sizeof(CALLBACKS), .message = on_message, .state = on_state};
    struct hawser_error err               = HAWSER_ERROR_INIT;
    struct hawser_client_options settings = HAWSER_CLIENT_OPTIONS_INIT;
    settings.tls_ca_file                  = options->tls_ca;
    settings.reconnect_off                = 1;
    settings.compression_off              = 1;
    settings.busy_poll_ms                 = options->busy ? -1 : 0;
    struct hawser_client *client =
        hawser_connect(options->target, &settings, &CALLBACKS, latency, &err);
    if (client == NULL) {
        fprintf(stderr, "hawser-bench: %s\n", err.message);
        return -1;
    }
    (void)hawser_run(client); /* how it ended was told; what was measured counts */
    hawser_free(client);
    return 0;
}

/* Stamped messages are all of one kind: over 125 and under 64 Ki bytes, so a header has 4. */
static size_t walk_bare(struct latency *latency, uint8_t *buffer, size_t have)
{
    size_t at = 0;
    while (have - at >= 4 && (buffer[at + 1] & 0x7fu) == 126) {
        size_t len = (size_t)buffer[at + 2] << 8 | buffer[at + 3];
        if (have - at - 4 < len) {
            break;
        }
        take(latency, (struct hawser_slice){(char *)buffer + at + 4, len});
        at += 4 + len;
    }
    latency->ended = have - at >= 2 && (buffer[at + 1] & 0x7fu) < 126;
    memmove(buffer, buffer + at, have - at);
    return have - at;
}

/* @return 0: the end */
static int read_bare(struct bare *bare)
{
    ssize_t got = link_read(&bare->link, bare->buffer + bare->have, BARE_BYTES - bare->have);
    if (got > 0) {
        bare->have = walk_bare(bare->latency, bare->buffer, bare->have + (size_t)got);
    }
    return got > 0 && !bare->latency->ended;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct bare *bare = arg;
    (void)fd;
    (void)what;
    if (!read_bare(bare)) {
        (void)event_base_loopbreak(bare->base); /* the loop is running */
    }
}

/* One recv for each event: what a program on libevent does at the least. */
static int run_loop(struct bare *bare)
{
    bare->base          = event_base_new();
    struct event *event = bare->base == NULL ? NULL
                                             : event_new(bare->base, bare->link.fd,
                                                         EV_READ | EV_PERSIST, on_readable, bare);
    int rc = event == NULL || event_add(event, NULL) != 0 || event_base_dispatch(bare->base) < 0
                 ? -1
                 : 0;
    if (event != NULL) {
        event_free(event);
    }
    if (bare->base != NULL) {
        event_base_free(bare->base);
    }
    return rc;
}

static int run_bare(struct latency *latency, const struct bench_options *options)
{
    struct bare bare = {.latency = latency, .buffer = malloc(BARE_BYTES)};
    int rc           = 0;
    ssize_t early =
        bare.buffer == NULL ? -1 : link_open(&bare.link, options, bare.buffer, BARE_BYTES);
    if (early < 0) {
        free(bare.buffer);
        return -1;
    }
    cost_start(&latency->cost);
    bare.have = walk_bare(latency, bare.buffer, (size_t)early);
    if (options->loop) {
        rc = run_loop(&bare);
    } else {
        while (read_bare(&bare)) {
        }
    }
    link_close(&bare.link);
    free(bare.buffer);
    return rc;
}

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;
    return (*x > *y) - (*x < *y);
}

static double quantile_us(const struct latency *latency, double part)
{
    return (double)latency->samples[(size_t)((double)(latency->count - 1) * part)] / 1e3;
}

int bench_latency(const struct bench_options *options)
{
    struct latency latency = {.count_max =
                                  options->count > 0 ? (size_t)options->count : SAMPLES_MAX};
    char extra[160];
    latency.samples = calloc(latency.count_max, sizeof(*latency.samples));
    int rc          = -1;
    if (latency.samples != NULL) {
        rc = options->bare || options->loop ? run_bare(&latency, options)
                                            : run_library(&latency, options);
    }
    if (rc == 0 && latency.count == 0) {
        fprintf(stderr, "hawser-bench: no message was stamped: serve --stamped\n");
        rc = -1;
    }
    if (rc == 0) {
        qsort(latency.samples, latency.count, sizeof(*latency.samples), by_size);
        (void)snprintf(extra, sizeof(extra),
                       ",\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f",
                       quantile_us(&latency, 0.5), quantile_us(&latency, 0.99),
                       quantile_us(&latency, 0.999), quantile_us(&latency, 1));
        cost_print(&latency.cost, latency.count, latency.bytes, extra);
    }
    free(latency.samples);
    return rc;
}
