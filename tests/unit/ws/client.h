/*
 * A ws_conn under test: writes down what its handler hears, as one line of text, and does at chosen
 * events what a test wants done.
 */
#ifndef TESTS_UNIT_WS_CLIENT_H
#define TESTS_UNIT_WS_CLIENT_H

#include "base/buf.h"
#include "unit/ws/peer.h"
#include "ws/conn.h"

struct client {
    struct peer peer;
    struct net_loop *loop;
    struct net_url url;
    struct ws_options options; /* url is filled in */
    struct ws_conn *conn;
    struct buf said; /* e.g. "open text(5)=Hello close-1000(0)= ended=WS_CLOSED/1000 clean " */
    struct hawser_error why;
    size_t heard_bytes; /* by `activity` */
    unsigned events;    /* activity is not counted */
    unsigned destroy_at;
    int counts_activity;
    void (*on_event)(struct client *client, const char *what); /* may be NULL */
};

void client_init(struct client *client, const struct peer_step *steps, size_t count);
/** Connect and run until `ended`, or until the connection is destroyed by the test. */
void client_run(struct client *client);
/** @return what was said */
const char *client_said(struct client *client);
void client_fini(struct client *client);
void client_send(struct client *client, const char *text);

#endif
