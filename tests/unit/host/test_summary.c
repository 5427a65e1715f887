/*
 * core/host/summary: many sessions in one line.
 */
#include "host/summary.h"

#include <check.h>
#include <string.h>

#include "base/secret.h"
#include "support/suite.h"

static void expect(const struct summary *summary, uint64_t total, const char *line)
{
    char text[512];
    summary_print(summary, total, text, sizeof(text));
    ck_assert_str_eq(text, line);
}

START_TEST(no_sessions_are_called_so)
{
    static const struct summary NONE = {0};
    expect(&NONE, 0, "no sessions");
}
END_TEST

START_TEST(sessions_that_no_worker_counted_are_starting)
{
    static const struct summary NONE = {0};
    expect(&NONE, 1, "0/1 session ready, 1 starting");
    expect(&NONE, 3, "0/3 sessions ready, 3 starting");
}
END_TEST

START_TEST(the_line_names_one_trouble_of_each_kind)
{
    struct summary summary = {.sessions = {[SUMMARY_READY] = 5, [SUMMARY_BACKOFF] = 1}};
    summary_give_example(&summary, SUMMARY_BACKOFF, "btc", "connection refused");
    expect(&summary, 6, "5/6 sessions ready, 1 in backoff (btc: connection refused)");
    summary.sessions[SUMMARY_FAILED]     = 2;
    summary.sessions[SUMMARY_CONNECTING] = 1;
    summary_give_example(&summary, SUMMARY_FAILED, "eth", "invalid_credentials");
    expect(&summary, 9,
           "5/9 sessions ready, 2 failed and waiting for a person (eth: invalid_credentials), "
           "1 in backoff (btc: connection refused), 1 connecting");
}
END_TEST

START_TEST(sessions_that_still_close_after_a_reload_count_as_there)
{
    struct summary summary = {.sessions = {[SUMMARY_READY] = 1, [SUMMARY_LEAVING] = 2}};
    expect(&summary, 1, "1/3 sessions ready, 2 closing");
}
END_TEST

START_TEST(every_state_has_a_group_and_ready_is_alone_in_its)
{
    for (int state = 0; state < HAWSER_STATE_COUNT; state++) {
        enum summary_group group = summary_group_of((enum hawser_state)state);
        ck_assert_int_lt(group, SUMMARY_GROUP_COUNT);
        ck_assert_int_eq(group == SUMMARY_READY, state == HAWSER_STATE_READY);
    }
}
END_TEST

START_TEST(what_a_worker_counts_arrives_whole_and_is_added_up)
{
    struct summary first  = {.sessions = {[SUMMARY_READY] = 2, [SUMMARY_BACKOFF] = 1}};
    struct summary second = {.sessions = {[SUMMARY_READY] = 3, [SUMMARY_FAILED] = 4}};
    struct summary there;
    ck_assert(summary_wants_example(&first, SUMMARY_BACKOFF));
    ck_assert(!summary_wants_example(&first, SUMMARY_READY));
    summary_give_example(&first, SUMMARY_BACKOFF, "a", "first");
    ck_assert(!summary_wants_example(&first, SUMMARY_BACKOFF));
    json_t *json = summary_json(&first);
    summary_read(&there, json);
    json_decref(json);
    summary_merge(&there, &second);
    expect(&there, 10,
           "5/10 sessions ready, 4 failed and waiting for a person, 1 in backoff (a: first)");
}
END_TEST

START_TEST(an_example_that_is_long_or_no_text_is_cut_and_cleaned)
{
    struct summary summary = {.sessions = {[SUMMARY_BACKOFF] = 1}};
    char message[4096];
    memset(message, 'x', sizeof(message));
    memcpy(message, "bye\nSTOPPING=1 \xc3\xa9", 17);
    message[sizeof(message) - 1] = 0;
    summary_give_example(&summary, SUMMARY_BACKOFF, "a", message);
    ck_assert_uint_eq(strlen(summary.examples[SUMMARY_BACKOFF]), SUMMARY_EXAMPLE_SIZE - 1);
    ck_assert_int_eq(strncmp(summary.examples[SUMMARY_BACKOFF], "a: bye?STOPPING=1 ??x", 21), 0);
    json_t *json = summary_json(&summary);
    ck_assert_ptr_nonnull(json);
    json_decref(json);
}
END_TEST

START_TEST(a_secret_that_an_exchange_repeats_is_masked_though_it_is_cut)
{
    struct hawser_slice secret = {"a-secret-of-some-length", 23};
    struct summary summary     = {.sessions = {[SUMMARY_FAILED] = 1}};
    char message[SUMMARY_EXAMPLE_SIZE + 32];
    ck_assert_int_eq(secret_add(secret), 0);
    summary_give_example(&summary, SUMMARY_FAILED, "a", "no such key: a-secret-of-some-length");
    ck_assert_str_eq(summary.examples[SUMMARY_FAILED], "a: no such key: ***");
    memset(message, 'x', sizeof(message));
    memcpy(message + SUMMARY_EXAMPLE_SIZE - 16, secret.data, secret.len + 1);
    summary_give_example(&summary, SUMMARY_FAILED, "a", message);
    ck_assert_ptr_null(strstr(summary.examples[SUMMARY_FAILED], "a-secret"));
    secret_remove(secret);
}
END_TEST

START_TEST(what_is_no_summary_counts_as_nothing)
{
    struct summary summary;
    json_t *wrong =
        json_pack("{s:{s:i, s:i}, s:s}", "ready", "sessions", -5, "example", 1, "failed", "many");
    summary_read(&summary, wrong);
    json_decref(wrong);
    expect(&summary, 0, "no sessions");
    summary_read(&summary, NULL);
    expect(&summary, 0, "no sessions");
}
END_TEST

START_TEST(a_line_without_room_is_cut)
{
    struct summary summary = {.sessions = {[SUMMARY_READY] = 5, [SUMMARY_BACKOFF] = 1}};
    char text[16];
    summary_print(&summary, 6, text, sizeof(text));
    ck_assert_str_eq(text, "5/6 sessions re");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("summary");
    tcase_add_test(cases, no_sessions_are_called_so);
    tcase_add_test(cases, sessions_that_no_worker_counted_are_starting);
    tcase_add_test(cases, the_line_names_one_trouble_of_each_kind);
    tcase_add_test(cases, sessions_that_still_close_after_a_reload_count_as_there);
    tcase_add_test(cases, every_state_has_a_group_and_ready_is_alone_in_its);
    tcase_add_test(cases, what_a_worker_counts_arrives_whole_and_is_added_up);
    tcase_add_test(cases, an_example_that_is_long_or_no_text_is_cut_and_cleaned);
    tcase_add_test(cases, a_secret_that_an_exchange_repeats_is_masked_though_it_is_cut);
    tcase_add_test(cases, what_is_no_summary_counts_as_nothing);
    tcase_add_test(cases, a_line_without_room_is_cut);
    return suite_run("host/summary", cases);
}
