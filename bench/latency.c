/*
 * `latency URL`: how old a stamped message is when it reaches the callback.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "cost.h"
#include "link.h"
#include "mix.h"

#define SAMPLES_MAX (4u * 1024u * 1024u)
#define BARE_BYTES  (128u * 1024u)

struct latency {
    struct bench_client client;
    struct cost cost;
    int64_t *samples;
    size_t count;
    size_t count_max;
    uint64_t bytes;
    int ended;
    int failed;
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

static void on_message(void *arg, enum hawser_opcode opcode, struct hawser_slice bytes)
{
    (void)opcode;
    take(arg, bytes);
}

static void on_phase(void *arg, enum ws_phase phase)
{
    struct latency *latency = arg;
    if (phase == WS_PHASE_OPEN) {
        cost_start(&latency->cost);
    }
}

static void on_ended(void *arg, const struct hawser_error *why, int clean)
{
    struct latency *latency = arg;
    latency->failed         = bench_client_judge(why, clean) != 0;
    latency->ended          = 1;
    (void)event_base_loopbreak(latency->client.loop->base); /* the loop is running */
}

static int run_library(struct latency *latency, const struct bench_options *options)
{
    static const struct ws_handler HANDLER = {
        .phase = on_phase, .message = on_message, .ended = on_ended};
    if (bench_client_init(&latency->client, options) != 0) {
        return -1;
    }
    struct ws_conn *conn = bench_client_connect(&latency->client, &HANDLER, latency);
    int rc               = conn == NULL ? -1 : 0;
    while (rc == 0 && !latency->ended) {
        rc = event_base_loop(latency->client.loop->base, options->busy ? EVLOOP_NONBLOCK : 0) < 0
                 ? -1
                 : 0;
    }
    ws_conn_destroy(conn);
    bench_client_fini(&latency->client);
    return latency->failed ? -1 : rc;
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

static int run_bare(struct latency *latency, const struct bench_options *options)
{
    struct link link;
    uint8_t *buffer = malloc(BARE_BYTES);
    ssize_t got     = buffer == NULL ? -1 : link_open(&link, options, buffer, BARE_BYTES);
    size_t have     = 0;
    if (got < 0) {
        free(buffer);
        return -1;
    }
    cost_start(&latency->cost);
    do {
        have = walk_bare(latency, buffer, have + (size_t)got);
        got  = latency->ended ? 0 : link_read(&link, buffer + have, BARE_BYTES - have);
    } while (got > 0);
    link_close(&link);
    free(buffer);
    return got == 0 ? 0 : -1;
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
        rc = options->bare ? run_bare(&latency, options) : run_library(&latency, options);
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
