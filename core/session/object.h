/*
 * struct session as its parts in this folder see it, and what they offer each other. Outside of
 * core/session it is opaque.
 */
#ifndef CORE_SESSION_OBJECT_H
#define CORE_SESSION_OBJECT_H

#include "base/buf.h"
#include "base/complain.h"
#include "base/log.h"
#include "base/obj.h"
#include "hawser/telemetry.h"
#include "net/event_struct.h"
#include "net/url.h"
#include "rpc/correlate.h"
#include "session/heartbeat.h"
#include "session/ratelimit.h"
#include "session/session.h"
#include "session/states.h"
#include "session/urls.h"
#include "session/wanted.h"
#include "telemetry/event.h"
#include "ws/conn.h"

#define SESSION_MAGIC            0x53455353u
#define SESSION_CLOSE_REASON_MAX 123u

enum session_timer {
    SESSION_TIMER_NOW,   /* follow-up events, on the next turn of the loop */
    SESSION_TIMER_STATE, /* the deadline of the state, or the end of the backoff */
    SESSION_TIMER_EARLY, /* earliest deadline of a call that waits for READY */
    /* those from here on end with the link */
    SESSION_TIMER_BEAT,     /* heartbeat interval */
    SESSION_TIMER_REQUESTS, /* earliest deadline of a request */
    SESSION_TIMER_CHANNELS, /* retries, answers overdue, channels to heal */
    SESSION_TIMER_STALE,    /* channels that stopped to deliver */
    SESSION_TIMER_THROTTLE, /* calls that wait for the exchange's rate limits */
    SESSION_TIMER_LOGIN,    /* renewal of the login, or the deadline of a renewal */
    SESSION_TIMER_COUNT
};

/** In this order calls go, when they have waited for a rate limit. */
enum session_call_class {
    SESSION_CALL_ORDERS,
    SESSION_CALL_OTHERS,
    SESSION_CALL_CHANNELS,
    SESSION_CALL_CLASS_COUNT
};

struct session_throttle_queue {
    struct list waiting[SESSION_CALL_CLASS_COUNT]; /* struct request, calls.h */
    size_t bytes;                                  /* of their frames */
    ratelimit_bucket own[RATELIMIT_POOLS_MAX];     /* of a session without a login */
    struct complaint trouble;
};

/** An event that waits for the state machine, and what it was about. */
struct session_queued {
    uint64_t attempt; /* of which link */
    uint64_t entry;   /* of which stay in a state */
    uint8_t event;    /* enum session_event */
};

struct session {
    OBJ_MAGIC_FIELD;
    struct session_options options; /* its strings and arrays are ours; defaults are filled in */
    char *label; /* what errors call it: its name, and which line where it is one of several */
    struct session_env env;
    struct log_subject log; /* what log lines are about */
    struct urls urls;
    struct net_url url;     /* a look at the current one; what it points to is of `urls` */
    struct net_proxy proxy; /* no host: none */
    struct net_path path;
    struct net_tls *tls;
    void *adapter;          /* the adapter's object */
    struct buf credentials; /* key NUL value NUL ... */

    /* the machine: machine.c */
    enum hawser_state state;
    enum hawser_state state_before;
    int64_t state_since_ns;
    uint64_t attempt; /* identity of the link: what an older one says no longer counts */
    uint64_t entry;   /* identity of the stay in a state */
    struct session_queued queue[SESSION_EVENT_COUNT];
    size_t queued;
    uint8_t adapter_made;
    unsigned depth;        /* > 0: inside a slot of the adapter's */
    uint8_t draining;      /* the queue is being worked off */
    uint8_t dropping;      /* a link is being taken down */
    uint8_t pump_due;      /* channels wait to be asked for or given up */
    uint8_t restored;      /* channels may be asked for on this link */
    uint8_t told_open;     /* the adapter knows of this link */
    uint8_t leaving;       /* the close frame was asked for */
    uint8_t ended_cleanly; /* the last link did */
    uint8_t renewing;      /* a login in place is not answered yet */
    uint8_t told_secret;   /* the message being handled holds one */
    uint8_t unsettled;     /* there is something to do when a message was handled */
    uint8_t heeds;         /* messages are counted or watched, or one may answer a heartbeat */
    struct event timers[SESSION_TIMER_COUNT];
    struct hawser_error why;                       /* of the last failure */
    struct hawser_error last_error;                /* the same, for those who ask */
    struct hawser_error channel_error;             /* of the last refused channel */
    char break_message[HAWSER_ERROR_MESSAGE_SIZE]; /* why the last link went */
    struct backoff backoff;
    int64_t next_attempt_ns;
    uint16_t close_code;
    char close_reason[SESSION_CLOSE_REASON_MAX + 1];

    /* the link: link.c, liveness.c */
    struct ws_conn *conn;
    clock_ns_t turn_at; /* when we may dial, by the connect budget; 0: no turn is reserved */
    uint8_t held;       /* it is waited for */
    clock_ns_t dialled_at;
    clock_ns_t opened_at;
    clock_ns_t login_at;
    int64_t login_valid_ms;
    int64_t heard_ns; /* realtime: when the link was last known to be good */
    struct heartbeat beat;

    /* channels: restore.c, channels.c; requests: requests.c */
    struct wanted wanted;
    const struct hawser_delivery *delivery; /* while env.record has its DATA record */
    struct channel *delivered;              /* and the channel that it is of */
    size_t answers;                         /* about channels, on this link */
    size_t heals_pending;
    struct rpc_pending *requests;
    struct session_throttle_queue throttle;
    struct list early; /* calls that wait for READY, early.c */
    size_t early_count;
    size_t early_bytes;
    uint8_t asking;      /* inside the adapter's `subscribe` or `unsubscribe` */
    struct buf outgoing; /* scratch for requests */

    struct complaint link_trouble;
    struct complaint hold_trouble;
    struct complaint overlooked;
    struct complaint channel_trouble;
    struct complaint gap_trouble;
    struct complaint stale_trouble;
    struct complaint ended_trouble;
    struct complaint late_trouble;
    struct complaint foreign_trouble;
    struct complaint unexpected_trouble;
    struct complaint illegal_trouble;
    uint64_t epoch;
    uint64_t sequence;
    uint64_t messages;
    uint64_t bytes;
    uint64_t dials;
    uint64_t gaps;
    uint64_t late_answers;
    uint64_t foreign;
    uint64_t unexpected;
    uint64_t illegal;
    uint64_t overtaken; /* events of a link, or of a stay in a state, that was over */
    int64_t last_message_ns;
    struct hawser_message message; /* as the adapter is told of it */
    struct telemetry_cell *received_cell;
    struct telemetry_cell *sent_cell;
    struct telemetry_cell *bytes_cell;
    struct telemetry_cell *state_cell;
    struct telemetry_cell *certificate_cell; /* NULL: no TLS, or no telemetry */
};

/* options.c */
/** Copy, with the defaults filled in. @return 0, or -1 with err set; nothing is held then */
int session_options_copy(const struct session_options *from, struct session_options *to,
                         struct hawser_error *err) HAWSER_MUST_CHECK;
void session_options_fini(struct session_options *options);
/** May `to` replace `from` on a running session? @error SESSION_STATE names the option that may not
 * change */
int session_options_check_same(const struct session_options *from, const struct session_options *to,
                               struct hawser_error *err) HAWSER_MUST_CHECK;

/** The options' part in log lines, after each change of the options. */
void session_take_log_level(struct session *session);

/* change.c */
/** Overwrite them, and mask their values no longer. */
void session_forget_credentials(struct session *session);

/* machine.c */
/** Hand an event to the machine. Never runs anything itself; the loop does, soon. */
void session_post(struct session *session, enum session_event event);
/** The link, or what runs over it, failed: the error's recovery says what follows. @param clean 1:
 * the server closed with a whole handshake */
void session_post_failure(struct session *session, const struct hawser_error *why, int clean);
/** What the config wants to follow from this error. @return borrowed; NULL: the usual */
const struct error_rule *session_rule_of(const struct session *session,
                                         const struct hawser_error *why);
/** See that the loop runs session_drain soon. */
void session_wake(struct session *session);
/** Work off what is queued. For the ends of callbacks from the loop. */
void session_drain(struct session *session);
/* session.c */
void session_timer_arm(struct session *session, enum session_timer timer, int64_t delay_ms);
void session_timer_stop(struct session *session, enum session_timer timer);
/** Is the state's deadline running? */
int session_has_deadline(const struct session *session);

/* actions.c */
void session_act(struct session *session, enum session_action action);

/* path.c */
/** The urls, the proxy and the sockets of the options, for each dial to come. @return 0, or -1 with
 * err set */
int session_path_prepare(struct session *session, struct hawser_error *err) HAWSER_MUST_CHECK;
void session_path_fini(struct session *session);
/** Take the url that is next. @return how long it has to be left alone yet [ms] */
int64_t session_url_choose(struct session *session);
/** The url in use failed for good. @return 1: before OPEN, and there is another to try */
int session_url_deny(struct session *session);
/** The login at the proxy from the credentials, where they have one. @return 0, or -1 with err set
 */
int session_take_proxy_login(struct session *session, struct hawser_error *err) HAWSER_MUST_CHECK;

/* link.c */
void session_link_dial(struct session *session);
/** Take the link down: requests end, the adapter is told, channels wait for the next one. @param
 * why NULL: we left */
void session_link_drop(struct session *session, const struct hawser_error *why);
int session_link_is_open(const struct session *session);

/* turn.c */
/** Reserve a turn to dial, unless one is. @return 0: it is now; else when to ask again [ms] */
int64_t session_turn_wait_ms(struct session *session);
/** Wait for the turn. */
void session_hold(struct session *session);
/** The wait of a BACKOFF is over: may it end, or does the budget prolong it? @return 1: prolonged
 */
int session_hold_longer(struct session *session);
/** The turn is used. */
void session_turn_used(struct session *session);

/* liveness.c */
void session_beat_begin(struct session *session);
void session_on_beat(struct session *session);
void session_ponged(struct session *session, struct hawser_slice payload);
/** Is this message the answer that the heartbeat of the config waits for? It is taken then. Hot. */
int session_beat_answers(struct session *session, struct hawser_slice bytes);
void session_stale_begin(struct session *session);
void session_on_stale(struct session *session);
/** Resolve the stale rules for the channels that are in the book. */
void session_stale_resolve(struct session *session);

/* restore.c */
void session_login(struct session *session);
/** The login holds: note when to renew it. */
void session_keep_login(struct session *session);
void session_on_login_timer(struct session *session);
void session_restore(struct session *session);
void session_restore_channels(struct session *session);
/** RESTORING took too long: reconnect when nothing was answered at all, else count the rest as
 * refused. */
void session_unanswered(struct session *session);
/** Complain of the channels that are missing, and stop the deadline. */
void session_complain_of_channels(struct session *session);
/** READY, or but for refused channels: requests may be sent. */
int session_is_serving(const struct session *session);
/** Is every channel answered on this link, one way or the other? */
int session_is_settled(const struct session *session);
/** Ask for what is wanted and give up what is not, in batches. */
void session_pump(struct session *session);

/* channels.c */
/** Keep the tick of retries running while a channel needs it. */
void session_channels_watch(struct session *session);
/** Something was said or wished about a channel: is there more to ask, or is that all? */
void session_channels_look(struct session *session);
void session_on_channels(struct session *session);
/** The link broke: all channels start again, with their gap to be announced. */
void session_channels_lost(struct session *session);
/** Subscribe one channel anew, not too often. */
void session_heal(struct session *session, struct channel *channel);
void session_channel_done(struct session *session, struct channel *channel);

/* records.c */
void session_record_event(struct session *session, enum hawser_record_kind kind,
                          const struct hawser_record *about);
/** The GAP of a break, if it is still to be told. */
void session_tell_gap(struct session *session, struct channel *channel);

/* requests.c */
void session_on_requests(struct session *session);
void session_requests_lost(struct session *session, const struct hawser_error *why);

/* successor.c */
/** Want what another session wants, for the reasons in `origins`. */
int session_follow_channels(struct session *session, const struct session *of, uint8_t origins,
                            struct hawser_error *err) HAWSER_MUST_CHECK;
/** Have the credentials that another has. */
int session_follow_credentials(struct session *session, const struct session *of,
                               struct hawser_error *err) HAWSER_MUST_CHECK;

/* report.c */
void session_report_begin(struct session *session);
void session_report_state(struct session *session);
/** Days until the certificate of the server expires, where it showed one. */
void session_report_certificate(struct session *session);
void session_report_sent(struct session *session, size_t bytes);
/** An event to telemetry. @param subject NULL: none */
void session_emit(struct session *session, enum hawser_event_id id, int64_t value, uint32_t code,
                  const char *subject);

#endif
