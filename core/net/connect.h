/*
 * From addresses to one connected TCP socket: each in turn, a slow one overtaken by the next.
 */
#ifndef CORE_NET_CONNECT_H
#define CORE_NET_CONNECT_H

#include "hawser/error.h"
#include "net/address.h"
#include "net/loop.h"

/* An address that has not answered by then is overtaken: the next is tried beside it. */
#define NET_CONNECT_NEXT_MS 2000

struct net_connect;

struct net_connect_handler {
    /** @param fd given: non-blocking, close-on-exec, with the options of net_socket_open. Finished;
     * destroy it. */
    void (*connected)(void *arg, int fd);
    /** All addresses failed. @param why the last failure, with its address. Finished; destroy it.
     */
    void (*failed)(void *arg, const struct hawser_error *why);
};

/**
 * Start. Handler calls come from the loop, never from inside this call.
 * @param addresses  at least one, in the order to try; copied
 * @param source     source address (its port counts too), copied; NULL: any
 * @return           given; NULL: out of memory
 */
struct net_connect *net_connect_start(struct net_loop *loop, const struct net_addresses *addresses,
                                      const struct net_address *source,
                                      const struct net_connect_handler *handler, void *arg);
/** Stop and free, with every socket but one that was given away. NULL is allowed. Safe from its own
 * callbacks. */
void net_connect_destroy(struct net_connect *connect);

/**
 * A TCP socket for one address: non-blocking, close-on-exec, without Nagle's delay, with keepalive
 * and TCP_USER_TIMEOUT, bound to the source.
 * @return the descriptor; -1 with errno set
 */
int net_socket_open(const struct net_address *address, const struct net_address *source);

#endif
