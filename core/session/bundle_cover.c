/*
 * The channels of a bundle that merges: which there are, and which line brings all of each. When a
 * line's link goes, it is decided here whether anything is missing. See bundle_object.h.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "session/bundle_object.h"

struct bundle_channel *bundle_channel_find(const struct bundle *bundle, struct hawser_slice name)
{
    const struct channel *channel = wanted_find(&bundle->merge->book, name);
    return channel == NULL ? NULL : channel->merged;
}

int bundle_is_silent(const struct bundle_channel *channel, const struct channel *own)
{
    clock_ns_t since = own->confirmed_at + BUNDLE_COVER_NS;
    return own->state == CHANNEL_CONFIRMED && clock_monotonic() >= since &&
           channel->passed_at < since;
}

enum coverage {
    COVERS_NOT,
    COVERS_SINCE_CONFIRMED, /* as far as its silence tells */
    COVERS_ALL              /* that followed what was passed on as it began */
};

static enum coverage coverage_of(const struct bundle_line *line,
                                 const struct bundle_channel *channel, struct hawser_slice name)
{
    const struct session *session = line->session;
    const struct merge_line *self = &channel->merge.lines[line->slot];
    const struct channel *own =
        session_link_is_open(session) ? wanted_find(&session->wanted, name) : NULL;
    if (own == NULL || own->state != CHANNEL_CONFIRMED || own->origin == 0) {
        return COVERS_NOT;
    }
    if (self->fresh || self->since != own->asked_at) {
        return bundle_is_silent(channel, own) ? COVERS_SINCE_CONFIRMED : COVERS_NOT;
    }
    switch (merge_stand(&channel->merge, line->slot, clock_monotonic())) {
    case MERGE_JOINED:
        return self->assumed ? COVERS_SINCE_CONFIRMED : COVERS_ALL;
    case MERGE_TRAILS:
        return COVERS_ALL;
    default:
        return COVERS_NOT;
    }
}

static int covers(const struct bundle_line *line, const struct bundle_channel *channel,
                  struct hawser_slice name)
{
    return coverage_of(line, channel, name) != COVERS_NOT;
}

int bundle_is_covered(const struct bundle *bundle, const struct bundle_channel *channel,
                      struct hawser_slice name, const struct bundle_line *but)
{
    const struct list *node;
    if (bundle->standby.is_on) {
        return 1; /* by the other process */
    }
    list_for_each (node, &bundle->lines) {
        const struct bundle_line *line = LIST_ENTRY(node, const struct bundle_line, node);
        if (line != but && covers(line, channel, name)) {
            return 1;
        }
    }
    return 0;
}

/** Does another line have all that came since the last sign of life of one that is lost? What was
 * under way to that one since then may be lost with it. */
static int makes_up_for(const struct bundle_line *lost, const struct bundle_channel *channel,
                        struct hawser_slice name)
{
    const struct list *node;
    if (lost->bundle->standby.is_on) {
        return 1; /* the other process has */
    }
    list_for_each (node, &lost->bundle->lines) {
        const struct bundle_line *line = LIST_ENTRY(node, const struct bundle_line, node);
        enum coverage coverage = line == lost ? COVERS_NOT : coverage_of(line, channel, name);
        if (coverage == COVERS_ALL || (coverage == COVERS_SINCE_CONFIRMED &&
                                       wanted_find(&line->session->wanted, name)->confirmed_at <=
                                           lost->session->beat.heard_at)) {
            return 1;
        }
    }
    return 0;
}

/* Channels without numbers tell nothing of another exchange's; but where a channel with numbers
 * shows that it is another one, they are not waited for either. */
int bundle_is_in_doubt(const struct bundle_line *line)
{
    clock_ns_t now   = clock_monotonic();
    int has_unknown  = 0;
    int is_elsewhere = 0;
    const struct list *node;
    list_for_each (node, &line->bundle->merge->book.in_state[CHANNEL_WANTED]) {
        const struct channel *named          = LIST_ENTRY(node, const struct channel, in_state);
        const struct bundle_channel *channel = named->merged;
        const struct merge_line *self        = &channel->merge.lines[line->slot];
        enum merge_stand stand               = merge_stand(&channel->merge, line->slot, now);
        if (stand == MERGE_ELSEWHERE) {
            is_elsewhere |= self->counted;
        } else if (stand == MERGE_UNKNOWN && self->begun_at != 0 &&
                   now - self->begun_at >= MERGE_PATIENCE_NS) {
            has_unknown = 1;
        } else if (stand == MERGE_TRAILS || !covers(line, channel, channel_name(named))) {
            return 1;
        }
    }
    return has_unknown && !is_elsewhere;
}

size_t bundle_count_covered(const struct bundle_line *line)
{
    const struct bundle_merge *merge = line->bundle->merge;
    size_t count                     = 0;
    const struct list *node;
    if (merge == NULL) {
        return line->session->wanted.state_count[CHANNEL_CONFIRMED];
    }
    list_for_each (node, &merge->book.in_state[CHANNEL_WANTED]) {
        const struct channel *named = LIST_ENTRY(node, const struct channel, in_state);
        count += (size_t)covers(line, named->merged, channel_name(named));
    }
    return count;
}

/* the book */

static void strike_off(struct bundle *bundle, struct channel *named)
{
    bundle_hold_drop(bundle, named->merged, SIZE_MAX);
    merge_fini(&named->merged->merge);
    free(named->merged);
    wanted_remove(&bundle->merge->book, named);
}

static int is_wanted(const struct bundle *bundle, struct hawser_slice name)
{
    const struct list *node;
    list_for_each (node, &bundle->lines) {
        const struct channel *own =
            wanted_find(&LIST_ENTRY(node, const struct bundle_line, node)->session->wanted, name);
        if (own != NULL && own->origin != 0) {
            return 1;
        }
    }
    return 0;
}

static void strike_off_unwanted(struct bundle *bundle)
{
    struct list *node, *after;
    list_for_each_safe (node, after, &bundle->merge->book.in_state[CHANNEL_WANTED]) {
        struct channel *named = CHANNEL_OF(node);
        if (!is_wanted(bundle, channel_name(named))) {
            strike_off(bundle, named);
        }
    }
}

static struct bundle_channel *enter(struct bundle *bundle, const struct channel *own,
                                    struct hawser_error *err)
{
    struct wanted *book            = &bundle->merge->book;
    struct hawser_slice name       = channel_name(own);
    struct bundle_channel *channel = calloc(1, sizeof(*channel));
    if (channel == NULL || wanted_add(book, &name, 1, CHANNEL_BY_CALL, err) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory to merge channel %s", own->name);
        free(channel);
        return NULL;
    }
    struct channel *named = wanted_find(book, name);
    named->merged         = channel;
    channel->name         = named;
    list_init(&channel->holding);
    for (size_t slot = 0; slot < MERGE_LINES_MAX; slot++) {
        list_init(&channel->held[slot]);
    }
    merge_init(&channel->merge, merge_window(book->count));
    return channel;
}

/** The one line until now: others have to go on from where it is. */
static void take_over(const struct bundle_line *line, struct channel *own,
                      struct bundle_channel *channel)
{
    uint8_t is_confirmed    = own->state == CHANNEL_CONFIRMED;
    channel->merge.passed   = own->gap;
    channel->merge.begun_at = is_confirmed && own->good_ns != 0 ? own->confirmed_at : 0;
    channel->merge.lines[line->slot] =
        (struct merge_line){.since    = own->asked_at,
                            .begun_at = is_confirmed ? own->confirmed_at : 0,
                            .first    = own->gap.last,
                            .mark     = own->gap.last,
                            .highest  = own->gap.last,
                            .counted  = own->gap.seen,
                            .joined   = is_confirmed};
    channel->passed_ns = own->good_ns;
    channel->passed_at = own->good_ns != 0 ? own->seen_at : 0;
    if (own->gap_pending) {
        bundle_owe(channel, own->gap_since_ns, "connection", line->session->break_message);
    }
}

static int sync_line(const struct bundle_line *line, int is_first, struct hawser_error *err)
{
    for (size_t state = 0; state < CHANNEL_STATE_COUNT; state++) {
        struct list *node;
        list_for_each (node, &line->session->wanted.in_state[state]) {
            struct channel *own            = CHANNEL_OF(node);
            struct bundle_channel *channel = bundle_channel_find(line->bundle, channel_name(own));
            if (own->origin == 0 || channel != NULL) {
                continue;
            }
            channel = enter(line->bundle, own, err);
            if (channel == NULL) {
                return -1;
            }
            if (is_first) {
                take_over(line, own, channel);
            }
        }
    }
    return 0;
}

int bundle_merge_sync(struct bundle *bundle, struct hawser_error *err)
{
    struct list *node;
    if (bundle->merge == NULL) {
        return 0;
    }
    strike_off_unwanted(bundle);
    list_for_each (node, &bundle->lines) {
        if (sync_line(LINE_OF(node), 0, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* begin and end */

int bundle_merge_begin(struct bundle *bundle, struct hawser_error *err)
{
    struct bundle_merge *merge = calloc(1, sizeof(*merge));
    if (merge == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory to merge lines");
        return -1;
    }
    wanted_init(&merge->book, SIZE_MAX);
    list_init(&merge->holding);
    bundle->merge = merge;
    if (evtimer_assign(&merge->timer, bundle->env.loop->base, bundle_hold_on_timer, bundle) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no timer to merge lines");
        goto fail;
    }
    if (!list_is_empty(&bundle->lines)) {
        const struct bundle_line *first = bundle_first(bundle);
        merge->sequence                 = first->session->sequence;
        merge->gaps                     = first->session->gaps;
        if (sync_line(first, 1, err) != 0) {
            goto fail;
        }
    }
    return 0;
fail:
    bundle_merge_free(bundle);
    return -1;
}

void bundle_merge_free(struct bundle *bundle)
{
    struct bundle_merge *merge = bundle->merge;
    struct list *node, *after;
    if (merge == NULL) {
        return;
    }
    if (event_initialized(&merge->timer)) {
        (void)evtimer_del(&merge->timer); /* harmless when it does not wait */
    }
    list_for_each_safe (node, after, &merge->book.in_state[CHANNEL_WANTED]) {
        strike_off(bundle, CHANNEL_OF(node));
    }
    wanted_fini(&merge->book);
    free(merge);
    bundle->merge = NULL;
}

void bundle_merge_end(struct bundle *bundle)
{
    struct bundle_merge *merge = bundle->merge;
    struct session *session    = bundle_first(bundle)->session;
    struct list *node;
    list_for_each (node, &merge->book.in_state[CHANNEL_WANTED]) {
        struct bundle_channel *channel = CHANNEL_OF(node)->merged;
        struct channel *own            = wanted_find(&session->wanted, channel_name(channel->name));
        if (own != NULL) {
            own->gap          = own->gap.seen ? own->gap : channel->merge.passed;
            own->gap_pending  = channel->owes && !channel->told;
            own->gap_since_ns = channel->owed_since_ns;
        }
    }
    session->sequence = merge->sequence;
    session->epoch += merge->epoch_gone;
    session->gaps = merge->gaps;
    bundle_merge_free(bundle);
}

/* a link goes */

static void lose(struct bundle_line *line, struct channel *own, size_t counts[2])
{
    struct bundle *bundle          = line->bundle;
    struct bundle_channel *channel = bundle_channel_find(bundle, channel_name(own));
    if (channel == NULL || !own->gap_pending) {
        return;
    }
    int covered = makes_up_for(line, channel, channel_name(own));
    if (covered) {
        own->gap_pending = 0;
    } else {
        bundle_owe(channel, own->gap_since_ns, "connection", line->session->break_message);
    }
    counts[covered]++;
}

/** What was held back went out behind the gap, and nobody goes on from there. */
static void lose_again(struct bundle_line *line, const struct channel *own)
{
    struct bundle *bundle          = line->bundle;
    struct bundle_channel *channel = bundle_channel_find(bundle, channel_name(own));
    if (channel != NULL && own->gap_pending &&
        !bundle_is_covered(bundle, channel, channel_name(own), line)) {
        bundle_owe(channel, channel->passed_ns, "connection", line->session->break_message);
    }
}

void bundle_line_lost(struct bundle_line *line)
{
    size_t counts[2] = {0, 0};
    for (size_t state = 0; state < CHANNEL_STATE_COUNT; state++) {
        struct list *node;
        list_for_each (node, &line->session->wanted.in_state[state]) {
            lose(line, CHANNEL_OF(node), counts);
        }
    }
    log_about(&line->session->log, LOG_INFO, "HW-SESSION-036",
              "its link is gone: %zu channels go on by another line, %zu wait", counts[1],
              counts[0]);
    if (list_is_empty(&line->bundle->merge->holding)) {
        return;
    }
    bundle_hold_recheck(line->bundle);
    for (size_t state = 0; state < CHANNEL_STATE_COUNT; state++) {
        struct list *node;
        list_for_each (node, &line->session->wanted.in_state[state]) {
            lose_again(line, CHANNEL_OF(node));
        }
    }
}

void bundle_line_forget(struct bundle_line *line)
{
    struct bundle *bundle = line->bundle;
    struct list *node;
    if (bundle->merge == NULL) {
        return;
    }
    list_for_each (node, &bundle->merge->book.in_state[CHANNEL_WANTED]) {
        struct bundle_channel *channel = CHANNEL_OF(node)->merged;
        bundle_hold_drop(bundle, channel, line->slot);
        merge_forget(&channel->merge, line->slot);
    }
}
