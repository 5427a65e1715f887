/*
 * Orders, positions and accounts by request.
 */
#include <math.h>

#include "base/slice.h"
#include "sim/api.h"
#include "sim/feed.h"
#include "sim/order_text.h"
#include "sim/trading.h"

/* A number as the instrument scales it. @return 0, or -1: not given, or no number */
static int scaled(const struct sim_call *call, const char *name, unsigned decimals, int64_t *out)
{
    const json_t *value = json_object_get(call->params, name);
    double number       = json_number_value(value) * pow(10, decimals);
    if (!json_is_number(value) || fabs(number) > 1e15) {
        return -1;
    }
    *out = llround(number);
    /* More digits than the instrument has: never on a tick. */
    return fabs(number - (double)*out) > 1e-6 * fabs(number) ? -1 : 0;
}

static int is_true(const struct sim_call *call, const char *name)
{
    return json_is_true(json_object_get(call->params, name));
}

/* A word out of a list, the first by default. @return its place, or -1 with the error set */
static int word(struct sim_call *call, const char *name, const char *const *words)
{
    const char *value = sim_call_string(call, name);
    for (int i = 0; value != NULL && words[i] != NULL; i++) {
        if (strcmp(words[i], value) == 0) {
            return i;
        }
    }
    if (value != NULL) {
        (void)sim_call_fail_with(call, -32602, "invalid value", name);
        return -1;
    }
    return 0;
}

static int read_amount(struct sim_call *call, const struct sim_instrument *i, int64_t *out)
{
    if (scaled(call, "amount", i->amount_decimals, out) == 0) {
        return 0;
    }
    if (scaled(call, "contracts", 0, out) == 0) {
        *out *= i->contract;
        return 0;
    }
    (void)sim_call_missing(call, "amount");
    return -1;
}

/* @return 0, or -1 with the error set */
static int read_order(struct sim_call *call, struct sim_order *order)
{
    static const char *const types[] = {"limit", "market", NULL};
    static const char *const tifs[]  = {"good_til_cancelled", "good_til_day", "fill_or_kill",
                                        "immediate_or_cancel", NULL};
    const char *type                 = sim_call_string(call, "type");
    const char *label                = sim_call_string(call, "label");
    int row                          = sim_call_instrument(call);
    if (row < 0) {
        return -1;
    }
    if (type != NULL && strcmp(type, "limit") != 0 && strcmp(type, "market") != 0) {
        (void)sim_call_fail(call, 10033); /* stop and take orders, trailing stops */
        return -1;
    }
    const struct sim_instrument *i = &SIM_INSTRUMENTS[row];
    int tif                        = word(call, "time_in_force", tifs);
    int kind                       = word(call, "type", types);
    if (tif < 0 || kind < 0 || read_amount(call, i, &order->amount) != 0) {
        return -1;
    }
    order->instrument = (unsigned)row;
    order->type       = (enum sim_order_type)kind;
    order->tif        = (enum sim_time_in_force)tif;
    if (kind == SIM_LIMIT && scaled(call, "price", i->price_decimals, &order->price) != 0) {
        (void)(json_object_get(call->params, "price") == NULL ? sim_call_missing(call, "price")
                                                              : sim_call_fail(call, 10043));
        return -1;
    }
    if (label != NULL && strlen(label) >= sizeof(order->label)) {
        (void)sim_call_fail_with(call, -32602, "too long", "label");
        return -1;
    }
    (void)snprintf(order->label, sizeof(order->label), "%s", label == NULL ? "" : label);
    order->post_only        = is_true(call, "post_only");
    order->reject_post_only = is_true(call, "reject_post_only");
    order->reduce_only      = is_true(call, "reduce_only");
    return 0;
}

/* Codes whose message carries the limit get it. */
static int refuse(struct sim_call *call, int code, unsigned row)
{
    const struct sim_instrument *i = &SIM_INSTRUMENTS[row];
    (void)sim_call_fail(call, code);
    if (code == 10005 || code == 10007) {
        int64_t limit = i->start_price + (code == 10007 ? 1 : -1) * (i->start_price / 10);
        (void)snprintf(call->message, sizeof(call->message), "%s %.4f", sim_error_message(code),
                       sim_price_of(row, limit));
    }
    return 1;
}

static int place(struct sim_call *call, enum sim_direction direction)
{
    struct sim_execution execution;
    struct sim_order order = {
        .client = call->grant->client, .conn_id = call->conn->id, .direction = direction};
    if (read_order(call, &order) != 0) {
        return 1;
    }
    const json_t *valid_until = json_object_get(call->params, "valid_until");
    if (valid_until != NULL &&
        json_integer_value(valid_until) < clock_realtime() / CLOCK_NS_PER_MS) {
        return sim_call_fail(call, 13888);
    }
    int code = sim_trading_place(call->sim->trading, &order, &execution);
    if (code != 0) {
        return refuse(call, code, order.instrument);
    }
    sim_execution_write(&call->result, &execution);
    return 1;
}

static int buy(struct sim_call *call)
{
    return place(call, SIM_BUY);
}

static int sell(struct sim_call *call)
{
    return place(call, SIM_SELL);
}

/* The order of the parameter order_id. @param open 1: it must be open. @return NULL: the error is
 * set */
static struct sim_order *order_of(struct sim_call *call, int open)
{
    const char *id = sim_call_string(call, "order_id");
    struct sim_order *order =
        id == NULL ? NULL : sim_trading_find(call->sim->trading, call->grant->client, id);
    if (id == NULL) {
        (void)sim_call_missing(call, "order_id");
    } else if (order == NULL) {
        (void)sim_call_fail(call, 10004);
    } else if (open && order->state != SIM_ORDER_OPEN) {
        (void)sim_call_fail(call, 11044);
        order = NULL;
    }
    return order;
}

static int edit(struct sim_call *call)
{
    struct sim_order *order = order_of(call, 1);
    struct sim_execution execution;
    if (order == NULL) {
        return 1;
    }
    const struct sim_instrument *i = &SIM_INSTRUMENTS[order->instrument];
    int64_t amount                 = order->amount;
    int64_t price                  = order->price;
    if ((json_object_get(call->params, "amount") != NULL ||
         json_object_get(call->params, "contracts") != NULL) &&
        read_amount(call, i, &amount) != 0) {
        return 1;
    }
    if (json_object_get(call->params, "price") != NULL &&
        scaled(call, "price", i->price_decimals, &price) != 0) {
        return sim_call_fail(call, 10043);
    }
    int code = sim_trading_edit(call->sim->trading, order, price, amount, &execution);
    if (code != 0) {
        return refuse(call, code, order->instrument);
    }
    sim_execution_write(&call->result, &execution);
    return 1;
}

static int cancel(struct sim_call *call)
{
    struct sim_order *order = order_of(call, 1);
    if (order != NULL) {
        sim_trading_cancel(call->sim->trading, order, "user_request");
        sim_order_write(&call->result, order);
    }
    return 1;
}

static int get_order_state(struct sim_call *call)
{
    const struct sim_order *order = order_of(call, 0);
    if (order != NULL) {
        sim_order_write(&call->result, order);
    }
    return 1;
}

/* An open order of the caller's that the parameters instrument_name, currency, kind and label,
 * where given, fit? */
static int fits(const struct sim_call *call, const struct sim_order *order)
{
    const struct sim_instrument *i = &SIM_INSTRUMENTS[order->instrument];
    const char *instrument         = sim_call_string(call, "instrument_name");
    const char *currency           = sim_call_string(call, "currency");
    const char *kind               = sim_call_string(call, "kind");
    const char *label              = sim_call_string(call, "label");
    return order->client == call->grant->client && order->state == SIM_ORDER_OPEN &&
           (instrument == NULL || strcmp(instrument, i->name) == 0) &&
           (label == NULL || strcmp(label, order->label) == 0) &&
           sim_instrument_matches(i, kind == NULL ? "any" : kind,
                                  currency == NULL ? "any" : currency);
}

static int cancel_all(struct sim_call *call)
{
    unsigned count = 0;
    struct list *node;
    list_for_each (node, sim_trading_orders(call->sim->trading)) {
        struct sim_order *order = LIST_ENTRY(node, struct sim_order, node);
        if (fits(call, order)) {
            sim_trading_cancel(call->sim->trading, order, "user_request");
            count++;
        }
    }
    sim_text_int(&call->result, count);
    return 1;
}

static int get_open_orders(struct sim_call *call)
{
    const char *comma = "";
    struct list *node;
    sim_text_add(&call->result, "[");
    list_for_each (node, sim_trading_orders(call->sim->trading)) {
        const struct sim_order *order = LIST_ENTRY(node, struct sim_order, node);
        if (fits(call, order)) {
            sim_text_add(&call->result, comma);
            sim_order_write(&call->result, order);
            comma = ",";
        }
    }
    sim_text_add(&call->result, "]");
    return 1;
}

static int get_positions(struct sim_call *call)
{
    const char *currency    = sim_call_string(call, "currency");
    const char *kind        = sim_call_string(call, "kind");
    const char *comma       = "";
    struct sim_world *world = sim_feed_world(call->sim->feed);
    sim_text_add(&call->result, "[");
    for (unsigned row = 0; row < SIM_INSTRUMENT_COUNT; row++) {
        const struct sim_position *position =
            sim_trading_position(call->sim->trading, call->grant->client, row);
        if (position->size != 0 &&
            sim_instrument_matches(&SIM_INSTRUMENTS[row], kind == NULL ? "any" : kind,
                                   currency == NULL ? "any" : currency)) {
            sim_text_add(&call->result, comma);
            sim_position_write(&call->result, call->sim->trading, &world->markets[row],
                               call->grant->client, row);
            comma = ",";
        }
    }
    sim_text_add(&call->result, "]");
    return 1;
}

static int get_account_summary(struct sim_call *call)
{
    const char *currency = sim_call_string(call, "currency");
    int row              = currency == NULL ? -1 : sim_currency_find(currency);
    if (currency == NULL) {
        return sim_call_missing(call, "currency");
    }
    if (row < 0) {
        return sim_call_fail_with(call, -32602, "invalid currency", "currency");
    }
    sim_summary_write(&call->result, call->sim->trading, sim_feed_world(call->sim->feed),
                      call->grant->client, (unsigned)row, 1);
    return 1;
}

const struct sim_method SIM_TRADE_METHODS[] = {
    {"private/buy", buy, "trade:read_write"},
    {"private/sell", sell, "trade:read_write"},
    {"private/edit", edit, "trade:read_write"},
    {"private/cancel", cancel, "trade:read_write"},
    {"private/cancel_all", cancel_all, "trade:read_write"},
    {"private/cancel_all_by_instrument", cancel_all, "trade:read_write"},
    {"private/cancel_all_by_currency", cancel_all, "trade:read_write"},
    {"private/cancel_by_label", cancel_all, "trade:read_write"},
    {"private/get_order_state", get_order_state, "trade:read"},
    {"private/get_open_orders", get_open_orders, "trade:read"},
    {"private/get_open_orders_by_instrument", get_open_orders, "trade:read"},
    {"private/get_open_orders_by_currency", get_open_orders, "trade:read"},
    {"private/get_open_orders_by_label", get_open_orders, "trade:read"},
    {"private/get_positions", get_positions, "trade:read"},
    {"private/get_account_summary", get_account_summary, "account:read"},
    {NULL, NULL, NULL},
};
