/*
 * How far a bundle is, told to a bundle of the same session in another process, and what that one
 * makes of it: what was passed on is not passed on again, and where the two do not meet a gap is
 * told. With sequence numbers one number says it; without, the last messages are looked for, by
 * their content, in what was held back.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/slice.h"
#include "session/bundle_object.h"

#define HASHES_ALL (1u << 20)

#define HELD_OF(list_node) LIST_ENTRY(list_node, struct bundle_held, node)

/* the giving side */

int bundle_remember(struct bundle *bundle, struct hawser_error *err)
{
    if (bundle->merge == NULL && bundle_merge_begin(bundle, err) != 0) {
        return -1;
    }
    bundle_line_win_unseen(bundle);
    bundle->standby.remembers = 1;
    return 0;
}

static int was_confirmed(const struct bundle *bundle, struct hawser_slice name)
{
    struct list *node;
    list_for_each (node, &bundle->lines) {
        const struct channel *own = wanted_find(&LINE_OF(node)->session->wanted, name);
        if (own != NULL && own->confirmed) {
            return 1;
        }
    }
    return 0;
}

/* All of them have to go through one message. */
static size_t hashes_each(const struct bundle *bundle)
{
    size_t each = HASHES_ALL / (bundle->merge->book.count + 1);
    return each < BUNDLE_MARK_HASHES ? each : BUNDLE_MARK_HASHES;
}

static void describe(const struct bundle *bundle, const struct bundle_channel *channel,
                     uint64_t hashes[BUNDLE_MARK_HASHES], struct bundle_mark *out)
{
    *out = (struct bundle_mark){
        .channel      = channel_name(channel->name),
        .sequence     = channel->merge.passed.last,
        .has_sequence = channel->merge.passed.seen,
        .confirmed    = (uint8_t)was_confirmed(bundle, channel_name(channel->name)),
        .owes         = channel->owes && !channel->told,
        .passed_ns    = channel->owes ? channel->owed_since_ns : channel->passed_ns,
        .why          = slice_of(channel->owed_message),
        .hashes       = hashes,
        .hash_count   = merge_recent(&channel->merge, hashes, hashes_each(bundle))};
}

void bundle_yield(struct bundle *bundle, void (*mark)(void *arg, const struct bundle_mark *mark),
                  void *arg, struct bundle_total *total)
{
    struct session_info info;
    uint64_t hashes[BUNDLE_MARK_HASHES];
    struct list *node;
    bundle_get_info(bundle, &info);
    *total = (struct bundle_total){info.sequence, info.epoch, info.gaps};
    if (bundle->merge != NULL) {
        list_for_each (node, &bundle->merge->book.in_state[CHANNEL_WANTED]) {
            struct bundle_mark about;
            describe(bundle, CHANNEL_OF(node)->merged, hashes, &about);
            mark(arg, &about);
        }
    }
    bundle->standby.yielded = 1;
    telemetry_set(telemetry_metric(bundle->env.telemetry, "session.lines_ready", bundle->name,
                                   HAWSER_METRIC_GAUGE),
                  0);
    list_for_each (node, &bundle->lines) {
        struct session *session = LINE_OF(node)->session;
        telemetry_set(session->state_cell, 0);
        session->state_cell = &bundle->standby.unseen;
    }
}

int bundle_has_reached(const struct bundle *bundle, const struct bundle_mark *first)
{
    const struct bundle_channel *channel =
        bundle->merge == NULL ? NULL : bundle_channel_find(bundle, first->channel);
    if (channel == NULL || channel->owes) {
        return 1; /* a gap is told anyway */
    }
    if (first->has_sequence) {
        return channel->merge.passed.seen && channel->merge.passed.last >= first->sequence;
    }
    return first->hash_count == 0 || merge_recalls(&channel->merge, first->hashes[0]);
}

/* the taking side */

/* One line alone is started while standing by; another one may have been before it. */
static size_t slot_of(const struct bundle_channel *channel)
{
    size_t slot = 0;
    while (slot + 1 < MERGE_LINES_MAX && list_is_empty(&channel->held[slot])) {
        slot++;
    }
    return slot;
}

void bundle_each_first(const struct bundle *bundle,
                       void (*mark)(void *arg, const struct bundle_mark *mark), void *arg)
{
    struct list *node;
    list_for_each (node, &bundle->merge->holding) {
        const struct bundle_channel *channel =
            LIST_ENTRY(node, const struct bundle_channel, holding);
        const struct bundle_held *first = HELD_OF(channel->held[slot_of(channel)].next);
        int has_sequence                = (first->delivery.flags & HAWSER_DELIVERY_SEQUENCED) != 0;
        struct bundle_mark about        = {.channel      = channel_name(channel->name),
                                           .sequence     = first->delivery.sequence,
                                           .has_sequence = (uint8_t)has_sequence,
                                           .why          = SLICE_LITERAL(""),
                                           .hashes       = &first->hash,
                                           .hash_count   = !has_sequence};
        mark(arg, &about);
    }
}

/* with numbers */

static int follows(const struct bundle_held *held, uint64_t last)
{
    const struct hawser_delivery *delivery = &held->delivery;
    return (delivery->flags & HAWSER_DELIVERY_FOLLOWS) != 0 ? delivery->previous == last
                                                            : delivery->sequence == last + 1;
}

static void drop_until(struct bundle *bundle, struct bundle_channel *channel, struct list *held,
                       uint64_t last)
{
    while (!list_is_empty(held) && HELD_OF(held->next)->delivery.sequence <= last) {
        bundle_hold_release(bundle, channel, HELD_OF(held->next));
    }
}

/** @return 0: what is held begins too late. One whose numbers are all lower may be behind, or count
 * from elsewhere: that comes out as with any line that joins. */
static int meet_by_number(struct bundle *bundle, struct bundle_channel *channel,
                          const struct bundle_mark *mark)
{
    size_t slot              = slot_of(channel);
    struct list *held        = &channel->held[slot];
    struct bundle_held *one  = HELD_OF(held->next);
    struct bundle_held *last = HELD_OF(held->prev);
    uint64_t highest         = last->delivery.sequence;
    struct bundle_held *from = highest < mark->sequence ? last : one;
    struct merge_item begin  = {&from->delivery, from->hash, slot, clock_monotonic()};
    merge_follow(&channel->merge, &begin, highest); /* it is waited for from now on, not before */
    if (one->delivery.sequence > mark->sequence) {
        channel->merge.lines[slot].joined = (uint8_t)follows(one, mark->sequence);
        return channel->merge.lines[slot].joined;
    }
    if (highest >= mark->sequence) {
        channel->merge.lines[slot].joined = 1;
        drop_until(bundle, channel, held, mark->sequence);
    }
    return 1;
}

/* without */

/** Do this message and those in front of it end with the first `count` hashes? */
static int ends_with(const struct list *held, const struct list *node,
                     const struct bundle_mark *mark, size_t count)
{
    for (; count > 0 && node != held; node = node->prev) {
        if (LIST_ENTRY(node, const struct bundle_held, node)->hash != mark->hashes[--count]) {
            return 0;
        }
    }
    return 1;
}

static int64_t distance(const struct list *node, int64_t to_ns)
{
    int64_t by_ns = LIST_ENTRY(node, const struct bundle_held, node)->delivery.received_ns - to_ns;
    return by_ns < 0 ? -by_ns : by_ns;
}

/* Of equal messages in a row, the one that came at about the time. */
static const struct list *find_end(const struct list *held, const struct bundle_mark *mark)
{
    const struct list *best = NULL;
    for (const struct list *node = held->prev; node != held; node = node->prev) {
        if (ends_with(held, node, mark, mark->hash_count) &&
            (best == NULL || distance(node, mark->passed_ns) < distance(best, mark->passed_ns))) {
            best = node;
        }
    }
    return best;
}

/** @return the last message of the line that was passed on, NULL: it cannot be told; *count is how
 * many of the hashes the line has brought */
static const struct list *find_meeting(const struct list *held, const struct bundle_mark *mark,
                                       size_t *count)
{
    const struct list *end = find_end(held, mark);
    *count                 = mark->hash_count;
    while (end == NULL && --*count > 0) { /* it is behind */
        end = ends_with(held, held->prev, mark, *count) ? held->prev : NULL;
    }
    return end;
}

static int meet_by_content(struct bundle *bundle, struct bundle_channel *channel,
                           const struct bundle_mark *mark)
{
    size_t slot             = slot_of(channel);
    struct list *held       = &channel->held[slot];
    struct bundle_held *one = HELD_OF(held->next);
    struct merge_item first = {&one->delivery, one->hash, slot, one->at};
    size_t count            = 0;
    const struct list *last = find_meeting(held, mark, &count);
    merge_follow(&channel->merge, &first, 0);
    if (last == NULL) {
        return 0;
    }
    merge_join(&channel->merge, slot, count);
    int done = 0;
    while (!done) {
        done = held->next == last;
        bundle_hold_release(bundle, channel, HELD_OF(held->next));
    }
    return 1;
}

/* In doubt by the time of receipt. */
static void drop_older(struct bundle *bundle, struct bundle_channel *channel, int64_t than_ns)
{
    struct list *held = &channel->held[slot_of(channel)];
    while (!list_is_empty(held) && HELD_OF(held->next)->delivery.received_ns <= than_ns) {
        bundle_hold_release(bundle, channel, HELD_OF(held->next));
    }
}

/* Nothing came, or nothing was passed on to compare it with: a line that listens for long has all.
 */
static int meet_in_silence(struct bundle *bundle, struct bundle_channel *channel)
{
    const struct bundle_line *line = bundle_first(bundle);
    struct merge_line *self        = &channel->merge.lines[line->slot];
    const struct channel *own = wanted_find(&line->session->wanted, channel_name(channel->name));
    if (own == NULL || !session_link_is_open(line->session) || !bundle_is_silent(channel, own)) {
        return 0;
    }
    self->joined  = 1;
    self->assumed = 1;
    return 1;
}

static int meets(struct bundle *bundle, struct bundle_channel *channel,
                 const struct bundle_mark *mark)
{
    if (mark->has_sequence) { /* without any message, the first one's number tells */
        return channel->held_count == 0 || meet_by_number(bundle, channel, mark);
    }
    return channel->held_count > 0 && mark->hash_count > 0 ? meet_by_content(bundle, channel, mark)
                                                           : meet_in_silence(bundle, channel);
}

/** What is held back of a channel when it is told how far the other process was. */
struct holding {
    size_t count;
    uint64_t first; /* its number */
    long long age_ms;
};

static struct holding holding_of(const struct bundle_channel *channel)
{
    struct holding holding = {.count = channel->held_count};
    if (channel->held_count > 0) {
        const struct bundle_held *first = HELD_OF(channel->held[slot_of(channel)].next);
        holding.first                   = first->delivery.sequence;
        holding.age_ms = (long long)((clock_monotonic() - first->at) / CLOCK_NS_PER_MS);
    }
    return holding;
}

static void tell_unmet(struct bundle *bundle, const struct bundle_channel *channel,
                       const struct bundle_mark *mark, const struct holding *held)
{
    char why[160];
    if (channel->holed) {
        (void)snprintf(why, sizeof(why), "more came than could be kept");
    } else if (held->count == 0) {
        (void)snprintf(why, sizeof(why), "nothing came yet that could tell");
    } else if (mark->has_sequence) {
        (void)snprintf(why, sizeof(why),
                       "that one ended at %" PRIu64 ", and what came here begins at %" PRIu64,
                       mark->sequence, held->first);
    } else {
        (void)snprintf(why, sizeof(why), "none of its last %zu messages came here",
                       mark->hash_count);
    }
    complain(
        &bundle->merge->unmet, &bundle->log, LOG_WARN, "HW-SESSION-053",
        "channel %.*s: a gap is told, as this worker's connection does not go on where the old "
        "one's ended: %s (%zu messages wait, the first for %lld ms)",
        (int)mark->channel.len, mark->channel.data, why, held->count, held->age_ms);
}

void bundle_take_mark(struct bundle *bundle, const struct bundle_mark *mark)
{
    struct bundle_channel *channel =
        bundle->standby.is_on ? bundle_channel_find(bundle, mark->channel) : NULL;
    char why[sizeof(channel->owed_message)];
    if (channel == NULL) {
        return; /* not wanted any more */
    }
    channel->merge.passed = (struct gap_watch){mark->sequence, mark->has_sequence};
    merge_recall(&channel->merge, mark->hashes, mark->hash_count, clock_monotonic());
    struct holding held = holding_of(channel);
    int met             = meets(bundle, channel, mark) && !channel->holed;
    channel->marked     = 1;
    channel->passed_ns  = mark->passed_ns;
    if (mark->owes) {
        (void)snprintf(why, sizeof(why), "%.*s", (int)mark->why.len,
                       mark->why.len == 0 ? "" : mark->why.data);
        bundle_standby_anew(bundle, channel, mark->passed_ns, why);
    } else if (mark->confirmed && !met) {
        tell_unmet(bundle, channel, mark, &held);
        drop_older(bundle, channel, mark->has_sequence ? 0 : mark->passed_ns);
        bundle_owe(channel, mark->passed_ns, "connection",
                   "the new worker's connection did not go on where the old one's ended");
    }
}
