/*
 * `recv URL`: messages through libhawser, and with --route through all that the host does with one
 * before an output gets it: UTF-8, envelope, table of channels, a callback.
 */
#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "bench.h"
#include "cost.h"
#include "hawser/client.h"
#include "rpc/scan.h"
#include "session/wanted.h"

#define CHANNELS_MAX 100000u

struct receiver {
    struct event_base *base;
    struct cost cost;
    struct wanted channels;
    int (*scan)(struct hawser_slice bytes, struct hawser_envelope *out);
    void (*deliver)(struct receiver *receiver, struct channel *channel, struct hawser_slice data);
    uint64_t messages;
    uint64_t
        count_max; /* between the two, or gcc adds to both at once, and waits for its own store */
    uint64_t bytes;
    uint64_t refused;
    uint64_t delivered_bytes;
    int opened;
};

static void deliver(struct receiver *receiver, struct channel *channel, struct hawser_slice data)
{
    channel->confirmed = 1;
    receiver->delivered_bytes += data.len;
}

/* A table that is filled while it runs: the first pass over the channels is a small part. */
static struct channel *add_channel(struct receiver *receiver, struct hawser_slice name)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    return wanted_add(&receiver->channels, &name, 1, CHANNEL_BY_CALL, &err) == 0
               ? wanted_find(&receiver->channels, name)
               : NULL;
}

static void expect(void *arg, struct hawser_slice channel)
{
    struct receiver *receiver = arg;
    wanted_expect(&receiver->channels, channel);
}

/* Not inlined: what it keeps on the stack would be made ready for messages that are only counted.
 */
static __attribute__((noinline)) void route(struct receiver *receiver, struct hawser_slice bytes)
{
    struct hawser_envelope envelope;
    rpc_early = (struct rpc_early){expect, receiver};
    if (receiver->scan(bytes, &envelope) != 0 ||
        (envelope.flags & HAWSER_ENVELOPE_HAS_CHANNEL) == 0) {
        receiver->refused++;
        return;
    }
    struct channel *channel = wanted_find(&receiver->channels, envelope.channel);
    if (channel == NULL) {
        channel = add_channel(receiver, envelope.channel);
    }
    if (channel != NULL) {
        receiver->deliver(receiver, channel, envelope.data);
    }
}

static void stop(struct receiver *receiver)
{
    (void)event_base_loopbreak(receiver->base); /* the loop is running */
}

static void on_message(struct hawser_client *client, enum hawser_opcode opcode,
                       struct hawser_slice bytes, void *arg)
{
    struct receiver *receiver = arg;
    (void)client;
    (void)opcode;
    receiver->messages++;
    receiver->bytes += bytes.len;
    if (receiver->scan != NULL) {
        route(receiver, bytes);
    }
    if (receiver->messages == receiver->count_max) {
        stop(receiver);
    }
}

/* The first link is all: whatever ends it is the end, and what came before counts. */
static void on_state(struct hawser_client *client, enum hawser_state state,
                     const struct hawser_error *why, void *arg)
{
    struct receiver *receiver = arg;
    (void)client;
    if (state == HAWSER_STATE_OPEN) {
        receiver->opened = 1;
        cost_start(&receiver->cost);
    } else if (state == HAWSER_STATE_CLOSED || state == HAWSER_STATE_FAILED) {
        if (why != NULL && why->cause != HAWSER_CLOSE_NORMAL) {
            fprintf(stderr, "hawser-bench: %s\n", why->message);
        }
        stop(receiver);
    }
}

static int choose_scan(struct receiver *receiver, const struct bench_options *options)
{
    const char *name = options->scan != NULL ? options->scan : "learned";
    if (!options->route) {
        return 0;
    }
    if (strcmp(name, "learned") == 0) {
        receiver->scan = rpc_scan;
    } else if (strcmp(name, "general") == 0) {
        receiver->scan = rpc_scan_general;
    } else if (strcmp(name, "strict") == 0) {
        receiver->scan = rpc_scan_strict;
    } else {
        fprintf(stderr, "hawser-bench: no scanner %s: learned, general or strict\n", name);
        return -1;
    }
    return 0;
}

static void print(const struct receiver *receiver)
{
    char extra[64] = "";
    if (receiver->scan != NULL) {
        (void)snprintf(extra, sizeof(extra), ",\"channels\":%zu,\"refused\":%llu",
                       receiver->channels.count, (unsigned long long)receiver->refused);
    }
    cost_print(&receiver->cost, receiver->messages, receiver->bytes, extra);
}

static int receive(struct receiver *receiver, const struct bench_options *options)
{
    static const struct hawser_client_callbacks CALLBACKS = {
        .struct_size = sizeof(CALLBACKS), .message = on_message, .state = on_state};
    struct hawser_error err               = HAWSER_ERROR_INIT;
    struct hawser_client_options settings = HAWSER_CLIENT_OPTIONS_INIT;
    settings.base                         = receiver->base;
    settings.tls_ca_file                  = options->tls_ca;
    settings.reconnect_off                = 1;
    settings.compression_off              = 1;
    settings.text_unchecked               = !options->route && !options->utf8;
    struct hawser_client *client =
        hawser_connect(options->target, &settings, &CALLBACKS, receiver, &err);
    if (client == NULL) {
        fprintf(stderr, "hawser-bench: %s\n", err.message);
        return -1;
    }
    int rc = event_base_dispatch(receiver->base) < 0 || !receiver->opened ? -1 : 0;
    if (rc == 0) {
        print(receiver);
    }
    hawser_free(client);
    return rc;
}

int bench_recv(const struct bench_options *options)
{
    struct receiver receiver = {
        .base = event_base_new(), .count_max = options->count, .deliver = deliver};
    wanted_init(&receiver.channels, CHANNELS_MAX);
    int rc = receiver.base == NULL || choose_scan(&receiver, options) != 0
                 ? -1
                 : receive(&receiver, options);
    wanted_fini(&receiver.channels);
    if (receiver.base != NULL) {
        event_base_free(receiver.base);
    }
    return rc;
}
