/*
 * What the cells of the table do. Nothing in here changes the state: what follows is posted.
 */
#include "base/error.h"
#include "base/explain.h"
#include "base/log.h"
#include "base/random.h"
#include "hawser/adapter.h"
#include "session/early.h"
#include "session/object.h"
#include "session/slot.h"

#define RETRY_AFTER_MAX_MS INT64_C(3600000)

static int is_slow(const struct hawser_error *why)
{
    return why->recovery == HAWSER_RECOVER_RECONNECT_SLOWLY || why->recovery == HAWSER_RECOVER_WAIT;
}

static int64_t delay_of(const struct session *session)
{
    const struct backoff_options *options = &session->options.backoff;
    const struct hawser_error *why        = &session->why;
    double fraction                       = random_fraction();
    if (why->retry_after_ms > 0) {
        /* the other side's word, and a little more so that not all come at once */
        int64_t told =
            why->retry_after_ms < RETRY_AFTER_MAX_MS ? why->retry_after_ms : RETRY_AFTER_MAX_MS;
        int64_t spread = backoff_delay_ms(options, 1, 0.0);
        return told + (int64_t)((double)spread * fraction);
    }
    return is_slow(why) ? backoff_slow_delay_ms(options, fraction)
                        : backoff_delay_ms(options, session->backoff.attempt, fraction);
}

/* What an address said before OPEN is about that address: another one does not wait for it. */
static int64_t next_delay_ms(struct session *session)
{
    const struct backoff_options *options = &session->options.backoff;
    const struct hawser_error *why        = &session->why;
    int64_t delay_ms                      = delay_of(session);
    int64_t usual_ms                      = delay_ms;
    size_t last                           = session->urls.current;
    if (session->opened_at == 0) {
        int held = why->retry_after_ms > 0 || is_slow(why);
        usual_ms = held ? backoff_delay_ms(options, session->backoff.attempt, random_fraction())
                        : delay_ms;
        urls_failed(&session->urls, clock_monotonic(), held ? delay_ms * CLOCK_NS_PER_MS : 0);
    }
    int64_t hold_ms = session_url_choose(session);
    if (session->urls.current == last) {
        return delay_ms;
    }
    return hold_ms > usual_ms ? hold_ms : usual_ms;
}

static void exhaust(struct session *session)
{
    if (!session->options.reconnect_off) {
        struct hawser_error last = session->why;
        error_set(&session->why, HAWSER_SESSION_RETRIES,
                  "%u attempts in a row failed, the last: %s", session->options.backoff.attempts,
                  last.message);
        session->last_error = session->why;
    }
    session_post(session, SESSION_EXHAUSTED);
}

static void back_off(struct session *session)
{
    session_link_drop(session, &session->why);
    if (session->options.reconnect_off ||
        !backoff_next(&session->backoff, &session->options.backoff, clock_monotonic())) {
        exhaust(session);
        return;
    }
    int64_t delay_ms         = next_delay_ms(session);
    const char *next         = urls_current(&session->urls)->address;
    session->next_attempt_ns = clock_realtime() + delay_ms * CLOCK_NS_PER_MS;
    session_timer_arm(session, SESSION_TIMER_STATE, delay_ms);
    session_emit(session, HAWSER_EVENT_RECONNECT_ATTEMPT, delay_ms * CLOCK_NS_PER_MS,
                 session->why.code, session->why.message);
    complain(&session->link_trouble, &session->log, LOG_WARN, "HW-SESSION-001",
             "%s: %s; attempt %u follows in %lld ms%s%s", error_code_text(session->why.code),
             session->why.message, session->backoff.attempt, (long long)delay_ms,
             session->urls.count > 1 ? " at " : "", session->urls.count > 1 ? next : "");
}

static int64_t time_allowed_ms(const struct session *session)
{
    return session->state_before == HAWSER_STATE_AUTHENTICATING
               ? session->options.auth_timeout_ms
               : session->options.connect_timeout_ms;
}

static void time_out(struct session *session)
{
    struct hawser_error why = HAWSER_ERROR_INIT;
    const char *proxy       = session->proxy.host;
    error_set(&why, HAWSER_SESSION_PHASE_TIMEOUT, "%s:%u%s%s: %s did not end within %lld ms",
              session->url.host, session->url.port, proxy == NULL ? "" : " through the proxy ",
              proxy == NULL ? "" : proxy, session_state_name(session->state_before),
              (long long)time_allowed_ms(session));
    error_rule_apply(session_rule_of(session, &why), &why);
    session->why        = why;
    session->last_error = why;
    session_emit(session, HAWSER_EVENT_ERROR_OCCURRED, why.code, why.code, why.message);
    if (why.recovery == HAWSER_RECOVER_STOP) {
        session_link_drop(session, &why);
        session_post(session, SESSION_DENIED);
        return;
    }
    back_off(session);
}

static void give_up(struct session *session)
{
    session_link_drop(session, &session->why);
    struct buf text = {0};
    const char *explained =
        error_explain(&session->why, &text) == 0 ? buf_text(&text) : session->why.message;
    log_about(&session->log, LOG_ERROR, "HW-SESSION-002", "FAILED, %s", explained);
    buf_fini(&text);
    session_early_end(session);
}

static void open_up(struct session *session)
{
    const struct hawser_adapter *adapter = session->env.adapter;
    session->told_open                   = 1;
    if (HAWSER_HAS(adapter, connected)) {
        uint64_t before = session_enter(session, WATCH_CONNECTED);
        adapter->connected(session->adapter);
        session_exit(session, before);
    }
    session_post(session, session->options.has_credentials && HAWSER_HAS(adapter, authenticate)
                              ? SESSION_LOGIN
                              : SESSION_NO_LOGIN);
}

static void get_ready(struct session *session)
{
    clock_ns_t now      = clock_monotonic();
    size_t channels     = session->wanted.state_count[CHANNEL_CONFIRMED];
    int64_t duration_ns = now - session->dialled_at;
    backoff_ready(&session->backoff, now);
    urls_ready(&session->urls);
    session_emit(session, HAWSER_EVENT_SUBSCRIPTION_RESTORED, (int64_t)channels, 0, NULL);
    session_emit(session, HAWSER_EVENT_SESSION_READY, duration_ns, 0, NULL);
    session_record_event(session, HAWSER_RECORD_READY, &(struct hawser_record){0});
    log_about(&session->log, LOG_NOTICE, "HW-SESSION-003",
              "is READY: %zu channels, %lld ms after the dial", channels,
              (long long)(duration_ns / CLOCK_NS_PER_MS));
    complain_over(&session->link_trouble, &session->log, LOG_NOTICE, "HW-SESSION-004",
                  "the link trouble is over");
    complain_over(&session->channel_trouble, &session->log, LOG_NOTICE, "HW-SESSION-005",
                  "every channel is there");
    session_early_send(session);
}

static void say_close(struct session *session)
{
    if (session->leaving || session->conn == NULL) {
        return;
    }
    session->leaving = 1;
    /* the connection bounds its handshake itself; this is for one that does not end at all */
    session_timer_arm(session, SESSION_TIMER_STATE, session->options.leave_timeout_ms + 3000);
    ws_conn_close(session->conn, session->close_code, session->close_reason);
}

static void leave(struct session *session)
{
    const struct hawser_adapter *adapter = session->env.adapter;
    if (!HAWSER_HAS(adapter, leave)) {
        say_close(session);
        return;
    }
    uint64_t before = session_enter(session, WATCH_LEAVE);
    adapter->leave(session->adapter);
    session_exit(session, before);
}

static void be_late(struct session *session)
{
    if (session->leaving) {
        log_about(&session->log, LOG_WARN, "HW-SESSION-006",
                  "the close handshake did not end; dropped the link");
        session_post(session, SESSION_LOST);
        return;
    }
    log_about(&session->log, LOG_WARN, "HW-SESSION-007",
              "the goodbye took longer than %lld ms; closing without it",
              (long long)session->options.leave_timeout_ms);
    say_close(session);
}

static void nothing(struct session *session)
{
    (void)session;
}

static void dial_anew(struct session *session)
{
    backoff_reset(&session->backoff);
    urls_forgive(&session->urls);
    (void)session_url_choose(session); /* none has to be left alone */
    session_link_dial(session);
}

static void redial(struct session *session)
{
    session_link_drop(session, &session->why);
    (void)session_url_choose(session); /* a person does not wait */
    session_link_dial(session);
}

static void finish(struct session *session)
{
    session_link_drop(session, session->why.code != 0 && !session->leaving ? &session->why : NULL);
    session_early_end(session);
}

static void (*const ACTIONS[SESSION_ACTION_COUNT])(struct session *session) = {
    [SESSION_DO_NOTHING]    = nothing,
    [SESSION_DO_DIAL]       = session_link_dial,
    [SESSION_DO_DIAL_ANEW]  = dial_anew,
    [SESSION_DO_REDIAL]     = redial,
    [SESSION_DO_HOLD]       = session_hold,
    [SESSION_DO_OPEN]       = open_up,
    [SESSION_DO_LOGIN]      = session_login,
    [SESSION_DO_KEEP_LOGIN] = session_keep_login,
    [SESSION_DO_RESTORE]    = session_restore,
    [SESSION_DO_SUBSCRIBE]  = session_restore_channels,
    [SESSION_DO_UNANSWERED] = session_unanswered,
    [SESSION_DO_READY]      = get_ready,
    [SESSION_DO_COMPLAIN]   = session_complain_of_channels,
    [SESSION_DO_BACK_OFF]   = back_off,
    [SESSION_DO_TIME_OUT]   = time_out,
    [SESSION_DO_GIVE_UP]    = give_up,
    [SESSION_DO_LEAVE]      = leave,
    [SESSION_DO_SAY_CLOSE]  = say_close,
    [SESSION_DO_LATE]       = be_late,
    [SESSION_DO_FINISH]     = finish,
};

void session_act(struct session *session, enum session_action action)
{
    ACTIONS[action](session);
}
