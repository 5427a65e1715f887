/*
 * Calls keep to the exchange's rate limits: they wait in order, orders first and channels last, for
 * no longer than their deadline, and those that waited in vain say that they were never sent.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/slice.h"
#include "rig.h"
#include "session/budget.h"
#include "support/suite.h"

enum { ORDERS, CALLS };

static struct hawser_rate_pool pools[] = {{.name = "orders", .urgent = 1}, {.name = "calls"}};
static const struct hawser_rate_limits LIMITS = {
    .struct_size = sizeof(LIMITS), .pool_count = 2, .pools = pools, .too_many = 10028};
static struct hawser_adapter adapter;
static char order[256];

/* "o..." is an order, "free" costs nothing, "odd" is of a pool that there is not. */
static uint32_t request_cost(const char *method, uint32_t *pool)
{
    *pool = method[0] == 'o' ? ORDERS : CALLS;
    *pool = strcmp(method, "odd") == 0 ? 77 : *pool;
    return strcmp(method, "free") == 0 ? 0 : 1;
}

static void rig_limited(struct rig *rig, uint32_t rate, uint32_t burst)
{
    adapter              = DIALECT_FULL;
    adapter.rate_limits  = &LIMITS;
    adapter.request_cost = request_cost;
    for (size_t i = 0; i < 2; i++) {
        pools[i].rate  = rate;
        pools[i].burst = burst;
    }
    order[0] = 0;
    rig_init(rig);
    rig->adapter = &adapter;
}

static void on_end(void *arg, const struct hawser_reply *reply)
{
    struct rig *rig = arg;
    rig->replies++;
    rig->reply_err = reply->err == NULL ? (struct hawser_error)HAWSER_ERROR_INIT : *reply->err;
}

static void request(struct rig *rig, const char *method, int64_t timeout_ms)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_msg(session_request(rig->session, method, (struct hawser_slice){NULL, 0}, timeout_ms,
                                  on_end, rig, &err) == 0,
                  "%s", err.message);
}

/* Wait for `count` calls, and note the first letter of each as it comes. */
static void note_calls(struct rig *rig, unsigned count)
{
    for (unsigned i = rig->exchange.calls; i < count; i++) {
        rig_until(rig, rig->exchange.calls > i);
        const char *method = strstr(rig->exchange.last_call, "\"method\":\"");
        ck_assert_ptr_nonnull(method);
        order[strlen(order)] = method[10];
    }
}

START_TEST(calls_beyond_the_burst_wait_and_go_in_their_order)
{
    struct rig rig;
    memset(order, 0, sizeof(order));
    rig_limited(&rig, 10, 2);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    request(&rig, "a", 0);
    request(&rig, "b", 0);
    request(&rig, "c", 0);
    request(&rig, "d", 0);
    ck_assert_uint_eq(rig_info(&rig).requests_waiting, 4);
    rig_until(&rig, rig.exchange.calls == 2);
    note_calls(&rig, 4);
    ck_assert_str_eq(order, "cd");
    rig_fini(&rig);
}
END_TEST

START_TEST(orders_pass_those_that_wait)
{
    struct rig rig;
    memset(order, 0, sizeof(order));
    rig_limited(&rig, 1, 1);
    pools[ORDERS].rate  = 1000;
    pools[ORDERS].burst = 1000;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    request(&rig, "a", 0);
    request(&rig, "b", 0);
    request(&rig, "order", 0);
    request(&rig, "free", 0);
    request(&rig, "odd", 0); /* a pool that is none costs nothing */
    rig_until(&rig, rig.exchange.calls == 4);
    ck_assert_ptr_nonnull(strstr(rig.exchange.last_call, "odd"));
    rig_fini(&rig);
}
END_TEST

static void end_nowhere(void *arg, const struct hawser_reply *reply)
{
    (void)arg;
    (void)reply;
}

static void subscribe_by_call(void *self, const struct hawser_slice *channels, size_t count)
{
    struct dialect *dialect = self;
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_int_eq(session_call(dialect->session, "subscribe", (struct hawser_slice){NULL, 0}, 0,
                                  end_nowhere, NULL, &err),
                     0);
    for (size_t i = 0; i < count; i++) {
        session_channel_confirmed(dialect->session, channels[i]);
    }
}

START_TEST(a_call_that_waits_ends_at_the_deadline_it_had_when_it_was_made)
{
    struct rig rig;
    rig_limited(&rig, 1, 1);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    request(&rig, "a", 0);
    request(&rig, "b", 60);
    rig_until(&rig, rig.replies == 1);
    ck_assert_uint_eq(rig.reply_err.code, HAWSER_REQUEST_TIMEOUT);
    ck_assert_ptr_nonnull(strstr(rig.reply_err.message, "was not sent"));
    request(&rig, "c", 0);
    rig_until(&rig, rig.exchange.calls == 2); /* and takes no turn from the next */
    ck_assert_ptr_nonnull(strstr(rig.exchange.last_call, "\"c\""));
    rig_fini(&rig);
}
END_TEST

START_TEST(a_break_tells_those_that_wait_that_they_were_never_sent)
{
    struct rig rig;
    rig_limited(&rig, 1, 1);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    request(&rig, "b", 0);
    request(&rig, "c", 0);
    rig_until(&rig, rig.exchange.calls == 1);
    mock_cut(rig.exchange.peer);
    rig_until(&rig, rig.replies == 2);
    ck_assert_uint_eq(rig.reply_err.code, HAWSER_WS_NOT_OPEN); /* the first: outcome unknown */
    rig_until(&rig, rig_info(&rig).epoch == 2 && rig_is(&rig, HAWSER_STATE_READY));
    rig_pass_ms(&rig, 50);
    ck_assert_uint_eq(rig.exchange.calls, 1); /* nothing is sent again */
    rig_fini(&rig);
}
END_TEST

START_TEST(what_waits_is_bounded)
{
    struct rig rig;
    struct hawser_error err    = HAWSER_ERROR_INIT;
    static const char LONG[]   = "\"0123456789012345678901234567890123456789\"";
    struct hawser_slice params = slice_of(LONG);
    rig_limited(&rig, 1, 1);
    rig.options.max_queued_bytes = 4096;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    int count = 0;
    while (session_request(rig.session, "a", params, 0, on_end, &rig, &err) == 0) {
        ck_assert_int_lt(++count, 100);
    }
    ck_assert_uint_eq(err.code, HAWSER_REQUEST_LIMIT);
    ck_assert_uint_eq(rig_info(&rig).requests_waiting, (size_t)count);
    rig_fini(&rig);
}
END_TEST

START_TEST(too_many_requests_is_obeyed)
{
    struct rig rig;
    struct error_rule rule = {.recovery = HAWSER_RECOVER_WAIT, .wait_ms = 300};
    ck_assert_int_eq(error_rule_read(&rule, "10028"), 0);
    rig_limited(&rig, 1000, 1000);
    rig.options.on_error       = &rule;
    rig.options.on_error_count = 1;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    request(&rig, "a", 0);
    rig_until(&rig, rig.exchange.calls == 1);
    const char *id = strstr(rig.exchange.last_call, "id\":") + 4;
    mock_send_text(rig.exchange.peer, "{\"id\":%ld,\"error\":{\"code\":10028,\"message\":\"x\"}}",
                   strtol(id, NULL, 10));
    rig_until(&rig, rig.replies == 1);
    ck_assert_int_eq(rig.reply_err.cause, 10028); /* told, and not sent again */
    clock_ns_t before = clock_monotonic();
    request(&rig, "b", 0);
    request(&rig, "order", 0); /* of another pool */
    rig_until(&rig, rig.exchange.calls == 2);
    ck_assert_ptr_nonnull(strstr(rig.exchange.last_call, "order"));
    rig_until(&rig, rig.exchange.calls == 3);
    ck_assert_int_ge(clock_monotonic() - before, 250 * CLOCK_NS_PER_MS);
    rig_fini(&rig);
}
END_TEST

START_TEST(the_adapters_own_calls_are_counted_and_wait_for_nothing)
{
    struct rig rig;
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig_limited(&rig, 1, 1);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_int_eq(rig_call(&rig, "test", 0, &err), 0);
    ck_assert_int_eq(rig_call(&rig, "test", 0, &err), 0);
    request(&rig, "a", 50);
    rig_until(&rig, rig.exchange.calls == 2);
    rig_until(&rig, rig.replies == 1);
    ck_assert_uint_eq(rig.exchange.calls, 2);
    rig_fini(&rig);
}
END_TEST

START_TEST(channels_wait_behind_the_calls_of_applications)
{
    struct rig rig;
    struct hawser_error err          = HAWSER_ERROR_INIT;
    static const char *const FIRST[] = {"x"};
    struct hawser_slice more         = SLICE_LITERAL("y");
    memset(order, 0, sizeof(order));
    rig_limited(&rig, 5, 1);
    adapter.subscribe         = subscribe_by_call;
    rig.options.channels      = FIRST;
    rig.options.channel_count = 1;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY)); /* takes the one token */
    ck_assert_int_eq(session_subscribe(rig.session, &more, 1, &err), 0);
    rig_until(&rig, rig_info(&rig).requests_waiting == 2); /* the first is not answered either */
    request(&rig, "a", 0);
    rig_until(&rig, rig.exchange.calls >= 1);
    note_calls(&rig, 3);
    ck_assert_str_eq(order, "as");
    rig_fini(&rig);
}
END_TEST

/* Each call is some 50 bytes: all 20 of them would not fit where calls wait. */
START_TEST(more_channels_than_may_wait_are_asked_for_one_call_after_the_other)
{
    static char names[20][8];
    struct rig rig;
    struct hawser_slice channels[20];
    struct hawser_error err = HAWSER_ERROR_INIT;
    rig_limited(&rig, 200, 1);
    adapter.subscribe            = subscribe_by_call;
    adapter.subscribe_batch      = 1;
    rig.options.max_queued_bytes = 500;
    for (size_t i = 0; i < 20; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "c%zu", i);
        channels[i] = slice_of(names[i]);
    }
    rig_start(&rig);
    ck_assert_int_eq(session_subscribe(rig.session, channels, 20, &err), 0);
    rig_until(&rig, rig.exchange.calls == 22); /* with a and b */
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_uint_eq(rig_info(&rig).epoch, 1);
    rig_fini(&rig);
}
END_TEST

START_TEST(sessions_of_one_account_share_its_tokens)
{
    struct rig one, two;
    static const char *const KEY[] = {"client_id", "me", "client_secret", "x"};
    struct hawser_error err        = HAWSER_ERROR_INIT;
    int fd                         = -1;
    ck_assert_int_eq(budget_make(&fd, &err), 0);
    struct budget *budget = budget_attach(fd, &err);
    ck_assert_ptr_nonnull(budget);
    ck_assert_int_eq(close(fd), 0);
    rig_limited(&one, 1, 2);
    one.budget = budget;
    rig_start(&one);
    ck_assert_int_eq(session_set_credentials(one.session, KEY, 2, &err), 0);
    rig_until(&one, rig_is(&one, HAWSER_STATE_READY));
    rig_init(&two);
    two.adapter     = &adapter;
    two.budget      = budget;
    two.options.url = mock_url(one.mock);
    rig_start(&two);
    ck_assert_int_eq(session_set_credentials(two.session, KEY, 2, &err), 0);
    for (int i = 0; i < 200 && !rig_is(&two, HAWSER_STATE_READY); i++) { /* loops of their own */
        (void)event_base_loop(one.loop->base, EVLOOP_NONBLOCK);
        (void)event_base_loop(two.loop->base, EVLOOP_NONBLOCK);
        usleep(1000);
    }
    ck_assert(rig_is(&two, HAWSER_STATE_READY));
    request(&one, "a", 0);
    request(&one, "b", 0);
    request(&two, "c", 50); /* no token is left for it */
    rig_until(&two, two.replies == 1);
    ck_assert_ptr_nonnull(strstr(two.reply_err.message, "was not sent"));
    session_destroy(two.session);
    mock_destroy(two.mock);
    net_loop_destroy(two.loop);
    rig_fini(&one);
    budget_detach(budget);
}
END_TEST

/* Two sessions of one account, each on a loop of its own, as in two workers; one pool for all
 * calls. */
static void turn_both(struct rig *one, struct rig *two)
{
    (void)event_base_loop(two->loop->base, EVLOOP_NONBLOCK); /* the calls look first each time */
    (void)event_base_loop(one->loop->base, EVLOOP_NONBLOCK);
    usleep(500);
}

static void start_two(struct rig *one, struct rig *two, struct budget **budget)
{
    static const char *const KEY[] = {"client_id", "me", "client_secret", "x"};
    struct hawser_error err        = HAWSER_ERROR_INIT;
    int fd                         = -1;
    ck_assert_int_eq(budget_make(&fd, &err), 0);
    *budget = budget_attach(fd, &err);
    ck_assert_ptr_nonnull(*budget);
    ck_assert_int_eq(close(fd), 0);
    rig_limited(one, 10, 1);
    rig_init(two);
    two->adapter     = &adapter;
    two->options.url = mock_url(one->mock); /* tokens are an account's at one exchange */
    one->budget      = *budget;
    two->budget      = *budget;
    rig_start(one);
    rig_start(two);
    ck_assert_int_eq(session_set_credentials(one->session, KEY, 2, &err), 0);
    ck_assert_int_eq(session_set_credentials(two->session, KEY, 2, &err), 0);
    for (int i = 0;
         i < 20000 && !(rig_is(one, HAWSER_STATE_READY) && rig_is(two, HAWSER_STATE_READY)); i++) {
        turn_both(one, two);
    }
    ck_assert(rig_is(one, HAWSER_STATE_READY) && rig_is(two, HAWSER_STATE_READY));
}

START_TEST(orders_of_one_session_pass_calls_that_wait_in_another_of_the_account)
{
    struct rig one, two;
    struct budget *budget = NULL;
    const char *names[]   = {pools[ORDERS].name, pools[CALLS].name};
    pools[ORDERS].name = pools[CALLS].name = "all"; /* one pool: they compete */
    start_two(&one, &two, &budget);
    request(&one, "first", 0); /* takes the token */
    for (int i = 0; i < 4; i++) {
        request(&two, "call", 0); /* the first of these were served next */
    }
    request(&one, "order", 0);
    request(&one, "order", 0);
    unsigned served = one.exchange.calls; /* both talk to the exchange of the first */
    for (int i = 0; i < 20000 && one.exchange.calls < 3; i++) {
        turn_both(&one, &two);
        if (one.exchange.calls > served) {
            served = one.exchange.calls;
            ck_assert_ptr_null(strstr(one.exchange.last_call, "\"call\""));
        }
    }
    ck_assert_uint_eq(one.exchange.calls, 3); /* first, order, order */
    for (int i = 0; i < 20000 && one.exchange.calls < 7; i++) {
        turn_both(&one, &two);
    }
    ck_assert_uint_eq(one.exchange.calls, 7); /* nobody is forgotten */
    pools[ORDERS].name = names[0];
    pools[CALLS].name  = names[1];
    session_destroy(two.session);
    mock_destroy(two.mock);
    net_loop_destroy(two.loop);
    rig_fini(&one);
    budget_detach(budget);
}
END_TEST

START_TEST(the_config_knows_the_account_better_than_the_adapter)
{
    struct rig rig;
    struct ratelimit_rule rule = {.pool = "calls", .limit = {.rate = 1000, .burst = 3}};
    rig_limited(&rig, 1, 1);
    rig.options.rate_limits      = &rule;
    rig.options.rate_limit_count = 1;
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    for (int i = 0; i < 20; i++) {
        request(&rig, "a", 0);
    }
    rig_until(&rig, rig.exchange.calls == 20);
    rig_fini(&rig);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("throttle");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, calls_beyond_the_burst_wait_and_go_in_their_order);
    tcase_add_test(cases, orders_pass_those_that_wait);
    tcase_add_test(cases, a_call_that_waits_ends_at_the_deadline_it_had_when_it_was_made);
    tcase_add_test(cases, a_break_tells_those_that_wait_that_they_were_never_sent);
    tcase_add_test(cases, what_waits_is_bounded);
    tcase_add_test(cases, too_many_requests_is_obeyed);
    tcase_add_test(cases, the_adapters_own_calls_are_counted_and_wait_for_nothing);
    tcase_add_test(cases, channels_wait_behind_the_calls_of_applications);
    tcase_add_test(cases, more_channels_than_may_wait_are_asked_for_one_call_after_the_other);
    tcase_add_test(cases, sessions_of_one_account_share_its_tokens);
    tcase_add_test(cases, orders_of_one_session_pass_calls_that_wait_in_another_of_the_account);
    tcase_add_test(cases, the_config_knows_the_account_better_than_the_adapter);
    return suite_run("session/throttle", cases);
}
