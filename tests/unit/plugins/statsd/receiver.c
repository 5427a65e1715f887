/*
 * See receiver.h.
 */
#include "receiver.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int open_bound(const void *address, socklen_t len)
{
    const struct sockaddr *name = address;
    int fd                      = socket(name->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, name, len) != 0) {
        (void)close(fd); /* not bound */
        fd = -1;
    }
    return fd;
}

static unsigned port_of(int fd)
{
    struct sockaddr_storage name = {0};
    socklen_t len                = sizeof(name);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&name, &len), 0);
    uint16_t port = 0;
    memcpy(&port,
           name.ss_family == AF_INET6 ? (const void *)&((struct sockaddr_in6 *)&name)->sin6_port
                                      : (const void *)&((struct sockaddr_in *)&name)->sin_port,
           sizeof(port));
    return ntohs(port);
}

int receiver_open_udp(struct receiver *receiver, int ipv6)
{
    struct {
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } name = {.v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
              .v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT}};
    receiver->fd =
        ipv6 ? open_bound(&name.v6, sizeof(name.v6)) : open_bound(&name.v4, sizeof(name.v4));
    if (receiver->fd < 0) {
        return -1;
    }
    snprintf(receiver->address, sizeof(receiver->address), ipv6 ? "[::1]:%u" : "127.0.0.1:%u",
             port_of(receiver->fd));
    return 0;
}

void receiver_open_again(struct receiver *receiver)
{
    struct sockaddr_in name = {
        .sin_family      = AF_INET,
        .sin_port        = htons((uint16_t)strtoul(strchr(receiver->address, ':') + 1, NULL, 10)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    receiver->fd = open_bound(&name, sizeof(name));
    ck_assert_int_ge(receiver->fd, 0);
}

void receiver_open_unix(struct receiver *receiver, const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    ck_assert_uint_lt(strlen(path), sizeof(name.sun_path));
    memcpy(name.sun_path, path, strlen(path));
    (void)unlink(path); /* there at the second time alone */
    receiver->fd = open_bound(&name, sizeof(name));
    ck_assert_int_ge(receiver->fd, 0);
    snprintf(receiver->address, sizeof(receiver->address), "unix:%s", path);
}

void receiver_close(struct receiver *receiver)
{
    (void)close(receiver->fd); /* read or not, it is over */
    receiver->fd = -1;
}

int receiver_take(struct receiver *receiver)
{
    ssize_t got   = recv(receiver->fd, receiver->bytes, sizeof(receiver->bytes) - 1, MSG_DONTWAIT);
    receiver->len = got < 0 ? 0 : (size_t)got;
    receiver->bytes[receiver->len] = '\0';
    return got >= 0;
}
