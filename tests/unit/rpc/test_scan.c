/*
 * The envelope scanner: messages as an exchange sends them, and every trap of the grammar.
 */
#include <check.h>
#include <stdlib.h>

#include "base/slice.h"
#include "rpc/scan.h"
#include "support/guard.h"
#include "support/scan_oracle.h"
#include "support/suite.h"

static struct hawser_envelope envelope;

static int scan(const char *text)
{
    memset(&envelope, 0, sizeof(envelope));
    return rpc_scan(slice_of(text), &envelope);
}

static void check_slice(struct hawser_slice found, const char *wanted)
{
    ck_assert_msg(slice_equal_text(found, wanted), "found \"%.*s\", wanted \"%s\"", (int)found.len,
                  found.len == 0 ? "" : found.data, wanted);
}

START_TEST(notification_gives_method_channel_and_data)
{
    ck_assert_int_eq(
        scan("{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":"
             "\"ticker.BTC-PERPETUAL.100ms\",\"data\":{\"timestamp\":1767225600100,"
             "\"stats\":{\"high\":61000.0},\"funding_8h\":1.742e-05}}}"),
        0);
    ck_assert_uint_eq(envelope.flags, HAWSER_ENVELOPE_HAS_METHOD | HAWSER_ENVELOPE_HAS_CHANNEL |
                                          HAWSER_ENVELOPE_HAS_DATA);
    check_slice(envelope.method, "subscription");
    check_slice(envelope.channel, "ticker.BTC-PERPETUAL.100ms");
    check_slice(envelope.data, "{\"timestamp\":1767225600100,\"stats\":{\"high\":61000.0},"
                               "\"funding_8h\":1.742e-05}");
}
END_TEST

START_TEST(heartbeat_with_params_first_is_understood)
{
    ck_assert_int_eq(scan("{\"params\":{\"type\":\"test_request\"},\"method\":\"heartbeat\","
                          "\"jsonrpc\":\"2.0\"}"),
                     0);
    ck_assert_uint_eq(envelope.flags, HAWSER_ENVELOPE_HAS_METHOD);
    check_slice(envelope.method, "heartbeat");
    check_slice(envelope.params, "{\"type\":\"test_request\"}");
}
END_TEST

START_TEST(response_gives_id_and_result)
{
    ck_assert_int_eq(scan("{\"jsonrpc\":\"2.0\",\"id\":23,\"result\":[\"trades.X.100ms\"],\"usIn\":"
                          "1767225600000000,\"usDiff\":740,\"testnet\":true}"),
                     0);
    ck_assert_uint_eq(envelope.flags, HAWSER_ENVELOPE_HAS_ID | HAWSER_ENVELOPE_HAS_RESULT);
    ck_assert_int_eq(envelope.id, 23);
    check_slice(envelope.result, "[\"trades.X.100ms\"]");
}
END_TEST

START_TEST(error_response_gives_the_error_object)
{
    ck_assert_int_eq(scan("{\"jsonrpc\":\"2.0\",\"id\":4,\"error\":{\"code\":13009,\"data\":{"
                          "\"reason\":\"invalid_token\"},\"message\":\"unauthorized\"}}"),
                     0);
    ck_assert_uint_eq(envelope.flags, HAWSER_ENVELOPE_HAS_ID | HAWSER_ENVELOPE_HAS_ERROR);
    check_slice(envelope.error, "{\"code\":13009,\"data\":{\"reason\":\"invalid_token\"},"
                                "\"message\":\"unauthorized\"}");
}
END_TEST

START_TEST(null_error_beside_a_result_is_no_error)
{
    ck_assert_int_eq(scan("{\"id\":1,\"result\":null,\"error\":null}"), 0);
    ck_assert_uint_eq(envelope.flags, HAWSER_ENVELOPE_HAS_ID | HAWSER_ENVELOPE_HAS_RESULT);
    check_slice(envelope.result, "null");
}
END_TEST

START_TEST(keys_written_with_escapes_are_known)
{
    ck_assert_int_eq(scan("{\"me\\u0074hod\":\"m\",\"\\u0070\\u0061\\u0072\\u0061\\u006d\\u0073\":"
                          "{\"channe\\u006C\":\"c\",\"d\\u0061ta\":7},\"i\\u0064\":5}"),
                     0);
    check_slice(envelope.method, "m");
    check_slice(envelope.channel, "c");
    check_slice(envelope.data, "7");
    ck_assert_int_eq(envelope.id, 5);
    ck_assert_uint_eq(envelope.flags & HAWSER_ENVELOPE_ESCAPED, 0);
}
END_TEST

START_TEST(longer_key_with_escapes_is_not_taken_for_its_start)
{
    ck_assert_int_eq(scan("{\"method\\u20ac\":\"m\",\"id\\u0000\":1,\"params\":{"
                          "\"channel\\ud83d\\ude00\":\"c\",\"data\\\\\":1}}"),
                     0);
    ck_assert_uint_eq(envelope.flags, 0);
}
END_TEST

START_TEST(last_of_duplicate_keys_counts)
{
    ck_assert_int_eq(scan("{\"id\":1,\"method\":\"a\\n\",\"params\":{\"channel\":\"x\",\"data\":1},"
                          "\"id\":\"two\",\"params\":{\"data\":2,\"data\":3},\"method\":\"b\"}"),
                     0);
    ck_assert_uint_eq(envelope.flags, HAWSER_ENVELOPE_STRING_ID | HAWSER_ENVELOPE_HAS_METHOD |
                                          HAWSER_ENVELOPE_HAS_DATA);
    check_slice(envelope.id_text, "two");
    check_slice(envelope.method, "b");
    check_slice(envelope.data, "3");
    ck_assert_uint_eq(envelope.channel.len, 0);
}
END_TEST

START_TEST(members_of_other_kinds_are_left_out)
{
    ck_assert_int_eq(scan("{\"id\":null,\"method\":7,\"params\":[{\"channel\":\"x\"}]}"), 0);
    ck_assert_uint_eq(envelope.flags, 0);
    check_slice(envelope.params, "[{\"channel\":\"x\"}]");
    ck_assert_int_eq(scan("{\"id\":9223372036854775808,\"params\":{\"channel\":{}}}"), 0);
    ck_assert_uint_eq(envelope.flags, 0);
    ck_assert_int_eq(scan("{\"id\":-9223372036854775808}"), 0);
    ck_assert_int_eq(envelope.id, INT64_MIN);
}
END_TEST

START_TEST(names_inside_data_do_not_count)
{
    ck_assert_int_eq(scan("{\"x\":{\"method\":\"m\",\"id\":1},\"channel\":\"c\",\"params\":{\"x\":"
                          "{\"data\":1},\"id\":2,\"method\":\"n\"}}"),
                     0);
    ck_assert_uint_eq(envelope.flags, 0);
}
END_TEST

START_TEST(escapes_in_what_is_found_are_announced)
{
    ck_assert_int_eq(scan("{\"method\":\"a\\u0062\"}"), 0);
    ck_assert_uint_eq(envelope.flags, HAWSER_ENVELOPE_HAS_METHOD | HAWSER_ENVELOPE_ESCAPED);
    check_slice(envelope.method, "a\\u0062");
    ck_assert_int_eq(scan("{\"params\":{\"channel\":\"\\/\"}}"), 0);
    ck_assert_uint_ne(envelope.flags & HAWSER_ENVELOPE_ESCAPED, 0);
    ck_assert_int_eq(scan("{\"id\":\"\\\"\"}"), 0);
    ck_assert_uint_ne(envelope.flags & HAWSER_ENVELOPE_ESCAPED, 0);
}
END_TEST

static const char *const BROKEN[] = {"",
                                     " ",
                                     "1",
                                     "\"a\"",
                                     "[]",
                                     "null",
                                     "{",
                                     "}",
                                     "{}}",
                                     "{}{}",
                                     "{} x",
                                     "{]",
                                     "{\"a\"}",
                                     "{\"a\":}",
                                     "{\"a\" 1}",
                                     "{\"a\":1,}",
                                     "{,\"a\":1}",
                                     "{\"a\":1 \"b\":2}",
                                     "{\"a\":1,,\"b\":2}",
                                     "{\"a\":[}",
                                     "{\"a\":[1}]",
                                     "{\"a\":{\"b\"]}",
                                     "{a:1}",
                                     "{'a':1}",
                                     "{\"a\":01}",
                                     "{\"a\":1.}",
                                     "{\"a\":.5}",
                                     "{\"a\":+1}",
                                     "{\"a\":-}",
                                     "{\"a\":1e}",
                                     "{\"a\":1e+}",
                                     "{\"a\":0x1}",
                                     "{\"a\":tru}",
                                     "{\"a\":truee}",
                                     "{\"a\":nul",
                                     "{\"a\":NaN}",
                                     "{\"a\":\"\\x\"}",
                                     "{\"a\":\"\\u12g4\"}",
                                     "{\"a\":\"\\u12",
                                     "{\"a\":\"\\",
                                     "{\"a\":\"b",
                                     "{\"a\":\"\n\"}",
                                     "{\"a\":1}\x01",
                                     "{\"params\":{\"data\":1,}}",
                                     "{\"params\":{\"data\":1]}",
                                     "{\"params\":{",
                                     "{\"params\":}",
                                     "{\"jsonrpc\":\"2.0\"",
                                     "{\"jsonrpc\":\"2.0\"x,\"method\":\"m\"}",
                                     "{\"jsonrpc\":\"2.0\"\"method\":\"heartbeat\"}",
                                     "{\"jsonrpc\":\"2.0\",}",
                                     "{,\"method\":\"a name of some length\"}",
                                     "{\"method\":\"m\"\"params\":{\"type\":\"x\"}}",
                                     "{\"params\":{\"channel\":\"c\"\"data\":{\"a\":1}}}",
                                     "{\"params\":{,\"channel\":\"c\",\"data\":{\"a\":1}}}",
                                     "\xef\xbb\xbf{}"};

/* Inside of a value that is passed over, and so the strict scan's alone to see. */
static const char *const BROKEN_INSIDE[] = {"{\"a\":[1 2]}",
                                            "{\"a\":[1,]}",
                                            "{\"a\":[,1]}",
                                            "{\"a\":[\"b\":1]}",
                                            "{\"a\":{1}}",
                                            "{\"a\":[01]}",
                                            "{\"params\":{\"data\":[truee]}}",
                                            "{\"result\":{\"b\":\"\\x\"}}",
                                            "{\"params\":[\"\n\"]}"};

START_TEST(broken_structure_is_refused_and_leaves_the_result_alone)
{
    struct hawser_slice text      = slice_of(BROKEN[_i]);
    struct hawser_slice copy      = guard_copy(text.data, text.len);
    struct hawser_envelope result = {.id = 4711};
    ck_assert_msg(rpc_scan(copy, &result) == -1, "accepted: %s", BROKEN[_i]);
    ck_assert_int_eq(result.id, 4711);
    ck_assert_msg(rpc_scan_general(copy, &result) == -1, "accepted: %s", BROKEN[_i]);
    ck_assert_msg(rpc_scan_strict(copy, &result) == -1, "accepted: %s", BROKEN[_i]);
    ck_assert_int_eq(result.id, 4711);
    guard_free(copy);
}
END_TEST

START_TEST(what_is_passed_over_is_for_the_strict_scan_to_refuse)
{
    struct hawser_slice text      = slice_of(BROKEN_INSIDE[_i]);
    struct hawser_slice copy      = guard_copy(text.data, text.len);
    struct hawser_envelope result = {.id = 4711};
    ck_assert_msg(rpc_scan_strict(copy, &result) == -1, "accepted: %s", BROKEN_INSIDE[_i]);
    ck_assert_int_eq(result.id, 4711);
    ck_assert_msg(rpc_scan(copy, &result) == 0, "refused: %s", BROKEN_INSIDE[_i]);
    guard_free(copy);
}
END_TEST

START_TEST(message_changed_in_any_one_byte_is_read_as_jansson_reads_it)
{
    static const char *const TEXTS[] = {
        "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":\"book.BTC."
        "100ms\","
        "\"data\":{\"bids\":[[\"new\",1.5,10],[\"delete\",2,0]],\"label\":\"}]\\\\\"}}}",
        "{\"params\":{\"data\":[{\"a\":1}],\"channel\":\"c\",\"kinds\":{}},\"jsonrpc\":\"2.0\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"list\":[1,{\"b\":[]}]},\"usDiff\":12}",
        "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":[{\"list\":[1,{\"b\":[]}]}]}",
    };
    static const char CHANGES[] = "\"\\{}[]:,x0 ";
    char text[256];
    int accepted;
    size_t len = strlen(TEXTS[_i]);
    memcpy(text, TEXTS[_i], len);
    for (size_t i = 0; i < len; i++) {
        for (const char *change = CHANGES; *change != 0; change++) {
            text[i] = *change;
            ck_assert_ptr_null(scan_oracle_difference(slice_make(text, len), &accepted));
        }
        text[i] = TEXTS[_i][i];
    }
}
END_TEST

START_TEST(every_truncation_of_a_message_is_refused)
{
    const char *text =
        "{\"jsonrpc\":\"2.0\",\"id\":-12,\"method\":\"sub\\u0073cription\",\"params\":"
        "{\"channel\":\"a somewhat longer channel name\",\"data\":[true,false,null,"
        "1.5e-7,{\"k\":\"\\\\\"}]}}";
    int accepted;
    for (size_t len = 0; len <= strlen(text); len++) {
        struct hawser_slice copy = guard_copy(text, len);
        ck_assert_ptr_null(scan_oracle_difference(copy, &accepted));
        ck_assert_int_eq(accepted, len == strlen(text));
        guard_free(copy);
    }
}
END_TEST

START_TEST(special_byte_is_found_at_every_place_of_a_string)
{
    int accepted;
    for (size_t place = 0; place < 40; place++) {
        for (const char *special = "\"\\\x1f\x7f\x80"; *special != 0; special++) {
            char text[80]            = "{\"a\":\"........................................\"}";
            text[6 + place]          = *special;
            struct hawser_slice copy = guard_copy(text, strlen(text));
            ck_assert_ptr_null(scan_oracle_difference(copy, &accepted));
            ck_assert_int_eq(accepted, *special == 0x7f);
            guard_free(copy);
        }
    }
}
END_TEST

static char *nested(size_t depth)
{
    char *text = calloc(1, 6 * depth + 2); /* "{"a":" and "}" for each, with a 0 inside */
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < depth; i++) {
        memcpy(text + i * 5, "{\"a\":", 5);
    }
    text[depth * 5] = '0';
    memset(text + depth * 5 + 1, '}', depth);
    return text;
}

START_TEST(nesting_is_accepted_up_to_its_bound_and_no_further)
{
    static const size_t DEPTHS[] = {1, 63, 64, 65, 2047, 2048, 2049, 200000};
    int accepted;
    for (size_t i = 0; i < sizeof(DEPTHS) / sizeof(DEPTHS[0]); i++) {
        char *text = nested(DEPTHS[i]);
        ck_assert_ptr_null(scan_oracle_difference(slice_of(text), &accepted));
        ck_assert_int_eq(scan(text) == 0, DEPTHS[i] <= 2048);
        free(text);
    }
}
END_TEST

START_TEST(huge_numbers_are_passed_over)
{
    char text[600] = "{\"a\":1";
    memset(text + strlen(text), '0', 500);
    memcpy(text + strlen(text), ",\"id\":1}", 9);
    ck_assert_int_eq(scan(text), 0);
    ck_assert_int_eq(envelope.id, 1);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("envelopes and grammar");
    tcase_add_test(cases, notification_gives_method_channel_and_data);
    tcase_add_test(cases, heartbeat_with_params_first_is_understood);
    tcase_add_test(cases, response_gives_id_and_result);
    tcase_add_test(cases, error_response_gives_the_error_object);
    tcase_add_test(cases, null_error_beside_a_result_is_no_error);
    tcase_add_test(cases, keys_written_with_escapes_are_known);
    tcase_add_test(cases, longer_key_with_escapes_is_not_taken_for_its_start);
    tcase_add_test(cases, last_of_duplicate_keys_counts);
    tcase_add_test(cases, members_of_other_kinds_are_left_out);
    tcase_add_test(cases, names_inside_data_do_not_count);
    tcase_add_test(cases, escapes_in_what_is_found_are_announced);
    tcase_add_loop_test(cases, message_changed_in_any_one_byte_is_read_as_jansson_reads_it, 0, 4);
    tcase_add_test(cases, every_truncation_of_a_message_is_refused);
    tcase_add_test(cases, special_byte_is_found_at_every_place_of_a_string);
    tcase_add_test(cases, nesting_is_accepted_up_to_its_bound_and_no_further);
    tcase_add_test(cases, huge_numbers_are_passed_over);
    tcase_add_loop_test(cases, broken_structure_is_refused_and_leaves_the_result_alone, 0,
                        (int)(sizeof(BROKEN) / sizeof(BROKEN[0])));
    tcase_add_loop_test(cases, what_is_passed_over_is_for_the_strict_scan_to_refuse, 0,
                        (int)(sizeof(BROKEN_INSIDE) / sizeof(BROKEN_INSIDE[0])));
    return suite_run("rpc/scan", cases);
}
