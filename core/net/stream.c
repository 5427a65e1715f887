/*
 * Life and reading of a stream. Bytes are received into the loop's one buffer and handed on from
 * there; only what the handler could not use yet is kept in memory of the stream's.
 */
#include "net/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/classify.h"
#include "base/error.h"
#include "net/stream_impl.h"

static void free_when_over(struct net_stream *s)
{
    if (s->destroyed && s->calls == 0) {
        s->magic = 0;
        free(s);
    }
}

static void end(struct net_stream *s, const struct hawser_error *why)
{
    s->ended = 1;
    (void)event_del(&s->reader);
    stream_await_no_room(s);
    net_loop_take_back(s->loop, &s->queue);
    s->handler->ended(s->arg, why);
}

size_t stream_deliver(struct net_stream *s, size_t len)
{
    uint8_t *bytes = s->loop->read_buffer;
    size_t used    = s->handler->readable(s->arg, bytes, len);
    OBJ_ASSERT(used <= len);
    if (s->destroyed) {
        return 0;
    }
    OBJ_ASSERT(used > 0 || len < NET_READ_BUFFER_BYTES || s->paused || s->again);
    if (used > 0 && used < len) {
        memmove(bytes, bytes + used, len - used);
    }
    return len - used;
}

static void explain_end(const struct net_stream *s, int errno_value, struct hawser_error *err)
{
    if (errno_value == 0) {
        errno_value = s->send_failure;
    }
    if (errno_value == 0) {
        error_set(err, HAWSER_NET_LOST, "closed by peer");
        return;
    }
    enum hawser_code code = classify_errno(errno_value);
    error_set_errno(err, code == HAWSER_NET_TIMEOUT ? code : HAWSER_NET_LOST, errno_value,
                    "connection lost");
}

ssize_t stream_recv(struct net_stream *s, uint8_t *to, size_t room, struct hawser_error *err)
{
    ssize_t got;
    do {
        got = recv(s->fd, to, room, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        net_loop_heard(s->loop);
        return got;
    }
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && s->send_failure == 0) {
        return 0;
    }
    explain_end(s, got == 0 || errno == EAGAIN || errno == EWOULDBLOCK ? 0 : errno, err);
    return -1;
}

static enum stream_progress read_plain(struct net_stream *s, size_t *have, struct hawser_error *err)
{
    for (int round = 0; round < READ_ROUNDS && stream_reads_on(s); round++) {
        size_t room = NET_READ_BUFFER_BYTES - *have;
        if (room == 0) {
            break;
        }
        ssize_t got = stream_recv(s, s->loop->read_buffer + *have, room, err);
        if (got <= 0) {
            return got < 0 ? STREAM_ENDED : STREAM_OPEN;
        }
        *have = stream_deliver(s, *have + (size_t)got);
        if ((size_t)got < room) {
            break; /* the kernel has no more */
        }
    }
    return STREAM_OPEN;
}

/* The tail stands in front of what comes next. @return its length */
static size_t restore_tail(struct net_stream *s)
{
    size_t len = s->tail.len;
    if (len > 0) {
        memcpy(s->loop->read_buffer, buf_data(&s->tail), len);
        net_loop_take_back(s->loop, &s->tail);
    }
    return len;
}

static int keep_tail(struct net_stream *s, size_t len, struct hawser_error *err)
{
    if (len == 0) {
        return 0;
    }
    net_loop_lend(s->loop, &s->tail);
    if (buf_append(&s->tail, s->loop->read_buffer, len) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "received bytes could not be kept: out of memory");
        return -1;
    }
    return 0;
}

/* TLS looks ahead: the end may be known while the handler has paused on bytes before it. */
static int hold_end(struct net_stream *s, const struct hawser_error *why)
{
    s->held_end = malloc(sizeof(*s->held_end));
    if (s->held_end == NULL) {
        return -1;
    }
    *s->held_end = *why;
    return 0;
}

static void read_on(struct net_stream *s)
{
    struct hawser_error err       = HAWSER_ERROR_INIT;
    enum stream_progress progress = STREAM_OPEN;
    size_t have                   = restore_tail(s);
    int again                     = s->again;
    s->again                      = s->ssl != NULL && again;
    if (again && have > 0) {
        have = stream_deliver(s, have);
    }
    if (s->held_end != NULL && !s->destroyed) {
        progress = STREAM_ENDED;
        err      = *s->held_end;
    } else if (stream_reads_on(s)) {
        progress = s->ssl != NULL ? stream_tls_read(s, &have, &err) : read_plain(s, &have, &err);
    }
    if (s->destroyed) {
        return;
    }
    if (progress == STREAM_ENDED && (!s->paused || (!s->held_end && hold_end(s, &err) != 0))) {
        end(s, &err);
    } else if (keep_tail(s, have, &err) != 0) {
        end(s, &err);
    }
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct net_stream *s = OBJ_CAST(struct net_stream, arg, STREAM_MAGIC);
    (void)fd;
    (void)what;
    if (s->ended || (s->paused && s->send_failure == 0)) {
        return; /* was activated before */
    }
    s->calls++;
    if (s->paused) {
        struct hawser_error err = HAWSER_ERROR_INIT;
        explain_end(s, 0, &err);
        end(s, &err);
    } else {
        read_on(s);
    }
    s->calls--;
    free_when_over(s);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct net_stream *s = OBJ_CAST(struct net_stream, arg, STREAM_MAGIC);
    (void)fd;
    (void)what;
    s->calls++;
    if (s->read_awaits_write) {
        s->read_awaits_write = 0;
        s->again             = 1;
        event_active(&s->reader, EV_READ, 0);
    }
    if (stream_flush(s) && s->handler->writable != NULL) {
        s->handler->writable(s->arg);
    }
    s->calls--;
    free_when_over(s);
}

/* Most streams never wait, and an event is a third of an idle one: it is made when it is due. */
int stream_await_room(struct net_stream *s)
{
    if (s->writer == NULL) {
        s->writer = event_new(s->loop->base, s->fd, EV_WRITE | EV_PERSIST, on_writable, s);
    }
    return s->writer == NULL ? -1 : event_add(s->writer, NULL);
}

void stream_await_no_room(struct net_stream *s)
{
    if (s->writer != NULL) {
        (void)event_del(s->writer); /* fails only for an event that was never set up */
    }
}

static int start(struct net_stream *s, struct hawser_error *err)
{
    if (s->ssl != NULL) {
        if (net_loop_prepare_tls(s->loop, err) != 0) {
            return -1;
        }
        s->bio = net_tls_bio_attach(s->ssl, s->fd);
        if (s->bio == NULL) {
            error_set(err, HAWSER_SYSTEM_MEMORY, "TLS: out of memory");
            return -1;
        }
        s->bio->fed = 1;
        (void)SSL_set_mode(s->ssl,
                           SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    }
    if (event_add(&s->reader, NULL) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "event loop: out of memory");
        return -1;
    }
    if (s->ssl != NULL) {
        s->again = 1; /* the handshake may have read more than its own */
        event_active(&s->reader, EV_READ, 0);
    }
    return 0;
}

struct net_stream *net_stream_create(struct net_loop *loop, int fd, SSL *ssl, size_t max_queued,
                                     const struct net_stream_handler *handler, void *arg,
                                     struct hawser_error *err)
{
    struct net_stream *s = calloc(1, sizeof(*s));
    if (s == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "connection: out of memory");
        SSL_free(ssl);
        (void)close(fd); /* nothing was sent through it by us */
        return NULL;
    }
    list_init(&s->warm);
    s->magic   = STREAM_MAGIC;
    s->fd      = fd;
    s->loop    = loop;
    s->ssl     = ssl;
    s->handler = handler;
    s->arg     = arg;
    buf_init(&s->queue, max_queued);
    (void)event_assign(&s->reader, loop->base, fd, EV_READ | EV_PERSIST, on_readable, s);
    if (evutil_make_socket_nonblocking(fd) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "socket");
        goto fail;
    }
    if (start(s, err) != 0) {
        goto fail;
    }
    return s;
fail:
    net_stream_destroy(s);
    return NULL;
}

void net_stream_destroy(struct net_stream *s)
{
    if (s == NULL || s->destroyed) {
        return;
    }
    s->destroyed = 1;
    list_remove(&s->warm);
    (void)event_del(&s->reader);
    if (s->writer != NULL) {
        event_free(s->writer);
        s->writer = NULL;
    }
    if (s->bio != NULL && !s->ended && !s->finished && s->queue.len == 0 && s->send_failure == 0) {
        (void)stream_tls_finish(s); /* as far as it goes at once */
    }
    if (s->ssl != NULL) { /* a link that was cut is worth resuming, too: OpenSSL would forbid it */
        SSL_set_shutdown(s->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    SSL_free(s->ssl);
    s->ssl = NULL;
    (void)close(s->fd); /* what was not sent is given up, as the header says */
    s->fd = -1;
    free(s->held_end);
    buf_fini(&s->tail);
    buf_cleanse(&s->queue); /* it may hold a login that was not sent */
    free_when_over(s);
}

void net_stream_pause(struct net_stream *s, int paused)
{
    if (s->ended || s->paused == (paused != 0)) {
        return;
    }
    s->paused = paused != 0;
    if (s->paused) {
        (void)event_del(&s->reader);
        return;
    }
    s->again = 1;
    if (event_add(&s->reader, NULL) != 0) {
        stream_note_send_failure(s, ENOMEM);
    }
    event_active(&s->reader, EV_READ, 0);
}

int net_stream_fd(const struct net_stream *s)
{
    return s->fd;
}

SSL *net_stream_ssl(const struct net_stream *s)
{
    return s->ssl;
}
