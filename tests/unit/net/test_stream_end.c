/*
 * The ways in which a plain stream ends, and its destruction from each callback.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/slice.h"
#include "stream_side.h"

START_TEST(finish_sends_what_waits_and_then_our_end)
{
    struct side side;
    struct hawser_error err = HAWSER_ERROR_INIT;
    static uint8_t sink[65536];
    size_t have = 0;
    side_open(&side, 1 << 20);
    side_fill_queue(&side);
    net_stream_finish(side.stream);
    ck_assert_int_eq(net_stream_send(side.stream, SLICE_LITERAL("x"), slice_make(NULL, 0), &err),
                     -1);
    ck_assert_int_eq(err.code, HAWSER_NET_LOST);
    ssize_t n = 1;
    for (int i = 0; i < 10000 && n != 0; i++) {
        n = recv(side.peer, sink, sizeof(sink), MSG_DONTWAIT);
        have += n > 0 ? (size_t)n : 0;
        side_turn(&side);
    }
    ck_assert_int_eq(n, 0);
    ck_assert_uint_eq(have % 4096, 0);
    side_hear(&side, "late", 4); /* the other direction is still open */
    side_turn(&side);
    ck_assert_uint_eq(side.got.len, 4);
    ck_assert_int_eq(side.ends, 0);
    ck_assert_int_eq(close(side.peer), 0);
    side.peer = -1;
    side_turn(&side);
    ck_assert_int_eq(side.ends, 1);
    side_close(&side);
}
END_TEST

START_TEST(the_end_comes_after_the_bytes_before_it)
{
    struct side side;
    side_open(&side, 1024);
    side_hear(&side, "bye", 3);
    ck_assert_int_eq(close(side.peer), 0);
    side.peer = -1;
    side_turn(&side);
    side_turn(&side);
    ck_assert_uint_eq(side.got.len, 3);
    ck_assert_int_eq(side.ends, 1);
    ck_assert_int_eq(side.why.code, HAWSER_NET_LOST);
    ck_assert_int_eq(side.why.cause, 0);
    ck_assert_str_eq(side.why.message, "closed by peer");
    side_close(&side);
}
END_TEST

START_TEST(a_failed_send_is_refused_and_ends_the_stream_with_its_errno)
{
    struct side side;
    struct hawser_error err = HAWSER_ERROR_INIT;
    side_open(&side, 1024);
    ck_assert_int_eq(close(side.peer), 0);
    side.peer = -1;
    ck_assert_int_eq(net_stream_send(side.stream, SLICE_LITERAL("x"), slice_make(NULL, 0), &err),
                     -1);
    ck_assert_int_eq(err.code, HAWSER_NET_LOST);
    ck_assert_int_eq(err.cause, EPIPE);
    ck_assert_int_eq(side.ends, 0); /* never from inside the call */
    side_turn(&side);
    ck_assert_int_eq(side.ends, 1);
    ck_assert_int_eq(side.why.cause, EPIPE);
    side_close(&side);
}
END_TEST

START_TEST(a_failed_send_ends_a_paused_stream_too)
{
    struct side side;
    struct hawser_error err = HAWSER_ERROR_INIT;
    side_open(&side, 1024);
    net_stream_pause(side.stream, 1);
    ck_assert_int_eq(close(side.peer), 0);
    side.peer = -1;
    ck_assert_int_eq(net_stream_send(side.stream, SLICE_LITERAL("x"), slice_make(NULL, 0), &err),
                     -1);
    side_turn(&side);
    ck_assert_int_eq(side.ends, 1);
    ck_assert_int_eq(side.reads, 0);
    side_close(&side);
}
END_TEST

START_TEST(a_stream_can_be_destroyed_in_readable)
{
    struct side side;
    side_open(&side, 1024);
    side.destroy_in = IN_READABLE;
    side.most       = (size_t)_i; /* with and without a tail */
    side_hear(&side, "abcd", 4);
    side_turn(&side);
    ck_assert_ptr_null(side.stream);
    ck_assert_int_eq(side.ends, 0);
    side_close(&side);
}
END_TEST

START_TEST(a_stream_can_be_destroyed_when_a_tail_is_delivered_again)
{
    struct side side;
    side_open(&side, 1024);
    side.most              = 2;
    side.pause_after_reads = 1;
    side_hear(&side, "abcd", 4);
    side_turn(&side);
    side.destroy_in = IN_READABLE;
    net_stream_pause(side.stream, 0);
    side_turn(&side);
    ck_assert_ptr_null(side.stream);
    side_close(&side);
}
END_TEST

START_TEST(a_stream_can_be_destroyed_in_writable)
{
    struct side side;
    static uint8_t sink[65536];
    side_open(&side, 8192);
    side.destroy_in = IN_WRITABLE;
    side_fill_queue(&side);
    for (int i = 0; i < 10000 && side.stream != NULL; i++) {
        (void)!recv(side.peer, sink, sizeof(sink), MSG_DONTWAIT);
        side_turn(&side);
    }
    ck_assert_ptr_null(side.stream);
    side_close(&side);
}
END_TEST

START_TEST(a_stream_can_be_destroyed_in_ended)
{
    struct side side;
    side_open(&side, 1024);
    side.destroy_in = IN_ENDED;
    if (_i == 1) {
        side_hear(&side, "abcd", 4);
    }
    ck_assert_int_eq(close(side.peer), 0);
    side.peer = -1;
    side_turn(&side);
    side_turn(&side);
    ck_assert_ptr_null(side.stream);
    ck_assert_int_eq(side.ends, 1);
    side_close(&side);
}
END_TEST

START_TEST(a_stream_can_be_destroyed_between_an_event_and_its_callback)
{
    struct side side;
    side_open(&side, 1024);
    net_stream_pause(side.stream, 1);
    net_stream_pause(side.stream, 0); /* activates the event */
    net_stream_destroy(side.stream);
    side.stream = NULL;
    side_turn(&side);
    ck_assert_int_eq(side.reads + side.ends, 0);
    side_close(&side);
}
END_TEST

static TCase *ending(void)
{
    TCase *tcase = tcase_create("ending");
    tcase_add_test(tcase, finish_sends_what_waits_and_then_our_end);
    tcase_add_test(tcase, the_end_comes_after_the_bytes_before_it);
    tcase_add_test(tcase, a_failed_send_is_refused_and_ends_the_stream_with_its_errno);
    tcase_add_test(tcase, a_failed_send_ends_a_paused_stream_too);
    tcase_add_loop_test(tcase, a_stream_can_be_destroyed_in_readable, 0, 3);
    tcase_add_test(tcase, a_stream_can_be_destroyed_when_a_tail_is_delivered_again);
    tcase_add_test(tcase, a_stream_can_be_destroyed_in_writable);
    tcase_add_loop_test(tcase, a_stream_can_be_destroyed_in_ended, 0, 2);
    tcase_add_test(tcase, a_stream_can_be_destroyed_between_an_event_and_its_callback);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("net/stream_end");
    suite_add_tcase(suite, ending());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
