/*
 * Names that this machine knows without asking: the hosts file, and localhost.
 */
#ifndef CORE_NET_HOSTS_H
#define CORE_NET_HOSTS_H

#include "net/address.h"

/**
 * Look a name up in a hosts file. `localhost` and names under it are always known (RFC 6761 6.3).
 *
 * @param path  e.g. "/etc/hosts"; one that cannot be read holds nothing
 * @param out   addresses are added to it
 * @return      how many were added
 */
size_t net_hosts_find(const char *path, const char *host, uint16_t port, struct net_addresses *out);

#endif
