/*
 * A nameserver on loopback with a script: what it answers to A and AAAA questions. It runs on the
 * loop of the test.
 */
#ifndef TESTS_UNIT_NET_NAMESERVER_H
#define TESTS_UNIT_NET_NAMESERVER_H

#include <event2/event.h>
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
    int questions;
    struct event *event;
    int fd;
    char resolv_conf[64]; /* a file that names this server */
};

void nameserver_open(struct nameserver *server, struct event_base *base);
void nameserver_close(struct nameserver *server);

#endif
