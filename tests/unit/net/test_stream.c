/*
 * Plain streams over a socket pair: tails, fairness, pause, the bounded queue.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/slice.h"
#include "stream_side.h"

START_TEST(bytes_arrive_whole_whatever_the_consumer_takes)
{
    struct side side;
    uint8_t sent[3000];
    side_open(&side, 1024);
    side.most = (size_t)_i;
    side_fill(sent, sizeof(sent), 1);
    for (size_t at = 0; at < sizeof(sent); at += 100) {
        side_hear(&side, sent + at, 100);
        side_turn(&side);
    }
    /* The rest comes with each arrival; a byte more at a time calls until all is taken. */
    size_t extra = 0;
    while (side.got.len < sizeof(sent)) {
        side_hear(&side, "x", 1);
        side_turn(&side);
        ck_assert_uint_lt(extra++, sizeof(sent));
    }
    ck_assert_int_eq(memcmp(buf_data(&side.got), sent, sizeof(sent)), 0);
    side_close(&side);
}
END_TEST

START_TEST(an_idle_stream_owns_no_buffer_and_a_busy_one_takes_the_spare)
{
    struct side side;
    side_open(&side, 1024);
    side.most = 1;
    side_hear(&side, "ab", 2);
    side_turn(&side);
    ck_assert_uint_eq(side.loop->spare_count, 0); /* the tail is the stream's */
    side.most = 0;
    side_hear(&side, "c", 1);
    side_turn(&side);
    ck_assert_uint_eq(side.got.len, 3);
    ck_assert_uint_eq(side.loop->spare_count, 1); /* given back */
    side.most = 1;
    side_hear(&side, "de", 2);
    side_turn(&side);
    ck_assert_uint_eq(side.loop->spare_count, 0);
    side_close(&side);
}
END_TEST

START_TEST(one_turn_reads_a_bounded_amount)
{
    struct side side;
    side_open(&side, 1024);
    int size      = 4 << 20;
    size_t sent   = 0;
    uint8_t *many = calloc(1, 1 << 20);
    ck_assert_ptr_nonnull(many);
    (void)setsockopt(side.peer, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    for (;;) {
        ssize_t n = send(side.peer, many, 1 << 20, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n <= 0) {
            break;
        }
        sent += (size_t)n;
    }
    (void)event_base_loop(side.loop->base, EVLOOP_ONCE | EVLOOP_NONBLOCK); /* one turn, no more */
    ck_assert_int_le(side.reads, 4);
    ck_assert_uint_le(side.got.len, 4 * NET_READ_BUFFER_BYTES);
    for (int i = 0; i < 1000 && side.got.len < sent; i++) {
        side_turn(&side);
    }
    ck_assert_uint_eq(side.got.len, sent);
    free(many);
    side_close(&side);
}
END_TEST

/* The busy one finds new bytes after each read, for ever. */
START_TEST(a_busy_stream_does_not_starve_another)
{
    struct side busy;
    struct side quiet;
    int size = 4 << 20;
    side_open(&busy, 1024);
    side_join(&quiet, &busy, 1024);
    busy.is_flooded = 1;
    (void)setsockopt(busy.peer, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)); /* the more it holds */
    side_flood(&busy);
    side_hear(&quiet, "quiet", 5);
    (void)event_base_loop(busy.loop->base, EVLOOP_ONCE | EVLOOP_NONBLOCK); /* one turn, no more */
    ck_assert_uint_eq(quiet.got.len, 5);
    ck_assert_int_ge(busy.reads, 1);
    ck_assert_int_le(busy.reads, 4);
    side_close(&quiet);
    side_close(&busy);
}
END_TEST

START_TEST(a_full_read_buffer_is_delivered_whole)
{
    struct side side;
    side_open(&side, 1024);
    uint8_t *sent = malloc(2 * NET_READ_BUFFER_BYTES);
    ck_assert_ptr_nonnull(sent);
    side_fill(sent, 2 * NET_READ_BUFFER_BYTES, 3);
    side.most = 100000; /* of 131,072: a tail under a full buffer */
    size_t at = 0;
    while (side.got.len < 2 * NET_READ_BUFFER_BYTES - 1) {
        if (at < 2 * NET_READ_BUFFER_BYTES) {
            ssize_t n = send(side.peer, sent + at, 2 * NET_READ_BUFFER_BYTES - at,
                             MSG_DONTWAIT | MSG_NOSIGNAL);
            at += n > 0 ? (size_t)n : 0;
        }
        side_turn(&side);
        if (at == 2 * NET_READ_BUFFER_BYTES && side.got.len < at) {
            side_hear(&side, "x", 1);
        }
    }
    ck_assert_int_eq(memcmp(buf_data(&side.got), sent, 2 * NET_READ_BUFFER_BYTES - 1), 0);
    free(sent);
    side_close(&side);
}
END_TEST

START_TEST(head_and_body_arrive_in_order_through_a_tiny_socket_buffer)
{
    struct side side;
    struct hawser_error err = HAWSER_ERROR_INIT;
    static uint8_t body[300000];
    static uint8_t got[sizeof(body) + 64];
    size_t have = 0;
    int tiny    = 1;
    side_open(&side, 1 << 20);
    (void)setsockopt(net_stream_fd(side.stream), SOL_SOCKET, SO_SNDBUF, &tiny, sizeof(tiny));
    side_fill(body, sizeof(body), 7);
    ck_assert_int_eq(
        net_stream_send(side.stream, SLICE_LITERAL("head"), slice_make(body, sizeof(body)), &err),
        0);
    ck_assert_uint_gt(net_stream_queued(side.stream), 0);
    ck_assert_int_eq(net_stream_send(side.stream, SLICE_LITERAL("more"), SLICE_LITERAL("!"), &err),
                     0);
    while (have < sizeof(body) + 9) {
        ssize_t n = recv(side.peer, got + have, sizeof(got) - have, MSG_DONTWAIT);
        have += n > 0 ? (size_t)n : 0;
        side_turn(&side);
    }
    ck_assert_uint_eq(net_stream_queued(side.stream), 0);
    ck_assert_int_eq(memcmp(got, "head", 4), 0);
    ck_assert_int_eq(memcmp(got + 4, body, sizeof(body)), 0);
    ck_assert_int_eq(memcmp(got + 4 + sizeof(body), "more!", 5), 0);
    ck_assert_int_eq(side.writables, 1);
    side_close(&side);
}
END_TEST

START_TEST(a_full_queue_refuses_whole_messages_and_tells_when_it_is_low)
{
    struct side side;
    struct hawser_error err = HAWSER_ERROR_INIT;
    static const uint8_t BLOCK[4096];
    static uint8_t sink[65536];
    side_open(&side, 8192);
    side_fill_queue(&side);
    size_t queued = net_stream_queued(side.stream);
    while (net_stream_send(side.stream, SLICE_LITERAL("h"), slice_make(BLOCK, 4095), &err) == 0) {
        queued += 4096;
        ck_assert_uint_le(queued, 8192);
    }
    ck_assert_int_eq(err.code, HAWSER_NET_QUEUE_FULL);
    ck_assert_uint_eq(net_stream_queued(side.stream), queued);
    for (int i = 0; i < 10000 && side.writables == 0; i++) {
        (void)!recv(side.peer, sink, sizeof(sink), MSG_DONTWAIT);
        side_turn(&side);
    }
    ck_assert_int_eq(side.writables, 1);
    ck_assert_uint_le(net_stream_queued(side.stream), 8192 / 4);
    side_close(&side);
}
END_TEST

START_TEST(a_message_over_the_bound_is_refused_even_when_nothing_waits)
{
    struct side side;
    struct hawser_error err = HAWSER_ERROR_INIT;
    side_open(&side, 4);
    ck_assert_int_eq(net_stream_send(side.stream, SLICE_LITERAL("abc"), SLICE_LITERAL("de"), &err),
                     -1);
    ck_assert_int_eq(err.code,
                     HAWSER_SYSTEM_LIMIT); /* to wait for room would be to wait for ever */
    ck_assert_int_eq(net_stream_send(side.stream, SLICE_LITERAL("abc"), SLICE_LITERAL("d"), &err),
                     0);
    side_close(&side);
}
END_TEST

START_TEST(pause_stops_reading_and_going_on_delivers_the_rest_again)
{
    struct side side;
    side_open(&side, 1024);
    side.most              = 2;
    side.pause_after_reads = 1;
    side_hear(&side, "abcd", 4);
    side_turn(&side);
    side_hear(&side, "ef", 2);
    side_turn(&side);
    ck_assert_int_eq(side.reads, 1);
    side.most = 0;
    net_stream_pause(side.stream, 0);
    ck_assert_int_eq(side.reads, 1); /* from the loop, not from inside the call */
    side_turn(&side);
    side_turn(&side);
    ck_assert_uint_eq(side.got.len, 6);
    ck_assert_int_eq(memcmp(buf_data(&side.got), "abcdef", 6), 0);
    side_close(&side);
}
END_TEST

START_TEST(going_on_delivers_what_was_left_without_new_bytes)
{
    struct side side;
    side_open(&side, 1024);
    side.most              = 2;
    side.pause_after_reads = 1;
    side_hear(&side, "abcd", 4);
    side_turn(&side);
    side.most = 0;
    net_stream_pause(side.stream, 0);
    side_turn(&side);
    ck_assert_uint_eq(side.got.len, 4);
    side_close(&side);
}
END_TEST

static TCase *reading(void)
{
    TCase *tcase = tcase_create("reading");
    tcase_add_loop_test(tcase, bytes_arrive_whole_whatever_the_consumer_takes, 0, 130);
    tcase_add_test(tcase, an_idle_stream_owns_no_buffer_and_a_busy_one_takes_the_spare);
    tcase_add_test(tcase, one_turn_reads_a_bounded_amount);
    tcase_add_test(tcase, a_busy_stream_does_not_starve_another);
    tcase_add_test(tcase, a_full_read_buffer_is_delivered_whole);
    tcase_add_test(tcase, pause_stops_reading_and_going_on_delivers_the_rest_again);
    tcase_add_test(tcase, going_on_delivers_what_was_left_without_new_bytes);
    return tcase;
}

static TCase *sending(void)
{
    TCase *tcase = tcase_create("sending");
    tcase_add_test(tcase, head_and_body_arrive_in_order_through_a_tiny_socket_buffer);
    tcase_add_test(tcase, a_full_queue_refuses_whole_messages_and_tells_when_it_is_low);
    tcase_add_test(tcase, a_message_over_the_bound_is_refused_even_when_nothing_waits);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("net/stream");
    suite_add_tcase(suite, reading());
    suite_add_tcase(suite, sending());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
