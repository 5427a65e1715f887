/*
 * What stands between OpenSSL and the socket: a BIO that sends without SIGPIPE, and reads from the
 * socket (handshake) or from bytes that were received already (stream; one recv for many records).
 */
#ifndef CORE_NET_TLS_BIO_H
#define CORE_NET_TLS_BIO_H

#include <openssl/ssl.h>

#include "base/buf.h"

struct net_tls_bio {
    int fd;
    int fed;              /* reads come from `bytes`, not from the socket */
    int ended;            /* no bytes will follow */
    int failure;          /* errno of the last call that failed for good; 0: none did */
    const uint8_t *bytes; /* borrowed from who feeds */
    size_t len;
    struct buf held; /* ciphertext that who feeds keeps here between two reads */
};

/** Give an SSL a new BIO of this kind, in both directions; it goes with the SSL. @return it; NULL:
 * out of memory */
struct net_tls_bio *net_tls_bio_attach(SSL *ssl, int fd);
/** @return the BIO of an SSL when it is of this kind, else NULL */
struct net_tls_bio *net_tls_bio_of(const SSL *ssl);

#endif
