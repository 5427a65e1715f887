/*
 * Orders, own trades, positions and accounts as JSON.
 */
#ifndef SIM_ORDER_TEXT_H
#define SIM_ORDER_TEXT_H

#include "sim/text.h"
#include "sim/trading.h"

void sim_order_write(struct sim_text *out, const struct sim_order *order);
void sim_fill_write(struct sim_text *out, const struct sim_order *order,
                    const struct sim_fill *fill);
/** {"order":..,"trades":[..]}, as buy, sell and edit answer */
void sim_execution_write(struct sim_text *out, const struct sim_execution *execution);
void sim_position_write(struct sim_text *out, struct sim_trading *trading,
                        const struct sim_market *market, const struct sim_client *client,
                        unsigned instrument);
/** What user.portfolio sends, and get_account_summary with `limits`. @param currency 0 BTC, 1 ETH,
 * 2 USDC */
void sim_summary_write(struct sim_text *out, struct sim_trading *trading, struct sim_world *world,
                       const struct sim_client *client, unsigned currency, int with_limits);
/** @return 0 BTC, 1 ETH, 2 USDC, -1: none of them; upper or lower case */
int sim_currency_find(const char *currency);

#endif
