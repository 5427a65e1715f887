/*
 * Client contexts and connections of TLS: what is demanded of the other side. Why it fell short is
 * put into words in tls_explain.c.
 */
#include "net/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "net/tls_impl.h"
#include "net/tls_refusal.h"

/* 112 bits: RSA and DH of 2048, no SHA-1 signatures. In code, for a system's openssl.cnf may say
 * less. */
#define SECURITY_LEVEL 2

/* OpenSSL would ask on the terminal for the password of an encrypted key. */
static int no_password(char *out, int size, int writes, void *arg)
{
    (void)out;
    (void)size;
    (void)writes;
    (void)arg;
    return -1;
}

static int set_policy(SSL_CTX *context)
{
    static const uint8_t HTTP_1_1[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    SSL_CTX_set_security_level(context, SECURITY_LEVEL);
    (void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    /* No SSL_MODE_RELEASE_BUFFERS: it allocates for each record. See stream_tls_sweep. */
    (void)SSL_CTX_set_mode(context,
                           SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_default_passwd_cb(context, no_password);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
                   SSL_CTX_set_max_proto_version(context, 0) == 1 &&
                   SSL_CTX_set_alpn_protos(context, HTTP_1_1, sizeof(HTTP_1_1)) == 0
               ? 0
               : -1;
}

static int set_roots(struct net_tls *tls, const char *ca_file, struct hawser_error *err)
{
    tls->roots = net_tls_roots_get(ca_file, err);
    if (tls->roots == NULL) {
        return -1;
    }
    SSL_CTX_set1_cert_store(tls->context, net_tls_roots_store(tls->roots));
    if (ca_file != NULL) {
        /* What the file names is trusted, be it a root, an issuer or the server's own certificate.
         */
        (void)X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(tls->context),
                                          X509_V_FLAG_PARTIAL_CHAIN);
    }
    return 0;
}

static int set_certificate(SSL_CTX *context, const struct net_tls_options *options,
                           struct hawser_error *err)
{
    if (options->certificate_file == NULL) {
        return 0;
    }
    const char *key_file = options->key_file ? options->key_file : options->certificate_file;
    if (SSL_CTX_use_certificate_chain_file(context, options->certificate_file) != 1) {
        return net_tls_refuse_file(err, "client certificate", options->certificate_file);
    }
    if (SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return net_tls_refuse_file(err, "client key", key_file);
    }
    return 0;
}

struct net_tls *net_tls_create(const struct net_tls_options *options, struct hawser_error *err)
{
    ERR_clear_error();
    struct net_tls *tls = calloc(1, sizeof(*tls));
    if (tls == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "TLS: out of memory");
        return NULL;
    }
    tls->verify_off = options->verify_off;
    tls->context    = SSL_CTX_new(TLS_client_method());
    if (tls->context == NULL || set_policy(tls->context) != 0 || net_tls_peers_prepare(tls) != 0) {
        error_set(err, HAWSER_TLS_SETUP, "TLS could not be set up: %s",
                  ERR_reason_error_string(ERR_peek_error()));
        goto fail;
    }
    SSL_CTX_set_verify(tls->context, options->verify_off ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                       options->verify_off ? NULL : net_tls_on_verify);
    if (set_roots(tls, options->ca_file, err) != 0 ||
        set_certificate(tls->context, options, err) != 0 ||
        net_tls_pins_read(tls, options->pins, err) != 0) {
        goto fail;
    }
    return tls;
fail:
    ERR_clear_error();
    net_tls_destroy(tls);
    return NULL;
}

void net_tls_destroy(struct net_tls *tls)
{
    if (tls == NULL) {
        return;
    }
    net_tls_peers_fini(tls);
    SSL_CTX_free(tls->context);
    net_tls_roots_put(tls->roots);
    free(tls);
}

static int is_literal(const char *host)
{
    uint8_t bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/* Names as of RFC 6125: no subject, no "f*.example.com". An address is no name (RFC 6066 3). */
static int set_peer(SSL *ssl, const struct net_tls *tls, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    int literal              = is_literal(host);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                               X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (!tls->verify_off) {
        int set = literal ? X509_VERIFY_PARAM_set1_ip_asc(param, host) : SSL_set1_host(ssl, host);
        if (set != 1 || net_tls_refusal_attach(ssl) != 0) {
            return -1;
        }
    }
    return literal || SSL_set_tlsext_host_name(ssl, host) == 1 ? 0 : -1;
}

SSL *net_tls_open(struct net_tls *tls, const char *host, struct hawser_error *err)
{
    ERR_clear_error();
    SSL *ssl = SSL_new(tls->context);
    if (ssl == NULL || set_peer(ssl, tls, host) != 0) {
        error_set(err, HAWSER_TLS_SETUP, "TLS for %s could not be set up", host);
        SSL_free(ssl);
        ERR_clear_error();
        return NULL;
    }
    SSL_set_connect_state(ssl);
    net_tls_peer_attach(tls, ssl, host);
    return ssl;
}

int net_tls_check_peer(struct net_tls *tls, SSL *ssl, const char *host, struct hawser_error *err)
{
    net_tls_peer_note(tls, ssl, host);
    return net_tls_pins_check(tls, SSL_get0_peer_certificate(ssl), host, err);
}
