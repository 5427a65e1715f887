/*
 * Faults that can be ordered: what is set for every connection to come, and what one connection
 * has. Commands that set them: command.c.
 */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include "hawser/base.h"

struct sim;
struct sim_text;

enum sim_upgrade { SIM_UPGRADE_OK, SIM_UPGRADE_NONE, SIM_UPGRADE_STATUS };
enum sim_auth_mode { SIM_AUTH_OK, SIM_AUTH_FAIL, SIM_AUTH_SILENT };

/** Of one connection; of those to come as long as they are in sim_faults.fresh. */
struct sim_conn_faults {
    int heartbeats_off;   /* no heartbeat and test_request; unanswered ones are forgiven */
    int answers_off;      /* requests are counted and ignored */
    int subscribe_silent; /* subscribe calls are ignored */
    enum sim_auth_mode auth;
    uint64_t slow_bytes_per_s; /* 0: as fast as it goes */
    uint64_t late_ms;          /* answers wait so long */
};

/** "The next `count` requests of `method` are answered with this error." */
struct sim_error_rule {
    char method[64]; /* "": any */
    int code;
    unsigned count;
};

struct sim_faults {
    struct sim_conn_faults fresh;
    enum sim_upgrade upgrade;
    int upgrade_status;
    int upgrade_retry_after_s; /* -1: no header */
    unsigned partial;          /* channels to leave out of the next subscribe reply that has them */
    unsigned twice;            /* answers to be sent two times */
    int maintenance;
    struct sim_error_rule error;
    char stalled[96];  /* a channel that stays stalled for subscriptions to come; "": none */
    uint64_t last_one; /* connection that `one` chose last */
};

/**
 * Carry out one command line. `reply` gets lines that end in '\n'; the last begins with "ok" or
 * "error".
 * @param line NUL-terminated, without its newline
 */
void sim_command_run(struct sim *sim, const char *line, struct sim_text *reply);

/** The error that the next request of this method is to get. @return 0: none */
int sim_fault_take_error(struct sim_faults *faults, const char *method);

#endif
