/*
 * sim/text.c: numbers as the exchange prints them, strings escaped.
 */
#include "sim/text.h"

#include <string.h>

#include "support/suite.h"

static void is_fixed(int64_t value, unsigned decimals, const char *expected)
{
    struct sim_text text = {.failed = 0};
    sim_text_fixed(&text, value, decimals);
    ck_assert_str_eq(sim_text_get(&text), expected);
    sim_text_fini(&text);
}

static void is_amount(int64_t value, unsigned decimals, const char *expected)
{
    struct sim_text text = {.failed = 0};
    sim_text_amount(&text, value, decimals);
    ck_assert_str_eq(sim_text_get(&text), expected);
    sim_text_fini(&text);
}

START_TEST(fixed_numbers_end_in_at_least_one_digit_and_no_zeros)
{
    is_fixed(0, 0, "0.0");
    is_fixed(0, 8, "0.0");
    is_fixed(600005, 1, "60000.5");
    is_fixed(600000, 1, "60000.0");
    is_fixed(-1250, 2, "-12.5");
    is_fixed(7, 3, "0.007");
    is_fixed(100, 0, "100.0");
    is_fixed(INT64_MAX, 0, "9223372036854775807.0");
    is_fixed(INT64_MIN, 0, "-9223372036854775808.0");
}
END_TEST

START_TEST(small_numbers_take_an_exponent)
{
    is_fixed(1742, 8, "1.742e-05");
    is_fixed(5, 8, "5e-08");
    is_fixed(-30, 8, "-3e-07");
    is_fixed(9999, 8, "9.999e-05");
    is_fixed(10000, 8, "0.0001");
    is_fixed(1, 12, "1e-12");
}
END_TEST

START_TEST(round_amounts_from_a_thousand_take_an_exponent)
{
    is_amount(2200, 0, "2.2e3");
    is_amount(1000, 0, "1.0e3");
    is_amount(502000000, 0, "5.02e8");
    is_amount(900, 0, "900.0");
    is_amount(1010, 0, "1010.0");
    is_amount(12000, 1, "1.2e3");
    is_amount(12001, 1, "1200.1");
}
END_TEST

START_TEST(strings_are_escaped)
{
    struct sim_text text = {.failed = 0};
    sim_text_string(&text, "a\"b\\c\n\x01\xc3\xa4");
    ck_assert_str_eq(sim_text_get(&text), "\"a\\\"b\\\\c\\u000a\\u0001\xc3\xa4\"");
    sim_text_fini(&text);
}
END_TEST

START_TEST(failure_sticks_and_gives_no_text)
{
    struct sim_text text = {.failed = 0};
    buf_init(&text.buf, 4);
    sim_text_add(&text, "abc");
    sim_text_add(&text, "def");
    sim_text_add(&text, "g");
    ck_assert_int_eq(text.failed, 1);
    ck_assert_str_eq(sim_text_get(&text), "");
    sim_text_clear(&text);
    sim_text_add(&text, "g");
    ck_assert_str_eq(sim_text_get(&text), "g");
    sim_text_fini(&text);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("text");
    tcase_add_test(cases, fixed_numbers_end_in_at_least_one_digit_and_no_zeros);
    tcase_add_test(cases, small_numbers_take_an_exponent);
    tcase_add_test(cases, round_amounts_from_a_thousand_take_an_exponent);
    tcase_add_test(cases, strings_are_escaped);
    tcase_add_test(cases, failure_sticks_and_gives_no_text);
    return suite_run("sim/text", cases);
}
