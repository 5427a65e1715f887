/*
 * Plain streams over a socket pair: tails, fairness, the bounded queue, pause, the ways to end, and
 * destruction from each callback.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/slice.h"
#include "net/stream.h"

enum where { NOWHERE, IN_READABLE, IN_WRITABLE, IN_ENDED };

struct side {
    struct net_loop *loop;
    struct net_stream *stream;
    int peer;
    size_t most; /* bytes consumed in one call; 0: all */
    struct buf got;
    int reads;
    int writables;
    int ends;
    enum where destroy_in;
    int pause_after_reads;
    struct hawser_error why;
};

static void leave(struct side *side, enum where here)
{
    if (side->destroy_in == here) {
        net_stream_destroy(side->stream);
        side->stream = NULL;
    }
}

static size_t on_readable(void *arg, uint8_t *bytes, size_t len)
{
    struct side *side = arg;
    size_t take       = side->most != 0 && side->most < len ? side->most : len;
    ck_assert_int_eq(buf_append(&side->got, bytes, take), 0);
    memset(bytes, 0xee, take); /* may be changed in place */
    side->reads++;
    if (side->reads == side->pause_after_reads) {
        net_stream_pause(side->stream, 1);
    }
    leave(side, IN_READABLE);
    return take;
}

static void on_writable(void *arg)
{
    struct side *side = arg;
    side->writables++;
    leave(side, IN_WRITABLE);
}

static void on_ended(void *arg, const struct hawser_error *why)
{
    struct side *side = arg;
    side->ends++;
    side->why = *why;
    leave(side, IN_ENDED);
}

static const struct net_stream_handler HANDLER = {on_readable, on_writable, on_ended};

static void open_at(struct side *side, size_t max_queued)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    int fds[2];
    *side = (struct side){.loop = net_loop_create(NULL, &err)};
    ck_assert_ptr_nonnull(side->loop);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    side->peer   = fds[1];
    side->stream = net_stream_create(side->loop, fds[0], NULL, max_queued, &HANDLER, side, &err);
    ck_assert_ptr_nonnull(side->stream);
}

static void close_side(struct side *side)
{
    net_stream_destroy(side->stream);
    if (side->peer >= 0) {
        ck_assert_int_eq(close(side->peer), 0);
    }
    net_loop_destroy(side->loop);
    buf_fini(&side->got);
}

static void turn(struct side *side)
{
    (void)event_base_loop(side->loop->base, EVLOOP_NONBLOCK);
}

static void peer_writes(struct side *side, const void *bytes, size_t len)
{
    ck_assert_int_eq(send(side->peer, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void fill(uint8_t *bytes, size_t len, unsigned seed)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)((i + seed) * 2654435761u >> 11);
    }
}

START_TEST(bytes_arrive_whole_whatever_the_consumer_takes)
{
    struct side side;
    uint8_t sent[3000];
    open_at(&side, 1024);
    side.most = (size_t)_i;
    fill(sent, sizeof(sent), 1);
    for (size_t at = 0; at < sizeof(sent); at += 100) {
        peer_writes(&side, sent + at, 100);
        turn(&side);
    }
    /* The rest comes with each arrival; a byte more at a time calls until all is taken. */
    size_t extra = 0;
    while (side.got.len < sizeof(sent)) {
        peer_writes(&side, "x", 1);
        turn(&side);
        ck_assert_uint_lt(extra++, sizeof(sent));
    }
    ck_assert_int_eq(memcmp(buf_data(&side.got), sent, sizeof(sent)), 0);
    close_side(&side);
}
END_TEST

START_TEST(an_idle_stream_owns_no_buffer_and_a_busy_one_takes_the_spare)
{
    struct side side;
    open_at(&side, 1024);
    side.most = 1;
    peer_writes(&side, "ab", 2);
    turn(&side);
    ck_assert_uint_eq(side.loop->spare_count, 0); /* the tail is the stream's */
    side.most = 0;
    peer_writes(&side, "c", 1);
    turn(&side);
    ck_assert_uint_eq(side.got.len, 3);
    ck_assert_uint_eq(side.loop->spare_count, 1); /* given back */
    side.most = 1;
    peer_writes(&side, "de", 2);
    turn(&side);
    ck_assert_uint_eq(side.loop->spare_count, 0);
    close_side(&side);
}
END_TEST

START_TEST(one_turn_reads_a_bounded_amount)
{
    struct side side;
    open_at(&side, 1024);
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
        turn(&side);
    }
    ck_assert_uint_eq(side.got.len, sent);
    free(many);
    close_side(&side);
}
END_TEST

START_TEST(a_full_read_buffer_is_delivered_whole)
{
    struct side side;
    open_at(&side, 1024);
    uint8_t *sent = malloc(2 * NET_READ_BUFFER_BYTES);
    ck_assert_ptr_nonnull(sent);
    fill(sent, 2 * NET_READ_BUFFER_BYTES, 3);
    side.most = 100000; /* of 131,072: a tail under a full buffer */
    size_t at = 0;
    while (side.got.len < 2 * NET_READ_BUFFER_BYTES - 1) {
        if (at < 2 * NET_READ_BUFFER_BYTES) {
            ssize_t n = send(side.peer, sent + at, 2 * NET_READ_BUFFER_BYTES - at,
                             MSG_DONTWAIT | MSG_NOSIGNAL);
            at += n > 0 ? (size_t)n : 0;
        }
        turn(&side);
        if (at == 2 * NET_READ_BUFFER_BYTES && side.got.len < at) {
            peer_writes(&side, "x", 1);
        }
    }
    ck_assert_int_eq(memcmp(buf_data(&side.got), sent, 2 * NET_READ_BUFFER_BYTES - 1), 0);
    free(sent);
    close_side(&side);
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
    open_at(&side, 1 << 20);
    (void)setsockopt(net_stream_fd(side.stream), SOL_SOCKET, SO_SNDBUF, &tiny, sizeof(tiny));
    fill(body, sizeof(body), 7);
    ck_assert_int_eq(
        net_stream_send(side.stream, SLICE_LITERAL("head"), slice_make(body, sizeof(body)), &err),
        0);
    ck_assert_uint_gt(net_stream_queued(side.stream), 0);
    ck_assert_int_eq(net_stream_send(side.stream, SLICE_LITERAL("more"), SLICE_LITERAL("!"), &err),
                     0);
    while (have < sizeof(body) + 9) {
        ssize_t n = recv(side.peer, got + have, sizeof(got) - have, MSG_DONTWAIT);
        have += n > 0 ? (size_t)n : 0;
        turn(&side);
    }
    ck_assert_uint_eq(net_stream_queued(side.stream), 0);
    ck_assert_int_eq(memcmp(got, "head", 4), 0);
    ck_assert_int_eq(memcmp(got + 4, body, sizeof(body)), 0);
    ck_assert_int_eq(memcmp(got + 4 + sizeof(body), "more!", 5), 0);
    ck_assert_int_eq(side.writables, 1);
    close_side(&side);
}
END_TEST

static void fill_queue(struct side *side)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    static const uint8_t BLOCK[4096];
    while (net_stream_queued(side->stream) == 0) {
        ck_assert_int_eq(net_stream_send(side->stream, slice_make(NULL, 0),
                                         slice_make(BLOCK, sizeof(BLOCK)), &err),
                         0);
    }
}

START_TEST(a_full_queue_refuses_whole_messages_and_tells_when_it_is_low)
{
    struct side side;
    struct hawser_error err = HAWSER_ERROR_INIT;
    static const uint8_t BLOCK[4096];
    static uint8_t sink[65536];
    open_at(&side, 8192);
    fill_queue(&side);
    size_t queued = net_stream_queued(side.stream);
    while (net_stream_send(side.stream, SLICE_LITERAL("h"), slice_make(BLOCK, 4095), &err) == 0) {
        queued += 4096;
        ck_assert_uint_le(queued, 8192);
    }
    ck_assert_int_eq(err.code, HAWSER_NET_QUEUE_FULL);
    ck_assert_uint_eq(net_stream_queued(side.stream), queued);
    for (int i = 0; i < 10000 && side.writables == 0; i++) {
        (void)!recv(side.peer, sink, sizeof(sink), MSG_DONTWAIT);
        turn(&side);
    }
    ck_assert_int_eq(side.writables, 1);
    ck_assert_uint_le(net_stream_queued(side.stream), 8192 / 4);
    close_side(&side);
}
END_TEST

START_TEST(a_message_over_the_bound_is_refused_even_when_nothing_waits)
{
    struct side side;
    struct hawser_error err = HAWSER_ERROR_INIT;
    open_at(&side, 4);
    ck_assert_int_eq(net_stream_send(side.stream, SLICE_LITERAL("abc"), SLICE_LITERAL("de"), &err),
                     -1);
    ck_assert_int_eq(err.code, HAWSER_NET_QUEUE_FULL);
    ck_assert_int_eq(net_stream_send(side.stream, SLICE_LITERAL("abc"), SLICE_LITERAL("d"), &err),
                     0);
    close_side(&side);
}
END_TEST

START_TEST(finish_sends_what_waits_and_then_our_end)
{
    struct side side;
    struct hawser_error err = HAWSER_ERROR_INIT;
    static uint8_t sink[65536];
    size_t have = 0;
    open_at(&side, 1 << 20);
    fill_queue(&side);
    net_stream_finish(side.stream);
    ck_assert_int_eq(net_stream_send(side.stream, SLICE_LITERAL("x"), slice_make(NULL, 0), &err),
                     -1);
    ck_assert_int_eq(err.code, HAWSER_NET_LOST);
    ssize_t n = 1;
    for (int i = 0; i < 10000 && n != 0; i++) {
        n = recv(side.peer, sink, sizeof(sink), MSG_DONTWAIT);
        have += n > 0 ? (size_t)n : 0;
        turn(&side);
    }
    ck_assert_int_eq(n, 0);
    ck_assert_uint_eq(have % 4096, 0);
    peer_writes(&side, "late", 4); /* the other direction is still open */
    turn(&side);
    ck_assert_uint_eq(side.got.len, 4);
    ck_assert_int_eq(side.ends, 0);
    ck_assert_int_eq(close(side.peer), 0);
    side.peer = -1;
    turn(&side);
    ck_assert_int_eq(side.ends, 1);
    close_side(&side);
}
END_TEST

START_TEST(the_end_comes_after_the_bytes_before_it)
{
    struct side side;
    open_at(&side, 1024);
    peer_writes(&side, "bye", 3);
    ck_assert_int_eq(close(side.peer), 0);
    side.peer = -1;
    turn(&side);
    turn(&side);
    ck_assert_uint_eq(side.got.len, 3);
    ck_assert_int_eq(side.ends, 1);
    ck_assert_int_eq(side.why.code, HAWSER_NET_LOST);
    ck_assert_int_eq(side.why.cause, 0);
    ck_assert_str_eq(side.why.message, "closed by peer");
    close_side(&side);
}
END_TEST

START_TEST(a_failed_send_is_refused_and_ends_the_stream_with_its_errno)
{
    struct side side;
    struct hawser_error err = HAWSER_ERROR_INIT;
    open_at(&side, 1024);
    ck_assert_int_eq(close(side.peer), 0);
    side.peer = -1;
    ck_assert_int_eq(net_stream_send(side.stream, SLICE_LITERAL("x"), slice_make(NULL, 0), &err),
                     -1);
    ck_assert_int_eq(err.code, HAWSER_NET_LOST);
    ck_assert_int_eq(err.cause, EPIPE);
    ck_assert_int_eq(side.ends, 0); /* never from inside the call */
    turn(&side);
    ck_assert_int_eq(side.ends, 1);
    ck_assert_int_eq(side.why.cause, EPIPE);
    close_side(&side);
}
END_TEST

START_TEST(a_failed_send_ends_a_paused_stream_too)
{
    struct side side;
    struct hawser_error err = HAWSER_ERROR_INIT;
    open_at(&side, 1024);
    net_stream_pause(side.stream, 1);
    ck_assert_int_eq(close(side.peer), 0);
    side.peer = -1;
    ck_assert_int_eq(net_stream_send(side.stream, SLICE_LITERAL("x"), slice_make(NULL, 0), &err),
                     -1);
    turn(&side);
    ck_assert_int_eq(side.ends, 1);
    ck_assert_int_eq(side.reads, 0);
    close_side(&side);
}
END_TEST

START_TEST(pause_stops_reading_and_going_on_delivers_the_rest_again)
{
    struct side side;
    open_at(&side, 1024);
    side.most              = 2;
    side.pause_after_reads = 1;
    peer_writes(&side, "abcd", 4);
    turn(&side);
    peer_writes(&side, "ef", 2);
    turn(&side);
    ck_assert_int_eq(side.reads, 1);
    side.most = 0;
    net_stream_pause(side.stream, 0);
    ck_assert_int_eq(side.reads, 1); /* from the loop, not from inside the call */
    turn(&side);
    turn(&side);
    ck_assert_uint_eq(side.got.len, 6);
    ck_assert_int_eq(memcmp(buf_data(&side.got), "abcdef", 6), 0);
    close_side(&side);
}
END_TEST

START_TEST(going_on_delivers_what_was_left_without_new_bytes)
{
    struct side side;
    open_at(&side, 1024);
    side.most              = 2;
    side.pause_after_reads = 1;
    peer_writes(&side, "abcd", 4);
    turn(&side);
    side.most = 0;
    net_stream_pause(side.stream, 0);
    turn(&side);
    ck_assert_uint_eq(side.got.len, 4);
    close_side(&side);
}
END_TEST

START_TEST(a_stream_can_be_destroyed_in_readable)
{
    struct side side;
    open_at(&side, 1024);
    side.destroy_in = IN_READABLE;
    side.most       = (size_t)_i; /* with and without a tail */
    peer_writes(&side, "abcd", 4);
    turn(&side);
    ck_assert_ptr_null(side.stream);
    ck_assert_int_eq(side.ends, 0);
    close_side(&side);
}
END_TEST

START_TEST(a_stream_can_be_destroyed_when_a_tail_is_delivered_again)
{
    struct side side;
    open_at(&side, 1024);
    side.most              = 2;
    side.pause_after_reads = 1;
    peer_writes(&side, "abcd", 4);
    turn(&side);
    side.destroy_in = IN_READABLE;
    net_stream_pause(side.stream, 0);
    turn(&side);
    ck_assert_ptr_null(side.stream);
    close_side(&side);
}
END_TEST

START_TEST(a_stream_can_be_destroyed_in_writable)
{
    struct side side;
    static uint8_t sink[65536];
    open_at(&side, 8192);
    side.destroy_in = IN_WRITABLE;
    fill_queue(&side);
    for (int i = 0; i < 10000 && side.stream != NULL; i++) {
        (void)!recv(side.peer, sink, sizeof(sink), MSG_DONTWAIT);
        turn(&side);
    }
    ck_assert_ptr_null(side.stream);
    close_side(&side);
}
END_TEST

START_TEST(a_stream_can_be_destroyed_in_ended)
{
    struct side side;
    open_at(&side, 1024);
    side.destroy_in = IN_ENDED;
    if (_i == 1) {
        peer_writes(&side, "abcd", 4);
    }
    ck_assert_int_eq(close(side.peer), 0);
    side.peer = -1;
    turn(&side);
    turn(&side);
    ck_assert_ptr_null(side.stream);
    ck_assert_int_eq(side.ends, 1);
    close_side(&side);
}
END_TEST

START_TEST(a_stream_can_be_destroyed_between_an_event_and_its_callback)
{
    struct side side;
    open_at(&side, 1024);
    net_stream_pause(side.stream, 1);
    net_stream_pause(side.stream, 0); /* activates the event */
    net_stream_destroy(side.stream);
    side.stream = NULL;
    turn(&side);
    ck_assert_int_eq(side.reads + side.ends, 0);
    close_side(&side);
}
END_TEST

static TCase *reading(void)
{
    TCase *tcase = tcase_create("reading");
    tcase_add_loop_test(tcase, bytes_arrive_whole_whatever_the_consumer_takes, 0, 130);
    tcase_add_test(tcase, an_idle_stream_owns_no_buffer_and_a_busy_one_takes_the_spare);
    tcase_add_test(tcase, one_turn_reads_a_bounded_amount);
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
    Suite *suite = suite_create("net/stream");
    suite_add_tcase(suite, reading());
    suite_add_tcase(suite, sending());
    suite_add_tcase(suite, ending());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
