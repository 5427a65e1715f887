/*
 * The runner of the transition table: events are queued, and worked off one by one from the loop,
 * so that nothing recurses and a stale event can be told from a fresh one. Which follows from what
 * stands in states.c; what the actions do, in actions.c.
 */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "session/object.h"

/* A login that expires again so soon will not get better by another one. */
#define RELOGIN_MIN_NS (5 * CLOCK_NS_PER_S)

void session_post(struct session *session, enum session_event event)
{
    size_t i = 0;
    while (i < session->queued && session->queue[i].event != event) {
        i++;
    }
    session->queue[i] = (struct session_queued){session->attempt, session->entry, (uint8_t)event};
    if (i == session->queued) {
        session->queued++;
    }
    session->unsettled = 1;
    session_wake(session);
}

void session_wake(struct session *session)
{
    if (!session->draining) {
        event_active(&session->timers[SESSION_TIMER_NOW], EV_TIMEOUT, 0);
    }
}

static int is_queued(const struct session *session, enum session_event event)
{
    for (size_t i = 0; i < session->queued; i++) {
        if (session->queue[i].event == event && session->queue[i].attempt == session->attempt) {
            return 1;
        }
    }
    return 0;
}

static enum session_event event_of_failure(const struct session *session, int clean)
{
    clock_ns_t now = clock_monotonic();
    if (session->why.recovery == HAWSER_RECOVER_STOP) {
        return SESSION_DENIED;
    }
    if (session->why.recovery == HAWSER_RECOVER_REAUTHENTICATE && session->restored &&
        now - session->login_at >= RELOGIN_MIN_NS) {
        return SESSION_EXPIRED;
    }
    if (session->options.reconnect_off) {
        return clean ? SESSION_ENDED : SESSION_DENIED;
    }
    return SESSION_LOST;
}

const struct error_rule *session_rule_of(const struct session *session,
                                         const struct hawser_error *why)
{
    return error_rule_find(session->options.on_error, session->options.on_error_count, why);
}

void session_post_failure(struct session *session, const struct hawser_error *why, int clean)
{
    if (session->dropping || is_queued(session, SESSION_LOST) ||
        is_queued(session, SESSION_DENIED) || is_queued(session, SESSION_ENDED)) {
        log_about(&session->log, LOG_DEBUG, "HW-SESSION-012",
                  "one more failure of a link that is given up: %s", why->message);
        return;
    }
    if (session->why.code != why->code) {
        session->link_trouble.next_at = 0; /* another trouble than the last is worth a line */
    }
    session->why = *why;
    error_rule_apply(session_rule_of(session, why), &session->why);
    session->last_error = session->why;
    session_emit(session, HAWSER_EVENT_ERROR_OCCURRED, why->code, why->code, why->message);
    if (why->category == HAWSER_AUTHENTICATION) {
        session_emit(session, HAWSER_EVENT_AUTH_FAILED, why->code, why->code, why->message);
    }
    enum session_event event = event_of_failure(session, clean);
    if (event == SESSION_DENIED && session_url_deny(session)) {
        event = SESSION_LOST;
    }
    session_post(session, event);
}

/* the table runner */

static int64_t deadline_ms(const struct session *session, enum hawser_state state)
{
    switch (state) {
    case HAWSER_STATE_RESOLVING:
    case HAWSER_STATE_CONNECTING:
    case HAWSER_STATE_TLS:
    case HAWSER_STATE_UPGRADING:
        return session->options.connect_timeout_ms;
    case HAWSER_STATE_AUTHENTICATING:
        return session->options.auth_timeout_ms;
    case HAWSER_STATE_RESTORING:
        return session->options.subscribe_timeout_ms;
    case HAWSER_STATE_CLOSING:
        return session->options.leave_timeout_ms;
    default:
        return 0; /* passes at once, or lasts; BACKOFF's is set by its action */
    }
}

static void enter(struct session *session, enum hawser_state state)
{
    session_timer_stop(session, SESSION_TIMER_STATE);
    session->state_before   = session->state;
    session->state          = state;
    session->state_since_ns = clock_realtime();
    session->entry++;
    int64_t ms = deadline_ms(session, state);
    if (ms > 0) {
        session_timer_arm(session, SESSION_TIMER_STATE, ms);
    }
}

static void tell_state(struct session *session, enum session_event event)
{
    int failed = event == SESSION_LOST || event == SESSION_DENIED || event == SESSION_ENDED ||
                 event == SESSION_DEADLINE || event == SESSION_EXHAUSTED;
    log_about(&session->log, LOG_DEBUG, "HW-SESSION-013", "is %s",
              session_state_name(session->state));
    session_report_state(session);
    if (session->env.state != NULL) {
        session->env.state(session->env.arg, session->state, failed ? &session->why : NULL);
    }
}

static void run(struct session *session, enum session_event event)
{
    const struct session_step *step = session_step_of(session->state, event);
    switch ((enum session_verdict)step->verdict) {
    case SESSION_MOVE:
        enter(session, (enum hawser_state)step->next);
        session_act(session, (enum session_action)step->action);
        tell_state(session, event);
        break;
    case SESSION_STAY:
        session_act(session, (enum session_action)step->action);
        break;
    case SESSION_IGNORE:
        log_about(&session->log, LOG_DEBUG, "HW-SESSION-014", "%s in %s is ignored: %s",
                  session_event_name(event), session_state_name(session->state), step->why);
        break;
    case SESSION_UNDECIDED:
    case SESSION_ILLEGAL:
        session->illegal++;
        complain(&session->illegal_trouble, &session->log, LOG_ERROR, "HW-SESSION-015",
                 "%s cannot happen in %s; nothing follows from it", session_event_name(event),
                 session_state_name(session->state));
        break;
    }
}

static int is_overtaken(const struct session *session, const struct session_queued *queued)
{
    switch (queued->event) {
    case SESSION_START:
    case SESSION_CREDENTIALS:
    case SESSION_RECONNECT:
    case SESSION_LEAVE:
        return 0; /* about the session, not about a link */
    case SESSION_DEADLINE:
        return queued->entry != session->entry;
    default:
        return queued->attempt != session->attempt;
    }
}

void session_drain(struct session *session)
{
    if (session->draining || session->depth > 0) {
        return;
    }
    session->draining = 1;
    while (session->queued > 0 || session->pump_due) {
        if (session->queued == 0) {
            session_pump(session);
            continue;
        }
        struct session_queued first = session->queue[0];
        session->queued--;
        memmove(session->queue, session->queue + 1, session->queued * sizeof(first));
        if (is_overtaken(session, &first)) {
            session->overtaken++;
        } else {
            run(session, (enum session_event)first.event);
        }
    }
    session->draining = 0;
}
