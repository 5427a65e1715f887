/*
 * The talk with a proxy on a socket. What is said is decided in proxy_talk.c.
 */
#include "net/tunnel.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/obj.h"
#include "base/slice.h"
#include "net/event_struct.h"

#define TUNNEL_MAGIC 0x4e54554eu
#define ROUND_BYTES  1024

struct net_tunnel {
    OBJ_MAGIC_FIELD;
    int fd;
    const struct net_tunnel_handler *handler;
    void *arg;
    struct net_proxy_talk talk;
    struct event reader;
    struct event writer;
    uint8_t in_callback;
    uint8_t destroyed;
};

static void free_when_over(struct net_tunnel *t)
{
    if (t->destroyed && !t->in_callback) {
        t->magic = 0;
        free(t);
    }
}

void net_tunnel_destroy(struct net_tunnel *t)
{
    if (t == NULL || t->destroyed) {
        return;
    }
    t->destroyed = 1;
    (void)event_del(&t->reader);
    (void)event_del(&t->writer);
    net_proxy_talk_fini(&t->talk);
    free_when_over(t);
}

/* @param why NULL: the way is open */
static void finish(struct net_tunnel *t, const struct hawser_error *why)
{
    (void)event_del(&t->reader);
    (void)event_del(&t->writer);
    t->in_callback = 1;
    if (why == NULL) {
        t->handler->opened(t->arg);
    } else {
        t->handler->failed(t->arg, why);
    }
    t->in_callback = 0;
    free_when_over(t);
}

static int is_later(int errno_value)
{
    return errno_value == EAGAIN || errno_value == EWOULDBLOCK || errno_value == EINTR;
}

/* @return 0, also when not all could go yet; -1 with err set */
static int send_out(struct net_tunnel *t, struct hawser_error *err)
{
    struct buf *out = &t->talk.out;
    while (out->len > 0) {
        ssize_t sent = send(t->fd, buf_data(out), out->len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && !is_later(errno)) {
            error_set_errno(err, HAWSER_NET_LOST, errno, "connection lost");
            return -1;
        }
        if (sent < 0) {
            if (event_add(&t->writer, NULL) == 0) {
                return 0;
            }
            error_set(err, HAWSER_SYSTEM_MEMORY, "event loop: out of memory");
            return -1;
        }
        buf_consume(out, (size_t)sent);
    }
    return 0;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct net_tunnel *t    = OBJ_CAST(struct net_tunnel, arg, TUNNEL_MAGIC);
    struct hawser_error err = HAWSER_ERROR_INIT;
    (void)fd;
    (void)what;
    if (send_out(t, &err) != 0) {
        finish(t, &err);
    }
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct net_tunnel *t    = OBJ_CAST(struct net_tunnel, arg, TUNNEL_MAGIC);
    struct hawser_error err = HAWSER_ERROR_INIT;
    char bytes[ROUND_BYTES];
    (void)what;
    ssize_t got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (got < 0 && is_later(errno)) {
        return;
    }
    if (got < 0) {
        error_set_errno(&err, HAWSER_NET_LOST, errno, "connection lost");
    } else if (got == 0) {
        error_set(&err, HAWSER_NET_PROXY, "it closed the connection without a whole answer");
    } else {
        int rc = net_proxy_talk_feed(&t->talk, slice_make(bytes, (size_t)got), &err);
        if (rc == 1) {
            finish(t, NULL);
            return;
        }
        if (rc == 0 && send_out(t, &err) == 0) {
            return;
        }
    }
    finish(t, &err);
}

struct net_tunnel *net_tunnel_start(struct net_loop *loop, int fd, const struct net_proxy *proxy,
                                    const struct net_url *target,
                                    const struct net_tunnel_handler *handler, void *arg,
                                    struct hawser_error *err)
{
    struct net_tunnel *t = calloc(1, sizeof(*t));
    if (t == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "proxy: out of memory");
        return NULL;
    }
    t->magic   = TUNNEL_MAGIC;
    t->fd      = fd;
    t->handler = handler;
    t->arg     = arg;
    (void)event_assign(&t->reader, loop->base, fd, EV_READ | EV_PERSIST, on_readable, t);
    (void)event_assign(&t->writer, loop->base, fd, EV_WRITE, on_writable, t);
    if (net_proxy_talk_begin(&t->talk, proxy, target, err) != 0) {
        goto fail;
    }
    if (event_add(&t->reader, NULL) != 0 || event_add(&t->writer, NULL) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "event loop: out of memory");
        goto fail;
    }
    return t;
fail:
    net_tunnel_destroy(t);
    return NULL;
}
