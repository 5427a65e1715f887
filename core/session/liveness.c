/*
 * Is the link alive, and does each channel deliver? Pings and the adapter's heartbeat at each
 * interval; channels with a stale rule at a quarter of the shortest rule. The judgement on the link
 * is heartbeat.c's.
 */
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/slice.h"
#include "hawser/adapter.h"
#include "rpc/scan.h"
#include "session/object.h"
#include "session/slot.h"

#define STALE_CHECK_MIN_MS INT64_C(50)
#define STALE_CHECK_MAX_MS INT64_C(5000)
#define STRIKE_REPLACE                                                                             \
    2                 /* first the channel alone, then the link, then the channel alone again      \
                       */
#define STRIKES_MAX 6 /* patience doubles with each strike */

void session_beat_begin(struct session *session)
{
    session->heard_ns = clock_realtime();
    heartbeat_begin(&session->beat, session->options.heartbeat_ms, clock_monotonic());
    if (session->beat.interval > 0) {
        session_timer_arm(session, SESSION_TIMER_BEAT, session->options.heartbeat_ms);
    } else {
        session_timer_stop(session, SESSION_TIMER_BEAT);
    }
}

/* One that closes has a deadline, and a reason that its silence must not replace. */
static int is_talking(const struct session *session)
{
    return session_link_is_open(session) && ws_conn_phase(session->conn) == WS_PHASE_OPEN;
}

static void call_it_dead(struct session *session, enum heartbeat_verdict verdict)
{
    clock_ns_t now = clock_monotonic();
    clock_ns_t since =
        verdict == HEARTBEAT_SILENT ? session->beat.heard_at : session->beat.answered_at;
    const char *what =
        verdict == HEARTBEAT_SILENT ? "not one byte came" : "the exchange answered no heartbeat";
    struct hawser_error why = HAWSER_ERROR_INIT;
    error_set(&why, HAWSER_SESSION_SILENT, "%s for %lld ms", what,
              (long long)((now - since) / CLOCK_NS_PER_MS));
    session_emit(session, HAWSER_EVENT_HEARTBEAT_MISSED, now - since, why.code, what);
    session_post_failure(session, &why, 0);
}

static void ping(struct session *session)
{
    char number[24];
    struct hawser_error err = HAWSER_ERROR_INIT;
    int len                 = snprintf(number, sizeof(number), "%" PRIu64,
                                       heartbeat_pinged(&session->beat, clock_monotonic()));
    if (ws_conn_ping(session->conn, slice_make(number, (size_t)len), &err) != 0) {
        /* a full queue is no proof of death; the silence that follows would be */
        log_about(&session->log, LOG_DEBUG, "HW-SESSION-010", "no ping went out: %s", err.message);
        return;
    }
    session_emit(session, HAWSER_EVENT_HEARTBEAT_SENT, 0, 0, "ping");
}

static void tell_lapses(struct session *session)
{
    const struct log_subject *log = &session->log;
    complain_lapse(&session->gap_trouble, log, LOG_NOTICE, "HW-SESSION-029", "no gaps any more");
    complain_lapse(&session->stale_trouble, log, LOG_NOTICE, "HW-SESSION-030",
                   "no channel is silent any more");
    complain_lapse(&session->ended_trouble, log, LOG_NOTICE, "HW-SESSION-031",
                   "the exchange ends no channels any more");
    complain_lapse(&session->late_trouble, log, LOG_INFO, "HW-SESSION-032",
                   "no answers come too late any more");
    complain_lapse(&session->foreign_trouble, log, LOG_NOTICE, "HW-SESSION-033",
                   "no data of unwanted channels comes any more");
    complain_lapse(&session->unexpected_trouble, log, LOG_NOTICE, "HW-SESSION-034",
                   "every message is understood again");
    complain_lapse(&session->overlooked, log, LOG_NOTICE, "HW-SESSION-035",
                   "nothing is overlooked any more");
}

/* The heartbeat of the config, for exchanges whose adapter knows none. */
static void say_beat(struct session *session)
{
    const char *text        = session->options.beat_text;
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (session->options.beat_answer != NULL) {
        heartbeat_asked(&session->beat, clock_monotonic());
    }
    if (session_send(session, HAWSER_OPCODE_TEXT, slice_of(text), &err) != 0) {
        log_about(&session->log, LOG_DEBUG, "HW-SESSION-044", "no heartbeat went out: %s",
                  err.message);
        return;
    }
    session_emit(session, HAWSER_EVENT_HEARTBEAT_SENT, 0, 0, "text");
}

int session_beat_answers(struct session *session, struct hawser_slice bytes)
{
    const char *answer = session->options.beat_answer;
    if (answer == NULL || session->beat.asked_at <= session->beat.answered_at) {
        return 0;
    }
    size_t len = strlen(answer);
    int prefix = len > 0 && answer[len - 1] == '*';
    len -= (size_t)prefix;
    if ((prefix ? bytes.len < len : bytes.len != len) || memcmp(bytes.data, answer, len) != 0) {
        return 0;
    }
    clock_ns_t now = clock_monotonic();
    session_emit(session, HAWSER_EVENT_HEARTBEAT_ANSWERED, now - session->beat.asked_at, 0, "text");
    heartbeat_answered(&session->beat, now);
    return 1;
}

void session_on_beat(struct session *session)
{
    session_report_certificate(session); /* days pass */
    tell_lapses(session);
    const struct hawser_adapter *adapter = session->env.adapter;
    if (!is_talking(session)) {
        return;
    }
    enum heartbeat_verdict verdict = heartbeat_judge(&session->beat);
    if (verdict != HEARTBEAT_PROBE) {
        call_it_dead(session, verdict);
        return;
    }
    session_timer_arm(session, SESSION_TIMER_BEAT, session->options.heartbeat_ms);
    ping(session);
    if (session->restored && session->options.beat_text != NULL) {
        say_beat(session);
    }
    if (session->restored && HAWSER_HAS(adapter, heartbeat)) {
        heartbeat_asked(&session->beat, clock_monotonic());
        uint64_t before = session_enter(session, WATCH_HEARTBEAT);
        adapter->heartbeat(session->adapter);
        session_exit(session, before);
        session_emit(session, HAWSER_EVENT_HEARTBEAT_SENT, 0, 0, "exchange");
    }
}

void session_ponged(struct session *session, struct hawser_slice payload)
{
    int64_t number = 0;
    if (rpc_integer(payload, &number) != 0) {
        return; /* unasked for: allowed by RFC 6455 5.5.3 */
    }
    int64_t round_trip = heartbeat_ponged(&session->beat, (uint64_t)number, clock_monotonic());
    if (round_trip > 0) {
        session_emit(session, HAWSER_EVENT_HEARTBEAT_ANSWERED, round_trip, 0, "ping");
    }
}

void session_alive(struct session *session)
{
    heartbeat_answered(&session->beat, clock_monotonic());
}

/* channels that stopped to deliver */

static int64_t stale_after_ms(const struct session *session, const struct channel *channel)
{
    for (size_t i = 0; i < session->options.stale_count; i++) {
        const struct session_stale_rule *rule = &session->options.stale[i];
        if (fnmatch(rule->pattern, channel->name, 0) == 0) {
            return rule->after_ms > 0 ? rule->after_ms : 0;
        }
    }
    return 0;
}

void session_stale_resolve(struct session *session)
{
    for (size_t state = 0; state < CHANNEL_STATE_COUNT; state++) {
        struct list *node = NULL;
        list_for_each (node, &session->wanted.in_state[state]) {
            struct channel *channel = CHANNEL_OF(node);
            channel->stale_after_ns = stale_after_ms(session, channel) * CLOCK_NS_PER_MS;
        }
    }
}

void session_stale_begin(struct session *session)
{
    int64_t shortest = STALE_CHECK_MAX_MS * 4;
    for (size_t i = 0; i < session->options.stale_count; i++) {
        int64_t after = session->options.stale[i].after_ms;
        shortest      = after > 0 && after < shortest ? after : shortest;
    }
    int64_t interval = shortest / 4 > STALE_CHECK_MIN_MS ? shortest / 4 : STALE_CHECK_MIN_MS;
    if (session->options.stale_count > 0) {
        session_timer_arm(session, SESSION_TIMER_STALE, interval);
    } else {
        session_timer_stop(session, SESSION_TIMER_STALE);
    }
}

static void strike(struct session *session, struct channel *channel, clock_ns_t silence)
{
    struct hawser_error why = HAWSER_ERROR_INIT;
    error_set(&why, HAWSER_SESSION_STALE, "%s delivered nothing for %lld ms", channel->name,
              (long long)(silence / CLOCK_NS_PER_MS));
    struct hawser_record stale = {
        .channel  = channel_name(channel),
        .since_ns = channel->good_ns,
        .reason   = SLICE_LITERAL("silent"),
        .message  = slice_of(why.message),
    };
    channel->strikes = (uint8_t)(channel->strikes + (channel->strikes < STRIKES_MAX));
    channel->seen_at = clock_monotonic();
    session_record_event(session, HAWSER_RECORD_STALE, &stale);
    session_emit(session, HAWSER_EVENT_CHANNEL_STALE, silence, why.code, channel->name);
    if (channel->strikes == STRIKE_REPLACE) {
        session_post_failure(session, &why, 0);
        return;
    }
    complain(&session->stale_trouble, &session->log, LOG_WARN, "HW-SESSION-011",
             "%s; it is subscribed again alone", why.message);
    session_heal(session, channel);
}

void session_on_stale(struct session *session)
{
    clock_ns_t now     = clock_monotonic();
    struct list *node  = NULL;
    struct list *after = NULL;
    if (!is_talking(session)) {
        return;
    }
    list_for_each_safe (node, after, &session->wanted.in_state[CHANNEL_CONFIRMED]) {
        struct channel *channel = CHANNEL_OF(node);
        int64_t patience        = channel->stale_after_ns << channel->strikes;
        if (patience > 0 && now - channel->seen_at >= patience) {
            strike(session, channel, now - channel->seen_at);
        }
    }
    session_stale_begin(session);
}
