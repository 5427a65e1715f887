/*
 * Listening sockets on 127.0.0.1 that nobody accepts from: one that connects, and one whose backlog
 * is full, so that a connect stays unanswered.
 */
#ifndef TESTS_UNIT_NET_LISTENER_H
#define TESTS_UNIT_NET_LISTENER_H

#include <stdint.h>

#define LISTENER_FILLERS 4

struct listener {
    int fd;
    int fillers[LISTENER_FILLERS];
    uint16_t port;
};

void listener_open(struct listener *listener, int backlog);
void listener_open_full(struct listener *listener);
void listener_close(struct listener *listener);

#endif
