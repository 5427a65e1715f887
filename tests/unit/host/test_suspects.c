/*
 * core/host/suspects: who is moved out of the others' way, and who is not.
 */
#include "host/suspects.h"

#include <check.h>

#include "support/suite.h"

#define S     CLOCK_NS_PER_S
#define START (1000 * S)

static const struct suspects_limits THREE = {.most = 3, .within = 60 * S};

static enum suspects_verdict crash(struct suspects *suspects, const char *session, clock_ns_t after)
{
    return suspects_note(suspects, &THREE, "faulty", session, START + after);
}

START_TEST(a_session_that_crashes_three_times_is_named_alone)
{
    struct suspects suspects = {0};
    ck_assert_int_eq(crash(&suspects, "a", 0), SUSPECTS_NOBODY);
    ck_assert_int_eq(crash(&suspects, "a", S), SUSPECTS_NOBODY);
    ck_assert_int_eq(crash(&suspects, "a", 2 * S), SUSPECTS_SESSION);
}
END_TEST

START_TEST(several_sessions_of_one_adapter_name_the_adapter)
{
    struct suspects suspects = {0};
    ck_assert_int_eq(crash(&suspects, "a", 0), SUSPECTS_NOBODY);
    ck_assert_int_eq(crash(&suspects, "b", S), SUSPECTS_NOBODY);
    ck_assert_int_eq(crash(&suspects, "c", 2 * S), SUSPECTS_ADAPTER);
}
END_TEST

START_TEST(crashes_of_different_adapters_name_nobody)
{
    static const char *const MODULES[] = {"one", "two", "three", "four"};
    struct suspects suspects           = {0};
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(suspects_note(&suspects, &THREE, MODULES[i % 4], "s", START + i * S),
                         SUSPECTS_NOBODY);
    }
}
END_TEST

START_TEST(crashes_that_are_long_ago_do_not_count)
{
    struct suspects suspects = {0};
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(crash(&suspects, "a", i * 31 * S), SUSPECTS_NOBODY);
    }
}
END_TEST

START_TEST(after_a_verdict_the_count_begins_anew)
{
    struct suspects suspects = {0};
    for (int round = 0; round < 10; round++) {
        ck_assert_int_eq(crash(&suspects, "a", round * S), SUSPECTS_NOBODY);
        ck_assert_int_eq(crash(&suspects, "a", round * S), SUSPECTS_NOBODY);
        ck_assert_int_eq(crash(&suspects, "a", round * S), SUSPECTS_SESSION);
    }
}
END_TEST

START_TEST(a_limit_of_zero_names_nobody_ever)
{
    static const struct suspects_limits NONE = {.most = 0, .within = 60 * S};
    struct suspects suspects                 = {0};
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(suspects_note(&suspects, &NONE, "faulty", "a", START), SUSPECTS_NOBODY);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("suspects");
    tcase_add_test(cases, a_session_that_crashes_three_times_is_named_alone);
    tcase_add_test(cases, several_sessions_of_one_adapter_name_the_adapter);
    tcase_add_test(cases, crashes_of_different_adapters_name_nobody);
    tcase_add_test(cases, crashes_that_are_long_ago_do_not_count);
    tcase_add_test(cases, after_a_verdict_the_count_begins_anew);
    tcase_add_test(cases, a_limit_of_zero_names_nobody_ever);
    return suite_run("host/suspects", cases);
}
