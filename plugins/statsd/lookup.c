/*
 * Name lookup on a detached thread. See lookup.h. The job belongs to both sides and goes with the
 * last of them.
 */
#include "lookup.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

struct statsd_lookup {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int holders;
    int is_done;
    int failure; /* of getaddrinfo; 0: none */
    struct statsd_addresses found;
    char *host;
    char *port;
};

static int ask(const char *host, const char *port, int flags, struct statsd_addresses *out)
{
    struct addrinfo *list  = NULL;
    struct addrinfo wanted = {
        .ai_socktype = SOCK_DGRAM, .ai_protocol = IPPROTO_UDP, .ai_flags = AI_NUMERICSERV | flags};
    int failure = getaddrinfo(host, port, &wanted, &list);
    out->count  = 0;
    for (const struct addrinfo *a = list; a != NULL && out->count < STATSD_MAX_ADDRESSES;
         a                        = a->ai_next) {
        if (a->ai_addrlen <= sizeof(out->at[0].storage)) {
            memcpy(&out->at[out->count].storage, a->ai_addr, a->ai_addrlen);
            out->at[out->count++].len = a->ai_addrlen;
        }
    }
    if (list != NULL) {
        freeaddrinfo(list);
    }
    return failure == 0 && out->count == 0 ? EAI_NONAME : failure;
}

int statsd_lookup_numeric(const char *host, const char *port, struct statsd_addresses *out)
{
    return ask(host, port, AI_NUMERICHOST, out) == 0 ? 0 : -1;
}

void statsd_lookup_release(struct statsd_lookup *lookup)
{
    if (lookup == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&lookup->lock); /* cannot fail: it is valid, and not ours already */
    int holders = --lookup->holders;
    (void)pthread_mutex_unlock(&lookup->lock); /* it is ours */
    if (holders > 0) {
        return;
    }
    (void)pthread_cond_destroy(&lookup->changed); /* nobody waits: these were all its holders */
    (void)pthread_mutex_destroy(&lookup->lock);   /* nobody holds it */
    free(lookup->host);
    free(lookup->port);
    free(lookup);
}

static void *run(void *arg)
{
    struct statsd_lookup *lookup = arg;
    struct statsd_addresses found;
    int failure = ask(lookup->host, lookup->port, 0, &found);
    (void)pthread_mutex_lock(&lookup->lock); /* cannot fail: it is valid, and not ours already */
    lookup->found   = found;
    lookup->failure = failure;
    lookup->is_done = 1;
    (void)pthread_cond_signal(&lookup->changed); /* never fails */
    (void)pthread_mutex_unlock(&lookup->lock);   /* it is ours */
    statsd_lookup_release(lookup);
    return NULL;
}

/* Signals are for the host's loop: this thread takes none. */
static int start_thread(struct statsd_lookup *lookup)
{
    sigset_t all, before;
    pthread_t thread;
    (void)sigfillset(&all); /* never fails */
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) {
        return -1;
    }
    int rc = pthread_create(&thread, NULL, run, lookup);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL); /* the mask that was there */
    return rc == 0 ? pthread_detach(thread) : -1;
}

/* Waits are measured on the clock that nobody sets. */
static int init_sync(struct statsd_lookup *lookup)
{
    pthread_condattr_t monotonic;
    if (pthread_mutex_init(&lookup->lock, NULL) != 0) {
        return -1;
    }
    int rc = pthread_condattr_init(&monotonic);
    if (rc == 0) {
        (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC); /* glibc has it */
        rc = pthread_cond_init(&lookup->changed, &monotonic);
        (void)pthread_condattr_destroy(&monotonic); /* never fails */
    }
    if (rc != 0) {
        (void)pthread_mutex_destroy(&lookup->lock); /* nobody holds it */
    }
    return rc == 0 ? 0 : -1;
}

struct statsd_lookup *statsd_lookup_start(const char *host, const char *port)
{
    struct statsd_lookup *lookup = calloc(1, sizeof(*lookup));
    if (lookup == NULL || init_sync(lookup) != 0) {
        free(lookup);
        return NULL;
    }
    lookup->holders = 1;
    lookup->host    = strdup(host);
    lookup->port    = strdup(port);
    if (lookup->host == NULL || lookup->port == NULL) {
        goto fail;
    }
    lookup->holders = 2;
    if (start_thread(lookup) != 0) {
        lookup->holders = 1;
        goto fail;
    }
    return lookup;
fail:
    statsd_lookup_release(lookup);
    return NULL;
}

static struct timespec deadline_in(int64_t wait_ms)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* fails for no clock that exists */
    int64_t ns = now.tv_nsec + wait_ms * NS_PER_MS;
    return (struct timespec){now.tv_sec + (time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
}

int statsd_lookup_wait(struct statsd_lookup *lookup, int64_t wait_ms, struct statsd_addresses *out,
                       const char **why)
{
    struct timespec deadline = deadline_in(wait_ms);
    int rc                   = 0;
    (void)pthread_mutex_lock(&lookup->lock); /* cannot fail: it is valid, and not ours already */
    while (!lookup->is_done && rc == 0) {
        rc = pthread_cond_timedwait(&lookup->changed, &lookup->lock, &deadline);
    }
    int is_done = lookup->is_done;
    int failure = lookup->failure;
    *out        = lookup->found;
    (void)pthread_mutex_unlock(&lookup->lock); /* it is ours */
    if (is_done && failure != 0) {
        *why = gai_strerror(failure);
        return -1;
    }
    return is_done;
}
