/*
 * From a URL to a connected stream's parts: resolve, connect to the addresses in turn, through a
 * proxy if there is one, TLS handshake. Reports each phase. Deadlines are the caller's: destroying
 * the dial stops it at any point.
 */
#ifndef CORE_NET_DIAL_H
#define CORE_NET_DIAL_H

#include "net/loop.h"
#include "net/proxy.h"
#include "net/tls.h"
#include "net/url.h"

/** A proxy's answer belongs to CONNECTING; with a proxy RESOLVING is about its name. */
enum net_phase { NET_PHASE_RESOLVING, NET_PHASE_CONNECTING, NET_PHASE_TLS };

/** How to get to the target. Zero-initialised: straight, from any address. */
struct net_path {
    const struct net_proxy *proxy; /* NULL: none */
    const char *bind;              /* source address; NULL: any */
    uint32_t first_address;  /* which of those that are found is tried first, round and round */
    int64_t user_timeout_ms; /* of each socket: connect.h */
    int64_t keepalive_ms;
};

struct net_dial;

struct net_dial_handler {
    /** A phase begins. The first comes before net_dial_start returns. */
    void (*phase)(void *arg, enum net_phase phase);
    /** Connected. @param fd given @param ssl given; NULL: plain. The dial is finished; destroy it.
     */
    void (*connected)(void *arg, int fd, SSL *ssl);
    /** Failed for good (all addresses). The dial is finished; destroy it. */
    void (*failed)(void *arg, const struct hawser_error *why);
};

/**
 * Start. Handler calls other than the first `phase` come from the loop, never from inside this
 * call.
 *
 * @param url   borrowed until destroy
 * @param tls   borrowed until destroy; needed when url->secure
 * @param path  borrowed until destroy; NULL: straight, from any address
 * @return      given; NULL with err set
 */
struct net_dial *net_dial_start(struct net_loop *loop, const struct net_url *url,
                                struct net_tls *tls, const struct net_path *path,
                                const struct net_dial_handler *handler, void *arg,
                                struct hawser_error *err);
/** Stop and free. NULL is allowed. Safe from its own callbacks. */
void net_dial_destroy(struct net_dial *dial);

#endif
