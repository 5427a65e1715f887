/*
 * ws/closing.c: payloads of close frames and what codes mean.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ws/closing.h"

START_TEST(a_built_payload_is_parsed_back)
{
    uint8_t payload[WS_CLOSING_MAX_BYTES];
    struct ws_closing closing;
    struct hawser_error err = HAWSER_ERROR_INIT;
    size_t len              = ws_closing_build(4001, slice_of("bye"), payload);
    ck_assert_uint_eq(len, 5);
    ck_assert_int_eq(ws_closing_parse(slice_make(payload, len), &closing, &err), 0);
    ck_assert_uint_eq(closing.code, 4001);
    ck_assert(slice_equal_text(closing.reason, "bye"));
}
END_TEST

START_TEST(a_code_that_is_never_on_the_wire_gives_an_empty_payload)
{
    uint8_t payload[WS_CLOSING_MAX_BYTES];
    ck_assert_uint_eq(ws_closing_build(1005, slice_of("x"), payload), 0);
    ck_assert_uint_eq(ws_closing_build(1006, slice_of("x"), payload), 0);
    ck_assert_uint_eq(ws_closing_build(0, slice_of("x"), payload), 0);
}
END_TEST

START_TEST(a_long_reason_is_cut_between_code_points)
{
    char reason[200];
    uint8_t payload[WS_CLOSING_MAX_BYTES];
    struct ws_closing closing;
    struct hawser_error err = HAWSER_ERROR_INIT;
    memset(reason, 'a', sizeof(reason));
    memcpy(reason + 120, "\xf0\x9f\x98\x80", 4); /* its last byte would be the 124th */
    size_t len = ws_closing_build(1000, slice_make(reason, sizeof(reason)), payload);
    ck_assert_uint_eq(len, 2 + 120);
    ck_assert_int_eq(ws_closing_parse(slice_make(payload, len), &closing, &err), 0);
    memset(reason, 'a', sizeof(reason));
    ck_assert_uint_eq(ws_closing_build(1000, slice_make(reason, sizeof(reason)), payload), 125);
}
END_TEST

START_TEST(a_reason_that_is_not_utf8_is_left_out)
{
    uint8_t payload[WS_CLOSING_MAX_BYTES];
    ck_assert_uint_eq(ws_closing_build(1000, slice_of("\xff"), payload), 2);
}
END_TEST

static const struct {
    uint16_t code;
    enum hawser_code means;
} MEANINGS[] = {
    {1000, HAWSER_WS_CLOSED},       {1001, HAWSER_WS_CLOSED},       {1002, HAWSER_WS_CLOSED_WRONG},
    {1003, HAWSER_WS_CLOSED_WRONG}, {1005, HAWSER_WS_CLOSED},       {1006, HAWSER_WS_CLOSED},
    {1007, HAWSER_WS_CLOSED_WRONG}, {1008, HAWSER_WS_CLOSED_WRONG}, {1009, HAWSER_WS_CLOSED_WRONG},
    {1010, HAWSER_WS_CLOSED_WRONG}, {1011, HAWSER_WS_CLOSED},       {1012, HAWSER_WS_CLOSED},
    {1013, HAWSER_WS_CLOSED},       {1014, HAWSER_WS_CLOSED},       {3000, HAWSER_WS_CLOSED},
    {4000, HAWSER_WS_CLOSED},       {4999, HAWSER_WS_CLOSED},
};

START_TEST(a_close_code_becomes_an_error_that_carries_code_and_reason)
{
    struct hawser_error err   = HAWSER_ERROR_INIT;
    struct ws_closing closing = {MEANINGS[_i].code, SLICE_LITERAL("why\nnot")};
    ws_closing_explain(&closing, &err);
    ck_assert_uint_eq(err.code, MEANINGS[_i].means);
    ck_assert_uint_eq(err.cause_kind, HAWSER_CAUSE_CLOSE);
    ck_assert_int_eq(err.cause, MEANINGS[_i].code);
    ck_assert_ptr_nonnull(strstr(err.message, "why?not")); /* one line, whatever the peer sent */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ws closing");
    TCase *tcase = tcase_create("codes");
    tcase_add_test(tcase, a_built_payload_is_parsed_back);
    tcase_add_test(tcase, a_code_that_is_never_on_the_wire_gives_an_empty_payload);
    tcase_add_test(tcase, a_long_reason_is_cut_between_code_points);
    tcase_add_test(tcase, a_reason_that_is_not_utf8_is_left_out);
    tcase_add_loop_test(tcase, a_close_code_becomes_an_error_that_carries_code_and_reason, 0,
                        (int)(sizeof(MEANINGS) / sizeof(MEANINGS[0])));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
