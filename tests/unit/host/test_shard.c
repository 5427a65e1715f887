/*
 * Which worker runs a session: the same for ever, even, and with few moves.
 */
#include "host/shard.h"

#include <stdio.h>

#include "support/suite.h"

#define SESSIONS 4000

static uint32_t shard_of_number(int i, uint32_t workers)
{
    char name[32];
    snprintf(name, sizeof(name), "deribit-%d", i);
    return shard_of(name, workers);
}

START_TEST(one_worker_runs_everything)
{
    for (int i = 0; i < 100; i++) {
        ck_assert_uint_eq(shard_of_number(i, 1), 0);
    }
    ck_assert_uint_eq(shard_of("", 1), 0);
}
END_TEST

START_TEST(a_new_release_runs_sessions_where_the_old_one_did)
{
    static const struct {
        const char *session;
        uint32_t workers;
        uint32_t shard;
    } KNOWN[] = {{"btc", 2, 0},
                 {"eth", 3, 1},
                 {"deribit-test", 8, 0},
                 {"a", 64, 32},
                 {"session_with_a_long_name", 256, 38},
                 {"", 5, 4}};
    for (size_t i = 0; i < sizeof(KNOWN) / sizeof(KNOWN[0]); i++) {
        ck_assert_uint_eq(shard_of(KNOWN[i].session, KNOWN[i].workers), KNOWN[i].shard);
    }
}
END_TEST

START_TEST(sessions_spread_evenly)
{
    for (uint32_t workers = 2; workers <= 16; workers++) {
        int load[16] = {0};
        for (int i = 0; i < SESSIONS; i++) {
            uint32_t shard = shard_of_number(i, workers);
            ck_assert_uint_lt(shard, workers);
            load[shard]++;
        }
        int fair = SESSIONS / (int)workers;
        for (uint32_t i = 0; i < workers; i++) {
            ck_assert_int_gt(load[i], fair * 3 / 4);
            ck_assert_int_lt(load[i], fair * 5 / 4);
        }
    }
}
END_TEST

START_TEST(one_more_worker_takes_its_share_and_moves_no_other_session)
{
    for (uint32_t workers = 1; workers < 16; workers++) {
        int moved = 0;
        for (int i = 0; i < SESSIONS; i++) {
            uint32_t before = shard_of_number(i, workers);
            uint32_t after  = shard_of_number(i, workers + 1);
            ck_assert(after == before || after == workers);
            moved += after != before;
        }
        int fair = SESSIONS / (int)(workers + 1);
        ck_assert_int_gt(moved, fair * 3 / 4);
        ck_assert_int_lt(moved, fair * 5 / 4);
    }
}
END_TEST

START_TEST(a_session_in_quarantine_runs_there_and_no_other_session_moves)
{
    struct shards shards = {4, json_pack("{s:b}", "deribit-7", 1)};
    for (int i = 0; i < 100; i++) {
        char name[32];
        snprintf(name, sizeof(name), "deribit-%d", i);
        ck_assert_uint_eq(shard_worker(&shards, name),
                          i == 7 ? SHARD_QUARANTINE : shard_of(name, 4));
    }
    json_decref(shards.quarantined);
    shards.quarantined = NULL;
    ck_assert_uint_eq(shard_worker(&shards, "deribit-7"), shard_of("deribit-7", 4));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("shard");
    tcase_add_test(cases, one_worker_runs_everything);
    tcase_add_test(cases, a_new_release_runs_sessions_where_the_old_one_did);
    tcase_add_test(cases, sessions_spread_evenly);
    tcase_add_test(cases, one_more_worker_takes_its_share_and_moves_no_other_session);
    tcase_add_test(cases, a_session_in_quarantine_runs_there_and_no_other_session_moves);
    return suite_run("host/shard", cases);
}
