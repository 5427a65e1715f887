/*
 * TLS towards a server: context from options, verification of chain and name, and what a failure
 * means in words.
 */
#ifndef CORE_NET_TLS_H
#define CORE_NET_TLS_H

#include <openssl/ssl.h>

#include "hawser/error.h"

/** Zero-initialised: verified against the system's roots, TLS 1.2 or newer. Strings are borrowed
 * for the call. */
struct net_tls_options {
    const char *ca_file;          /* PEM file; NULL: the system's roots */
    const char *certificate_file; /* of ours, PEM chain; NULL: none */
    const char *key_file;
    const char *const *pins; /* "sha256//BASE64" of server keys, NULL-terminated; NULL: none */
    int verify_off;          /* 1: any server is accepted (the caller warns loudly) */
};

/** Is the text a pin, "sha256//" and a digest in base64? @return 0, or -1 with err set (TLS_SETUP)
 */
int net_tls_pin_check(const char *text, struct hawser_error *err) HAWSER_MUST_CHECK;

struct net_tls; /* a client context: shared by all connections of a session; keeps sessions for
                   resumption */

/** @return given, or NULL with err set (TLS_SETUP names the file) */
struct net_tls *net_tls_create(const struct net_tls_options *options, struct hawser_error *err);
void net_tls_destroy(struct net_tls *tls);
/** @return a new SSL for `host` (SNI unless an address, name or address checked), connect state;
 * NULL with err set */
SSL *net_tls_open(struct net_tls *tls, const char *host, struct hawser_error *err);
/**
 * After the handshake, before anything is sent: is the server's key one of the pins? Notes the
 * certificate's dates.
 * @error TLS_CERTIFICATE
 */
int net_tls_check_peer(struct net_tls *tls, SSL *ssl, const char *host,
                       struct hawser_error *err) HAWSER_MUST_CHECK;
/** @return when the certificate that the host showed last expires [s since 1970]; 0: it showed none
 */
int64_t net_tls_certificate_end_s(const struct net_tls *tls, const char *host);
/**
 * Why a handshake failed, as an error; call it right after the failure, before another OpenSSL
 * call. TLS_CERTIFICATE: the X509 reason in words (wrong host and which names it has, unknown
 * issuer and its name) and what to do. TLS_CERTIFICATE_DATE: expired since when, not valid before
 * when. TLS_LOST: the connection broke. TLS_HANDSHAKE: all else, as "server speaks no TLS 1.2",
 * "server does not speak TLS on this port".
 */
void net_tls_explain(SSL *ssl, const char *host, struct hawser_error *err);
/** The same for an established connection that failed: TLS_LOST, or TLS_HANDSHAKE when the server
 * refused our certificate (TLS 1.3 says so only then). */
void net_tls_explain_loss(SSL *ssl, struct hawser_error *err);

#endif
