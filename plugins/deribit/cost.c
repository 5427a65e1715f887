/*
 * What a request costs, and the pools that Deribit counts an account by. The numbers are those of
 * the lowest tier; an account with others says so with `rate_limit`.
 */
#include <string.h>

#include "deribit.h"

enum pool { POOL_MATCHING, POOL_REQUESTS, POOL_SUBSCRIBE, POOL_INSTRUMENTS, POOL_LOG, POOL_MOVE };

static const struct hawser_rate_pool POOLS[] = {
    [POOL_MATCHING]    = {.name = "matching", .rate = 5, .burst = 20, .urgent = 1},
    [POOL_REQUESTS]    = {.name = "requests", .rate = 10000, .burst = 50000},
    [POOL_SUBSCRIBE]   = {.name = "subscribe", .rate = 10000, .burst = 30000},
    [POOL_INSTRUMENTS] = {.name = "instruments", .rate = 10000, .burst = 500000},
    [POOL_LOG]         = {.name = "transaction_log", .rate = 10000, .burst = 80000},
    [POOL_MOVE]        = {.name = "move_positions", .rate = 10000, .burst = 600000, .urgent = 1},
};

const struct hawser_rate_limits deribit_rate_limits = {
    .struct_size = sizeof(deribit_rate_limits),
    .pool_count  = sizeof(POOLS) / sizeof(POOLS[0]),
    .pools       = POOLS,
    .too_many    = 10028,
};

static const struct {
    const char *method;
    uint32_t pool;
    uint32_t cost;
} COSTS[] = {
    {"public/subscribe", POOL_SUBSCRIBE, 3000},
    {"private/subscribe", POOL_SUBSCRIBE, 3000},
    {"public/get_instruments", POOL_INSTRUMENTS, 10000},
    {"private/get_transaction_log", POOL_LOG, 10000},
    {"private/move_positions", POOL_MOVE, 100000},
};

/* Those that reach the matching engine; whole names, or with everything that begins so. */
static const char *const MATCHING[] = {
    "private/buy",
    "private/sell",
    "private/edit",
    "private/edit_by_label",
    "private/cancel*",
    "private/close_position",
    "private/mass_quote",
    "private/verify_block_trade",
    "private/add_block_rfq_quote",
    "private/edit_block_rfq_quote",
    "private/execute_block_trade",
};

static int is_like(const char *pattern, const char *method)
{
    size_t len = strlen(pattern);
    return pattern[len - 1] == '*' ? strncmp(pattern, method, len - 1) == 0
                                   : strcmp(pattern, method) == 0;
}

uint32_t deribit_request_cost(const char *method, uint32_t *pool)
{
    for (size_t i = 0; i < sizeof(COSTS) / sizeof(COSTS[0]); i++) {
        if (strcmp(COSTS[i].method, method) == 0) {
            *pool = COSTS[i].pool;
            return COSTS[i].cost;
        }
    }
    for (size_t i = 0; i < sizeof(MATCHING) / sizeof(MATCHING[0]); i++) {
        if (is_like(MATCHING[i], method)) {
            *pool = POOL_MATCHING;
            return 1;
        }
    }
    *pool = POOL_REQUESTS;
    return 500;
}
