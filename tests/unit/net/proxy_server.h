/*
 * A proxy on a thread, HTTP CONNECT or SOCKS5, for one connection at a time: it carries bytes to
 * the port of 127.0.0.1 that the test names, whatever host it was asked for, and keeps what it was
 * asked.
 */
#ifndef TESTS_UNIT_NET_PROXY_SERVER_H
#define TESTS_UNIT_NET_PROXY_SERVER_H

#include <stdint.h>

struct proxy_server;

struct proxy_server_options {
    int is_socks;
    const char *user; /* the login demanded: NULL: none */
    const char *password;
    uint16_t target; /* where it leads; 0: each request is refused (HTTP 403, SOCKS 2) */
    int one_by_one;  /* its answers come byte by byte */
    int connections; /* how many in all; 0: one */
};

/** Listen on 127.0.0.1, any port, and wait for connections. */
struct proxy_server *proxy_server_start(const struct proxy_server_options *options);
uint16_t proxy_server_port(const struct proxy_server *server);
/** @return "host:port" as asked for; valid after proxy_server_join */
const char *proxy_server_asked(const struct proxy_server *server);
void proxy_server_join(struct proxy_server *server);
void proxy_server_free(struct proxy_server *server);

#endif
