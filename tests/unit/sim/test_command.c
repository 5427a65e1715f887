/*
 * sim/command.c: words and selectors of a command line; sim/stats.c: counters as JSON.
 */
#include "sim/command.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "support/suite.h"

START_TEST(words_and_selectors_are_told_apart)
{
    struct sim_command c = {.sim = NULL};
    ck_assert_int_eq(sim_command_parse(&c, "  close conn=7 1012\t going  client=a=b away "), 0);
    ck_assert_uint_eq(c.count, 4);
    ck_assert_str_eq(c.word[0], "close");
    ck_assert_str_eq(c.word[3], "away");
    ck_assert_uint_eq(c.conn_id, 7);
    ck_assert_str_eq(c.client, "a=b");
    ck_assert_int_eq(c.is_named, 1);
}
END_TEST

START_TEST(lines_out_of_bounds_are_refused)
{
    char line[SIM_COMMAND_MAX + 1];
    struct sim_command c = {.sim = NULL};
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    ck_assert_int_eq(sim_command_parse(&c, line), -1);
    line[sizeof(line) - 2] = '\0';
    ck_assert_int_eq(sim_command_parse(&c, line), 0);
    for (size_t i = 0; i + 2 < sizeof(line); i += 2) {
        line[i]     = 'x';
        line[i + 1] = ' ';
    }
    line[SIM_COMMAND_MAX - 1] = '\0';
    ck_assert_int_eq(sim_command_parse(&c, line), -1);
    ck_assert_ptr_nonnull(strstr(c.error, "words"));
}
END_TEST

START_TEST(numbers_have_a_bound)
{
    struct sim_command c = {.sim = NULL};
    uint64_t value       = 0;
    ck_assert_int_eq(sim_command_number(&c, "65535", 65535, &value), 0);
    ck_assert_uint_eq(value, 65535);
    ck_assert_int_eq(sim_command_number(&c, "65536", 65535, &value), -1);
    ck_assert_int_eq(sim_command_number(&c, "-1", 65535, &value), -1);
    ck_assert_int_eq(sim_command_number(&c, "1x", 65535, &value), -1);
    ck_assert_int_eq(sim_command_number(&c, "", 65535, &value), -1);
    ck_assert_int_eq(sim_command_number(&c, "99999999999999999999", UINT64_MAX, &value), -1);
}
END_TEST

START_TEST(ordered_errors_concern_their_method_and_run_out)
{
    struct sim_faults faults = {.error = {.method = "public/ticker", .code = 10028, .count = 2}};
    ck_assert_int_eq(sim_fault_take_error(&faults, "public/test"), 0);
    ck_assert_int_eq(sim_fault_take_error(&faults, "public/ticker"), 10028);
    ck_assert_int_eq(sim_fault_take_error(&faults, "public/ticker"), 10028);
    ck_assert_int_eq(sim_fault_take_error(&faults, "public/ticker"), 0);
}
END_TEST

START_TEST(stats_are_json_whatever_methods_are_called)
{
    static struct sim_stats stats;
    struct sim_text text = {.failed = 0};
    char name[32];
    sim_stats_init(&stats);
    for (unsigned i = 0; i < SIM_STATS_METHODS + 10; i++) {
        (void)snprintf(name, sizeof(name), "public/\"\n%u", i);
        sim_stats_request(&stats, name);
        sim_stats_request(&stats, name);
    }
    for (unsigned i = 0; i < SIM_STATS_CONNECTS + 5; i++) {
        sim_stats_accepted(&stats);
    }
    sim_stats_write(&stats, 3, &text);
    json_t *root = json_loads(sim_text_get(&text), 0, NULL);
    ck_assert_ptr_nonnull(root);
    ck_assert_int_eq(json_integer_value(json_object_get(root, "open")), 3);
    ck_assert_int_eq(json_integer_value(json_object_get(root, "requests")),
                     2 * (SIM_STATS_METHODS + 10));
    ck_assert_uint_eq(json_object_size(json_object_get(root, "methods")), SIM_STATS_METHODS);
    ck_assert_uint_eq(json_array_size(json_object_get(root, "connects_ms")), SIM_STATS_CONNECTS);
    json_decref(root);
    sim_text_fini(&text);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("command");
    tcase_add_test(cases, words_and_selectors_are_told_apart);
    tcase_add_test(cases, lines_out_of_bounds_are_refused);
    tcase_add_test(cases, numbers_have_a_bound);
    tcase_add_test(cases, ordered_errors_concern_their_method_and_run_out);
    tcase_add_test(cases, stats_are_json_whatever_methods_are_called);
    return suite_run("sim/command", cases);
}
