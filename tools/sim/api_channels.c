/*
 * Subscriptions as the exchange answers them: the reply lists what is subscribed now, in any order,
 * and leaves out what it does not know.
 */
#include "sim/api_channels.h"

#include <stdlib.h>

#include "base/slice.h"
#include "sim/feed.h"
#include "sim/market.h"

#define CHANNELS_MAX 2000u /* of one call; a request of 32 kB holds fewer */

struct names {
    const char *name[CHANNELS_MAX]; /* borrowed from subscriptions or params */
    size_t count;
};

static int is_private_call(const struct sim_call *call)
{
    return strncmp(call->method, "private/", 8) == 0;
}

static json_t *channels_of(struct sim_call *call)
{
    json_t *channels = json_object_get(call->params, "channels");
    if (channels == NULL) {
        (void)sim_call_missing(call, "channels");
        return NULL;
    }
    size_t at    = 0;
    json_t *each = NULL;
    int is_wrong = !json_is_array(channels) || json_array_size(channels) > CHANNELS_MAX;
    json_array_foreach(channels, at, each)
    {
        is_wrong |= !json_is_string(each);
    }
    if (is_wrong) {
        (void)sim_call_fail_with(call, -32602, "value must be an array of strings", "channels");
        return NULL;
    }
    return channels;
}

/* One public .raw channel without a login fails the whole call. */
static int asks_raw_unauthorized(const struct sim_call *call, const json_t *channels)
{
    size_t at    = 0;
    json_t *each = NULL;
    json_array_foreach(channels, at, each)
    {
        struct sim_channel channel;
        if (call->grant == NULL &&
            sim_channel_parse(slice_of(json_string_value(each)), &channel) == 0 &&
            channel.has_raw) {
            return 1;
        }
    }
    return 0;
}

/* Fisher-Yates: the exchange acknowledges in no particular order. */
static void shuffle(struct sim *sim, struct names *names)
{
    for (size_t i = names->count; i > 1; i--) {
        size_t j           = (size_t)(sim_random(&sim->random) % i);
        const char *kept   = names->name[i - 1];
        names->name[i - 1] = names->name[j];
        names->name[j]     = kept;
    }
}

static void write_names(struct sim_call *call, const struct names *names)
{
    sim_text_add(&call->result, "[");
    for (size_t i = 0; i < names->count; i++) {
        sim_text_add(&call->result, i == 0 ? "" : ",");
        sim_text_string(&call->result, names->name[i]);
    }
    sim_text_add(&call->result, "]");
}

static void subscribe_each(struct sim_call *call, const json_t *channels, struct names *names)
{
    size_t at         = 0;
    json_t *each      = NULL;
    const char *label = sim_call_string(call, "label");
    json_array_foreach(channels, at, each)
    {
        struct sim_channel channel;
        if (sim_channel_parse(slice_of(json_string_value(each)), &channel) != 0 ||
            (channel.is_private && !is_private_call(call))) {
            continue;
        }
        if (call->sim->faults.partial > 0) {
            call->sim->faults.partial--;
            continue;
        }
        struct sim_sub *sub = sim_feed_subscribe(call->conn, &channel);
        if (sub == NULL) {
            continue;
        }
        if (label != NULL && channel.is_private) {
            (void)snprintf(sub->label, sizeof(sub->label), "%s", label);
        }
        names->name[names->count++] = sub->channel.name;
    }
}

int sim_api_subscribe(struct sim_call *call)
{
    call->sim->stats.subscribes++;
    if (call->conn->faults.subscribe_silent) {
        return 0;
    }
    json_t *channels = channels_of(call);
    if (channels == NULL) {
        return 1;
    }
    if (asks_raw_unauthorized(call, channels)) {
        return sim_call_fail(call, 13778);
    }
    struct names *names = calloc(1, sizeof(*names));
    if (names == NULL) {
        return sim_call_fail(call, 11094);
    }
    subscribe_each(call, channels, names);
    shuffle(call->sim, names);
    write_names(call, names);
    free(names);
    return 1;
}

int sim_api_unsubscribe(struct sim_call *call)
{
    json_t *channels = channels_of(call);
    call->sim->stats.unsubscribes++;
    if (channels == NULL) {
        return 1;
    }
    struct names *names = calloc(1, sizeof(*names));
    if (names == NULL) {
        return sim_call_fail(call, 11094);
    }
    size_t at    = 0;
    json_t *each = NULL;
    json_array_foreach(channels, at, each)
    {
        struct sim_sub *sub = sim_feed_find(call->conn, json_string_value(each));
        if (sub != NULL) {
            sim_feed_unsubscribe(sub);
            names->name[names->count++] = json_string_value(each);
        }
    }
    shuffle(call->sim, names);
    write_names(call, names);
    free(names);
    return 1;
}

int sim_api_unsubscribe_all(struct sim_call *call)
{
    call->sim->stats.unsubscribes++;
    sim_feed_unsubscribe_all(call->conn, is_private_call(call) ? 1 : -1);
    sim_text_add(&call->result, "\"ok\"");
    return 1;
}
