/*
 * Ticker, quote, trades and the smaller payloads. Books: payload_book.c.
 */
#include "sim/payload.h"

#include <string.h>

void sim_payload_open(struct sim_text *out, const char *channel)
{
    sim_text_add(out,
                 "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":\"");
    sim_text_add(out, channel);
    sim_text_add(out, "\",\"data\":");
}

void sim_payload_shut(struct sim_text *out)
{
    sim_text_add(out, "}}");
}

static void add_name(struct sim_text *out, const struct sim_instrument *instrument)
{
    sim_text_add(out, ",\"instrument_name\":\"");
    sim_text_add(out, instrument->name);
    sim_text_add(out, "\"");
}

static void add_stats(struct sim_text *out, const struct sim_market *m)
{
    unsigned price = m->instrument->price_decimals;
    sim_text_add(out, ",\"stats\":{\"high\":");
    sim_text_fixed(out, m->high, price);
    sim_text_field(out, "low", m->low, price);
    sim_text_field(out, "price_change", (int64_t)(m->last_price % 400) - 200, 2);
    sim_text_field(out, "volume", m->volume + 12345, m->instrument->amount_decimals + 1);
    sim_text_add(out, ",\"volume_usd\":");
    sim_text_amount(out, (m->volume / 100 + 7400) * 100, 0);
    sim_text_add(out, ",\"volume_notional\":");
    sim_text_amount(out, (m->volume / 100 + 7400) * 100, 0);
    sim_text_add(out, "}");
}

static void add_best(struct sim_text *out, const struct sim_market *m)
{
    const struct sim_instrument *i = m->instrument;
    sim_text_field(out, "best_ask_price", m->book.asks[0].price, i->price_decimals);
    sim_text_field(out, "best_bid_price", m->book.bids[0].price, i->price_decimals);
    sim_text_add(out, ",\"best_ask_amount\":");
    sim_text_amount(out, m->book.asks[0].amount, i->amount_decimals);
    sim_text_add(out, ",\"best_bid_amount\":");
    sim_text_amount(out, m->book.bids[0].amount, i->amount_decimals);
}

/* Fields that options and perpetuals have and others do not. */
static void add_extras(struct sim_text *out, const struct sim_market *m)
{
    int64_t wiggle = (int64_t)(m->book.change_id % 19);
    if (m->instrument->is_perpetual) {
        sim_text_field(out, "interest_value", 28 + wiggle, 4);
        sim_text_field(out, "current_funding", wiggle < 6 ? 0 : wiggle * 13, 8);
        sim_text_field(out, "funding_8h", 1742 + wiggle, 8);
    }
    if (m->instrument->option_type != NULL) {
        unsigned decimals = 0;
        int64_t index     = sim_market_index(m, &decimals);
        sim_text_field(out, "ask_iv", 551 + wiggle, 1);
        sim_text_field(out, "bid_iv", 539 + wiggle, 1);
        sim_text_field(out, "mark_iv", 545 + wiggle, 1);
        sim_text_field(out, "underlying_price", index + index / 50, decimals);
        sim_text_add(out, ",\"underlying_index\":\"");
        sim_text_bytes(out, m->instrument->name, 11); /* of BTC-31DEC27-60000-C */
        sim_text_add(out, "\",\"interest_rate\":0.0");
        int sign = strcmp(m->instrument->option_type, "call") == 0 ? 1 : -1;
        sim_text_add(out, ",\"greeks\":{\"delta\":");
        sim_text_fixed(out, sign * (530 + wiggle), 3);
        sim_text_add(out, ",\"gamma\":2.0e-5");
        sim_text_field(out, "rho", sign * 701, 1);
        sim_text_field(out, "theta", -259, 1);
        sim_text_add(out, ",\"vega\":101.3}");
    }
}

void sim_payload_ticker(struct sim_text *out, const struct sim_market *m, const char *type,
                        int64_t now_ms, int open)
{
    const struct sim_instrument *i = m->instrument;
    unsigned price                 = i->price_decimals;
    unsigned decimals              = 0;
    int64_t index                  = sim_market_index(m, &decimals);
    sim_text_add(out, "{\"timestamp\":");
    sim_text_int(out, now_ms);
    if (type != NULL) {
        sim_text_named(out, "type", type);
    }
    sim_text_add(out, ",\"state\":\"open\"");
    add_stats(out, m);
    sim_text_field(out, "index_price", index, decimals);
    add_name(out, i);
    sim_text_field(out, "last_price", m->last_price, price);
    sim_text_field(out, "settlement_price", i->start_price * 10 - 2, price + 1);
    sim_text_field(out, "min_price", i->start_price - i->start_price / 10, price);
    sim_text_field(out, "max_price", i->start_price + i->start_price / 10, price);
    sim_text_add(out, ",\"open_interest\":");
    sim_text_amount(out, i->lot * 50200000, i->amount_decimals);
    sim_text_field(out, "mark_price", sim_market_mark(m), price + 1);
    add_best(out, m);
    sim_text_field(out, "estimated_delivery_price", index, decimals);
    add_extras(out, m);
    if (!open) {
        sim_text_add(out, "}");
    }
}

void sim_payload_ticker_change(struct sim_text *out, const struct sim_market *m, int64_t now_ms)
{
    sim_text_add(out, "{\"type\":\"change\",\"timestamp\":");
    sim_text_int(out, now_ms);
    add_name(out, m->instrument);
    add_best(out, m);
    sim_text_field(out, "mark_price", sim_market_mark(m), m->instrument->price_decimals + 1);
    sim_text_add(out, "}");
}

void sim_payload_quote(struct sim_text *out, const struct sim_market *m, int64_t now_ms)
{
    sim_text_add(out, "{\"timestamp\":");
    sim_text_int(out, now_ms);
    add_name(out, m->instrument);
    add_best(out, m);
    sim_text_add(out, "}");
}

void sim_payload_trade(struct sim_text *out, const struct sim_instrument *i,
                       const struct sim_trade *trade)
{
    const struct sim_instrument *leader = &SIM_INSTRUMENTS[i->index_of];
    sim_text_add(out, "{\"timestamp\":");
    sim_text_int(out, trade->timestamp_ms);
    sim_text_field(out, "price", trade->price, i->price_decimals);
    sim_text_add(out, ",\"amount\":");
    sim_text_amount(out, trade->amount, i->amount_decimals);
    sim_text_add(out, trade->direction == SIM_BUY ? ",\"direction\":\"buy\""
                                                  : ",\"direction\":\"sell\"");
    sim_text_field(out, "index_price", trade->index, leader->price_decimals + 1);
    add_name(out, i);
    sim_text_add(out, ",\"trade_seq\":");
    sim_text_int(out, (int64_t)trade->seq);
    sim_text_field(out, "mark_price", trade->mark, i->price_decimals + 1);
    sim_text_add(out, ",\"tick_direction\":");
    sim_text_int(out, trade->tick_direction);
    if (i->contract > 0) {
        sim_text_field(out, "contracts", trade->amount / i->contract, 0);
    }
    sim_text_add(out, ",\"trade_id\":\"");
    if (i->is_linear) {
        sim_text_add(out, "USDC-");
    }
    sim_text_int(out, (int64_t)trade->id);
    sim_text_add(out, "\"");
    if (i->option_type != NULL) {
        sim_text_field(out, "iv", 544, 1);
    }
    sim_text_add(out, "}");
}

void sim_payload_perpetual(struct sim_text *out, const struct sim_market *m, int64_t now_ms)
{
    unsigned decimals = 0;
    int64_t index     = sim_market_index(m, &decimals);
    sim_text_add(out, "{\"index_price\":");
    sim_text_fixed(out, index, decimals);
    sim_text_field(out, "interest", 142 + (int64_t)(m->book.change_id % 7), 6);
    sim_text_add(out, ",\"timestamp\":");
    sim_text_int(out, now_ms);
    sim_text_add(out, "}");
}

void sim_payload_index(struct sim_text *out, const struct sim_market *m, int64_t now_ms)
{
    unsigned decimals = 0;
    int64_t index     = sim_market_index(m, &decimals);
    sim_text_printf(out, "{\"index_name\":\"%s\"", m->instrument->index);
    sim_text_field(out, "price", index, decimals);
    sim_text_add(out, ",\"timestamp\":");
    sim_text_int(out, now_ms);
    sim_text_add(out, "}");
}
