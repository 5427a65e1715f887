/*
 * Orders and accounts as JSON. See order_text.h.
 */
#include "sim/order_text.h"

#include <math.h>
#include <string.h>
#include <strings.h>

static const char *const CURRENCIES[SIM_CURRENCIES] = {"BTC", "ETH", "USDC"};

int sim_currency_find(const char *currency)
{
    for (unsigned i = 0; i < SIM_CURRENCIES; i++) {
        if (strcasecmp(currency, CURRENCIES[i]) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static void add_time(struct sim_text *out, const char *key, int64_t ms)
{
    sim_text_printf(out, ",\"%s\":%lld", key, (long long)ms);
}

static void add_amount(struct sim_text *out, const struct sim_instrument *i, const char *key,
                       int64_t amount)
{
    sim_text_field(out, key, amount, i->amount_decimals);
}

static const char *direction_of(const struct sim_order *o)
{
    return o->direction == SIM_BUY ? "buy" : "sell";
}

static const char *state_of(const struct sim_order *o)
{
    static const char *const states[] = {"open", "filled", "cancelled"};
    return states[o->state];
}

void sim_order_write(struct sim_text *out, const struct sim_order *o)
{
    static const char *const tifs[] = {"good_til_cancelled", "good_til_day", "fill_or_kill",
                                       "immediate_or_cancel"};
    const struct sim_instrument *i  = &SIM_INSTRUMENTS[o->instrument];
    sim_text_printf(out, "{\"order_id\":\"%s\"", o->id);
    sim_text_named(out, "label", o->label);
    sim_text_field(out, "price", o->price, i->price_decimals);
    add_amount(out, i, "amount", o->amount);
    sim_text_field(out, "contracts", o->amount / i->contract, 0);
    sim_text_named(out, "direction", direction_of(o));
    sim_text_named(out, "time_in_force", tifs[o->tif]);
    sim_text_named(out, "instrument_name", i->name);
    sim_text_add(out, ",\"web\":false,\"api\":true");
    add_time(out, "creation_timestamp", o->created_ms);
    add_time(out, "last_update_timestamp", o->updated_ms);
    sim_text_flag(out, "replaced", o->replaced);
    add_amount(out, i, "filled_amount", o->filled);
    sim_text_real(out, "average_price", o->average);
    sim_text_flag(out, "post_only", o->post_only);
    sim_text_flag(out, "reduce_only", o->reduce_only);
    sim_text_flag(out, "mmp", 0);
    sim_text_named(out, "order_state", state_of(o));
    sim_text_named(out, "order_type", o->type == SIM_MARKET ? "market" : "limit");
    sim_text_flag(out, "is_liquidation", 0);
    sim_text_flag(out, "risk_reducing", 0);
    sim_text_printf(out, ",\"user_id\":%u", o->client->number);
    if (o->cancel_reason != NULL) {
        sim_text_named(out, "cancel_reason", o->cancel_reason);
    }
    sim_text_add(out, "}");
}

void sim_fill_write(struct sim_text *out, const struct sim_order *o, const struct sim_fill *f)
{
    const struct sim_instrument *i = &SIM_INSTRUMENTS[o->instrument];
    const struct sim_trade *trade  = &f->trade;
    sim_text_printf(out, "{\"trade_id\":\"%s%llu\",\"trade_seq\":%llu,\"order_id\":\"%s\"",
                    i->is_linear ? "USDC-" : "", (unsigned long long)trade->id,
                    (unsigned long long)trade->seq, o->id);
    add_time(out, "timestamp", trade->timestamp_ms);
    sim_text_field(out, "price", trade->price, i->price_decimals);
    add_amount(out, i, "amount", trade->amount);
    sim_text_field(out, "contracts", trade->amount / i->contract, 0);
    sim_text_named(out, "direction", direction_of(o));
    sim_text_real(out, "fee", f->fee);
    sim_text_named(out, "fee_currency", i->settlement);
    sim_text_named(out, "instrument_name", i->name);
    sim_text_field(out, "index_price", trade->index,
                   SIM_INSTRUMENTS[i->index_of].price_decimals + 1);
    sim_text_field(out, "mark_price", trade->mark, i->price_decimals + 1);
    sim_text_printf(out, ",\"tick_direction\":%u", trade->tick_direction);
    sim_text_named(out, "liquidity", f->is_maker ? "M" : "T");
    sim_text_named(out, "order_type", o->type == SIM_MARKET ? "market" : "limit");
    sim_text_named(out, "state", state_of(o));
    sim_text_named(out, "label", o->label);
    sim_text_add(out, ",\"matching_id\":null,\"api\":true");
    sim_text_flag(out, "post_only", o->post_only);
    sim_text_flag(out, "reduce_only", o->reduce_only);
    sim_text_flag(out, "mmp", 0);
    sim_text_flag(out, "risk_reducing", 0);
    sim_text_real(out, "profit_loss", f->profit);
    sim_text_add(out, "}");
}

void sim_execution_write(struct sim_text *out, const struct sim_execution *e)
{
    sim_text_add(out, "{\"order\":");
    sim_order_write(out, e->order);
    sim_text_add(out, ",\"trades\":[");
    for (unsigned i = 0; i < e->count; i++) {
        sim_text_add(out, i == 0 ? "" : ",");
        sim_fill_write(out, e->order, &e->fills[i]);
    }
    sim_text_add(out, "]}");
}

static double mark_of(const struct sim_market *m)
{
    return (double)sim_market_mark(m) / pow(10, m->instrument->price_decimals + 1);
}

/* Profit of a position that is still open [settlement currency]. */
static double floating_of(const struct sim_position *p, const struct sim_market *m, unsigned row)
{
    double size = sim_amount_of(row, p->size);
    if (p->size == 0) {
        return 0;
    }
    return m->instrument->is_linear || m->instrument->option_type != NULL
               ? size * (mark_of(m) - p->average)
               : size * (1 / p->average - 1 / mark_of(m));
}

void sim_position_write(struct sim_text *out, struct sim_trading *trading,
                        const struct sim_market *m, const struct sim_client *client, unsigned row)
{
    const struct sim_position *p = sim_trading_position(trading, client, row);
    double mark                  = mark_of(m);
    double size                  = sim_amount_of(row, p->size);
    double in_currency           = m->instrument->is_linear ? size : size / mark;
    double floating              = floating_of(p, m, row);
    unsigned decimals            = 0;
    int64_t index                = sim_market_index(m, &decimals);
    sim_text_printf(out, "{\"instrument_name\":\"%s\",\"kind\":\"%s\",\"direction\":\"%s\"",
                    m->instrument->name, m->instrument->kind,
                    p->size > 0   ? "buy"
                    : p->size < 0 ? "sell"
                                  : "zero");
    sim_text_real(out, "size", size);
    sim_text_real(out, "size_currency", in_currency);
    sim_text_real(out, "average_price", p->average);
    sim_text_real(out, "mark_price", mark);
    sim_text_field(out, "index_price", index, decimals);
    sim_text_field(out, "settlement_price", m->instrument->start_price * 10 - 2,
                   m->instrument->price_decimals + 1);
    sim_text_real(out, "delta", in_currency);
    sim_text_add(out, ",\"leverage\":50");
    sim_text_real(out, "initial_margin", fabs(in_currency) / 50);
    sim_text_real(out, "maintenance_margin", fabs(in_currency) / 100);
    sim_text_real(out, "floating_profit_loss", floating);
    sim_text_real(out, "realized_profit_loss", p->realized);
    sim_text_real(out, "total_profit_loss", floating + p->realized);
    sim_text_add(out, ",\"realized_funding\":0.0,\"open_orders_margin\":0.0,"
                      "\"estimated_liquidation_price\":null}");
}

static const char LIMITS[] =
    ",\"limits\":{\"limits_per_currency\":false,\"non_matching_engine\":{\"burst\":100,\"rate\":20}"
    ","
    "\"matching_engine\":{\"trading\":{\"total\":{\"burst\":20,\"rate\":5}},\"spot\":{\"burst\":20,"
    "\"rate\":5},\"cancel_all\":{\"burst\":20,\"rate\":5}}}";

static void add_zeros(struct sim_text *out, const char *const *names)
{
    for (; *names != NULL; names++) {
        sim_text_printf(out, ",\"%s\":0.0", *names);
    }
}

void sim_summary_write(struct sim_text *out, struct sim_trading *trading, struct sim_world *world,
                       const struct sim_client *client, unsigned currency, int with_limits)
{
    static const char *const zeros[]   = {"spot_reserve",
                                          "additional_reserve",
                                          "fee_balance",
                                          "session_rpl",
                                          "options_pl",
                                          "options_session_upl",
                                          "options_session_rpl",
                                          "options_value",
                                          "options_delta",
                                          "options_gamma",
                                          "options_theta",
                                          "options_vega",
                                          "futures_session_rpl",
                                          "estimated_liquidation_ratio",
                                          NULL};
    static const char *const margins[] = {"initial_margin", "maintenance_margin",
                                          "projected_initial_margin",
                                          "projected_maintenance_margin", NULL};
    static const char *const profits[] = {"session_upl", "total_pl", "futures_pl",
                                          "futures_session_upl", NULL};
    double floating                    = 0;
    double delta                       = 0;
    for (unsigned row = 0; row < SIM_INSTRUMENT_COUNT; row++) {
        const struct sim_market *m   = &world->markets[row];
        const struct sim_position *p = sim_trading_position(trading, client, row);
        if (strcmp(m->instrument->settlement, CURRENCIES[currency]) == 0) {
            double size = sim_amount_of(row, p->size);
            floating += floating_of(p, m, row);
            delta += m->instrument->is_linear ? size : size / mark_of(m);
        }
    }
    double balance = client->balance[currency];
    double margin  = fabs(delta) / 50;
    sim_text_printf(out, "{\"currency\":\"%s\"", CURRENCIES[currency]);
    sim_text_real(out, "balance", balance);
    sim_text_real(out, "equity", balance + floating);
    sim_text_real(out, "margin_balance", balance + floating);
    sim_text_real(out, "available_funds", balance + floating - margin);
    sim_text_real(out, "available_withdrawal_funds", balance - margin);
    for (unsigned i = 0; margins[i] != NULL; i++) {
        sim_text_real(out, margins[i], i % 2 == 0 ? margin : margin / 2);
    }
    for (unsigned i = 0; profits[i] != NULL; i++) {
        sim_text_real(out, profits[i], floating);
    }
    add_zeros(out, zeros);
    sim_text_real(out, "delta_total", delta);
    sim_text_real(out, "projected_delta_total", delta);
    sim_text_add(out, ",\"options_gamma_map\":{},\"options_theta_map\":{},\"options_vega_map\":{},"
                      "\"delta_total_map\":{},\"estimated_liquidation_ratio_map\":{},"
                      "\"portfolio_margining_enabled\":false,\"cross_collateral_enabled\":false,"
                      "\"margin_model\":\"segregated_sm\"");
    sim_text_add(out, with_limits ? LIMITS : "");
    sim_text_add(out, "}");
}
