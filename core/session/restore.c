/*
 * From an open link to READY: login, the adapter's restore, channels in batches until each is
 * answered. The same steps serve while READY: a login that is renewed, channels wanted at run time.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "hawser/adapter.h"
#include "session/early.h"
#include "session/object.h"
#include "session/slot.h"

#define RENEW_AT_PERCENT  80
#define RENEW_MIN_MS      INT64_C(200)
#define BATCHES_IN_FLIGHT 8 /* the next batch waits while so many are unanswered */

/* login */

void session_login(struct session *session)
{
    const struct hawser_adapter *adapter = session->env.adapter;
    if (!session->options.has_credentials || !HAWSER_HAS(adapter, authenticate)) {
        return;
    }
    session->login_at = clock_monotonic();
    if (session->state != HAWSER_STATE_AUTHENTICATING) {
        session->renewing = 1;
        session_timer_arm(session, SESSION_TIMER_LOGIN, session->options.auth_timeout_ms);
    }
    uint64_t before = session_enter(session, WATCH_AUTHENTICATE);
    adapter->authenticate(session->adapter);
    session_exit(session, before);
}

void session_authenticated(struct session *session, int64_t valid_ms)
{
    session->login_valid_ms = valid_ms;
    session_post(session, SESSION_AUTHENTICATED);
}

void session_keep_login(struct session *session)
{
    session->renewing = 0;
    session_emit(session, HAWSER_EVENT_AUTH_OK, clock_monotonic() - session->login_at, 0, NULL);
    if (session->login_valid_ms <= 0) {
        session_timer_stop(session, SESSION_TIMER_LOGIN);
        return;
    }
    int64_t renew_ms = session->login_valid_ms / 100 * RENEW_AT_PERCENT +
                       session->login_valid_ms % 100 * RENEW_AT_PERCENT / 100;
    session_timer_arm(session, SESSION_TIMER_LOGIN,
                      renew_ms < RENEW_MIN_MS ? RENEW_MIN_MS : renew_ms);
}

void session_on_login_timer(struct session *session)
{
    if (!session->renewing) {
        session_post(session, SESSION_EXPIRED);
        return;
    }
    struct hawser_error why = HAWSER_ERROR_INIT;
    error_set(&why, HAWSER_SESSION_PHASE_TIMEOUT, "the login was not renewed within %lld ms",
              (long long)session->options.auth_timeout_ms);
    session_post_failure(session, &why, 0);
}

/* restore */

void session_restore(struct session *session)
{
    const struct hawser_adapter *adapter = session->env.adapter;
    if (session->state_before == HAWSER_STATE_AUTHENTICATING) {
        session_keep_login(session);
    }
    if (!HAWSER_HAS(adapter, restore)) {
        session_post(session, SESSION_RESTORED);
        return;
    }
    uint64_t before = session_enter(session, WATCH_RESTORE);
    adapter->restore(session->adapter);
    session_exit(session, before);
}

void session_restored(struct session *session)
{
    session_post(session, SESSION_RESTORED);
}

void session_restore_channels(struct session *session)
{
    session->restored = 1;
    session_channels_look(session);
}

int session_is_settled(const struct session *session)
{
    const size_t *count = session->wanted.state_count;
    return session->restored && count[CHANNEL_WANTED] + count[CHANNEL_PENDING] +
                                        count[CHANNEL_UNWANTED] + count[CHANNEL_LEAVING] ==
                                    0;
}

int session_is_serving(const struct session *session)
{
    return session->state == HAWSER_STATE_READY ||
           (session->state == HAWSER_STATE_RESTORING && session->restored &&
            !session_has_deadline(session));
}

void session_complain_of_channels(struct session *session)
{
    const struct list *refused = &session->wanted.in_state[CHANNEL_REFUSED];
    size_t count               = session->wanted.state_count[CHANNEL_REFUSED];
    session_timer_stop(session, SESSION_TIMER_STATE);
    backoff_ready(&session->backoff, clock_monotonic());
    if (list_is_empty(refused)) {
        return;
    }
    complain(&session->channel_trouble, &session->log, LOG_WARN, "HW-SESSION-021",
             "%zu of %zu channels are refused, such as %s: %s; asked for again later%s", count,
             wanted_count(&session->wanted), CHANNEL_OF(refused->prev)->name,
             session->channel_error.message,
             count < wanted_count(&session->wanted) ? ", the others deliver" : "");
    session_early_send(session);
}

void session_unanswered(struct session *session)
{
    struct hawser_error why = HAWSER_ERROR_INIT;
    error_set(&why, HAWSER_SESSION_PHASE_TIMEOUT, "%s within %lld ms",
              session->restored ? "not one channel was answered"
                                : "the adapter's restore was not done",
              (long long)session->options.subscribe_timeout_ms);
    if (!session->restored || session->answers == 0) {
        session_post_failure(session, &why, 0);
        return;
    }
    /* some were answered: those that were not have their own patience behind them too */
    session_on_channels(session);
    session_complain_of_channels(session);
}

/* asking, in batches */

static size_t batch_size(const struct session *session)
{
    uint32_t most = session->env.adapter->subscribe_batch;
    return most == 0 ? SIZE_MAX : most;
}

/* Takes channels from the front of one list and moves them to another state. A channel whose batch
 * was refused as a whole goes with fewer. */
static size_t gather(struct session *session, enum channel_state from, enum channel_state to,
                     struct hawser_slice *names, size_t most)
{
    clock_ns_t now    = clock_monotonic();
    size_t count      = 0;
    struct list *head = &session->wanted.in_state[from];
    while (count < most && !list_is_empty(head)) {
        struct channel *channel = CHANNEL_OF(head->next);
        if (channel->most_with != 0 && channel->most_with < most) {
            most = channel->most_with;
            if (count >= most) {
                break;
            }
        }
        channel->asked_at = now;
        names[count++]    = channel_name(channel);
        wanted_move(&session->wanted, channel, to);
    }
    return count;
}

static void note_batch(struct session *session, const struct hawser_slice *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        wanted_find(&session->wanted, names[i])->asked_with = (uint32_t)count;
    }
}

typedef void (*ask_fn)(void *adapter, const struct hawser_slice *channels, size_t count);

static int ask_batch(struct session *session, enum channel_state from, enum channel_state to,
                     ask_fn ask)
{
    enum watch_slot slot       = from == CHANNEL_WANTED ? WATCH_SUBSCRIBE : WATCH_UNSUBSCRIBE;
    size_t left                = session->wanted.state_count[from];
    size_t most                = batch_size(session) < left ? batch_size(session) : left;
    struct hawser_slice *names = calloc(most, sizeof(*names));
    if (names == NULL) {
        log_about(&session->log, LOG_CRIT, "HW-SESSION-022",
                  "channels are not asked for: out of memory");
        return -1;
    }
    size_t count = gather(session, from, to, names, most);
    note_batch(session, names, count);
    uint64_t before = session_enter(session, slot);
    session->asking = 1;
    ask(session->adapter, names, count);
    session->asking = 0;
    session_exit(session, before);
    free(names);
    return 0;
}

/* Calls about channels wait one at a time for the exchange's rate limit: all at once they would not
 * fit where calls wait, and the link would be given up, time after time. */
static int asks_wait(const struct session *session)
{
    return !list_is_empty(&session->throttle.waiting[SESSION_CALL_CHANNELS]);
}

static int may_ask_more(const struct session *session)
{
    size_t most = batch_size(session);
    return most > SIZE_MAX / BATCHES_IN_FLIGHT ||
           session->wanted.state_count[CHANNEL_PENDING] < most * BATCHES_IN_FLIGHT;
}

void session_pump(struct session *session)
{
    const struct hawser_adapter *adapter = session->env.adapter;
    const size_t *count                  = session->wanted.state_count;
    session->pump_due                    = 0;
    while (session->restored && count[CHANNEL_UNWANTED] > 0 && !asks_wait(session)) {
        if (ask_batch(session, CHANNEL_UNWANTED, CHANNEL_LEAVING, adapter->unsubscribe) != 0) {
            break;
        }
    }
    while (session->restored && count[CHANNEL_WANTED] > 0 && !asks_wait(session) &&
           may_ask_more(session)) {
        if (ask_batch(session, CHANNEL_WANTED, CHANNEL_PENDING, adapter->subscribe) != 0) {
            break;
        }
    }
    session_channels_watch(session);
}
