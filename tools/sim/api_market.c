/*
 * Market data by request: the common market, as the channels show it.
 */
#include <stdlib.h>

#include "base/slice.h"
#include "sim/api.h"
#include "sim/feed.h"
#include "sim/market.h"
#include "sim/payload.h"

#define TRADES_DEFAULT 10
#define TRADES_MAX     ((json_int_t)SIM_TRADE_LOG)

static int64_t now_ms(void)
{
    return clock_realtime() / CLOCK_NS_PER_MS;
}

static struct sim_market *market_of(struct sim_call *call)
{
    int row = sim_call_instrument(call);
    return row < 0 ? NULL : &sim_feed_world(call->sim->feed)->markets[row];
}

static int ticker(struct sim_call *call)
{
    const struct sim_market *market = market_of(call);
    if (market != NULL) {
        sim_payload_ticker(&call->result, market, NULL, now_ms(), 0);
    }
    return 1;
}

static int get_order_book(struct sim_call *call)
{
    const struct sim_market *market = market_of(call);
    const json_t *depth             = json_object_get(call->params, "depth");
    if (market == NULL) {
        return 1;
    }
    if (depth != NULL && (!json_is_integer(depth) || json_integer_value(depth) < 1 ||
                          json_integer_value(depth) > 10000)) {
        return sim_call_fail_with(call, -32602, "invalid value", "depth");
    }
    sim_payload_ticker(&call->result, market, NULL, now_ms(), 1);
    sim_text_printf(&call->result, ",\"change_id\":%llu",
                    (unsigned long long)market->book.change_id);
    sim_payload_pairs(&call->result, market,
                      depth == NULL ? 5 : (unsigned)json_integer_value(depth));
    sim_text_add(&call->result, "}");
    return 1;
}

static int get_instrument(struct sim_call *call)
{
    int row = sim_call_instrument(call);
    if (row >= 0) {
        sim_instrument_describe(&SIM_INSTRUMENTS[row], &call->result);
    }
    return 1;
}

static int get_instruments(struct sim_call *call)
{
    const char *currency = sim_call_string(call, "currency");
    const char *kind     = sim_call_string(call, "kind");
    const char *comma    = "";
    currency = currency == NULL ? "any" : currency; /* documented as required; it is not */
    kind     = kind == NULL ? "any" : kind;
    if (!sim_currency_is_known(currency)) {
        return sim_call_fail_with(call, -32602, "invalid currency", "currency");
    }
    if (!sim_kind_is_known(kind)) {
        return sim_call_fail_with(call, -32602, "invalid value", "kind");
    }
    sim_text_add(&call->result, "[");
    for (unsigned i = 0; i < SIM_INSTRUMENT_COUNT; i++) {
        if (sim_instrument_matches(&SIM_INSTRUMENTS[i], kind, currency)) {
            sim_text_add(&call->result, comma);
            sim_instrument_describe(&SIM_INSTRUMENTS[i], &call->result);
            comma = ",";
        }
    }
    sim_text_add(&call->result, "]");
    return 1;
}

static int get_currencies(struct sim_call *call)
{
    static const struct {
        const char *code;
        const char *name;
        const char *type;
        unsigned decimals;
    } rows[] = {{"BTC", "Bitcoin", "BITCOIN", 8},
                {"ETH", "Ethereum", "ETHER", 6},
                {"USDC", "USD Coin", "USDC", 6}};
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sim_text_printf(&call->result,
                        "%s{\"currency\":\"%s\",\"currency_long\":\"%s\",\"coin_type\":\"%s\","
                        "\"decimals\":%u,\"min_confirmations\":1,\"min_withdrawal_fee\":0.0001,"
                        "\"withdrawal_fee\":0.0001,\"withdrawal_priorities\":[],"
                        "\"network_fee\":0.0001,\"network_currency\":\"%s\","
                        "\"in_cross_collateral_pool\":true}",
                        i == 0 ? "[" : ",", rows[i].code, rows[i].name, rows[i].type,
                        rows[i].decimals, rows[i].code);
    }
    sim_text_add(&call->result, "]");
    return 1;
}

static int get_index_price(struct sim_call *call)
{
    const char *name = sim_call_string(call, "index_name");
    int row          = name == NULL ? -1 : sim_index_find(slice_of(name));
    if (name == NULL) {
        return sim_call_missing(call, "index_name");
    }
    if (row < 0) {
        return sim_call_fail_with(call, -32602, "invalid value", "index_name");
    }
    unsigned decimals = 0;
    int64_t index     = sim_market_index(&sim_feed_world(call->sim->feed)->markets[row], &decimals);
    sim_text_add(&call->result, "{\"index_price\":");
    sim_text_fixed(&call->result, index, decimals);
    sim_text_field(&call->result, "estimated_delivery_price", index, decimals);
    sim_text_add(&call->result, "}");
    return 1;
}

/* Newest first, as the exchange gives them. */
static int get_last_trades(struct sim_call *call)
{
    const struct sim_market *market = market_of(call);
    const json_t *asked             = json_object_get(call->params, "count");
    json_int_t count                = asked == NULL ? TRADES_DEFAULT : json_integer_value(asked);
    const struct sim_trade *trade   = NULL;
    if (market == NULL) {
        return 1;
    }
    if (count < 1 || count > 1000) {
        return sim_call_fail_with(call, -32602, "invalid value", "count");
    }
    count        = count > TRADES_MAX ? TRADES_MAX : count;
    uint64_t seq = market->next_seq - 1;
    sim_text_add(&call->result, "{\"trades\":[");
    for (json_int_t i = 0; i < count && (trade = sim_market_find(market, seq)) != NULL;
         i++, seq--) {
        sim_text_add(&call->result, i == 0 ? "" : ",");
        sim_payload_trade(&call->result, market->instrument, trade);
    }
    sim_text_printf(&call->result, "],\"has_more\":%s}",
                    sim_market_find(market, seq) != NULL ? "true" : "false");
    return 1;
}

const struct sim_method SIM_MARKET_METHODS[] = {
    {"public/ticker", ticker, NULL},
    {"public/get_order_book", get_order_book, NULL},
    {"public/get_instrument", get_instrument, NULL},
    {"public/get_instruments", get_instruments, NULL},
    {"public/get_currencies", get_currencies, NULL},
    {"public/get_index_price", get_index_price, NULL},
    {"public/get_last_trades_by_instrument", get_last_trades, NULL},
    {NULL, NULL, NULL},
};
