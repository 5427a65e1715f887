/*
 * `recv URL`: messages through the library, and with --route through all that the host does with
 * one before an output gets it: UTF-8, envelope, table of channels, a callback.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "client.h"
#include "cost.h"
#include "rpc/scan.h"
#include "session/wanted.h"

#define CHANNELS_MAX 100000u

struct receiver {
    struct bench_client client;
    struct ws_conn *conn;
    struct cost cost;
    struct wanted channels;
    int (*scan)(struct hawser_slice bytes, struct hawser_envelope *out);
    void (*deliver)(struct receiver *receiver, struct channel *channel, struct hawser_slice data);
    uint64_t count_max;
    uint64_t messages;
    uint64_t bytes;
    uint64_t refused;
    uint64_t delivered_bytes;
    int failed;
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

static void route(struct receiver *receiver, struct hawser_slice bytes)
{
    struct hawser_envelope envelope;
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
    (void)event_base_loopbreak(receiver->client.loop->base); /* the loop is running */
}

static void on_message(void *arg, enum hawser_opcode opcode, struct hawser_slice bytes)
{
    struct receiver *receiver = arg;
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

static void on_phase(void *arg, enum ws_phase phase)
{
    struct receiver *receiver = arg;
    if (phase == WS_PHASE_OPEN) {
        cost_start(&receiver->cost);
    }
}

static void on_ended(void *arg, const struct hawser_error *why, int clean)
{
    struct receiver *receiver = arg;
    receiver->failed          = bench_client_judge(why, clean) != 0;
    stop(receiver);
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

int bench_recv(const struct bench_options *options)
{
    static const struct ws_handler HANDLER = {
        .phase = on_phase, .message = on_message, .ended = on_ended};
    struct receiver receiver = {.count_max = options->count, .deliver = deliver};
    char extra[64]           = "";
    if (choose_scan(&receiver, options) != 0 || bench_client_init(&receiver.client, options) != 0) {
        return -1;
    }
    wanted_init(&receiver.channels, CHANNELS_MAX);
    receiver.conn = bench_client_connect(&receiver.client, &HANDLER, &receiver);
    if (receiver.conn == NULL || event_base_dispatch(receiver.client.loop->base) < 0) {
        receiver.failed = 1;
    }
    if (!receiver.failed) {
        if (receiver.scan != NULL) {
            (void)snprintf(extra, sizeof(extra), ",\"channels\":%zu,\"refused\":%llu",
                           receiver.channels.count, (unsigned long long)receiver.refused);
        }
        cost_print(&receiver.cost, receiver.messages, receiver.bytes, extra);
    }
    ws_conn_destroy(receiver.conn);
    wanted_fini(&receiver.channels);
    bench_client_fini(&receiver.client);
    return receiver.failed ? -1 : 0;
}
