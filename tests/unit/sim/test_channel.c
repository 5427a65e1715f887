/*
 * sim/channel.c: the grammar of channel names, fed from guard pages.
 */
#include "sim/channel.h"

#include <string.h>

#include "sim/instrument.h"
#include "support/guard.h"
#include "support/suite.h"

static int parse(const char *name, size_t len, struct sim_channel *out)
{
    struct hawser_slice copy = guard_copy(name, len);
    int rc                   = sim_channel_parse(copy, out);
    guard_free(copy);
    return rc;
}

static const struct {
    const char *name;
    enum sim_channel_kind kind;
    enum sim_interval interval;
    const char *instrument; /* NULL: by family */
    int is_private;
    int has_raw;
} GOOD[] = {
    {"book.BTC-PERPETUAL.raw", SIM_BOOK, SIM_RAW, "BTC-PERPETUAL", 0, 1},
    {"book.ETH_USDC.100ms", SIM_BOOK, SIM_100MS, "ETH_USDC", 0, 0},
    {"book.BTC-PERPETUAL.none.10.agg2", SIM_BOOK_GROUPED, SIM_AGG2, "BTC-PERPETUAL", 0, 0},
    {"ticker.BTC-31DEC27-60000-C.agg2", SIM_TICKER, SIM_AGG2, "BTC-31DEC27-60000-C", 0, 0},
    {"quote.BTC-PERPETUAL", SIM_QUOTE, SIM_100MS, "BTC-PERPETUAL", 0, 0},
    {"trades.future.BTC.raw", SIM_TRADES, SIM_RAW, NULL, 0, 1},
    {"perpetual.ETH-PERPETUAL.raw", SIM_PERPETUAL, SIM_RAW, "ETH-PERPETUAL", 0, 1},
    {"deribit_price_index.btc_usd", SIM_PRICE_INDEX, SIM_100MS, "BTC-PERPETUAL", 0, 0},
    {"platform_state", SIM_PLATFORM_STATE, SIM_100MS, NULL, 0, 0},
    {"platform_state.public_methods_state", SIM_QUIET, SIM_100MS, NULL, 0, 0},
    {"instrument.state.option.BTC", SIM_QUIET, SIM_100MS, NULL, 0, 0},
    {"user.orders.BTC-PERPETUAL.raw", SIM_USER_ORDERS, SIM_RAW, "BTC-PERPETUAL", 1, 0},
    {"user.orders.any.any.agg2", SIM_USER_ORDERS, SIM_AGG2, NULL, 1, 0},
    {"user.trades.spot.usdc.100ms", SIM_USER_TRADES, SIM_100MS, NULL, 1, 0},
    {"user.changes.future.ETH.raw", SIM_USER_CHANGES, SIM_RAW, NULL, 1, 0},
    {"user.lock", SIM_QUIET, SIM_100MS, NULL, 1, 0},
};

START_TEST(known_channels_are_understood)
{
    struct sim_channel channel;
    ck_assert_int_eq(parse(GOOD[_i].name, strlen(GOOD[_i].name), &channel), 0);
    ck_assert_str_eq(channel.name, GOOD[_i].name);
    ck_assert_int_eq(channel.kind, GOOD[_i].kind);
    ck_assert_int_eq(channel.interval, GOOD[_i].interval);
    ck_assert_int_eq(channel.is_private, GOOD[_i].is_private);
    ck_assert_int_eq(channel.has_raw, GOOD[_i].has_raw);
    if (GOOD[_i].instrument == NULL) {
        ck_assert_int_lt(channel.instrument, 0);
    } else {
        ck_assert_str_eq(SIM_INSTRUMENTS[channel.instrument].name, GOOD[_i].instrument);
    }
}
END_TEST

START_TEST(no_part_of_a_known_channel_is_one_but_by_its_grammar)
{
    struct sim_channel channel;
    for (size_t len = 0; len < strlen(GOOD[_i].name); len++) {
        if (parse(GOOD[_i].name, len, &channel) == 0) {
            ck_assert_str_eq(channel.name, "platform_state");
        }
    }
}
END_TEST

static const char *const BAD[] = {
    "",
    ".",
    "book",
    "book.",
    "book.BTC-PERPETUAL",
    "book.BTC-PERPETUAL.",
    "book.BTC-PERPETUAL.1s",
    "book.btc-perpetual.raw",
    "book..raw",
    "book.BTC-PERPETUAL.3.10.100ms",
    "book.BTC-PERPETUAL.none.5.100ms",
    "book.BTC-PERPETUAL.none.10",
    "book.BTC-PERPETUAL.none.+10.100ms",
    "book.BTC-PERPETUAL.none.99999999.100ms",
    "Book.BTC-PERPETUAL.raw",
    "ticker.BTC-PERPETUAL.raw.x",
    "trades.futures.BTC.raw",
    "trades.future.DOGE.raw",
    "perpetual.BTC-31DEC27.raw",
    "deribit_price_index.btc",
    "platform_state.x",
    "user",
    "user.orders",
    "user.orders.any.raw",
    "user.portfolio.DOGE",
    "user.nothing.any.any.raw",
    "a.b.c.d.e.f.g.h",
};

START_TEST(other_names_are_refused)
{
    struct sim_channel channel;
    ck_assert_int_eq(parse(BAD[_i], strlen(BAD[_i]), &channel), -1);
}
END_TEST

START_TEST(names_over_the_bound_are_refused)
{
    char name[SIM_CHANNEL_NAME_MAX + 64];
    struct sim_channel channel;
    memset(name, 'a', sizeof(name));
    memcpy(name, "book.", 5);
    ck_assert_int_eq(parse(name, sizeof(name), &channel), -1);
}
END_TEST

START_TEST(portfolio_comes_back_in_lower_case)
{
    struct sim_channel channel;
    ck_assert_int_eq(parse("user.portfolio.BTC", 18, &channel), 0);
    ck_assert_str_eq(channel.name, "user.portfolio.btc");
    ck_assert_str_eq(channel.currency, "BTC");
}
END_TEST

START_TEST(family_channels_cover_their_instruments)
{
    struct sim_channel channel;
    ck_assert_int_eq(parse("trades.option.BTC.100ms", 23, &channel), 0);
    for (unsigned i = 0; i < SIM_INSTRUMENT_COUNT; i++) {
        int expected = strcmp(SIM_INSTRUMENTS[i].kind, "option") == 0 &&
                       strcmp(SIM_INSTRUMENTS[i].currency, "BTC") == 0;
        ck_assert_int_eq(sim_channel_covers(&channel, i), expected);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("channel");
    tcase_add_loop_test(cases, known_channels_are_understood, 0, sizeof(GOOD) / sizeof(GOOD[0]));
    tcase_add_loop_test(cases, no_part_of_a_known_channel_is_one_but_by_its_grammar, 0,
                        sizeof(GOOD) / sizeof(GOOD[0]));
    tcase_add_loop_test(cases, other_names_are_refused, 0, sizeof(BAD) / sizeof(BAD[0]));
    tcase_add_test(cases, names_over_the_bound_are_refused);
    tcase_add_test(cases, portfolio_comes_back_in_lower_case);
    tcase_add_test(cases, family_channels_cover_their_instruments);
    return suite_run("sim/channel", cases);
}
