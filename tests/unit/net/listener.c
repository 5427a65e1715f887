/*
 * Listening sockets. See listener.h.
 */
#include "listener.h"

#include <arpa/inet.h>
#include <check.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void listener_open(struct listener *listener, int backlog)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size             = sizeof(address);
    memset(listener->fillers, -1, sizeof(listener->fillers));
    listener->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(listener->fd, 0);
    ck_assert_int_eq(bind(listener->fd, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(listener->fd, backlog), 0);
    ck_assert_int_eq(getsockname(listener->fd, (struct sockaddr *)&address, &size), 0);
    listener->port = ntohs(address.sin_port);
}

void listener_open_full(struct listener *listener)
{
    listener_open(listener, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr   = {htonl(INADDR_LOOPBACK)},
                                  .sin_port   = htons(listener->port)};
    for (int i = 0; i < LISTENER_FILLERS; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        ck_assert_int_ge(fd, 0);
        (void)connect(fd, (struct sockaddr *)&address, sizeof(address));
        listener->fillers[i] = fd;
    }
}

void listener_close(struct listener *listener)
{
    for (int i = 0; i < LISTENER_FILLERS; i++) {
        if (listener->fillers[i] >= 0) {
            ck_assert_int_eq(close(listener->fillers[i]), 0);
        }
    }
    ck_assert_int_eq(close(listener->fd), 0);
}
