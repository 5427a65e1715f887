/*
 * session/early: calls that come before READY and wait for it.
 */
#include <check.h>
#include <string.h>

#include "base/error.h"
#include "base/slice.h"
#include "rig.h"
#include "support/suite.h"

/* Each call has a number; what became of it is noted in the order of the ends. */
struct ends {
    unsigned count;
    unsigned number[8];
    struct hawser_error err[8];
};

struct early_caller {
    struct ends *ends;
    unsigned number;
};

static void note_end(void *arg, const struct hawser_reply *reply)
{
    const struct early_caller *caller = arg;
    struct ends *ends                 = caller->ends;
    struct hawser_error none          = HAWSER_ERROR_INIT;
    ck_assert_uint_lt(ends->count, 8);
    ends->number[ends->count] = caller->number;
    ends->err[ends->count++]  = reply->err == NULL ? none : *reply->err;
}

static struct ends ends;
static struct early_caller callers[8];

static int ask(struct rig *rig, unsigned number, int64_t timeout_ms, struct hawser_error *err)
{
    callers[number] = (struct early_caller){&ends, number};
    return session_request(rig->session, "private/buy", SLICE_LITERAL("{\"amount\":10}"),
                           timeout_ms, note_end, &callers[number], err);
}

static void start(struct rig *rig)
{
    ends = (struct ends){0};
    rig_init(rig);
    rig->options.requests_wait = 1;
    rig->options.max_requests  = 3;
}

START_TEST(calls_wait_for_ready_and_go_out_in_their_order)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    start(&rig);
    rig.exchange.mute_subscribe      = 1;
    rig.options.subscribe_timeout_ms = 1000;
    rig_start(&rig);
    ck_assert_int_eq(ask(&rig, 0, 60000, &err), 0);
    rig_until(&rig, rig.exchange.subscribes == 1);
    ck_assert_int_eq(ask(&rig, 1, 60000, &err), 0);
    rig_until(&rig,
              rig_is(&rig, HAWSER_STATE_BACKOFF)); /* a break while they wait changes nothing */
    ck_assert_uint_eq(rig.exchange.calls, 0);
    rig.exchange.mute_subscribe = 0;
    rig_until(&rig, rig.exchange.calls == 2);
    ck_assert_int_eq(session_state(rig.session), HAWSER_STATE_READY);
    ck_assert_ptr_nonnull(strstr(rig.exchange.last_call, "\"id\":2,"));
    ck_assert_ptr_nonnull(strstr(rig.exchange.last_call, "{\"amount\":10}"));
    mock_cut(rig.exchange.peer);
    rig_until(&rig, ends.count == 2);
    ck_assert_uint_eq(ends.err[0].code, HAWSER_REQUEST_UNKNOWN); /* those were sent */
    rig_until(&rig, rig_info(&rig).epoch == 3 && rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_uint_eq(rig.exchange.calls, 2); /* and are not sent again */
    rig_fini(&rig);
}
END_TEST

START_TEST(a_call_may_wait_as_long_as_a_number_can_say)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    start(&rig);
    rig.exchange.mute_subscribe = 1;
    rig_start(&rig);
    ck_assert_int_eq(ask(&rig, 0, INT64_MAX, &err), 0);
    rig_until(&rig, rig.exchange.subscribes == 1);
    ck_assert_uint_eq(ends.count, 0);
    rig_fini(&rig);
    ck_assert_uint_eq(ends.count, 1);
    ck_assert_uint_eq(ends.err[0].code, HAWSER_WS_NOT_OPEN);
}
END_TEST

START_TEST(a_call_that_waits_in_vain_says_that_it_was_not_sent)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    start(&rig);
    rig.exchange.mute_subscribe = 1;
    rig_start(&rig);
    ck_assert_int_eq(ask(&rig, 0, 60000, &err), 0);
    ck_assert_int_eq(ask(&rig, 1, 20, &err), 0);
    rig_until(&rig, ends.count == 1);
    ck_assert_uint_eq(ends.number[0], 1);
    ck_assert_uint_eq(ends.err[0].code, HAWSER_REQUEST_TIMEOUT);
    ck_assert_ptr_nonnull(strstr(ends.err[0].message, "private/buy was not sent"));
    ck_assert_uint_eq(rig.exchange.calls, 0);
    rig_fini(&rig);
    ck_assert_uint_eq(ends.count, 2);
    ck_assert_uint_eq(ends.err[1].code, HAWSER_WS_NOT_OPEN);
}
END_TEST

START_TEST(what_waits_is_bounded)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    start(&rig);
    rig.exchange.mute_subscribe = 1;
    rig_start(&rig);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(ask(&rig, i, 60000, &err), 0);
    }
    ck_assert_int_eq(ask(&rig, 3, 60000, &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_REQUEST_LIMIT);
    rig_fini(&rig);
    ck_assert_uint_eq(ends.count, 3);
}
END_TEST

START_TEST(a_session_that_fails_or_leaves_keeps_nobody_waiting)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    start(&rig);
    rig.exchange.upgrade = _i == 0 ? 403 : MOCK_MUTE;
    rig_start(&rig);
    ck_assert_int_eq(ask(&rig, 0, 60000, &err), 0);
    if (_i == 1) {
        session_leave(rig.session, 1000, "enough");
    }
    rig_until(&rig, ends.count == 1);
    ck_assert_uint_eq(ends.err[0].code, HAWSER_WS_NOT_OPEN);
    rig_until(&rig, rig_is(&rig, _i == 0 ? HAWSER_STATE_FAILED : HAWSER_STATE_CLOSED));
    ck_assert_int_eq(ask(&rig, 1, 60000, &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_SESSION_STATE);
    rig_fini(&rig);
}
END_TEST

START_TEST(nothing_goes_out_before_the_login)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    start(&rig);
    rig.options.has_credentials = 1;
    rig.options.auth_timeout_ms = 60;
    rig.exchange.mute_login     = 1;
    rig_start(&rig);
    ck_assert_int_eq(ask(&rig, 0, 60000, &err), 0);
    rig_until(&rig, rig.exchange.logins == 2);
    ck_assert_uint_eq(rig.exchange.calls, 0);
    rig.exchange.mute_login = 0;
    rig_until(&rig, rig.exchange.calls == 1);
    ck_assert_int_eq(session_state(rig.session), HAWSER_STATE_READY);
    rig_fini(&rig);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("early");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, calls_wait_for_ready_and_go_out_in_their_order);
    tcase_add_test(cases, a_call_may_wait_as_long_as_a_number_can_say);
    tcase_add_test(cases, a_call_that_waits_in_vain_says_that_it_was_not_sent);
    tcase_add_test(cases, what_waits_is_bounded);
    tcase_add_loop_test(cases, a_session_that_fails_or_leaves_keeps_nobody_waiting, 0, 2);
    tcase_add_test(cases, nothing_goes_out_before_the_login);
    return suite_run("session/early", cases);
}
