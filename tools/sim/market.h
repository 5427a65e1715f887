/*
 * The market: prices, an order book and a log of trades for each instrument, all made by a
 * generator that the seed alone decides. Time comes in from outside; no I/O.
 */
#ifndef SIM_MARKET_H
#define SIM_MARKET_H

#include "sim/instrument.h"

#define SIM_BOOK_DEPTH 25u
#define SIM_TRADE_LOG  512u /* the newest trades of an instrument; a power of two */

struct sim_level {
    int64_t price;  /* scaled as the instrument says */
    int64_t amount; /* > 0 */
};

struct sim_book {
    struct sim_level bids[SIM_BOOK_DEPTH]; /* best first */
    struct sim_level asks[SIM_BOOK_DEPTH];
    uint64_t change_id;
};

enum sim_direction { SIM_BUY, SIM_SELL };

struct sim_trade {
    uint64_t seq; /* contiguous for each instrument */
    uint64_t id;
    int64_t price;
    int64_t amount;
    int64_t mark; /* one more decimal than prices */
    int64_t index;
    int64_t timestamp_ms;
    enum sim_direction direction;
    unsigned tick_direction; /* 0-3, as the API has it */
};

struct sim_world;

struct sim_market {
    const struct sim_instrument *instrument;
    struct sim_world *world;
    uint64_t random; /* state of the generator */
    struct sim_book book;
    int64_t last_price;
    int64_t high;
    int64_t low;
    int64_t volume;    /* in units of amount */
    uint64_t next_seq; /* of the next trade */
    struct sim_trade log[SIM_TRADE_LOG];
};

/** All markets; one change_id for them, as on the exchange. */
struct sim_world {
    uint64_t change_id;
    uint64_t trade_id;
    struct sim_market markets[SIM_INSTRUMENT_COUNT];
};

/** @param number  worlds of one seed differ by it: sequence numbers of a later one are higher.
 * @return given, free() it; NULL: out of memory */
struct sim_world *sim_world_create(uint64_t seed, uint64_t number);
/** The book moves on: at least one level is not what it was. Hot. */
void sim_market_step(struct sim_market *market);
/** One trade at the best price, made up. Hot. */
void sim_market_trade(struct sim_market *market, int64_t now_ms);
/** A trade at a price, e.g. of an order. @return its entry in the log */
const struct sim_trade *sim_market_record(struct sim_market *market, enum sim_direction direction,
                                          int64_t price, int64_t amount, int64_t now_ms);
/** The trade with that sequence number. @return NULL: not in the log (any more) */
const struct sim_trade *sim_market_find(const struct sim_market *market, uint64_t seq);
/** Mark and index price, with one decimal more than prices. */
int64_t sim_market_mark(const struct sim_market *market);
int64_t sim_market_index(const struct sim_market *market, unsigned *decimals);
/** The next number of a generator (splitmix64). Hot. */
uint64_t sim_random(uint64_t *state);

#endif
