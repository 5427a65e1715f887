/*
 * The daemon's end of a test: a datagram socket on loopback or a path, read without ever waiting
 * for what cannot come.
 */
#ifndef TESTS_STATSD_RECEIVER_H
#define TESTS_STATSD_RECEIVER_H

#include <stddef.h>

struct receiver {
    int fd;
    char address[160]; /* as `server` takes it */
    char bytes[65536]; /* the datagram taken last, NUL-terminated */
    size_t len;
};

/** On 127.0.0.1 or, where `ipv6` is set, on ::1. @return 0, or -1: this machine has no such address
 */
int receiver_open_udp(struct receiver *receiver, int ipv6);
void receiver_open_unix(struct receiver *receiver, const char *path);
/** The same port of loopback again, after receiver_close. */
void receiver_open_again(struct receiver *receiver);
void receiver_close(struct receiver *receiver);
/** Datagrams over loopback have arrived when `send` returns. @return 1 one was taken, 0 there is
 * none */
int receiver_take(struct receiver *receiver);

#endif
