/*
 * Rules about failures: what they name, which one counts, and what it changes.
 */
#include "base/error_rule.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "support/suite.h"

static const struct {
    const char *word;
    struct error_rule rule;
} GOOD[] = {
    {"10028", {.by = ERROR_RULE_BY_CAUSE, .cause_kind = HAWSER_CAUSE_JSONRPC, .number = 10028}},
    {"-32601", {.by = ERROR_RULE_BY_CAUSE, .cause_kind = HAWSER_CAUSE_JSONRPC, .number = -32601}},
    {"close:4000", {.by = ERROR_RULE_BY_CAUSE, .cause_kind = HAWSER_CAUSE_CLOSE, .number = 4000}},
    {"http:503", {.by = ERROR_RULE_BY_CAUSE, .cause_kind = HAWSER_CAUSE_HTTP, .number = 503}},
    {"TLS_CERTIFICATE", {.by = ERROR_RULE_BY_CODE, .number = HAWSER_TLS_CERTIFICATE}},
    {"ADAPTER_FAILED", {.by = ERROR_RULE_BY_CODE, .number = HAWSER_ADAPTER_FAILED}},
    {"connection", {.by = ERROR_RULE_BY_CATEGORY, .number = HAWSER_CONNECTION}},
    {"application", {.by = ERROR_RULE_BY_CATEGORY, .number = HAWSER_APPLICATION}},
};

START_TEST(a_rule_names_a_number_a_name_or_a_category)
{
    struct error_rule rule = {0};
    ck_assert_int_eq(error_rule_read(&rule, GOOD[_i].word), 0);
    ck_assert_mem_eq(&rule, &GOOD[_i].rule, sizeof(rule));
}
END_TEST

static const char *const BAD[] = {
    "",           "close:", "close:999", "close:5000",  "http:99",         "http:600",
    "10028x",     "+5",     " 5",        "-",           "2147483648",      "99999999999999999999",
    "none",       "OK",     "?",         "CONF_SYNTAX", "SESSION_RETRIES", "tls_certificate",
    "close:4000 "};

START_TEST(what_no_session_decides_by_is_refused)
{
    struct error_rule rule = {0};
    ck_assert_msg(error_rule_read(&rule, BAD[_i]) == -1, "\"%s\"", BAD[_i]);
}
END_TEST

static struct error_rule rule_of(const char *word, uint32_t recovery, int64_t wait_ms)
{
    struct error_rule rule = {.recovery = recovery, .wait_ms = wait_ms};
    ck_assert_int_eq(error_rule_read(&rule, word), 0);
    return rule;
}

START_TEST(the_nearest_fit_counts_and_then_the_first)
{
    struct error_rule rules[] = {
        rule_of("application", HAWSER_RECOVER_STOP, 0),
        rule_of("RATE_LIMITED", HAWSER_RECOVER_RECONNECT, 0),
        rule_of("10028", HAWSER_RECOVER_WAIT, 1000),
        rule_of("10028", HAWSER_RECOVER_WAIT, 2000),
    };
    struct hawser_error err = HAWSER_ERROR_INIT;
    error_set(&err, HAWSER_RATE_LIMITED, "too many");
    ck_assert_ptr_eq(error_rule_find(rules, 4, &err), &rules[1]);
    error_set_cause(&err, HAWSER_CAUSE_JSONRPC, 10028);
    ck_assert_ptr_eq(error_rule_find(rules, 4, &err), &rules[2]);
    error_set_cause(&err, HAWSER_CAUSE_CLOSE, 10028); /* the same number, of another kind */
    ck_assert_ptr_eq(error_rule_find(rules, 4, &err), &rules[1]);
    ck_assert_ptr_eq(error_rule_find(rules, 1, &err), &rules[0]);
    ck_assert_ptr_null(error_rule_find(rules, 0, &err));
    error_set(&err, HAWSER_NET_LOST, "reset");
    ck_assert_ptr_null(error_rule_find(rules, 4, &err));
}
END_TEST

START_TEST(a_rule_replaces_the_recovery_and_how_long_to_wait)
{
    struct hawser_error err     = HAWSER_ERROR_INIT;
    struct error_rule wait      = rule_of("http:503", HAWSER_RECOVER_WAIT, 1500);
    struct error_rule reconnect = rule_of("http:503", HAWSER_RECOVER_RECONNECT, 0);
    struct error_rule go_on     = rule_of("10028", HAWSER_RECOVER_NOTHING, 0);
    error_set(&err, HAWSER_WS_TOO_MANY, "503");
    err.retry_after_ms = 60000;
    error_rule_apply(NULL, &err);
    error_rule_apply(&go_on, &err);
    ck_assert_uint_eq(err.recovery, HAWSER_RECOVER_WAIT);
    ck_assert_int_eq(err.retry_after_ms, 60000);
    error_rule_apply(&wait, &err);
    ck_assert_int_eq(err.retry_after_ms, 1500);
    error_rule_apply(&reconnect, &err);
    ck_assert_uint_eq(err.recovery, HAWSER_RECOVER_RECONNECT);
    ck_assert_int_eq(err.retry_after_ms, -1);
    ck_assert_uint_eq(err.category, HAWSER_APPLICATION); /* what it is stays what it is */
}
END_TEST

START_TEST(what_ends_the_link_cannot_be_ignored)
{
    static const char *const NO[]  = {"close:4000",      "http:503", "NET_LOST",
                                      "TLS_CERTIFICATE", "protocol", "application"};
    static const char *const YES[] = {"10028", "RATE_LIMITED", "ADAPTER_FAILED", "AUTH_DENIED"};
    for (size_t i = 0; i < sizeof(NO) / sizeof(NO[0]); i++) {
        struct error_rule rule = rule_of(NO[i], HAWSER_RECOVER_NOTHING, 0);
        ck_assert_msg(!error_rule_may_ignore(&rule), "%s", NO[i]);
    }
    for (size_t i = 0; i < sizeof(YES) / sizeof(YES[0]); i++) {
        struct error_rule rule = rule_of(YES[i], HAWSER_RECOVER_NOTHING, 0);
        ck_assert_msg(error_rule_may_ignore(&rule), "%s", YES[i]);
    }
}
END_TEST

static int distance_of_length(const char *a, const char *b)
{
    return abs((int)strlen(a) - (int)strlen(b));
}

START_TEST(the_nearest_name_is_one_that_a_rule_may_have)
{
    struct error_rule rule;
    const char *nearest = error_rule_nearest("authenticatio", distance_of_length);
    ck_assert_ptr_nonnull(nearest);
    ck_assert_int_eq(error_rule_read(&rule, nearest), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("error_rule");
    tcase_add_loop_test(cases, a_rule_names_a_number_a_name_or_a_category, 0,
                        (int)(sizeof(GOOD) / sizeof(GOOD[0])));
    tcase_add_loop_test(cases, what_no_session_decides_by_is_refused, 0,
                        (int)(sizeof(BAD) / sizeof(BAD[0])));
    tcase_add_test(cases, the_nearest_fit_counts_and_then_the_first);
    tcase_add_test(cases, a_rule_replaces_the_recovery_and_how_long_to_wait);
    tcase_add_test(cases, what_ends_the_link_cannot_be_ignored);
    tcase_add_test(cases, the_nearest_name_is_one_that_a_rule_may_have);
    return suite_run("base/error_rule", cases);
}
