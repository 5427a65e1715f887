/*
 * sim/market.c and sim/payload_book.c: the same seed gives the same market, books stay books,
 * trades are numbered without a hole, and changes lead from one book to the next.
 */
#include "sim/market.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "sim/payload.h"
#include "support/suite.h"

#define STEPS 5000

static void run(struct sim_world *world, int steps)
{
    for (int i = 0; i < steps; i++) {
        struct sim_market *market = &world->markets[(unsigned)i % SIM_INSTRUMENT_COUNT];
        sim_market_step(market);
        if (i % 3 == 0) {
            sim_market_trade(market, 1000 + i);
        }
    }
}

START_TEST(same_seed_and_number_give_the_same_market)
{
    struct sim_world *one   = sim_world_create(7, 1);
    struct sim_world *two   = sim_world_create(7, 1);
    struct sim_world *other = sim_world_create(8, 1);
    ck_assert(one != NULL && two != NULL && other != NULL);
    run(one, STEPS);
    run(two, STEPS);
    run(other, STEPS);
    for (unsigned i = 0; i < SIM_INSTRUMENT_COUNT; i++) {
        ck_assert_mem_eq(&one->markets[i].book, &two->markets[i].book, sizeof(struct sim_book));
        ck_assert_mem_eq(one->markets[i].log, two->markets[i].log, sizeof(one->markets[i].log));
        ck_assert_int_ne(sim_payload_differs(&one->markets[i].book, &other->markets[i].book), 0);
    }
    free(one);
    free(two);
    free(other);
}
END_TEST

/* Best first, strictly; on ticks; nothing empty. Not by ck_assert: that costs a message each. */
static int side_is_in_order(const struct sim_level *levels, int sign, int64_t tick)
{
    int ok = 1;
    for (unsigned i = 0; i < SIM_BOOK_DEPTH; i++) {
        ok &= levels[i].amount > 0 && levels[i].price > 0 && levels[i].price % tick == 0;
        ok &= i == 0 || (levels[i].price - levels[i - 1].price) * sign > 0;
    }
    return ok;
}

START_TEST(every_step_changes_the_book_and_keeps_it_in_order)
{
    struct sim_world *world   = sim_world_create(3, 0);
    struct sim_market *market = &world->markets[_i];
    const int64_t tick        = market->instrument->tick;
    int wrong                 = 0;
    for (int step = 0; step < STEPS; step++) {
        struct sim_book before      = market->book;
        const struct sim_book *book = &market->book;
        sim_market_step(market);
        wrong += !sim_payload_differs(&before, book);
        wrong += book->change_id <= before.change_id;
        wrong += book->bids[0].price >= book->asks[0].price;
        wrong += !side_is_in_order(book->bids, -1, tick);
        wrong += !side_is_in_order(book->asks, 1, tick);
    }
    ck_assert_int_eq(wrong, 0);
    free(world);
}
END_TEST

START_TEST(trades_are_numbered_without_a_hole_and_the_newest_are_kept)
{
    struct sim_world *world   = sim_world_create(3, 0);
    struct sim_market *market = &world->markets[0];
    uint64_t first            = market->next_seq;
    for (unsigned i = 0; i < SIM_TRADE_LOG + 10; i++) {
        sim_market_trade(market, i);
        const struct sim_trade *trade = sim_market_find(market, first + i);
        ck_assert_ptr_nonnull(trade);
        ck_assert_uint_eq(trade->seq, first + i);
        ck_assert_int_gt(trade->amount, 0);
        ck_assert_int_eq(trade->amount % market->instrument->lot, 0);
        ck_assert_uint_le(trade->tick_direction, 3);
    }
    ck_assert_ptr_null(sim_market_find(market, first));
    ck_assert_ptr_null(sim_market_find(market, market->next_seq));
    ck_assert_ptr_null(sim_market_find(market, 0));
    free(world);
}
END_TEST

START_TEST(tick_direction_tells_up_down_and_even)
{
    struct sim_world *world   = sim_world_create(3, 0);
    struct sim_market *market = &world->markets[0];
    static const struct {
        int64_t price;
        unsigned direction;
    } rows[] = {{600100, 0}, {600100, 1}, {600050, 2}, {600050, 3}, {600050, 3}, {600100, 0}};
    market->last_price = 600000;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct sim_trade *trade = sim_market_record(market, SIM_BUY, rows[i].price, 10, 1);
        ck_assert_uint_eq(trade->tick_direction, rows[i].direction);
    }
    free(world);
}
END_TEST

START_TEST(later_worlds_have_higher_numbers)
{
    struct sim_world *one = sim_world_create(1, 1);
    struct sim_world *two = sim_world_create(1, 2);
    run(one, STEPS);
    ck_assert_uint_gt(two->change_id, one->change_id);
    ck_assert_uint_gt(two->markets[0].next_seq, one->markets[0].next_seq);
    free(one);
    free(two);
}
END_TEST

/* Applies one side of a change to a side of a book by the documented rules. */
static unsigned apply(json_t *entries, double *prices, double *amounts, unsigned count)
{
    size_t at    = 0;
    json_t *each = NULL;
    int wrong    = 0;
    json_array_foreach(entries, at, each)
    {
        const char *word = json_string_value(json_array_get(each, 0));
        double price     = json_number_value(json_array_get(each, 1));
        double amount    = json_number_value(json_array_get(each, 2));
        unsigned i       = 0;
        while (i < count && prices[i] != price) {
            i++;
        }
        wrong += (i == count) != (strcmp(word, "new") == 0);
        if (strcmp(word, "delete") == 0) {
            wrong += amount != 0;
            prices[i]  = prices[--count];
            amounts[i] = amounts[count];
            continue;
        }
        count += i == count;
        prices[i]  = price;
        amounts[i] = amount;
    }
    ck_assert_int_eq(wrong, 0);
    return count;
}

static void same_side(const struct sim_level *levels, const double *prices, const double *amounts,
                      unsigned count)
{
    int wrong = 0;
    ck_assert_uint_eq(count, SIM_BOOK_DEPTH);
    for (unsigned i = 0; i < SIM_BOOK_DEPTH; i++) {
        unsigned at = 0;
        while (at < count && prices[at] != (double)levels[i].price / 10) {
            at++;
        }
        wrong += at == count || amounts[at] != (double)levels[i].amount;
    }
    ck_assert_int_eq(wrong, 0);
}

START_TEST(changes_lead_from_one_book_to_any_later_one)
{
    struct sim_world *world   = sim_world_create((uint64_t)_i, 0);
    struct sim_market *market = &world->markets[0];
    struct sim_text text      = {.failed = 0};
    double prices[2][200];
    double amounts[2][200];
    unsigned count[2] = {0, 0};
    sim_payload_snapshot(&text, market->instrument, &market->book, 1);
    for (int round = 0; round < 40; round++) {
        json_t *frame = json_loads(sim_text_get(&text), 0, NULL);
        ck_assert_ptr_nonnull(frame);
        count[0] = apply(json_object_get(frame, "bids"), prices[0], amounts[0], count[0]);
        count[1] = apply(json_object_get(frame, "asks"), prices[1], amounts[1], count[1]);
        same_side(market->book.bids, prices[0], amounts[0], count[0]);
        same_side(market->book.asks, prices[1], amounts[1], count[1]);
        json_decref(frame);
        struct sim_book sent = market->book;
        for (int step = 0; step <= round * 5; step++) {
            sim_market_step(market);
        }
        sim_text_clear(&text);
        sim_payload_change(&text, market->instrument, &sent, &market->book, 2);
    }
    sim_text_fini(&text);
    free(world);
}
END_TEST

START_TEST(tickers_of_every_instrument_are_json)
{
    struct sim_world *world = sim_world_create(1, 0);
    struct sim_text text    = {.failed = 0};
    sim_payload_ticker(&text, &world->markets[_i], NULL, 1, 0);
    json_t *ticker = json_loads(sim_text_get(&text), JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(ticker);
    ck_assert(json_is_number(json_object_get(ticker, "mark_price")));
    json_decref(ticker);
    sim_text_fini(&text);
    free(world);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("market");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, same_seed_and_number_give_the_same_market);
    tcase_add_loop_test(cases, every_step_changes_the_book_and_keeps_it_in_order, 0,
                        SIM_INSTRUMENT_COUNT);
    tcase_add_test(cases, trades_are_numbered_without_a_hole_and_the_newest_are_kept);
    tcase_add_test(cases, tick_direction_tells_up_down_and_even);
    tcase_add_test(cases, later_worlds_have_higher_numbers);
    tcase_add_loop_test(cases, changes_lead_from_one_book_to_any_later_one, 0, 5);
    tcase_add_loop_test(cases, tickers_of_every_instrument_are_json, 0, SIM_INSTRUMENT_COUNT);
    return suite_run("sim/market", cases);
}
