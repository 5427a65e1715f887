/*
 * `idle URL N`: the memory of connections that are open and silent.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client.h"

#define IN_FLIGHT 64u

struct crowd {
    struct bench_client client;
    struct ws_conn **conns;
    uint64_t wanted;
    uint64_t started;
    uint64_t open;
    size_t heap_before;
    long rss_before;
    int failed;
};

static size_t heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static long rss_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        if (fscanf(file, "%*s %ld", &pages) != 1) {
            pages = 0;
        }
        (void)fclose(file); /* only read from */
    }
    return pages * sysconf(_SC_PAGESIZE);
}

static void stop(struct crowd *crowd)
{
    (void)event_base_loopbreak(crowd->client.loop->base); /* the loop is running */
}

static const struct ws_handler HANDLER;

static void start_more(struct crowd *crowd)
{
    while (crowd->started < crowd->wanted && crowd->started - crowd->open < IN_FLIGHT) {
        struct ws_conn *conn = bench_client_connect(&crowd->client, &HANDLER, crowd);
        if (conn == NULL) {
            crowd->failed = 1;
            stop(crowd);
            return;
        }
        crowd->conns[crowd->started++] = conn;
    }
}

/* The first connection pays for what all of them share, and is not counted. */
static void on_phase(void *arg, enum ws_phase phase)
{
    struct crowd *crowd = arg;
    if (phase != WS_PHASE_OPEN) {
        return;
    }
    crowd->open++;
    if (crowd->open == crowd->wanted) {
        stop(crowd);
    } else if (crowd->open == 1) {
        crowd->heap_before = heap_bytes();
        crowd->rss_before  = rss_bytes();
    }
    start_more(crowd);
}

static void on_message(void *arg, enum hawser_opcode opcode, struct hawser_slice bytes)
{
    (void)arg;
    (void)opcode;
    (void)bytes;
}

static void on_ended(void *arg, const struct hawser_error *why, int clean)
{
    struct crowd *crowd = arg;
    (void)clean;
    fprintf(stderr, "hawser-bench: %s\n", why->message);
    crowd->failed = 1;
    stop(crowd);
}

static const struct ws_handler HANDLER = {
    .phase = on_phase, .message = on_message, .ended = on_ended};

static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* too few shows in the connections */
    }
}

static void print(const struct crowd *crowd)
{
    double others = (double)(crowd->wanted - 1);
    printf("{\"sessions\":%llu,\"heap_per_session\":%.0f,\"rss_per_session\":%.0f}\n",
           (unsigned long long)crowd->wanted,
           ((double)heap_bytes() - (double)crowd->heap_before) / others,
           (double)(rss_bytes() - crowd->rss_before) / others);
}

int bench_idle(const struct bench_options *options)
{
    struct crowd crowd = {.wanted = options->sessions};
    if (options->sessions < 2) {
        fprintf(stderr, "hawser-bench: idle wants two sessions at least\n");
        return -1;
    }
    raise_limit();
    crowd.conns = calloc(crowd.wanted, sizeof(*crowd.conns));
    if (crowd.conns == NULL || bench_client_init(&crowd.client, options) != 0) {
        free(crowd.conns);
        return -1;
    }
    crowd.conns[crowd.started] = bench_client_connect(&crowd.client, &HANDLER, &crowd);
    crowd.failed               = crowd.conns[crowd.started++] == NULL;
    if (!crowd.failed && event_base_dispatch(crowd.client.loop->base) < 0) {
        crowd.failed = 1;
    }
    if (!crowd.failed) {
        print(&crowd);
    }
    for (uint64_t i = 0; i < crowd.started; i++) {
        ws_conn_destroy(crowd.conns[i]);
    }
    free(crowd.conns);
    bench_client_fini(&crowd.client);
    return crowd.failed ? -1 : 0;
}
