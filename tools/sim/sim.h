/*
 * The simulator as one object: its options, and what its parts share. One loop, one thread.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <event2/event.h>
#include <stdio.h>

#include "base/list.h"
#include "hawser/error.h"
#include "sim/fault.h"
#include "sim/stats.h"

#define SIM_CLIENTS_MAX 64u
#define SIM_PATH        "/ws/api/v2"
#define SIM_API_VERSION "1.2.26"
#define SIM_REQUEST_MAX 32768u /* of one client message [bytes] */
#define SIM_LINGER_MS   1000   /* how long a half-closed socket waits for the peer's end */
#define SIM_RATE_MAX    100000.0

struct sim_options {
    const char *listen;     /* HOST:PORT; NULL: no ws */
    const char *tls_listen; /* HOST:PORT; NULL: no wss */
    const char *cert;
    const char *key;
    const char *control; /* path of the unix socket; NULL: none */
    const char *script;
    const char *clients[SIM_CLIENTS_MAX]; /* ID:SECRET */
    unsigned client_count;
    unsigned max_connections;
    uint64_t seed;
    double rate; /* messages a second; 0: each channel at its own interval */
    size_t max_queued_bytes;
    int64_t token_life_ms;
    int64_t heartbeat_min_ms;
    int64_t idle_ms;
    int is_broadcast;
    int compresses; /* accepts permessage-deflate */
    int is_quiet;
    int any_address;
    const char *requests; /* file that requests are noted in; NULL: none */
};

struct sim {
    struct sim_options options;
    struct event_base *base;
    struct sim_server *server;
    struct sim_accounts *accounts;
    struct sim_trading *trading;
    struct sim_feed *feed;
    struct sim_control *control;
    struct sim_script *script;
    struct list conns; /* struct sim_conn, oldest first */
    uint64_t last_conn_id;
    uint64_t random; /* for what is drawn at random: order of replies, tokens */
    struct sim_faults faults;
    struct sim_stats stats;
    FILE *journal; /* NULL: none */
};

/** Make all parts as the options say and start to listen. @return 0, or -1 with err set; sim_fini
 * takes it either way */
int sim_init(struct sim *sim, const struct sim_options *options,
             struct hawser_error *err) HAWSER_MUST_CHECK;
/** Runs until SIGTERM or SIGINT. */
void sim_run(struct sim *sim);
void sim_fini(struct sim *sim);
/** One line to standard error, unless --quiet. */
void sim_note(const struct sim *sim, const char *fmt, ...) HAWSER_PRINTF(2, 3);

#endif
