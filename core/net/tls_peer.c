/*
 * What is kept of hosts between connections: the last session that can be resumed (a reconnect then
 * costs no signature and one round trip less), and the dates of the certificate. A session is
 * resumed for the host that it was made with alone, and never after its certificate has expired:
 * OpenSSL checks neither again.
 */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "net/tls_impl.h"

static int slot_index           = -1; /* of an SSL: its peer's place, counted from 1 */
static pthread_once_t slot_once = PTHREAD_ONCE_INIT;

static void make_index(void)
{
    slot_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

/* OpenSSL: a server offered a session. @return 1: it is ours now */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
    struct net_tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    uintptr_t slot      = (uintptr_t)SSL_get_ex_data(ssl, slot_index);
    if (tls == NULL || slot == 0 || !SSL_SESSION_is_resumable(session)) {
        return 0;
    }
    struct net_tls_peer *peer = &tls->peers[slot - 1];
    SSL_SESSION_free(peer->session);
    peer->session = session;
    return 1;
}

int net_tls_peers_prepare(struct net_tls *tls)
{
    (void)pthread_once(&slot_once, make_index);
    if (slot_index < 0 || SSL_CTX_set_app_data(tls->context, tls) != 1) {
        return -1;
    }
    (void)SSL_CTX_set_session_cache_mode(tls->context,
                                         SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(tls->context, on_session);
    return 0;
}

void net_tls_peers_fini(struct net_tls *tls)
{
    if (tls->context != NULL) { /* connections may outlive us, and hold it */
        (void)SSL_CTX_set_app_data(tls->context, NULL);
    }
    for (size_t i = 0; i < tls->peer_count; i++) {
        free(tls->peers[i].host);
        SSL_SESSION_free(tls->peers[i].session);
    }
    tls->peer_count = 0;
}

static struct net_tls_peer *find(const struct net_tls *tls, const char *host)
{
    for (size_t i = 0; i < tls->peer_count; i++) {
        if (strcmp(tls->peers[i].host, host) == 0) {
            return (struct net_tls_peer *)&tls->peers[i];
        }
    }
    return NULL;
}

static struct net_tls_peer *find_or_add(struct net_tls *tls, const char *host)
{
    struct net_tls_peer *peer = find(tls, host);
    if (peer != NULL || tls->peer_count == NET_TLS_PEERS_MAX) {
        return peer;
    }
    peer       = &tls->peers[tls->peer_count];
    peer->host = strdup(host);
    if (peer->host == NULL) {
        return NULL;
    }
    tls->peer_count++;
    return peer;
}

static int may_resume(const struct net_tls_peer *peer)
{
    time_t now = time(NULL);
    return peer->session != NULL && SSL_SESSION_is_resumable(peer->session) &&
           now >= peer->not_before && now < peer->not_after &&
           now - SSL_SESSION_get_time(peer->session) < SSL_SESSION_get_timeout(peer->session);
}

void net_tls_peer_attach(struct net_tls *tls, SSL *ssl, const char *host)
{
    struct net_tls_peer *peer = find_or_add(tls, host);
    if (peer == NULL) {
        return;
    }
    if (may_resume(peer)) {
        (void)SSL_set_session(ssl, peer->session); /* else the handshake is a whole one */
        ERR_clear_error();
    }
    /* A ticket of TLS 1.3 is shown once, so that whoever listens cannot tell that it is us again
     * (RFC 8446 C.4). And what fails with a session is not tried with it again. */
    SSL_SESSION_free(peer->session);
    peer->session = NULL;
    (void)SSL_set_ex_data(ssl, slot_index, (void *)(uintptr_t)(peer - tls->peers + 1));
}

static time_t seconds_of(const ASN1_TIME *time, time_t otherwise)
{
    struct tm tm;
    return ASN1_TIME_to_tm(time, &tm) == 1 ? timegm(&tm) : otherwise;
}

void net_tls_peer_note(struct net_tls *tls, SSL *ssl, const char *host)
{
    struct net_tls_peer *peer = find_or_add(tls, host);
    const X509 *certificate   = SSL_get0_peer_certificate(ssl);
    if (peer == NULL || certificate == NULL) {
        return;
    }
    peer->not_before = seconds_of(X509_get0_notBefore(certificate), 0);
    peer->not_after  = seconds_of(X509_get0_notAfter(certificate), 0);
    /* TLS 1.2 goes on with the same session, and offers no other */
    if (SSL_session_reused(ssl) && SSL_version(ssl) < TLS1_3_VERSION && peer->session == NULL) {
        peer->session = SSL_get1_session(ssl);
    }
}

int64_t net_tls_certificate_end_s(const struct net_tls *tls, const char *host)
{
    const struct net_tls_peer *peer = find(tls, host);
    return peer == NULL ? 0 : peer->not_after;
}
