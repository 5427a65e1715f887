/*
 * One channel of a stream: what its next message is, and who gets it.
 */
#ifndef SIM_TOPIC_H
#define SIM_TOPIC_H

#include "sim/feed.h"

struct sim_topic {
    struct list node;
    struct list subs; /* struct sim_sub */
    struct sim_channel channel;
    struct sim_book sent;                   /* as subscribers of a book have it */
    uint64_t cursors[SIM_INSTRUMENT_COUNT]; /* trades: next to be sent */
    unsigned turn;                          /* trades of a kind: instrument whose turn it is */
    uint64_t born;                          /* slot in which it began */
    unsigned period;                        /* [slots] */
    uint64_t count;                         /* messages made */
};

/** @return given, free() it; NULL: out of memory */
struct sim_topic *sim_topic_create(struct sim_world *world, const struct sim_channel *channel,
                                   uint64_t slot);
/** Does this channel send anything in a stream? @return 1 or 0 */
int sim_topic_is_needed(const struct sim_channel *channel);
/** Move the market on and write the next notification. Hot. @param last set to its sequence number.
 * @return 1 */
void sim_topic_next(struct sim_topic *topic, struct sim_world *world, int64_t now_ms,
                    struct sim_text *out, uint64_t *last);
/** The frame that begins a subscription. @return 1 written, 0 this kind has none */
int sim_topic_first(const struct sim_topic *topic, struct sim_world *world, int64_t now_ms,
                    struct sim_text *out, uint64_t *last);

#endif
