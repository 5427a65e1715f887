/*
 * A session of several lines against the scripted exchange on a loop of their own: which connection
 * of the exchange is of which line, and what came out of all of them.
 */
#ifndef TESTS_UNIT_SESSION_BUNDLE_RIG_H
#define TESTS_UNIT_SESSION_BUNDLE_RIG_H

#include <time.h>

#include "dialect.h"
#include "net/loop.h"
#include "session/bundle.h"

#define BUNDLE_RIG_LINES 8u
#define BUNDLE_RIG_BYTES 16384

struct bundle_rig {
    struct net_loop *loop;
    struct mock_exchange *mock;
    struct exchange exchange;
    struct hawser_adapter adapter;
    struct dialect dialects[BUNDLE_RIG_LINES]; /* of the lines, in the order they were made */
    size_t made;
    struct mock_peer *peers[BUNDLE_RIG_LINES]; /* of the same; NULL: not connected */
    struct session_options session;            /* to change before bundle_rig_start */
    struct bundle_options options;
    struct bundle *bundle;
    char records[BUNDLE_RIG_BYTES]; /* "READY;seq a 10 12;GAP a connection;", data cut */
    time_t ends;                    /* of the wait that is under way */
    unsigned moves;                 /* told as over */
    int64_t last_since_ns;          /* of the last GAP */
    uint64_t last_sequence;
};

/** Two lines, two channels "a" and "b", short timeouts, heartbeats off; a clock that stands still
 * but for a microsecond a turn of the loop. */
void bundle_rig_init(struct bundle_rig *rig);
/** Make the session, start it, and wait until as many lines as are wanted are READY. */
void bundle_rig_start(struct bundle_rig *rig);
void bundle_rig_fini(struct bundle_rig *rig);

/** Run the loop until the condition holds; the test fails when it does not within ten seconds. */
#define bundle_rig_until(rig, condition)                                                           \
    do {                                                                                           \
        bundle_rig_watch_begin(rig);                                                               \
        while (!(condition)) {                                                                     \
            ck_assert_msg(bundle_rig_turn(rig), "never came true: %s\nrecords: %s", #condition,    \
                          (rig)->records);                                                         \
        }                                                                                          \
    } while (0)
void bundle_rig_watch_begin(struct bundle_rig *rig);
/** One turn of the loop. @return 0: ten seconds are over */
int bundle_rig_turn(struct bundle_rig *rig);

/** One message of the exchange's to a line, and wait until the line has it. */
void bundle_rig_say(struct bundle_rig *rig, size_t line, const char *text);
/** The same with many bytes behind the text. */
void bundle_rig_say_much(struct bundle_rig *rig, size_t line, const char *text, size_t bytes);
/** Cut the link of a line, and wait until the line knows. */
void bundle_rig_cut(struct bundle_rig *rig, size_t line);
int bundle_rig_is_ready(const struct bundle_rig *rig, size_t line);
/** @return channels that the line covers; SIZE_MAX: it is gone */
size_t bundle_rig_covers(const struct bundle_rig *rig, size_t line);
/** The test fails unless these came out, since the last look. */
void bundle_rig_expect(struct bundle_rig *rig, const char *records);

#endif
