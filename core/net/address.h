/*
 * Socket addresses as values: from text, to text, and in a bounded list.
 */
#ifndef CORE_NET_ADDRESS_H
#define CORE_NET_ADDRESS_H

#include <netinet/in.h>

#include "hawser/base.h"

#define NET_ADDRESSES_MAX     16u
#define NET_ADDRESS_TEXT_SIZE 64u

struct net_address {
    union {
        struct sockaddr any;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
    } at;
    socklen_t len;
};

struct net_addresses {
    struct net_address items[NET_ADDRESSES_MAX];
    size_t count;
};

/** @param text an IPv4 or IPv6 literal, no brackets. @return 0; -1: it is none */
int net_address_parse(const char *text, uint16_t port, struct net_address *out) HAWSER_MUST_CHECK;
/** @param bytes 4 or 16 in network order, as family says (AF_INET, AF_INET6) */
void net_address_make(int family, const void *bytes, uint16_t port, struct net_address *out);
/** "192.0.2.1:443", "[2001:db8::1]:443". @param out of NET_ADDRESS_TEXT_SIZE. @return out */
const char *net_address_format(const struct net_address *address, char *out);
/** Add at the end; one that is there already, or is one too many, is left out. */
void net_addresses_add(struct net_addresses *list, const struct net_address *address);
/** The first `by` addresses go to the end, round and round. */
void net_addresses_rotate(struct net_addresses *list, size_t by);
/** IPv6 and IPv4 in turn, IPv6 first, each family in its old order. @source RFC 8305 4 */
void net_addresses_interleave(struct net_addresses *list);
/** The same behind an address of `family`: the other one comes first. */
void net_addresses_interleave_after(struct net_addresses *list, int family);

#endif
