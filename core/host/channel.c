/*
 * Master <-> child messages. See channel.h. Both ends are our own, yet sizes are checked: a child
 * may be broken by its plugin.
 */
#include "host/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/list.h"
#include "base/obj.h"

#define CHANNEL_MAGIC    0x6368616eu
#define READ_BYTES       65536u
#define MAX_QUEUED_BYTES (2u * CHANNEL_MAX_MESSAGE_BYTES)

struct head {
    uint32_t body_bytes;
    uint16_t type;
    uint16_t has_fd;
    uint64_t id;
};

struct outgoing {
    struct list node;
    struct buf bytes; /* head and body */
    size_t sent;
    int fd; /* -1: none, or passed already */
};

struct channel {
    OBJ_MAGIC_FIELD;
    int fd;
    struct event *readable;
    struct event *writable;
    const struct channel_handler *handler;
    void *arg;
    struct buf in;
    int in_fds[8]; /* received and not yet claimed by a message, in order */
    size_t in_fd_count;
    struct list out;
    size_t out_bytes;
    int in_callback;
    int is_over; /* `ended` was called */
    int destroyed;
};

int channel_pair(int fds[2], struct hawser_error *err)
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot make a socket pair");
        return -1;
    }
    return 0;
}

static void outgoing_destroy(struct outgoing *out)
{
    list_remove(&out->node);
    buf_cleanse(&out->bytes);
    if (out->fd >= 0) {
        (void)close(out->fd); /* a duplicate that was never sent */
    }
    free(out);
}

static void channel_free(struct channel *channel)
{
    struct list *node, *after;
    list_for_each_safe (node, after, &channel->out) {
        outgoing_destroy(LIST_ENTRY(node, struct outgoing, node));
    }
    for (size_t i = 0; i < channel->in_fd_count; i++) {
        (void)close(channel->in_fds[i]); /* nobody claimed it */
    }
    buf_cleanse(&channel->in);
    if (channel->readable != NULL) {
        event_free(channel->readable);
    }
    if (channel->writable != NULL) {
        event_free(channel->writable);
    }
    (void)close(channel->fd); /* a socket of ours, nothing buffered */
    channel->magic = 0;
    free(channel);
}

void channel_set_arg(struct channel *channel, void *arg)
{
    channel->arg = arg;
}

void channel_destroy(struct channel *channel)
{
    if (channel == NULL) {
        return;
    }
    channel->destroyed = 1;
    if (channel->in_callback == 0) {
        channel_free(channel);
    }
}

static void end(struct channel *channel, const struct hawser_error *why)
{
    (void)event_del(channel->readable);
    (void)event_del(channel->writable);
    channel->is_over = 1;
    channel->handler->ended(channel->arg, why);
}

static void end_errno(struct channel *channel, int errno_value)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (errno_value == 0) {
        error_set(&err, HAWSER_SYSTEM_CALL, "the process at the other end is gone");
    } else {
        error_set_errno(&err, HAWSER_SYSTEM_CALL, errno_value, "channel between processes failed");
    }
    end(channel, &err);
}

/* receiving */

/** @return bytes received, 0 at the end, -1 with errno */
static ssize_t receive(struct channel *channel)
{
    uint8_t *room = buf_reserve(&channel->in, READ_BYTES);
    if (room == NULL) {
        errno = ENOMEM;
        return -1;
    }
    union {
        char bytes[CMSG_SPACE(4 * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec piece = {room, READ_BYTES};
    struct msghdr msg  = {.msg_iov        = &piece,
                          .msg_iovlen     = 1,
                          .msg_control    = control.bytes,
                          .msg_controllen = sizeof(control.bytes)};
    ssize_t got        = recvmsg(channel->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got <= 0) {
        return got;
    }
    buf_commit(&channel->in, (size_t)got);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
            if (channel->in_fd_count < sizeof(channel->in_fds) / sizeof(channel->in_fds[0])) {
                channel->in_fds[channel->in_fd_count++] = fd;
            } else {
                (void)close(
                    fd); /* the other side broke the rule of one a message; the message will fail */
            }
        }
    }
    return got;
}

static int claim_fd(struct channel *channel)
{
    if (channel->in_fd_count == 0) {
        return -1;
    }
    int fd = channel->in_fds[0];
    channel->in_fd_count--;
    memmove(channel->in_fds, channel->in_fds + 1, channel->in_fd_count * sizeof(int));
    return fd;
}

/** @return 1 a message was handed on, 0 more bytes are needed, -1 not a message */
static int hand_on_one(struct channel *channel)
{
    struct head head;
    if (channel->in.len < sizeof(head)) {
        return 0;
    }
    memcpy(&head, buf_data(&channel->in), sizeof(head));
    if (head.type == 0 || head.type >= CHANNEL_TYPE_COUNT ||
        head.body_bytes > CHANNEL_MAX_MESSAGE_BYTES) {
        return -1;
    }
    if (channel->in.len < sizeof(head) + head.body_bytes) {
        return 0;
    }
    struct channel_message message = {
        .type = (enum channel_type)head.type, .id = head.id, .fd = -1};
    if (head.has_fd && (message.fd = claim_fd(channel)) < 0) {
        return -1;
    }
    char *body =
        malloc((size_t)head.body_bytes + 1); /* the handler may make the channel read or end */
    if (body == NULL) {
        if (message.fd >= 0) {
            (void)close(message.fd); /* the message is lost with it, and the channel ends */
        }
        return -1;
    }
    memcpy(body, buf_data(&channel->in) + sizeof(head), head.body_bytes);
    body[head.body_bytes] = 0;
    message.body          = (struct hawser_slice){body, head.body_bytes};
    buf_consume(&channel->in, sizeof(head) + head.body_bytes);
    channel->handler->message(channel->arg, &message);
    explicit_bzero(body, head.body_bytes);
    free(body);
    return 1;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct channel *channel = OBJ_CAST(struct channel, arg, CHANNEL_MAGIC);
    (void)fd;
    (void)what;
    channel->in_callback = 1;
    ssize_t got          = receive(channel);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        end_errno(channel, got == 0 ? 0 : errno);
    } else {
        int rc = 1;
        while (rc == 1 && !channel->destroyed) {
            rc = hand_on_one(channel);
        }
        if (rc < 0 && !channel->destroyed) {
            end_errno(channel, EBADMSG);
        }
    }
    channel->in_callback = 0;
    if (channel->destroyed) {
        channel_free(channel);
    } else if (channel->in.len == 0) {
        buf_cleanse(&channel->in); /* it may have held secrets */
    }
}

/* sending */

/** @return 0 all is sent or the socket is full, -1 with errno */
static int send_some(struct channel *channel, struct outgoing *out)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control          = {.bytes = {0}}; /* its padding goes to the kernel too */
    struct iovec piece = {(void *)(uintptr_t)(buf_data(&out->bytes) + out->sent),
                          out->bytes.len - out->sent};
    struct msghdr msg  = {.msg_iov = &piece, .msg_iovlen = 1};
    if (out->fd >= 0) {
        msg.msg_control    = control.bytes;
        msg.msg_controllen = sizeof(control.bytes);
        struct cmsghdr *c  = CMSG_FIRSTHDR(&msg);
        *c                 = (struct cmsghdr){
                            .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(c), &out->fd, sizeof(int));
    }
    ssize_t done = sendmsg(channel->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (done < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    }
    if (out->fd >= 0) {
        (void)close(out->fd); /* our duplicate; the other side has its own now */
        out->fd = -1;
    }
    out->sent += (size_t)done;
    return 0;
}

static int flush(struct channel *channel)
{
    while (!list_is_empty(&channel->out)) {
        struct outgoing *out = LIST_ENTRY(channel->out.next, struct outgoing, node);
        size_t before        = out->sent;
        if (send_some(channel, out) != 0) {
            return -1;
        }
        if (out->sent == out->bytes.len) {
            channel->out_bytes -= out->bytes.len;
            outgoing_destroy(out);
        } else if (out->sent == before) {
            return event_add(channel->writable, NULL);
        }
    }
    return 0;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct channel *channel = OBJ_CAST(struct channel, arg, CHANNEL_MAGIC);
    (void)fd;
    (void)what;
    channel->in_callback = 1;
    if (flush(channel) != 0) {
        end_errno(channel, errno);
    }
    channel->in_callback = 0;
    if (channel->destroyed) {
        channel_free(channel);
    }
}

static struct outgoing *outgoing_create(enum channel_type type, uint64_t id,
                                        struct hawser_slice body, int fd)
{
    struct outgoing *out = calloc(1, sizeof(*out));
    if (out == NULL) {
        return NULL;
    }
    list_init(&out->node);
    out->fd          = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    struct head head = {(uint32_t)body.len, (uint16_t)type, fd >= 0, id};
    if ((fd >= 0 && out->fd < 0) || buf_append(&out->bytes, &head, sizeof(head)) != 0 ||
        buf_append_slice(&out->bytes, body) != 0) {
        outgoing_destroy(out);
        return NULL;
    }
    return out;
}

int channel_send(struct channel *channel, enum channel_type type, uint64_t id,
                 struct hawser_slice body, int fd, struct hawser_error *err)
{
    if (channel->is_over) {
        error_set(err, HAWSER_SYSTEM_CALL, "the process at the other end is gone");
        return -1;
    }
    if (body.len > CHANNEL_MAX_MESSAGE_BYTES || channel->out_bytes > MAX_QUEUED_BYTES) {
        error_set(err, HAWSER_SYSTEM_LIMIT, "too much is waiting for another process (%zu bytes)",
                  channel->out_bytes + body.len);
        return -1;
    }
    struct outgoing *out = outgoing_create(type, id, body, fd);
    if (out == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a message to another process");
        return -1;
    }
    list_append(&channel->out, &out->node);
    channel->out_bytes += out->bytes.len;
    /* Written from the loop, so that a failure is told through `ended` alone and never from inside
     * this call. */
    if (event_add(channel->writable, NULL) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "cannot watch the channel to another process");
        return -1;
    }
    return 0;
}

struct channel *channel_create(struct event_base *base, int fd,
                               const struct channel_handler *handler, void *arg,
                               struct hawser_error *err)
{
    struct channel *channel = calloc(1, sizeof(*channel));
    if (channel == NULL) {
        (void)close(fd); /* taken, and of no use now */
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a channel");
        return NULL;
    }
    *channel = (struct channel){.magic = CHANNEL_MAGIC, .fd = fd, .handler = handler, .arg = arg};
    list_init(&channel->out);
    buf_init(&channel->in, CHANNEL_MAX_MESSAGE_BYTES + READ_BYTES + sizeof(struct head));
    channel->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, channel);
    channel->writable = event_new(base, fd, EV_WRITE, on_writable, channel);
    if (channel->readable == NULL || channel->writable == NULL ||
        event_add(channel->readable, NULL) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "cannot watch a channel");
        channel_destroy(channel);
        return NULL;
    }
    return channel;
}

int channel_idle_fd(const struct channel *channel)
{
    int is_idle = channel->in.len == 0 && channel->in_fd_count == 0 &&
                  list_is_empty(&channel->out) && !channel->is_over && !channel->destroyed;
    return is_idle ? channel->fd : -1;
}
