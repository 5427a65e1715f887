/*
 * core/base/secret: a known value is masked in each form in which it travels.
 */
#include "base/secret.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/slice.h"
#include "support/suite.h"

static const char *masked(const char *text, int is_cut)
{
    static char copy[8192];
    (void)snprintf(copy, sizeof(copy), "%s", text);
    secret_mask_text(copy, is_cut);
    return copy;
}

static void add(const char *value)
{
    ck_assert_int_eq(secret_add(slice_of(value)), 0);
}

static void drop(const char *value)
{
    secret_remove(slice_of(value));
}

START_TEST(a_value_is_masked_wherever_it_stands)
{
    add("hunter2-hunter2");
    ck_assert_str_eq(masked("hunter2-hunter2", 0), "***");
    ck_assert_str_eq(masked("a hunter2-hunter2hunter2-hunter2, hunter2", 0), "a ******, hunter2");
    drop("hunter2-hunter2");
    ck_assert_str_eq(masked("hunter2-hunter2", 0), "hunter2-hunter2");
}
END_TEST

START_TEST(a_text_is_not_cut_inside_of_a_secret)
{
    struct hawser_slice text = slice_of("at hunter2-hunter2, end");
    add("hunter2-hunter2");
    ck_assert_uint_eq(secret_cut(text, 100), text.len);
    ck_assert_uint_eq(secret_cut(text, 19), 19);
    for (size_t max = 3; max < 18; max++) {
        ck_assert_uint_eq(secret_cut(text, max), 3);
    }
    ck_assert_uint_eq(secret_cut(text, 18), 18);
    ck_assert_uint_eq(secret_cut(text, 2), 2);
    drop("hunter2-hunter2");
    ck_assert_uint_eq(secret_cut(text, 10), 10);
}
END_TEST

START_TEST(encoded_forms_are_masked_as_well)
{
    static const char *const TEXTS[][2] = {
        {"s3/cr\"et+x", "raw"},
        {"s3/cr\\\"et+x", "JSON"},
        {"s3\\/cr\\\"et+x", "JSON with escaped slashes"},
        {"s3%2Fcr%22et%2Bx", "percent"},
        {"s3%2fcr%22et%2bx", "percent in lower case"},
        {"73332f6372226574"
         "2b78",
         "hex"},
        {"73332F6372226574"
         "2B78",
         "hex in upper case"},
    };
    add("s3/cr\"et+x");
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        char text[128];
        (void)snprintf(text, sizeof(text), "<%s>", TEXTS[i][0]);
        ck_assert_msg(strcmp(masked(text, 0), "<***>") == 0, "%s: %s", TEXTS[i][1],
                      masked(text, 0));
    }
    drop("s3/cr\"et+x");
}
END_TEST

/* As coreutils' base64 makes them, of the value alone and with one, two and more bytes around it.
 */
START_TEST(base64_is_masked_at_each_offset)
{
    static const char *const TEXTS[] = {"Y2FuYXJ5LTQ3MTE=",
                                        "Y2FuYXJ5LTQ3MTEK",
                                        "dTpjYW5hcnktNDcxMQ==",
                                        "dXM6Y2FuYXJ5LTQ3MTE=",
                                        "dXNlcjpjYW5hcnktNDcxMTptb3Jl",
                                        "eGNhbmFyeS00NzEx",
                                        "eHhjYW5hcnktNDcxMT8/"};
    add("canary-4711");
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        const char *left = masked(TEXTS[i], 0);
        ck_assert_msg(strstr(left, "***") != NULL && strlen(left) + 10 <= strlen(TEXTS[i]),
                      "%s -> %s", TEXTS[i], left);
    }
    drop("canary-4711");
}
END_TEST

START_TEST(the_front_of_a_value_that_is_cut_off_is_masked)
{
    add("canary-4711");
    ck_assert_str_eq(masked("token canary-47", 1), "token ***");
    ck_assert_str_eq(masked("token canary-47", 0), "token canary-47");
    ck_assert_str_eq(masked("a can", 1), "a can");
    drop("canary-4711");
}
END_TEST

START_TEST(the_longer_of_two_values_that_begin_alike_is_masked_whole)
{
    add("canary");
    add("canary-4711");
    ck_assert_str_eq(masked("canary canary-4711", 0), "*** ***");
    drop("canary");
    ck_assert_str_eq(masked("canary canary-4711", 0), "canary ***");
    drop("canary-4711");
}
END_TEST

START_TEST(a_value_that_two_hold_is_masked_until_both_have_let_it_go)
{
    add("canary-4711");
    add("canary-4711");
    drop("canary-4711");
    ck_assert_str_eq(masked("canary-4711", 0), "***");
    drop("canary-4711");
    drop("canary-4711"); /* once too often is harmless */
    ck_assert_str_eq(masked("canary-4711", 0), "canary-4711");
}
END_TEST

START_TEST(values_too_short_to_be_told_from_any_word_are_not_masked)
{
    add("");
    add("abc");
    ck_assert_str_eq(masked("abc", 0), "abc");
    drop("abc");
}
END_TEST

START_TEST(a_value_longer_than_the_bound_is_masked_by_its_front)
{
    char value[3000];
    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = 0;
    add(value);
    ck_assert_uint_lt(strlen(masked(value, 1)), 16);
    drop(value);
}
END_TEST

START_TEST(many_values_are_found_each)
{
    char value[32];
    for (int i = 0; i < 300; i++) {
        (void)snprintf(value, sizeof(value), "value-%d-end", i * 7919);
        add(value);
    }
    for (int i = 0; i < 300; i++) {
        (void)snprintf(value, sizeof(value), "value-%d-end", i * 7919);
        ck_assert_str_eq(masked(value, 0), "***");
        drop(value);
        ck_assert_str_eq(masked(value, 0), value);
    }
}
END_TEST

START_TEST(an_error_never_quotes_a_value)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    char padding[HAWSER_ERROR_MESSAGE_SIZE];
    memset(padding, '.', sizeof(padding) - 1);
    padding[sizeof(padding) - 8] = 0;
    add("canary-4711");
    error_set(&err, HAWSER_SYSTEM_CALL, "you said canary-4711");
    ck_assert_str_eq(err.message, "you said ***");
    error_set(&err, HAWSER_SYSTEM_CALL, "%scanary-4711", padding); /* cut in the middle of it */
    ck_assert_ptr_null(strstr(err.message, "cana"));
    drop("canary-4711");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("secret");
    tcase_add_test(cases, a_value_is_masked_wherever_it_stands);
    tcase_add_test(cases, a_text_is_not_cut_inside_of_a_secret);
    tcase_add_test(cases, encoded_forms_are_masked_as_well);
    tcase_add_test(cases, base64_is_masked_at_each_offset);
    tcase_add_test(cases, the_front_of_a_value_that_is_cut_off_is_masked);
    tcase_add_test(cases, the_longer_of_two_values_that_begin_alike_is_masked_whole);
    tcase_add_test(cases, a_value_that_two_hold_is_masked_until_both_have_let_it_go);
    tcase_add_test(cases, values_too_short_to_be_told_from_any_word_are_not_masked);
    tcase_add_test(cases, a_value_longer_than_the_bound_is_masked_by_its_front);
    tcase_add_test(cases, many_values_are_found_each);
    tcase_add_test(cases, an_error_never_quotes_a_value);
    return suite_run("base/secret", cases);
}
