/*
 * What becomes of each channel: acknowledged, refused and asked for again, given up, healed, lost
 * with the link. Asking is restore.c's.
 */
#include "base/error.h"
#include "base/log.h"
#include "base/slice.h"
#include "hawser/adapter.h"
#include "session/object.h"

#define HEAL_INTERVAL_NS (10 * CLOCK_NS_PER_S) /* one channel is not subscribed anew more often */
#define RETRY_FACTOR_MAX 60
#define TICK_MIN_MS      INT64_C(10)
#define TICK_MAX_MS      INT64_C(1000)
#define TICKS_PER_RETRY  5

static int is_outstanding(const struct session *session)
{
    const size_t *count = session->wanted.state_count;
    return count[CHANNEL_PENDING] + count[CHANNEL_REFUSED] + count[CHANNEL_LEAVING] +
               session->heals_pending >
           0;
}

void session_channels_watch(struct session *session)
{
    int64_t tick_ms = session->options.channel_retry_ms / TICKS_PER_RETRY;
    tick_ms         = tick_ms < TICK_MIN_MS ? TICK_MIN_MS : tick_ms;
    tick_ms         = tick_ms > TICK_MAX_MS ? TICK_MAX_MS : tick_ms;
    if (is_outstanding(session) &&
        !evtimer_pending(&session->timers[SESSION_TIMER_CHANNELS], NULL)) {
        session_timer_arm(session, SESSION_TIMER_CHANNELS, tick_ms);
    }
}

void session_channels_look(struct session *session)
{
    const size_t *count = session->wanted.state_count;
    session_channels_watch(session);
    if (!session->restored) {
        return;
    }
    if (count[CHANNEL_WANTED] + count[CHANNEL_UNWANTED] > 0) {
        session->pump_due = 1;
        session_wake(session);
        return;
    }
    if (!session_is_settled(session)) {
        return;
    }
    if (count[CHANNEL_REFUSED] == 0) {
        session_post(session, SESSION_COMPLETE);
    } else if (session->state == HAWSER_STATE_READY) {
        session_post(session, SESSION_INCOMPLETE);
    } else {
        session_complain_of_channels(session);
    }
}

void session_channel_confirmed(struct session *session, struct hawser_slice name)
{
    struct channel *channel = wanted_find(&session->wanted, name);
    session->answers++;
    if (channel == NULL || channel->origin == 0 || channel->state == CHANNEL_UNWANTED ||
        channel->state == CHANNEL_LEAVING) {
        log_about(&session->log, LOG_DEBUG, "HW-SESSION-008",
                  "%.*s is acknowledged, and no longer wanted", (int)name.len, name.data);
        return;
    }
    channel->seen_at = clock_monotonic();
    if (channel->state != CHANNEL_CONFIRMED) {
        channel->confirmed_at = channel->seen_at;
        wanted_move(&session->wanted, channel, CHANNEL_CONFIRMED);
    }
    channel->refusals  = 0;
    channel->most_with = 0;
    channel->confirmed = 1;
    session_tell_gap(session, channel);
    session_channels_look(session);
}

static void tell_refusal(struct session *session, struct channel *channel,
                         const struct hawser_error *why)
{
    struct hawser_record gap = {
        .channel  = channel_name(channel),
        .since_ns = channel->gap_pending ? channel->gap_since_ns : channel->good_ns,
        .reason   = SLICE_LITERAL("refused"),
        .message  = slice_of(why->message),
    };
    session->gaps++;
    session_record_event(session, HAWSER_RECORD_GAP, &gap);
    session_emit(session, HAWSER_EVENT_GAP_DETECTED, 1, why->code, channel->name);
    session_emit(session, HAWSER_EVENT_ERROR_OCCURRED, why->code, why->code, channel->name);
}

/* Rules about whole categories are not meant for one channel. */
static const struct error_rule *rule_of(const struct session *session,
                                        const struct hawser_error *why)
{
    const struct error_rule *rule = session_rule_of(session, why);
    return rule != NULL && rule->by != ERROR_RULE_BY_CATEGORY ? rule : NULL;
}

static int64_t retry_after_ms(const struct session *session, const struct channel *channel,
                              const struct hawser_error *why)
{
    const struct error_rule *rule = rule_of(session, why);
    if (rule != NULL && rule->recovery == HAWSER_RECOVER_WAIT) {
        return rule->wait_ms;
    }
    uint32_t doublings = channel->refusals < 6 ? channel->refusals : 6;
    int64_t factor     = INT64_C(1) << doublings;
    return session->options.channel_retry_ms *
           (factor > RETRY_FACTOR_MAX ? RETRY_FACTOR_MAX : factor);
}

/* The first refusal in a row is announced in the stream; each is counted. */
static void refuse(struct session *session, struct channel *channel, const struct hawser_error *why)
{
    const struct error_rule *rule = rule_of(session, why);
    channel->retry_at = clock_monotonic() + retry_after_ms(session, channel, why) * CLOCK_NS_PER_MS;
    channel->refusals++;
    wanted_move(&session->wanted, channel, CHANNEL_REFUSED);
    session->last_error    = *why;
    session->channel_error = *why;
    if (channel->refusals == 1) {
        tell_refusal(session, channel, why);
    }
    if (rule != NULL &&
        (rule->recovery == HAWSER_RECOVER_RECONNECT || rule->recovery == HAWSER_RECOVER_STOP)) {
        session_post_failure(session, why, 0);
    }
}

/* One channel that the exchange does not take may have had a whole call refused: those that stood
 * in it are asked for again at once, in halves, until the one that is at fault stands alone. */
static int divide(struct session *session, struct channel *channel, const struct hawser_error *why)
{
    if (why->code != HAWSER_REQUEST_REFUSED || channel->state != CHANNEL_PENDING ||
        channel->asked_with < 2 || rule_of(session, why) != NULL) {
        return 0;
    }
    channel->most_with = (channel->asked_with + 1) / 2;
    wanted_move(&session->wanted, channel, CHANNEL_WANTED);
    return 1;
}

void session_channel_refused(struct session *session, struct hawser_slice name,
                             const struct hawser_error *why)
{
    struct channel *channel = wanted_find(&session->wanted, name);
    session->answers++;
    if (channel == NULL || channel->state == CHANNEL_REFUSED) {
        return;
    }
    if (channel->origin == 0) {
        wanted_remove(&session->wanted, channel);
    } else if (channel->state != CHANNEL_UNWANTED && channel->state != CHANNEL_LEAVING &&
               !divide(session, channel, why)) {
        refuse(session, channel, why);
    }
    session_channels_look(session);
}

void session_channel_done(struct session *session, struct channel *channel)
{
    if (channel->origin == 0) {
        wanted_remove(&session->wanted, channel);
    } else { /* on this link its numbers go on: what comes until it is back is a hole, too */
        wanted_move(&session->wanted, channel, CHANNEL_WANTED);
    }
}

static void tell_end(struct session *session, struct channel *channel)
{
    struct hawser_record gap = {
        .channel  = channel_name(channel),
        .since_ns = channel->good_ns,
        .reason   = SLICE_LITERAL("ended"),
        .message  = SLICE_LITERAL("the exchange ended the channel; it is asked for again"),
    };
    session->gaps++;
    session_record_event(session, HAWSER_RECORD_GAP, &gap);
    session_emit(session, HAWSER_EVENT_GAP_DETECTED, 1, 0, channel->name);
    complain(&session->ended_trouble, &session->log, LOG_WARN, "HW-SESSION-009",
             "the exchange ended channel %s; it is asked for again", channel->name);
}

void session_channel_gone(struct session *session, struct hawser_slice name)
{
    struct channel *channel = wanted_find(&session->wanted, name);
    if (channel == NULL || channel->state == CHANNEL_WANTED) {
        return;
    }
    if (channel->state == CHANNEL_CONFIRMED) {
        tell_end(session, channel);
    }
    session_channel_done(session, channel);
    session_channels_look(session);
}

void session_heal(struct session *session, struct channel *channel)
{
    clock_ns_t now = clock_monotonic();
    if (channel->state != CHANNEL_CONFIRMED) {
        return; /* it is on its way already */
    }
    if (channel->heal_at != 0 && now < channel->heal_at) {
        session->heals_pending += !channel->heal_pending;
        channel->heal_pending = 1;
        session_channels_watch(session);
        return;
    }
    session->heals_pending -= channel->heal_pending;
    channel->heal_pending = 0;
    channel->heal_at      = now + HEAL_INTERVAL_NS;
    wanted_move(&session->wanted, channel,
                HAWSER_HAS(session->env.adapter, unsubscribe) ? CHANNEL_UNWANTED : CHANNEL_WANTED);
    session->pump_due = 1;
    session_wake(session);
}

static void heal_those_due(struct session *session, clock_ns_t now)
{
    struct list *node  = NULL;
    struct list *after = NULL;
    if (session->heals_pending == 0) {
        return;
    }
    list_for_each_safe (node, after, &session->wanted.in_state[CHANNEL_CONFIRMED]) {
        struct channel *channel = CHANNEL_OF(node);
        if (channel->heal_pending && now >= channel->heal_at) {
            session_heal(session, channel);
        }
    }
}

static void end_overdue(struct session *session, clock_ns_t now)
{
    clock_ns_t patience     = session->options.subscribe_timeout_ms * CLOCK_NS_PER_MS;
    struct list *node       = NULL;
    struct list *after      = NULL;
    struct hawser_error why = HAWSER_ERROR_INIT;
    error_set(&why, HAWSER_SESSION_CHANNEL_REFUSED, "the exchange did not answer in %lld ms",
              (long long)session->options.subscribe_timeout_ms);
    list_for_each_safe (node, after, &session->wanted.in_state[CHANNEL_LEAVING]) {
        if (now - CHANNEL_OF(node)->asked_at >= patience) {
            session_channel_done(session, CHANNEL_OF(node));
        }
    }
    list_for_each_safe (node, after, &session->wanted.in_state[CHANNEL_PENDING]) {
        /* while RESTORING's own deadline runs, it decides */
        if (!session_has_deadline(session) && now - CHANNEL_OF(node)->asked_at >= patience) {
            refuse(session, CHANNEL_OF(node), &why);
        }
    }
}

void session_on_channels(struct session *session)
{
    clock_ns_t now     = clock_monotonic();
    struct list *node  = NULL;
    struct list *after = NULL;
    if (!session->restored) {
        return;
    }
    list_for_each_safe (node, after, &session->wanted.in_state[CHANNEL_REFUSED]) {
        if (now >= CHANNEL_OF(node)->retry_at) {
            wanted_move(&session->wanted, CHANNEL_OF(node), CHANNEL_WANTED);
        }
    }
    end_overdue(session, now);
    heal_those_due(session, now);
    session_channels_look(session);
}

static void owe_gap(struct session *session, struct channel *channel)
{
    if (channel->confirmed && !channel->gap_pending) {
        channel->gap_pending  = 1;
        channel->gap_since_ns = session->heard_ns;
    }
    channel->gap      = (struct gap_watch){0};
    channel->refusals = 0;
}

void session_channels_lost(struct session *session)
{
    struct list *node  = NULL;
    struct list *after = NULL;
    list_for_each (node, &session->wanted.in_state[CHANNEL_WANTED]) {
        owe_gap(session, CHANNEL_OF(node));
    }
    for (size_t state = CHANNEL_WANTED + 1; state < CHANNEL_STATE_COUNT; state++) {
        list_for_each_safe (node, after, &session->wanted.in_state[state]) {
            struct channel *channel = CHANNEL_OF(node);
            channel->heal_pending   = 0;
            if (channel->origin == 0) {
                wanted_remove(&session->wanted, channel);
            } else {
                owe_gap(session, channel);
                wanted_move(&session->wanted, channel, CHANNEL_WANTED);
            }
        }
    }
    session->heals_pending = 0;
}
