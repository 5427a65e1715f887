/*
 * A session with two addresses: the preferred one in every kind of trouble, and back to it.
 */
#include <string.h>

#include "rig.h"
#include "support/mock_exchange.h"
#include "support/suite.h"

struct two {
    struct rig rig;
    struct mock_exchange *first; /* the preferred address; the rig's own exchange is the second */
    int upgrade;                 /* what the first does */
    const char *more[2];
};

static int on_upgrade(void *arg, struct mock_peer *peer)
{
    const struct two *two = arg;
    (void)peer;
    return two->upgrade;
}

static const struct mock_handler FIRST = {.upgrade = on_upgrade};

static void begin(struct two *two, int upgrade)
{
    rig_init(&two->rig);
    two->upgrade                   = upgrade;
    two->first                     = mock_create(two->rig.loop->base, &FIRST, two);
    two->more[0]                   = mock_url(two->rig.mock);
    two->more[1]                   = NULL;
    two->rig.options.url           = mock_url(two->first);
    two->rig.options.fallback_urls = two->more;
}

static void end(struct two *two)
{
    session_destroy(two->rig.session);
    two->rig.session = NULL;
    mock_destroy(two->first);
    rig_fini(&two->rig);
}

START_TEST(each_failure_before_open_takes_the_next_address)
{
    static const int TROUBLE[] = {MOCK_MUTE, MOCK_SHUT, 401, 503, 302, 500};
    struct two two;
    begin(&two, TROUBLE[_i]);
    if (TROUBLE[_i] == MOCK_MUTE) { /* the other address has to answer within it, too */
        two.rig.options.connect_timeout_ms = 2000;
    }
    two.rig.options.backoff.max_delay_ms = 3600000; /* of those that are asked for slowly */
    rig_start(&two.rig);
    rig_until(&two.rig, rig_is(&two.rig, HAWSER_STATE_READY));
    struct session_info info = rig_info(&two.rig);
    ck_assert_uint_eq(info.reconnects, 1);
    ck_assert_uint_eq(info.address_index, 1);
    ck_assert_ptr_nonnull(strstr(mock_url(two.rig.mock), info.address));
    ck_assert_uint_eq(mock_accepted(two.first), 1);
    end(&two);
}
END_TEST

START_TEST(a_port_that_refuses_is_left_for_the_next_address)
{
    struct two two;
    begin(&two, MOCK_ACCEPT);
    mock_listen(two.first, 0);
    rig_start(&two.rig);
    rig_until(&two.rig, rig_is(&two.rig, HAWSER_STATE_READY));
    ck_assert_uint_eq(rig_info(&two.rig).address_index, 1);
    end(&two);
}
END_TEST

START_TEST(after_ready_the_preferred_address_comes_first_again)
{
    struct two two;
    begin(&two, MOCK_SHUT);
    rig_start(&two.rig);
    rig_until(&two.rig, rig_is(&two.rig, HAWSER_STATE_READY));
    ck_assert_uint_eq(mock_accepted(two.first), 1);
    if (_i == 0) {
        session_reconnect(two.rig.session, "a test");
    } else {
        mock_cut(two.rig.exchange.peer);
    }
    rig_until(&two.rig, mock_accepted(two.first) == 2);
    rig_until(&two.rig, rig_is(&two.rig, HAWSER_STATE_READY));
    ck_assert_uint_eq(rig_info(&two.rig).address_index, 1);
    ck_assert_uint_eq(mock_accepted(two.first), 2);
    end(&two);
}
END_TEST

START_TEST(an_address_that_needs_a_person_is_left_out_until_one_acts)
{
    struct two two;
    begin(&two, 401);
    rig_start(&two.rig);
    rig_until(&two.rig, rig_is(&two.rig, HAWSER_STATE_READY));
    mock_cut(two.rig.exchange.peer);
    rig_until(&two.rig, rig_info(&two.rig).epoch == 2);
    rig_until(&two.rig, rig_is(&two.rig, HAWSER_STATE_READY));
    ck_assert_uint_eq(mock_accepted(two.first), 1);
    session_reconnect(two.rig.session, "a person");
    rig_until(&two.rig, mock_accepted(two.first) == 2);
    rig_until(&two.rig, rig_is(&two.rig, HAWSER_STATE_READY));
    end(&two);
}
END_TEST

START_TEST(when_each_address_needs_a_person_the_session_fails)
{
    struct two two;
    begin(&two, 401);
    two.rig.exchange.upgrade = 403;
    rig_start(&two.rig);
    rig_until(&two.rig, rig_is(&two.rig, HAWSER_STATE_FAILED));
    ck_assert_int_eq(two.rig.why.code, HAWSER_WS_UNAUTHORIZED);
    ck_assert_uint_eq(mock_accepted(two.first), 1);
    ck_assert_uint_eq(mock_accepted(two.rig.mock), 1);
    two.rig.exchange.upgrade = MOCK_ACCEPT;
    session_reconnect(two.rig.session, "a person"); /* all is forgiven */
    rig_until(&two.rig, rig_is(&two.rig, HAWSER_STATE_READY));
    ck_assert_uint_eq(mock_accepted(two.first), 2);
    end(&two);
}
END_TEST

START_TEST(one_that_asks_for_time_gets_it_while_the_other_is_tried)
{
    struct two two;
    begin(&two, 503);
    mock_refusal_header(two.first, "Retry-After: 3600");
    mock_listen(two.rig.mock, 0);
    rig_start(&two.rig);
    rig_until(&two.rig, rig_info(&two.rig).reconnects >= 4);
    ck_assert_uint_eq(mock_accepted(two.first), 1);
    mock_listen(two.rig.mock, 1);
    rig_until(&two.rig, rig_is(&two.rig, HAWSER_STATE_READY));
    ck_assert_uint_eq(mock_accepted(two.first), 1);
    end(&two);
}
END_TEST

START_TEST(other_fallbacks_need_a_new_session)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct two two;
    begin(&two, MOCK_ACCEPT);
    rig_start(&two.rig);
    struct session_options other = two.rig.options;
    ck_assert_int_eq(session_apply(two.rig.session, &other, &err), 0);
    other.fallback_urls = NULL;
    ck_assert_int_eq(session_apply(two.rig.session, &other, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "url differs"));
    end(&two);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("failover");
    tcase_set_timeout(cases, 30);
    tcase_add_loop_test(cases, each_failure_before_open_takes_the_next_address, 0, 6);
    tcase_add_test(cases, a_port_that_refuses_is_left_for_the_next_address);
    tcase_add_loop_test(cases, after_ready_the_preferred_address_comes_first_again, 0, 2);
    tcase_add_test(cases, an_address_that_needs_a_person_is_left_out_until_one_acts);
    tcase_add_test(cases, when_each_address_needs_a_person_the_session_fails);
    tcase_add_test(cases, one_that_asks_for_time_gets_it_while_the_other_is_tried);
    tcase_add_test(cases, other_fallbacks_need_a_new_session);
    return suite_run("session/failover", cases);
}
