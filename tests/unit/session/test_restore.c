/*
 * From an open link to READY: login, restore, channels, each with its refusals and its silence.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/slice.h"
#include "rig.h"
#include "support/suite.h"

static const char *const KEY[] = {"key", "k1"};

static void with_login(struct rig *rig)
{
    struct hawser_error err      = HAWSER_ERROR_INIT;
    rig->options.has_credentials = 1;
    rig_start(rig);
    ck_assert_int_eq(session_set_credentials(rig->session, KEY, 1, &err), 0);
}

START_TEST(credentials_are_presented_before_any_channel)
{
    struct rig rig;
    rig_init(&rig);
    with_login(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_str_eq(rig.states,
                     "RESOLVING CONNECTING UPGRADING OPEN AUTHENTICATING RESTORING READY ");
    ck_assert_str_eq(session_credential(rig.session, "key"), "k1");
    ck_assert_ptr_null(session_credential(rig.session, "k1"));
    rig_fini(&rig);
}
END_TEST

START_TEST(a_denied_login_is_never_ready_and_never_repeated)
{
    struct rig rig;
    rig_init(&rig);
    rig.exchange.deny_login = 1;
    with_login(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_FAILED));
    rig_pass_ms(&rig, 150);
    ck_assert_uint_eq(rig.exchange.logins, 1);
    ck_assert_uint_eq(rig.exchange.subscribes, 0);
    ck_assert_uint_eq(mock_accepted(rig.mock), 1);
    ck_assert_uint_eq(rig_count(rig.states, "READY"), 0);
    ck_assert_uint_eq(rig.why.code, HAWSER_AUTH_DENIED);
    rig_fini(&rig);
}
END_TEST

START_TEST(new_credentials_bring_a_failed_session_back)
{
    static const char *const OTHER[] = {"key", "k2"};
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig_init(&rig);
    rig.exchange.deny_login = 1;
    with_login(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_FAILED));
    rig.exchange.deny_login = 0;
    ck_assert_int_eq(session_set_credentials(rig.session, OTHER, 1, &err), 0);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    rig_fini(&rig);
}
END_TEST

START_TEST(new_credentials_log_in_again_in_place)
{
    static const char *const OTHER[] = {"key", "k2"};
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig_init(&rig);
    with_login(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_int_eq(session_set_credentials(rig.session, KEY, 1, &err), 0); /* the same: nothing */
    ck_assert_int_eq(session_set_credentials(rig.session, OTHER, 1, &err), 0);
    rig_until(&rig, rig.exchange.logins == 2);
    rig_pass_ms(&rig, 50);
    ck_assert_int_eq(session_state(rig.session), HAWSER_STATE_READY);
    ck_assert_uint_eq(rig_info(&rig).epoch, 1);
    ck_assert_uint_eq(rig.exchange.logins, 2);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_login_is_renewed_before_it_ends_and_the_session_stays_ready)
{
    struct rig rig;
    rig_init(&rig);
    rig.exchange.valid_ms = 300;
    with_login(&rig);
    rig_until(&rig, rig.exchange.logins >= 3);
    ck_assert_int_eq(session_state(rig.session), HAWSER_STATE_READY);
    ck_assert_uint_eq(rig_info(&rig).epoch, 1);
    ck_assert_uint_eq(rig_count(rig.states, "AUTHENTICATING"), 1);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_renewal_that_is_not_answered_replaces_the_link)
{
    struct rig rig;
    rig_init(&rig);
    rig.options.auth_timeout_ms = 60;
    rig.exchange.valid_ms       = 300;
    with_login(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    rig.exchange.mute_login = 1;
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_BACKOFF));
    ck_assert_uint_eq(rig.why.code, HAWSER_SESSION_PHASE_TIMEOUT);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_renewal_that_is_denied_ends_in_failed)
{
    struct rig rig;
    rig_init(&rig);
    rig.exchange.valid_ms = 300;
    with_login(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    rig.exchange.deny_login = 1;
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_FAILED));
    ck_assert_uint_eq(rig.exchange.logins, 2);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_login_that_is_called_too_old_at_once_does_not_loop)
{
    struct rig rig;
    rig_init(&rig);
    with_login(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    mock_send_text(rig.exchange.peer, "expired"); /* moments after the login */
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_BACKOFF));
    ck_assert_uint_eq(rig.exchange.logins, 1);
    ck_assert_uint_eq(rig.why.code, HAWSER_AUTH_EXPIRED);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_login_that_is_not_answered_is_a_timeout)
{
    struct rig rig;
    rig_init(&rig);
    rig.options.auth_timeout_ms = 40;
    rig.exchange.mute_login     = 1;
    with_login(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_BACKOFF));
    ck_assert_uint_eq(rig.why.code, HAWSER_SESSION_PHASE_TIMEOUT);
    ck_assert_ptr_nonnull(strstr(rig.why.message, "AUTHENTICATING"));
    rig_fini(&rig);
}
END_TEST

START_TEST(a_restore_that_is_not_answered_is_a_timeout)
{
    struct rig rig;
    rig_init(&rig);
    rig.options.subscribe_timeout_ms = 40;
    rig.exchange.mute_restore        = 1;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_BACKOFF));
    ck_assert_uint_eq(rig.why.code, HAWSER_SESSION_PHASE_TIMEOUT);
    ck_assert_uint_eq(rig.exchange.subscribes, 0);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_subscribe_that_is_never_answered_reconnects)
{
    struct rig rig;
    rig_init(&rig);
    rig.options.subscribe_timeout_ms = 60;
    rig.exchange.mute_subscribe      = 1;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_BACKOFF));
    ck_assert_uint_eq(rig.why.code, HAWSER_SESSION_PHASE_TIMEOUT);
    rig.exchange.mute_subscribe = 0;
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    rig_fini(&rig);
}
END_TEST

START_TEST(a_refused_channel_keeps_the_session_from_ready_and_the_others_deliver)
{
    struct rig rig;
    rig_init(&rig);
    rig.options.subscribe_timeout_ms = 500;
    rig.exchange.refused             = "b";
    rig_start(&rig);
    rig_until(&rig, rig_count(rig.records, "GAP b refused;") == 1);
    mock_send_text(rig.exchange.peer, "data a");
    rig_until(&rig, rig_count(rig.records, "DATA a;") == 1);
    rig_pass_ms(&rig, 1500); /* no deadline ends this */
    struct session_info info = rig_info(&rig);
    ck_assert_int_eq(info.state, HAWSER_STATE_RESTORING);
    ck_assert_uint_eq(info.channels_wanted, 2);
    ck_assert_uint_eq(info.channels_confirmed, 1);
    ck_assert_uint_eq(info.epoch, 1);
    ck_assert_uint_gt(rig.exchange.subscribes, 1); /* asked for again meanwhile */
    ck_assert_uint_eq(rig_count(rig.records, "GAP b refused;"), 1);
    rig.exchange.refused = NULL;
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_str_eq(rig.exchange.last_subscribe, "sub b"); /* the refused one alone */
    rig_fini(&rig);
}
END_TEST

START_TEST(a_channel_that_the_answer_leaves_out_is_not_counted_as_restored)
{
    struct rig rig;
    rig_init(&rig);
    rig.options.subscribe_timeout_ms = 500;
    rig.exchange.left_out            = "b";
    rig_start(&rig);
    rig_until(&rig, rig_count(rig.records, "GAP b refused;") == 1);
    ck_assert_int_eq(session_state(rig.session), HAWSER_STATE_RESTORING);
    ck_assert_uint_eq(rig_info(&rig).epoch, 1); /* something was answered: the link is of use */
    rig.exchange.left_out = NULL;
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    rig_fini(&rig);
}
END_TEST

START_TEST(many_channels_are_asked_for_in_batches)
{
    static const char *const MANY[] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6"};
    struct rig rig;
    rig_init(&rig);
    rig.options.channels      = MANY;
    rig.options.channel_count = 7;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_uint_eq(rig.exchange.subscribes, 3); /* three at most in one */
    ck_assert_str_eq(rig.exchange.last_subscribe, "sub c6");
    rig_fini(&rig);
}
END_TEST

START_TEST(more_batches_than_may_be_in_flight_are_all_asked_for)
{
    static char names[100][8];
    static const char *many[100];
    struct rig rig;
    for (int i = 0; i < 100; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "c%d", i);
        many[i] = names[i];
    }
    rig_init(&rig);
    rig.options.channels      = many;
    rig.options.channel_count = 100;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_uint_eq(rig_info(&rig).channels_confirmed, 100);
    rig_fini(&rig);
}
END_TEST

START_TEST(one_channel_that_has_a_whole_call_refused_is_found_and_the_others_deliver)
{
    static const char *const MANY[] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"};
    struct rig rig;
    rig_init(&rig);
    rig.options.channels      = MANY;
    rig.options.channel_count = 8;
    rig.exchange.poison       = "c4";
    rig_start(&rig);
    rig_until(&rig, rig_info(&rig).channels_confirmed == 7);
    rig_until(&rig, rig_count(rig.records, "GAP c4 refused;") == 1);
    ck_assert_uint_eq(rig_count(rig.records, "GAP"), 1); /* the others were never said to be */
    ck_assert_int_eq(session_state(rig.session), HAWSER_STATE_RESTORING);
    ck_assert_uint_eq(rig_info(&rig).epoch, 1);
    rig.exchange.poison = NULL;
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    rig_fini(&rig);
}
END_TEST

START_TEST(a_session_without_channels_is_ready_when_it_is_restored)
{
    struct rig rig;
    rig_init(&rig);
    rig.options.channel_count = 0;
    rig.adapter               = &DIALECT_BARE;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    rig_fini(&rig);
}
END_TEST

START_TEST(credentials_for_an_exchange_without_a_login_are_refused)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig_init(&rig);
    rig.options.has_credentials = 1;
    struct session_env env      = {.loop = rig.loop, .adapter = &DIALECT_BARE};
    ck_assert_ptr_null(session_create(&rig.options, &env, &err));
    ck_assert_uint_eq(err.code, HAWSER_CONF_DIRECTIVE);
    mock_destroy(rig.mock);
    net_loop_destroy(rig.loop);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("restore");
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, credentials_are_presented_before_any_channel);
    tcase_add_test(cases, a_denied_login_is_never_ready_and_never_repeated);
    tcase_add_test(cases, new_credentials_bring_a_failed_session_back);
    tcase_add_test(cases, new_credentials_log_in_again_in_place);
    tcase_add_test(cases, a_login_is_renewed_before_it_ends_and_the_session_stays_ready);
    tcase_add_test(cases, a_renewal_that_is_not_answered_replaces_the_link);
    tcase_add_test(cases, a_renewal_that_is_denied_ends_in_failed);
    tcase_add_test(cases, a_login_that_is_called_too_old_at_once_does_not_loop);
    tcase_add_test(cases, a_login_that_is_not_answered_is_a_timeout);
    tcase_add_test(cases, a_restore_that_is_not_answered_is_a_timeout);
    tcase_add_test(cases, a_subscribe_that_is_never_answered_reconnects);
    tcase_add_test(cases, a_refused_channel_keeps_the_session_from_ready_and_the_others_deliver);
    tcase_add_test(cases, a_channel_that_the_answer_leaves_out_is_not_counted_as_restored);
    tcase_add_test(cases, many_channels_are_asked_for_in_batches);
    tcase_add_test(cases, more_batches_than_may_be_in_flight_are_all_asked_for);
    tcase_add_test(cases,
                   one_channel_that_has_a_whole_call_refused_is_found_and_the_others_deliver);
    tcase_add_test(cases, a_session_without_channels_is_ready_when_it_is_restored);
    tcase_add_test(cases, credentials_for_an_exchange_without_a_login_are_refused);
    return suite_run("session/restore", cases);
}
