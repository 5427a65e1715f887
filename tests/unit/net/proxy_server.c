/*
 * A proxy on a thread. See proxy_server.h.
 */
#include "proxy_server.h"

#include <arpa/inet.h>
#include <check.h>
#include <openssl/evp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct proxy_server {
    struct proxy_server_options options;
    pthread_t thread;
    int listener;
    uint16_t port;
    char asked[300];
};

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(port)};
}

static int take(int fd, void *out, size_t len)
{
    return recv(fd, out, len, MSG_WAITALL) == (ssize_t)len ? 0 : -1;
}

static void say(const struct proxy_server *server, int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    size_t each    = server->options.one_by_one ? 1 : len;
    for (size_t i = 0; i < len; i += each) {
        (void)!send(fd, at + i, each, MSG_NOSIGNAL);
    }
}

static void say_text(const struct proxy_server *server, int fd, const char *text)
{
    say(server, fd, text, strlen(text));
}

static int is_login(const struct proxy_server *server, const char *request)
{
    char plain[600];
    char expected[1000];
    char encoded[900];
    int len =
        snprintf(plain, sizeof(plain), "%s:%s", server->options.user, server->options.password);
    (void)EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)plain, len);
    (void)snprintf(expected, sizeof(expected), "\r\nProxy-Authorization: Basic %s\r\n", encoded);
    return strstr(request, expected) != NULL;
}

static int serve_http(struct proxy_server *server, int fd)
{
    char request[4096] = "";
    size_t len         = 0;
    while (strstr(request, "\r\n\r\n") == NULL) {
        if (len + 1 >= sizeof(request) || take(fd, request + len, 1) != 0) {
            return -1;
        }
        request[++len] = 0;
    }
    if (sscanf(request, "CONNECT %299s HTTP/1.1\r\n", server->asked) != 1) {
        return -1;
    }
    if (server->options.user != NULL && !is_login(server, request)) {
        say_text(server, fd,
                 "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: "
                 "Basic realm=\"x\"\r\n\r\n");
        return -1;
    }
    if (server->options.target == 0) {
        say_text(server, fd, "HTTP/1.1 403 Not for you\r\nContent-Length: 2\r\n\r\nno");
        return -1;
    }
    say_text(server, fd, "HTTP/1.1 200 OK\r\n\r\n");
    return 0;
}

static int take_text(int fd, char *out)
{
    uint8_t len = 0;
    if (take(fd, &len, 1) != 0 || take(fd, out, len) != 0) {
        return -1;
    }
    out[len] = 0;
    return 0;
}

static int socks_login(struct proxy_server *server, int fd)
{
    uint8_t version = 0;
    char user[256];
    char password[256];
    if (take(fd, &version, 1) != 0 || take_text(fd, user) != 0 || take_text(fd, password) != 0) {
        return -1;
    }
    int fits =
        strcmp(user, server->options.user) == 0 && strcmp(password, server->options.password) == 0;
    say(server, fd, fits ? "\1\0" : "\1\1", 2);
    return fits ? 0 : -1;
}

static int serve_socks(struct proxy_server *server, int fd)
{
    uint8_t head[4];
    char methods[256];
    char host[256];
    uint8_t port[2];
    if (take(fd, head, 1) != 0 || take_text(fd, methods) != 0) {
        return -1;
    }
    if (server->options.user == NULL) {
        say(server, fd, "\5\0", 2);
    } else if (strchr(methods + 1, 2) == NULL) {
        say(server, fd, "\5\377", 2);
        return -1;
    } else {
        say(server, fd, "\5\2", 2);
        if (socks_login(server, fd) != 0) {
            return -1;
        }
    }
    if (take(fd, head, 4) != 0 || head[3] != 3 || take_text(fd, host) != 0 ||
        take(fd, port, 2) != 0) {
        return -1;
    }
    (void)snprintf(server->asked, sizeof(server->asked), "%s:%u", host, port[0] * 256u + port[1]);
    if (server->options.target == 0) {
        say(server, fd, "\5\2\0\1\0\0\0\0\0\0", 10);
        return -1;
    }
    say(server, fd, "\5\0\0\1\0\0\0\0\0\0", 10);
    return 0;
}

/* @return 0: that side has ended */
static int carry(int from, int to)
{
    char bytes[4096];
    ssize_t got = recv(from, bytes, sizeof(bytes), 0);
    if (got > 0) {
        (void)!send(to, bytes, (size_t)got, MSG_NOSIGNAL);
    }
    return got > 0;
}

static void lead(struct proxy_server *server, int fd)
{
    struct sockaddr_in to = loopback(server->options.target);
    int other             = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int open              = connect(other, (struct sockaddr *)&to, sizeof(to)) == 0;
    while (open) {
        struct pollfd both[] = {{.fd = fd, .events = POLLIN}, {.fd = other, .events = POLLIN}};
        (void)poll(both, 2, -1);
        open = (both[0].revents == 0 || carry(fd, other)) &&
               (both[1].revents == 0 || carry(other, fd));
    }
    (void)close(other); /* a test's end of the wire */
}

static void *run(void *arg)
{
    struct proxy_server *server = arg;
    int count = server->options.connections == 0 ? 1 : server->options.connections;
    for (int i = 0; i < count; i++) {
        int fd = accept(server->listener, NULL, NULL);
        if (fd < 0) {
            break;
        }
        if ((server->options.is_socks ? serve_socks : serve_http)(server, fd) == 0) {
            lead(server, fd);
        }
        (void)close(fd); /* a test's end of the wire */
    }
    return NULL;
}

struct proxy_server *proxy_server_start(const struct proxy_server_options *options)
{
    struct proxy_server *server = calloc(1, sizeof(*server));
    struct sockaddr_in address  = loopback(0);
    socklen_t size              = sizeof(address);
    ck_assert_ptr_nonnull(server);
    server->options  = *options;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(server->listener, 0);
    ck_assert_int_eq(bind(server->listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(server->listener, 4), 0);
    ck_assert_int_eq(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    ck_assert_int_eq(pthread_create(&server->thread, NULL, run, server), 0);
    return server;
}

uint16_t proxy_server_port(const struct proxy_server *server)
{
    return server->port;
}

const char *proxy_server_asked(const struct proxy_server *server)
{
    return server->asked;
}

void proxy_server_join(struct proxy_server *server)
{
    ck_assert_int_eq(pthread_join(server->thread, NULL), 0);
    server->thread = 0;
}

void proxy_server_free(struct proxy_server *server)
{
    if (server->thread != 0) {
        (void)shutdown(server->listener, SHUT_RDWR); /* wakes accept */
        proxy_server_join(server);
    }
    (void)close(server->listener);
    free(server);
}
