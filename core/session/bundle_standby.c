/*
 * A bundle that stands by for another process, which passes the session's messages on yet: it
 * connects as one more, and keeps what comes. When the other one has told how far it was
 * (bundle_yield.c), it goes on from there. To the rules of merging the other process is a line that
 * covers everything.
 */
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "session/bundle_object.h"

#define TURN_MS   INT64_C(200) /* between questions for a place, about */
#define LOOK_MS   INT64_C(50)
#define SETTLE_NS (BUNDLE_COVER_NS + 100 * CLOCK_NS_PER_MS)
#define LEASE_NS  (10 * CLOCK_NS_PER_S) /* of a place: a process that dies soon gives it back */
#define RENEW_MS  INT64_C(2000)

int bundle_is_standing_by(const struct bundle *bundle)
{
    return bundle->standby.is_on;
}

static void show_state(struct bundle *bundle, int show)
{
    struct list *node;
    list_for_each (node, &bundle->lines) {
        struct session *session = LINE_OF(node)->session;
        if (show) {
            session_report_begin(session);
        } else {
            telemetry_set(session->state_cell, 0);
            session->state_cell = &bundle->standby.unseen;
        }
    }
}

int bundle_stand_by(struct bundle *bundle, struct hawser_error *err)
{
    if (bundle->merge == NULL && bundle_merge_begin(bundle, err) != 0) {
        return -1;
    }
    bundle->standby = (struct bundle_standby){.is_on = 1};
    bundle_line_win_unseen(bundle);
    show_state(bundle, 0);
    bundle_tidy_soon(bundle);
    return 0;
}

static void tell(struct bundle *bundle, const struct hawser_error *why)
{
    bundle->standby.told = 1;
    if (bundle->env.standing_by != NULL) {
        bundle->env.standing_by(bundle->env.arg, why);
    }
}

/** Take a place, or keep the one that is held. @return 0: all are taken */
static int take_place(struct bundle *bundle)
{
    const struct session *first = bundle_first(bundle)->session;
    clock_ns_t now              = clock_monotonic();
    return overlap_take(&bundle->standby.place, bundle->env.budget,
                        budget_key(first->url.host, first->url.port), now, now + LEASE_NS);
}

int64_t bundle_standby_renew(struct bundle *bundle)
{
    if (bundle->standby.place.place == NULL) {
        return 0;
    }
    (void)take_place(bundle); /* held up for so long that it ran out: one connection too many */
    return RENEW_MS;
}

static int64_t start(struct bundle *bundle)
{
    struct bundle_standby *s = &bundle->standby;
    struct hawser_error why  = HAWSER_ERROR_INIT;
    if (overlap_is_off(bundle->env.budget)) {
        error_set(&why, HAWSER_SESSION_STATE, "max_overlap 0 allows no connection beside it");
        tell(bundle, &why);
        return 0;
    }
    if (!take_place(bundle)) {
        if (!s->waits) {
            s->waits = 1;
            log_about(&bundle->log, LOG_INFO, "HW-SESSION-052",
                      "a connection beside the old worker's waits for its turn: max_overlap are on "
                      "their way");
        }
        return TURN_MS + (int64_t)(random_fraction() * (double)TURN_MS);
    }
    s->deadline = clock_monotonic() + bundle->takeover_ms * CLOCK_NS_PER_MS;
    s->started  = 1;
    session_start(bundle_first(bundle)->session); /* one place, one line: the others come later */
    return LOOK_MS;
}

/** Messages come by it, of all channels that the exchange gives. */
static struct bundle_line *serving_line(const struct bundle *bundle)
{
    struct list *node;
    list_for_each (node, &bundle->lines) {
        if (session_is_serving(LINE_OF(node)->session)) {
            return LINE_OF(node);
        }
    }
    return NULL;
}

static int is_broken(const struct bundle *bundle)
{
    return bundle->state == HAWSER_STATE_FAILED || bundle->state == HAWSER_STATE_CLOSED;
}

static int64_t watch(struct bundle *bundle)
{
    struct bundle_standby *s = &bundle->standby;
    clock_ns_t now           = clock_monotonic();
    struct hawser_error why  = HAWSER_ERROR_INIT;
    if (serving_line(bundle) == NULL) {
        s->ready_at = 0;
        if (now >= s->deadline || is_broken(bundle)) {
            why = bundle_first(bundle)->session->last_error;
            if (why.code == HAWSER_OK) {
                error_set(&why, HAWSER_SESSION_PHASE_TIMEOUT, "it was not READY within %lld ms",
                          (long long)bundle->takeover_ms);
            }
            tell(bundle, &why);
        }
        return LOOK_MS;
    }
    s->ready_at = s->ready_at == 0 ? now : s->ready_at;
    if (now - s->ready_at >= SETTLE_NS) {
        tell(bundle, NULL);
    }
    return LOOK_MS;
}

int64_t bundle_standby_look(struct bundle *bundle)
{
    int64_t renew_ms = bundle_standby_renew(bundle);
    if (bundle->standby.told) {
        return renew_ms;
    }
    if (bundle->leaving) { /* a person closed it: there is nothing to wait for */
        tell(bundle, NULL);
        return 0;
    }
    return bundle->standby.started ? watch(bundle) : start(bundle);
}

/* holding back */

void bundle_standby_break(struct bundle_line *line, struct bundle_channel *channel)
{
    struct list *node;
    if (channel != NULL) {
        bundle_hold_drop(line->bundle, channel, line->slot);
        return;
    }
    list_for_each (node, &line->bundle->merge->book.in_state[CHANNEL_WANTED]) {
        bundle_hold_drop(line->bundle, CHANNEL_OF(node)->merged, line->slot);
    }
}

/* going on */

void bundle_standby_anew(struct bundle *bundle, struct bundle_channel *channel, int64_t since_ns,
                         const char *why)
{
    for (size_t slot = 0; slot < MERGE_LINES_MAX; slot++) {
        const struct list *first = channel->held[slot].next;
        if (first != &channel->held[slot] &&
            (LIST_ENTRY(first, const struct bundle_held, node)->delivery.flags &
             HAWSER_DELIVERY_SNAPSHOT) == 0) {
            bundle_hold_drop(bundle, channel, slot);
        }
    }
    bundle_owe(channel, since_ns, "connection", why);
}

void bundle_take(struct bundle *bundle, const struct bundle_total *total, const char *why)
{
    struct bundle_merge *merge = bundle->merge;
    struct list *node;
    if (!bundle->standby.is_on) {
        return;
    }
    bundle->standby.is_on = 0;
    if (total != NULL) {
        merge->sequence = total->sequence;
        merge->epoch_gone += total->epoch;
        merge->gaps = total->gaps;
    }
    list_for_each (node, &merge->book.in_state[CHANNEL_WANTED]) {
        struct bundle_channel *channel = CHANNEL_OF(node)->merged;
        if (total == NULL && !channel->marked) {
            bundle_standby_anew(bundle, channel, 0, why);
        }
        channel->marked = 0;
    }
    show_state(bundle, 1);
    bundle_hold_end(bundle);
    bundle_restate(bundle, NULL);
    bundle_tidy_soon(bundle);
}

void bundle_alone(struct bundle *bundle)
{
    struct list *node;
    overlap_give(&bundle->standby.place);
    if (bundle->leaving) {
        return;
    }
    list_for_each (node, &bundle->lines) {
        struct session *session = LINE_OF(node)->session;
        if (session->state == HAWSER_STATE_IDLE) {
            session_start(session);
        } else if (session->state == HAWSER_STATE_FAILED || session->state == HAWSER_STATE_CLOSED ||
                   session->state == HAWSER_STATE_BACKOFF) {
            session_reconnect(session, "the old worker's connection is gone");
        }
    }
}
