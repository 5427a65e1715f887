/*
 * Orders against the common market. See trading.h.
 */
#include "sim/trading.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/feed.h"
#include "sim/user_feed.h"

#define MARKET_TURN_MS 100 /* how often resting orders look at the market */
#define FIRST_ORDER    UINT64_C(70000000)
#define LEVERAGE       50.0

struct sim_trading {
    struct sim *sim;
    struct list orders;
    unsigned closed;
    unsigned open;
    uint64_t last_id;
    struct event *turn; /* runs while orders rest */
    struct sim_position positions[SIM_CLIENTS_MAX + 1][SIM_INSTRUMENT_COUNT];
};

static int64_t wall_ms(void)
{
    return clock_realtime() / CLOCK_NS_PER_MS;
}

double sim_amount_of(unsigned instrument, int64_t amount)
{
    return (double)amount / pow(10, SIM_INSTRUMENTS[instrument].amount_decimals);
}

double sim_price_of(unsigned instrument, int64_t price)
{
    return (double)price / pow(10, SIM_INSTRUMENTS[instrument].price_decimals);
}

static unsigned currency_of(const struct sim_instrument *i)
{
    return strcmp(i->settlement, "BTC") == 0 ? 0 : strcmp(i->settlement, "ETH") == 0 ? 1 : 2;
}

/* What an amount at a price is worth in the settlement currency. */
static double value_of(unsigned row, double amount, double price)
{
    const struct sim_instrument *i = &SIM_INSTRUMENTS[row];
    return i->is_linear || i->option_type != NULL ? amount * price : amount / price;
}

static struct sim_market *market_of(struct sim_trading *t, unsigned instrument)
{
    return &sim_feed_world(t->sim->feed)->markets[instrument];
}

struct sim_position *sim_trading_position(struct sim_trading *t, const struct sim_client *client,
                                          unsigned instrument)
{
    return &t->positions[client->number][instrument];
}

/* @return profit of the part that the fill closes */
static double move_position(struct sim_position *p, unsigned row, int64_t signed_amount,
                            double price)
{
    double profit = 0;
    if (p->size != 0 && (p->size > 0) != (signed_amount > 0)) {
        int64_t closed =
            llabs(signed_amount) < llabs(p->size) ? llabs(signed_amount) : llabs(p->size);
        double amount = sim_amount_of(row, closed);
        double gain   = SIM_INSTRUMENTS[row].is_linear || SIM_INSTRUMENTS[row].option_type != NULL
                            ? amount * (price - p->average)
                            : amount * (1 / p->average - 1 / price);
        profit        = p->size > 0 ? gain : -gain;
        p->realized += profit;
    }
    int64_t size = p->size + signed_amount;
    if (size == 0) {
        p->average = 0;
    } else if (p->size == 0 || (size > 0) != (p->size > 0)) {
        p->average = price;
    } else if (llabs(size) > llabs(p->size)) {
        p->average = (p->average * (double)llabs(p->size) + price * (double)llabs(signed_amount)) /
                     (double)llabs(size);
    }
    p->size = size;
    return profit;
}

static void fill(struct sim_trading *t, struct sim_execution *e, int64_t price, int64_t amount,
                 int is_maker)
{
    struct sim_order *o = e->order;
    unsigned row        = o->instrument;
    struct sim_fill *f  = &e->fills[e->count++];
    enum sim_direction taker =
        is_maker ? (o->direction == SIM_BUY ? SIM_SELL : SIM_BUY) : o->direction;
    f->trade    = *sim_market_record(market_of(t, row), taker, price, amount, wall_ms());
    f->is_maker = is_maker;
    double at   = sim_price_of(row, price);
    f->fee      = is_maker ? 0 : 0.0005 * value_of(row, sim_amount_of(row, amount), at);
    f->profit   = move_position(sim_trading_position(t, o->client, row), row,
                              o->direction == SIM_BUY ? amount : -amount, at);
    o->average =
        (o->average * (double)o->filled + at * (double)amount) / (double)(o->filled + amount);
    o->filled += amount;
    o->updated_ms = f->trade.timestamp_ms;
    o->client->balance[currency_of(&SIM_INSTRUMENTS[row])] += f->profit - f->fee;
}

static int crosses(const struct sim_order *o, int64_t level)
{
    return o->direction == SIM_BUY ? level <= o->price : level >= o->price;
}

static const struct sim_level *far_side(struct sim_trading *t, const struct sim_order *o)
{
    const struct sim_book *book = &market_of(t, o->instrument)->book;
    return o->direction == SIM_BUY ? book->asks : book->bids;
}

/* What the book could take of an order now. */
static int64_t takeable(struct sim_trading *t, const struct sim_order *o)
{
    const struct sim_level *levels = far_side(t, o);
    int64_t sum                    = 0;
    for (unsigned i = 0; i < SIM_BOOK_DEPTH && crosses(o, levels[i].price); i++) {
        sum += levels[i].amount;
    }
    return sum;
}

static void close_order(struct sim_trading *t, struct sim_order *o, enum sim_order_state state)
{
    o->state = state;
    t->open--;
    t->closed++;
    if (t->open == 0) {
        (void)event_del(t->turn);
    }
}

static void take(struct sim_trading *t, struct sim_execution *e)
{
    struct sim_order *o            = e->order;
    const struct sim_level *levels = far_side(t, o);
    for (unsigned i = 0; i < SIM_BOOK_DEPTH && o->filled < o->amount; i++) {
        if (!crosses(o, levels[i].price)) {
            break;
        }
        int64_t left = o->amount - o->filled;
        fill(t, e, levels[i].price, left < levels[i].amount ? left : levels[i].amount, 0);
    }
    if (o->filled == o->amount) {
        close_order(t, o, SIM_ORDER_FILLED);
    } else if (o->type == SIM_MARKET || o->tif == SIM_IOC || o->tif == SIM_FOK) {
        close_order(t, o, SIM_ORDER_CANCELLED); /* nothing of it may rest */
    }
}

/* Closed orders are kept for get_order_state, up to a bound. */
static void forget_oldest(struct sim_trading *t)
{
    struct list *node;
    struct list *after;
    list_for_each_safe (node, after, &t->orders) {
        struct sim_order *o = LIST_ENTRY(node, struct sim_order, node);
        if (t->closed <= SIM_ORDERS_KEPT) {
            return;
        }
        if (o->state != SIM_ORDER_OPEN) {
            list_remove(node);
            free(o);
            t->closed--;
        }
    }
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct sim_trading *t             = arg;
    int stepped[SIM_INSTRUMENT_COUNT] = {0};
    struct list *node;
    list_for_each (node, &t->orders) {
        struct sim_order *o = LIST_ENTRY(node, struct sim_order, node);
        if (o->state != SIM_ORDER_OPEN) {
            continue;
        }
        if (!stepped[o->instrument]) {
            stepped[o->instrument] = 1;
            sim_market_step(market_of(t, o->instrument));
        }
        if (crosses(o, far_side(t, o)[0].price)) {
            struct sim_execution e = {.order = o};
            fill(t, &e, o->price, o->amount - o->filled, 1);
            close_order(t, o, SIM_ORDER_FILLED);
            sim_user_publish(t->sim, &e);
        }
    }
}

struct sim_trading *sim_trading_create(struct sim *sim)
{
    struct sim_trading *t = calloc(1, sizeof(*t));
    if (t == NULL) {
        return NULL;
    }
    t->sim     = sim;
    t->last_id = FIRST_ORDER;
    list_init(&t->orders);
    t->turn = event_new(sim->base, -1, EV_PERSIST, on_turn, t);
    if (t->turn == NULL) {
        free(t);
        return NULL;
    }
    return t;
}

void sim_trading_destroy(struct sim_trading *t)
{
    if (t == NULL) {
        return;
    }
    while (!list_is_empty(&t->orders)) {
        struct list *node = t->orders.next;
        list_remove(node);
        free(LIST_ENTRY(node, struct sim_order, node));
    }
    event_free(t->turn);
    free(t);
}

struct list *sim_trading_orders(struct sim_trading *t)
{
    return &t->orders;
}

struct sim_order *sim_trading_find(struct sim_trading *t, const struct sim_client *client,
                                   const char *id)
{
    struct list *node;
    list_for_each (node, &t->orders) {
        struct sim_order *o = LIST_ENTRY(node, struct sim_order, node);
        if (o->client == client && strcmp(o->id, id) == 0) {
            return o;
        }
    }
    return NULL;
}

/* Price in its band and on a tick, amount in lots, funds. @return 0, or the API's error code */
static int check_order(struct sim_trading *t, const struct sim_order *o)
{
    const struct sim_instrument *i = &SIM_INSTRUMENTS[o->instrument];
    double value = value_of(o->instrument, sim_amount_of(o->instrument, o->amount),
                            sim_price_of(o->instrument, o->price));
    if (o->amount < i->lot || o->amount % i->lot != 0) {
        return o->amount < i->lot ? 10002 : 10021;
    }
    if (o->price % i->tick != 0) {
        return 10043;
    }
    if (o->direction == SIM_BUY && o->price > i->start_price + i->start_price / 10) {
        return 10007;
    }
    if (o->direction == SIM_SELL && o->price < i->start_price - i->start_price / 10) {
        return 10005;
    }
    if (value / LEVERAGE > o->client->balance[currency_of(i)]) {
        return 10009;
    }
    if (o->tif == SIM_FOK && takeable(t, o) < o->amount) {
        return 13907;
    }
    return 0;
}

/* An order that may only rest steps back behind the book, or is refused. */
static int check_post_only(struct sim_trading *t, struct sim_order *o)
{
    if (!o->post_only || takeable(t, o) == 0) {
        return 0;
    }
    if (o->reject_post_only) {
        return 11054;
    }
    int64_t tick = SIM_INSTRUMENTS[o->instrument].tick;
    int64_t best = far_side(t, o)[0].price;
    o->price     = o->direction == SIM_BUY ? best - tick : best + tick;
    return 0;
}

static unsigned count_open(struct sim_trading *t, const struct sim_client *client)
{
    unsigned count = 0;
    struct list *node;
    list_for_each (node, &t->orders) {
        const struct sim_order *o = LIST_ENTRY(node, struct sim_order, node);
        count += o->client == client && o->state == SIM_ORDER_OPEN;
    }
    return count;
}

static void start_turns(struct sim_trading *t)
{
    const struct timeval each = {0, MARKET_TURN_MS * 1000};
    if (t->open++ == 0) {
        (void)event_add(t->turn, &each);
    }
}

int sim_trading_place(struct sim_trading *t, const struct sim_order *wanted,
                      struct sim_execution *out)
{
    const struct sim_instrument *i = &SIM_INSTRUMENTS[wanted->instrument];
    struct sim_order *o            = malloc(sizeof(*o));
    if (o == NULL) {
        return 11094;
    }
    *o = *wanted;
    if (o->type == SIM_MARKET) {
        int64_t band = i->start_price / 10 / i->tick * i->tick;
        o->price = i->start_price / i->tick * i->tick + (o->direction == SIM_BUY ? band : -band);
    }
    int code = check_order(t, o);
    code     = code != 0 ? code : check_post_only(t, o);
    if (code == 0 && count_open(t, o->client) >= SIM_OPEN_ORDERS_MAX) {
        code = 10013;
    }
    if (code != 0) {
        free(o);
        return code;
    }
    (void)snprintf(o->id, sizeof(o->id), "%s-%llu", i->settlement,
                   (unsigned long long)++t->last_id);
    o->created_ms = o->updated_ms = wall_ms();
    list_append(&t->orders, &o->node);
    start_turns(t);
    *out = (struct sim_execution){.order = o};
    take(t, out);
    forget_oldest(t);
    sim_user_publish(t->sim, out);
    return 0;
}

int sim_trading_edit(struct sim_trading *t, struct sim_order *order, int64_t price, int64_t amount,
                     struct sim_execution *out)
{
    struct sim_order wanted = *order;
    wanted.price            = price;
    wanted.amount           = amount;
    int code                = amount <= order->filled ? 10021 : check_order(t, &wanted);
    if (code != 0) {
        return code;
    }
    order->price      = price;
    order->amount     = amount;
    order->replaced   = 1;
    order->updated_ms = wall_ms();
    *out              = (struct sim_execution){.order = order};
    if (order->post_only && takeable(t, order) > 0) {
        order->cancel_reason = "edit_post_only_reject";
        close_order(t, order, SIM_ORDER_CANCELLED);
    } else {
        take(t, out);
    }
    sim_user_publish(t->sim, out);
    return 0;
}

void sim_trading_cancel(struct sim_trading *t, struct sim_order *order, const char *reason)
{
    struct sim_execution e = {.order = order};
    order->cancel_reason   = reason;
    order->updated_ms      = wall_ms();
    close_order(t, order, SIM_ORDER_CANCELLED);
    sim_user_publish(t->sim, &e);
}

unsigned sim_trading_disconnect(struct sim_trading *t, const struct sim_client *client,
                                uint64_t conn_id)
{
    unsigned count = 0;
    struct list *node;
    list_for_each (node, &t->orders) {
        struct sim_order *o = LIST_ENTRY(node, struct sim_order, node);
        if (o->client == client && o->conn_id == conn_id && o->state == SIM_ORDER_OPEN) {
            sim_trading_cancel(t, o, "cancel_on_disconnect");
            count++;
        }
    }
    return count;
}
