/*
 * The next message of a channel. See topic.h.
 */
#include "sim/topic.h"

#include <stdlib.h>

#include "sim/payload.h"

#define SLOTS_RAW   2u /* 40 ms at slots of 20 ms */
#define SLOTS_100MS 5u
#define SLOTS_AGG2  50u

static unsigned period_of(const struct sim_channel *channel)
{
    static const unsigned slots[] = {SLOTS_RAW, SLOTS_100MS, SLOTS_AGG2};
    if (channel->kind == SIM_PRICE_INDEX || channel->kind == SIM_PLATFORM_STATE) {
        return SLOTS_AGG2;
    }
    return slots[channel->interval];
}

int sim_topic_is_needed(const struct sim_channel *channel)
{
    if (channel->kind >= SIM_QUIET) {
        return 0;
    }
    for (unsigned i = 0; channel->kind == SIM_TRADES && channel->instrument < 0; i++) {
        if (i == SIM_INSTRUMENT_COUNT) {
            return 0;
        }
        if (sim_channel_covers(channel, i)) {
            return 1;
        }
    }
    return 1;
}

struct sim_topic *sim_topic_create(struct sim_world *world, const struct sim_channel *channel,
                                   uint64_t slot)
{
    struct sim_topic *topic = calloc(1, sizeof(*topic));
    if (topic == NULL) {
        return NULL;
    }
    list_init(&topic->node);
    list_init(&topic->subs);
    topic->channel = *channel;
    topic->born    = slot;
    topic->period  = period_of(channel);
    for (unsigned i = 0; i < SIM_INSTRUMENT_COUNT; i++) {
        topic->cursors[i] = world->markets[i].next_seq;
    }
    if (channel->instrument >= 0) {
        topic->sent = world->markets[channel->instrument].book;
    }
    return topic;
}

/* All trades since the last message: those of orders and of other channels are among them. */
static void next_trades(struct sim_topic *topic, struct sim_world *world, int64_t now_ms,
                        struct sim_text *out, uint64_t *last)
{
    unsigned row = (unsigned)topic->channel.instrument;
    if (topic->channel.instrument < 0) {
        do {
            row = topic->turn++ % SIM_INSTRUMENT_COUNT;
        } while (!sim_channel_covers(&topic->channel, row));
    }
    struct sim_market *market = &world->markets[row];
    sim_market_trade(market, now_ms);
    sim_text_bytes(out, "[", 1);
    const char *comma = "";
    for (uint64_t seq = topic->cursors[row]; seq < market->next_seq; seq++) {
        const struct sim_trade *trade = sim_market_find(market, seq);
        if (trade != NULL) {
            sim_text_add(out, comma);
            sim_payload_trade(out, market->instrument, trade);
            comma = ",";
        }
    }
    sim_text_bytes(out, "]", 1);
    topic->cursors[row] = market->next_seq;
    *last               = market->next_seq - 1;
}

static void next_book(struct sim_topic *topic, struct sim_market *market, int64_t now_ms,
                      struct sim_text *out, uint64_t *last)
{
    /* A market that came back to where it was is moved on: no change is ever empty. */
    while (!sim_payload_differs(&topic->sent, &market->book)) {
        sim_market_step(market);
    }
    sim_payload_change(out, market->instrument, &topic->sent, &market->book, now_ms);
    topic->sent = market->book;
    *last       = market->book.change_id;
}

static void add_platform_state(struct sim_text *out, uint64_t count)
{
    sim_text_printf(out, "{\"price_index\":\"%s\",\"locked\":false,\"reasons\":[]}",
                    SIM_INSTRUMENTS[count % SIM_INSTRUMENT_COUNT].index);
}

void sim_topic_next(struct sim_topic *topic, struct sim_world *world, int64_t now_ms,
                    struct sim_text *out, uint64_t *last)
{
    const struct sim_channel *channel = &topic->channel;
    struct sim_market *market =
        channel->instrument < 0 ? NULL : &world->markets[channel->instrument];
    *last = ++topic->count;
    if (market != NULL) {
        sim_market_step(market);
    }
    sim_payload_open(out, channel->name);
    switch (channel->kind) {
    case SIM_BOOK:
        next_book(topic, market, now_ms, out, last);
        break;
    case SIM_BOOK_GROUPED:
        sim_payload_grouped(out, market, channel, now_ms);
        *last = market->book.change_id;
        break;
    case SIM_TICKER:
        sim_payload_ticker(out, market, NULL, now_ms, 0);
        break;
    case SIM_INCREMENTAL_TICKER:
        sim_payload_ticker_change(out, market, now_ms);
        break;
    case SIM_QUOTE:
        sim_payload_quote(out, market, now_ms);
        break;
    case SIM_TRADES:
        next_trades(topic, world, now_ms, out, last);
        break;
    case SIM_PERPETUAL:
        sim_payload_perpetual(out, market, now_ms);
        break;
    case SIM_PRICE_INDEX:
        sim_payload_index(out, market, now_ms);
        break;
    default:
        add_platform_state(out, topic->count);
        break;
    }
    sim_payload_shut(out);
}

int sim_topic_first(const struct sim_topic *topic, struct sim_world *world, int64_t now_ms,
                    struct sim_text *out, uint64_t *last)
{
    const struct sim_channel *channel = &topic->channel;
    if (channel->kind != SIM_BOOK && channel->kind != SIM_INCREMENTAL_TICKER) {
        return 0;
    }
    struct sim_market *market = &world->markets[channel->instrument];
    *last                     = 0;
    sim_payload_open(out, channel->name);
    if (channel->kind == SIM_BOOK) {
        /* As the channel's subscribers have it, so that its next change fits. */
        sim_payload_snapshot(out, market->instrument, &topic->sent, now_ms);
        *last = topic->sent.change_id;
    } else {
        sim_payload_ticker(out, market, "snapshot", now_ms, 0);
    }
    sim_payload_shut(out);
    return 1;
}
