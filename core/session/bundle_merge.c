/*
 * Records of several lines into one stream: data is passed on once, and an event of one line only
 * where no other line makes up for it. The rules for data are merge.c's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/slice.h"
#include "session/bundle_object.h"

static uint64_t epoch_of(const struct bundle *bundle)
{
    uint64_t epoch = bundle->merge->epoch_gone;
    const struct list *node;
    list_for_each (node, &bundle->lines) {
        epoch += LIST_ENTRY(node, const struct bundle_line, node)->session->epoch;
    }
    return epoch;
}

void bundle_put(struct bundle *bundle, const struct hawser_record *record)
{
    if (bundle->standby.is_on) {
        return; /* the other process has the word */
    }
    struct hawser_record numbered = *record;
    numbered.epoch                = epoch_of(bundle);
    numbered.sequence             = ++bundle->merge->sequence;
    bundle->env.record(bundle->env.arg, &numbered);
}

/* gaps */

void bundle_owe(struct bundle_channel *channel, int64_t since_ns, const char *reason,
                const char *message)
{
    if (channel->owes) {
        return;
    }
    channel->owes          = 1;
    channel->owed_since_ns = since_ns;
    merge_restart(&channel->merge);
    (void)snprintf(channel->owed_reason, sizeof(channel->owed_reason), "%s", reason);
    (void)snprintf(channel->owed_message, sizeof(channel->owed_message), "%.*s",
                   (int)sizeof(channel->owed_message) - 1, message);
}

static void put_gap(struct bundle *bundle, struct bundle_channel *channel,
                    const struct hawser_record *about)
{
    struct hawser_record gap = *about;
    gap.struct_size          = sizeof(gap);
    gap.kind                 = HAWSER_RECORD_GAP;
    gap.time_ns              = clock_realtime();
    gap.session              = slice_of(bundle->name);
    channel->told            = 1;
    channel->torn            = 1;
    bundle->merge->gaps++;
    bundle_put(bundle, &gap);
}

void bundle_tell_owed(struct bundle *bundle, struct bundle_channel *channel,
                      struct hawser_slice name)
{
    int owed      = channel->owes && !channel->told;
    channel->owes = 0;
    if (owed) {
        put_gap(bundle, channel,
                &(struct hawser_record){.channel  = name,
                                        .since_ns = channel->owed_since_ns,
                                        .reason   = slice_of(channel->owed_reason),
                                        .message  = slice_of(channel->owed_message)});
    }
}

/* A snapshot that ends what a gap began is no gap of its own. Changes without one are of no use,
 * but where none ever comes, to subscribe again brings only the next hole. */
static void tell_hole(struct bundle *bundle, struct bundle_channel *channel,
                      const struct merge_item *item, const char *hole)
{
    const struct hawser_delivery *delivery = item->delivery;
    const struct bundle_line *line         = bundle_line_of(bundle, item->line);
    struct hawser_slice name               = delivery->channel;
    struct channel *own = line == NULL ? NULL : wanted_find(&line->session->wanted, name);
    int is_sequenced    = (delivery->flags & HAWSER_DELIVERY_SEQUENCED) != 0;
    int is_snapshot     = (delivery->flags & HAWSER_DELIVERY_SNAPSHOT) != 0;
    int is_change = (delivery->flags & HAWSER_DELIVERY_FOLLOWS) != 0 || channel->has_snapshots;
    int ends_one  = channel->torn && is_snapshot;
    if (!channel->told && !ends_one) {
        put_gap(
            bundle, channel,
            &(struct hawser_record){.channel  = name,
                                    .since_ns = channel->passed_ns,
                                    .reason   = slice_of(is_sequenced ? "sequence" : "connection"),
                                    .message  = slice_of(hole)});
        session_emit(bundle_first(bundle)->session, HAWSER_EVENT_GAP_DETECTED, 1,
                     HAWSER_SESSION_GAP, own == NULL ? NULL : own->name);
        log_about(&bundle->log, LOG_WARN, "HW-SESSION-038",
                  "channel %.*s: %s, at %" PRIu64 ", and no line has what is missing",
                  (int)name.len, name.data, hole, delivery->sequence);
    }
    if (own != NULL && is_sequenced && is_change && !is_snapshot) {
        session_heal(line->session, own);
    }
}

/* data */

void bundle_pass(struct bundle *bundle, struct bundle_channel *channel,
                 const struct merge_item *item, const struct hawser_record *record,
                 const char *hole)
{
    const struct hawser_delivery *delivery = item->delivery;
    struct bundle_line *line               = bundle_line_of(bundle, item->line);
    struct hawser_record held              = {
                     .struct_size = sizeof(held),
                     .kind        = HAWSER_RECORD_DATA,
                     .flags       = delivery->flags,
                     .time_ns     = delivery->received_ns,
                     .session     = slice_of(bundle->name),
                     .channel     = delivery->channel,
                     .data        = delivery->data,
    };
    if (channel->owes && (delivery->flags & HAWSER_DELIVERY_FOLLOWS) != 0) { /* no snapshot */
        (void)snprintf(channel->owed_reason, sizeof(channel->owed_reason), "sequence");
    }
    bundle_tell_owed(bundle, channel, delivery->channel);
    if (hole != NULL) {
        merge_restart(&channel->merge);
    }
    enum gap_verdict verdict = merge_pass(&channel->merge, item);
    if (hole != NULL || verdict != GAP_NONE) {
        tell_hole(bundle, channel, item, hole != NULL ? hole : gap_text(verdict));
    }
    if ((delivery->flags & HAWSER_DELIVERY_SNAPSHOT) != 0) {
        channel->has_snapshots = 1;
        channel->torn          = 0;
    }
    channel->told       = 0;
    channel->stale_told = 0;
    channel->passed_by  = (uint8_t)item->line;
    channel->passed_ns  = delivery->received_ns;
    channel->passed_at  = clock_monotonic();
    if (line != NULL) {
        line->won++;
        telemetry_add(line->won_cell, 1);
    }
    bundle_put(bundle, record != NULL ? record : &held);
}

/* Another line brings what was passed on last: by how much was the first one earlier? */
static void measure_lead(struct bundle *bundle, const struct bundle_channel *channel,
                         const struct merge_item *item)
{
    const struct merge_channel *merge      = &channel->merge;
    const struct hawser_delivery *delivery = item->delivery;
    int is_last                            = (delivery->flags & HAWSER_DELIVERY_SEQUENCED) != 0
                                                 ? delivery->sequence == merge->passed.last
                                                 : merge->lines[item->line].cursor == merge->head;
    struct bundle_line *winner             = bundle_line_of(bundle, channel->passed_by);
    int64_t lead_ns                        = delivery->received_ns - channel->passed_ns;
    if (is_last && winner != NULL && channel->passed_by != item->line && lead_ns >= 0) {
        winner->leads++;
        winner->lead_ns += lead_ns;
        telemetry_add(winner->lead_cell, lead_ns);
    }
}

static void take_data(struct bundle_line *line, const struct hawser_record *record)
{
    struct bundle *bundle                  = line->bundle;
    const struct channel *own              = line->session->delivered;
    const struct hawser_delivery *delivery = line->session->delivery;
    struct bundle_channel *channel         = bundle_channel_find(bundle, record->channel);
    if (channel == NULL) { /* wanted since a moment ago, and no memory for more */
        bundle_put(bundle, record);
        return;
    }
    struct merge_line *self = &channel->merge.lines[line->slot];
    struct merge_item item  = {delivery, merge_hash(delivery), line->slot,
                               line->session->beat.heard_at};
    int is_news             = merge_meet(&channel->merge, line->slot, own->asked_at);
    if (bundle->standby.is_on) {
        bundle_hold_all(bundle, channel, &item);
        return;
    }
    if (is_news) { /* what it held from before would seem to lead to this one */
        bundle_hold_drop(bundle, channel, line->slot);
    }
    if (self->fresh && bundle_is_silent(channel, own)) {
        self->joined  = 1;
        self->assumed = 1;
    }
    switch (merge_judge(&channel->merge, &item)) {
    case MERGE_SEEN:
        channel->seen_at = item.at;
        measure_lead(bundle, channel, &item);
        break;
    case MERGE_NEW:
        if (channel->held_count > 0) {
            bundle_hold_before(bundle, channel, &item);
        }
        bundle_pass(bundle, channel, &item, record, NULL);
        break;
    case MERGE_AHEAD:
    case MERGE_BACK:
        bundle_hold(line, channel, &item, record);
        return;
    }
    if (channel->held_count > 0) {
        bundle_hold_look(bundle, channel, &item);
    }
}

/* events */

static void swallow(struct bundle_line *line, const struct hawser_record *record, const char *what)
{
    line->bundle->merge->covered++;
    log_about(&line->session->log, LOG_INFO, "HW-SESSION-037",
              "%s%s%.*s (%.*s) is made good by another line", what,
              record->channel.len > 0 ? " of " : "", (int)record->channel.len,
              record->channel.data == NULL ? "" : record->channel.data, (int)record->message.len,
              record->message.data == NULL ? "" : record->message.data);
}

static void take_gap(struct bundle_line *line, const struct hawser_record *record)
{
    struct bundle *bundle          = line->bundle;
    struct bundle_channel *channel = bundle_channel_find(bundle, record->channel);
    char message[HAWSER_ERROR_MESSAGE_SIZE];
    if (channel == NULL) {
        bundle_put(bundle, record);
        return;
    }
    if (slice_equal_text(record->reason, "connection")) {
        bundle_tell_owed(bundle, channel, record->channel); /* nothing owed: another line went on */
        return;
    }
    merge_doubt(&channel->merge, line->slot);
    if (bundle->standby.is_on) {
        bundle_standby_break(line, channel);
    }
    if (bundle_is_covered(bundle, channel, record->channel, line)) {
        swallow(line, record, "a gap");
    } else if (slice_equal_text(record->reason, "sequence")) {
        (void)snprintf(message, sizeof(message), "%.*s", (int)record->message.len,
                       record->message.data);
        bundle_owe(channel, record->since_ns, "sequence", message); /* its data comes next */
    } else if (!channel->told) {
        channel->owes = 0;
        merge_restart(&channel->merge);
        put_gap(bundle, channel, record);
    }
}

/* It is told when the channel is silent on all lines, and once. */
static void take_stale(struct bundle_line *line, const struct hawser_record *record)
{
    struct bundle_channel *channel = bundle_channel_find(line->bundle, record->channel);
    if (channel != NULL && channel->passed_ns > record->since_ns) {
        swallow(line, record, "the silence");
    } else if (channel == NULL || !channel->stale_told) {
        bundle_put(line->bundle, record);
        if (channel != NULL) {
            channel->stale_told = 1;
        }
    }
}

/** @param or_closing 1: the last of those that leave together counts, too */
static int is_served_by_another(const struct bundle_line *line, int or_closing)
{
    const struct list *node;
    if (line->bundle->standby.is_on) {
        return 1; /* in another process */
    }
    list_for_each (node, &line->bundle->lines) {
        const struct bundle_line *other = LIST_ENTRY(node, const struct bundle_line, node);
        const struct session *session   = other->session;
        int closing                     = or_closing && session->state == HAWSER_STATE_CLOSING &&
                      session->conn != NULL && session->opened_at != 0;
        if (other != line && (closing || session_is_serving(session))) {
            return 1;
        }
    }
    return 0;
}

void bundle_merge_record(struct bundle_line *line, const struct hawser_record *record)
{
    switch (record->kind) {
    case HAWSER_RECORD_DATA:
        take_data(line, record);
        break;
    case HAWSER_RECORD_GAP:
        take_gap(line, record);
        break;
    case HAWSER_RECORD_STALE:
        take_stale(line, record);
        break;
    case HAWSER_RECORD_READY:
        if (!is_served_by_another(line, 0)) {
            bundle_put(line->bundle, record);
        }
        break;
    case HAWSER_RECORD_CLOSED:
        if (line->bundle->standby.is_on) {
            bundle_standby_break(line, NULL);
        }
        bundle_line_lost(line);
        if (is_served_by_another(line, 1)) {
            swallow(line, record, "the end of its link");
        } else {
            bundle_put(line->bundle, record);
        }
        break;
    default:
        bundle_put(line->bundle, record);
        break;
    }
}
