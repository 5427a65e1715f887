/*
 * `serve`: sends the mix to one client after the other, from memory that is ready to go. Blocking,
 * so that it takes as little CPU as a sender can.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/slice.h"
#include "bench.h"
#include "wire.h"
#include "ws/handshake.h"

#define PIECE_BYTES   (64u * 1024u) /* of one send, flat out */
#define RECORD_BYTES  (16u * 1024u)
#define DRAIN_SECONDS 2
#define BACKLOG       1024
#define SLEEP_NS      200000 /* with less time than this left to the next message, it spins */

struct server {
    const struct bench_options *options;
    SSL_CTX *tls; /* NULL: plain */
    int listener;
    struct wire wire;
};

struct peer {
    int fd;
    SSL *ssl;
};

static int64_t now_ns(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* this clock is always there */
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static ssize_t peer_read(struct peer *peer, void *to, size_t room)
{
    return peer->ssl != NULL ? SSL_read(peer->ssl, to, (int)room) : recv(peer->fd, to, room, 0);
}

static int peer_write(struct peer *peer, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = peer->ssl != NULL ? SSL_write(peer->ssl, bytes, (int)len)
                                         : send(peer->fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0) {
            return -1;
        }
        bytes += sent;
        len -= (size_t)sent;
    }
    return 0;
}

/* Records wait until a piece is full, so that a sender that encrypts message by message keeps up
 * with a client that decrypts them: a client that sleeps between two messages is measured for its
 * sleep. */
static int start_tls(struct server *server, struct peer *peer)
{
    peer->ssl   = SSL_new(server->tls);
    BIO *socket = BIO_new_socket(peer->fd, BIO_NOCLOSE);
    BIO *buffer = BIO_new(BIO_f_buffer());
    if (peer->ssl == NULL || socket == NULL || buffer == NULL || BIO_up_ref(socket) != 1) {
        BIO_free(socket);
        BIO_free(buffer);
        return -1;
    }
    (void)BIO_set_write_buffer_size(buffer, PIECE_BYTES); /* else it has its own size */
    SSL_set_bio(peer->ssl, socket, BIO_push(buffer, socket));
    return SSL_accept(peer->ssl) == 1 ? 0 : -1;
}

static int flush_records(struct peer *peer)
{
    return peer->ssl == NULL || BIO_flush(SSL_get_wbio(peer->ssl)) == 1 ? 0 : -1;
}

static int upgrade(struct peer *peer)
{
    char request[WS_HANDSHAKE_MAX_BYTES];
    struct ws_handshake_offer offer;
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct buf answer;
    size_t have = 0;
    int status  = 0;
    int rc      = 0;
    while (rc == 0 && have < sizeof(request)) {
        ssize_t got = peer_read(peer, request + have, sizeof(request) - have);
        if (got <= 0) {
            return -1;
        }
        have += (size_t)got;
        rc = ws_handshake_parse(slice_make(request, have), &offer, &status, &err);
    }
    if (rc != 1) {
        fprintf(stderr, "hawser-bench: a client's handshake: %s\n", err.message);
        return -1;
    }
    buf_init(&answer, 0);
    rc = ws_handshake_answer(&offer, NULL, NULL, &answer) == 0
             ? peer_write(peer, buf_data(&answer), answer.len)
             : -1;
    buf_fini(&answer);
    return rc == 0 ? flush_records(peer) : -1;
}

/* Messages that lie in a row, up to a piece, and where one record is to hold one message, one. */
static uint64_t row_of(const struct server *server, uint64_t done, size_t piece)
{
    const struct wire *wire = &server->wire;
    size_t first            = (size_t)(done % MIX_MESSAGES);
    size_t last             = first + 1;
    uint64_t most           = server->options->count - done; /* huge where there is no count */
    while (last < MIX_MESSAGES && last - first < most &&
           wire->starts[last + 1] - wire->starts[first] <= piece) {
        last++;
    }
    return last - first;
}

static int send_flat_out(struct server *server, struct peer *peer)
{
    const struct wire *wire = &server->wire;
    size_t piece            = peer->ssl == NULL              ? PIECE_BYTES
                              : server->options->big_records ? RECORD_BYTES
                                                             : 0;
    uint64_t done           = 0;
    while (done == 0 || done != server->options->count) {
        size_t at    = (size_t)(done % MIX_MESSAGES);
        uint64_t row = row_of(server, done, piece);
        if (peer_write(peer, wire->bytes + wire->starts[at],
                       wire->starts[at + (size_t)row] - wire->starts[at]) != 0) {
            return -1;
        }
        done += row;
    }
    return 0;
}

static void wait_until(int64_t due_ns)
{
    int64_t left;
    while ((left = due_ns - now_ns()) > 0) {
        if (left > SLEEP_NS) {
            struct timespec nap = {.tv_nsec = left < 100000000 ? left - SLEEP_NS : 100000000};
            (void)nanosleep(&nap, NULL); /* a short sleep is made up for by the loop */
        }
    }
}

static int send_paced(struct server *server, struct peer *peer)
{
    struct wire *wire = &server->wire;
    double gap_ns     = server->options->rate > 0 ? 1e9 / (double)server->options->rate : 0;
    int64_t started   = now_ns();
    for (uint64_t i = 0; i == 0 || i != server->options->count; i++) {
        size_t at = (size_t)(i % MIX_MESSAGES);
        wait_until(started + (int64_t)(gap_ns * (double)i));
        wire_stamp(wire, at, now_ns());
        if (peer_write(peer, wire->bytes + wire->starts[at],
                       wire->starts[at + 1] - wire->starts[at]) != 0 ||
            flush_records(peer) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Close frame, end of our side, and then whatever the client still says. */
static void finish(struct peer *peer)
{
    static const uint8_t CLOSE[] = {0x88, 0x02, 0x03, 0xe8};
    struct timeval limit         = {.tv_sec = DRAIN_SECONDS};
    char rest[4096];
    if (peer_write(peer, CLOSE, sizeof(CLOSE)) != 0) {
        return;
    }
    if (peer->ssl != NULL) {
        (void)SSL_shutdown(peer->ssl); /* the client may be gone */
        (void)flush_records(peer);     /* as above */
    }
    (void)shutdown(peer->fd, SHUT_WR);                                          /* as above */
    (void)setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)); /* else it waits */
    while (recv(peer->fd, rest, sizeof(rest), 0) > 0) {
    }
}

static void serve_one(struct server *server, int fd)
{
    int on           = 1;
    struct peer peer = {.fd = fd};
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* slower without, not wrong */
    if (server->tls != NULL && start_tls(server, &peer) != 0) {
        goto done;
    }
    if (upgrade(&peer) != 0) {
        goto done;
    }
    if (server->options->silent) {
        return; /* kept to the end of the process, TLS state and all */
    }
    int paced = server->options->rate > 0 || server->options->stamped;
    if ((paced ? send_paced(server, &peer) : send_flat_out(server, &peer)) == 0) {
        finish(&peer);
    }
done:
    SSL_free(peer.ssl);
    (void)close(fd); /* all was said in finish */
}

static int open_listener(struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port   = htons(server->options->port),
                                  .sin_addr   = {htonl(INADDR_LOOPBACK)}};
    socklen_t len              = sizeof(address);
    int on                     = 1;
    server->listener           = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0 ||
        setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(server->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(server->listener, BACKLOG) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &len) != 0) {
        fprintf(stderr, "hawser-bench: listen: %s\n", strerror(errno));
        return -1;
    }
    printf("listening %s://127.0.0.1:%u/\n", server->tls != NULL ? "wss" : "ws",
           ntohs(address.sin_port));
    return fflush(stdout);
}

/* What exchanges negotiate most: TLS 1.3, AES-128-GCM. */
static int open_tls(struct server *server)
{
    server->tls = SSL_CTX_new(TLS_server_method());
    if (server->tls == NULL ||
        SSL_CTX_use_certificate_chain_file(server->tls, server->options->tls_cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(server->tls, server->options->tls_key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_set_ciphersuites(server->tls, "TLS_AES_128_GCM_SHA256") != 1 ||
        SSL_CTX_set_num_tickets(server->tls, 0) != 1) {
        fprintf(stderr, "hawser-bench: %s and %s are no certificate and its key\n",
                server->options->tls_cert, server->options->tls_key);
        return -1;
    }
    return 0;
}

static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* too few shows in the connections */
    }
}

int bench_serve(const struct bench_options *options)
{
    static struct server server; /* its tables are large */
    static struct mix mix;
    server.options = options;
    if (mix_init(&mix, options->stamped) != 0 ||
        wire_init(&server.wire, &mix, options->binary) != 0) {
        fprintf(stderr, "hawser-bench: out of memory\n");
        return -1;
    }
    raise_limit();
    if (((options->tls_cert == NULL) != (options->tls_key == NULL))) {
        fprintf(stderr, "hawser-bench: --tls-cert and --tls-key go together\n");
        return -1;
    }
    if ((options->tls_cert != NULL && open_tls(&server) != 0) || open_listener(&server) != 0) {
        return -1;
    }
    for (;;) {
        int fd = accept4(server.listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0 && errno != EINTR && errno != ECONNABORTED) {
            fprintf(stderr, "hawser-bench: accept: %s\n", strerror(errno));
            return -1;
        }
        if (fd >= 0) {
            serve_one(&server, fd);
        }
    }
}
