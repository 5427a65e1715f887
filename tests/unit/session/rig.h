/*
 * One session against the scripted exchange on a loop of their own, and what came out of it.
 */
#ifndef TESTS_UNIT_SESSION_RIG_H
#define TESTS_UNIT_SESSION_RIG_H

#include "dialect.h"
#include "net/loop.h"

#define RIG_TEXT_BYTES 16384

struct rig {
    struct net_loop *loop;
    struct mock_exchange *mock;
    struct exchange exchange;
    struct dialect dialect;
    struct session *session;
    struct session_options options; /* to change before rig_start */
    const struct hawser_adapter *adapter;
    struct telemetry_writer *telemetry; /* of the session; NULL: none */
    struct budget *budget;              /* of the session; NULL: none */
    char records[RIG_TEXT_BYTES];       /* "READY;GAP a connection;DATA a;" */
    char states[RIG_TEXT_BYTES];        /* "RESOLVING CONNECTING ..." */
    int64_t last_since_ns;              /* of the last GAP or STALE */
    uint64_t last_sequence;
    uint64_t last_epoch;
    struct hawser_error why; /* of the last state that had one */
    int fail_in_reply;       /* a reply that is an error is handed to session_fail */
    unsigned replies;
    struct hawser_error reply_err; /* of the last reply; code 0: a result */
    char reply_result[256];
};

/** Short timeouts, no jitter, two channels "a" and "b", heartbeats off. */
void rig_init(struct rig *rig);
/** Make the session and start it. */
void rig_start(struct rig *rig);
void rig_fini(struct rig *rig);

/** Run the loop until the condition holds; the test fails when it does not within ten seconds. */
#define rig_until(rig, condition)                                                                  \
    do {                                                                                           \
        rig_watch_begin(rig);                                                                      \
        while (!(condition)) {                                                                     \
            ck_assert_msg(rig_turn(rig), "never came true: %s\nstates: %s\nrecords: %s",           \
                          #condition, (rig)->states, (rig)->records);                              \
        }                                                                                          \
    } while (0)
void rig_watch_begin(struct rig *rig);
/** One turn of the loop. @return 0: ten seconds are over */
int rig_turn(struct rig *rig);

/** Run the loop for so long: to see that something does not happen. */
void rig_pass_ms(struct rig *rig, int64_t ms);
int rig_is(const struct rig *rig, enum hawser_state state);
/** How often does `text` stand in what came out? */
size_t rig_count(const char *all, const char *text);
struct session_info rig_info(const struct rig *rig);
/** A session_call whose end is noted in replies, reply_err, reply_result. */
int rig_call(struct rig *rig, const char *method, int64_t timeout_ms, struct hawser_error *err);

#endif
