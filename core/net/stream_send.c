/*
 * Sending: at once where the kernel takes it, through a bounded queue where it does not.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/error.h"
#include "base/slice.h"
#include "net/stream_impl.h"

#define LOW_WATER_DIVISOR 4 /* of the bound: below it, whoever filled the queue may go on */

static int would_block(int errno_value)
{
    return errno_value == EAGAIN || errno_value == EWOULDBLOCK;
}

void stream_note_send_failure(struct net_stream *s, int errno_value)
{
    if (s->send_failure == 0) {
        s->send_failure = errno_value;
    }
    stream_await_no_room(s);
    if (!s->ended) {
        event_active(&s->reader, EV_READ, 0);
    }
}

/* @return bytes taken; 0: not now; -1: lost (noted) */
static ssize_t send_plain(struct net_stream *s, struct hawser_slice head, struct hawser_slice body)
{
    struct iovec pieces[2] = {{(void *)(uintptr_t)head.data, head.len},
                              {(void *)(uintptr_t)body.data, body.len}};
    struct msghdr message  = {.msg_iov = pieces, .msg_iovlen = 2};
    ssize_t sent;
    do {
        sent = sendmsg(s->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0 && would_block(errno)) {
        return 0;
    }
    if (sent < 0) {
        stream_note_send_failure(s, errno);
    }
    return sent;
}

/* The header must not be a record of its own: it goes into one with the front of the payload, by
 * way of a copy. The rest of the payload is encrypted from where it is. */
static ssize_t send_tls(struct net_stream *s, struct hawser_slice head, struct hawser_slice body)
{
    size_t front = head.len > NET_RECORD_BYTES ? NET_RECORD_BYTES : head.len;
    size_t with  = body.len < NET_RECORD_BYTES - front ? body.len : NET_RECORD_BYTES - front;
    size_t total = head.len + body.len;
    uint8_t *mix = s->loop->record_buffer;
    if (head.len > NET_RECORD_BYTES) {
        return stream_tls_write(s, (const uint8_t *)head.data, front);
    }
    if (front > 0) {
        memcpy(mix, head.data, front);
    }
    if (with > 0) {
        memcpy(mix + front, body.data, with);
    }
    size_t taken = 0;
    while (taken < total) {
        const uint8_t *from =
            taken < front + with ? mix + taken : (const uint8_t *)body.data + (taken - head.len);
        size_t len = taken < front + with ? front + with - taken : total - taken;
        ssize_t n  = stream_tls_write(s, from, len > NET_RECORD_BYTES ? NET_RECORD_BYTES : len);
        if (n <= 0) {
            return n < 0 ? -1 : (ssize_t)taken;
        }
        taken += (size_t)n;
    }
    return (ssize_t)taken;
}

static ssize_t send_now(struct net_stream *s, struct hawser_slice head, struct hawser_slice body)
{
    return s->ssl != NULL ? send_tls(s, head, body) : send_plain(s, head, body);
}

static int refuse_lost(const struct net_stream *s, struct hawser_error *err)
{
    if (s->send_failure != 0) {
        error_set_errno(err, HAWSER_NET_LOST, s->send_failure, "not sent: connection lost");
    } else {
        error_set(err, HAWSER_NET_LOST, "not sent: connection closed");
    }
    return -1;
}

static int queue_rest(struct net_stream *s, struct hawser_slice head, struct hawser_slice body,
                      struct hawser_error *err)
{
    net_loop_lend(s->loop, &s->queue);
    if (buf_reserve(&s->queue, head.len + body.len) == NULL ||
        buf_append_slice(&s->queue, head) != 0 || buf_append_slice(&s->queue, body) != 0 ||
        (!s->write_awaits_read && stream_await_room(s) != 0)) {
        /* A part may be on its way: the stream of bytes cannot be mended. */
        stream_note_send_failure(s, ENOMEM);
        return refuse_lost(s, err);
    }
    s->tells_writable = 1;
    return 0;
}

int net_stream_send(struct net_stream *s, struct hawser_slice head, struct hawser_slice body,
                    struct hawser_error *err)
{
    size_t total = head.len + body.len;
    if (s->ended || s->finishing || s->send_failure != 0) {
        return refuse_lost(s, err);
    }
    if (s->queue.max != 0 && total > s->queue.max) {
        error_set(err, HAWSER_SYSTEM_LIMIT,
                  "not sent: %zu bytes are more than the send queue may ever hold (%zu)", total,
                  s->queue.max);
        return -1;
    }
    if (s->queue.max != 0 && s->queue.len > s->queue.max - total) {
        s->tells_writable = 1;
        error_set(err, HAWSER_NET_QUEUE_FULL,
                  "send queue full: %zu bytes wait, %zu more asked for, bound %zu", s->queue.len,
                  total, s->queue.max);
        return -1;
    }
    if (s->queue.len == 0 && total > 0) {
        ssize_t taken = send_now(s, head, body);
        if (taken < 0) {
            return refuse_lost(s, err);
        }
        size_t from_head = (size_t)taken < head.len ? (size_t)taken : head.len;
        head             = slice_skip(head, from_head);
        body             = slice_skip(body, (size_t)taken - from_head);
    }
    return head.len + body.len == 0 ? 0 : queue_rest(s, head, body, err);
}

size_t net_stream_queued(const struct net_stream *s)
{
    return s->queue.len;
}

static void take_down(struct net_stream *s)
{
    if (s->ssl != NULL && !stream_tls_finish(s)) {
        if (stream_await_room(s) != 0) {
            stream_note_send_failure(s, ENOMEM);
        }
        return;
    }
    s->finished = 1;
    stream_await_no_room(s);
    (void)shutdown(s->fd, SHUT_WR); /* fails only where the link is gone, which reading tells */
}

int stream_flush(struct net_stream *s)
{
    while (s->queue.len > 0) {
        struct hawser_slice waiting = buf_slice(&s->queue);
        if (s->ssl != NULL && waiting.len > NET_RECORD_BYTES) {
            waiting.len = NET_RECORD_BYTES;
        }
        ssize_t taken = s->ssl != NULL
                            ? stream_tls_write(s, (const uint8_t *)waiting.data, waiting.len)
                            : send_plain(s, waiting, slice_make(NULL, 0));
        if (taken < 0) {
            return 0;
        }
        if (taken == 0) {
            break;
        }
        buf_consume(&s->queue, (size_t)taken);
    }
    if (s->write_awaits_read) {
        stream_await_no_room(s); /* room is not what it waits for */
    } else if (s->queue.len > 0 && stream_await_room(s) != 0) {
        stream_note_send_failure(s, ENOMEM);
    }
    if (s->queue.len == 0) {
        net_loop_take_back(s->loop, &s->queue);
        stream_await_no_room(s);
        if (s->finishing && !s->finished) {
            take_down(s);
        }
    }
    if (s->tells_writable && s->queue.len <= s->queue.max / LOW_WATER_DIVISOR) {
        s->tells_writable = 0;
        return 1;
    }
    return 0;
}

void net_stream_finish(struct net_stream *s)
{
    if (s->ended || s->finishing || s->send_failure != 0) {
        return;
    }
    s->finishing = 1;
    if (s->queue.len == 0) {
        take_down(s);
    }
}
