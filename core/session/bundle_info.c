/*
 * Looking at a bundle from outside.
 */
#include "base/slice.h"
#include "session/bundle_object.h"

static const struct bundle_line *best_line(const struct bundle *bundle)
{
    const struct list *node;
    list_for_each (node, &bundle->lines) {
        const struct bundle_line *line = LIST_ENTRY(node, const struct bundle_line, node);
        if (line->session->state == bundle->state && !line->retiring) {
            return line;
        }
    }
    return bundle_first(bundle);
}

static void add(const struct bundle_line *line, struct session_info *out)
{
    struct session_info info;
    session_get_info(line->session, &info);
    out->messages += info.messages;
    out->bytes += info.bytes;
    out->reconnects += info.reconnects;
    out->requests_waiting += info.requests_waiting;
    out->late_answers += info.late_answers;
    out->foreign_messages += info.foreign_messages;
    out->illegal_events += info.illegal_events;
    if (info.last_message_ns > out->last_message_ns) {
        out->last_message_ns = info.last_message_ns;
    }
    if (info.channels_confirmed > out->channels_confirmed) {
        out->channels_confirmed = info.channels_confirmed;
    }
}

void bundle_get_info(const struct bundle *bundle, struct session_info *out)
{
    const struct bundle_line *best = best_line(bundle);
    const struct list *node;
    session_get_info(best->session, out);
    if (bundle->merge == NULL) {
        return;
    }
    out->sequence = bundle->merge->sequence;
    out->gaps     = bundle->merge->gaps;
    out->epoch    = bundle->merge->epoch_gone;
    list_for_each (node, &bundle->lines) {
        const struct bundle_line *line = LIST_ENTRY(node, const struct bundle_line, node);
        out->epoch += line->session->epoch;
        if (line != best) {
            add(line, out);
        }
    }
}

void bundle_each_line(const struct bundle *bundle,
                      void (*fn)(void *arg, const struct bundle_line_info *info), void *arg)
{
    const struct list *node;
    list_for_each (node, &bundle->lines) {
        const struct bundle_line *line = LIST_ENTRY(node, const struct bundle_line, node);
        struct bundle_line_info info   = {
              .number     = (unsigned)line->slot + 1,
              .is_leaving = line->retiring,
              .covers     = bundle_count_covered(line),
              .won        = line->won,
              .lead_ns    = line->leads == 0 ? 0 : line->lead_ns / (int64_t)line->leads,
        };
        session_get_info(line->session, &info.session);
        fn(arg, &info);
    }
}

uint64_t bundle_covered(const struct bundle *bundle)
{
    return bundle->merge == NULL ? 0 : bundle->merge->covered;
}

struct each_channel {
    const struct bundle *bundle;
    void (*fn)(void *arg, const char *channel, int confirmed, int dynamic);
    void *arg;
};

static void tell_channel(void *arg, const char *channel, int confirmed, int dynamic)
{
    const struct each_channel *each = arg;
    const struct list *node;
    list_for_each (node, &each->bundle->lines) {
        const struct channel *own = wanted_find(
            &LIST_ENTRY(node, const struct bundle_line, node)->session->wanted, slice_of(channel));
        confirmed |= own != NULL && own->state == CHANNEL_CONFIRMED;
    }
    each->fn(each->arg, channel, confirmed, dynamic);
}

void bundle_each_channel(const struct bundle *bundle,
                         void (*fn)(void *arg, const char *channel, int confirmed, int dynamic),
                         void *arg)
{
    struct each_channel each = {bundle, fn, arg};
    session_each_channel(best_line(bundle)->session, tell_channel, &each);
}
