/*
 * Looking at a session from outside.
 */
#include "session/object.h"

void session_get_info(const struct session *session, struct session_info *out)
{
    *out = (struct session_info){
        .name               = session->options.name,
        .state              = session->state,
        .address            = urls_current(&session->urls)->address,
        .address_index      = session->urls.current,
        .state_since_ns     = session->state_since_ns,
        .epoch              = session->epoch,
        .sequence           = session->sequence,
        .messages           = session->messages,
        .bytes              = session->bytes,
        .reconnects         = session->dials > 0 ? session->dials - 1 : 0,
        .gaps               = session->gaps,
        .last_message_ns    = session->last_message_ns,
        .round_trip_ns      = session->beat.round_trip_ns,
        .attempt            = session->backoff.attempt,
        .next_attempt_ns    = session->state == HAWSER_STATE_BACKOFF ? session->next_attempt_ns : 0,
        .held               = session->state == HAWSER_STATE_BACKOFF && session->held,
        .channels_wanted    = wanted_count(&session->wanted),
        .channels_confirmed = session->wanted.state_count[CHANNEL_CONFIRMED],
        .requests_waiting   = *rpc_pending_count(session->requests),
        .late_answers       = session->late_answers,
        .foreign_messages   = session->foreign,
        .illegal_events     = session->illegal,
        .ended_cleanly      = session->ended_cleanly,
        .last_error         = session->last_error,
    };
}

enum hawser_state session_state(const struct session *session)
{
    return session->state;
}

const size_t *session_requests_waiting(const struct session *session)
{
    return rpc_pending_count(session->requests);
}

const char *session_name(const struct session *session)
{
    return session->options.name;
}

void session_each_channel(const struct session *session,
                          void (*fn)(void *arg, const char *channel, int confirmed, int dynamic),
                          void *arg)
{
    for (size_t state = 0; state < CHANNEL_STATE_COUNT; state++) {
        struct list *node = NULL;
        list_for_each (node, &session->wanted.in_state[state]) {
            const struct channel *channel = CHANNEL_OF(node);
            if (channel->origin != 0) {
                fn(arg, channel->name, state == CHANNEL_CONFIRMED,
                   (channel->origin & CHANNEL_BY_CONFIG) == 0);
            }
        }
    }
}
