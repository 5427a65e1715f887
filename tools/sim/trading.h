/*
 * Orders and positions of the clients, against the common market: what crosses fills at the book's
 * prices, the rest waits until the market comes to it.
 */
#ifndef SIM_TRADING_H
#define SIM_TRADING_H

#include "sim/account.h"
#include "sim/market.h"
#include "sim/sim.h"

#define SIM_OPEN_ORDERS_MAX 500u  /* of one client */
#define SIM_ORDERS_KEPT     2000u /* closed ones, of all clients */

enum sim_order_state { SIM_ORDER_OPEN, SIM_ORDER_FILLED, SIM_ORDER_CANCELLED };
enum sim_order_type { SIM_LIMIT, SIM_MARKET };
enum sim_time_in_force { SIM_GTC, SIM_GTD, SIM_FOK, SIM_IOC, SIM_TIME_IN_FORCE_COUNT };

struct sim_order {
    struct list node;
    char id[32];
    char label[65];
    struct sim_client *client;
    uint64_t conn_id; /* over which it came */
    unsigned instrument;
    enum sim_direction direction;
    enum sim_order_type type;
    enum sim_time_in_force tif;
    enum sim_order_state state;
    int64_t price; /* these are scaled as the instrument says */
    int64_t amount;
    int64_t filled;
    double average; /* [quote] */
    int64_t created_ms;
    int64_t updated_ms;
    int post_only;
    int reject_post_only;
    int reduce_only;
    int replaced;
    const char *cancel_reason; /* NULL: none */
};

struct sim_fill {
    struct sim_trade trade;
    double fee; /* [settlement currency] */
    double profit;
    int is_maker;
};

/** What one request, or one move of the market, did to an order. */
struct sim_execution {
    struct sim_order *order;
    struct sim_fill fills[SIM_BOOK_DEPTH];
    unsigned count;
};

struct sim_position {
    int64_t size;   /* scaled; negative: short */
    double average; /* [quote] */
    double realized;
};

struct sim_trading;

/** @return given; NULL: out of memory */
struct sim_trading *sim_trading_create(struct sim *sim);
void sim_trading_destroy(struct sim_trading *trading);

/** Take an order. @param wanted  its fields but id, state, fills and times. @return 0 with out
 * filled, or the API's error code */
int sim_trading_place(struct sim_trading *trading, const struct sim_order *wanted,
                      struct sim_execution *out);
/** Change an open order. @return 0, or the API's error code */
int sim_trading_edit(struct sim_trading *trading, struct sim_order *order, int64_t price,
                     int64_t amount, struct sim_execution *out);
void sim_trading_cancel(struct sim_trading *trading, struct sim_order *order, const char *reason);
/** @return the order, or NULL: no such order of this client */
struct sim_order *sim_trading_find(struct sim_trading *trading, const struct sim_client *client,
                                   const char *id);
/** All orders, oldest first: a list of struct sim_order. */
struct list *sim_trading_orders(struct sim_trading *trading);
/** Cancel on disconnect. @return how many orders */
unsigned sim_trading_disconnect(struct sim_trading *trading, const struct sim_client *client,
                                uint64_t conn_id);
struct sim_position *sim_trading_position(struct sim_trading *trading,
                                          const struct sim_client *client, unsigned instrument);
/** Amount and price as numbers of their unit. */
double sim_amount_of(unsigned instrument, int64_t amount);
double sim_price_of(unsigned instrument, int64_t price);

#endif
