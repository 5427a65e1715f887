/*
 * The grammar of channel names: text -> what is asked for. Pure.
 */
#ifndef SIM_CHANNEL_H
#define SIM_CHANNEL_H

#include "hawser/base.h"

#define SIM_CHANNEL_NAME_MAX 96u

enum sim_channel_kind {
    SIM_BOOK,
    SIM_BOOK_GROUPED,
    SIM_TICKER,
    SIM_INCREMENTAL_TICKER,
    SIM_QUOTE,
    SIM_TRADES,
    SIM_PERPETUAL,
    SIM_PRICE_INDEX,
    SIM_PLATFORM_STATE,
    SIM_QUIET, /* known, and nothing happens on it: announcements, instrument.state.., user.lock ..
                */
    SIM_USER_ORDERS,
    SIM_USER_TRADES,
    SIM_USER_CHANGES,
    SIM_USER_PORTFOLIO,
    SIM_CHANNEL_KIND_COUNT
};

enum sim_interval { SIM_RAW, SIM_100MS, SIM_AGG2 };

struct sim_channel {
    char name[SIM_CHANNEL_NAME_MAX]; /* as it was asked for; user.portfolio in lower case */
    enum sim_channel_kind kind;
    enum sim_interval interval;
    int instrument;   /* row; -1: by `family` and `currency` */
    char family[16];  /* future, option, .., any */
    char currency[8]; /* BTC, .., any */
    unsigned group;   /* of a grouped book [quote]; 0: none */
    unsigned depth;   /* of a grouped book */
    int is_private;   /* user.*, block_*: through private/subscribe, with a token */
    int has_raw;      /* a public .raw: with a token only */
};

/** @return 0, or -1: no such channel, instrument, interval, group or depth */
int sim_channel_parse(struct hawser_slice name, struct sim_channel *out);
/** Does something of this instrument concern the channel? @return 1 or 0 */
int sim_channel_covers(const struct sim_channel *channel, unsigned instrument);

#endif
