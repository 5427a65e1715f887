/*
 * Channels -> notifications. A stream is a market with its topics; each topic has subscriptions.
 * All connections share one stream, but with --rate and without --broadcast, where each has its
 * own.
 */
#ifndef SIM_FEED_H
#define SIM_FEED_H

#include "sim/channel.h"
#include "sim/conn.h"
#include "sim/market.h"

#define SIM_SUBS_MAX 2000u /* of one connection */

struct sim_topic;

struct sim_sub {
    struct list in_conn;
    struct list in_topic; /* or in the feed's list of batches that wait (user channels) */
    struct sim_conn *conn;
    struct sim_topic *topic; /* NULL: quiet and user channels */
    struct sim_channel channel;
    int is_fresh; /* acknowledged, its first frame is still to be sent */
    int is_stalled;
    unsigned skip;        /* messages to leave out */
    unsigned repeat;      /* messages to send two times */
    unsigned swap;        /* pairs to send the wrong way round */
    struct sim_text held; /* the first of such a pair */
    uint64_t held_last;
    uint64_t sent;
    uint64_t last;         /* change_id, trade_seq, or how many were sent */
    struct sim_text batch; /* user channels: what waits for the interval's end */
    clock_ns_t batch_due;  /* 0: nothing waits */
    char label[17];        /* of private/subscribe */
};

struct sim_feed;

/** @return given; NULL: out of memory */
struct sim_feed *sim_feed_create(struct sim *sim);
void sim_feed_destroy(struct sim_feed *feed);

/** @return the subscription, new (is_fresh) or running; NULL: out of memory or over SIM_SUBS_MAX */
struct sim_sub *sim_feed_subscribe(struct sim_conn *conn, const struct sim_channel *channel);
/** Send the first frames of fresh subscriptions: after the reply went out. */
void sim_feed_start(struct sim_conn *conn);
struct sim_sub *sim_feed_find(const struct sim_conn *conn, const char *name);
void sim_feed_unsubscribe(struct sim_sub *sub);
/** @param private_only 0: all; 1: private channels; -1: public ones */
void sim_feed_unsubscribe_all(struct sim_conn *conn, int private_only);
/** The connection is gone: its subscriptions and its own stream too. */
void sim_feed_forget(struct sim_conn *conn);
/** The markets that queries and orders see. */
struct sim_world *sim_feed_world(struct sim_feed *feed);
/** Send data to one subscription. Hot. @param last its new sequence number */
void sim_feed_deliver(struct sim_sub *sub, struct hawser_slice notification, uint64_t last);
/** Let a batch of a user channel wait for its interval's end. */
void sim_feed_batch(struct sim_feed *feed, struct sim_sub *sub);

#endif
