/*
 * A TLS server of OpenSSL's own making, for one connection after the other, on a thread: what it
 * does with each is the test's.
 */
#ifndef TESTS_UNIT_NET_TLS_SERVER_H
#define TESTS_UNIT_NET_TLS_SERVER_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdint.h>

#include "certificates.h"

struct tls_server;

/** Zero-initialised but for the certificate: TLS 1.2 and 1.3, the connection is closed properly
 * after `serve`. */
struct tls_server_options {
    const struct certificate *certificate;
    const struct certificate *client_authority; /* clients must have a certificate of it */
    int max_version;                            /* 0: the newest */
    int min_version;
    int weak;             /* no lower bound on keys */
    int connections;      /* how many in all; 0: one */
    const char *protocol; /* chosen whatever the client offers (ALPN); NULL: HTTP/1.1 */
    /** Runs on the server's thread after the handshake, blocking. NULL: nothing. @return 1: send
     * close_notify then, 0: cut */
    int (*serve)(SSL *ssl, void *arg);
    void *arg;
};

/** Listen on 127.0.0.1, any port, and wait for connections. */
struct tls_server *tls_server_start(const struct tls_server_options *options);
uint16_t tls_server_port(const struct tls_server *server);
/** @return the name that the client asked for (SNI); "" : none. Valid after tls_server_join. */
const char *tls_server_name(const struct tls_server *server);
/** @return how many handshakes resumed a session. Valid after tls_server_join. */
int tls_server_resumed(const struct tls_server *server);
/** Wait for its end. */
void tls_server_join(struct tls_server *server);
void tls_server_free(struct tls_server *server);

#endif
