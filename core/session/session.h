/*
 * One session: a connection that is wanted for ever. Owns the state machine and is the only one
 * that decides to reconnect. The dialect is the adapter's, the transport is core/ws; what it has to
 * say upwards goes through struct session_env.
 *
 * READY means that the exchange acknowledged every wanted channel. When it refuses some, the others
 * deliver all the same, but the session stays (or falls back to) RESTORING without a deadline,
 * channels_confirmed < channels_wanted, the log complains, and the refused ones are asked for again
 * after 5 s, 10 s ... until they come or nobody wants them. Such a session takes requests
 * (session_request) and its backoff counts as steady: one expired instrument neither hides nor
 * blocks anything.
 */
#ifndef CORE_SESSION_SESSION_H
#define CORE_SESSION_SESSION_H

#include "base/error_rule.h"
#include "hawser/adapter.h"
#include "hawser/client.h"
#include "hawser/output.h"
#include "net/loop.h"
#include "net/tls.h"
#include "session/backoff.h"
#include "session/ratelimit.h"

struct budget;
struct log_subject;
struct telemetry_writer;
struct session;

/** `stale_after`: a channel that matches must deliver within `after_ms`. */
struct session_stale_rule {
    const char *pattern; /* fnmatch(3) on the channel's name */
    int64_t after_ms;
};

/** What the config says of a session. Copied by session_create and session_apply; zero means the
 * default named. */
struct session_options {
    const char *name;
    const char *url;                  /* the preferred one */
    const char *const *fallback_urls; /* in order, NULL-terminated; NULL: none; see urls.h */
    struct net_tls_options tls;
    const char *const *headers; /* NULL-terminated, or NULL */
    const char *subprotocols;
    const char *bind;
    const char *proxy;            /* http://... or socks5://...; NULL: none */
    int64_t tcp_user_timeout_ms;  /* 30000 */
    int64_t tcp_keepalive_ms;     /* 30000; -1: none */
    uint64_t max_message_bytes;   /* 16 MiB */
    size_t max_queued_bytes;      /* 4 MiB */
    int64_t connect_timeout_ms;   /* 5000: for each of RESOLVING, CONNECTING, TLS, UPGRADING */
    int64_t auth_timeout_ms;      /* 10000 */
    int64_t subscribe_timeout_ms; /* 10000: for RESTORING as a whole */
    int64_t request_timeout_ms;   /* 30000 */
    int64_t leave_timeout_ms;     /* 2000: for the adapter's `leave` */
    int64_t heartbeat_ms;         /* 30000; -1: none */
    size_t max_requests;          /* 1024 waiting at once */
    size_t max_channels;          /* 20000 */
    struct backoff_options backoff;
    const struct session_stale_rule *stale;
    size_t stale_count;
    const struct ratelimit_rule *rate_limits; /* instead of what the adapter knows */
    size_t rate_limit_count;
    const struct error_rule *on_error; /* what follows from errors, instead of the usual */
    size_t on_error_count;
    const char *const *channels; /* wanted by the config */
    size_t channel_count;
    uint32_t has_credentials; /* 1: authenticate before channels */
    uint32_t
        reconnect_off; /* 1: the first break is the end: CLOSED after a clean close, else FAILED */
    int64_t channel_retry_ms; /* 5000: first wait before a refused channel is asked for again;
                                 doubles up to 60 times of it */
    uint32_t compression;     /* 1: offer permessage-deflate */
    uint32_t log_from;        /* 1 + the level from which on its lines are written; 0: as all are */
    uint32_t text_unchecked;  /* 1: text may be anything */
    uint32_t first_address;   /* of those that a url's host has, which is dialled first */
    uint32_t requests_wait;   /* 1: session_request keeps what comes before READY until then */
    const char *beat_text;    /* a heartbeat of the config: sent at each interval, besides pings and
                                 the adapter's own */
    const char
        *beat_answer; /* the message that answers it, a last * is any rest; NULL: any bytes */
};

/** The session's surroundings. Copied; what it points to outlives the session. */
struct session_env {
    struct net_loop *loop;
    const struct hawser_adapter *adapter;
    const struct hawser_host *host;     /* handed to the adapter */
    struct hawser_instance *instance;   /* handed to the adapter: its name for this session */
    struct telemetry_writer *telemetry; /* NULL: none */
    struct budget *budget;              /* of attempts to connect; NULL: no limit */
    uint32_t subject;                   /* of the instance, in the watch; 0: none */
    void *arg;                          /* of the functions below */
    /** A record for the outputs. Hot. @param record borrowed for the call */
    void (*record)(void *arg, const struct hawser_record *record);
    /** The state changed. @param why NULL, or borrowed. May be NULL. Must not destroy the session.
     */
    void (*state)(void *arg, enum hawser_state state, const struct hawser_error *why);
    /** The server's close frame. May be NULL. */
    void (*close_frame)(void *arg, uint16_t code, struct hawser_slice reason);
    /** The send queue is low again after something was queued or refused. May be NULL. Must not
     * destroy the session. */
    void (*writable)(void *arg);
};

/** @return given, in state IDLE; the adapter's object is made. NULL with err set */
struct session *session_create(const struct session_options *options, const struct session_env *env,
                               struct hawser_error *err);
/** Where a session has several lines (bundle.h), the log says which one this is. @param line from
 * 1; 0: it is the only one. @return 0, or -1 with err set (nothing changed) */
int session_set_line(struct session *session, unsigned line,
                     struct hawser_error *err) HAWSER_MUST_CHECK;
/** What log lines about it carry. @return borrowed; lives as long as the session */
const struct log_subject *session_log_subject(const struct session *session);
/** Start to connect. */
void session_start(struct session *session);
/**
 * Leave: adapter's `leave`, close handshake, then CLOSED (told by env.state), where it stays unless
 * session_reconnect asks for it. In any state.
 * @param code, reason  of the close frame
 */
void session_leave(struct session *session, uint16_t code, const char *reason);
/** At once, without goodbye. Waiting requests end first, with outcome unknown. Not from inside
 * callbacks of the session. NULL is allowed. */
void session_destroy(struct session *session);

/**
 * New options for a running session, applied in place: channels are subscribed and unsubscribed,
 * timeouts, heartbeat, backoff, rate limits, stale and error rules, log level replaced. url, proxy,
 * tls, headers, subprotocols, bind, tcp_*, compression must be unchanged (the caller makes a new
 * session for those).
 * @return 0, or -1 with err set (nothing changed)
 */
int session_apply(struct session *session, const struct session_options *options,
                  struct hawser_error *err) HAWSER_MUST_CHECK;
/**
 * Give or replace the credentials; cleansed when replaced and at the end. In READY a replacement
 * authenticates again in place. proxy_user and proxy_password, when both are there, are the login
 * at the proxy from the next dial on, instead of that in options.proxy.
 * @param pairs  key, value, key, value; borrowed for the call
 */
int session_set_credentials(struct session *session, const char *const *pairs, size_t pair_count,
                            struct hawser_error *err) HAWSER_MUST_CHECK;

/** Want more channels at run time / no longer want them (those of the config included, until the
 * next session_apply). */
int session_subscribe(struct session *session, const struct hawser_slice *channels, size_t count,
                      struct hawser_error *err) HAWSER_MUST_CHECK;
int session_unsubscribe(struct session *session, const struct hawser_slice *channels, size_t count,
                        struct hawser_error *err) HAWSER_MUST_CHECK;
/** Drop the link and come back at once (ops); in CLOSED and FAILED, come back. */
void session_reconnect(struct session *session, const char *reason);

/** The message that the adapter is being told holds a secret: it is overwritten when the adapter
 * is done with it. */
void session_message_is_secret(struct session *session);

/* what the adapter asks through host.h; docstrings there */
const char *session_credential(struct session *session, const char *key);
int session_send(struct session *session, enum hawser_opcode opcode, struct hawser_slice bytes,
                 struct hawser_error *err) HAWSER_MUST_CHECK;
/** Bytes sent and not yet taken by the kernel; 0 without a link. */
size_t session_unsent_bytes(const struct session *session);
int session_call(struct session *session, const char *method, struct hawser_slice params,
                 int64_t timeout_ms, hawser_reply_fn fn, void *arg,
                 struct hawser_error *err) HAWSER_MUST_CHECK;
/** session_call for those outside the adapter: only when the session is READY, or RESTORING with
 * nothing but refused channels missing. Before that it waits for READY, where options.requests_wait
 * says so, else it is refused. @error SESSION_STATE as well */
int session_request(struct session *session, const char *method, struct hawser_slice params,
                    int64_t timeout_ms, hawser_reply_fn fn, void *arg,
                    struct hawser_error *err) HAWSER_MUST_CHECK;
int session_expect(struct session *session, int64_t timeout_ms, hawser_reply_fn fn, void *arg,
                   uint64_t *id, struct hawser_error *err) HAWSER_MUST_CHECK;
int session_answered(struct session *session, uint64_t id, struct hawser_slice result,
                     struct hawser_slice error);
void session_deliver(struct session *session, const struct hawser_delivery *delivery);
void session_alive(struct session *session);
void session_unexpected(struct session *session, struct hawser_slice bytes, const char *why);
void session_authenticated(struct session *session, int64_t valid_ms);
void session_restored(struct session *session);
void session_channel_confirmed(struct session *session, struct hawser_slice channel);
void session_channel_refused(struct session *session, struct hawser_slice channel,
                             const struct hawser_error *why);
void session_channel_gone(struct session *session, struct hawser_slice channel);
void session_left(struct session *session);
void session_fail(struct session *session, const struct hawser_error *why);

/* looking at it */
struct session_info {
    const char *name; /* borrowed from the session */
    enum hawser_state state;
    const char *address;    /* in use, or next: "wss://host:port"; borrowed from the session */
    size_t address_index;   /* 0: the preferred one */
    int64_t state_since_ns; /* CLOCK_REALTIME */
    uint64_t epoch;         /* connections that reached OPEN */
    uint64_t sequence;      /* of the last record */
    uint64_t messages;      /* received */
    uint64_t bytes;         /* received */
    uint64_t reconnects;
    uint64_t gaps;
    int64_t last_message_ns; /* CLOCK_REALTIME; 0: none */
    int64_t round_trip_ns;   /* of the last ping; 0: none */
    uint32_t attempt;        /* since the last steady READY */
    int64_t next_attempt_ns; /* CLOCK_REALTIME, in BACKOFF; else 0 */
    uint32_t held;           /* 1: in BACKOFF because the connect budget is used up */
    size_t channels_wanted;
    size_t channels_confirmed;
    size_t requests_waiting;
    uint64_t late_answers;          /* to requests that had ended, or never were */
    uint64_t foreign_messages;      /* data of channels that nobody wants: dropped */
    uint64_t illegal_events;        /* what the state machine has no cell for */
    uint32_t ended_cleanly;         /* 1: the last link ended with a whole close handshake */
    struct hawser_error last_error; /* code 0: none yet */
};
void session_get_info(const struct session *session, struct session_info *out);
enum hawser_state session_state(const struct session *session);
/** @return how many requests wait for their answer; borrowed, and up to date as long as the session
 * lives: for whoever asks at each message */
const size_t *session_requests_waiting(const struct session *session);
const char *session_name(const struct session *session);
/** Walk the channels: name, 1 when confirmed, 1 when wanted at run time and not by the config. */
void session_each_channel(const struct session *session,
                          void (*fn)(void *arg, const char *channel, int confirmed, int dynamic),
                          void *arg);

#endif
