/*
 * From a socket that is connected to a proxy to one that leads to the target.
 */
#ifndef CORE_NET_TUNNEL_H
#define CORE_NET_TUNNEL_H

#include "net/loop.h"
#include "net/proxy_talk.h"

struct net_tunnel;

struct net_tunnel_handler {
    /** The socket leads to the target now. Finished; destroy it. */
    void (*opened)(void *arg);
    /** @param why NET_PROXY, NET_PROXY_AUTH, NET_LOST: without the proxy's name. Finished; destroy
     * it. */
    void (*failed)(void *arg, const struct hawser_error *why);
};

/**
 * Start. Handler calls come from the loop, never from inside this call.
 * @param fd             borrowed until destroy, non-blocking
 * @param proxy, target  borrowed until destroy
 * @return               given; NULL with err set
 */
struct net_tunnel *net_tunnel_start(struct net_loop *loop, int fd, const struct net_proxy *proxy,
                                    const struct net_url *target,
                                    const struct net_tunnel_handler *handler, void *arg,
                                    struct hawser_error *err);
/** Stop and free; the socket stays open. NULL is allowed. Safe from its own callbacks. */
void net_tunnel_destroy(struct net_tunnel *tunnel);

#endif
