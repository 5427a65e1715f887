/*
 * socket, connect, TLS, opening handshake, one after the other. See link.h.
 */
#include "link.h"

#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/slice.h"
#include "net/url.h"
#include "ws/handshake.h"

static int dial(const struct net_url *url)
{
    char port[8];
    struct addrinfo hints  = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int fd                 = -1;
    (void)snprintf(port, sizeof(port), "%u", url->port);
    if (getaddrinfo(url->host, port, &hints, &found) == 0) {
        fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
            (void)close(fd); /* nothing was sent through it */
            fd = -1;
        }
        freeaddrinfo(found);
    }
    return fd;
}

/* The library's BIO never blocks. @return 1: there is more to do now */
static int wait_for(const struct link *link, int result)
{
    struct pollfd readable = {.fd = link->fd, .events = POLLIN};
    return SSL_get_error(link->ssl, result) == SSL_ERROR_WANT_READ && poll(&readable, 1, -1) == 1;
}

static int start_tls(struct link *link, const struct bench_options *options, const char *host,
                     struct hawser_error *err)
{
    struct net_tls_options tls_options = {.ca_file = options->tls_ca};
    link->tls                          = net_tls_create(&tls_options, err);
    link->ssl    = link->tls == NULL ? NULL : net_tls_open(link->tls, host, err);
    link->cipher = malloc(LINK_CIPHER_BYTES);
    if (link->ssl == NULL || link->cipher == NULL) {
        return -1;
    }
    if (options->stock) {
        (void)SSL_set_fd(link->ssl, link->fd); /* fails as the handshake below */
    } else {
        link->bio = net_tls_bio_attach(link->ssl, link->fd);
        if (link->bio == NULL) {
            return -1;
        }
    }
    int result;
    while ((result = SSL_connect(link->ssl)) != 1 && wait_for(link, result)) {
    }
    if (result != 1) {
        net_tls_explain(link->ssl, host, err);
        return -1;
    }
    if (link->bio != NULL) {
        link->bio->fed = 1;
    }
    return 0;
}

static int send_all(struct link *link, struct hawser_slice bytes)
{
    if (link->ssl != NULL) {
        return SSL_write(link->ssl, bytes.data, (int)bytes.len) == (int)bytes.len ? 0 : -1;
    }
    return send(link->fd, bytes.data, bytes.len, MSG_NOSIGNAL) == (ssize_t)bytes.len ? 0 : -1;
}

/* @return bytes behind the response, moved to the front; -1 */
static ssize_t upgrade(struct link *link, const struct net_url *url, uint8_t *early, size_t room,
                       struct hawser_error *err)
{
    char host[300];
    char key[WS_KEY_TEXT_BYTES + 1];
    struct ws_handshake_request request = {.host = host, .path = url->path};
    struct ws_handshake_response response;
    struct buf out;
    size_t have = 0;
    int rc      = -1;
    buf_init(&out, 0);
    (void)net_url_host_header(url, host, sizeof(host)); /* URLs given here are short */
    ws_handshake_key(key);
    if (ws_handshake_build(&request, key, &out, err) == 0 && send_all(link, buf_slice(&out)) == 0) {
        rc = 0;
    }
    while (rc == 0 && have < room) {
        ssize_t got = link_read(link, early + have, room - have);
        have += got > 0 ? (size_t)got : 0;
        rc = got > 0 ? ws_handshake_check(slice_make(early, have), &request, key, &response, err)
                     : -1;
    }
    buf_fini(&out);
    if (rc != 1) {
        return -1;
    }
    have -= response.header_bytes;
    memmove(early, early + response.header_bytes, have);
    return (ssize_t)have;
}

ssize_t link_open(struct link *link, const struct bench_options *options, uint8_t *early,
                  size_t room)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct net_url url      = {0};
    ssize_t len             = -1;
    *link                   = (struct link){.fd = -1};
    if (net_url_parse(options->target, &url, &err) == 0) {
        link->fd = dial(&url);
        if (link->fd >= 0 && (!url.secure || start_tls(link, options, url.host, &err) == 0)) {
            len = upgrade(link, &url, early, room, &err);
        }
    }
    net_url_fini(&url);
    if (len < 0) {
        fprintf(stderr, "hawser-bench: %s: %s\n", options->target,
                err.message[0] != 0 ? err.message : "no connection");
        link_close(link);
    }
    return len;
}

/* One recv for many records. */
static ssize_t read_fed(struct link *link, uint8_t *to, size_t room)
{
    for (;;) {
        int got = SSL_read(link->ssl, to, (int)room);
        if (got > 0) {
            return got;
        }
        if (SSL_get_error(link->ssl, got) != SSL_ERROR_WANT_READ) {
            return 0;
        }
        ssize_t cipher = recv(link->fd, link->cipher, LINK_CIPHER_BYTES, 0);
        if (cipher <= 0) {
            return cipher;
        }
        link->bio->bytes = link->cipher;
        link->bio->len   = (size_t)cipher;
    }
}

ssize_t link_read(struct link *link, uint8_t *to, size_t room)
{
    if (link->ssl == NULL) {
        return recv(link->fd, to, room, 0);
    }
    if (link->bio != NULL) {
        return read_fed(link, to, room);
    }
    int got = SSL_read(link->ssl, to, (int)room);
    return got > 0 ? got : 0;
}

void link_close(struct link *link)
{
    SSL_free(link->ssl);
    net_tls_destroy(link->tls);
    free(link->cipher);
    if (link->fd >= 0) {
        (void)close(link->fd); /* what was received was counted */
    }
    *link = (struct link){.fd = -1};
}
