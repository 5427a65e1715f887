/*
 * What market data looks like on the wire: markets -> JSON text. Pure.
 */
#ifndef SIM_PAYLOAD_H
#define SIM_PAYLOAD_H

#include "sim/channel.h"
#include "sim/market.h"
#include "sim/text.h"

/** The notification up to its data, and what follows the data. Hot. */
void sim_payload_open(struct sim_text *out, const char *channel);
void sim_payload_shut(struct sim_text *out);

/** The ticker object of an instrument. Hot. @param type NULL, or "snapshot" of an incremental
 * ticker;
 * @param open 1: leave the closing brace to the caller */
void sim_payload_ticker(struct sim_text *out, const struct sim_market *market, const char *type,
                        int64_t now_ms, int open);
/** What changed in an incremental ticker. Hot. */
void sim_payload_ticker_change(struct sim_text *out, const struct sim_market *market,
                               int64_t now_ms);
void sim_payload_quote(struct sim_text *out, const struct sim_market *market, int64_t now_ms);
/** One public trade as an object. Hot. */
void sim_payload_trade(struct sim_text *out, const struct sim_instrument *instrument,
                       const struct sim_trade *trade);
void sim_payload_perpetual(struct sim_text *out, const struct sim_market *market, int64_t now_ms);
void sim_payload_index(struct sim_text *out, const struct sim_market *market, int64_t now_ms);

/** A whole book as the first frame of a channel. */
void sim_payload_snapshot(struct sim_text *out, const struct sim_instrument *instrument,
                          const struct sim_book *book, int64_t now_ms);
/** @return 1 when two books differ, 0 when there is nothing to tell. Hot. */
int sim_payload_differs(const struct sim_book *sent, const struct sim_book *book);
/** What leads from `sent` to `book`. Hot. */
void sim_payload_change(struct sim_text *out, const struct sim_instrument *instrument,
                        const struct sim_book *sent, const struct sim_book *book, int64_t now_ms);
/** The window of a grouped book. */
void sim_payload_grouped(struct sim_text *out, const struct sim_market *market,
                         const struct sim_channel *channel, int64_t now_ms);
/** "bids":[[price,amount]..],"asks":.. to a depth, as public/get_order_book has them */
void sim_payload_pairs(struct sim_text *out, const struct sim_market *market, unsigned depth);

#endif
