/*
 * The inside of a client context, for the files tls_*.c alone.
 */
#ifndef CORE_NET_TLS_IMPL_H
#define CORE_NET_TLS_IMPL_H

#include <openssl/sha.h>
#include <time.h>

#include "net/tls.h"

#define NET_TLS_PEERS_MAX 16u /* hosts whose sessions are kept; beyond that nothing is resumed */
#define NET_TLS_PINS_MAX  16u

/** What is known of one host. */
struct net_tls_peer {
    char *host;
    SSL_SESSION *session; /* the newest that can be resumed; NULL: none */
    time_t not_before;    /* of its certificate */
    time_t not_after;     /* 0: none was seen */
};

struct net_tls_roots;

struct net_tls {
    SSL_CTX *context;
    struct net_tls_roots *roots;
    int verify_off;
    struct net_tls_peer peers[NET_TLS_PEERS_MAX];
    size_t peer_count;
    uint8_t pins[NET_TLS_PINS_MAX][SHA256_DIGEST_LENGTH];
    size_t pin_count;
};

/* tls_peer.c */
/** Keep the sessions that servers offer. @return 0; -1: out of memory */
int net_tls_peers_prepare(struct net_tls *tls);
void net_tls_peers_fini(struct net_tls *tls);
/** Resume the host's last session, if there is one, and keep those that come. Not resuming is no
 * failure. */
void net_tls_peer_attach(struct net_tls *tls, SSL *ssl, const char *host);
/** After a handshake: note how long the certificate is valid, keep the session if it goes on. */
void net_tls_peer_note(struct net_tls *tls, SSL *ssl, const char *host);

/* tls_roots.c */
/**
 * The trusted roots of a file, shared by all contexts that want the same file as it is now.
 * @param ca_file NULL: the system's roots. @return given; NULL with err set (TLS_SETUP, or memory)
 */
struct net_tls_roots *net_tls_roots_get(const char *ca_file, struct hawser_error *err);
/** NULL is allowed. */
void net_tls_roots_put(struct net_tls_roots *roots);
X509_STORE *net_tls_roots_store(const struct net_tls_roots *roots);
/** Say which file is of no use, with OpenSSL's reason for it. @return -1 */
int net_tls_refuse_file(struct hawser_error *err, const char *what, const char *file);

/* tls_pin.c */
/** @param pins NULL-terminated, or NULL. @return 0, or -1 with err set (TLS_SETUP) */
int net_tls_pins_read(struct net_tls *tls, const char *const *pins,
                      struct hawser_error *err) HAWSER_MUST_CHECK;
/** @return 0: there are no pins, or the key is one of them; -1 with err set (TLS_CERTIFICATE) */
int net_tls_pins_check(const struct net_tls *tls, X509 *certificate, const char *host,
                       struct hawser_error *err) HAWSER_MUST_CHECK;

#endif
