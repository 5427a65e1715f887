/*
 * One dial over TLS to a server of the test's, and its stream until the end.
 */
#ifndef TESTS_UNIT_NET_TLS_CALL_H
#define TESTS_UNIT_NET_TLS_CALL_H

#include "net/dial.h"

struct tls_call {
    int connected;
    int resumed;
    int version; /* TLS1_2_VERSION ... */
    struct hawser_error why;
};

/** Dial, read until the server closes, let go. */
struct tls_call tls_call(struct net_tls *tls, const char *host, uint16_t port);

#endif
