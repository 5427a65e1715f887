/*
 * Waiting for the session's turn to dial. The connect budget gives turns away; a session that has
 * none stays in BACKOFF, and asks again.
 */
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "hawser/adapter.h"
#include "session/budget.h"
#include "session/object.h"

/* A turn that is used later than this is asked for anew: after a stall of the loop, all that came
 * due in it would dial at once. */
#define TURN_VALID_NS (100 * CLOCK_NS_PER_MS)

int64_t session_turn_wait_ms(struct session *session)
{
    if (session->env.budget == NULL) {
        return 0;
    }
    clock_ns_t now = clock_monotonic();
    if (session->turn_at == 0 || now - session->turn_at > TURN_VALID_NS) {
        session->turn_at = budget_reserve(session->env.budget,
                                          budget_key(session->url.host, session->url.port), now);
    }
    if (session->turn_at == 0) { /* spread, so that those who wait do not ask in step */
        return (int64_t)((double)(BUDGET_HORIZON_NS / CLOCK_NS_PER_MS) *
                         (0.5 + random_fraction() / 2));
    }
    return session->turn_at <= now ? 0 : (session->turn_at - now) / CLOCK_NS_PER_MS + 1;
}

void session_turn_used(struct session *session)
{
    session->turn_at = 0;
    session->held    = 0;
    if (session->env.budget != NULL) {
        complain_over(&session->hold_trouble, &session->log, LOG_NOTICE, "HW-SESSION-027",
                      "it is its turn to connect");
    }
}

static void tell_hold(struct session *session, int64_t wait_ms)
{
    struct budget_limits limits = budget_limits_of(session->env.budget);
    struct hawser_error why     = HAWSER_ERROR_INIT;
    error_set(&why, HAWSER_SESSION_BUDGET,
              "all sessions share connect_budget rate=%u burst=%u towards %s:%u; this one's turn "
              "comes later",
              (unsigned)limits.rate, (unsigned)limits.burst, session->url.host,
              (unsigned)session->url.port);
    session_emit(session, HAWSER_EVENT_RATE_LIMIT_WAIT, wait_ms * CLOCK_NS_PER_MS, why.code,
                 "connect_budget");
    complain(&session->hold_trouble, &session->log, LOG_INFO, "HW-SESSION-028",
             "%s; asks again in %lld ms", why.message, (long long)wait_ms);
}

static void hold(struct session *session, int64_t wait_ms)
{
    session->next_attempt_ns = clock_realtime() + wait_ms * CLOCK_NS_PER_MS;
    session_timer_arm(session, SESSION_TIMER_STATE, wait_ms);
    if (!session->held) {
        session->held = 1;
        tell_hold(session, wait_ms);
    }
}

void session_hold(struct session *session)
{
    hold(session, session_turn_wait_ms(session));
}

int session_hold_longer(struct session *session)
{
    int64_t wait_ms = session->state == HAWSER_STATE_BACKOFF ? session_turn_wait_ms(session) : 0;
    if (wait_ms > 0) {
        hold(session, wait_ms);
    }
    return wait_ms > 0;
}
