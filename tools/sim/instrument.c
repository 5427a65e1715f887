/*
 * The table of instruments, and how the API describes a row.
 */
#include "sim/instrument.h"

#include <string.h>

#include "base/slice.h"

#define CREATED_MS INT64_C(1534167754000)
#define NEVER_MS   INT64_C(32503708800000)
#define EXPIRY_MS  INT64_C(1830240000000) /* 31 Dec 2027, 08:00 UTC */

#define INVERSE(cur, low)                                                                          \
    .kind = "future", .currency = cur, .base = cur, .quote = "USD", .settlement = cur,             \
    .index = low "_usd"
#define LINEAR(cur, low)                                                                           \
    .kind = "future", .currency = "USDC", .base = cur, .quote = "USDC", .settlement = "USDC",      \
    .index = low "_usdc", .period = "perpetual", .is_perpetual = 1, .is_linear = 1
#define OPTION(cur, low)                                                                           \
    .kind = "option", .currency = cur, .base = cur, .quote = cur, .settlement = cur,               \
    .index = low "_usd", .period = "month", .price_decimals = 4, .tick = 5, .amount_decimals = 1,  \
    .lot = 1, .contract = 10
#define SPOT(cur, low)                                                                             \
    .kind = "spot", .currency = cur, .base = cur, .quote = "USDC", .settlement = "USDC",           \
    .index = low "_usdc", .period = "", .is_linear = 1

const struct sim_instrument SIM_INSTRUMENTS[SIM_INSTRUMENT_COUNT] = {
    {INVERSE("BTC", "btc"), .name = "BTC-PERPETUAL", .id = 210838, .period = "perpetual",
     .is_perpetual = 1, .start_price = 600000, .tick = 5, .price_decimals = 1, .lot = 10,
     .contract = 10, .index_of = 0},
    {INVERSE("ETH", "eth"), .name = "ETH-PERPETUAL", .id = 210760, .period = "perpetual",
     .is_perpetual = 1, .start_price = 300000, .tick = 5, .price_decimals = 2, .lot = 1,
     .contract = 1, .index_of = 1},
    {LINEAR("BTC", "btc"), .name = "BTC_USDC-PERPETUAL", .id = 210840, .start_price = 600100,
     .tick = 5, .price_decimals = 1, .amount_decimals = 4, .lot = 1, .contract = 1, .index_of = 2},
    {LINEAR("ETH", "eth"), .name = "ETH_USDC-PERPETUAL", .id = 210841, .start_price = 300050,
     .tick = 5, .price_decimals = 2, .amount_decimals = 3, .lot = 1, .contract = 1, .index_of = 3},
    {LINEAR("SOL", "sol"), .name = "SOL_USDC-PERPETUAL", .id = 210842, .start_price = 150000,
     .tick = 1, .price_decimals = 3, .amount_decimals = 1, .lot = 1, .contract = 1, .index_of = 4},
    {LINEAR("XRP", "xrp"), .name = "XRP_USDC-PERPETUAL", .id = 210843, .start_price = 6250,
     .tick = 1, .price_decimals = 4, .amount_decimals = 0, .lot = 1, .contract = 1, .index_of = 5},
    {INVERSE("BTC", "btc"), .name = "BTC-31DEC27", .id = 400010, .period = "month",
     .start_price = 612000, .tick = 25, .price_decimals = 1, .lot = 10, .contract = 10,
     .index_of = 0},
    {INVERSE("ETH", "eth"), .name = "ETH-31DEC27", .id = 400011, .period = "month",
     .start_price = 307500, .tick = 25, .price_decimals = 2, .lot = 1, .contract = 1,
     .index_of = 1},
    {OPTION("BTC", "btc"), .name = "BTC-31DEC27-60000-C", .id = 400020, .option_type = "call",
     .strike = 60000, .start_price = 1750, .index_of = 0},
    {OPTION("BTC", "btc"), .name = "BTC-31DEC27-60000-P", .id = 400021, .option_type = "put",
     .strike = 60000, .start_price = 1500, .index_of = 0},
    {OPTION("ETH", "eth"), .name = "ETH-31DEC27-3000-C", .id = 400022, .option_type = "call",
     .strike = 3000, .start_price = 2250, .index_of = 1},
    {SPOT("BTC", "btc"), .name = "BTC_USDC", .id = 400030, .start_price = 60005, .tick = 1,
     .price_decimals = 0, .amount_decimals = 4, .lot = 1, .contract = 1, .index_of = 2},
    {SPOT("ETH", "eth"), .name = "ETH_USDC", .id = 400031, .start_price = 30003, .tick = 1,
     .price_decimals = 1, .amount_decimals = 4, .lot = 1, .contract = 1, .index_of = 3},
};

int sim_instrument_find(struct hawser_slice name)
{
    for (unsigned i = 0; i < SIM_INSTRUMENT_COUNT; i++) {
        if (slice_equal_text(name, SIM_INSTRUMENTS[i].name)) {
            return (int)i;
        }
    }
    return -1;
}

int sim_instrument_matches(const struct sim_instrument *instrument, const char *kind,
                           const char *currency)
{
    return (strcmp(kind, "any") == 0 || strcmp(kind, instrument->kind) == 0) &&
           (strcasecmp(currency, "any") == 0 || strcasecmp(currency, instrument->currency) == 0);
}

static int is_one_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcasecmp(word, *words) == 0) {
            return 1;
        }
    }
    return 0;
}

int sim_kind_is_known(const char *kind)
{
    static const char *const kinds[] = {"future",       "option", "spot", "future_combo",
                                        "option_combo", "combo",  "any",  NULL};
    return is_one_of(kind, kinds);
}

int sim_currency_is_known(const char *currency)
{
    static const char *const currencies[] = {"BTC", "ETH", "USDC", "USDT", "EURR", "any", NULL};
    return is_one_of(currency, currencies);
}

int sim_index_find(struct hawser_slice index)
{
    for (unsigned i = 0; i < SIM_INSTRUMENT_COUNT; i++) {
        if (slice_equal_text(index, SIM_INSTRUMENTS[i].index)) {
            return (int)SIM_INSTRUMENTS[i].index_of;
        }
    }
    return -1;
}

static int64_t expiration_ms(const struct sim_instrument *i)
{
    return i->is_perpetual || i->strike == 0 ? (strstr(i->name, "31DEC27") ? EXPIRY_MS : NEVER_MS)
                                             : EXPIRY_MS;
}

void sim_instrument_describe(const struct sim_instrument *i, struct sim_text *out)
{
    sim_text_printf(out, "{\"kind\":\"%s\",\"instrument_name\":\"%s\",\"instrument_id\":%u",
                    i->kind, i->name, i->id);
    sim_text_named(out, "base_currency", i->base);
    sim_text_named(out, "quote_currency", i->quote);
    sim_text_named(out, "counter_currency", i->is_linear ? "USDC" : "USD");
    sim_text_named(out, "settlement_currency", i->settlement);
    if (i->period[0] != '\0') {
        sim_text_named(out, "settlement_period", i->period);
    }
    sim_text_named(out, "instrument_type", i->is_linear ? "linear" : "reversed");
    sim_text_named(out, "price_index", i->index);
    sim_text_field(out, "tick_size", i->tick, i->price_decimals);
    sim_text_add(out, ",\"tick_size_steps\":[]");
    sim_text_field(out, "contract_size", i->contract, i->amount_decimals);
    sim_text_field(out, "min_trade_amount", i->lot, i->amount_decimals);
    sim_text_field(out, "maker_commission", i->option_type == NULL ? 0 : 3, 4);
    sim_text_field(out, "taker_commission", i->option_type == NULL ? 5 : 3, 4);
    if (strcmp(i->kind, "future") == 0) {
        sim_text_add(out, ",\"max_leverage\":50,\"max_liquidation_commission\":0.0075");
    }
    sim_text_add(out, ",\"block_trade_commission\":0.0003,\"block_trade_min_trade_amount\":25");
    sim_text_field(out, "block_trade_tick_size", i->tick, i->price_decimals);
    sim_text_printf(out,
                    ",\"is_active\":true,\"state\":\"open\",\"creation_timestamp\":%lld,"
                    "\"expiration_timestamp\":%lld",
                    (long long)CREATED_MS, (long long)expiration_ms(i));
    if (i->option_type != NULL) {
        sim_text_field(out, "strike", i->strike, 0);
        sim_text_named(out, "option_type", i->option_type);
    }
    sim_text_add(out, "}");
}
