/*
 * Which address is next: turns, patience, refusals, and what a person's act undoes.
 */
#include "session/urls.h"

#include <string.h>

#include "support/suite.h"

#define S CLOCK_NS_PER_S

static const char *const MORE[] = {"wss://b:1/x?key=secret", "ws://[::1]:2", NULL};
static struct urls urls;
static struct hawser_error err;

static void set_up(void)
{
    err = (struct hawser_error)HAWSER_ERROR_INIT;
    ck_assert_int_eq(urls_init(&urls, "ws://a/", MORE, &err), 0);
}

static void tear_down(void)
{
    urls_fini(&urls);
}

START_TEST(the_first_is_the_first_choice_and_each_failure_moves_on_and_round)
{
    static const size_t ORDER[] = {0, 1, 2, 0, 1};
    for (size_t i = 0; i < sizeof(ORDER) / sizeof(ORDER[0]); i++) {
        ck_assert_int_eq(urls_choose(&urls, S), 0);
        ck_assert_uint_eq(urls.current, ORDER[i]);
        urls_failed(&urls, S, 0);
    }
}
END_TEST

START_TEST(without_a_failure_before_open_the_choice_stays)
{
    urls_failed(&urls, S, 0);
    ck_assert_int_eq(urls_choose(&urls, S), 0);
    ck_assert_int_eq(urls_choose(&urls, S), 0);
    ck_assert_uint_eq(urls.current, 1);
    urls_ready(&urls);
    ck_assert_uint_eq(urls.current, 1); /* the link is not touched */
    ck_assert_int_eq(urls_choose(&urls, S), 0);
    ck_assert_uint_eq(urls.current, 0);
}
END_TEST

START_TEST(one_that_asks_for_patience_is_passed_over_until_then)
{
    urls_failed(&urls, S, 10 * S); /* a: not before 11 */
    (void)urls_choose(&urls, S);
    urls_failed(&urls, 2 * S, 0); /* b */
    (void)urls_choose(&urls, 2 * S);
    urls_failed(&urls, 3 * S, 20 * S); /* c: not before 23 */
    ck_assert_int_eq(urls_choose(&urls, 3 * S), 0);
    ck_assert_uint_eq(urls.current, 1);
    urls_failed(&urls, 4 * S, 30 * S); /* b: not before 34 */
    ck_assert_int_eq(urls_choose(&urls, 4 * S), 7 * S);
    ck_assert_uint_eq(urls.current, 0);
    ck_assert_int_eq(urls_choose(&urls, 24 * S), 0);
    ck_assert_uint_eq(urls.current, 0);
}
END_TEST

START_TEST(a_denied_one_is_left_out_until_a_person_acts)
{
    ck_assert_int_eq(urls_deny(&urls), 1);
    urls_failed(&urls, S, 0);
    for (int i = 0; i < 4; i++) {
        (void)urls_choose(&urls, S);
        ck_assert_uint_eq(urls.current, i % 2 == 0 ? 1 : 2);
        urls_failed(&urls, S, 100 * S);
    }
    ck_assert_int_eq(urls_deny(&urls), 1);
    (void)urls_choose(&urls, S);
    ck_assert_uint_eq(urls.current, 1);
    ck_assert_int_eq(urls_deny(&urls), 0); /* the last */
    urls_forgive(&urls);
    ck_assert_int_eq(urls_choose(&urls, S), 0);
    ck_assert_uint_eq(urls.current, 0);
}
END_TEST

START_TEST(an_address_is_shown_without_its_path)
{
    ck_assert_str_eq(urls.items[0].address, "ws://a");
    ck_assert_str_eq(urls.items[1].address, "wss://b:1");
    ck_assert_str_eq(urls.items[2].address, "ws://[::1]:2");
    ck_assert_int_eq(urls_any_secure(&urls), 1);
}
END_TEST

START_TEST(a_wrong_one_and_one_too_many_are_refused)
{
    static const char *const WRONG[] = {"ws://b", "http://c", NULL};
    const char *many[URLS_MAX + 1]   = {NULL};
    struct urls other;
    ck_assert_int_eq(urls_init(&other, "ws://a", WRONG, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "url: expected ws://"));
    urls_fini(&other);
    for (size_t i = 0; i < URLS_MAX; i++) {
        many[i] = "ws://b";
    }
    ck_assert_int_eq(urls_init(&other, "ws://a", many, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "at most 16"));
    urls_fini(&other);
    many[URLS_MAX - 1] = NULL;
    ck_assert_int_eq(urls_init(&other, "ws://a", many, &err), 0);
    ck_assert_int_eq(urls_any_secure(&other), 0);
    urls_fini(&other);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("urls");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, the_first_is_the_first_choice_and_each_failure_moves_on_and_round);
    tcase_add_test(cases, without_a_failure_before_open_the_choice_stays);
    tcase_add_test(cases, one_that_asks_for_patience_is_passed_over_until_then);
    tcase_add_test(cases, a_denied_one_is_left_out_until_a_person_acts);
    tcase_add_test(cases, an_address_is_shown_without_its_path);
    tcase_add_test(cases, a_wrong_one_and_one_too_many_are_refused);
    return suite_run("session/urls", cases);
}
