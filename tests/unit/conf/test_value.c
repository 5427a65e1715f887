/*
 * Words as values: units, limits, and the words of every refusal.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "conf/value.h"

typedef int (*value_fn)(const char *word, int64_t *out, struct hawser_error *err);

struct good {
    value_fn fn;
    const char *word;
    int64_t value;
};

static const struct good GOOD[] = {
    {conf_value_flag, "on", 1},
    {conf_value_flag, "off", 0},
    {conf_value_flag, "On", 1},
    {conf_value_flag, "OFF", 0},
    {conf_value_number, "0", 0},
    {conf_value_number, "42", 42},
    {conf_value_number, "-7", -7},
    {conf_value_number, "007", 7},
    {conf_value_number, "9223372036854775807", INT64_MAX},
    {conf_value_number, "-9223372036854775807", -INT64_MAX},
    {conf_value_time, "0", 0},
    {conf_value_time, "5", 5000},
    {conf_value_time, "500ms", 500},
    {conf_value_time, "5s", 5000},
    {conf_value_time, "2m", 120000},
    {conf_value_time, "1h", 3600000},
    {conf_value_time, "1d", 86400000},
    {conf_value_time, "1h30m", 5400000},
    {conf_value_time, "1d2h3m4s5ms", 93784005},
    {conf_value_time, "9223372036854775807ms", INT64_MAX},
    {conf_value_size, "0", 0},
    {conf_value_size, "512", 512},
    {conf_value_size, "64k", 65536},
    {conf_value_size, "64K", 65536},
    {conf_value_size, "1m", 1048576},
    {conf_value_size, "2M", 2097152},
    {conf_value_size, "1g", 1073741824},
    {conf_value_size, "3G", INT64_C(3221225472)},
    {conf_value_size, "8589934591g", INT64_C(8589934591) * 1073741824},
};

START_TEST(a_word_reads_as_its_value)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    int64_t value           = -99;
    ck_assert_int_eq(GOOD[_i].fn(GOOD[_i].word, &value, &err), 0);
    ck_assert_int_eq(value, GOOD[_i].value);
    ck_assert_uint_eq(err.code, HAWSER_OK);
}
END_TEST

#define TIME   "expected a time such as 500ms, 5s, 2m or 1h30m, got "
#define SIZE   "expected a size such as 512, 64k or 1m, got "
#define NUMBER "expected a whole number, got "

struct bad {
    value_fn fn;
    const char *word;
    const char *message;
};

static const struct bad BAD[] = {
    {conf_value_flag, "yes", "expected on or off, got \"yes\""},
    {conf_value_flag, "", "expected on or off, got \"\""},
    {conf_value_flag, "on ", "expected on or off, got \"on \""},
    {conf_value_number, "", NUMBER "\"\""},
    {conf_value_number, "-", NUMBER "\"-\""},
    {conf_value_number, "+1", NUMBER "\"+1\""},
    {conf_value_number, " 1", NUMBER "\" 1\""},
    {conf_value_number, "1 ", NUMBER "\"1 \""},
    {conf_value_number, "1.5", NUMBER "\"1.5\""},
    {conf_value_number, "0x10", NUMBER "\"0x10\""},
    {conf_value_number, "--1", NUMBER "\"--1\""},
    {conf_value_number, "9223372036854775808",
     "expected a number of at most 19 digits, got \"9223372036854775808\""},
    {conf_value_number, "99999999999999999999",
     "expected a number of at most 19 digits, got \"99999999999999999999\""},
    {conf_value_time, "", TIME "\"\""},
    {conf_value_time, "s", TIME "\"s\""},
    {conf_value_time, "-5s", TIME "\"-5s\""},
    {conf_value_time, "5 s", TIME "\"5 s\""},
    {conf_value_time, "5S", TIME "\"5S\""},
    {conf_value_time, "5x", TIME "\"5x\""},
    {conf_value_time, "5sec", TIME "\"5sec\""},
    {conf_value_time, "1.5s", TIME "\"1.5s\""},
    {conf_value_time, "1h30", TIME "\"1h30\""},
    {conf_value_time, "30m1h", TIME "\"30m1h\""},
    {conf_value_time, "1s1s", TIME "\"1s1s\""},
    {conf_value_time, "9223372036854775808ms",
     "expected a time under 292 million years, got \"9223372036854775808ms\""},
    {conf_value_time, "9223372036854775807s",
     "expected a time under 292 million years, got \"9223372036854775807s\""},
    {conf_value_time, "106751991167d23h",
     "expected a time under 292 million years, got \"106751991167d23h\""},
    {conf_value_size, "", SIZE "\"\""},
    {conf_value_size, "k", SIZE "\"k\""},
    {conf_value_size, "-1", SIZE "\"-1\""},
    {conf_value_size, "1kb", SIZE "\"1kb\""},
    {conf_value_size, "1t", SIZE "\"1t\""},
    {conf_value_size, "1k1", SIZE "\"1k1\""},
    {conf_value_size, "8589934592g", "expected a size under 8 EiB, got \"8589934592g\""},
    {conf_value_size, "9223372036854775808",
     "expected a size under 8 EiB, got \"9223372036854775808\""},
};

START_TEST(a_word_that_is_none_is_refused_with_what_was_expected)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    int64_t value           = 0;
    ck_assert_int_eq(BAD[_i].fn(BAD[_i].word, &value, &err), -1);
    ck_assert_str_eq(err.message, BAD[_i].message);
    ck_assert_uint_eq(err.code, HAWSER_CONF_DIRECTIVE);
}
END_TEST

START_TEST(a_choice_reads_as_its_index_and_a_wrong_one_lists_all)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    int64_t value           = -1;
    ck_assert_int_eq(conf_value_choice("a", "a|bb|c", &value, &err), 0);
    ck_assert_int_eq(value, 0);
    ck_assert_int_eq(conf_value_choice("c", "a|bb|c", &value, &err), 0);
    ck_assert_int_eq(value, 2);
    ck_assert_int_eq(conf_value_choice("b", "a|bb|c", &value, &err), -1);
    ck_assert_str_eq(err.message, "expected a, bb or c, got \"b\"");
    ck_assert_int_eq(conf_value_choice("a|bb", "a|bb", &value, &err), -1);
    ck_assert_str_eq(err.message, "expected a or bb, got \"a|bb\"");
    ck_assert_int_eq(conf_value_choice("", "a", &value, &err), -1);
    ck_assert_str_eq(err.message, "expected a, got \"\"");
}
END_TEST

START_TEST(an_option_is_found_by_its_whole_key)
{
    static const char *const WORDS[] = {"delays=0", "delay", "delay=1s", "delay=2s", "x="};
    ck_assert_str_eq(conf_value_option(WORDS, 5, "delay"), "1s");
    ck_assert_str_eq(conf_value_option(WORDS, 5, "x"), "");
    ck_assert_ptr_null(conf_value_option(WORDS, 2, "delay"));
    ck_assert_ptr_null(conf_value_option(WORDS, 5, "del"));
    ck_assert_ptr_null(conf_value_option(NULL, 0, "delay"));
}
END_TEST

START_TEST(a_path_is_relative_to_the_prefix_unless_it_is_absolute)
{
    static const char *const CASES[][3] = {{"a/b", "/p", "/p/a/b"}, {"a/b", "/p/", "/p/a/b"},
                                           {"/a", "/p", "/a"},      {"a", "", "a"},
                                           {"a", NULL, "a"},        {"", "/p", "/p/"}};
    char *path                          = conf_value_path(CASES[_i][0], CASES[_i][1]);
    ck_assert_str_eq(path, CASES[_i][2]);
    free(path);
}
END_TEST

struct typed {
    uint32_t type;
    const char *word;
    const char *message; /* NULL: it is fine */
};

#define ADDRESS "expected HOST:PORT or unix:PATH, got "
#define URL     "expected a URL such as wss://host:port/path, got "

static const struct typed TYPED[] = {
    {HAWSER_VALUE_STRING, "", NULL},
    {HAWSER_VALUE_STRING, "anything at all", NULL},
    {HAWSER_VALUE_PATH, "a/b", NULL},
    {HAWSER_VALUE_PATH, "", "expected a path, got \"\""},
    {HAWSER_VALUE_ADDRESS, "127.0.0.1:8125", NULL},
    {HAWSER_VALUE_ADDRESS, "host.example:1", NULL},
    {HAWSER_VALUE_ADDRESS, "[::1]:65535", NULL},
    {HAWSER_VALUE_ADDRESS, "unix:run/x", NULL},
    {HAWSER_VALUE_ADDRESS, "unix:", ADDRESS "\"unix:\""},
    {HAWSER_VALUE_ADDRESS, "host", ADDRESS "\"host\""},
    {HAWSER_VALUE_ADDRESS, ":1", ADDRESS "\":1\""},
    {HAWSER_VALUE_ADDRESS, "host:", ADDRESS "\"host:\""},
    {HAWSER_VALUE_ADDRESS, "host:0", ADDRESS "\"host:0\""},
    {HAWSER_VALUE_ADDRESS, "host:65536", ADDRESS "\"host:65536\""},
    {HAWSER_VALUE_ADDRESS, "host:4294967297", ADDRESS "\"host:4294967297\""},
    {HAWSER_VALUE_ADDRESS, "host:1x", ADDRESS "\"host:1x\""},
    {HAWSER_VALUE_ADDRESS, "::1:80", ADDRESS "\"::1:80\""},
    {HAWSER_VALUE_ADDRESS, "[::1]", ADDRESS "\"[::1]\""},
    {HAWSER_VALUE_ADDRESS, "[::g]:1", ADDRESS "\"[::g]:1\""},
    {HAWSER_VALUE_ADDRESS, "[]:1", ADDRESS "\"[]:1\""},
    {HAWSER_VALUE_ADDRESS, "[:1", ADDRESS "\"[:1\""},
    {HAWSER_VALUE_ADDRESS, "]:1", ADDRESS "\"]:1\""},
    {HAWSER_VALUE_URL, "wss://www.example.com/ws/api/v2", NULL},
    {HAWSER_VALUE_URL, "ws://127.0.0.1:80", NULL},
    {HAWSER_VALUE_URL, "WSS://[::1]:443/?a=b", NULL},
    {HAWSER_VALUE_URL, "ws://h?x", NULL},
    {HAWSER_VALUE_URL, "http://h/", URL "\"http://h/\""},
    {HAWSER_VALUE_URL, "wss://", URL "\"wss://\""},
    {HAWSER_VALUE_URL, "wss:///x", URL "\"wss:///x\""},
    {HAWSER_VALUE_URL, "wss://h:/", URL "\"wss://h:/\""},
    {HAWSER_VALUE_URL, "wss://h:99999/", URL "\"wss://h:99999/\""},
    {HAWSER_VALUE_URL, "wss://h/a b", URL "\"wss://h/a b\""},
    {HAWSER_VALUE_URL, "wss://user:SECRET@h/", URL "\"***\""},
    {HAWSER_VALUE_URL, "wss://h/#x", "expected a URL without a fragment (#), got \"wss://h/#x\""},
    {HAWSER_VALUE_OPTIONS, "delay=1s", NULL},
    {HAWSER_VALUE_OPTIONS, "b=x=y", NULL},
    {HAWSER_VALUE_OPTIONS, "delay", "expected KEY=VALUE with a KEY of delay|b, got \"delay\""},
    {HAWSER_VALUE_OPTIONS, "delay=", "expected KEY=VALUE with a KEY of delay|b, got \"delay=\""},
    {HAWSER_VALUE_OPTIONS, "dela=1", "expected KEY=VALUE with a KEY of delay|b, got \"dela=1\""},
    {HAWSER_VALUE_OPTIONS, "=1", "expected KEY=VALUE with a KEY of delay|b, got \"=1\""},
};

START_TEST(a_word_is_checked_by_the_type_of_its_row)
{
    const struct hawser_directive row = {
        .type    = TYPED[_i].type,
        .choices = TYPED[_i].type == HAWSER_VALUE_OPTIONS ? "delay|b" : NULL};
    struct hawser_error err = HAWSER_ERROR_INIT;
    int64_t value           = -1;
    int rc                  = conf_value_check(&row, TYPED[_i].word, &value, &err);
    ck_assert_int_eq(rc, TYPED[_i].message == NULL ? 0 : -1);
    ck_assert_str_eq(err.message, TYPED[_i].message == NULL ? "" : TYPED[_i].message);
    ck_assert_int_eq(value, 0);
}
END_TEST

static void expect_limits(uint32_t type, int64_t min, int64_t max, const char *word,
                          const char *message)
{
    const struct hawser_directive row = {.type = type, .min = min, .max = max};
    struct hawser_error err           = HAWSER_ERROR_INIT;
    int64_t value                     = -1;
    ck_assert_int_eq(conf_value_check(&row, word, &value, &err), message[0] == 0 ? 0 : -1);
    ck_assert_str_eq(err.message, message);
    ck_assert_int_eq(value == 0, message[0] != 0);
}

START_TEST(limits_are_part_of_what_is_allowed)
{
    expect_limits(HAWSER_VALUE_NUMBER, 1, 64, "1", "");
    expect_limits(HAWSER_VALUE_NUMBER, 1, 64, "64", "");
    expect_limits(HAWSER_VALUE_NUMBER, 1, 64, "0", "expected 1 to 64, got \"0\"");
    expect_limits(HAWSER_VALUE_NUMBER, 1, 64, "65", "expected 1 to 64, got \"65\"");
    expect_limits(HAWSER_VALUE_NUMBER, 0, 0, "-65", "");
    expect_limits(HAWSER_VALUE_TIME, 100, 5000, "99ms", "expected 100ms to 5s, got \"99ms\"");
    expect_limits(HAWSER_VALUE_TIME, 0, 5400000, "2h", "expected 0 to 90m, got \"2h\"");
    expect_limits(HAWSER_VALUE_TIME, 100, 5000, "5s", "");
    expect_limits(HAWSER_VALUE_SIZE, 512, 1024, "2k", "expected 512 to 1k, got \"2k\"");
}
END_TEST

START_TEST(a_word_that_stands_for_nothing_passes_the_limits)
{
    const struct hawser_directive row = {
        .type = HAWSER_VALUE_TIME, .choices = "auto|off", .min = 1, .max = 9};
    struct hawser_error err = HAWSER_ERROR_INIT;
    int64_t value           = -1;
    ck_assert_int_eq(conf_value_check(&row, "off", &value, &err), 0);
    ck_assert_int_eq(value, 0);
    ck_assert_int_eq(conf_value_check(&row, "of", &value, &err), -1);
}
END_TEST

START_TEST(a_wrong_secret_is_not_shown)
{
    const struct hawser_directive row = {.type  = HAWSER_VALUE_NUMBER,
                                         .flags = HAWSER_DIRECTIVE_SECRET};
    struct hawser_error err           = HAWSER_ERROR_INIT;
    int64_t value                     = 0;
    ck_assert_int_eq(conf_value_check(&row, "hunter2", &value, &err), -1);
    ck_assert_str_eq(err.message, "not a valid value (it is secret and not shown)");
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
    Suite *suite = suite_create("conf/value");
    TCase *tcase = tcase_create("value");
    tcase_add_loop_test(tcase, a_word_reads_as_its_value, 0, COUNT(GOOD));
    tcase_add_loop_test(tcase, a_word_that_is_none_is_refused_with_what_was_expected, 0,
                        COUNT(BAD));
    tcase_add_test(tcase, a_choice_reads_as_its_index_and_a_wrong_one_lists_all);
    tcase_add_test(tcase, an_option_is_found_by_its_whole_key);
    tcase_add_loop_test(tcase, a_path_is_relative_to_the_prefix_unless_it_is_absolute, 0, 6);
    tcase_add_loop_test(tcase, a_word_is_checked_by_the_type_of_its_row, 0, COUNT(TYPED));
    tcase_add_test(tcase, limits_are_part_of_what_is_allowed);
    tcase_add_test(tcase, a_word_that_stands_for_nothing_passes_the_limits);
    tcase_add_test(tcase, a_wrong_secret_is_not_shown);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
