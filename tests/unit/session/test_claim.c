/*
 * session/claim: who waits for an account's tokens.
 */
#include <check.h>

#include "session/claim.h"
#include "support/suite.h"

#define NOW (INT64_C(1000) * CLOCK_NS_PER_S)

START_TEST(a_claim_holds_until_its_tokens_are_there_and_a_little_longer)
{
    claim_number one = 0;
    ck_assert_int_eq(claim_wait(&one, NOW), 0);
    claim_raise(&one, NOW, CLOCK_NS_PER_S);
    ck_assert_int_ge(claim_wait(&one, NOW), CLOCK_NS_PER_S);
    ck_assert_int_gt(claim_wait(&one, NOW + CLOCK_NS_PER_S), 0);
    ck_assert_int_eq(claim_wait(&one, NOW + 2 * CLOCK_NS_PER_S), 0);
    ck_assert_int_eq(claim_wait(NULL, NOW), 0);
}
END_TEST

START_TEST(the_longest_of_several_counts)
{
    claim_number one = 0;
    claim_raise(&one, NOW, 3 * CLOCK_NS_PER_S);
    claim_raise(&one, NOW, CLOCK_NS_PER_S);
    ck_assert_int_ge(claim_wait(&one, NOW), 3 * CLOCK_NS_PER_S);
}
END_TEST

START_TEST(nonsense_holds_nobody_up_and_no_claim_is_for_ever)
{
    claim_number one = NOW + 3600 * CLOCK_NS_PER_S; /* of another process */
    ck_assert_int_eq(claim_wait(&one, NOW), 0);
    claim_raise(&one, NOW, 3600 * CLOCK_NS_PER_S);
    ck_assert_int_le(claim_wait(&one, NOW), CLAIM_HORIZON_NS);
    ck_assert_int_gt(claim_wait(&one, NOW), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("claim");
    tcase_add_test(cases, a_claim_holds_until_its_tokens_are_there_and_a_little_longer);
    tcase_add_test(cases, the_longest_of_several_counts);
    tcase_add_test(cases, nonsense_holds_nobody_up_and_no_claim_is_for_ever);
    return suite_run("session/claim", cases);
}
