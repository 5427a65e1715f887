/*
 * What arrived, by its envelope: a notification goes on to the outputs, an answer to who asked.
 * Source: API documentation, notifications and book.{instrument_name}.{interval}.
 */
#include <stdlib.h>
#include <string.h>

#include "deribit.h"

static int equals(struct hawser_slice slice, const char *text)
{
    size_t len = strlen(text);
    return slice.len == len && memcmp(slice.data, text, len) == 0;
}

/** A JSON integer that is not negative. @return 1, or 0: it is none */
static int read_sequence(struct hawser_slice value, uint64_t *out)
{
    uint64_t number = 0;
    if (value.len == 0 || value.len > 19) {
        return 0;
    }
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return 0;
        }
        number = number * 10 + (uint64_t)(value.data[i] - '0');
    }
    *out = number;
    return 1;
}

/* A book's frames form a chain: prev_change_id is the change_id of the frame before in this
 * channel. A snapshot starts it; its prev_change_id is absent (or null). Grouped books send their
 * whole window each time. Hot. */
static void read_book(const struct deribit *deribit, struct hawser_delivery *delivery)
{
    struct hawser_slice id, previous, type;
    const struct hawser_host *host = deribit->host;
    if (host->json_member(delivery->data, "change_id", &id) != 1 ||
        !read_sequence(id, &delivery->sequence)) {
        return;
    }
    delivery->flags |= HAWSER_DELIVERY_SEQUENCED;
    if (host->json_member(delivery->data, "type", &type) != 1 || equals(type, "\"snapshot\"")) {
        delivery->flags |= HAWSER_DELIVERY_SNAPSHOT;
    } else if (host->json_member(delivery->data, "prev_change_id", &previous) == 1 &&
               read_sequence(previous, &delivery->previous)) {
        delivery->flags |= HAWSER_DELIVERY_FOLLOWS;
    }
}

/* Hot. */
static void take_notification(const struct deribit *deribit, const struct hawser_envelope *envelope,
                              const struct hawser_message *message)
{
    struct hawser_delivery delivery = {.channel = deribit_wanted_name(deribit, envelope->channel),
                                       .data    = envelope->data,
                                       .received_ns = message->received_ns,
                                       .flags       = HAWSER_DELIVERY_JSON};
    if (delivery.channel.len > 5 && memcmp(delivery.channel.data, "book.", 5) == 0) {
        read_book(deribit, &delivery);
    }
    deribit->host->deliver(deribit->self, &delivery);
}

static void take_answer(struct deribit *deribit, const struct hawser_envelope *envelope,
                        const struct hawser_message *message)
{
    static const uint32_t OUTCOME = HAWSER_ENVELOPE_HAS_RESULT | HAWSER_ENVELOPE_HAS_ERROR;
    if ((envelope->flags & OUTCOME) == 0) {
        deribit->host->unexpected(deribit->self, message->bytes,
                                  "neither a notification nor an answer");
    } else if ((envelope->flags & HAWSER_ENVELOPE_HAS_ID) == 0) {
        deribit->host->unexpected(deribit->self, message->bytes,
                                  "an answer without an id: a request was refused unread");
    } else {
        /* An id that nobody waits for is a late answer; the host counts it. */
        (void)deribit->host->answered(deribit->self, (uint64_t)envelope->id, envelope->result,
                                      envelope->error);
        if ((envelope->flags & HAWSER_ENVELOPE_HAS_ERROR) != 0) {
            deribit_notice_expiry(deribit, envelope->error);
        }
    }
}

void deribit_message(void *adapter, const struct hawser_message *message)
{
    static const uint32_t NOTIFICATION = HAWSER_ENVELOPE_HAS_CHANNEL | HAWSER_ENVELOPE_HAS_DATA;
    struct deribit *deribit            = adapter;
    struct hawser_envelope envelope;
    if (message->binary || deribit->host->scan(message->bytes, &envelope) != 0) {
        deribit->host->unexpected(deribit->self, message->bytes, "not a JSON-RPC message");
    } else if ((envelope.flags & HAWSER_ENVELOPE_HAS_METHOD) == 0) {
        take_answer(deribit, &envelope, message);
    } else if (equals(envelope.method, "subscription") &&
               (envelope.flags & NOTIFICATION) == NOTIFICATION) {
        take_notification(deribit, &envelope, message);
    } else if (equals(envelope.method, "heartbeat")) {
        deribit_heartbeat_message(deribit, &envelope, message->bytes);
    } else {
        deribit->host->unexpected(deribit->self, message->bytes, "a method that is not known");
    }
}
