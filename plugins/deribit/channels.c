/*
 * Subscriptions. The reply of a subscribe call is the truth: Deribit leaves out what it does not
 * know without an error. Source: API documentation, public/subscribe and private/subscribe.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "deribit.h"
#include "text.h"

#define MAX_CALL_BYTES (24u * 1024u) /* the exchange refuses frames of more than 32 kB */
#define PORTFOLIO      "user.portfolio."

static const char *const PRIVATE_PREFIXES[] = {"user.", "block_trade_confirmations",
                                               "block_rfq.maker", "block_rfq.taker"};

/** One call and the channels it was for; freed by its reply. */
struct change {
    struct deribit *deribit;
    int is_subscribe;
    size_t count;
    struct hawser_slice channels[]; /* into the memory behind the array */
};

static int starts_with(struct hawser_slice channel, const char *prefix)
{
    size_t len = strlen(prefix);
    return channel.len >= len && memcmp(channel.data, prefix, len) == 0;
}

int deribit_channel_is_private(struct hawser_slice channel)
{
    for (size_t i = 0; i < sizeof(PRIVATE_PREFIXES) / sizeof(PRIVATE_PREFIXES[0]); i++) {
        if (starts_with(channel, PRIVATE_PREFIXES[i])) {
            return 1;
        }
    }
    return 0;
}

/* names that come back in another letter case */

struct hawser_slice deribit_wanted_name(const struct deribit *deribit, struct hawser_slice channel)
{
    if (deribit->portfolio_count == 0 || !starts_with(channel, PORTFOLIO)) {
        return channel;
    }
    for (size_t i = 0; i < deribit->portfolio_count; i++) {
        const char *name = deribit->portfolios[i];
        if (strlen(name) == channel.len && strncasecmp(name, channel.data, channel.len) == 0) {
            return (struct hawser_slice){name, channel.len};
        }
    }
    return channel;
}

static void remember_name(struct deribit *deribit, struct hawser_slice channel)
{
    if (!starts_with(channel, PORTFOLIO) ||
        deribit_wanted_name(deribit, channel).data != channel.data) {
        return;
    }
    char **names = realloc(deribit->portfolios, (deribit->portfolio_count + 1) * sizeof(*names));
    char *name   = strndup(channel.data, channel.len);
    if (names != NULL) {
        deribit->portfolios = names;
    }
    if (names == NULL || name == NULL) {
        free(name);
        deribit->host->log(deribit->self, HAWSER_LOG_ERROR,
                           HAWSER_MESSAGE("001") "no memory: %.*s may come under another spelling",
                           (int)channel.len, channel.data);
        return;
    }
    deribit->portfolios[deribit->portfolio_count++] = name;
}

void deribit_forget_names(struct deribit *deribit)
{
    for (size_t i = 0; i < deribit->portfolio_count; i++) {
        free(deribit->portfolios[i]);
    }
    free(deribit->portfolios);
    deribit->portfolios      = NULL;
    deribit->portfolio_count = 0;
}

/* replies */

static int is_in(const json_t *names, struct hawser_slice channel)
{
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name)
    {
        if (json_string_length(name) == channel.len &&
            strncasecmp(json_string_value(name), channel.data, channel.len) == 0) {
            return 1;
        }
    }
    return 0;
}

static void refuse_all(const struct change *change, const struct hawser_error *why)
{
    for (size_t i = 0; i < change->count; i++) {
        change->deribit->host->channel_refused(change->deribit->self, change->channels[i], why);
    }
}

static void take_names(const struct change *change, const json_t *names)
{
    struct deribit *deribit = change->deribit;
    for (size_t i = 0; i < change->count; i++) {
        struct hawser_slice channel = change->channels[i];
        struct hawser_error err     = HAWSER_ERROR_INIT;
        if (!change->is_subscribe) {
            deribit->host->channel_gone(deribit->self, channel);
        } else if (is_in(names, channel)) {
            deribit->host->channel_confirmed(deribit->self, channel);
        } else {
            deribit->host->error_set(&err, HAWSER_SESSION_CHANNEL_REFUSED, 0,
                                     "the exchange left \"%.*s\" out of its answer: no such "
                                     "instrument, interval or channel?",
                                     (int)channel.len, channel.data);
            deribit->host->channel_refused(deribit->self, channel, &err);
        }
    }
}

static void take_failure(const struct change *change, const struct hawser_reply *reply)
{
    struct deribit *deribit = change->deribit;
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (reply->err->cause_kind != HAWSER_CAUSE_JSONRPC) {
        return; /* no answer: the host's deadline, or the break itself, takes care */
    }
    deribit_explain(deribit, change->is_subscribe ? "subscribe" : "unsubscribe", reply, &err);
    if (change->is_subscribe) {
        refuse_all(change, &err);
    } else {
        deribit->host->log(deribit->self, HAWSER_LOG_WARN, HAWSER_MESSAGE("002") "%s", err.message);
    }
    if (err.code == HAWSER_AUTH_EXPIRED || err.code == HAWSER_RATE_LIMITED) {
        deribit->login_time = 0; /* told here, once */
        deribit->host->fail(deribit->self, &err);
    }
}

static void on_reply(void *arg, const struct hawser_reply *reply)
{
    struct change *change = arg;
    if (reply->err != NULL) {
        take_failure(change, reply);
    } else {
        json_t *names = json_loadb(reply->result.data, reply->result.len, 0, NULL);
        take_names(change, names); /* what is no array confirms nothing */
        json_decref(names);
    }
    free(change);
}

/* calls */

/** @return given: a copy of the channels for the reply; NULL: no memory */
static struct change *change_create(struct deribit *deribit, const struct hawser_slice *channels,
                                    size_t count)
{
    size_t bytes = sizeof(struct change) + count * sizeof(channels[0]);
    size_t names = bytes;
    for (size_t i = 0; i < count; i++) {
        bytes += channels[i].len;
    }
    struct change *change = malloc(bytes);
    if (change == NULL) {
        return NULL;
    }
    *change  = (struct change){.deribit = deribit, .count = count};
    char *at = (char *)change + names;
    for (size_t i = 0; i < count; i++) {
        memcpy(at, channels[i].data, channels[i].len);
        change->channels[i] = (struct hawser_slice){at, channels[i].len};
        at += channels[i].len;
    }
    return change;
}

static void send_change(struct deribit *deribit, int is_subscribe, int is_private,
                        const struct hawser_slice *channels, size_t count)
{
    static const char *const METHODS[2][2] = {{"public/unsubscribe", "private/unsubscribe"},
                                              {"public/subscribe", "private/subscribe"}};
    struct hawser_error err                = HAWSER_ERROR_INIT;
    struct text params                     = {0};
    struct change *change                  = change_create(deribit, channels, count);
    text_raw(&params, "{\"channels\":[");
    for (size_t i = 0; i < count; i++) {
        text_raw(&params, i == 0 ? "" : ",");
        text_string(&params, channels[i]);
    }
    text_raw(&params, "]}");
    if (change == NULL || params.failed) {
        deribit->host->error_set(&err, HAWSER_SYSTEM_MEMORY, 0, "no memory to change channels");
    } else {
        change->is_subscribe = is_subscribe;
        if (deribit->host->call(deribit->self, METHODS[is_subscribe][is_private],
                                text_slice(&params), 0, on_reply, change, &err) == 0) {
            text_fini(&params);
            return;
        }
    }
    text_fini(&params);
    free(change);
    deribit->host->fail(deribit->self, &err);
}

/** Of the channels, those of one kind, in calls that the exchange takes. */
static void send_kind(struct deribit *deribit, int is_subscribe, int is_private,
                      const struct hawser_slice *channels, size_t count)
{
    struct hawser_slice *part = calloc(count, sizeof(*part));
    size_t parts              = 0;
    size_t bytes              = 0;
    if (part == NULL) {
        struct hawser_error err = HAWSER_ERROR_INIT;
        deribit->host->error_set(&err, HAWSER_SYSTEM_MEMORY, 0, "no memory to change channels");
        deribit->host->fail(deribit->self, &err);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (deribit_channel_is_private(channels[i]) != is_private) {
            continue;
        }
        if (parts > 0 && bytes + channels[i].len + 3 > MAX_CALL_BYTES) {
            send_change(deribit, is_subscribe, is_private, part, parts);
            parts = 0;
            bytes = 0;
        }
        part[parts++] = channels[i];
        bytes += channels[i].len + 3;
    }
    if (parts > 0) {
        send_change(deribit, is_subscribe, is_private, part, parts);
    }
    free(part);
}

void deribit_subscribe(void *adapter, const struct hawser_slice *channels, size_t count)
{
    struct deribit *deribit = adapter;
    for (size_t i = 0; i < count; i++) {
        remember_name(deribit, channels[i]);
    }
    send_kind(deribit, 1, 1, channels, count);
    send_kind(deribit, 1, 0, channels, count);
}

void deribit_unsubscribe(void *adapter, const struct hawser_slice *channels, size_t count)
{
    send_kind(adapter, 0, 1, channels, count);
    send_kind(adapter, 0, 0, channels, count);
}
