/*
 * The shared part of an event loop. See loop.h.
 */
#include "net/loop.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"
#include "net/resolve.h"
#include "net/stream_impl.h"

/* A spare that grew larger than this goes back to the heap: one slow peer must not pin megabytes.
 */
#define SPARE_MAX_BYTES NET_READ_BUFFER_BYTES

static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
static struct list shared_loops = {&shared_loops, &shared_loops}; /* one for each caller's base */

struct net_loop *net_loop_create(struct event_base *base, struct hawser_error *err)
{
    struct net_loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "event loop: out of memory");
        return NULL;
    }
    list_init(&loop->lookups);
    list_init(&loop->warm);
    list_init(&loop->shared);
    loop->sweep_ms    = NET_SWEEP_MS;
    loop->hosts_file  = "/etc/hosts";
    loop->resolv_conf = "/etc/resolv.conf";
    loop->base        = base;
    if (base == NULL) {
        loop->base      = event_base_new();
        loop->owns_base = 1;
    }
    loop->read_buffer = malloc(NET_READ_BUFFER_BYTES);
    if (loop->base == NULL || loop->read_buffer == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "event loop: out of memory or of descriptors");
        goto fail;
    }
    return loop;
fail:
    net_loop_destroy(loop);
    return NULL;
}

static struct net_loop *find_shared(const struct event_base *base)
{
    struct list *node = NULL;
    list_for_each (node, &shared_loops) {
        struct net_loop *loop = LIST_ENTRY(node, struct net_loop, shared);
        if (loop->base == base) {
            return loop;
        }
    }
    return NULL;
}

struct net_loop *net_loop_share(struct event_base *base, struct hawser_error *err)
{
    (void)pthread_mutex_lock(&shared_lock); /* an error would be ours: it is a plain one */
    struct net_loop *loop = find_shared(base);
    if (loop == NULL) {
        loop = net_loop_create(base, err);
        if (loop != NULL) {
            list_append(&shared_loops, &loop->shared);
        }
    }
    if (loop != NULL) {
        loop->users++;
    }
    (void)pthread_mutex_unlock(&shared_lock); /* as above */
    return loop;
}

/* @return 1: others still use it */
static int give_up_share(struct net_loop *loop)
{
    (void)pthread_mutex_lock(&shared_lock); /* as above */
    loop->users -= loop->users > 0;
    int is_used = loop->users > 0;
    if (!is_used) {
        list_remove(&loop->shared);
    }
    (void)pthread_mutex_unlock(&shared_lock); /* as above */
    return is_used;
}

void net_loop_destroy(struct net_loop *loop)
{
    if (loop == NULL || give_up_share(loop)) {
        return;
    }
    net_resolve_shut_down(loop);
    if (loop->sweeper != NULL) {
        event_free(loop->sweeper);
    }
    if (loop->owns_base && loop->base != NULL) {
        /* libevent frees requests that were cut off in callbacks of the next turn. */
        (void)event_base_loop(loop->base, EVLOOP_NONBLOCK);
        event_base_free(loop->base);
    }
    for (size_t i = 0; i < loop->spare_count; i++) {
        buf_fini(&loop->spares[i]);
    }
    free(loop->record_buffer);
    free(loop->cipher_buffer);
    free(loop->read_buffer);
    free(loop);
}

static int is_busy(const struct net_loop *loop)
{
    return loop->busy_ms < 0 || (loop->busy_ms > 0 && clock_monotonic() < loop->busy_until);
}

int net_loop_run(struct net_loop *loop)
{
    int rc = 0;
    while (rc == 0) {
        int busy = is_busy(loop);
        loop->busy_turns += (uint64_t)busy;
        rc = event_base_loop(loop->base, busy ? EVLOOP_NONBLOCK : EVLOOP_ONCE);
        if (event_base_got_break(loop->base) || event_base_got_exit(loop->base)) {
            return 0;
        }
    }
    return rc;
}

int net_loop_prepare_tls(struct net_loop *loop, struct hawser_error *err)
{
    if (loop->cipher_buffer == NULL) {
        loop->cipher_buffer = malloc(NET_CIPHER_BUFFER_BYTES);
    }
    if (loop->record_buffer == NULL) {
        loop->record_buffer = malloc(NET_RECORD_BYTES);
    }
    if (loop->sweeper == NULL) {
        loop->sweeper = evtimer_new(loop->base, stream_tls_sweep, loop);
    }
    if (loop->cipher_buffer == NULL || loop->record_buffer == NULL || loop->sweeper == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "buffers for TLS: out of memory");
        return -1;
    }
    return 0;
}

void net_loop_sweep_soon(struct net_loop *loop)
{
    struct timeval wait = {loop->sweep_ms / 1000, loop->sweep_ms % 1000 * 1000};
    if (!evtimer_pending(loop->sweeper, NULL)) {
        (void)evtimer_add(loop->sweeper, &wait); /* short of memory: the next read tries again */
    }
}

void net_loop_lend(struct net_loop *loop, struct buf *buf)
{
    if (buf->bytes == NULL && loop->spare_count > 0) {
        size_t max = buf->max;
        *buf       = loop->spares[--loop->spare_count];
        buf->max   = max;
    }
}

void net_loop_take_back(struct net_loop *loop, struct buf *buf)
{
    size_t max = buf->max;
    if (buf->bytes != NULL && loop->spare_count < NET_SPARE_BUFFERS &&
        buf->capacity <= SPARE_MAX_BYTES) {
        buf_clear(buf);
        loop->spares[loop->spare_count++] = *buf;
        *buf                              = (struct buf){.max = max};
        return;
    }
    buf_fini(buf);
}
