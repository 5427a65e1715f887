/*
 * The life of a session: made, started, left, destroyed; its timers. What happens in between is run
 * by machine.c.
 */
#include "session/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/slice.h"
#include "session/calls.h"
#include "session/early.h"
#include "session/object.h"
#include "session/slot.h"

static void on_timer(struct session *session, enum session_timer timer)
{
    switch (timer) {
    case SESSION_TIMER_NOW:
        break;
    case SESSION_TIMER_STATE:
        if (!session_hold_longer(session)) {
            session_post(session, SESSION_DEADLINE);
        }
        break;
    case SESSION_TIMER_EARLY:
        session_on_early(session);
        break;
    case SESSION_TIMER_BEAT:
        session_on_beat(session);
        break;
    case SESSION_TIMER_REQUESTS:
        session_on_requests(session);
        break;
    case SESSION_TIMER_CHANNELS:
        session_on_channels(session);
        break;
    case SESSION_TIMER_STALE:
        session_on_stale(session);
        break;
    case SESSION_TIMER_THROTTLE:
        session_on_throttle(session);
        break;
    case SESSION_TIMER_LOGIN:
        session_on_login_timer(session);
        break;
    case SESSION_TIMER_COUNT:
        break;
    }
    session_drain(session);
}

#define TIMER_CALLBACK(name, timer)                                                                \
    static void name(evutil_socket_t fd, short what, void *arg)                                    \
    {                                                                                              \
        (void)fd;                                                                                  \
        (void)what;                                                                                \
        on_timer(OBJ_CAST(struct session, arg, SESSION_MAGIC), timer);                             \
    }
TIMER_CALLBACK(on_now, SESSION_TIMER_NOW)
TIMER_CALLBACK(on_state, SESSION_TIMER_STATE)
TIMER_CALLBACK(on_early, SESSION_TIMER_EARLY)
TIMER_CALLBACK(on_beat, SESSION_TIMER_BEAT)
TIMER_CALLBACK(on_requests, SESSION_TIMER_REQUESTS)
TIMER_CALLBACK(on_channels, SESSION_TIMER_CHANNELS)
TIMER_CALLBACK(on_stale, SESSION_TIMER_STALE)
TIMER_CALLBACK(on_throttle, SESSION_TIMER_THROTTLE)
TIMER_CALLBACK(on_login, SESSION_TIMER_LOGIN)

static const event_callback_fn TIMER_CALLBACKS[SESSION_TIMER_COUNT] = {
    on_now, on_state, on_early, on_beat, on_requests, on_channels, on_stale, on_throttle, on_login};

void session_timer_arm(struct session *session, enum session_timer timer, int64_t delay_ms)
{
    struct timeval delay = {.tv_sec = delay_ms / 1000, .tv_usec = delay_ms % 1000 * 1000};
    if (evtimer_add(&session->timers[timer], &delay) != 0) {
        log_about(&session->log, LOG_CRIT, "HW-SESSION-023", "a timer was not set: out of memory");
    }
}

void session_timer_stop(struct session *session, enum session_timer timer)
{
    if (evtimer_initialized(&session->timers[timer])) { /* a half-built session has none */
        (void)evtimer_del(&session->timers[timer]);     /* cannot fail then */
    }
}

int session_has_deadline(const struct session *session)
{
    return evtimer_pending(&session->timers[SESSION_TIMER_STATE], NULL);
}

static int prepare_timers(struct session *session, struct hawser_error *err)
{
    for (size_t i = 0; i < SESSION_TIMER_COUNT; i++) {
        if (evtimer_assign(&session->timers[i], session->env.loop->base, TIMER_CALLBACKS[i],
                           session) != 0) {
            error_set(err, HAWSER_SYSTEM_MEMORY, "no timer for session %s", session->label);
            return -1;
        }
    }
    return 0;
}

static int want_config_channels(struct session *session, const struct session_options *options,
                                struct hawser_error *err)
{
    for (size_t i = 0; i < options->channel_count; i++) {
        struct hawser_slice name = slice_of(options->channels[i]);
        if (wanted_add(&session->wanted, &name, 1, CHANNEL_BY_CONFIG, err) != 0) {
            return -1;
        }
    }
    session_stale_resolve(session);
    return 0;
}

static int check_fit(const struct session *session, size_t channel_count, struct hawser_error *err)
{
    const struct hawser_adapter *adapter = session->env.adapter;
    if (channel_count > 0 && !HAWSER_HAS(adapter, subscribe)) {
        error_set(err, HAWSER_CONF_DIRECTIVE,
                  "session %s wants channels, but its adapter has none; take `subscribe` out",
                  session->label);
        return -1;
    }
    if (session->options.has_credentials && !HAWSER_HAS(adapter, authenticate)) {
        error_set(
            err, HAWSER_CONF_DIRECTIVE,
            "session %s has credentials, but its adapter has no login; take `credentials` out",
            session->label);
        return -1;
    }
    return 0;
}

static void warn_when_unverified(const struct session *session)
{
    if (session->options.tls.verify_off) {
        log_about(&session->log, LOG_WARN, "HW-SESSION-024",
                  "tls_verify off: whoever stands in the way to %s can read and change "
                  "everything, credentials too; meant for tests alone",
                  session->url.host);
    }
}

void session_take_log_level(struct session *session)
{
    uint32_t from = session->options.log_from;
    session->log  = (struct log_subject){.kind  = "session",
                                         .name  = session->options.name,
                                         .line  = session->log.line,
                                         .level = from == 0 ? LOG_AS_PROCESS : (int)from - 1};
}

const struct log_subject *session_log_subject(const struct session *session)
{
    return &session->log;
}

static int build(struct session *session, const struct session_options *options,
                 struct hawser_error *err)
{
    if (session_options_copy(options, &session->options, err) != 0) {
        return -1;
    }
    session_take_log_level(session);
    if (session_set_line(session, 0, err) != 0 || session_path_prepare(session, err) != 0) {
        return -1;
    }
    session_report_begin(session);
    if (urls_any_secure(&session->urls)) {
        session->tls = net_tls_create(&session->options.tls, err);
        if (session->tls == NULL) {
            return -1;
        }
        warn_when_unverified(session);
    }
    session->wanted.max_channels = session->options.max_channels;
    session->requests            = rpc_pending_create(session->options.max_requests);
    if (session->requests == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for session %s", options->name);
        return -1;
    }
    if (prepare_timers(session, err) != 0 || check_fit(session, options->channel_count, err) != 0 ||
        want_config_channels(session, options, err) != 0) {
        return -1;
    }
    uint64_t before = session_enter(session, WATCH_CREATE);
    int made        = session->env.adapter->create(session->env.host, session->env.instance,
                                                   &session->adapter, err);
    session_exit(session, before);
    if (made != 0) {
        return -1;
    }
    session->adapter_made = 1;
    return 0;
}

int session_set_line(struct session *session, unsigned line, struct hawser_error *err)
{
    char *label = NULL;
    if (line == 0) {
        label = strdup(session->options.name);
    } else if (asprintf(&label, "%s line=%u", session->options.name, line) < 0) {
        label = NULL;
    }
    if (label == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for session %s", session->options.name);
        return -1;
    }
    free(session->label);
    session->label    = label;
    session->log.line = line;
    return 0;
}

struct session *session_create(const struct session_options *options, const struct session_env *env,
                               struct hawser_error *err)
{
    struct session *session = calloc(1, sizeof(*session));
    if (session == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a session");
        return NULL;
    }
    session->magic          = SESSION_MAGIC;
    session->env            = *env;
    session->state_since_ns = clock_realtime();
    wanted_init(&session->wanted, 0);
    session_throttle_init(session);
    list_init(&session->early);
    if (build(session, options, err) != 0) {
        session_destroy(session);
        return NULL;
    }
    return session;
}

static void release(struct session *session)
{
    for (size_t i = 0; i < SESSION_TIMER_COUNT; i++) {
        session_timer_stop(session, (enum session_timer)i);
    }
    if (session->adapter_made) {
        uint64_t before = session_enter(session, WATCH_DESTROY);
        session->env.adapter->destroy(session->adapter);
        session_exit(session, before);
    }
    rpc_pending_destroy(session->requests);
    wanted_fini(&session->wanted);
    session_forget_credentials(session);
    buf_cleanse(&session->outgoing);
    net_tls_destroy(session->tls);
    session_path_fini(session);
    session_options_fini(&session->options);
    free(session->label);
    session->magic = 0;
    free(session);
}

void session_destroy(struct session *session)
{
    if (session == NULL) {
        return;
    }
    OBJ_ASSERT(session->depth == 0 && !session->draining);
    session->draining = 1; /* nothing that happens on the way out starts anything */
    session_link_drop(session, NULL);
    session->state = HAWSER_STATE_CLOSED; /* whoever is told now can wait for nothing any more */
    session_early_end(session);
    release(session);
}

void session_start(struct session *session)
{
    session_post(session, SESSION_START);
}

void session_leave(struct session *session, uint16_t code, const char *reason)
{
    session->close_code = code;
    (void)snprintf(session->close_reason, sizeof(session->close_reason), "%s",
                   reason == NULL ? "" : reason);
    session_post(session, SESSION_LEAVE);
}

void session_reconnect(struct session *session, const char *reason)
{
    error_set(&session->why, HAWSER_NET_LOST, "a new link was asked for: %s",
              reason == NULL ? "no reason given" : reason);
    urls_forgive(&session->urls);
    session_post(session, SESSION_RECONNECT);
}

void session_left(struct session *session)
{
    session_post(session, SESSION_LEFT);
}

/* The deadline of the state still runs: what is overlooked delays, and hangs nothing. */
static void overlook(struct session *session, const struct hawser_error *why)
{
    session->last_error = *why;
    session_emit(session, HAWSER_EVENT_ERROR_OCCURRED, why->code, why->code, why->message);
    complain(&session->overlooked, &session->log, LOG_NOTICE, "HW-SESSION-025",
             "%s: %s; it goes on, as on_error says", error_code_text(why->code), why->message);
}

void session_fail(struct session *session, const struct hawser_error *why)
{
    struct hawser_error said = *why;
    if (said.code == HAWSER_OK) {
        error_set(&said, HAWSER_ADAPTER_FAILED, "the adapter gave up without a reason");
    }
    const struct error_rule *rule = session_rule_of(session, &said);
    if (rule != NULL && rule->recovery == HAWSER_RECOVER_NOTHING && session_link_is_open(session)) {
        overlook(session, &said);
        return;
    }
    session_post_failure(session, &said, 0);
}
