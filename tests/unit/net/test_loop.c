/*
 * A loop that sleeps, or looks for a while, or always, before it does.
 */
#include <check.h>

#include "stream_side.h"
#include "support/suite.h"

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    struct side *side = arg;
    (void)fd;
    (void)what;
    (void)event_base_loopbreak(side->loop->base);
}

/* @return how many turns of the run, which took `ms`, did not wait */
static uint64_t run_for(struct side *side, int ms)
{
    struct timeval wait = {.tv_usec = ms * 1000};
    uint64_t before     = side->loop->busy_turns;
    ck_assert_int_eq(event_base_once(side->loop->base, -1, EV_TIMEOUT, on_time, side, &wait), 0);
    ck_assert_int_eq(net_loop_run(side->loop), 0);
    return side->loop->busy_turns - before;
}

START_TEST(a_loop_sleeps_unless_it_was_told_not_to)
{
    struct side side;
    side_open(&side, 1024);
    side_hear(&side, "x", 1);
    ck_assert_uint_eq(run_for(&side, 5), 0);
    ck_assert_uint_eq(side.got.len, 1);
    side.loop->busy_ms = -1;
    ck_assert_uint_gt(run_for(&side, 5), 2);
    side.loop->busy_ms = 0;
    ck_assert_uint_eq(run_for(&side, 5), 0);
    side_close(&side);
}
END_TEST

START_TEST(a_loop_looks_for_a_time_after_bytes_arrived)
{
    struct side side;
    side_open(&side, 1024);
    side.loop->busy_ms = 60000;
    ck_assert_uint_eq(run_for(&side, 5), 0); /* nothing arrived yet */
    side_hear(&side, "x", 1);
    ck_assert_uint_gt(run_for(&side, 5), 2);
    side.loop->busy_until = clock_monotonic(); /* as if the time was over */
    ck_assert_uint_eq(run_for(&side, 5), 0);
    side_close(&side);
}
END_TEST

START_TEST(a_loop_that_has_nothing_to_wait_for_ends)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct net_loop *loop   = net_loop_create(NULL, &err);
    ck_assert_ptr_nonnull(loop);
    ck_assert_int_eq(net_loop_run(loop), 1);
    loop->busy_ms = -1;
    ck_assert_int_eq(net_loop_run(loop), 1);
    net_loop_destroy(loop);
}
END_TEST

START_TEST(those_who_share_a_base_share_its_loop)
{
    struct hawser_error err   = HAWSER_ERROR_INIT;
    struct event_base *base   = event_base_new();
    struct event_base *other  = event_base_new();
    struct net_loop *first    = net_loop_share(base, &err);
    struct net_loop *second   = net_loop_share(base, &err);
    struct net_loop *stranger = net_loop_share(other, &err);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_eq(first, second);
    ck_assert_ptr_ne(first, stranger);
    net_loop_destroy(first);
    ck_assert_ptr_eq(second->base, base); /* it is still used */
    net_loop_destroy(second);
    net_loop_destroy(stranger);
    first = net_loop_share(base, &err);
    ck_assert_ptr_nonnull(first);
    ck_assert_uint_eq(first->users, 1);
    net_loop_destroy(first);
    event_base_free(other);
    event_base_free(base);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("busy");
    tcase_add_test(tcase, a_loop_sleeps_unless_it_was_told_not_to);
    tcase_add_test(tcase, a_loop_looks_for_a_time_after_bytes_arrived);
    tcase_add_test(tcase, a_loop_that_has_nothing_to_wait_for_ends);
    tcase_add_test(tcase, those_who_share_a_base_share_its_loop);
    return suite_run("net loop", tcase);
}
