/*
 * A whole adapter in one file, for an exchange that speaks "op" messages:
 *   we send      {"op":"subscribe","channel":"C"}    {"op":"unsubscribe","channel":"C"}
 * {"op":"ping"} it answers   {"op":"subscribed","channel":"C"} {"op":"unsubscribed","channel":"C"}
 * {"op":"pong"} or refuses   {"op":"error","channel":"C","text":"..."} and sends
 * {"op":"data","channel":"C","seq":7,"data":...} Connecting, reconnecting, deadlines and the book
 * of channels are the host's. Read from the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hawser/adapter.h"
#include "hawser/module.h"

#define VERSION       "1.0.0"
#define MESSAGE_BYTES 512

/* The object of one session. It lives through every reconnect; `disconnected` forgets what belongs
 * to one connection (here: nothing). Everything runs on one thread: no locks. */
struct minimal {
    const struct hawser_host *host; /* the host's functions; we link against nothing of it */
    struct hawser_instance *self;   /* our name for the session in those functions */
};

static struct hawser_slice slice(const char *text)
{
    return (struct hawser_slice){text, strlen(text)};
}

/* A member of the message that is a string, without its quotes. Values are found by scanning; they
 * point into the message, which is ours for this call alone. */
static int find_string(const struct minimal *minimal, struct hawser_slice message, const char *path,
                       struct hawser_slice *out)
{
    if (minimal->host->json_member(message, path, out) != 1 || out->len < 2 ||
        out->data[0] != '"') {
        return 0;
    }
    *out = (struct hawser_slice){out->data + 1, out->len - 2};
    return 1;
}

static int equals(struct hawser_slice value, const char *text)
{
    return value.len == strlen(text) && memcmp(value.data, text, value.len) == 0;
}

/* A sequence number is optional. With it the host finds holes and subscribes the channel again. */
static void deliver(const struct minimal *minimal, const struct hawser_message *message,
                    struct hawser_slice channel)
{
    struct hawser_delivery delivery = {
        .channel = channel, .received_ns = message->received_ns, .flags = HAWSER_DELIVERY_JSON};
    struct hawser_slice number;
    char digits[20]; /* the slice has no NUL: copy before strtoull */
    if (minimal->host->json_member(message->bytes, "data", &delivery.data) != 1) {
        minimal->host->unexpected(minimal->self, message->bytes, "data without a member data");
        return;
    }
    if (minimal->host->json_member(message->bytes, "seq", &number) == 1 &&
        number.len < sizeof(digits) && number.data[0] >= '0' && number.data[0] <= '9') {
        memcpy(digits, number.data, number.len);
        digits[number.len] = 0;
        delivery.sequence  = strtoull(digits, NULL, 10);
        delivery.flags |= HAWSER_DELIVERY_SEQUENCED;
    }
    minimal->host->deliver(minimal->self, &delivery);
}

/* One complete message. Hot: called for each one, so it scans and allocates nothing. What cannot be
 * understood is told to the host, which counts it and logs it once; it is never fatal. */
static void minimal_message(void *adapter, const struct hawser_message *message)
{
    const struct minimal *minimal  = adapter;
    const struct hawser_host *host = minimal->host;
    struct hawser_error why        = HAWSER_ERROR_INIT;
    struct hawser_slice op, channel, text;
    if (message->binary || !find_string(minimal, message->bytes, "op", &op)) {
        host->unexpected(minimal->self, message->bytes, "no op in it");
    } else if (equals(op, "pong")) {
        host->alive(minimal->self);
    } else if (!find_string(minimal, message->bytes, "channel", &channel)) {
        host->unexpected(minimal->self, message->bytes, "no channel in it");
    } else if (equals(op, "data")) {
        deliver(minimal, message, channel);
    } else if (equals(op, "subscribed")) {
        host->channel_confirmed(minimal->self, channel);
    } else if (equals(op, "unsubscribed")) {
        host->channel_gone(minimal->self, channel);
    } else if (equals(op, "error") && find_string(minimal, message->bytes, "text", &text)) {
        host->error_set(&why, HAWSER_SESSION_CHANNEL_REFUSED, 0, "%.*s", (int)text.len, text.data);
        host->channel_refused(minimal->self, channel, &why);
    } else {
        host->unexpected(minimal->self, message->bytes, "an op that is not known");
    }
}

/* Names come from the config. Those that would need escapes in JSON are refused, not mangled. */
static int is_plain(struct hawser_slice channel)
{
    for (size_t i = 0; i < channel.len; i++) {
        unsigned char c = (unsigned char)channel.data[i];
        if (c < 0x20 || c == '"' || c == '\\') {
            return 0;
        }
    }
    return channel.len < MESSAGE_BYTES - 64;
}

/* @return 0, or -1 with err set */
static int send_op(const struct minimal *minimal, const char *op, struct hawser_slice channel,
                   struct hawser_error *err)
{
    char message[MESSAGE_BYTES];
    if (!is_plain(channel)) {
        minimal->host->error_set(err, HAWSER_REQUEST_INVALID, 0, "a name that cannot be sent");
        return -1;
    }
    int len = snprintf(message, sizeof(message), "{\"op\":\"%s\",\"channel\":\"%.*s\"}", op,
                       (int)channel.len, channel.data);
    return minimal->host->send_text(minimal->self, (struct hawser_slice){message, (size_t)len},
                                    err);
}

/* Each channel is reported some day: confirmed or refused. What the exchange never answers, the
 * host refuses itself at its deadline; what is refused, it asks for again later. */
static void minimal_subscribe(void *adapter, const struct hawser_slice *channels, size_t count)
{
    const struct minimal *minimal = adapter;
    for (size_t i = 0; i < count; i++) {
        struct hawser_error err = HAWSER_ERROR_INIT;
        if (send_op(minimal, "subscribe", channels[i], &err) != 0) {
            minimal->host->channel_refused(minimal->self, channels[i], &err);
        }
    }
}

static void minimal_unsubscribe(void *adapter, const struct hawser_slice *channels, size_t count)
{
    const struct minimal *minimal = adapter;
    for (size_t i = 0; i < count; i++) {
        struct hawser_error err = HAWSER_ERROR_INIT;
        if (send_op(minimal, "unsubscribe", channels[i], &err) != 0) {
            minimal->host->log(minimal->self, HAWSER_LOG_WARN,
                               HAWSER_MESSAGE("001") "not unsubscribed: %s", err.message);
        }
    }
}

/* At each interval of the session's `heartbeat`. The host closes the link when `alive` does not
 * follow in time. */
static void minimal_heartbeat(void *adapter)
{
    const struct minimal *minimal = adapter;
    struct hawser_error err       = HAWSER_ERROR_INIT;
    if (minimal->host->send_text(minimal->self, slice("{\"op\":\"ping\"}"), &err) != 0) {
        minimal->host->log(minimal->self, HAWSER_LOG_WARN,
                           HAWSER_MESSAGE("002") "no heartbeat sent: %s", err.message);
    }
}

static int minimal_create(const struct hawser_host *host, struct hawser_instance *self, void **out,
                          struct hawser_error *err)
{
    struct minimal *minimal = calloc(1, sizeof(*minimal));
    if (minimal == NULL) {
        host->error_set(err, HAWSER_SYSTEM_MEMORY, 0, "no memory for the adapter");
        return -1;
    }
    minimal->host = host;
    minimal->self = self;
    *out          = minimal;
    return 0;
}

/* Slots that are left out mean "nothing to do" or "the exchange has no such thing". */
static const struct hawser_adapter minimal_adapter = {
    .struct_size = sizeof(minimal_adapter),
    .create      = minimal_create,
    .destroy     = free,
    .subscribe   = minimal_subscribe,
    .unsubscribe = minimal_unsubscribe,
    .message     = minimal_message,
    .heartbeat   = minimal_heartbeat,
};

/* What the host reads from the file before it runs any of it. Must say what the descriptor says. */
HAWSER_MODULE_NOTE(HAWSER_ADAPTER, "minimal", VERSION);

/* The one symbol that a module exports. */
HAWSER_EXPORT const struct hawser_module hawser_module = {
    HAWSER_MODULE_HEAD,
    .kind           = HAWSER_ADAPTER,
    .name           = "minimal",
    .version        = VERSION,
    .vtable.adapter = &minimal_adapter,
};
