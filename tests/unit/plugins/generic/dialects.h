/*
 * The configs that the README works out, for the tests.
 */
#ifndef TESTS_GENERIC_DIALECTS_H
#define TESTS_GENERIC_DIALECTS_H

#include "support/adapter_rig.h"

/** op/channel, two parts a name, the acknowledgement names the channel. */
static inline void dialect_op_channel(struct fake_host *fake)
{
    fake_host_set(fake, "subscribe_message",
                  "{\"op\":\"subscribe\",\"args\":[{\"channel\":\"$1\",\"instId\":\"$2\"}]}", NULL);
    fake_host_set(fake, "unsubscribe_message",
                  "{\"op\":\"unsubscribe\",\"args\":[{\"channel\":\"$1\",\"instId\":\"$2\"}]}",
                  NULL);
    fake_host_set(fake, "channel_path", "arg.channel", "arg.instId", NULL);
    fake_host_set(fake, "channel_separator", ":", NULL);
    fake_host_set(fake, "data_path", "data", NULL);
    fake_host_set(fake, "sequence_path", "data.0.seqId", NULL);
    fake_host_set(fake, "previous_path", "data.0.prevSeqId", NULL);
    fake_host_set(fake, "snapshot_when", "action=snapshot", NULL);
    fake_host_set(fake, "confirm", "channel", NULL);
    fake_host_set(fake, "confirm_when", "event=subscribe", NULL);
    fake_host_set(fake, "error_when", "event=error", NULL);
    fake_host_set(fake, "error_message_path", "msg", NULL);
    fake_host_set(fake, "heartbeat_message", "ping", NULL);
    fake_host_set(fake, "heartbeat_answer", "pong", NULL);
    fake_host_set(fake, "ignore", "event=unsubscribe", NULL);
}

/** Many channels in one message, answered by its id. */
static inline void dialect_by_id(struct fake_host *fake)
{
    fake_host_set(fake, "subscribe_message",
                  "{\"method\":\"SUBSCRIBE\",\"params\":$channels,\"id\":$id}", NULL);
    fake_host_set(fake, "unsubscribe_message",
                  "{\"method\":\"UNSUBSCRIBE\",\"params\":$channels,\"id\":$id}", NULL);
    fake_host_set(fake, "confirm", "id", NULL);
    fake_host_set(fake, "error_when", "error", NULL);
    fake_host_set(fake, "error_message_path", "error.msg", NULL);
    fake_host_set(fake, "channel_path", "stream", NULL);
    fake_host_set(fake, "data_path", "data", NULL);
}

/** The URL names the stream; messages name nothing. */
static inline void dialect_url(struct fake_host *fake)
{
    fake_host_set(fake, "default_channel", "trades", NULL);
}

#endif
