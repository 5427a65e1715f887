/*
 * `idle URL N`: the memory of sessions that are open and silent, through libhawser on one loop, and
 * how much of it they held before they dialled.
 */
#include <event2/event.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench.h"
#include "hawser/client.h"

#define BATCH      64u  /* that connect at once */
#define SILENCE_MS 2500 /* after it, what is given back to whom is silent was given back */

struct memory {
    double heap;
    double resident;
};

struct crowd {
    struct event_base *base;
    struct hawser_client **clients;
    uint64_t wanted;
    uint64_t started;
    uint64_t ready;
    struct memory before;    /* behind the first, who pays for what all share */
    struct memory undialled; /* of the others, each as it was made */
    int failed;
};

static struct memory memory_now(void)
{
    struct mallinfo2 info = mallinfo2();
    long pages            = 0;
    FILE *file            = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        if (fscanf(file, "%*s %ld", &pages) != 1) {
            pages = 0;
        }
        (void)fclose(file); /* only read from */
    }
    return (struct memory){(double)(info.uordblks + info.hblkhd),
                           (double)(pages * sysconf(_SC_PAGESIZE))};
}

static void on_state(struct hawser_client *client, enum hawser_state state,
                     const struct hawser_error *why, void *arg)
{
    struct crowd *crowd = arg;
    (void)client;
    crowd->ready += state == HAWSER_STATE_READY;
    if (why != NULL) {
        fprintf(stderr, "hawser-bench: %s\n", why->message);
        crowd->failed = 1;
    }
    if (crowd->failed || crowd->ready == crowd->started) {
        (void)event_base_loopbreak(crowd->base); /* the loop is running */
    }
}

static int make_one(struct crowd *crowd, const struct bench_options *options)
{
    static const struct hawser_client_callbacks CALLBACKS = {.struct_size = sizeof(CALLBACKS),
                                                             .state       = on_state};
    struct hawser_error err                               = HAWSER_ERROR_INIT;
    struct hawser_client_options settings                 = HAWSER_CLIENT_OPTIONS_INIT;
    settings.base                                         = crowd->base;
    settings.tls_ca_file                                  = options->tls_ca;
    settings.reconnect_off                                = 1;
    settings.timeout_ms                                   = 60000;
    struct hawser_client *client =
        hawser_connect(options->target, &settings, &CALLBACKS, crowd, &err);
    if (client == NULL) {
        fprintf(stderr, "hawser-bench: %s\n", err.message);
        return -1;
    }
    crowd->clients[crowd->started++] = client;
    return 0;
}

/* @return 0, or -1: it has said why */
static int open_batch(struct crowd *crowd, const struct bench_options *options, uint64_t count)
{
    struct memory before = memory_now();
    for (uint64_t i = 0; i < count && crowd->started < crowd->wanted; i++) {
        if (make_one(crowd, options) != 0) {
            return -1;
        }
    }
    struct memory after = memory_now();
    crowd->undialled.heap += after.heap - before.heap;
    crowd->undialled.resident += after.resident - before.resident;
    return event_base_dispatch(crowd->base) < 0 || crowd->failed ? -1 : 0;
}

static int open_all(struct crowd *crowd, const struct bench_options *options)
{
    if (open_batch(crowd, options, 1) != 0) {
        return -1;
    }
    crowd->before    = memory_now();
    crowd->undialled = (struct memory){0};
    while (crowd->started < crowd->wanted) {
        if (open_batch(crowd, options, BATCH) != 0) {
            return -1;
        }
    }
    return 0;
}

static void on_silence(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)event_base_loopbreak(((struct crowd *)arg)->base); /* the loop is running */
}

static int be_silent(struct crowd *crowd)
{
    struct timeval wait = {.tv_sec = SILENCE_MS / 1000, .tv_usec = SILENCE_MS % 1000 * 1000};
    return event_base_once(crowd->base, -1, EV_TIMEOUT, on_silence, crowd, &wait) != 0 ||
                   event_base_dispatch(crowd->base) < 0 || crowd->failed
               ? -1
               : 0;
}

static void print(const struct crowd *crowd)
{
    struct memory now = memory_now();
    double others     = (double)(crowd->wanted - 1);
    printf("{\"sessions\":%llu,\"heap_per_session\":%.0f,\"rss_per_session\":%.0f,"
           "\"bookkeeping\":%.0f}\n",
           (unsigned long long)crowd->wanted,
           (now.heap - crowd->before.heap - crowd->undialled.heap) / others,
           (now.resident - crowd->before.resident - crowd->undialled.resident) / others,
           crowd->undialled.heap / others);
}

static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* too few shows in the connections */
    }
}

int bench_idle(const struct bench_options *options)
{
    struct crowd crowd = {.wanted = options->sessions};
    int rc             = -1;
    if (options->sessions < 2) {
        fprintf(stderr, "hawser-bench: idle wants two sessions at least\n");
        return -1;
    }
    raise_limit();
    crowd.base    = event_base_new();
    crowd.clients = calloc(crowd.wanted, sizeof(struct hawser_client *));
    if (crowd.base != NULL && crowd.clients != NULL) {
        rc = open_all(&crowd, options) == 0 ? be_silent(&crowd) : -1;
    }
    if (rc == 0) {
        print(&crowd);
    }
    for (uint64_t i = 0; i < crowd.started; i++) {
        hawser_free(crowd.clients[i]);
    }
    free(crowd.clients);
    if (crowd.base != NULL) {
        event_base_free(crowd.base);
    }
    return rc;
}
