/*
 * Between tls.c and tls_explain.c: what the verification of a chain found, kept with the SSL.
 */
#ifndef CORE_NET_TLS_REFUSAL_H
#define CORE_NET_TLS_REFUSAL_H

#include <openssl/ssl.h>

#define NET_TLS_REFUSAL_SIZE 320

struct net_tls_refusal {
    int number;                      /* X509_V_ERR_*; X509_V_OK: nothing was refused */
    char text[NET_TLS_REFUSAL_SIZE]; /* in words, without the host */
};

/** OpenSSL's verify callback: describes the first error of a chain, and lets it stand. */
int net_tls_on_verify(int ok, X509_STORE_CTX *store);
/** Give an SSL its (empty) refusal; it goes with the SSL. @return 0; -1: out of memory */
int net_tls_refusal_attach(SSL *ssl);

#endif
