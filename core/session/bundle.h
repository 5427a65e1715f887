/*
 * What the host holds of one named session: one line (session.h) or several, whose records it
 * merges into one stream with numbers of its own. With one line it hands everything through. Lines
 * come and go under it; who asks it for something need not know.
 */
#ifndef CORE_SESSION_BUNDLE_H
#define CORE_SESSION_BUNDLE_H

#include "session/session.h"

#define BUNDLE_LINES_MAX 4u

struct bundle;

/** The bundle's surroundings. Copied; what it points to outlives the bundle. */
struct bundle_env {
    struct net_loop *loop;
    struct telemetry_writer *telemetry; /* NULL: none */
    struct budget *budget;              /* of attempts to connect; NULL: no limit */
    void *arg;                          /* of the functions below */
    /** A record for the outputs. Hot. @param record borrowed for the call */
    void (*record)(void *arg, const struct hawser_record *record);
    /** The state of the whole changed. @param why NULL, or borrowed. May be NULL. Must not destroy
     * the bundle. */
    void (*state)(void *arg, enum hawser_state state, const struct hawser_error *why);
    /**
     * A line is about to be made: fill in adapter, host, instance and subject of its surroundings.
     * @param like     context of the line whose place and settings it takes; NULL: of the newest
     *                 settings
     * @param context  given: what line_made and line_close are told
     * @return         0, or -1 with err set: no line
     */
    int (*line_open)(void *arg, void *like, struct session_env *env, void **context,
                     struct hawser_error *err);
    /** It is made, and not started yet: give it its credentials. @return 0, or -1 with err set: no
     * line; line_close follows */
    int (*line_made)(void *arg, void *context, struct session *line, struct hawser_error *err);
    /** It is gone. */
    void (*line_close)(void *arg, void *context);
    /** The move that bundle_move began is over. @param why NULL: lines of the new settings serve;
     * else those of the old ones go on. May be NULL. */
    void (*moved)(void *arg, const struct hawser_error *why);
    /** A bundle that stands by (bundle_stand_by) could take over now. @param why NULL, or why it
     * cannot: to go on, the other process has to leave first. Told once. May be NULL. */
    void (*standing_by)(void *arg, const struct hawser_error *why);
};

/** What the config says of it. Borrowed for the calls. */
struct bundle_options {
    const struct session_options *session;
    uint32_t lines;      /* 1 to BUNDLE_LINES_MAX; 0: 1 */
    int64_t rotate_ms;   /* a link so old is replaced; 0: none is */
    int64_t takeover_ms; /* for a line that takes over to become READY; 0: 30 s */
};

/** @return given, in state IDLE; NULL with err set */
struct bundle *bundle_create(const struct bundle_options *options, const struct bundle_env *env,
                             struct hawser_error *err);
/* What session.h says of the functions of the same names goes for these, for all lines together. */
void bundle_start(struct bundle *bundle);
void bundle_leave(struct bundle *bundle, uint16_t code, const char *reason);
/** Not from inside callbacks of the bundle. NULL is allowed. */
void bundle_destroy(struct bundle *bundle);
int bundle_apply(struct bundle *bundle, const struct bundle_options *options,
                 struct hawser_error *err) HAWSER_MUST_CHECK;
/**
 * What lines are made of changed, more than bundle_apply can change: make new ones, which take over
 * when they are READY (env.moved tells). The first is made at once. Where no overlap is wanted
 * (budget.h) or nothing is served now, the old ones leave at once, and no `moved` follows.
 * @return 0, or -1 with err set: the old ones go on
 */
int bundle_move(struct bundle *bundle, const struct bundle_options *options,
                struct hawser_error *err) HAWSER_MUST_CHECK;
/** @return 1: `moved` is still to come */
int bundle_is_moving(const struct bundle *bundle);
int bundle_set_credentials(struct bundle *bundle, const char *const *pairs, size_t pair_count,
                           struct hawser_error *err) HAWSER_MUST_CHECK;
int bundle_subscribe(struct bundle *bundle, const struct hawser_slice *channels, size_t count,
                     struct hawser_error *err) HAWSER_MUST_CHECK;
int bundle_unsubscribe(struct bundle *bundle, const struct hawser_slice *channels, size_t count,
                       struct hawser_error *err) HAWSER_MUST_CHECK;
void bundle_reconnect(struct bundle *bundle, const char *reason);
/** Sent once, on one line that is READY. */
int bundle_request(struct bundle *bundle, const char *method, struct hawser_slice params,
                   int64_t timeout_ms, hawser_reply_fn fn, void *arg,
                   struct hawser_error *err) HAWSER_MUST_CHECK;
/** What a predecessor of the bundle missed; see inherit.h. */
void bundle_inherit(struct bundle *bundle, const char *message);

/* a bundle of the same session in another process, which this one takes over from, or gives to */

#define BUNDLE_MARK_HASHES 256u

/** How far one channel was passed on. Strings and hashes are borrowed for the call. */
struct bundle_mark {
    struct hawser_slice channel;
    uint64_t sequence; /* of the last message that had one */
    uint8_t has_sequence;
    uint8_t confirmed; /* it was delivered: what is missing from here on is a gap */
    uint8_t owes;      /* a gap is to be told before the next data */
    int64_t passed_ns; /* realtime of the last message; with `owes` since when it is missing */
    struct hawser_slice why; /* with `owes` */
    const uint64_t *hashes;  /* of the last messages without numbers, oldest first */
    size_t hash_count;       /* at most BUNDLE_MARK_HASHES */
};
/** How far the whole was. */
struct bundle_total {
    uint64_t sequence;
    uint64_t epoch;
    uint64_t gaps;
};

/** The other process will ask: from now on remember what is passed on. */
int bundle_remember(struct bundle *bundle, struct hawser_error *err) HAWSER_MUST_CHECK;
/** How far is it? What is passed on after this the other process does not know of: the owner hands
 * nothing on any more. @param mark called for each channel */
void bundle_yield(struct bundle *bundle, void (*mark)(void *arg, const struct bundle_mark *mark),
                  void *arg, struct bundle_total *total);
/** Instead of bundle_start: connect as one more (overlap.h), but hold back what lines bring, until
 * bundle_take. */
int bundle_stand_by(struct bundle *bundle, struct hawser_error *err) HAWSER_MUST_CHECK;
int bundle_is_standing_by(const struct bundle *bundle);
/** Standing by: with which message of each channel does what is held back begin? @param mark called
 * for each channel that holds something, with the number or the one hash of the first */
void bundle_each_first(const struct bundle *bundle,
                       void (*mark)(void *arg, const struct bundle_mark *mark), void *arg);
/** The other one begins there: was as much passed on, so that the two meet? */
int bundle_has_reached(const struct bundle *bundle, const struct bundle_mark *first);
/** Before bundle_take: how far the other one was in a channel. */
void bundle_take_mark(struct bundle *bundle, const struct bundle_mark *mark);
/** The other process passes nothing on any more: go on from where it was.
 * @param total  NULL: it died without a word; every channel gets a gap
 * @param why    message of gaps
 */
void bundle_take(struct bundle *bundle, const struct bundle_total *total, const char *why);
/** The other one's links are gone. What could not connect beside them does so now. */
void bundle_alone(struct bundle *bundle);

/** One line, as it is seen from outside. */
struct bundle_line_info {
    struct session_info session;
    unsigned number;     /* in the log, from 1 */
    uint32_t is_leaving; /* its place was taken */
    size_t covers;       /* channels of which it brings everything: in these another may break */
    uint64_t won;        /* messages that it brought first, while there were several lines */
    int64_t lead_ns;     /* by how much it was earlier than the next, on average; 0: unknown */
};
/** Walk the lines. @param info borrowed for the call */
void bundle_each_line(const struct bundle *bundle,
                      void (*fn)(void *arg, const struct bundle_line_info *info), void *arg);
/** Gaps, silences and ends of single lines that another line made good. */
uint64_t bundle_covered(const struct bundle *bundle);

/** Of the whole: the best line's state, the sums of what lines count. */
void bundle_get_info(const struct bundle *bundle, struct session_info *out);
enum hawser_state bundle_state(const struct bundle *bundle);
/** Confirmed: on any line. */
void bundle_each_channel(const struct bundle *bundle,
                         void (*fn)(void *arg, const char *channel, int confirmed, int dynamic),
                         void *arg);

#endif
