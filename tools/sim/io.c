/*
 * Sockets, plain or TLS. See io.h.
 */
#include "sim/io.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"

/* What a TLS call that did not succeed means to the caller. Writes wait for the socket like reads
 * do: the writable event is asked for by the one who writes. */
static ssize_t tls_outcome(struct sim_conn *conn, int rc)
{
    int why = SSL_get_error(conn->ssl, rc);
    ERR_clear_error();
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

ssize_t sim_io_read(struct sim_conn *conn, uint8_t *out, size_t len)
{
    if (conn->ssl != NULL) {
        int rc = SSL_read(conn->ssl, out, (int)len);
        return rc > 0 ? rc : tls_outcome(conn, rc);
    }
    ssize_t count;
    do {
        count = recv(conn->fd, out, len, 0);
    } while (count < 0 && errno == EINTR);
    if (count > 0) {
        return count;
    }
    return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : -1;
}

ssize_t sim_io_write(struct sim_conn *conn, const uint8_t *bytes, size_t len)
{
    if (conn->ssl != NULL) {
        /* A record that was begun must be offered again at no less than its length. */
        len             = len < conn->tls_begun ? conn->tls_begun : len;
        int rc          = SSL_write(conn->ssl, bytes, (int)(len > INT32_MAX ? INT32_MAX : len));
        conn->tls_begun = rc > 0 ? 0 : len;
        return rc > 0 ? rc : tls_outcome(conn, rc);
    }
    ssize_t count;
    do {
        count = send(conn->fd, bytes, len, MSG_NOSIGNAL);
    } while (count < 0 && errno == EINTR);
    if (count >= 0) {
        return count;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
}

int sim_io_start_tls(struct sim_conn *conn, SSL_CTX *ssl_ctx)
{
    conn->ssl = SSL_new(ssl_ctx);
    if (conn->ssl == NULL || SSL_set_fd(conn->ssl, conn->fd) != 1) {
        return -1;
    }
    SSL_set_accept_state(conn->ssl);
    return 0;
}

int sim_io_accept(struct sim_conn *conn)
{
    int rc = SSL_do_handshake(conn->ssl);
    if (rc == 1) {
        return 1;
    }
    return tls_outcome(conn, rc) < 0 ? -1 : 0;
}

SSL_CTX *sim_io_tls_context(const char *cert, const char *key, struct hawser_error *err)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL || SSL_CTX_use_certificate_chain_file(ctx, cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ctx) != 1) {
        unsigned long why = ERR_get_error();
        const char *text  = ERR_SYSTEM_ERROR(why) ? strerror((int)ERR_GET_REASON(why))
                                                  : ERR_reason_error_string(why);
        error_set(err, HAWSER_TLS_SETUP, "%s, %s: %s", cert, key,
                  text == NULL ? "not usable" : text);
        error_set_cause(err, HAWSER_CAUSE_TLS, (int64_t)why);
        ERR_clear_error();
        SSL_CTX_free(ctx);
        return NULL;
    }
    (void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    return ctx;
}
