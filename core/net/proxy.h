/*
 * Proxies in parts: HTTP CONNECT (RFC 9110 9.3.6) and SOCKS5 (RFC 1928, RFC 1929). Names of targets
 * are always resolved by the proxy.
 */
#ifndef CORE_NET_PROXY_H
#define CORE_NET_PROXY_H

#include "hawser/error.h"

#define NET_PROXY_LOGIN_MAX 255u /* of a user name, and of a password: RFC 1929 2 */

enum net_proxy_kind { NET_PROXY_HTTP, NET_PROXY_SOCKS5 };

struct net_proxy {
    char *host; /* without brackets, lower case */
    char *user; /* NULL: no login */
    char *password;
    uint16_t port; /* 80 (http) or 1080 (socks5) where there is none */
    uint8_t kind;  /* enum net_proxy_kind */
};

/**
 * http://[USER:PASSWORD@]HOST[:PORT] or socks5://...; %XX in user and password.
 * @param out filled on success; release with net_proxy_fini. @error NET_URL: what is wrong with it,
 * and what was expected; never the text itself
 */
int net_proxy_parse(const char *text, struct net_proxy *out,
                    struct hawser_error *err) HAWSER_MUST_CHECK;
/** The login's bytes are cleansed. NULL is allowed. */
void net_proxy_fini(struct net_proxy *proxy);
/**
 * Another login than that of the URL, copied.
 * @return 0, or -1 with err set (the old one stays): NET_URL for one that cannot be sent
 */
int net_proxy_set_login(struct net_proxy *proxy, const char *user, const char *password,
                        struct hawser_error *err) HAWSER_MUST_CHECK;

#endif
