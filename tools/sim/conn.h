/*
 * One client's connection: bytes in, bytes out with a bound, and the ways to end it. What the bytes
 * mean: wire.c (HTTP, frames), api.c (requests).
 */
#ifndef SIM_CONN_H
#define SIM_CONN_H

#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/obj.h"
#include "sim/sim.h"
#include "ws/deflate.h"
#include "ws/message.h"

#define SIM_CONN_MAGIC 0x53494d43u

enum sim_conn_state {
    SIM_CONN_TLS,
    SIM_CONN_UPGRADE,
    SIM_CONN_OPEN,
    SIM_CONN_CLOSING,  /* our close frame is out, the client's is awaited */
    SIM_CONN_HALFOPEN, /* by `halfopen`: nothing is read, answered or sent */
    SIM_CONN_LINGER,   /* our end is closed; what comes is thrown away until the client's is */
    SIM_CONN_DEAD      /* to be freed by the server's next turn */
};

struct sim_liveness {
    int64_t interval_ms; /* of the heartbeat; 0: none set */
    clock_ns_t next_test;
    clock_ns_t test_deadline; /* 0: no test_request waits for its answer */
    clock_ns_t last_received;
    uint64_t sent_at_test; /* notifications sent when the last test_request went out */
};

struct sim_conn {
    OBJ_MAGIC_FIELD;
    enum sim_conn_state state;
    struct list node;
    struct sim *sim;
    uint64_t id;
    int fd;
    unsigned peer_port;
    SSL *ssl;         /* NULL: plain */
    size_t tls_begun; /* length of a TLS write that has to be tried again; 0: none */
    struct event *readable;
    struct event *writable;
    struct event *timer;
    struct buf in;
    struct buf out;
    size_t out_max;
    struct ws_reader *reader;
    struct ws_deflater *deflater; /* NULL: permessage-deflate was not agreed on */
    clock_ns_t deadline;          /* of UPGRADE, CLOSING, LINGER; 0: none */
    clock_ns_t opened;
    clock_ns_t slow_since; /* when the budget of `slow` was last drawn on */
    double slow_budget;    /* [bytes] */
    int over_limit;        /* to be answered 429 */
    int finish_when_sent;
    int is_too_slow; /* its queue went over the bound */
    int is_gone;     /* subscriptions, tokens and orders were already dealt with */
    struct sim_conn_faults faults;
    struct sim_liveness liveness;
    struct list late; /* answers that wait, late.c */
    struct list subs; /* struct sim_sub, oldest first */
    unsigned sub_count;
    struct sim_stream *stream; /* of its own with --rate; NULL: none yet */
    uint64_t grant_id;         /* what the socket remembers of its login; 0: none */
    struct sim_client *client; /* of that login */
    int cod;                   /* cancel on disconnect */
    int logged_out;            /* cancel on disconnect does not fire */
    uint64_t received;         /* requests */
    uint64_t sent;             /* notifications */
    uint64_t bytes_sent;
};

/** Take over an accepted socket. @param ssl_ctx NULL: plain. @return the connection, in sim->conns;
 * NULL: out of memory, the socket is closed */
struct sim_conn *sim_conn_create(struct sim *sim, int fd, SSL_CTX *ssl_ctx, unsigned peer_port);
/** Free it at once; only from the server's turn. */
void sim_conn_destroy(struct sim_conn *conn);

/** Queue bytes; flushed by sim_conn_flush. A reader that is too slow is cut. Hot. */
void sim_conn_queue(struct sim_conn *conn, struct hawser_slice head, struct hawser_slice body);
/** Queue a text message as one frame. Hot. */
void sim_conn_send(struct sim_conn *conn, struct hawser_slice text);
void sim_conn_flush(struct sim_conn *conn);

/** Close frame, then the end after the client's, or after a while. */
void sim_conn_close(struct sim_conn *conn, uint16_t code, const char *reason);
/** FIN at once; what is still queued is lost. */
void sim_conn_cut(struct sim_conn *conn);
/** FIN after what is queued. */
void sim_conn_finish(struct sim_conn *conn);
/** RST. */
void sim_conn_reset(struct sim_conn *conn);
/** Close the socket without a word. */
void sim_conn_drop(struct sim_conn *conn);
/** Keep the socket and nothing else. */
void sim_conn_halfopen(struct sim_conn *conn);
/** Work out when the timer is next needed. */
void sim_conn_schedule(struct sim_conn *conn);
/** @return 1 while requests are answered and data is sent */
int sim_conn_is_open(const struct sim_conn *conn);
const char *sim_conn_state_name(const struct sim_conn *conn);
/** @return the client that logged in here; NULL: none did */
const char *sim_conn_client_id(const struct sim_conn *conn);

/* wire.c */
/** Bytes arrived in conn->in. */
void sim_wire_input(struct sim_conn *conn);
/** Send a frame as it is: for violations on purpose. */
void sim_wire_frame(struct sim_conn *conn, enum hawser_opcode opcode, struct hawser_slice payload);

/* liveness.c */
void sim_liveness_start(struct sim_conn *conn, int64_t interval_ms);
void sim_liveness_stop(struct sim_conn *conn);
/** A request arrived. @param is_test 1: it answers a test_request */
void sim_liveness_alive(struct sim_conn *conn, int is_test);
/** The timer ran. */
void sim_liveness_run(struct sim_conn *conn, clock_ns_t now);
/** @return when it wants to run next; 0: never */
clock_ns_t sim_liveness_next(const struct sim_conn *conn);

/** Its requests and data stop here: tokens, subscriptions and orders are dealt with. (server.c) */
void sim_server_gone(struct sim_conn *conn);
/** A dead connection waits to be freed. (server.c) */
void sim_server_reap(struct sim *sim);

#endif
