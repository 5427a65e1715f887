/*
 * What is said to a proxy until the way to the target is open: bytes in, bytes out, no socket. One
 * face on two protocols; proxy_http.c and proxy_socks.c speak them.
 */
#ifndef CORE_NET_PROXY_TALK_H
#define CORE_NET_PROXY_TALK_H

#include "base/buf.h"
#include "hawser/error.h"
#include "net/proxy.h"
#include "net/url.h"

#define NET_PROXY_REPLY_MAX (8u * 1024u) /* bytes of all that a proxy answers */

struct net_proxy_talk {
    const struct net_proxy *proxy; /* borrowed until fini */
    const struct net_url *target;  /* the same */
    struct buf out;                /* to be sent, in order; whoever sends consumes it */
    struct buf reply;              /* what came and is not understood yet */
    size_t taken;                  /* bytes that came, all in all */
    uint8_t step;                  /* SOCKS: which answer is due */
};

/** The first bytes are in `out` then. @return 0, or -1 with err set; fini in any case */
int net_proxy_talk_begin(struct net_proxy_talk *talk, const struct net_proxy *proxy,
                         const struct net_url *target, struct hawser_error *err) HAWSER_MUST_CHECK;
/**
 * Bytes of the proxy's, in any split.
 * @return 1: the way is open; 0: more must come, and `out` may hold more to send; -1: see err, feed
 * no more
 * @error NET_PROXY_AUTH: it demands a login, or refused ours; NET_PROXY: all else, with the HTTP
 * status or SOCKS code in words. Bytes behind the last answer are refused, too: the target does not
 * speak before we do.
 */
int net_proxy_talk_feed(struct net_proxy_talk *talk, struct hawser_slice bytes,
                        struct hawser_error *err) HAWSER_MUST_CHECK;
/** Logins are cleansed. */
void net_proxy_talk_fini(struct net_proxy_talk *talk);

/* For the two protocols; as above. `feed` looks at talk->reply. */
int net_proxy_http_begin(struct net_proxy_talk *talk, struct hawser_error *err);
int net_proxy_http_feed(struct net_proxy_talk *talk, struct hawser_error *err);
int net_proxy_socks_begin(struct net_proxy_talk *talk, struct hawser_error *err);
int net_proxy_socks_feed(struct net_proxy_talk *talk, struct hawser_error *err);

#endif
