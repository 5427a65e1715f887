/*
 * From a host name to addresses, without blocking: literals and the hosts file at once, everything
 * else through evdns, IPv4 and IPv6 at the same time.
 */
#ifndef CORE_NET_RESOLVE_H
#define CORE_NET_RESOLVE_H

#include "hawser/error.h"
#include "net/address.h"
#include "net/loop.h"

struct net_resolve;

/**
 * The answer, once, always from the loop. The look-up is finished; destroy it.
 * @param found  borrowed for the call, at least one, in the order to try; NULL: failed
 * @param why    NET_RESOLVE, or NET_TIMEOUT when no nameserver answered; NULL: found
 */
typedef void (*net_resolved_fn)(void *arg, const struct net_addresses *found,
                                const struct hawser_error *why);

/** Start. @param host a name or a literal, borrowed for the call. @return given; NULL with err set
 */
struct net_resolve *net_resolve_start(struct net_loop *loop, const char *host, uint16_t port,
                                      net_resolved_fn done, void *arg, struct hawser_error *err);
/** Stop and free. NULL is allowed. Safe from the answer's callback. */
void net_resolve_destroy(struct net_resolve *resolve);

/** For net_loop_destroy: end the resolver of a loop whose look-ups have all been destroyed. */
void net_resolve_shut_down(struct net_loop *loop);

#endif
