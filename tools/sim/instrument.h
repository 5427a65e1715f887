/*
 * The instruments that the simulator trades: a fixed table. Prices and amounts are integers, scaled
 * by a power of ten that the row names.
 */
#ifndef SIM_INSTRUMENT_H
#define SIM_INSTRUMENT_H

#include "hawser/base.h"
#include "sim/text.h"

#define SIM_INSTRUMENT_COUNT 13u

struct sim_instrument {
    const char *name;
    const char *kind;     /* future, option, spot */
    const char *currency; /* as channels of a kind and currency name it */
    const char *base;     /* base currency */
    const char *quote;
    const char *settlement; /* settlement currency */
    const char *period;     /* settlement period */
    const char *index;      /* price index */
    const char *option_type;
    int64_t start_price; /* scaled by price_decimals */
    int64_t tick;
    int64_t lot; /* smallest amount, and step; scaled by amount_decimals */
    int64_t contract;
    int64_t strike; /* [quote], unscaled; 0: none */
    unsigned price_decimals;
    unsigned amount_decimals;
    unsigned index_of; /* row whose price the index follows */
    unsigned id;
    unsigned is_perpetual;
    unsigned is_linear;
};

extern const struct sim_instrument SIM_INSTRUMENTS[SIM_INSTRUMENT_COUNT];

/** @return the row of that name, or -1 */
int sim_instrument_find(struct hawser_slice name);
/** Does a row belong to a kind (future, option, spot, combo kinds, any) and currency (BTC, any)?
 * @return 1 or 0 */
int sim_instrument_matches(const struct sim_instrument *instrument, const char *kind,
                           const char *currency);
/** @return 1 when the exchange knows this kind, currency or index */
int sim_kind_is_known(const char *kind);
int sim_currency_is_known(const char *currency);
/** @return the row that an index follows, or -1 */
int sim_index_find(struct hawser_slice index);
/** The row as public/get_instrument describes it. */
void sim_instrument_describe(const struct sim_instrument *instrument, struct sim_text *out);

#endif
