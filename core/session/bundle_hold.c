/*
 * A line that joins may be ahead of the others: what it brings is held back until they have come as
 * far, so that nothing is passed over and nothing comes in the wrong order. Bounded in bytes and in
 * time; memory is taken here alone, and only while a line joins.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "session/bundle_object.h"

#define HELD_BYTES_MAX (4u << 20)
#define LOOK_MS        250
#define PATIENCE_NS    CLOCK_NS_PER_S /* for a line that covers the channel and brings nothing */

#define HELD_OF(list_node)    LIST_ENTRY(list_node, struct bundle_held, node)
#define CHANNEL_IN(list_node) LIST_ENTRY(list_node, struct bundle_channel, holding)

static int is_sequenced(const struct bundle_held *held)
{
    return (held->delivery.flags & HAWSER_DELIVERY_SEQUENCED) != 0;
}

static void release(struct bundle *bundle, struct bundle_channel *channel, struct bundle_held *held)
{
    bundle->merge->held_bytes -= sizeof(*held) + held->delivery.data.len;
    list_remove(&held->node);
    free(held);
    if (list_is_empty(&channel->held)) {
        list_remove(&channel->holding);
    }
}

void bundle_hold_drop(struct bundle *bundle, struct bundle_channel *channel, size_t slot)
{
    struct list *node, *after;
    list_for_each_safe (node, after, &channel->held) {
        if (slot == SIZE_MAX || HELD_OF(node)->slot == slot) {
            release(bundle, channel, HELD_OF(node));
        }
    }
}

/** Judge the first one that may be, and act on it. @param force 1: holes are told and passed over
 * @return 1: it is dealt with; 0: all of them have to wait */
static int settle_one(struct bundle *bundle, struct bundle_channel *channel, int force)
{
    struct list *node;
    list_for_each (node, &channel->held) {
        struct bundle_held *held = HELD_OF(node);
        struct merge_item item   = {&held->delivery, held->hash, held->slot};
        if (!force && !is_sequenced(held) && !channel->merge.lines[held->slot].joined) {
            continue;
        }
        enum merge_verdict verdict = merge_judge_again(&channel->merge, &item);
        if (verdict == MERGE_AHEAD && !force) {
            continue;
        }
        if (verdict != MERGE_SEEN) {
            bundle_pass(bundle, channel, &item, NULL);
        }
        release(bundle, channel, held);
        return 1;
    }
    return 0;
}

static void settle(struct bundle *bundle, struct bundle_channel *channel, int force)
{
    while (settle_one(bundle, channel, force)) {
    }
}

void bundle_hold_look(struct bundle *bundle, struct bundle_channel *channel,
                      const struct merge_item *item)
{
    struct list *node;
    list_for_each (node, &channel->held) { /* the same content: from here on both are in step */
        const struct bundle_held *held = HELD_OF(node);
        if (held->slot != item->line && !is_sequenced(held) && held->hash == item->hash) {
            channel->merge.lines[held->slot].joined = 1;
        }
    }
    settle(bundle, channel, 0);
}

void bundle_hold_flush(struct bundle *bundle, struct bundle_channel *channel)
{
    settle(bundle, channel, 1);
}

void bundle_hold_flush_all(struct bundle *bundle)
{
    struct list *node, *after;
    if (bundle->merge == NULL) {
        return;
    }
    list_for_each_safe (node, after, &bundle->merge->holding) {
        settle(bundle, CHANNEL_IN(node), 1);
    }
}

static void overflow(struct bundle *bundle, struct bundle_channel *channel)
{
    struct list *node, *after;
    complain(&bundle->merge->overflow, &bundle->log, LOG_WARN, "HW-SESSION-039",
             "a line is so far ahead of the others that more than %u bytes wait for "
             "them; it has to wait with what has numbers, the rest goes out as it came",
             HELD_BYTES_MAX);
    list_for_each_safe (node, after, &channel->held) {
        if (is_sequenced(HELD_OF(node))) {
            release(bundle, channel, HELD_OF(node));
        }
    }
    settle(bundle, channel, 1);
}

void bundle_hold(struct bundle *bundle, struct bundle_channel *channel,
                 const struct merge_item *item)
{
    static const struct timeval look       = {0, LOOK_MS * 1000};
    const struct hawser_delivery *delivery = item->delivery;
    struct bundle_merge *merge             = bundle->merge;
    size_t size                            = sizeof(struct bundle_held) + delivery->data.len;
    struct bundle_held *held = size > HELD_BYTES_MAX - merge->held_bytes ? NULL : malloc(size);
    if (held == NULL) {
        overflow(bundle, channel);
        if ((delivery->flags & HAWSER_DELIVERY_SEQUENCED) == 0) {
            bundle_pass(bundle, channel, item, NULL);
        }
        return;
    }
    *held = (struct bundle_held){
        .delivery = *delivery, .hash = item->hash, .slot = item->line, .at = clock_monotonic()};
    if (delivery->data.len > 0) {
        memcpy(held->bytes, delivery->data.data, delivery->data.len);
    }
    held->delivery.data.data = held->bytes;
    held->delivery.channel   = channel_name(channel->name);
    if (list_is_empty(&channel->held)) {
        list_append(&merge->holding, &channel->holding);
    }
    list_append(&channel->held, &held->node);
    merge->held_bytes += size;
    if (!evtimer_pending(&merge->timer, NULL) && evtimer_add(&merge->timer, &look) != 0) {
        settle(bundle, channel, 1); /* no timer, no patience */
    }
}

void bundle_hold_recheck(struct bundle *bundle)
{
    struct list *node, *after;
    list_for_each_safe (node, after, &bundle->merge->holding) {
        struct bundle_channel *channel = CHANNEL_IN(node);
        const struct bundle_line *line = bundle_line_of(bundle, HELD_OF(channel->held.next)->slot);
        if (!bundle_is_covered(bundle, channel, channel_name(channel->name), line)) {
            settle(bundle, channel, 1);
        }
    }
}

/* A line that still brings what is missing is waited for; one that brings nothing is not. */
static int is_overdue(const struct bundle_channel *channel, clock_ns_t now)
{
    const struct bundle_held *first = HELD_OF(channel->held.next);
    return now - first->at >= PATIENCE_NS &&
           (!is_sequenced(first) || now - channel->passed_at >= PATIENCE_NS);
}

void bundle_hold_on_timer(evutil_socket_t fd, short what, void *arg)
{
    static const struct timeval look = {0, LOOK_MS * 1000};
    struct bundle *bundle            = OBJ_CAST(struct bundle, arg, BUNDLE_MAGIC);
    clock_ns_t now                   = clock_monotonic();
    struct list *node, *after;
    (void)fd;
    (void)what;
    list_for_each_safe (node, after, &bundle->merge->holding) {
        if (is_overdue(CHANNEL_IN(node), now)) {
            settle(bundle, CHANNEL_IN(node), 1);
        }
    }
    bundle_hold_recheck(bundle);
    if (!list_is_empty(&bundle->merge->holding) && evtimer_add(&bundle->merge->timer, &look) != 0) {
        log_about(&bundle->log, LOG_CRIT, "HW-SESSION-040",
                  "a timer to merge lines was not set: out of memory");
    }
}
