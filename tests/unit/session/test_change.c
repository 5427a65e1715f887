/*
 * Channels and options that change while a session runs.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/slice.h"
#include "rig.h"
#include "support/suite.h"

static int subscribe(struct rig *rig, const char *name)
{
    struct hawser_error err   = HAWSER_ERROR_INIT;
    struct hawser_slice slice = slice_of(name);
    return session_subscribe(rig->session, &slice, 1, &err);
}

static int unsubscribe(struct rig *rig, const char *name)
{
    struct hawser_error err   = HAWSER_ERROR_INIT;
    struct hawser_slice slice = slice_of(name);
    return session_unsubscribe(rig->session, &slice, 1, &err);
}

static void name_channel(void *arg, const char *channel, int confirmed, int dynamic)
{
    char *all  = arg;
    size_t len = strlen(all);
    (void)snprintf(all + len, 256 - len, "%s%s%s ", channel, confirmed ? "" : "?",
                   dynamic ? "*" : "");
}

START_TEST(a_channel_wanted_at_run_time_comes_and_survives_a_break)
{
    struct rig rig;
    char all[256] = "";
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_int_eq(subscribe(&rig, "c"), 0);
    rig_until(&rig, rig_info(&rig).channels_confirmed == 3);
    ck_assert_str_eq(rig.exchange.last_subscribe, "sub c");
    ck_assert_int_eq(session_state(rig.session), HAWSER_STATE_READY);
    mock_cut(rig.exchange.peer);
    rig_until(&rig, rig_info(&rig).epoch == 2 && rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_str_eq(rig.exchange.last_subscribe, "sub a b c");
    session_each_channel(rig.session, name_channel, all);
    ck_assert_str_eq(all, "a b c* ");
    rig_fini(&rig);
}
END_TEST

START_TEST(an_unsubscribed_channel_never_comes_back_not_even_by_its_data)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_int_eq(unsubscribe(&rig, "a"), 0);
    mock_send_text(rig.exchange.peer, "data a"); /* on its way before the exchange knew */
    rig_until(&rig, rig.exchange.unsubscribes == 1);
    mock_send_text(rig.exchange.peer, "data a");
    mock_send_text(rig.exchange.peer, "on a"); /* a late acknowledgement */
    rig_until(&rig, rig_info(&rig).foreign_messages == 2);
    mock_cut(rig.exchange.peer);
    rig_until(&rig, rig_info(&rig).epoch == 2 && rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_str_eq(rig.exchange.last_subscribe, "sub b");
    ck_assert_uint_eq(rig_info(&rig).channels_wanted, 1);
    ck_assert_uint_eq(rig_count(rig.records, "DATA a;"), 0);
    ck_assert_uint_eq(rig_count(rig.records, "GAP a"), 0);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_channel_that_is_wanted_again_while_it_leaves_comes_back)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_int_eq(unsubscribe(&rig, "a"), 0);
    ck_assert_int_eq(subscribe(&rig, "a"), 0);
    rig_until(&rig, rig.exchange.unsubscribes == 1 && rig.exchange.subscribes == 2);
    rig_until(&rig, rig_info(&rig).channels_confirmed == 2);
    ck_assert_int_eq(session_state(rig.session), HAWSER_STATE_READY);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_channel_that_is_refused_at_run_time_is_not_hidden_behind_ready)
{
    struct rig rig;
    rig_init(&rig);
    rig.exchange.refused = "c";
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_int_eq(subscribe(&rig, "c"), 0);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_RESTORING));
    mock_send_text(rig.exchange.peer, "data a");
    rig_until(&rig, rig_count(rig.records, "DATA a;") == 1);
    ck_assert_int_eq(unsubscribe(&rig, "c"), 0);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_uint_eq(rig_info(&rig).epoch, 1);
    rig_fini(&rig);
}
END_TEST

START_TEST(a_run_time_subscription_that_is_not_answered_is_told)
{
    struct rig rig;
    rig_init(&rig);
    rig.options.subscribe_timeout_ms = 60;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    rig.exchange.mute_subscribe = 1;
    ck_assert_int_eq(subscribe(&rig, "c"), 0);
    rig_until(&rig, rig_count(rig.records, "GAP c refused;") == 1);
    rig.exchange.mute_subscribe = 0;
    rig_until(&rig, rig_info(&rig).channels_confirmed == 3 && rig_is(&rig, HAWSER_STATE_READY));
    rig_fini(&rig);
}
END_TEST

START_TEST(nobody_can_give_up_what_is_not_wanted)
{
    struct rig rig;
    rig_init(&rig);
    rig_start(&rig);
    ck_assert_int_eq(unsubscribe(&rig, "z"), -1);
    ck_assert_int_eq(unsubscribe(&rig, "a"), 0); /* before there is a link */
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_str_eq(rig.exchange.last_subscribe, "sub b");
    rig_fini(&rig);
}
END_TEST

START_TEST(new_options_change_the_channels_in_place)
{
    static const char *const OTHERS[] = {"b", "c"};
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig_init(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_int_eq(subscribe(&rig, "d"), 0);
    rig_until(&rig, rig_info(&rig).channels_confirmed == 3);
    rig.options.channels = OTHERS;
    ck_assert_int_eq(session_apply(rig.session, &rig.options, &err), 0);
    rig_until(&rig, rig.exchange.unsubscribes == 1 && rig_info(&rig).channels_confirmed == 3);
    char all[256] = "";
    session_each_channel(rig.session, name_channel, all);
    ck_assert_str_eq(all, "b d* c ");
    ck_assert_int_eq(session_state(rig.session), HAWSER_STATE_READY);
    ck_assert_uint_eq(rig_info(&rig).epoch, 1);
    rig_fini(&rig);
}
END_TEST

START_TEST(options_that_need_a_new_session_are_refused_and_nothing_changes)
{
    static const char *const OTHERS[] = {"z"};
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig_init(&rig);
    rig_start(&rig);
    struct session_options other = rig.options;
    other.url                    = "ws://127.0.0.1:1/";
    other.channels               = OTHERS;
    other.channel_count          = 1;
    ck_assert_int_eq(session_apply(rig.session, &other, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "url"));
    other              = rig.options;
    other.max_channels = 1;
    ck_assert_int_eq(session_apply(rig.session, &other, &err), 0); /* those that it has may stay */
    other.channels      = OTHERS;
    other.channel_count = 1;
    ck_assert_int_eq(session_apply(rig.session, &other, &err), -1);
    ck_assert_uint_eq(rig_info(&rig).channels_wanted, 2);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    rig_fini(&rig);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("change");
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, a_channel_wanted_at_run_time_comes_and_survives_a_break);
    tcase_add_test(cases, an_unsubscribed_channel_never_comes_back_not_even_by_its_data);
    tcase_add_test(cases, a_channel_that_is_wanted_again_while_it_leaves_comes_back);
    tcase_add_test(cases, a_channel_that_is_refused_at_run_time_is_not_hidden_behind_ready);
    tcase_add_test(cases, a_run_time_subscription_that_is_not_answered_is_told);
    tcase_add_test(cases, nobody_can_give_up_what_is_not_wanted);
    tcase_add_test(cases, new_options_change_the_channels_in_place);
    tcase_add_test(cases, options_that_need_a_new_session_are_refused_and_nothing_changes);
    return suite_run("session/change", cases);
}
