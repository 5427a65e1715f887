/*
 * Numbers from outside and the codes they become.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "base/classify.h"
#include "base/error.h"

START_TEST(errno_of_a_refusal_a_silence_and_a_break_differ)
{
    ck_assert_int_eq(classify_errno(ECONNREFUSED), HAWSER_NET_CONNECT);
    ck_assert_int_eq(classify_errno(ENETUNREACH), HAWSER_NET_CONNECT);
    ck_assert_int_eq(classify_errno(ETIMEDOUT), HAWSER_NET_TIMEOUT);
    ck_assert_int_eq(classify_errno(ECONNRESET), HAWSER_NET_LOST);
    ck_assert_int_eq(classify_errno(EPIPE), HAWSER_NET_LOST);
    ck_assert_int_eq(classify_errno(ENOMEM), HAWSER_SYSTEM_MEMORY);
    ck_assert_int_eq(classify_errno(EMFILE), HAWSER_SYSTEM_LIMIT);
    ck_assert_int_eq(classify_errno(ENOSYS), HAWSER_SYSTEM_CALL);
}
END_TEST

START_TEST(http_status_tells_who_must_act)
{
    ck_assert_int_eq(classify_http_status(401), HAWSER_WS_UNAUTHORIZED);
    ck_assert_int_eq(classify_http_status(403), HAWSER_WS_UNAUTHORIZED);
    ck_assert_int_eq(classify_http_status(429), HAWSER_WS_TOO_MANY);
    ck_assert_int_eq(classify_http_status(503), HAWSER_WS_TOO_MANY);
    ck_assert_int_eq(classify_http_status(302), HAWSER_WS_REDIRECT);
    ck_assert_int_eq(classify_http_status(502), HAWSER_WS_REFUSED);
}
END_TEST

START_TEST(close_codes_that_blame_us_are_protocol_errors)
{
    static const uint16_t BLAMING[] = {1002, 1003, 1007, 1008, 1009, 1010};
    static const uint16_t PLAIN[]   = {1000, 1001, 1005, 1006, 1011, 1012, 1013, 4000};
    for (size_t i = 0; i < sizeof(BLAMING) / sizeof(BLAMING[0]); i++) {
        ck_assert_int_eq(error_code_category(classify_close_code(BLAMING[i])), HAWSER_PROTOCOL);
    }
    for (size_t i = 0; i < sizeof(PLAIN) / sizeof(PLAIN[0]); i++) {
        ck_assert_int_eq(error_code_category(classify_close_code(PLAIN[i])), HAWSER_CONNECTION);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/classify");
    TCase *tcase = tcase_create("classify");
    tcase_add_test(tcase, errno_of_a_refusal_a_silence_and_a_break_differ);
    tcase_add_test(tcase, http_status_tells_who_must_act);
    tcase_add_test(tcase, close_codes_that_blame_us_are_protocol_errors);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
