/*
 * The market: a book that is a ladder of ticks round a price that walks at random. See market.h.
 */
#include "sim/market.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CHANGE_ID UINT64_C(193000000000)
#define FIRST_TRADE_SEQ UINT64_C(290000000)
#define FIRST_TRADE_ID  UINT64_C(300000000)

/* splitmix64 (Steele, Lea, Flood 2014): small, and good enough for prices */
uint64_t sim_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z          = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z          = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* An amount that is not `old`, so that a changed level always shows. */
static int64_t fresh_amount(struct sim_market *m, int64_t old)
{
    int64_t amount = m->instrument->lot * (int64_t)(1 + sim_random(&m->random) % 400);
    return amount == old ? amount + m->instrument->lot : amount;
}

static void next_change_id(struct sim_market *m)
{
    m->world->change_id += 1 + sim_random(&m->random) % 97;
    m->book.change_id = m->world->change_id;
}

static void market_init(struct sim_market *m, struct sim_world *world, unsigned row, uint64_t seed,
                        uint64_t number)
{
    m->instrument = &SIM_INSTRUMENTS[row];
    m->world      = world;
    m->random     = seed * UINT64_C(0x100000001b3) + row;
    int64_t tick  = m->instrument->tick;
    int64_t spread =
        (int64_t)(sim_random(&m->random) % 41) - 20; /* each seed starts elsewhere, a little */
    int64_t best = m->instrument->start_price + spread * tick;
    for (unsigned i = 0; i < SIM_BOOK_DEPTH; i++) {
        m->book.bids[i] = (struct sim_level){best - (int64_t)i * tick, fresh_amount(m, 0)};
        m->book.asks[i] = (struct sim_level){best + (int64_t)(i + 1) * tick, fresh_amount(m, 0)};
    }
    m->last_price = m->book.asks[0].price;
    m->high       = m->last_price + 20 * tick;
    m->low        = m->last_price - 20 * tick;
    m->next_seq   = FIRST_TRADE_SEQ + number * 1000000 + 1;
    next_change_id(m);
}

struct sim_world *sim_world_create(uint64_t seed, uint64_t number)
{
    struct sim_world *world = calloc(1, sizeof(*world));
    if (world != NULL) {
        world->change_id = FIRST_CHANGE_ID + number * 1000000000;
        world->trade_id  = FIRST_TRADE_ID + number * 100000000;
        for (unsigned row = 0; row < SIM_INSTRUMENT_COUNT; row++) {
            market_init(&world->markets[row], world, row, seed + number, number);
        }
    }
    return world;
}

/* The ladder moves by one tick: the side that is run over loses its best level, the other gains
 * one. */
static void shift(struct sim_market *m, struct sim_level *loses, struct sim_level *gains,
                  int64_t tick)
{
    struct sim_level taken = {loses[0].price, fresh_amount(m, 0)};
    memmove(&loses[0], &loses[1], (SIM_BOOK_DEPTH - 1) * sizeof(*loses));
    loses[SIM_BOOK_DEPTH - 1] =
        (struct sim_level){loses[SIM_BOOK_DEPTH - 2].price + tick, fresh_amount(m, 0)};
    memmove(&gains[1], &gains[0], (SIM_BOOK_DEPTH - 1) * sizeof(*gains));
    gains[0] = taken;
}

void sim_market_step(struct sim_market *m)
{
    uint64_t dice         = sim_random(&m->random);
    unsigned at           = (unsigned)((dice >> 8) % SIM_BOOK_DEPTH);
    struct sim_level *hit = (dice & 1) != 0 ? &m->book.bids[at] : &m->book.asks[at];
    hit->amount           = fresh_amount(m, hit->amount);
    if ((dice >> 16) % 4 == 0) {
        int64_t away = m->book.bids[0].price - m->instrument->start_price;
        int64_t band = m->instrument->start_price / 50;
        int up = away > band ? 0 : away < -band ? 1 : (int)((dice >> 24) & 1); /* stays near home */
        if (up) {
            shift(m, m->book.asks, m->book.bids, m->instrument->tick);
        } else {
            shift(m, m->book.bids, m->book.asks, -m->instrument->tick);
        }
    }
    next_change_id(m);
}

int64_t sim_market_mark(const struct sim_market *m)
{
    return (m->book.bids[0].price + m->book.asks[0].price) * 5 + (int64_t)(m->book.change_id % 7) -
           3;
}

int64_t sim_market_index(const struct sim_market *m, unsigned *decimals)
{
    const struct sim_market *leader = &m->world->markets[m->instrument->index_of];
    *decimals                       = leader->instrument->price_decimals + 1;
    return (leader->book.bids[0].price + leader->book.asks[0].price) * 5 -
           leader->instrument->tick * 30;
}

/* 0 up, 1 as before after an up, 2 down, 3 as before after a down (trades of the API) */
static unsigned tick_direction(const struct sim_market *m, int64_t price)
{
    if (price != m->last_price) {
        return price > m->last_price ? 0 : 2;
    }
    const struct sim_trade *before = sim_market_find(m, m->next_seq - 1);
    return before != NULL && before->tick_direction >= 2 ? 3 : 1;
}

const struct sim_trade *sim_market_record(struct sim_market *m, enum sim_direction direction,
                                          int64_t price, int64_t amount, int64_t now_ms)
{
    unsigned decimals       = 0;
    struct sim_trade *trade = &m->log[m->next_seq % SIM_TRADE_LOG];
    *trade                  = (struct sim_trade){
                         .seq            = m->next_seq,
                         .id             = ++m->world->trade_id,
                         .price          = price,
                         .amount         = amount,
                         .mark           = sim_market_mark(m),
                         .index          = sim_market_index(m, &decimals),
                         .timestamp_ms   = now_ms,
                         .direction      = direction,
                         .tick_direction = tick_direction(m, price),
    };
    m->next_seq++;
    m->last_price = price;
    m->high       = price > m->high ? price : m->high;
    m->low        = price < m->low ? price : m->low;
    m->volume += amount;
    return trade;
}

void sim_market_trade(struct sim_market *m, int64_t now_ms)
{
    uint64_t dice                = sim_random(&m->random);
    enum sim_direction direction = (dice & 1) != 0 ? SIM_BUY : SIM_SELL;
    const struct sim_level *best = direction == SIM_BUY ? &m->book.asks[0] : &m->book.bids[0];
    int64_t lots                 = best->amount / m->instrument->lot;
    int64_t amount               = m->instrument->lot * (int64_t)(1 + (dice >> 8) % (uint64_t)lots);
    (void)sim_market_record(m, direction, best->price, amount, now_ms);
}

const struct sim_trade *sim_market_find(const struct sim_market *m, uint64_t seq)
{
    const struct sim_trade *trade = &m->log[seq % SIM_TRADE_LOG];
    return trade->seq == seq && seq != 0 ? trade : NULL;
}
