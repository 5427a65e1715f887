/*
 * A nameserver with a script (RFC 1035 4.1). See nameserver.h.
 */
#include "nameserver.h"

#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER_BYTES 12
#define TYPE_A       1
#define TYPE_AAAA    28

static size_t put_record(uint8_t *at, int type, const char *address)
{
    static const uint8_t START[] = {0xc0, HEADER_BYTES, 0, 0, 0, 1, 0, 0, 0, 60, 0, 0};
    memcpy(at, START, sizeof(START));
    at[3]  = (uint8_t)type;
    at[11] = type == TYPE_A ? 4 : 16;
    ck_assert_int_eq(inet_pton(type == TYPE_A ? AF_INET : AF_INET6, address, at + sizeof(START)),
                     1);
    return sizeof(START) + at[11];
}

static void on_question(evutil_socket_t fd, short what, void *arg)
{
    struct nameserver *server = arg;
    uint8_t packet[1024];
    struct sockaddr_in from;
    socklen_t size = sizeof(from);
    (void)what;
    ssize_t got = recvfrom(fd, packet, 512, 0, (struct sockaddr *)&from, &size);
    ck_assert_int_gt(got, HEADER_BYTES + 5);
    size_t len = HEADER_BYTES;
    while (packet[len] != 0) {
        len += packet[len] + 1u;
    }
    int type = packet[len + 2];
    len += 5;
    const struct nameserver_answer *answer = type == TYPE_A ? &server->ipv4 : &server->ipv6;
    server->questions++;
    if (answer->rcode == NAMESERVER_SILENT) {
        return;
    }
    packet[2] = 0x81; /* an answer, recursion desired */
    packet[3] = (uint8_t)(0x80 | answer->rcode);
    memset(packet + 6, 0, 6);
    if (answer->address != NULL) {
        packet[7] = 1;
        len += put_record(packet + len, type, answer->address);
    }
    if (type == TYPE_A ? server->holds_ipv4 : server->holds_ipv6) {
        ck_assert_uint_lt(server->held_count, 2);
        struct nameserver_held *held = &server->held[server->held_count++];
        memcpy(held->packet, packet, len);
        held->len = len;
        held->to  = from;
        return;
    }
    ck_assert_int_eq(sendto(fd, packet, len, 0, (struct sockaddr *)&from, size), (ssize_t)len);
}

void nameserver_open(struct nameserver *server, struct event_base *base)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size             = sizeof(address);
    server->fd                 = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(server->fd, 0);
    ck_assert_int_eq(bind(server->fd, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(getsockname(server->fd, (struct sockaddr *)&address, &size), 0);
    server->event = event_new(base, server->fd, EV_READ | EV_PERSIST, on_question, server);
    ck_assert_ptr_nonnull(server->event);
    ck_assert_int_eq(event_add(server->event, NULL), 0);
    (void)snprintf(server->resolv_conf, sizeof(server->resolv_conf), "/tmp/hawser-resolv-XXXXXX");
    int fd     = mkstemp(server->resolv_conf);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "nameserver 127.0.0.1:%u\noptions timeout:1 attempts:1\n",
            ntohs(address.sin_port));
    ck_assert_int_eq(fclose(file), 0);
}

void nameserver_release(struct nameserver *server)
{
    for (size_t i = 0; i < server->held_count; i++) {
        const struct nameserver_held *held = &server->held[i];
        ck_assert_int_eq(sendto(server->fd, held->packet, held->len, 0,
                                (const struct sockaddr *)&held->to, sizeof(held->to)),
                         (ssize_t)held->len);
    }
    server->held_count = 0;
}

void nameserver_close(struct nameserver *server)
{
    event_free(server->event);
    ck_assert_int_eq(close(server->fd), 0);
    (void)unlink(server->resolv_conf);
}
