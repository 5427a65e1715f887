/*
 * The text about an error says what happened, what comes next and what a person can change.
 */
#include "base/explain.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "support/suite.h"

static void expect(const struct hawser_error *err, const char *text)
{
    struct buf out = {0};
    ck_assert_int_eq(error_explain(err, &out), 0);
    ck_assert_str_eq(buf_text(&out), text);
    buf_fini(&out);
}

START_TEST(an_error_that_needs_a_person_says_what_the_person_can_do)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    error_set(&err, HAWSER_TLS_CERTIFICATE, "certificate has expired");
    expect(&err,
           "server certificate refused: certificate has expired; it stays down until a person "
           "acts; check the host's name, the clock of this machine and `tls_ca`, then "
           "reconnect");
    error_set(&err, HAWSER_SYSTEM_MEMORY, "none left");
    err.recovery = HAWSER_RECOVER_STOP;
    expect(&err, "out of memory: none left; it stays down until a person acts; see to it, then "
                 "reconnect by hand");
}
END_TEST

START_TEST(the_recovery_told_is_that_of_the_error_and_not_of_the_table)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    error_set(&err, HAWSER_EXCHANGE_BUSY, "maintenance");
    expect(&err, "exchange asks to wait: maintenance; it waits for the longest delay of "
                 "`reconnect`; `on_error` says how long to wait");
    err.retry_after_ms = 1500;
    expect(&err, "exchange asks to wait: maintenance; it waits 1500 ms, then goes on; `on_error` "
                 "says how long to wait");
    err.recovery = HAWSER_RECOVER_RECONNECT;
    expect(&err, "exchange asks to wait: maintenance; it connects again, with the backoff of "
                 "`reconnect`; `on_error` says how long to wait");
}
END_TEST

START_TEST(every_code_and_every_recovery_has_a_text)
{
    for (uint32_t code = 1; code < 1000; code++) {
        if (strcmp(error_code_name(code), "?") == 0) {
            continue;
        }
        struct hawser_error err = HAWSER_ERROR_INIT;
        struct buf out          = {0};
        error_set(&err, (enum hawser_code)code, "it");
        err.recovery = code % HAWSER_RECOVERY_COUNT;
        ck_assert_int_eq(error_explain(&err, &out), 0);
        ck_assert_msg(strstr(buf_text(&out), error_code_text(code)) != NULL, "%s", buf_text(&out));
        ck_assert_msg(strstr(buf_text(&out), "(null)") == NULL, "%s", buf_text(&out));
        ck_assert_msg(strchr(buf_text(&out), '?') == NULL, "%s", buf_text(&out));
        buf_fini(&out);
    }
}
END_TEST

START_TEST(no_error_is_no_error_and_no_room_is_told)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    expect(&err, "no error");
    struct buf small = {0};
    buf_init(&small, 40);
    error_set(&err, HAWSER_NET_LOST, "reset by peer");
    ck_assert_int_eq(error_explain(&err, &small), -1);
    buf_fini(&small);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("explain");
    tcase_add_test(cases, an_error_that_needs_a_person_says_what_the_person_can_do);
    tcase_add_test(cases, the_recovery_told_is_that_of_the_error_and_not_of_the_table);
    tcase_add_test(cases, every_code_and_every_recovery_has_a_text);
    tcase_add_test(cases, no_error_is_no_error_and_no_room_is_told);
    return suite_run("base/explain", cases);
}
