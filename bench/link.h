/*
 * A blocking WebSocket link without the library's stream and reader: for the limits that they are
 * measured against.
 */
#ifndef BENCH_LINK_H
#define BENCH_LINK_H

#include "bench.h"
#include "net/tls.h"
#include "net/tls_bio.h"

#define LINK_CIPHER_BYTES (64u * 1024u)

struct link {
    int fd;
    struct net_tls *tls;
    SSL *ssl; /* NULL: plain */
    struct net_tls_bio *bio;
    uint8_t *cipher;
};

/**
 * Connect and shake hands.
 * @param early  what came behind the response, up to `room` bytes
 * @return its length; -1: it has said why
 */
ssize_t link_open(struct link *link, const struct bench_options *options, uint8_t *early,
                  size_t room);
/** Hot. @return bytes; 0: the end; -1: an error */
ssize_t link_read(struct link *link, uint8_t *to, size_t room);
void link_close(struct link *link);

#endif
