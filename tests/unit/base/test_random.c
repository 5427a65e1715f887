/*
 * core/base/random: unpredictable bytes, and fractions that a test can make predictable.
 */
#include "base/random.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

START_TEST(bytes_are_filled_to_the_end_and_no_further)
{
    /* a byte that stays 0xAA through 64 independent fills would be a chance of 1 in 2^512 */
    uint8_t bytes[4098];
    uint8_t changed[4098] = {0};
    for (int round = 0; round < 64; round++) {
        memset(bytes, 0xAA, sizeof(bytes));
        random_bytes(bytes + 1, sizeof(bytes) - 2);
        ck_assert_int_eq(bytes[0], 0xAA);
        ck_assert_int_eq(bytes[sizeof(bytes) - 1], 0xAA);
        for (size_t i = 1; i + 1 < sizeof(bytes); i++) {
            changed[i] |= bytes[i] != 0xAA;
        }
    }
    for (size_t i = 1; i + 1 < sizeof(bytes); i++) {
        ck_assert_int_eq(changed[i], 1);
    }
}
END_TEST

START_TEST(two_fills_differ)
{
    uint8_t a[32];
    uint8_t b[32];
    random_bytes(a, sizeof(a));
    random_bytes(b, sizeof(b));
    ck_assert_mem_ne(a, b, sizeof(a));
}
END_TEST

START_TEST(every_bit_of_a_mask_key_takes_both_values)
{
    uint32_t ones  = 0;
    uint32_t zeros = 0;
    for (int i = 0; i < 1000; i++) {
        uint32_t value = random_u32();
        ones |= value;
        zeros |= ~value;
    }
    ck_assert_uint_eq(ones, UINT32_MAX);
    ck_assert_uint_eq(zeros, UINT32_MAX);
}
END_TEST

START_TEST(fractions_lie_in_the_half_open_unit_interval)
{
    random_seed_fractions((uint64_t)_i);
    double least = 1.0;
    double most  = 0.0;
    for (int i = 0; i < 10000; i++) {
        double value = random_fraction();
        ck_assert(value >= 0.0 && value < 1.0);
        least = value < least ? value : least;
        most  = value > most ? value : most;
    }
    ck_assert(least < 0.01 && most > 0.99);
    random_seed_fractions(0);
}
END_TEST

START_TEST(a_seed_repeats_the_fractions_and_leaves_the_bytes_unpredictable)
{
    random_seed_fractions(42);
    double first = random_fraction();
    uint32_t key = random_u32();
    random_seed_fractions(42);
    ck_assert(random_fraction() == first);
    ck_assert(random_u32() != key || random_u32() != key);
    random_seed_fractions(0);
    ck_assert(random_fraction() != first || random_fraction() != first);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("random");
    tcase_add_test(cases, bytes_are_filled_to_the_end_and_no_further);
    tcase_add_test(cases, two_fills_differ);
    tcase_add_test(cases, every_bit_of_a_mask_key_takes_both_values);
    tcase_add_loop_test(cases, fractions_lie_in_the_half_open_unit_interval, 0, 4);
    tcase_add_test(cases, a_seed_repeats_the_fractions_and_leaves_the_bytes_unpredictable);
    return suite_run("base/random", cases);
}
