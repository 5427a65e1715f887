/*
 * What all connections of one event loop share: the event base, the resolver, the buffers that are
 * in use only while one event runs. One for each worker.
 */
#ifndef CORE_NET_LOOP_H
#define CORE_NET_LOOP_H

#include <event2/event.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"
#include "hawser/error.h"

#define NET_READ_BUFFER_BYTES   (128u * 1024u)
#define NET_CIPHER_BUFFER_BYTES (64u * 1024u)
#define NET_RECORD_BYTES        (16u * 1024u) /* most plain text of one TLS record, RFC 8446 5.1 */
#define NET_SPARE_BUFFERS       16u
#define NET_SWEEP_MS            1000 /* a TLS stream idle for one to two of them gives buffers back */

struct evdns_base;

struct net_loop {
    struct event_base *base;
    int owns_base;
    unsigned users;     /* by net_loop_share; 0: it is not shared */
    struct list shared; /* in the list of those that are */
    /* NET_READ_BUFFER_BYTES; in use only while one stream's read event runs */
    uint8_t *read_buffer;
    uint8_t *cipher_buffer; /* the same for what TLS has yet to decrypt; made for the first TLS */
    uint8_t *record_buffer; /* one record to encrypt, while a send runs; made with the former */
    /* Memory that streams gave back with their last waiting byte: a busy stream with a tail at each
     * event takes it from here, not from the heap. */
    struct buf spares[NET_SPARE_BUFFERS];
    size_t spare_count;
    /* TLS streams whose OpenSSL holds buffers (17 KB and more each), and who looks for idle ones.
     */
    struct list warm;
    struct event *sweeper;
    int sweep_ms;
    int64_t busy_ms; /* net_loop_run: 0, it sleeps; else not so long after a read; < 0: never */
    clock_ns_t busy_until;    /* the next sleep may begin; 0: nothing was read yet */
    uint64_t busy_turns;      /* turns that did not wait */
    struct evdns_base *dns;   /* made at the first name to ask for */
    struct list lookups;      /* names that evdns still works on, given up ones too */
    const char *hosts_file;   /* /etc/hosts, read at each name */
    const char *resolv_conf;  /* /etc/resolv.conf, read again when it changed */
    int64_t resolv_conf_time; /* its modification time as last read [ns] */
};

/**
 * @param base the caller's loop, or NULL: makes one. A caller's loop has to turn once more after
 * net_loop_destroy when names were being resolved, so that libevent can free them.
 * @return given, or NULL with err set
 */
struct net_loop *net_loop_create(struct event_base *base, struct hawser_error *err);
/**
 * The one loop of a caller's base, made for the first who asks: many clients on one base share one
 * read buffer. From the thread that runs the base; other threads may do so with other bases.
 * @param base  not NULL @return given, to each who asked: net_loop_destroy; NULL with err set
 */
struct net_loop *net_loop_share(struct event_base *base, struct hawser_error *err);
/** All dials and streams of the loop are destroyed before. NULL is allowed. */
void net_loop_destroy(struct net_loop *loop);

/**
 * Run the loop until a callback breaks it. `busy_ms` may change meanwhile.
 * @return 0: broken; 1: nothing is left to wait for; -1: it does not run
 */
int net_loop_run(struct net_loop *loop) HAWSER_MUST_CHECK;
/** Bytes arrived. Hot. */
static inline void net_loop_heard(struct net_loop *loop)
{
    if (loop->busy_ms > 0) {
        loop->busy_until = clock_monotonic() + loop->busy_ms * CLOCK_NS_PER_MS;
    }
}

/** Make the buffers that TLS needs, once. @return 0, or -1 with err set */
int net_loop_prepare_tls(struct net_loop *loop, struct hawser_error *err) HAWSER_MUST_CHECK;
/** See that the sweeper runs. Hot. */
void net_loop_sweep_soon(struct net_loop *loop);
/** Give an empty buffer without memory the memory of a spare one, if there is one. */
void net_loop_lend(struct net_loop *loop, struct buf *buf);
/** Take the memory of a buffer whose content is no longer needed. */
void net_loop_take_back(struct net_loop *loop, struct buf *buf);

#endif
