/*
 * Marks of a session's channels to JSON and back. See marks_json.h.
 */
#include "host/marks_json.h"

#include <string.h>

#include "base/slice.h"

static void add_mark(void *arg, const struct bundle_mark *mark)
{
    json_t *hashes = json_array();
    for (size_t i = 0; i < mark->hash_count; i++) {
        /* Without all of them the two do not meet, and a gap is told. */
        (void)json_array_append_new(hashes, json_integer((json_int_t)mark->hashes[i]));
    }
    (void)json_array_append_new(
        arg, json_pack("{s:s%, s:I, s:b, s:b, s:b, s:I, s:s%, s:o}", "channel", mark->channel.data,
                       mark->channel.len, "sequence", (json_int_t)mark->sequence, "numbered",
                       mark->has_sequence, "confirmed", mark->confirmed, "owes", mark->owes, "at",
                       (json_int_t)mark->passed_ns, "why", mark->why.data, mark->why.len, "hashes",
                       hashes)); /* a channel that is missing gets a gap */
}

json_t *marks_json_of(struct bundle *bundle, const char *session)
{
    struct bundle_total total;
    json_t *channels = json_array();
    bundle_yield(bundle, add_mark, channels, &total);
    return json_pack("{s:s, s:{s:I, s:I, s:I}, s:o}", "session", session, "total", "sequence",
                     (json_int_t)total.sequence, "epoch", (json_int_t)total.epoch, "gaps",
                     (json_int_t)total.gaps, "channels", channels);
}

static uint64_t number(const json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

static struct hawser_slice text(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return slice_make(json_string_value(value), json_string_length(value));
}

/** @param hashes room for those of the mark, and as long */
static struct bundle_mark read_mark(const json_t *about, uint64_t hashes[BUNDLE_MARK_HASHES])
{
    const json_t *list      = json_object_get(about, "hashes");
    struct bundle_mark mark = {.channel      = text(about, "channel"),
                               .sequence     = number(about, "sequence"),
                               .has_sequence = json_is_true(json_object_get(about, "numbered")),
                               .confirmed    = json_is_true(json_object_get(about, "confirmed")),
                               .owes         = json_is_true(json_object_get(about, "owes")),
                               .passed_ns    = (int64_t)number(about, "at"),
                               .why          = text(about, "why"),
                               .hashes       = hashes};
    size_t i;
    json_t *hash;
    json_array_foreach(list, i, hash)
    {
        if (mark.hash_count < BUNDLE_MARK_HASHES) {
            hashes[mark.hash_count++] = (uint64_t)json_integer_value(hash);
        }
    }
    return mark;
}

static void take_mark(struct bundle *bundle, const json_t *about)
{
    uint64_t hashes[BUNDLE_MARK_HASHES];
    struct bundle_mark mark = read_mark(about, hashes);
    if (mark.channel.len > 0) {
        bundle_take_mark(bundle, &mark);
    }
}

json_t *marks_json_first(const struct bundle *bundle)
{
    json_t *firsts = json_array();
    bundle_each_first(bundle, add_mark, firsts);
    return firsts;
}

int marks_json_reached(const struct bundle *bundle, json_t *firsts)
{
    uint64_t hashes[BUNDLE_MARK_HASHES];
    for (size_t i = json_array_size(firsts); i > 0; i--) {
        struct bundle_mark mark = read_mark(json_array_get(firsts, i - 1), hashes);
        if (mark.channel.len == 0 || bundle_has_reached(bundle, &mark)) {
            (void)json_array_remove(firsts, i - 1); /* it is there */
        }
    }
    return json_array_size(firsts) == 0;
}

void marks_json_take(struct bundle *bundle, const json_t *marks)
{
    const json_t *about       = json_object_get(marks, "total");
    const char *why           = json_string_value(json_object_get(marks, "why"));
    struct bundle_total total = {number(about, "sequence"), number(about, "epoch"),
                                 number(about, "gaps")};
    size_t i;
    json_t *channel;
    json_array_foreach(json_object_get(marks, "channels"), i, channel)
    {
        take_mark(bundle, channel);
    }
    bundle_take(bundle, about == NULL ? NULL : &total,
                why == NULL ? "the worker that ran the session died" : why);
}
