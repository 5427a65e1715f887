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
