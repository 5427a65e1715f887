/*
 * Error objects of exchanges in words: known shapes, hostile ones, and the bound.
 */
#include <check.h>
#include <string.h>

#include "base/slice.h"
#include "rpc/correlate.h"
#include "support/guard.h"
#include "support/suite.h"

static struct hawser_error err;

static void explain(const char *object)
{
    struct hawser_slice copy = guard_copy(object, strlen(object));
    memset(&err, 0xaa, sizeof(err));
    rpc_error_explain(copy, &err);
    guard_free(copy);
    ck_assert_uint_eq(err.code, HAWSER_REQUEST_REFUSED);
    ck_assert_uint_eq(err.category, HAWSER_APPLICATION);
    ck_assert_uint_eq(err.cause_kind, HAWSER_CAUSE_JSONRPC);
}

START_TEST(code_and_message_are_told)
{
    explain("{\"code\":13004,\"message\":\"invalid_credentials\"}");
    ck_assert_str_eq(err.message, "invalid_credentials (13004)");
    ck_assert_int_eq(err.cause, 13004);
}
END_TEST

START_TEST(data_is_told_behind_them)
{
    explain(
        "{\"message\":\"Invalid params\",\"data\":{\"reason\":\"wrong format\"},\"code\":-32602}");
    ck_assert_str_eq(err.message, "Invalid params (-32602): {\"reason\":\"wrong format\"}");
    ck_assert_int_eq(err.cause, -32602);
}
END_TEST

START_TEST(strange_objects_are_told_too)
{
    explain("{\"code\":\"x\",\"message\":7}");
    ck_assert_str_eq(err.message, "no message (0): {\"code\":\"x\",\"message\":7}");
    explain("\"overloaded\"");
    ck_assert_str_eq(err.message, "no message (0): \"overloaded\"");
    explain("");
    ck_assert_str_eq(err.message, "no message (0)");
    explain("{\"code\":1,\"message\":\"\"}");
    ck_assert_str_eq(err.message, "no message (1)");
    ck_assert_int_eq(err.cause, 1);
}
END_TEST

START_TEST(message_cannot_forge_a_line_of_the_log)
{
    explain("{\"code\":1,\"message\":\"a\\n2026 [alert]\\u0000\\u001b[0m\\u007f\"}");
    for (const char *at = err.message; *at != 0; at++) {
        ck_assert_int_ge((unsigned char)*at, 0x20);
        ck_assert_int_ne(*at, 0x7f);
    }
    ck_assert_ptr_nonnull(strstr(err.message, "2026 [alert]"));
}
END_TEST

START_TEST(long_message_and_data_are_cut_between_characters)
{
    char object[4096] = "{\"code\":1,\"message\":\"x";
    for (int i = 0; i < 300; i++) {
        memcpy(object + strlen(object), "\xe2\x82\xac", 4);
    }
    memcpy(object + strlen(object), "\",\"data\":\"", 11);
    for (int i = 0; i < 300; i++) {
        memcpy(object + strlen(object), "\xe2\x82\xac", 4);
    }
    memcpy(object + strlen(object), "\"}", 3);
    explain(object);
    /* 1 + 79 * 3 bytes of message fit into 240, the quote and 53 * 3 bytes of data into 160 */
    ck_assert_uint_eq(strlen(err.message), 238 + strlen(" (1): ") + 160 + strlen("..."));
    ck_assert_int_eq(strcmp(err.message + strlen(err.message) - 3, "..."), 0);
    ck_assert_int_eq((unsigned char)err.message[strlen(err.message) - 4], 0xac);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("explain");
    tcase_add_test(cases, code_and_message_are_told);
    tcase_add_test(cases, data_is_told_behind_them);
    tcase_add_test(cases, strange_objects_are_told_too);
    tcase_add_test(cases, message_cannot_forge_a_line_of_the_log);
    tcase_add_test(cases, long_message_and_data_are_cut_between_characters);
    return suite_run("rpc/explain", cases);
}
