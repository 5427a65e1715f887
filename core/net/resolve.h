/*
 * From a host name to addresses, without blocking: literals and the hosts file at once, everything
 * else through evdns, IPv4 and IPv6 at the same time. IPv6 addresses are told as soon as they are
 * known; IPv4 ones wait a moment for them (RFC 8305 3).
 */
#ifndef CORE_NET_RESOLVE_H
#define CORE_NET_RESOLVE_H

#include "hawser/error.h"
#include "net/address.h"
#include "net/loop.h"

#define NET_RESOLUTION_DELAY_MS 50                      /* RFC 8305 3, "Resolution Delay" */
#define NET_FAMILY_MAX          (NET_ADDRESSES_MAX / 2) /* neither family crowds out the other */

struct net_resolve;

struct net_resolved {
    const struct net_addresses *found; /* new ones in the order to try; none: failed, or no more */
    const struct hawser_error
        *why; /* NET_RESOLVE, or NET_TIMEOUT when no nameserver answered;
                 NULL: there are addresses, from this call or an earlier one */
    int more; /* 1: the other family's answer is told later */
};

/**
 * The answer, always from the loop, once or (with `more`) twice. After the last the look-up is
 * finished; destroy it. It may be destroyed at any time before.
 * @param answer  borrowed for the call
 */
typedef void (*net_resolved_fn)(void *arg, const struct net_resolved *answer);

/** Start. @param host a name or a literal, borrowed for the call. @return given; NULL with err set
 */
struct net_resolve *net_resolve_start(struct net_loop *loop, const char *host, uint16_t port,
                                      net_resolved_fn done, void *arg, struct hawser_error *err);
/** Stop and free. NULL is allowed. Safe from the answer's callback. */
void net_resolve_destroy(struct net_resolve *resolve);

/** For net_loop_destroy: end the resolver of a loop whose look-ups have all been destroyed. */
void net_resolve_shut_down(struct net_loop *loop);

#endif
