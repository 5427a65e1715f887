/*
 * Socket addresses as values. See address.h.
 */
#include "net/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

int net_address_parse(const char *text, uint16_t port, struct net_address *out)
{
    uint8_t bytes[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, text, bytes) == 1) {
        net_address_make(AF_INET, bytes, port, out);
        return 0;
    }
    if (inet_pton(AF_INET6, text, bytes) == 1) {
        net_address_make(AF_INET6, bytes, port, out);
        return 0;
    }
    return -1;
}

void net_address_make(int family, const void *bytes, uint16_t port, struct net_address *out)
{
    memset(out, 0, sizeof(*out));
    if (family == AF_INET) {
        out->len                = sizeof(out->at.ipv4);
        out->at.ipv4.sin_family = AF_INET;
        out->at.ipv4.sin_port   = htons(port);
        memcpy(&out->at.ipv4.sin_addr, bytes, sizeof(out->at.ipv4.sin_addr));
        return;
    }
    out->len                 = sizeof(out->at.ipv6);
    out->at.ipv6.sin6_family = AF_INET6;
    out->at.ipv6.sin6_port   = htons(port);
    memcpy(&out->at.ipv6.sin6_addr, bytes, sizeof(out->at.ipv6.sin6_addr));
}

const char *net_address_format(const struct net_address *address, char *out)
{
    char text[INET6_ADDRSTRLEN] = "?";
    if (address->at.any.sa_family == AF_INET) {
        (void)inet_ntop(AF_INET, &address->at.ipv4.sin_addr, text, sizeof(text));
        (void)snprintf(out, NET_ADDRESS_TEXT_SIZE, "%s:%u", text, ntohs(address->at.ipv4.sin_port));
    } else {
        (void)inet_ntop(AF_INET6, &address->at.ipv6.sin6_addr, text, sizeof(text));
        (void)snprintf(out, NET_ADDRESS_TEXT_SIZE, "[%s]:%u", text,
                       ntohs(address->at.ipv6.sin6_port));
    }
    return out;
}

void net_addresses_add(struct net_addresses *list, const struct net_address *address)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].len == address->len &&
            memcmp(&list->items[i].at, &address->at, address->len) == 0) {
            return;
        }
    }
    if (list->count < NET_ADDRESSES_MAX) {
        list->items[list->count++] = *address;
    }
}

static size_t next_of(const struct net_addresses *list, size_t from, int family)
{
    while (from < list->count && list->items[from].at.any.sa_family != family) {
        from++;
    }
    return from;
}

void net_addresses_interleave(struct net_addresses *list)
{
    net_addresses_interleave_after(list, AF_INET);
}

void net_addresses_rotate(struct net_addresses *list, size_t by)
{
    struct net_addresses rotated = {.count = list->count};
    for (size_t i = 0; i < list->count; i++) {
        rotated.items[i] = list->items[(i + by) % list->count];
    }
    *list = rotated;
}

void net_addresses_interleave_after(struct net_addresses *list, int family)
{
    struct net_addresses mixed = {.count = 0};
    int turns[]                = {family == AF_INET ? AF_INET6 : AF_INET, family};
    size_t at[]                = {next_of(list, 0, turns[0]), next_of(list, 0, turns[1])};
    while (at[0] < list->count || at[1] < list->count) {
        for (size_t i = 0; i < 2; i++) {
            if (at[i] < list->count) {
                mixed.items[mixed.count++] = list->items[at[i]];
                at[i]                      = next_of(list, at[i] + 1, turns[i]);
            }
        }
    }
    *list = mixed;
}
