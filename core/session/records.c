/*
 * What leaves a session: data of channels with its checks, and the events that stand between them.
 * Every record is numbered.
 */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/slice.h"
#include "session/object.h"

#define SNIPPET_BYTES 80u

static void send_record(struct session *session, struct hawser_record *record)
{
    record->struct_size = sizeof(*record);
    record->epoch       = session->epoch;
    record->sequence    = ++session->sequence;
    record->session     = slice_of(session->options.name);
    if (session->env.record != NULL) {
        session->env.record(session->env.arg, record);
    }
}

void session_record_event(struct session *session, enum hawser_record_kind kind,
                          const struct hawser_record *about)
{
    struct hawser_record record = *about;
    record.kind                 = (uint32_t)kind;
    record.time_ns              = clock_realtime();
    send_record(session, &record);
}

void session_tell_gap(struct session *session, struct channel *channel)
{
    if (!channel->gap_pending) {
        return;
    }
    channel->gap_pending     = 0;
    struct hawser_record gap = {
        .channel  = channel_name(channel),
        .since_ns = channel->gap_since_ns,
        .reason   = SLICE_LITERAL("connection"),
        .message  = slice_of(session->break_message),
    };
    session->gaps++;
    session_record_event(session, HAWSER_RECORD_GAP, &gap);
    session_emit(session, HAWSER_EVENT_GAP_DETECTED, 1, 0, channel->name);
}

/* To subscribe again brings a snapshot, if any ever came: changes are of no use without. Where
 * messages are merely counted it would only make the next hole. */
static int is_healed(const struct channel *channel, const struct hawser_delivery *delivery)
{
    return channel->has_snapshots || (delivery->flags & HAWSER_DELIVERY_FOLLOWS) != 0;
}

static void tell_hole(struct session *session, struct channel *channel, enum gap_verdict verdict,
                      const struct hawser_delivery *delivery)
{
    struct hawser_record gap = {
        .channel  = channel_name(channel),
        .since_ns = channel->good_ns,
        .reason   = SLICE_LITERAL("sequence"),
        .message  = slice_of(gap_text(verdict)),
    };
    int heals = is_healed(channel, delivery);
    session->gaps++;
    session_record_event(session, HAWSER_RECORD_GAP, &gap);
    session_emit(session, HAWSER_EVENT_GAP_DETECTED, 1, HAWSER_SESSION_GAP, channel->name);
    complain(&session->gap_trouble, &session->log, LOG_WARN, "HW-SESSION-017",
             "channel %s: %s, at %" PRIu64 "%s", channel->name, gap_text(verdict),
             delivery->sequence, heals ? "; it is subscribed again alone" : "");
    if (heals) {
        session_heal(session, channel);
    }
}

static void drop_foreign(struct session *session, const struct channel *channel,
                         struct hawser_slice name)
{
    session->foreign++;
    if (channel ==
        NULL) { /* one that was given up is still on its way out: no reason to complain */
        complain(&session->foreign_trouble, &session->log, LOG_WARN, "HW-SESSION-018",
                 "data of channel %.*s, which nobody wants, is dropped",
                 (int)(name.len < 200 ? name.len : 200), name.data);
    }
}

void session_deliver(struct session *session, const struct hawser_delivery *delivery)
{
    struct channel *channel = wanted_find(&session->wanted, delivery->channel);
    if (channel == NULL || channel->origin == 0) {
        drop_foreign(session, channel, delivery->channel);
        return;
    }
    session_tell_gap(session, channel);
    enum gap_verdict verdict = gap_check(&channel->gap, delivery);
    if (verdict != GAP_NONE) {
        tell_hole(session, channel, verdict, delivery);
    }
    channel->has_snapshots |= (delivery->flags & HAWSER_DELIVERY_SNAPSHOT) != 0;
    channel->seen_at            = session->beat.heard_at;
    channel->strikes            = 0;
    channel->good_ns            = delivery->received_ns;
    session->delivery           = delivery;
    session->delivered          = channel;
    struct hawser_record record = {
        .kind    = HAWSER_RECORD_DATA,
        .flags   = delivery->flags,
        .time_ns = delivery->received_ns,
        .channel = delivery->channel,
        .data    = delivery->data,
    };
    send_record(session, &record);
}

/* An answer to a login that nobody expected would spell its token into the log. */
static size_t harmless_len(struct hawser_slice bytes)
{
    static const char *const SECRETS[] = {"token", "secret", "signature", "password"};
    size_t len                         = secret_cut(bytes, SNIPPET_BYTES);
    for (size_t i = 0; i < sizeof(SECRETS) / sizeof(SECRETS[0]); i++) {
        const char *at = len == 0 ? NULL : memmem(bytes.data, len, SECRETS[i], strlen(SECRETS[i]));
        if (at != NULL) {
            len = (size_t)(at - bytes.data);
        }
    }
    return len;
}

void session_unexpected(struct session *session, struct hawser_slice bytes, const char *why)
{
    session->unexpected++;
    session_emit(session, HAWSER_EVENT_ERROR_OCCURRED, HAWSER_JSONRPC_INVALID,
                 HAWSER_JSONRPC_INVALID, why);
    complain(&session->unexpected_trouble, &session->log, LOG_WARN, "HW-SESSION-019",
             "a message of %zu bytes was not understood (%s): %.*s", bytes.len, why,
             (int)harmless_len(bytes), bytes.data == NULL ? "" : bytes.data);
}
