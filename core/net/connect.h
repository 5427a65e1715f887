/*
 * From addresses to one connected TCP socket: each in turn, a slow one overtaken by the next (RFC
 * 8305).
 */
#ifndef CORE_NET_CONNECT_H
#define CORE_NET_CONNECT_H

#include "hawser/error.h"
#include "net/address.h"
#include "net/loop.h"

/* An address that has not answered by then is overtaken: the next is tried beside it (RFC 8305 5,
 * "Connection Attempt Delay"). */
#define NET_CONNECT_NEXT_MS 250

#define NET_USER_TIMEOUT_MS 30000
#define NET_KEEPALIVE_MS    30000

/** Of each socket. Zero means the default named. */
struct net_socket_options {
    const struct net_address *source; /* its port counts too; NULL: any */
    int64_t user_timeout_ms; /* unacknowledged bytes end the connection; NET_USER_TIMEOUT_MS */
    int64_t keepalive_ms;    /* silence before probes, each a third of it later; NET_KEEPALIVE_MS;
                                -1: none */
};

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
 * @param more       1: net_connect_add follows; until then a failure of all is not told
 * @param options    copied, with the source; NULL: defaults
 * @return           given; NULL: out of memory
 */
struct net_connect *net_connect_start(struct net_loop *loop, const struct net_addresses *addresses,
                                      int more, const struct net_socket_options *options,
                                      const struct net_connect_handler *handler, void *arg);
/** The rest of the addresses, perhaps none, for a start with `more`; families take turns among all
 * that were not tried yet. Handler calls come from the loop. */
void net_connect_add(struct net_connect *connect, const struct net_addresses *addresses);
/** Stop and free, with every socket but one that was given away. NULL is allowed. Safe from its own
 * callbacks. */
void net_connect_destroy(struct net_connect *connect);

/**
 * A TCP socket for one address: non-blocking, close-on-exec, without Nagle's delay, with keepalive
 * and TCP_USER_TIMEOUT, bound to the source. A kernel without an option still carries data.
 * @return the descriptor; -1 with errno set
 */
int net_socket_open(const struct net_address *address, const struct net_socket_options *options);

#endif
