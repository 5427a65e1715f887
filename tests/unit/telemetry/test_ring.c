/*
 * One ring: order, bounds, the wrap of its positions, and positions that cannot be.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"
#include "telemetry/ring.h"

static struct telemetry_ring *ring;

static void make_ring(void)
{
    ring = aligned_alloc(64, sizeof(*ring));
    ck_assert_ptr_nonnull(ring);
    memset(ring, 0, sizeof(*ring));
}

static void drop_ring(void)
{
    free(ring);
}

static int put(int64_t value)
{
    struct telemetry_record *record = telemetry_ring_reserve(ring);
    if (record == NULL) {
        return -1;
    }
    record->value = value;
    telemetry_ring_commit(ring);
    return 0;
}

static int64_t take(void)
{
    struct telemetry_record record;
    return telemetry_ring_take(ring, &record) ? record.value : -1;
}

START_TEST(records_come_out_in_their_order)
{
    ck_assert_int_eq(take(), -1);
    for (int64_t i = 0; i < 10; i++) {
        ck_assert_int_eq(put(i), 0);
    }
    for (int64_t i = 0; i < 10; i++) {
        ck_assert_int_eq(take(), i);
    }
    ck_assert_int_eq(take(), -1);
}
END_TEST

START_TEST(full_ring_refuses_and_keeps_what_it_has)
{
    for (int64_t i = 0; i < TELEMETRY_RING_RECORDS; i++) {
        ck_assert_int_eq(put(i), 0);
    }
    ck_assert_int_eq(put(-2), -1);
    ck_assert_int_eq(take(), 0);
    ck_assert_int_eq(put(TELEMETRY_RING_RECORDS), 0);
    ck_assert_int_eq(put(-2), -1);
    for (int64_t i = 1; i <= TELEMETRY_RING_RECORDS; i++) {
        ck_assert_int_eq(take(), i);
    }
    ck_assert_int_eq(take(), -1);
}
END_TEST

START_TEST(order_is_kept_over_the_wrap_of_places_and_positions)
{
    atomic_store(&ring->head, UINT64_MAX - 5000);
    atomic_store(&ring->tail, UINT64_MAX - 5000);
    int64_t next_put  = 0;
    int64_t next_take = 0;
    while (next_take < 20000) {
        for (int64_t i = 0; i < 7; i++) {
            ck_assert_int_eq(put(next_put++), 0);
        }
        for (int64_t i = 0; i < 7; i++) {
            ck_assert_int_eq(take(), next_take++);
        }
    }
}
END_TEST

START_TEST(record_that_was_not_committed_is_never_seen)
{
    struct telemetry_record *record = telemetry_ring_reserve(ring);
    memset(record, 'x', sizeof(*record));
    ck_assert_int_eq(take(), -1);
    ck_assert_int_eq(put(7), 0); /* the successor of a producer that died in between */
    ck_assert_int_eq(take(), 7);
    ck_assert_int_eq(take(), -1);
}
END_TEST

START_TEST(impossible_positions_are_repaired_by_the_consumer)
{
    static const uint64_t TAILS[] = {1, 1000, UINT64_MAX / 2, 5};
    for (size_t i = 0; i < sizeof(TAILS) / sizeof(TAILS[0]); i++) {
        atomic_store(&ring->head, 0);
        atomic_store(&ring->tail, TAILS[i]); /* behind what was ever put */
        ck_assert_int_eq(put(1), -1);
        ck_assert_int_eq(take(), -1);
        ck_assert_int_eq(put(2), 0);
        ck_assert_int_eq(take(), 2);
    }
    atomic_store(&ring->head, UINT64_C(1) << 40);
    atomic_store(&ring->tail, 0);
    ck_assert_int_eq(put(1), -1);
    ck_assert_int_eq(take(), -1);
    ck_assert_int_eq(put(3), 0);
    ck_assert_int_eq(take(), 3);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("ring");
    tcase_add_checked_fixture(cases, make_ring, drop_ring);
    tcase_add_test(cases, records_come_out_in_their_order);
    tcase_add_test(cases, full_ring_refuses_and_keeps_what_it_has);
    tcase_add_test(cases, order_is_kept_over_the_wrap_of_places_and_positions);
    tcase_add_test(cases, record_that_was_not_committed_is_never_seen);
    tcase_add_test(cases, impossible_positions_are_repaired_by_the_consumer);
    return suite_run("telemetry/ring", cases);
}
