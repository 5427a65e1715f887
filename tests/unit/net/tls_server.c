/*
 * A TLS server on a thread. See tls_server.h.
 */
#include "tls_server.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct tls_server {
    struct tls_server_options options;
    SSL_CTX *context;
    pthread_t thread;
    int listener;
    uint16_t port;
    char name[256];
    int resumed;
};

static int choose_http(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *in, unsigned in_len, void *arg)
{
    static const unsigned char WANTED[] = "\x08http/1.1";
    const char *stubborn                = arg;
    (void)ssl;
    if (stubborn != NULL) {
        *out     = (const unsigned char *)stubborn;
        *out_len = (unsigned char)strlen(stubborn);
        return SSL_TLSEXT_ERR_OK;
    }
    unsigned char *chosen = NULL;
    if (SSL_select_next_proto(&chosen, out_len, WANTED, sizeof(WANTED) - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static void serve_one(struct tls_server *server, int fd)
{
    SSL *ssl = SSL_new(server->context);
    ck_assert_ptr_nonnull(ssl);
    ck_assert_int_eq(SSL_set_fd(ssl, fd), 1);
    if (SSL_accept(ssl) == 1) {
        const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        (void)snprintf(server->name, sizeof(server->name), "%s", name == NULL ? "" : name);
        server->resumed += SSL_session_reused(ssl);
        int clean =
            server->options.serve == NULL ? 1 : server->options.serve(ssl, server->options.arg);
        if (clean) {
            (void)SSL_shutdown(ssl);
        }
    }
    /* What the client sent and nobody read would turn the close into a reset. */
    char sink[4096];
    (void)shutdown(fd, SHUT_WR);
    while (recv(fd, sink, sizeof(sink), 0) > 0) {
    }
    SSL_free(ssl);
}

static void *run(void *arg)
{
    struct tls_server *server = arg;
    int count                 = server->options.connections == 0 ? 1 : server->options.connections;
    for (int i = 0; i < count; i++) {
        int fd = accept(server->listener, NULL, NULL);
        if (fd < 0) {
            break;
        }
        serve_one(server, fd);
        (void)close(fd); /* a test's end of the wire */
    }
    return NULL;
}

static SSL_CTX *make_context(const struct tls_server_options *options)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    ck_assert_ptr_nonnull(context);
    if (options->weak) {
        SSL_CTX_set_security_level(context, 0);
    }
    ck_assert_int_eq(SSL_CTX_set_min_proto_version(context, options->min_version), 1);
    ck_assert_int_eq(SSL_CTX_set_max_proto_version(context, options->max_version), 1);
    ck_assert_int_eq(SSL_CTX_use_certificate(context, options->certificate->x509), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey(context, options->certificate->key), 1);
    SSL_CTX_set_alpn_select_cb(context, choose_http, (void *)(uintptr_t)options->protocol);
    if (options->client_authority != NULL) {
        X509_STORE *store = SSL_CTX_get_cert_store(context);
        ck_assert_int_eq(X509_STORE_add_cert(store, options->client_authority->x509), 1);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    return context;
}

struct tls_server *tls_server_start(const struct tls_server_options *options)
{
    struct tls_server *server  = calloc(1, sizeof(*server));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size             = sizeof(address);
    (void)signal(SIGPIPE, SIG_IGN); /* the server's own OpenSSL writes with write() */
    ck_assert_ptr_nonnull(server);
    server->options  = *options;
    server->context  = make_context(options);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(server->listener, 0);
    ck_assert_int_eq(bind(server->listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(server->listener, 4), 0);
    ck_assert_int_eq(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    ck_assert_int_eq(pthread_create(&server->thread, NULL, run, server), 0);
    return server;
}

uint16_t tls_server_port(const struct tls_server *server)
{
    return server->port;
}

const char *tls_server_name(const struct tls_server *server)
{
    return server->name;
}

int tls_server_resumed(const struct tls_server *server)
{
    return server->resumed;
}

void tls_server_join(struct tls_server *server)
{
    ck_assert_int_eq(pthread_join(server->thread, NULL), 0);
    server->thread = 0;
}

void tls_server_free(struct tls_server *server)
{
    if (server->thread != 0) {
        (void)shutdown(server->listener, SHUT_RDWR); /* wakes accept */
        tls_server_join(server);
    }
    (void)close(server->listener);
    SSL_CTX_free(server->context);
    free(server);
}
