/*
 * From a URL to a connected stream's parts: resolve, connect to the addresses in turn, TLS
 * handshake. Reports each phase. Deadlines are the caller's: destroying the dial stops it at any
 * point.
 */
#ifndef CORE_NET_DIAL_H
#define CORE_NET_DIAL_H

#include "net/loop.h"
#include "net/tls.h"
#include "net/url.h"

enum net_phase { NET_PHASE_RESOLVING, NET_PHASE_CONNECTING, NET_PHASE_TLS };

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
 * @param bind  source address, or NULL
 * @return      given; NULL with err set
 */
struct net_dial *net_dial_start(struct net_loop *loop, const struct net_url *url,
                                struct net_tls *tls, const char *bind,
                                const struct net_dial_handler *handler, void *arg,
                                struct hawser_error *err);
/** Stop and free. NULL is allowed. Safe from its own callbacks. */
void net_dial_destroy(struct net_dial *dial);

#endif
