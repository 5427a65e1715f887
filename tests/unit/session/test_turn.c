/*
 * Sessions that share a connect budget: each waits in BACKOFF for its turn, and each gets one.
 */
#include "session/budget.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rig.h"
#include "support/fake_clock.h"
#include "support/suite.h"

#define CROWD 200

static struct budget *make_budget(uint32_t rate, uint32_t burst)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    int fd                  = -1;
    ck_assert_msg(budget_make(&fd, &err) == 0, "%s", err.message);
    struct budget *budget = budget_attach(fd, &err);
    ck_assert_msg(budget != NULL, "%s", err.message);
    ck_assert_int_eq(close(fd), 0);
    budget_set_limits(budget, (struct budget_limits){.rate = rate, .burst = burst});
    return budget;
}

/* Somebody else on this machine takes every turn that there is. */
static void spend(const struct rig *rig)
{
    char host[64];
    unsigned port = 0;
    ck_assert_int_eq(sscanf(rig->options.url, "ws://%63[0-9.]:%u", host, &port), 2);
    while (budget_reserve(rig->budget, budget_key(host, port), clock_monotonic()) != 0) {
    }
}

START_TEST(a_session_without_a_turn_waits_in_backoff_and_says_so)
{
    struct rig rig;
    rig_init(&rig);
    rig.budget = make_budget(1, 1);
    spend(&rig);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_BACKOFF));
    struct session_info info = rig_info(&rig);
    ck_assert_uint_eq(info.held, 1);
    ck_assert_uint_eq(info.attempt, 0); /* nothing failed */
    ck_assert_int_ge(info.next_attempt_ns - info.state_since_ns, 400 * CLOCK_NS_PER_MS);
    rig_pass_ms(&rig, 100);
    ck_assert_uint_eq(mock_accepted(rig.mock), 0);
    budget_set_limits(rig.budget, (struct budget_limits){0}); /* a reload lifts the limit */
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_uint_eq(rig_info(&rig).held, 0);
    ck_assert_uint_eq(rig_count(rig.states, "BACKOFF"), 1);
    rig_fini(&rig);
    budget_detach(rig.budget);
}
END_TEST

START_TEST(a_session_that_has_its_turn_notices_nothing)
{
    struct rig rig;
    rig_init(&rig);
    rig.budget = make_budget(1, 1);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_uint_eq(rig_count(rig.states, "BACKOFF"), 0);
    rig_fini(&rig);
    budget_detach(rig.budget);
}
END_TEST

START_TEST(a_new_link_asked_for_by_hand_waits_for_its_turn_too)
{
    struct rig rig;
    rig_init(&rig);
    rig.budget = make_budget(1, 1);
    rig_start(&rig);
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    spend(&rig);
    for (int i = 0; i < 3; i++) {
        session_reconnect(rig.session, "impatience");
        rig_until(&rig, rig_info(&rig).held);
    }
    ck_assert_uint_eq(mock_accepted(rig.mock), 1);
    ck_assert_uint_eq(rig_info(&rig).illegal_events, 0);
    budget_set_limits(rig.budget, (struct budget_limits){0});
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_READY));
    ck_assert_uint_eq(mock_accepted(rig.mock), 2); /* one wish, one link */
    rig_fini(&rig);
    budget_detach(rig.budget);
}
END_TEST

START_TEST(leaving_while_waiting_for_the_turn_ends_in_closed)
{
    struct rig rig;
    rig_init(&rig);
    rig.budget = make_budget(1, 1);
    spend(&rig);
    rig_start(&rig);
    session_leave(rig.session, HAWSER_CLOSE_NORMAL, "not wanted");
    rig_until(&rig, rig_is(&rig, HAWSER_STATE_CLOSED));
    ck_assert_uint_eq(rig_info(&rig).illegal_events, 0);
    ck_assert_uint_eq(mock_accepted(rig.mock), 0);
    rig_fini(&rig);
    budget_detach(rig.budget);
}
END_TEST

/* The timer rings by the real clock, the turn comes by the fake one. */
START_TEST(a_turn_that_comes_later_than_thought_prolongs_the_wait)
{
    struct rig rig;
    fake_clock_install();
    rig_init(&rig);
    rig.budget                = make_budget(20, 1);
    rig.options.channel_count = 0;
    spend(&rig);
    fake_clock_advance(100 * CLOCK_NS_PER_MS); /* two turns are free: at 1050 and 1100 ms */
    rig_start(&rig);
    for (int i = 0; i < 100 && !rig_info(&rig).held; i++) {
        (void)rig_turn(&rig); /* its answer is about the clock that stands */
    }
    ck_assert_int_eq(rig_info(&rig).held, 1);
    int64_t wait_ns = rig_info(&rig).next_attempt_ns - clock_realtime();
    ck_assert_int_ge(wait_ns, 940 * CLOCK_NS_PER_MS);
    for (int i = 0; i < 30; i++) {
        (void)rig_turn(&rig);
    }
    ck_assert_uint_eq(mock_accepted(rig.mock), 0); /* a second passed, but not on its clock */
    ck_assert_uint_eq(rig_count(rig.states, "BACKOFF"), 1);
    fake_clock_advance(960 * CLOCK_NS_PER_MS);
    for (int i = 0; i < 400 && !rig_is(&rig, HAWSER_STATE_READY); i++) {
        (void)rig_turn(&rig);
    }
    ck_assert(rig_is(&rig, HAWSER_STATE_READY));
    rig_fini(&rig);
    budget_detach(rig.budget);
    fake_clock_remove();
}
END_TEST

/* a crowd on one loop */

struct crowd {
    struct rig rig; /* the loop and the exchange */
    struct session *sessions[CROWD];
    struct dialect dialects[CROWD];
    struct mock_peer *peers[CROWD * 3];
    size_t peer_count;
    size_t ready;
    clock_ns_t dials[CROWD * 3];
    size_t dial_count;
    enum hawser_state last[CROWD];
};

struct member {
    struct crowd *crowd;
    size_t index;
};
static struct member members[CROWD];
static struct crowd crowd;

static void on_member_state(void *arg, enum hawser_state state, const struct hawser_error *why)
{
    struct member *member = arg;
    (void)why;
    crowd.ready += state == HAWSER_STATE_READY;
    crowd.ready -= crowd.last[member->index] == HAWSER_STATE_READY;
    crowd.last[member->index] = state;
    if (state == HAWSER_STATE_CONNECTING) {
        ck_assert_uint_lt(crowd.dial_count, CROWD * 3);
        crowd.dials[crowd.dial_count++] = clock_monotonic();
    }
}

static void on_crowd_opened(void *arg, struct mock_peer *peer)
{
    EXCHANGE_HANDLER.opened(arg, peer);
    ck_assert_uint_lt(crowd.peer_count, CROWD * 3);
    crowd.peers[crowd.peer_count++] = peer;
}

static void start_member(size_t i, const struct mock_exchange *mock)
{
    char name[16];
    struct hawser_error err = HAWSER_ERROR_INIT;
    (void)snprintf(name, sizeof(name), "s%zu", i);
    members[i]                     = (struct member){&crowd, i};
    struct session_options options = crowd.rig.options;
    options.name                   = name;
    options.url                    = mock_url(mock);
    options.channel_count          = 0;
    struct session_env env         = {.loop     = crowd.rig.loop,
                                      .adapter  = &DIALECT_FULL,
                                      .instance = (struct hawser_instance *)(void *)&crowd.dialects[i],
                                      .budget   = crowd.rig.budget,
                                      .arg      = &members[i],
                                      .state    = on_member_state};
    crowd.sessions[i]              = session_create(&options, &env, &err);
    ck_assert_msg(crowd.sessions[i] != NULL, "%s", err.message);
    crowd.dialects[i].session = crowd.sessions[i];
    session_start(crowd.sessions[i]);
}

static size_t most_in(clock_ns_t span, const clock_ns_t *dials, size_t count)
{
    size_t most = 0;
    for (size_t first = 0, end = 0; first < count; first++) {
        while (end < count && dials[end] < dials[first] + span) {
            end++;
        }
        most = end - first > most ? end - first : most;
    }
    return most;
}

START_TEST(two_hundred_sessions_cut_at_once_come_back_within_the_budget)
{
    enum { RATE = 100, BURST = 20 };
    struct mock_handler handler = EXCHANGE_HANDLER;
    handler.opened              = on_crowd_opened;
    rig_init(&crowd.rig);
    crowd.rig.budget           = make_budget(RATE, BURST);
    struct mock_exchange *mock = mock_create(crowd.rig.loop->base, &handler, &crowd.rig.exchange);
    for (size_t i = 0; i < CROWD; i++) {
        start_member(i, mock);
    }
    rig_until(&crowd.rig, crowd.ready == CROWD); /* the first attempts count too */
    size_t first_peers = crowd.peer_count;
    ck_assert_uint_eq(first_peers, CROWD);
    for (size_t i = 0; i < first_peers; i++) {
        mock_cut(crowd.peers[i]);
    }
    rig_until(&crowd.rig, crowd.ready < CROWD && crowd.peer_count > first_peers);
    rig_until(&crowd.rig, crowd.ready == CROWD);
    ck_assert_uint_eq(crowd.dial_count, 2 * CROWD); /* one break, one attempt */
    /* A turn may be used up to 100 ms late: so much can come together, and no more. */
    ck_assert_uint_le(most_in(CLOCK_NS_PER_S, crowd.dials, crowd.dial_count),
                      BURST + RATE + RATE / 10 + 1);
    ck_assert_uint_le(most_in(CLOCK_NS_PER_S / 4, crowd.dials, crowd.dial_count),
                      BURST + RATE / 4 + RATE / 10 + 1);
    for (size_t i = 0; i < CROWD; i++) {
        session_destroy(crowd.sessions[i]);
    }
    mock_destroy(mock);
    mock_destroy(crowd.rig.mock);
    net_loop_destroy(crowd.rig.loop);
    budget_detach(crowd.rig.budget);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("turn");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, a_session_without_a_turn_waits_in_backoff_and_says_so);
    tcase_add_test(cases, a_session_that_has_its_turn_notices_nothing);
    tcase_add_test(cases, a_new_link_asked_for_by_hand_waits_for_its_turn_too);
    tcase_add_test(cases, leaving_while_waiting_for_the_turn_ends_in_closed);
    tcase_add_test(cases, a_turn_that_comes_later_than_thought_prolongs_the_wait);
    tcase_add_test(cases, two_hundred_sessions_cut_at_once_come_back_within_the_budget);
    return suite_run("session/turn", cases);
}
