/*
 * ws:// and wss:// URLs in parts (RFC 6455 3, RFC 3986).
 */
#ifndef CORE_NET_URL_H
#define CORE_NET_URL_H

#include "hawser/error.h"

struct net_url {
    char *host;         /* without brackets, lower case */
    char *path;         /* with query; "/" where there is none; never a fragment */
    uint16_t port;      /* 80 or 443 where there is none */
    uint8_t secure;     /* wss */
    uint8_t is_address; /* host is an IPv4 or IPv6 literal */
};

/** @param out filled on success; release with net_url_fini. @error NET_URL: what is wrong with it,
 * and what was expected */
int net_url_parse(const char *text, struct net_url *out,
                  struct hawser_error *err) HAWSER_MUST_CHECK;
void net_url_fini(struct net_url *url);
/**
 * For other kinds of URL: no longer than is sane, no space, control character or fragment in it.
 * @error NET_URL, without the word url
 */
int net_url_check_characters(const char *text, struct hawser_error *err) HAWSER_MUST_CHECK;
/**
 * HOST[:PORT] alone. @param out host and is_address are filled, also on failure; port only where
 * one is written. @error NET_URL, without the word url
 */
int net_url_parse_host(struct hawser_slice authority, struct net_url *out,
                       struct hawser_error *err) HAWSER_MUST_CHECK;
/** Host header's value: with the port unless it is the scheme's own, IPv6 in brackets. @return
 * bytes, as snprintf */
int net_url_host_header(const struct net_url *url, char *out, size_t size);

#endif
