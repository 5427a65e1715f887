/*
 * core/base/error: what a code means comes from the table; messages are one printable line.
 */
#include "base/error.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

#define HAWSER_ERROR_ROW(number, code, category, recovery, text)                                   \
    {(number), #code, HAWSER_##category, HAWSER_RECOVER_##recovery},
static const struct {
    uint32_t code;
    const char *name;
    uint32_t category;
    uint32_t recovery;
} TABLE[] = {HAWSER_ERROR_TABLE(HAWSER_ERROR_ROW)};
#undef HAWSER_ERROR_ROW
#define TABLE_ROWS ((int)(sizeof(TABLE) / sizeof(TABLE[0])))

START_TEST(every_code_of_the_table_has_its_own_number_and_its_meaning)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    error_set(&err, (enum hawser_code)TABLE[_i].code, "what happened");
    ck_assert_uint_eq(err.code, TABLE[_i].code);
    ck_assert_uint_eq(err.category, TABLE[_i].category);
    ck_assert_uint_eq(err.recovery, TABLE[_i].recovery);
    ck_assert_str_eq(error_code_name(err.code), TABLE[_i].name);
    ck_assert_uint_gt(strlen(error_code_text(err.code)), 0);
    for (int j = 0; j < _i; j++) {
        ck_assert_uint_ne(TABLE[j].code, TABLE[_i].code);
        ck_assert_str_ne(TABLE[j].name, TABLE[_i].name);
    }
}
END_TEST

START_TEST(setting_an_error_forgets_what_was_there)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    error_set_errno(&err, HAWSER_NET_CONNECT, ECONNREFUSED, "first");
    err.retry_after_ms = 500;
    error_set(&err, HAWSER_RATE_LIMITED, "second");
    ck_assert_uint_eq(err.cause_kind, HAWSER_CAUSE_NONE);
    ck_assert_int_eq(err.cause, 0);
    ck_assert_int_eq(err.retry_after_ms, -1);
    ck_assert_str_eq(err.message, "second");
}
END_TEST

START_TEST(an_errno_is_cause_and_part_of_the_message)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    error_set_errno(&err, HAWSER_NET_CONNECT, ECONNREFUSED, "cannot connect to %s", "h");
    ck_assert_str_eq(err.message, "cannot connect to h: Connection refused");
    ck_assert_uint_eq(err.cause_kind, HAWSER_CAUSE_ERRNO);
    ck_assert_int_eq(err.cause, ECONNREFUSED);
}
END_TEST

START_TEST(a_peers_text_cannot_start_a_new_line)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    error_set(&err, HAWSER_WS_CLOSED, "reason \"%s\"", "a\r\nb\t\x1b[2J\x7f");
    ck_assert_str_eq(err.message, "reason \"a??b??[2J?\"");
    error_prefix(&err, "x\ny");
    ck_assert_str_eq(err.message, "x?y: reason \"a??b??[2J?\"");
}
END_TEST

START_TEST(the_old_message_may_be_an_argument_of_the_new)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    error_set(&err, HAWSER_NET_LOST, "reset");
    error_set(&err, HAWSER_SESSION_RETRIES, "gave up: %s", err.message);
    ck_assert_str_eq(err.message, "gave up: reset");
}
END_TEST

START_TEST(messages_too_long_are_cut_and_still_end)
{
    char text[2 * HAWSER_ERROR_MESSAGE_SIZE];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1]  = 0;
    struct hawser_error err = HAWSER_ERROR_INIT;
    error_set_errno(&err, HAWSER_NET_LOST, EPIPE, "%s", text);
    ck_assert_uint_eq(strlen(err.message), HAWSER_ERROR_MESSAGE_SIZE - 1);
    error_prefix(&err, "front");
    ck_assert_uint_eq(strlen(err.message), HAWSER_ERROR_MESSAGE_SIZE - 1);
    ck_assert_int_eq(strncmp(err.message, "front: xxx", 10), 0);
    error_prefix(&err, "%s", text);
    ck_assert_uint_lt(strlen(err.message), HAWSER_ERROR_MESSAGE_SIZE);
}
END_TEST

START_TEST(a_prefix_leaves_the_rest_of_the_error_alone)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    error_set_errno(&err, HAWSER_NET_CONNECT, ETIMEDOUT, "no answer");
    error_prefix(&err, "session %s", "btc");
    ck_assert_str_eq(err.message, "session btc: no answer: Connection timed out");
    ck_assert_uint_eq(err.code, HAWSER_NET_CONNECT);
    ck_assert_int_eq(err.cause, ETIMEDOUT);
    error_clear(&err);
    ck_assert_uint_eq(err.code, HAWSER_OK);
    ck_assert_str_eq(err.message, "");
}
END_TEST

START_TEST(numbers_that_are_none_have_a_name_too)
{
    ck_assert_str_eq(error_code_name(HAWSER_OK), "OK");
    ck_assert_str_eq(error_code_name(999999), "?");
    ck_assert_str_eq(error_category_name(HAWSER_PROTOCOL), "protocol");
    ck_assert_str_eq(error_category_name(HAWSER_CATEGORY_COUNT), "?");
    ck_assert_str_eq(error_recovery_name(HAWSER_RECOVER_STOP), "stop");
    ck_assert_str_eq(error_recovery_name(HAWSER_RECOVERY_COUNT), "?");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("error");
    tcase_add_loop_test(cases, every_code_of_the_table_has_its_own_number_and_its_meaning, 0,
                        TABLE_ROWS);
    tcase_add_test(cases, setting_an_error_forgets_what_was_there);
    tcase_add_test(cases, an_errno_is_cause_and_part_of_the_message);
    tcase_add_test(cases, a_peers_text_cannot_start_a_new_line);
    tcase_add_test(cases, the_old_message_may_be_an_argument_of_the_new);
    tcase_add_test(cases, messages_too_long_are_cut_and_still_end);
    tcase_add_test(cases, a_prefix_leaves_the_rest_of_the_error_alone);
    tcase_add_test(cases, numbers_that_are_none_have_a_name_too);
    return suite_run("base/error", cases);
}
