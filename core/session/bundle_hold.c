/*
 * What a line brings that has not joined (merge.h) is held back until it has, so that nothing is
 * passed over and nothing comes in the wrong order; or until no other line covers the channel, and
 * then goes out behind a gap. Bounded in bytes and in time; memory is taken here alone, and only
 * while a line joins.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "session/bundle_object.h"

#define HELD_BYTES_MAX (4u << 20)
#define HELD_ALL_MAX   (32u << 20) /* standing by */
#define LOOK_MS        250

#define HELD_OF(list_node)    LIST_ENTRY(list_node, struct bundle_held, node)
#define CHANNEL_IN(list_node) LIST_ENTRY(list_node, struct bundle_channel, holding)

static struct bundle_held *first_of(const struct bundle_channel *channel, size_t slot)
{
    const struct list *held = &channel->held[slot];
    return list_is_empty(held) ? NULL : HELD_OF(held->next);
}

/* The one that waits longest. */
static struct bundle_held *oldest_of(const struct bundle_channel *channel)
{
    struct bundle_held *oldest = NULL;
    for (size_t slot = 0; slot < MERGE_LINES_MAX; slot++) {
        struct bundle_held *first = first_of(channel, slot);
        if (first != NULL && (oldest == NULL || first->at < oldest->at)) {
            oldest = first;
        }
    }
    return oldest;
}

static int is_sequenced(const struct bundle_held *held)
{
    return (held->delivery.flags & HAWSER_DELIVERY_SEQUENCED) != 0;
}

static struct merge_item item_of(const struct bundle_held *held)
{
    return (struct merge_item){&held->delivery, held->hash, held->slot, held->at};
}

void bundle_hold_release(struct bundle *bundle, struct bundle_channel *channel,
                         struct bundle_held *held)
{
    bundle->merge->held_bytes -= sizeof(*held) + held->delivery.data.len;
    list_remove(&held->node);
    free(held);
    if (--channel->held_count == 0) {
        list_remove(&channel->holding);
    }
}

static void pass(struct bundle *bundle, struct bundle_channel *channel, struct bundle_held *held,
                 const char *hole)
{
    struct merge_item item = item_of(held);
    bundle_pass(bundle, channel, &item, NULL, hole);
    bundle_hold_release(bundle, channel, held);
}

static void drop_line(struct bundle *bundle, struct bundle_channel *channel, size_t slot)
{
    while (!list_is_empty(&channel->held[slot])) {
        bundle_hold_release(bundle, channel, first_of(channel, slot));
    }
}

void bundle_hold_drop(struct bundle *bundle, struct bundle_channel *channel, size_t slot)
{
    for (size_t each = 0; each < MERGE_LINES_MAX; each++) {
        if (slot == SIZE_MAX || slot == each) {
            drop_line(bundle, channel, each);
        }
    }
}

/* settling */

/** What one line holds goes as far as it is known to be next, or to be passed on already.
 * @return 1: it came further */
static int settle_line(struct bundle *bundle, struct bundle_channel *channel, size_t slot)
{
    int moved = 0;
    struct bundle_held *held;
    while ((held = first_of(channel, slot)) != NULL) {
        struct merge_item item     = item_of(held);
        enum merge_verdict verdict = merge_judge_again(&channel->merge, &item);
        if (verdict == MERGE_AHEAD || verdict == MERGE_BACK) {
            break;
        }
        moved = 1;
        if (verdict == MERGE_NEW) {
            pass(bundle, channel, held, NULL);
        } else {
            bundle_hold_release(bundle, channel, held);
        }
    }
    return moved;
}

static void settle(struct bundle *bundle, struct bundle_channel *channel)
{
    int moved = 1;
    while (moved && channel->held_count > 0) {
        moved = 0;
        for (size_t slot = 0; slot < MERGE_LINES_MAX; slot++) {
            moved |= settle_line(bundle, channel, slot);
        }
    }
}

static int holds(const struct bundle_channel *channel, size_t slot, uint64_t hash)
{
    const struct list *node;
    list_for_each (node, &channel->held[slot]) {
        const struct bundle_held *held = LIST_ENTRY(node, const struct bundle_held, node);
        if (!is_sequenced(held) && held->hash == hash) {
            return 1;
        }
    }
    return 0;
}

/* What yet another line held may have gone out meanwhile. */
static void pass_unless_passed(struct bundle *bundle, struct bundle_channel *channel,
                               struct bundle_held *held)
{
    struct merge_item item = item_of(held);
    if (merge_has_passed(&channel->merge, &item)) {
        bundle_hold_release(bundle, channel, held);
    } else {
        pass(bundle, channel, held, NULL);
    }
}

void bundle_hold_before(struct bundle *bundle, struct bundle_channel *channel,
                        const struct merge_item *item)
{
    if ((item->delivery->flags & HAWSER_DELIVERY_SEQUENCED) != 0) {
        return;
    }
    for (size_t slot = 0; slot < MERGE_LINES_MAX; slot++) {
        if (slot == item->line || !holds(channel, slot, item->hash)) {
            continue;
        }
        while (first_of(channel, slot)->hash != item->hash) { /* the other line missed these */
            pass_unless_passed(bundle, channel, first_of(channel, slot));
        }
        channel->merge.lines[slot].joined = 1; /* the same content: from here on both are in step */
    }
}

/* A line that is behind: what came before the first message since a gap is older than that, however
 * late it comes. Or one that was asked for the channel before it began anew, and whose messages
 * came late. */
static int is_from_before(const struct bundle_channel *channel, const struct bundle_held *held)
{
    const struct merge_line *self = &channel->merge.lines[held->slot];
    clock_ns_t begun_at           = channel->merge.begun_at;
    return self->from_first || (self->since < begun_at && held->at < begun_at + BUNDLE_COVER_NS);
}

/** The line has joined by a message that was passed on: without numbers, what it brought in front
 * of that is older. It is missing in the stream, unless that began only later. */
static void settle_late(struct bundle *bundle, struct bundle_channel *channel, size_t slot)
{
    struct bundle_held *held = first_of(channel, slot);
    while (held != NULL && !is_sequenced(held) && channel->merge.lines[slot].joined) {
        if (is_from_before(channel, held)) {
            bundle_hold_release(bundle, channel, held);
        } else {
            pass_unless_passed(bundle, channel, held);
        }
        held = first_of(channel, slot);
    }
}

void bundle_hold_look(struct bundle *bundle, struct bundle_channel *channel,
                      const struct merge_item *item)
{
    settle_late(bundle, channel, item->line);
    settle(bundle, channel);
}

/* without waiting any longer */

static const char *hole_of(const struct hawser_delivery *delivery, enum merge_verdict verdict)
{
    if (verdict == MERGE_BACK) {
        return "the connection that goes on counts from elsewhere than the one before";
    }
    return (delivery->flags & HAWSER_DELIVERY_SEQUENCED) != 0
               ? gap_text(GAP_MISSING)
               : "the connection that goes on had nothing in common with the one before";
}

/* What went out of other lines' may be what this one follows, or what it is. */
static void force(struct bundle *bundle, struct bundle_channel *channel)
{
    struct bundle_held *held   = oldest_of(channel);
    struct merge_item item     = item_of(held);
    enum merge_verdict verdict = merge_judge_again(&channel->merge, &item);
    if (verdict == MERGE_SEEN) {
        bundle_hold_release(bundle, channel, held);
    } else {
        pass(bundle, channel, held,
             verdict == MERGE_NEW ? NULL : hole_of(&held->delivery, verdict));
    }
    settle(bundle, channel);
}

static void force_all(struct bundle *bundle, struct bundle_channel *channel)
{
    settle(bundle, channel);
    while (channel->held_count > 0) {
        force(bundle, channel);
    }
}

/** While another line covers the channel, and while this one may still come to where the others
 * were: then all that it holds is old. */
static int has_to_wait(const struct bundle *bundle, const struct bundle_channel *channel,
                       size_t slot)
{
    return merge_stand(&channel->merge, slot, clock_monotonic()) == MERGE_TRAILS ||
           bundle_is_covered(bundle, channel, channel_name(channel->name),
                             bundle_line_of(bundle, slot));
}

static void flush(struct bundle *bundle, struct bundle_channel *channel)
{
    settle(bundle, channel);
    while (channel->held_count > 0 && !has_to_wait(bundle, channel, oldest_of(channel)->slot)) {
        force(bundle, channel);
    }
}

void bundle_hold_flush_all(struct bundle *bundle)
{
    struct list *node, *after;
    if (bundle->merge == NULL || bundle->standby.is_on) {
        return;
    }
    list_for_each_safe (node, after, &bundle->merge->holding) {
        force_all(bundle, CHANNEL_IN(node));
    }
}

void bundle_hold_recheck(struct bundle *bundle)
{
    struct list *node, *after;
    list_for_each_safe (node, after, &bundle->merge->holding) {
        flush(bundle, CHANNEL_IN(node));
    }
}

/* holding */

static void give_up(struct bundle_line *line, struct bundle_channel *channel)
{
    complain(&line->bundle->merge->elsewhere, &line->session->log, LOG_WARN, "HW-SESSION-051",
             "channel %s: what it brings does not fit to what other lines bring, and is not passed "
             "on while they do; when they break, a gap is told, and it goes on",
             channel->name->name);
    drop_line(line->bundle, channel, line->slot);
}

static void overflow(struct bundle *bundle, struct bundle_channel *channel, size_t slot)
{
    complain(&bundle->merge->overflow, &bundle->log, LOG_WARN, "HW-SESSION-039",
             "a line is so far from the others that more than %u bytes wait for them; what it "
             "brought is left to them",
             HELD_BYTES_MAX);
    drop_line(bundle, channel, slot);
}

/** @return 0: there is no room */
static int add(struct bundle *bundle, struct bundle_channel *channel, const struct merge_item *item,
               size_t most)
{
    const struct hawser_delivery *delivery = item->delivery;
    struct bundle_merge *merge             = bundle->merge;
    size_t size                            = sizeof(struct bundle_held) + delivery->data.len;
    struct bundle_held *held               = merge->held_bytes + size > most ? NULL : malloc(size);
    if (held == NULL) {
        return 0;
    }
    *held = (struct bundle_held){
        .delivery = *delivery, .hash = item->hash, .slot = item->line, .at = item->at};
    if (delivery->data.len > 0) {
        memcpy(held->bytes, delivery->data.data, delivery->data.len);
    }
    held->delivery.data.data = held->bytes;
    held->delivery.channel   = channel_name(channel->name);
    if (channel->held_count++ == 0) {
        list_append(&merge->holding, &channel->holding);
    }
    list_append(&channel->held[item->line], &held->node);
    merge->held_bytes += size;
    return 1;
}

static void keep(struct bundle *bundle, struct bundle_channel *channel,
                 const struct merge_item *item)
{
    static const struct timeval look = {0, LOOK_MS * 1000};
    struct event *timer              = &bundle->merge->timer;
    if (!add(bundle, channel, item, HELD_BYTES_MAX)) {
        overflow(bundle, channel, item->line);
    } else if (!evtimer_pending(timer, NULL) && evtimer_add(timer, &look) != 0) {
        force_all(bundle, channel); /* no timer, no patience */
    }
}

void bundle_hold_all(struct bundle *bundle, struct bundle_channel *channel,
                     const struct merge_item *item)
{
    while (!add(bundle, channel, item, HELD_ALL_MAX)) {
        struct bundle_held *oldest = first_of(channel, item->line);
        if (oldest == NULL) { /* other channels have all the room */
            channel->holed = 1;
            return;
        }
        bundle_hold_release(bundle, channel, oldest); /* most likely passed on by the other one */
    }
}

void bundle_hold_end(struct bundle *bundle)
{
    static const struct timeval look = {0, LOOK_MS * 1000};
    bundle_hold_recheck(bundle);
    if (!list_is_empty(&bundle->merge->holding) && evtimer_add(&bundle->merge->timer, &look) != 0) {
        bundle_hold_flush_all(bundle); /* no timer, no patience */
    }
}

void bundle_hold(struct bundle_line *line, struct bundle_channel *channel,
                 const struct merge_item *item, const struct hawser_record *record)
{
    struct bundle *bundle      = line->bundle;
    enum merge_verdict verdict = MERGE_AHEAD;
    if (!has_to_wait(bundle, channel, line->slot)) {
        flush(bundle, channel); /* what waits came before this one, and may be what it follows */
        verdict = merge_judge_again(&channel->merge, item);
    }
    if (verdict == MERGE_SEEN) {
        return;
    }
    if (verdict == MERGE_NEW || !has_to_wait(bundle, channel, line->slot)) {
        bundle_pass(bundle, channel, item, record,
                    verdict == MERGE_NEW ? NULL : hole_of(item->delivery, verdict));
        settle(bundle, channel);
    } else if (merge_is_given_up(&channel->merge, line->slot, item->at)) {
        give_up(line, channel);
    } else {
        keep(bundle, channel, item);
    }
}

/* A line that still brings what is missing is waited for, and so is, for a while, one that brings
 * what was passed on before: it comes nearer. One that brings nothing is not, unless what waits is
 * older. */
static int is_overdue(struct bundle_channel *channel, clock_ns_t now)
{
    const struct bundle_held *first = oldest_of(channel);
    struct merge_item item          = item_of(first);
    return now - first->at >= MERGE_PATIENCE_NS && now - channel->passed_at >= MERGE_PATIENCE_NS &&
           (now - channel->seen_at >= MERGE_PATIENCE_NS ||
            now - first->at >= MERGE_PATIENCE_MAX_NS) &&
           (!is_sequenced(first) || merge_judge_again(&channel->merge, &item) == MERGE_AHEAD);
}

static void drop_given_up(struct bundle *bundle, struct bundle_channel *channel, clock_ns_t now)
{
    for (size_t slot = 0; slot < MERGE_LINES_MAX; slot++) {
        struct bundle_line *line = bundle_line_of(bundle, slot);
        if (first_of(channel, slot) != NULL && line != NULL &&
            merge_is_given_up(&channel->merge, slot, now)) {
            give_up(line, channel);
        }
    }
}

void bundle_hold_on_timer(evutil_socket_t fd, short what, void *arg)
{
    static const struct timeval look = {0, LOOK_MS * 1000};
    struct bundle *bundle            = OBJ_CAST(struct bundle, arg, BUNDLE_MAGIC);
    clock_ns_t now                   = clock_monotonic();
    struct list *node, *after;
    (void)fd;
    (void)what;
    bundle_hold_recheck(bundle);
    list_for_each_safe (node, after, &bundle->merge->holding) {
        struct bundle_channel *channel = CHANNEL_IN(node);
        if (is_overdue(channel, now)) {
            force(bundle, channel);
        } else {
            drop_given_up(bundle, channel, now);
        }
    }
    if (!list_is_empty(&bundle->merge->holding) && evtimer_add(&bundle->merge->timer, &look) != 0) {
        log_about(&bundle->log, LOG_CRIT, "HW-SESSION-040",
                  "a timer to merge lines was not set: out of memory");
    }
}
