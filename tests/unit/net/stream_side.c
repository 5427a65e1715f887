/*
 * A stream under observation. See stream_side.h.
 */
#include "stream_side.h"

#include <check.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/slice.h"

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
    if (side->is_flooded) {
        side_flood(side);
    }
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

static void open_pair(struct side *side, size_t max_queued)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    int fds[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    side->peer   = fds[1];
    side->stream = net_stream_create(side->loop, fds[0], NULL, max_queued, &HANDLER, side, &err);
    ck_assert_ptr_nonnull(side->stream);
}

void side_open(struct side *side, size_t max_queued)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    *side                   = (struct side){.loop = net_loop_create(NULL, &err)};
    ck_assert_ptr_nonnull(side->loop);
    open_pair(side, max_queued);
}

void side_join(struct side *side, const struct side *other, size_t max_queued)
{
    *side = (struct side){.loop = other->loop, .loop_is_others = 1};
    open_pair(side, max_queued);
}

void side_close(struct side *side)
{
    net_stream_destroy(side->stream);
    if (side->peer >= 0) {
        ck_assert_int_eq(close(side->peer), 0);
    }
    if (!side->loop_is_others) {
        net_loop_destroy(side->loop);
    }
    buf_fini(&side->got);
}

void side_turn(struct side *side)
{
    (void)event_base_loop(side->loop->base, EVLOOP_NONBLOCK);
    memset(side->loop->read_buffer, 0xdd, NET_READ_BUFFER_BYTES); /* as if others had used it */
}

void side_hear(struct side *side, const void *bytes, size_t len)
{
    ck_assert_int_eq(send(side->peer, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

void side_flood(struct side *side)
{
    static const uint8_t MANY[NET_READ_BUFFER_BYTES];
    while (send(side->peer, MANY, sizeof(MANY), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
    }
}

void side_fill(uint8_t *bytes, size_t len, unsigned seed)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)((i + seed) * 2654435761u >> 11);
    }
}

void side_fill_queue(struct side *side)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    static const uint8_t BLOCK[4096];
    while (net_stream_queued(side->stream) == 0) {
        ck_assert_int_eq(net_stream_send(side->stream, slice_make(NULL, 0),
                                         slice_make(BLOCK, sizeof(BLOCK)), &err),
                         0);
    }
}
