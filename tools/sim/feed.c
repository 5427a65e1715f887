/*
 * Streams, subscriptions, and the tick that sends what is due. See feed.h.
 */
#include "sim/feed.h"

#include <stdlib.h>

#include "base/slice.h"
#include "sim/topic.h"

#define TICK_RATE_MS  5  /* with --rate */
#define SLOT_MS       20 /* without: each channel has a period in slots */
#define CATCH_UP_MS   1000
#define TRADES_MISSED 3 /* while nobody listened */

struct sim_stream {
    struct list node;
    struct list topics;
    struct list *next; /* whose turn it is, with --rate */
    unsigned topic_count;
    struct sim_world *world;
    clock_ns_t then; /* up to here everything was sent */
    uint64_t slot;
    double credit; /* messages */
};

struct sim_feed {
    struct sim *sim;
    struct event *tick;
    int is_ticking;
    struct list streams;
    struct sim_stream *common;
    struct list batches; /* struct sim_sub by in_topic */
    struct sim_text scratch;
    unsigned sub_count;
};

static struct sim_stream *stream_create(struct sim_feed *feed, uint64_t number)
{
    struct sim_stream *stream = calloc(1, sizeof(*stream));
    if (stream == NULL) {
        return NULL;
    }
    stream->world = sim_world_create(feed->sim->options.seed, number);
    if (stream->world == NULL) {
        free(stream);
        return NULL;
    }
    list_init(&stream->topics);
    stream->next = &stream->topics;
    list_append(&feed->streams, &stream->node);
    return stream;
}

static void stream_destroy(struct sim_stream *stream)
{
    while (!list_is_empty(&stream->topics)) {
        struct list *node = stream->topics.next;
        list_remove(node);
        free(LIST_ENTRY(node, struct sim_topic, node));
    }
    list_remove(&stream->node);
    free(stream->world);
    free(stream);
}

static void send_message(struct sim_sub *sub, struct hawser_slice notification, uint64_t last)
{
    sim_conn_send(sub->conn, notification);
    sub->sent++;
    sub->last = last;
    sub->conn->sent++;
    sub->conn->sim->stats.messages_sent++;
}

void sim_feed_deliver(struct sim_sub *sub, struct hawser_slice notification, uint64_t last)
{
    if (sub->is_stalled || !sim_conn_is_open(sub->conn)) {
        return;
    }
    if (sub->skip > 0) {
        sub->skip--;
        return;
    }
    if (sub->swap > 0 && sub->held.buf.len == 0) {
        sim_text_bytes(&sub->held, notification.data, notification.len);
        sub->held_last = last;
        return;
    }
    send_message(sub, notification, last);
    if (sub->repeat > 0) {
        sub->repeat--;
        send_message(sub, notification, last);
    }
    if (sub->held.buf.len > 0) {
        sub->swap--;
        send_message(sub, buf_slice(&sub->held.buf), sub->held_last);
        sim_text_clear(&sub->held);
    }
}

/* Hot. One message of one topic, formatted once for all who have it. */
static void emit(struct sim_feed *feed, struct sim_stream *stream, struct sim_topic *topic,
                 int64_t now_ms)
{
    uint64_t last = 0;
    struct list *node;
    sim_text_clear(&feed->scratch);
    sim_topic_next(topic, stream->world, now_ms, &feed->scratch, &last);
    if (feed->scratch.failed) {
        return;
    }
    struct hawser_slice text = buf_slice(&feed->scratch.buf);
    list_for_each (node, &topic->subs) {
        sim_feed_deliver(LIST_ENTRY(node, struct sim_sub, in_topic), text, last);
    }
}

static struct sim_topic *next_topic(struct sim_stream *stream)
{
    if (stream->next == &stream->topics) {
        stream->next = stream->topics.next;
    }
    struct sim_topic *topic = LIST_ENTRY(stream->next, struct sim_topic, node);
    stream->next            = stream->next->next;
    return topic;
}

static void run_rate(struct sim_feed *feed, struct sim_stream *stream, clock_ns_t now,
                     int64_t now_ms)
{
    stream->credit +=
        feed->sim->options.rate * (double)(now - stream->then) / (double)CLOCK_NS_PER_S;
    stream->then = now;
    if (stream->credit > feed->sim->options.rate * CATCH_UP_MS / 1000 + 1) {
        stream->credit = feed->sim->options.rate * CATCH_UP_MS / 1000 + 1;
    }
    for (; stream->credit >= 1; stream->credit -= 1) {
        emit(feed, stream, next_topic(stream), now_ms);
    }
}

/* Slot by slot, also after a pause: what is sent does not depend on when the tick ran. */
static void run_slots(struct sim_feed *feed, struct sim_stream *stream, clock_ns_t now,
                      int64_t now_ms)
{
    clock_ns_t step = SLOT_MS * CLOCK_NS_PER_MS;
    if (now - stream->then > CATCH_UP_MS * CLOCK_NS_PER_MS) {
        stream->then = now - CATCH_UP_MS * CLOCK_NS_PER_MS;
    }
    for (; stream->then + step <= now; stream->then += step) {
        struct list *node;
        stream->slot++;
        list_for_each (node, &stream->topics) {
            struct sim_topic *topic = LIST_ENTRY(node, struct sim_topic, node);
            if ((stream->slot - topic->born) % topic->period == 0) {
                emit(feed, stream, topic, now_ms);
            }
        }
    }
}

static void run_batches(struct sim_feed *feed, clock_ns_t now)
{
    struct list *node;
    struct list *after;
    list_for_each_safe (node, after, &feed->batches) {
        struct sim_sub *sub = LIST_ENTRY(node, struct sim_sub, in_topic);
        if (sub->batch_due <= now) {
            list_remove(node);
            sub->batch_due = 0;
            sim_text_add(&sub->batch, "]}}");
            if (!sub->batch.failed) {
                sim_feed_deliver(sub, buf_slice(&sub->batch.buf), sub->sent + 1);
            }
            sim_text_clear(&sub->batch);
        }
    }
}

static void set_ticking(struct sim_feed *feed, int on)
{
    const int ms              = feed->sim->options.rate > 0 ? TICK_RATE_MS : SLOT_MS;
    const struct timeval each = {0, ms * 1000};
    if (on != feed->is_ticking) {
        feed->is_ticking = on;
        (void)(on ? event_add(feed->tick, &each) : event_del(feed->tick));
    }
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct sim_feed *feed = arg;
    clock_ns_t now        = clock_monotonic();
    int64_t now_ms        = clock_realtime() / CLOCK_NS_PER_MS;
    struct list *node;
    struct list *after;
    list_for_each (node, &feed->streams) {
        struct sim_stream *stream = LIST_ENTRY(node, struct sim_stream, node);
        if (stream->topic_count == 0) {
            stream->then = now;
        } else if (feed->sim->options.rate > 0) {
            run_rate(feed, stream, now, now_ms);
        } else {
            run_slots(feed, stream, now, now_ms);
        }
    }
    run_batches(feed, now);
    list_for_each_safe (node, after, &feed->sim->conns) {
        sim_conn_flush(LIST_ENTRY(node, struct sim_conn, node));
    }
}

struct sim_feed *sim_feed_create(struct sim *sim)
{
    struct sim_feed *feed = calloc(1, sizeof(*feed));
    if (feed == NULL) {
        return NULL;
    }
    feed->sim = sim;
    list_init(&feed->streams);
    list_init(&feed->batches);
    feed->common = stream_create(feed, 0);
    feed->tick   = event_new(sim->base, -1, EV_PERSIST, on_tick, feed);
    if (feed->common == NULL || feed->tick == NULL) {
        sim_feed_destroy(feed);
        return NULL;
    }
    return feed;
}

void sim_feed_destroy(struct sim_feed *feed)
{
    if (feed == NULL) {
        return;
    }
    while (!list_is_empty(&feed->streams)) {
        stream_destroy(LIST_ENTRY(feed->streams.next, struct sim_stream, node));
    }
    if (feed->tick != NULL) {
        event_free(feed->tick);
    }
    sim_text_fini(&feed->scratch);
    free(feed);
}

static struct sim_stream *stream_of(struct sim_feed *feed, struct sim_conn *conn)
{
    if (feed->sim->options.rate <= 0 || feed->sim->options.is_broadcast) {
        return feed->common;
    }
    if (conn->stream == NULL) {
        conn->stream = stream_create(feed, conn->id);
    }
    return conn->stream;
}

/* The market went on while nobody listened to this channel: numbers do not go on where they were.
 */
static void miss_some(struct sim_stream *stream, const struct sim_channel *channel, int64_t now_ms)
{
    for (unsigned i = 0; i < SIM_INSTRUMENT_COUNT; i++) {
        for (unsigned n = 0; sim_channel_covers(channel, i) && n < TRADES_MISSED; n++) {
            sim_market_step(&stream->world->markets[i]);
            sim_market_trade(&stream->world->markets[i], now_ms);
        }
    }
}

static struct sim_topic *topic_of(struct sim_stream *stream, const struct sim_channel *channel)
{
    struct list *node;
    list_for_each (node, &stream->topics) {
        struct sim_topic *topic = LIST_ENTRY(node, struct sim_topic, node);
        if (strcmp(topic->channel.name, channel->name) == 0) {
            return topic;
        }
    }
    miss_some(stream, channel, clock_realtime() / CLOCK_NS_PER_MS);
    struct sim_topic *topic = sim_topic_create(stream->world, channel, stream->slot);
    if (topic != NULL) {
        if (stream->topic_count++ == 0) {
            stream->then   = clock_monotonic();
            stream->credit = 0;
        }
        list_append(&stream->topics, &topic->node);
    }
    return topic;
}

static int attach(struct sim_feed *feed, struct sim_sub *sub)
{
    if (!sim_topic_is_needed(&sub->channel)) {
        return 0;
    }
    struct sim_stream *stream = stream_of(feed, sub->conn);
    sub->topic                = stream == NULL ? NULL : topic_of(stream, &sub->channel);
    if (sub->topic == NULL) {
        return -1;
    }
    list_append(&sub->topic->subs, &sub->in_topic);
    return 0;
}

struct sim_sub *sim_feed_find(const struct sim_conn *conn, const char *name)
{
    struct list *node;
    list_for_each (node, &conn->subs) {
        struct sim_sub *sub = LIST_ENTRY(node, struct sim_sub, in_conn);
        if (strcasecmp(sub->channel.name, name) == 0) {
            return sub;
        }
    }
    return NULL;
}

struct sim_sub *sim_feed_subscribe(struct sim_conn *conn, const struct sim_channel *channel)
{
    struct sim_feed *feed = conn->sim->feed;
    struct sim_sub *sub   = sim_feed_find(conn, channel->name);
    if (sub != NULL || conn->sub_count >= SIM_SUBS_MAX) {
        return sub;
    }
    sub = calloc(1, sizeof(*sub));
    if (sub == NULL) {
        return NULL;
    }
    list_init(&sub->in_topic);
    sub->conn       = conn;
    sub->channel    = *channel;
    sub->is_fresh   = 1;
    sub->is_stalled = strcmp(conn->sim->faults.stalled, channel->name) == 0;
    if (attach(feed, sub) != 0) {
        free(sub);
        return NULL;
    }
    list_append(&conn->subs, &sub->in_conn);
    conn->sub_count++;
    feed->sub_count++;
    set_ticking(feed, 1);
    return sub;
}

void sim_feed_start(struct sim_conn *conn)
{
    struct sim_feed *feed = conn->sim->feed;
    int64_t now_ms        = clock_realtime() / CLOCK_NS_PER_MS;
    struct list *node;
    list_for_each (node, &conn->subs) {
        struct sim_sub *sub = LIST_ENTRY(node, struct sim_sub, in_conn);
        uint64_t last       = 0;
        if (!sub->is_fresh) {
            continue;
        }
        sub->is_fresh = 0;
        sim_text_clear(&feed->scratch);
        if (sub->topic != NULL &&
            sim_topic_first(sub->topic, stream_of(feed, conn)->world, now_ms, &feed->scratch,
                            &last) &&
            !feed->scratch.failed) {
            sim_feed_deliver(sub, buf_slice(&feed->scratch.buf), last);
        }
    }
}

static void detach(struct sim_feed *feed, struct sim_sub *sub)
{
    struct sim_topic *topic = sub->topic;
    list_remove(&sub->in_topic);
    if (topic != NULL && list_is_empty(&topic->subs)) {
        struct sim_stream *stream = stream_of(feed, sub->conn);
        if (stream->next == &topic->node) {
            stream->next = topic->node.next;
        }
        list_remove(&topic->node);
        stream->topic_count--;
        free(topic);
    }
}

void sim_feed_unsubscribe(struct sim_sub *sub)
{
    struct sim_feed *feed = sub->conn->sim->feed;
    detach(feed, sub);
    list_remove(&sub->in_conn);
    sub->conn->sub_count--;
    sim_text_fini(&sub->batch);
    sim_text_fini(&sub->held);
    free(sub);
    if (--feed->sub_count == 0) {
        set_ticking(feed, 0);
    }
}

void sim_feed_unsubscribe_all(struct sim_conn *conn, int private_only)
{
    struct list *node;
    struct list *after;
    list_for_each_safe (node, after, &conn->subs) {
        struct sim_sub *sub = LIST_ENTRY(node, struct sim_sub, in_conn);
        if (private_only == 0 || (private_only > 0) == sub->channel.is_private) {
            sim_feed_unsubscribe(sub);
        }
    }
}

void sim_feed_forget(struct sim_conn *conn)
{
    sim_feed_unsubscribe_all(conn, 0);
    if (conn->stream != NULL) {
        stream_destroy(conn->stream);
        conn->stream = NULL;
    }
}

struct sim_world *sim_feed_world(struct sim_feed *feed)
{
    return feed->common->world;
}

void sim_feed_batch(struct sim_feed *feed, struct sim_sub *sub)
{
    if (sub->batch_due == 0) {
        sub->batch_due =
            clock_monotonic() + (sub->channel.interval == SIM_AGG2 ? 1000 : 100) * CLOCK_NS_PER_MS;
        list_append(&feed->batches, &sub->in_topic);
    }
}
