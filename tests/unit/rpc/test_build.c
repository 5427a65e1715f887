/*
 * Messages built are read back as they were meant, and are appended whole or not at all.
 */
#include <check.h>

#include "base/slice.h"
#include "rpc/build.h"
#include "rpc/scan.h"
#include "rpc/text.h"
#include "support/suite.h"

static struct buf out;

static void start(void)
{
    buf_init(&out, 0);
}

static void finish(void)
{
    buf_fini(&out);
}

static void check_built(const char *wanted)
{
    ck_assert_msg(slice_equal_text(buf_slice(&out), wanted), "built %s", buf_text(&out));
}

START_TEST(request_holds_id_method_and_params)
{
    ck_assert_int_eq(rpc_build_request(&out, UINT64_MAX, "public/auth", SLICE_LITERAL("{\"a\":1}")),
                     0);
    check_built("{\"jsonrpc\":\"2.0\",\"id\":18446744073709551615,\"method\":\"public/auth\","
                "\"params\":{\"a\":1}}");
}
END_TEST

START_TEST(request_without_params_has_no_such_member)
{
    ck_assert_int_eq(rpc_build_request(&out, 1, "public/test", SLICE_LITERAL("")), 0);
    check_built("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"public/test\"}");
}
END_TEST

START_TEST(method_cannot_break_out_of_its_quotes)
{
    struct hawser_envelope envelope;
    ck_assert_int_eq(rpc_build_request(&out, 1, "x\",\"id\":2,\"y\":\"", SLICE_LITERAL("")), 0);
    ck_assert_int_eq(rpc_scan(buf_slice(&out), &envelope), 0);
    ck_assert_int_eq(envelope.id, 1);
}
END_TEST

START_TEST(result_carries_the_id_as_it_came)
{
    ck_assert_int_eq(rpc_build_result(&out, SLICE_LITERAL("\"a-1\""), SLICE_LITERAL("[1]")), 0);
    check_built("{\"jsonrpc\":\"2.0\",\"id\":\"a-1\",\"result\":[1]}");
}
END_TEST

START_TEST(error_without_id_or_data_is_whole)
{
    ck_assert_int_eq(
        rpc_build_error(&out, SLICE_LITERAL(""), -32700, "Parse \"error\"", SLICE_LITERAL("")), 0);
    check_built("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":"
                "\"Parse \\\"error\\\"\"}}");
    buf_clear(&out);
    ck_assert_int_eq(
        rpc_build_error(&out, SLICE_LITERAL("7"), INT64_MIN, "m", SLICE_LITERAL("{\"r\":2}")), 0);
    check_built("{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-9223372036854775808,"
                "\"message\":\"m\",\"data\":{\"r\":2}}}");
}
END_TEST

START_TEST(string_escapes_what_json_does_not_allow)
{
    ck_assert_int_eq(rpc_build_string(&out, slice_make("\"\\\b\f\n\r\t\x01\x1f\0/\x7f", 12)), 0);
    check_built("\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\\u0000/\x7f\"");
}
END_TEST

START_TEST(invalid_utf8_becomes_replacement_characters)
{
    static const struct {
        const char *text;
        const char *wanted;
    } CASES[] = {
        {"", "\"\""},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"a\xff"
         "b",
         "\"a\xef\xbf\xbd"
         "b\""},
        {"\xc3", "\"\xef\xbf\xbd\""},
        {"\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* overlong */
        {"\xe0\x9f\xbf", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* overlong */
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* surrogate */
        {"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xe2\x82z", "\"\xef\xbf\xbd\xef\xbf\xbdz\""},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        buf_clear(&out);
        ck_assert_int_eq(rpc_build_string(&out, slice_of(CASES[i].text)), 0);
        check_built(CASES[i].wanted);
    }
}
END_TEST

START_TEST(string_built_is_the_string_read)
{
    char text[256];
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)(i & 0x7f);
    }
    struct hawser_slice content;
    int escaped;
    char again[512];
    ck_assert_int_eq(rpc_build_string(&out, slice_make(text, sizeof(text))), 0);
    ck_assert_int_eq(rpc_string(buf_slice(&out), &content, &escaped), 0);
    size_t len = rpc_text_unescape(content, again, sizeof(again));
    ck_assert(slice_equal(slice_make(again, len), slice_make(text, sizeof(text))));
}
END_TEST

START_TEST(message_over_the_bound_leaves_the_buffer_as_it_was)
{
    struct buf whole = {0};
    ck_assert_int_eq(
        rpc_build_error(&whole, SLICE_LITERAL("1"), 5, "me\nssage\xff", SLICE_LITERAL("{}")), 0);
    for (size_t room = 0; room < whole.len; room++) {
        buf_fini(&out);
        buf_init(&out, 3 + room);
        ck_assert_int_eq(buf_append_text(&out, "old"), 0);
        ck_assert_int_eq(
            rpc_build_error(&out, SLICE_LITERAL("1"), 5, "me\nssage\xff", SLICE_LITERAL("{}")), -1);
        ck_assert(slice_equal_text(buf_slice(&out), "old"));
    }
    buf_fini(&whole);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("build");
    tcase_add_checked_fixture(cases, start, finish);
    tcase_add_test(cases, request_holds_id_method_and_params);
    tcase_add_test(cases, request_without_params_has_no_such_member);
    tcase_add_test(cases, method_cannot_break_out_of_its_quotes);
    tcase_add_test(cases, result_carries_the_id_as_it_came);
    tcase_add_test(cases, error_without_id_or_data_is_whole);
    tcase_add_test(cases, string_escapes_what_json_does_not_allow);
    tcase_add_test(cases, invalid_utf8_becomes_replacement_characters);
    tcase_add_test(cases, string_built_is_the_string_read);
    tcase_add_test(cases, message_over_the_bound_leaves_the_buffer_as_it_was);
    return suite_run("rpc/build", cases);
}
