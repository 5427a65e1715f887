/*
 * What all connections of one event loop share: the event base, the resolver, the one read buffer.
 * One for each worker.
 */
#ifndef CORE_NET_LOOP_H
#define CORE_NET_LOOP_H

#include <event2/dns.h>
#include <event2/event.h>

#include "hawser/error.h"

#define NET_READ_BUFFER_BYTES (128u * 1024u)

struct net_loop {
    struct event_base *base;
    struct evdns_base *dns; /* made at the first name to resolve */
    uint8_t
        *read_buffer; /* NET_READ_BUFFER_BYTES; in use only while one stream's read event runs */
    int owns_base;
};

/** @param base the caller's loop, or NULL: makes one. @return given, or NULL with err set */
struct net_loop *net_loop_create(struct event_base *base, struct hawser_error *err);
void net_loop_destroy(struct net_loop *loop);

#endif
