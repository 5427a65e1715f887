/*
 * What arrived: data of a channel, an answer, or neither. Data comes first: a message that names a
 * channel (and holds `data_path`, where one is given) is data, whatever else it says.
 */
#include <string.h>

#include "generic.h"

/* Once: a path that is wrong would switch the detection of gaps off in silence. */
static __attribute__((cold)) void tell_unnumbered(struct generic *generic,
                                                  struct hawser_slice channel)
{
    generic->unnumbered_told = 1;
    generic->host->log(generic->self, HAWSER_LOG_NOTICE,
                       HAWSER_MESSAGE("004") "data of channel %.*s has no whole number at "
                                             "sequence_path: holes in such data are not seen",
                       (int)channel.len, channel.data);
}

/* Hot. */
static void read_sequence(struct generic *generic, struct hawser_slice bytes,
                          struct hawser_delivery *delivery)
{
    const struct settings *settings = &generic->settings;
    const struct hawser_host *host  = generic->host;
    struct hawser_slice value;
    if (!path_find(host, &settings->sequence, bytes, &value) ||
        !number_read(value, &delivery->sequence)) {
        if (!generic->unnumbered_told) {
            tell_unnumbered(generic, delivery->channel);
        }
        return;
    }
    delivery->flags |= HAWSER_DELIVERY_SEQUENCED;
    if (match_holds(host, &settings->snapshot, bytes)) {
        delivery->flags |= HAWSER_DELIVERY_SNAPSHOT;
    } else if (path_find(host, &settings->previous, bytes, &value) &&
               number_read(value, &delivery->previous)) {
        delivery->flags |= HAWSER_DELIVERY_FOLLOWS;
    }
}

/* Hot. */
static void deliver(struct generic *generic, const struct hawser_message *message,
                    struct hawser_delivery *delivery)
{
    delivery->received_ns = message->received_ns;
    if (generic->settings.sequence.count > 0 && !message->binary) {
        read_sequence(generic, message->bytes, delivery);
    }
    if (generic->unproven_count > 0) {
        generic_prove(generic, delivery->channel);
    }
    generic->host->deliver(generic->self, delivery);
}

/** Hot. @return 1: it was data of a channel that it names */
static int take_named(struct generic *generic, const struct hawser_message *message)
{
    const struct settings *settings = &generic->settings;
    struct hawser_slice scratch     = {generic->name, sizeof(generic->name)};
    struct hawser_delivery delivery = {.data = message->bytes, .flags = HAWSER_DELIVERY_JSON};
    if (settings->channel.count == 0 ||
        !name_find(generic->host, &settings->channel, message->bytes, scratch, &delivery.channel) ||
        (settings->data.count > 0 &&
         !path_find(generic->host, &settings->data, message->bytes, &delivery.data))) {
        return 0;
    }
    deliver(generic, message, &delivery);
    return 1;
}

/** Hot. @return 1: it was data of the default channel */
static int take_unnamed(struct generic *generic, const struct hawser_message *message)
{
    const struct settings *settings = &generic->settings;
    struct hawser_delivery delivery = {.data = message->bytes};
    struct hawser_envelope envelope;
    if (settings->default_channel == NULL) {
        return 0;
    }
    delivery.channel =
        (struct hawser_slice){settings->default_channel, strlen(settings->default_channel)};
    if (message->binary) {
        delivery.flags = HAWSER_DELIVERY_BINARY;
    } else if (settings->data.count > 0) {
        if (!path_find(generic->host, &settings->data, message->bytes, &delivery.data)) {
            return 0;
        }
        delivery.flags = HAWSER_DELIVERY_JSON;
    } else if (generic->host->scan(message->bytes, &envelope) == 0) {
        delivery.flags = HAWSER_DELIVERY_JSON;
    }
    deliver(generic, message, &delivery);
    return 1;
}

static int take_heartbeat(struct generic *generic, struct hawser_slice bytes)
{
    const struct settings *settings = &generic->settings;
    const char *text                = settings->heartbeat_text;
    int is_answer                   = text == NULL
                                          ? match_holds(generic->host, &settings->heartbeat_answer, bytes)
                                          : strlen(text) == bytes.len && memcmp(text, bytes.data, bytes.len) == 0;
    if (is_answer) {
        generic->heartbeat_waits = 0;
        generic->host->alive(generic->self);
    }
    return is_answer;
}

/** @return 1: somebody waited for it */
static int take_id(struct generic *generic, struct hawser_slice bytes, int is_error)
{
    static const struct hawser_slice NOTHING = {NULL, 0};
    struct hawser_slice value;
    uint64_t id = 0;
    if (generic->settings.confirm != CONFIRM_ID ||
        !path_find(generic->host, &generic->settings.id, bytes, &value) ||
        !number_read(value, &id)) {
        return 0;
    }
    generic->answer = bytes;
    int rc          = generic->host->answered(generic->self, id, is_error ? NOTHING : bytes,
                                     is_error ? bytes : NOTHING);
    generic->answer = NOTHING;
    return rc == 0;
}

/** @return 1: the answer names a channel, which is now known to be refused or confirmed */
static int take_channel(struct generic *generic, struct hawser_slice bytes, int is_error)
{
    const struct settings *settings = &generic->settings;
    const struct name_rule *rule =
        settings->confirmed.count > 0 ? &settings->confirmed : &settings->channel;
    struct hawser_slice scratch = {generic->name, sizeof(generic->name)};
    struct hawser_slice channel;
    struct hawser_error err = HAWSER_ERROR_INIT;
    if ((!is_error && !match_holds(generic->host, &settings->confirm_when, bytes)) ||
        !name_find(generic->host, rule, bytes, scratch, &channel)) {
        return 0;
    }
    if (is_error) {
        generic->answer = bytes;
        generic_explain(generic, &err);
        generic->answer = (struct hawser_slice){NULL, 0};
        generic->host->channel_refused(generic->self, channel, &err);
    } else {
        generic->host->channel_confirmed(generic->self, channel);
    }
    return 1;
}

static int take_answer(struct generic *generic, struct hawser_slice bytes)
{
    const struct settings *settings = &generic->settings;
    if (take_heartbeat(generic, bytes)) {
        return 1;
    }
    int is_error = match_holds(generic->host, &settings->error_when, bytes);
    if (take_id(generic, bytes, is_error) || take_channel(generic, bytes, is_error)) {
        return 1;
    }
    if (is_error) {
        generic->host->unexpected(generic->self, bytes, "an error that names no channel of ours");
        return 1;
    }
    for (size_t i = 0; i < settings->ignore_count; i++) {
        if (match_holds(generic->host, &settings->ignore[i], bytes)) {
            return 1;
        }
    }
    return 0;
}

void generic_message(void *adapter, const struct hawser_message *message)
{
    struct generic *generic         = adapter;
    const struct settings *settings = &generic->settings;
    if (generic->heartbeat_waits && settings->heartbeat_text == NULL &&
        settings->heartbeat_answer.path.count == 0) {
        generic->heartbeat_waits = 0;
        generic->host->alive(generic->self);
    }
    if (!message->binary &&
        (take_named(generic, message) || take_answer(generic, message->bytes))) {
        return;
    }
    if (!take_unnamed(generic, message)) {
        generic->host->unexpected(generic->self, message->bytes,
                                  message->binary ? "a binary message, and no default_channel"
                                                  : "neither data of a channel nor an answer");
    }
}
