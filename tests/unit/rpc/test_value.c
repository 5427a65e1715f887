/*
 * Single values: members by path, elements of arrays, integers at their limits, strings.
 */
#include <check.h>

#include "base/slice.h"
#include "rpc/scan.h"
#include "support/guard.h"
#include "support/suite.h"

static struct hawser_slice found;

static int member(const char *object, const char *path)
{
    struct hawser_slice copy = guard_copy(object, strlen(object));
    struct hawser_slice out;
    static char kept[256];
    int rc = rpc_member(copy, path, &out);
    if (rc == 1) {
        ck_assert_uint_le(out.len, sizeof(kept));
        memcpy(kept, out.data, out.len);
        found = slice_make(kept, out.len);
    }
    guard_free(copy);
    return rc;
}

static int is_found(const char *text)
{
    return slice_equal_text(found, text);
}

START_TEST(member_is_found_by_its_name_and_by_a_path)
{
    const char *object = " {\"a\" : {\"b\":{\"c\" : [1, 2] }}, \"d\":\"x\"} ";
    ck_assert_int_eq(member(object, "d"), 1);
    ck_assert(is_found("\"x\""));
    ck_assert_int_eq(member(object, "a.b.c"), 1);
    ck_assert(is_found("[1, 2]"));
    ck_assert_int_eq(member(object, "a.b"), 1);
    ck_assert(is_found("{\"c\" : [1, 2] }"));
}
END_TEST

START_TEST(absent_member_and_path_through_a_scalar_are_absent)
{
    ck_assert_int_eq(member("{}", "a"), 0);
    ck_assert_int_eq(member("{\"a\":1}", "b"), 0);
    ck_assert_int_eq(member("{\"a\":1}", "a.b"), 0);
    ck_assert_int_eq(member("{\"a\":[{\"b\":1}]}", "a.b"), 0);
    ck_assert_int_eq(member("{\"a\":{}}", "a.b"), 0);
}
END_TEST

START_TEST(last_duplicate_and_escaped_key_count)
{
    ck_assert_int_eq(member("{\"a\":1,\"\\u0061\":2}", "a"), 1);
    ck_assert(is_found("2"));
    ck_assert_int_eq(member("{\"a\":{\"b\":1},\"a\":{\"c\":2}}", "a.b"), 0);
    ck_assert_int_eq(member("{\"\":3}", ""), 1);
    ck_assert(is_found("3"));
}
END_TEST

START_TEST(broken_object_is_refused_even_behind_the_member)
{
    static const char *const OBJECTS[] = {
        "",         " ",          "[1]",        "1",        "\"a\"",
        "{\"a\":1", "{\"a\":1}x", "{\"a\":1,}", "{\"a\":}", "{\"a\":1,\"b\":[}"};
    for (size_t i = 0; i < sizeof(OBJECTS) / sizeof(OBJECTS[0]); i++) {
        ck_assert_msg(member(OBJECTS[i], "a") == -1, "accepted: %s", OBJECTS[i]);
    }
}
END_TEST

START_TEST(elements_come_one_by_one_and_the_end_stays_the_end)
{
    const char *text         = " [ 1 , \"a,]\" ,[2,3],{} ] ";
    struct hawser_slice copy = guard_copy(text, strlen(text));
    struct hawser_slice rest = copy;
    struct hawser_slice out;
    static const char *const WANTED[] = {"1", "\"a,]\"", "[2,3]", "{}"};
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(rpc_element(&rest, &out), 1);
        ck_assert(slice_equal_text(out, WANTED[i]));
    }
    ck_assert_int_eq(rpc_element(&rest, &out), 0);
    ck_assert_int_eq(rpc_element(&rest, &out), 0);
    guard_free(copy);
}
END_TEST

static int elements(const char *text)
{
    struct hawser_slice copy = guard_copy(text, strlen(text));
    struct hawser_slice rest = copy;
    struct hawser_slice out;
    int count = 0;
    int rc;
    while ((rc = rpc_element(&rest, &out)) == 1) {
        count++;
    }
    guard_free(copy);
    return rc == 0 ? count : -1;
}

START_TEST(broken_arrays_are_refused)
{
    static const char *const ARRAYS[] = {"",      "[",    "[1",  "[1,", "[1,]", "[,]", "[,1]",
                                         "[1 2]", "[1]]", "[]x", "{}",  "1",    "[1}", "[[1]"};
    for (size_t i = 0; i < sizeof(ARRAYS) / sizeof(ARRAYS[0]); i++) {
        ck_assert_msg(elements(ARRAYS[i]) == -1, "accepted: %s", ARRAYS[i]);
    }
    ck_assert_int_eq(elements("[]"), 0);
    ck_assert_int_eq(elements("[ ]"), 0);
    ck_assert_int_eq(elements("[[],[]]"), 2);
}
END_TEST

START_TEST(integers_are_read_up_to_their_limits)
{
    static const struct {
        const char *text;
        int rc;
        int64_t value;
    } CASES[] = {{"0", 0, 0},
                 {"-0", 0, 0},
                 {"7", 0, 7},
                 {"-12", 0, -12},
                 {"9223372036854775807", 0, INT64_MAX},
                 {"-9223372036854775808", 0, INT64_MIN},
                 {"9223372036854775808", -1, 0},
                 {"-9223372036854775809", -1, 0},
                 {"99999999999999999999999", -1, 0},
                 {"", -1, 0},
                 {"-", -1, 0},
                 {"01", -1, 0},
                 {"-01", -1, 0},
                 {"1.0", -1, 0},
                 {"1e3", -1, 0},
                 {" 1", -1, 0},
                 {"+1", -1, 0},
                 {"\"1\"", -1, 0}};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct hawser_slice copy = guard_copy(CASES[i].text, strlen(CASES[i].text));
        int64_t value            = 0;
        ck_assert_msg(rpc_integer(copy, &value) == CASES[i].rc, "%s", CASES[i].text);
        ck_assert_int_eq(value, CASES[i].value);
        guard_free(copy);
    }
}
END_TEST

START_TEST(string_comes_without_quotes_and_tells_of_escapes)
{
    struct hawser_slice out;
    int escaped = -1;
    ck_assert_int_eq(rpc_string(SLICE_LITERAL("\"abc\""), &out, &escaped), 0);
    ck_assert(slice_equal_text(out, "abc"));
    ck_assert_int_eq(escaped, 0);
    ck_assert_int_eq(rpc_string(SLICE_LITERAL("\"a\\\"c\""), &out, &escaped), 0);
    ck_assert(slice_equal_text(out, "a\\\"c"));
    ck_assert_int_eq(escaped, 1);
    static const char *const OTHERS[] = {"",         "\"",      "abc", "\"a",
                                         "\"a\"b\"", "\"a\\\"", "1",   "null"};
    for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
        struct hawser_slice copy = guard_copy(OTHERS[i], strlen(OTHERS[i]));
        ck_assert_int_eq(rpc_string(copy, &out, &escaped), -1);
        guard_free(copy);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("values");
    tcase_add_test(cases, member_is_found_by_its_name_and_by_a_path);
    tcase_add_test(cases, absent_member_and_path_through_a_scalar_are_absent);
    tcase_add_test(cases, last_duplicate_and_escaped_key_count);
    tcase_add_test(cases, broken_object_is_refused_even_behind_the_member);
    tcase_add_test(cases, elements_come_one_by_one_and_the_end_stays_the_end);
    tcase_add_test(cases, broken_arrays_are_refused);
    tcase_add_test(cases, integers_are_read_up_to_their_limits);
    tcase_add_test(cases, string_comes_without_quotes_and_tells_of_escapes);
    return suite_run("rpc/value", cases);
}
