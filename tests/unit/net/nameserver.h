/*
 * A nameserver on loopback with a script: what it answers to A and AAAA questions. It runs on the
 * loop of the test.
 */
#ifndef TESTS_UNIT_NET_NAMESERVER_H
#define TESTS_UNIT_NET_NAMESERVER_H

#include <event2/event.h>
#include <netinet/in.h>
#include <stdint.h>

enum { NAMESERVER_SILENT = -1 };

/** What is said to one kind of question. */
struct nameserver_answer {
    int rcode;           /* of the DNS; NAMESERVER_SILENT: no answer */
    const char *address; /* NULL: an answer without one */
};

struct nameserver {
    struct nameserver_answer ipv4;
    struct nameserver_answer ipv6;
    int holds_ipv4; /* that answer is kept back until nameserver_release */
    int holds_ipv6;
    int questions;
    struct event *event;
    int fd;
    struct nameserver_held {
        uint8_t packet[1024];
        size_t len;
        struct sockaddr_in to;
    } held[2];
    size_t held_count;
    char resolv_conf[64]; /* a file that names this server */
};

void nameserver_open(struct nameserver *server, struct event_base *base);
/** Send what was kept back. */
void nameserver_release(struct nameserver *server);
void nameserver_close(struct nameserver *server);

#endif
