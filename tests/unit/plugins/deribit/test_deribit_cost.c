/*
 * deribit/cost: which pool a request is counted in, and for how much.
 */
#include <string.h>

#include "deribit.h"
#include "support/suite.h"

static const struct {
    const char *method;
    const char *pool;
    uint32_t cost;
} COSTS[] = {
    {"private/buy", "matching", 1},
    {"private/sell", "matching", 1},
    {"private/edit", "matching", 1},
    {"private/edit_by_label", "matching", 1},
    {"private/cancel", "matching", 1},
    {"private/cancel_all_by_currency", "matching", 1},
    {"private/cancel_quotes", "matching", 1},
    {"private/close_position", "matching", 1},
    {"private/mass_quote", "matching", 1},
    {"private/move_positions", "move_positions", 100000},
    {"public/subscribe", "subscribe", 3000},
    {"private/subscribe", "subscribe", 3000},
    {"public/get_instruments", "instruments", 10000},
    {"private/get_transaction_log", "transaction_log", 10000},
    {"public/ticker", "requests", 500},
    {"public/get_instrument", "requests", 500}, /* the one without an s */
    {"private/buy_something_else", "requests", 500},
    {"", "requests", 500},
};

START_TEST(a_method_is_counted_in_its_pool)
{
    uint32_t pool = UINT32_MAX;
    ck_assert_uint_eq(deribit_request_cost(COSTS[_i].method, &pool), COSTS[_i].cost);
    ck_assert_uint_lt(pool, deribit_rate_limits.pool_count);
    ck_assert_str_eq(deribit_rate_limits.pools[pool].name, COSTS[_i].pool);
    ck_assert_uint_le(COSTS[_i].cost, deribit_rate_limits.pools[pool].burst);
}
END_TEST

START_TEST(orders_go_first_and_pools_are_as_many_as_a_host_takes)
{
    ck_assert_uint_le(deribit_rate_limits.pool_count, 8);
    for (uint32_t i = 0; i < deribit_rate_limits.pool_count; i++) {
        const struct hawser_rate_pool *pool = &deribit_rate_limits.pools[i];
        int is_orders =
            strcmp(pool->name, "matching") == 0 || strcmp(pool->name, "move_positions") == 0;
        ck_assert_uint_eq(pool->urgent, (uint32_t)is_orders);
        ck_assert_uint_gt(pool->rate, 0);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("cost");
    tcase_add_loop_test(cases, a_method_is_counted_in_its_pool, 0,
                        (int)(sizeof(COSTS) / sizeof(COSTS[0])));
    tcase_add_test(cases, orders_go_first_and_pools_are_as_many_as_a_host_takes);
    return suite_run("deribit/cost", cases);
}
