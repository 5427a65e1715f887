/*
 * Datagrams to one StatsD daemon, over UDP or a unix socket. Never blocks; what does not go out at
 * once is lost, and the caller counts it.
 */
#ifndef STATSD_SOCKET_H
#define STATSD_SOCKET_H

#include "hawser/base.h"

struct statsd_socket;

/** What became of a datagram. */
struct statsd_sent {
    int is_lost;         /* this one did not go out */
    int is_earlier_lost; /* one that had gone out before turned out to be refused */
    const char *why;     /* where either is set; borrowed until the next call */
};

/** Is it HOST:PORT, [IPV6]:PORT or unix:/PATH, in the lengths that exist? @return 0, or -1 with
 * `why` set to a constant text */
int statsd_socket_check(const char *address, const char **why);
/**
 * A socket for an address that passed statsd_socket_check. A name is looked up; what is sent before
 * the answer is lost.
 * @param wait_ms  how long to wait for that answer here
 * @return given; NULL: no memory
 */
struct statsd_socket *statsd_socket_create(const char *address, int64_t wait_ms);
/** NULL is allowed. */
void statsd_socket_destroy(struct statsd_socket *sock);
/** Send one datagram. Where nobody listens at an address of the name, the next one is tried. */
struct statsd_sent statsd_socket_send(struct statsd_socket *sock, const char *bytes, size_t len);
/** Once a flush: take over a finished lookup, and begin one when datagrams were lost. */
void statsd_socket_refresh(struct statsd_socket *sock);

#endif
