/*
 * generic/template: messages with gaps.
 */
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"
#include "template.h"

static struct hawser_slice slice(const char *text)
{
    return (struct hawser_slice){text, strlen(text)};
}

static void fill(const char *text, const struct template_values *values, const char *wanted)
{
    struct hawser_slice got = {NULL, 0};
    ck_assert_int_eq(template_fill(text, values, &got), TEMPLATE_OK);
    ck_assert_uint_eq(got.len, strlen(wanted));
    ck_assert(got.len == 0 || memcmp(got.data, wanted, got.len) == 0);
    free((void *)(uintptr_t)got.data);
}

static void fill_one(const char *text, const char *channel, const char *wanted)
{
    struct hawser_slice name      = slice(channel);
    struct template_values values = {.channels = &name, .count = 1, .separator = ".", .id = 42};
    fill(text, &values, wanted);
}

START_TEST(a_name_goes_between_the_templates_own_quotes)
{
    fill_one("{\"args\":[\"$channel\"]}", "tickers.BTC", "{\"args\":[\"tickers.BTC\"]}");
    fill_one("$channel$channel", "a", "aa");
    fill_one("", "a", "");
    fill_one("plain", "a", "plain");
}
END_TEST

START_TEST(quotes_backslashes_and_control_characters_in_names_are_escaped)
{
    fill_one("\"$channel\"", "a\"b\\c\x01\xc3\xa9", "\"a\\\"b\\\\c\\u0001\xc3\xa9\"");
    fill_one("[\"$1\"]", "x\"y.z", "[\"x\\\"y.z\"]");
}
END_TEST

START_TEST(several_names_become_an_array)
{
    struct hawser_slice names[]   = {slice("a"), slice("b\"c"), slice("d")};
    struct template_values values = {.channels = names, .count = 3, .separator = "."};
    fill("{\"params\":$channels}", &values, "{\"params\":[\"a\",\"b\\\"c\",\"d\"]}");
    values.count = 1;
    fill("$channels", &values, "[\"a\"]");
}
END_TEST

START_TEST(the_last_part_that_is_used_takes_the_rest)
{
    fill_one("$1|$2", "tickers.BTC.USD", "tickers|BTC.USD");
    fill_one("$3", "tickers.BTC.USD", "USD");
    fill_one("$2 $2", "a.b", "b b");
    fill_one("$1", "a.b", "a.b");
}
END_TEST

START_TEST(a_name_with_too_few_parts_is_refused)
{
    static const char *const NAMES[] = {"a", "a.", "", "a.b"};
    static const char *const TEXTS[] = {"$1 $2", "$1 $2", "$1", "$3"};
    struct hawser_slice name         = slice(NAMES[_i]);
    struct hawser_slice got          = {NULL, 0};
    struct template_values values    = {.channels = &name, .count = 1, .separator = "."};
    ck_assert_int_eq(template_fill(TEXTS[_i], &values, &got), TEMPLATE_NO_PART);
    ck_assert_ptr_null(got.data);
}
END_TEST

START_TEST(separators_may_be_longer_than_a_character)
{
    struct hawser_slice name      = slice("a::b:c");
    struct template_values values = {.channels = &name, .count = 1, .separator = "::"};
    fill("$1/$2", &values, "a/b:c");
}
END_TEST

START_TEST(ids_and_dollar_signs_are_filled_in)
{
    fill_one("{\"id\":$id,\"price\":\"$$5\"}", "a", "{\"id\":42,\"price\":\"$5\"}");
}
END_TEST

START_TEST(a_template_says_what_it_asks_for)
{
    struct template_use use = template_look("$channel $id $2 $$");
    ck_assert_int_eq(use.channel, 1);
    ck_assert_int_eq(use.channels, 0);
    ck_assert_int_eq(use.id, 1);
    ck_assert_uint_eq(use.parts, 2);
    ck_assert_str_eq(use.wrong, "");
    use = template_look("x $channels");
    ck_assert_int_eq(use.channel, 0);
    ck_assert_int_eq(use.channels, 1);
}
END_TEST

START_TEST(unknown_gaps_are_named)
{
    static const char *const CASES[][2] = {
        {"$chanel", "$chanel"},
        {"a $ b", "$"},
        {"$", "$"},
        {"$0", "$0"},
        {"$channel_x", "$channel_x"},
        {"$channel $ids $b", "$ids"},
    };
    ck_assert_str_eq(template_look(CASES[_i][0]).wrong, CASES[_i][1]);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("template");
    tcase_add_test(tests, a_name_goes_between_the_templates_own_quotes);
    tcase_add_test(tests, quotes_backslashes_and_control_characters_in_names_are_escaped);
    tcase_add_test(tests, several_names_become_an_array);
    tcase_add_test(tests, the_last_part_that_is_used_takes_the_rest);
    tcase_add_loop_test(tests, a_name_with_too_few_parts_is_refused, 0, 4);
    tcase_add_test(tests, separators_may_be_longer_than_a_character);
    tcase_add_test(tests, ids_and_dollar_signs_are_filled_in);
    tcase_add_test(tests, a_template_says_what_it_asks_for);
    tcase_add_loop_test(tests, unknown_gaps_are_named, 0, 6);
    return suite_run("generic/template", tests);
}
