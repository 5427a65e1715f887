/*
 * What the config says about errors decides, wherever the session does: after a break, at a
 * deadline, at an answer of the exchange, about one channel.
 */
#include <check.h>
#include <string.h>

#include "base/error.h"
#include "base/slice.h"
#include "rig.h"
#include "support/suite.h"

static struct error_rule rule;

/* The rig with one rule. */
static void rig_with(struct rig *rig, const char *what, uint32_t recovery, int64_t wait_ms)
{
    rig_init(rig);
    rule = (struct error_rule){.recovery = recovery, .wait_ms = wait_ms};
    ck_assert_int_eq(error_rule_read(&rule, what), 0);
    rig->options.on_error       = &rule;
    rig->options.on_error_count = 1;
}

static void fail_with(const struct rig *rig, enum hawser_code code, int64_t jsonrpc)
{
    struct hawser_error why = HAWSER_ERROR_INIT;
    error_set(&why, code, "made up");
    error_set_cause(&why, HAWSER_CAUSE_JSONRPC, jsonrpc);
    session_fail(rig->session, &why);
}

static int64_t wait_ms_of(const struct rig *rig)
{
    struct session_info info = rig_info(rig);
    return (info.next_attempt_ns - info.state_since_ns) / CLOCK_NS_PER_MS;
}

START_TEST(a_close_code_can_wait_as_long_as_it_is_told)
{
    struct rig rig;
    rig_with(&rig, "close:4000", HAWSER_RECOVER_WAIT, 5000);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    mock_close(rig.exchange.peer, 4000, "later");
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_BACKOFF));
    ck_assert_int_ge(wait_ms_of(&rig), 5000);
    ck_assert_int_le(wait_ms_of(&rig), 5100);
    rig_fini(&rig);
}
END_TEST

START_TEST(another_close_code_is_not_meant)
{
    struct rig rig;
    rig_with(&rig, "close:4000", HAWSER_RECOVER_STOP, 0);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    mock_close(rig.exchange.peer, 4001, "something else");
    rig_until(&rig, rig_info(&rig).epoch == 2 && rig_is(&rig, HAWSER_STATE_READY));
    mock_close(rig.exchange.peer, 4000, "this one");
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_FAILED));
    rig_fini(&rig);
}
END_TEST

START_TEST(a_status_that_would_stop_can_be_tried_again)
{
    struct rig rig;
    rig_with(&rig, "http:403", HAWSER_RECOVER_RECONNECT, 0);
    rig.exchange.upgrade = 403;
    rig_start(&rig);
    rig_until(&rig, rig_info(&rig).attempt >= 3);
    rig.exchange.upgrade = MOCK_ACCEPT;
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_uint_eq(rig_count(rig.states, "FAILED"), 0);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_phase_that_takes_too_long_can_stop_the_session)
{
    struct rig rig;
    rig_with(&rig, "SESSION_PHASE_TIMEOUT", HAWSER_RECOVER_STOP, 0);
    rig.options.connect_timeout_ms = 50;
    rig.exchange.upgrade           = MOCK_MUTE;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_FAILED));
    ck_assert_uint_eq(rig_info(&rig).illegal_events, 0);
    ck_assert_uint_eq(mock_accepted(rig.mock), 1);
    rig.exchange.upgrade = MOCK_ACCEPT;
    session_reconnect(rig.session, "somebody saw to it");
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    rig_fini(&rig);
}
END_TEST

START_TEST(an_error_of_the_exchange_can_be_ignored_and_the_link_goes_on)
{
    struct rig rig;
    rig_with(&rig, "10028", HAWSER_RECOVER_NOTHING, 0);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    fail_with(&rig, HAWSER_RATE_LIMITED, 10028);
    rig_pass_ms(&rig, 50);
    ck_assert(rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_uint_eq(rig_info(&rig).last_error.code, HAWSER_RATE_LIMITED); /* and yet told */
    ck_assert_uint_eq(mock_accepted(rig.mock), 1);
    fail_with(&rig, HAWSER_RATE_LIMITED, 10029); /* not this one */
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_BACKOFF));
    rig_fini(&rig);
}
END_TEST

START_TEST(what_is_ignored_before_ready_still_ends_at_the_deadline)
{
    struct rig rig;
    rig_with(&rig, "ADAPTER_FAILED", HAWSER_RECOVER_NOTHING, 0);
    rig.options.subscribe_timeout_ms = 100;
    rig.exchange.mute_restore        = 1;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_RESTORING));
    fail_with(&rig, HAWSER_ADAPTER_FAILED, 1);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_BACKOFF));
    ck_assert_uint_eq(rig_info(&rig).last_error.code, HAWSER_SESSION_PHASE_TIMEOUT);
    rig_fini(&rig);
}
END_TEST

START_TEST(without_a_link_there_is_nothing_to_go_on_with)
{
    struct rig rig;
    rig_with(&rig, "ADAPTER_FAILED", HAWSER_RECOVER_NOTHING, 0);
    rig.exchange.upgrade = MOCK_MUTE;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_UPGRADING));
    fail_with(&rig, HAWSER_ADAPTER_FAILED, 1);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_BACKOFF));
    rig_fini(&rig);
}
END_TEST

START_TEST(a_refused_channel_is_asked_for_when_the_rule_says)
{
    struct rig rig;
    rig_with(&rig, "SESSION_CHANNEL_REFUSED", HAWSER_RECOVER_WAIT, 20);
    rig.options.channel_retry_ms = 60000;
    rig.exchange.refused         = "b";
    rig_start(&rig);
    rig_until(&rig, strcmp(rig.exchange.last_subscribe, "sub b") == 0); /* not after a minute */
    rig_fini(&rig);
}
END_TEST

START_TEST(a_refused_channel_can_replace_the_link)
{
    struct rig rig;
    rig_with(&rig, "SESSION_CHANNEL_REFUSED", HAWSER_RECOVER_RECONNECT, 0);
    rig.exchange.refused = "b";
    rig_start(&rig);
    rig_until(&rig, rig_info(&rig).epoch >= 2);
    rig.exchange.refused = NULL;
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    rig_fini(&rig);
}
END_TEST

START_TEST(a_rule_about_a_category_is_not_about_one_channel)
{
    struct rig rig;
    rig_with(&rig, "application", HAWSER_RECOVER_STOP, 0);
    rig.exchange.refused = "b";
    rig_start(&rig);
    rig_until(&rig, rig_info(&rig).channels_confirmed == 1);
    rig_pass_ms(&rig, 50);
    ck_assert(rig_is(&rig, HAWSER_STATE_RESTORING));
    fail_with(&rig, HAWSER_ADAPTER_FAILED, 1);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_FAILED));
    rig_fini(&rig);
}
END_TEST

START_TEST(a_reload_changes_the_rules_in_place)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig_with(&rig, "close:4000", HAWSER_RECOVER_STOP, 0);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    rig.options.on_error_count = 0;
    ck_assert_int_eq(session_apply(rig.session, &rig.options, &err), 0);
    mock_close(rig.exchange.peer, 4000, "later");
    rig_until(&rig, rig_info(&rig).epoch == 2 && rig_is(&rig, HAWSER_STATE_READY));
    rig_fini(&rig);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("on_error");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, a_close_code_can_wait_as_long_as_it_is_told);
    tcase_add_test(cases, another_close_code_is_not_meant);
    tcase_add_test(cases, a_status_that_would_stop_can_be_tried_again);
    tcase_add_test(cases, a_phase_that_takes_too_long_can_stop_the_session);
    tcase_add_test(cases, an_error_of_the_exchange_can_be_ignored_and_the_link_goes_on);
    tcase_add_test(cases, what_is_ignored_before_ready_still_ends_at_the_deadline);
    tcase_add_test(cases, without_a_link_there_is_nothing_to_go_on_with);
    tcase_add_test(cases, a_refused_channel_is_asked_for_when_the_rule_says);
    tcase_add_test(cases, a_refused_channel_can_replace_the_link);
    tcase_add_test(cases, a_rule_about_a_category_is_not_about_one_channel);
    tcase_add_test(cases, a_reload_changes_the_rules_in_place);
    return suite_run("session/on_error", cases);
}
