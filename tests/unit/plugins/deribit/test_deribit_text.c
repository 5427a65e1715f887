/*
 * deribit/text: JSON text that grows.
 */
#include <stdint.h>
#include <string.h>

#include "support/suite.h"
#include "text.h"

static void expect(const struct text *text, const char *wanted)
{
    struct hawser_slice got = text_slice(text);
    ck_assert_uint_eq(got.len, strlen(wanted));
    ck_assert_int_eq(memcmp(got.data, wanted, got.len), 0);
    ck_assert_int_eq(text->failed, 0);
}

START_TEST(strings_are_escaped)
{
    struct text text = {0};
    text_string(&text, (struct hawser_slice){"a\"b\\c\n\x01\xc3\xa9/", 10});
    expect(&text, "\"a\\\"b\\\\c\\u000a\\u0001\xc3\xa9/\"");
    text_fini(&text);
    ck_assert_ptr_null(text.bytes);
}
END_TEST

START_TEST(an_empty_string_is_two_quotes)
{
    struct text text = {0};
    text_string(&text, (struct hawser_slice){NULL, 0});
    expect(&text, "\"\"");
    text_fini(&text);
}
END_TEST

START_TEST(numbers_reach_from_end_to_end)
{
    struct text text = {0};
    text_number(&text, INT64_MIN);
    text_raw(&text, ",");
    text_number(&text, INT64_MAX);
    expect(&text, "-9223372036854775808,9223372036854775807");
    text_fini(&text);
}
END_TEST

START_TEST(growing_keeps_what_is_there)
{
    struct text text = {0};
    char wanted[2001];
    for (size_t i = 0; i < 200; i++) {
        text_raw(&text, "0123456789");
        memcpy(wanted + i * 10, "0123456789", 10);
    }
    wanted[2000] = 0;
    expect(&text, wanted);
    text_fini(&text);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("text");
    tcase_add_test(tests, strings_are_escaped);
    tcase_add_test(tests, an_empty_string_is_two_quotes);
    tcase_add_test(tests, numbers_reach_from_end_to_end);
    tcase_add_test(tests, growing_keeps_what_is_there);
    return suite_run("deribit/text", tests);
}
