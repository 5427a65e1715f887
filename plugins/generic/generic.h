/*
 * The adapter's object, and what its files do for each other. One for each session.
 */
#ifndef GENERIC_H
#define GENERIC_H

#include "hawser/adapter.h"
#include "settings.h"

#define NAME_BYTES_MAX 1024u

struct generic {
    const struct hawser_host *host;
    struct hawser_instance *self;
    struct settings settings;
    uint64_t last_id;           /* of messages that wait for no answer */
    struct hawser_slice answer; /* the message that is being looked at as an answer */
    char **unproven;            /* `confirm data`: asked for, nothing came yet */
    size_t unproven_count;
    int heartbeat_waits; /* for its answer */
    int unnumbered_told; /* that there is data without the number that sequence_path promises */
    char
        name[NAME_BYTES_MAX]; /* a channel's name that does not stand in the message in one piece */
};

/* channels.c: subscribing, and each way of acknowledgement */
void generic_subscribe(void *adapter, const struct hawser_slice *channels, size_t count);
void generic_unsubscribe(void *adapter, const struct hawser_slice *channels, size_t count);
/** Data of a channel arrived: under `confirm data` that acknowledges it. Hot. */
void generic_prove(struct generic *generic, struct hawser_slice channel);
/** Forget which channels wait for their first data. */
void generic_forget(struct generic *generic);
/** Fill an error with what the exchange said in `answer`. */
void generic_explain(const struct generic *generic, struct hawser_error *out);

/* route.c: what arrived. Hot. */
void generic_message(void *adapter, const struct hawser_message *message);

#endif
