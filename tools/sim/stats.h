/*
 * What happened, counted: so that a test can prove "one attempt, no hammering" and "one break, one
 * reconnect".
 */
#ifndef SIM_STATS_H
#define SIM_STATS_H

#include "base/clock.h"
#include "sim/text.h"

#define SIM_STATS_METHODS  96u
#define SIM_STATS_CONNECTS 4096u /* newest connect times kept; a power of two */

struct sim_method_count {
    char name[64];
    uint64_t count;
};

struct sim_stats {
    clock_ns_t started;
    uint64_t accepted;      /* TCP connections */
    uint64_t refused_limit; /* answered 429 for too many connections */
    uint64_t tls_failed;
    uint64_t upgrades_ok;
    uint64_t upgrades_refused; /* with an HTTP status */
    uint64_t upgrades_silent;  /* by `upgrade none` */
    uint64_t auths_ok;
    uint64_t auths_failed;
    uint64_t auths_silent;
    uint64_t subscribes; /* calls of public|private/subscribe */
    uint64_t unsubscribes;
    uint64_t requests;
    uint64_t requests_ignored; /* by `answers off` */
    uint64_t messages_sent;    /* notifications */
    uint64_t bytes_sent;
    uint64_t test_requests;
    uint64_t heartbeat_closes;
    uint64_t idle_closes;
    uint64_t queue_cuts;      /* readers that were too slow */
    uint64_t protocol_errors; /* broken frames or handshakes of clients */
    uint64_t closed_by_client;
    uint64_t closed_by_fault;
    uint64_t cod_fired; /* orders cancelled on disconnect */
    struct sim_method_count methods[SIM_STATS_METHODS];
    unsigned method_count;
    int64_t connects_ms[SIM_STATS_CONNECTS]; /* since the start; ring by `accepted` */
};

void sim_stats_init(struct sim_stats *stats);
void sim_stats_accepted(struct sim_stats *stats);
void sim_stats_request(struct sim_stats *stats, const char *method);
/** All of it as one JSON object. */
void sim_stats_write(const struct sim_stats *stats, unsigned open_connections,
                     struct sim_text *out);

#endif
