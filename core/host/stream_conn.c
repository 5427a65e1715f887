/*
 * One stream. See stream_conn.h. A push formats the record into the queue and nothing more; the
 * socket is written from the loop.
 */
#include "host/stream_conn.h"

#include <errno.h>
#include <fnmatch.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/slice.h"
#include "host/stream.h"
#include "host/stream_queue.h"
#include "output/line.h"
#include "telemetry/metric.h"

#define STREAM_MAGIC     0x7374726du
#define TURN_BYTES       (256u * 1024u) /* sent in one turn of the loop */
#define DISCARD_READS    16
#define CHANNEL_MAX_SIZE 1025u /* of a channel's name and its NUL, to match it */

struct stream_conn {
    OBJ_MAGIC_FIELD;
    struct list node;
    int fd;
    char *pattern; /* NULL: everything */
    struct stream_queue queue;
    struct event *readable;
    struct event *writable; /* also made active by hand: there is something to send */
    struct telemetry_cell *lost_cell;
    uint64_t lost; /* records dropped and not announced yet */
    int is_armed;  /* `writable` is on its way */
    int is_finishing;
};

struct stream_conn *stream_conn_of(struct list *node)
{
    return LIST_ENTRY(node, struct stream_conn, node);
}

void stream_conn_destroy(struct stream_conn *conn)
{
    if (conn == NULL) {
        return;
    }
    list_remove(&conn->node);
    if (conn->readable != NULL) {
        event_free(conn->readable);
    }
    if (conn->writable != NULL) {
        event_free(conn->writable);
    }
    if (conn->fd >= 0) {
        (void)close(conn->fd); /* what was not sent is nobody's any more */
    }
    stream_queue_fini(&conn->queue);
    conn->magic = 0;
    free(conn->pattern);
    free(conn);
}

/* into the queue */

static void wake(struct stream_conn *conn)
{
    if (!conn->is_armed) {
        conn->is_armed = 1;
        event_active(conn->writable, EV_WRITE, 0);
    }
}

/** @return 0, or -1: no room */
static int put(struct stream_conn *conn, const struct hawser_record *record)
{
    char *room = stream_queue_reserve(&conn->queue, output_line_room(record));
    if (room == NULL) {
        return -1;
    }
    stream_queue_commit(&conn->queue, output_line_write(record, room));
    wake(conn);
    return 0;
}

/* Once something is dropped, nothing follows until half of the queue is free: else each record that
 * fits would stand between two announcements. @return 0, or -1: not yet */
static int announce_lost(struct stream_conn *conn)
{
    const struct hawser_record record = {
        .struct_size = sizeof(record),
        .kind        = HAWSER_RECORD_DROPPED,
        .count       = conn->lost > UINT32_MAX ? UINT32_MAX : (uint32_t)conn->lost,
        .time_ns     = clock_realtime(),
        .reason      = SLICE_LITERAL("queue_full"),
        .message     = SLICE_LITERAL("the client reads too slowly"),
    };
    if (stream_queue_used(&conn->queue) > conn->queue.capacity / 2 || put(conn, &record) != 0) {
        return -1;
    }
    conn->lost = 0;
    return 0;
}

static int wants(const struct stream_conn *conn, struct hawser_slice channel)
{
    char name[CHANNEL_MAX_SIZE];
    if (conn->pattern == NULL || channel.len == 0) { /* what is about the whole session */
        return 1;
    }
    if (channel.len >= sizeof(name)) {
        return 0;
    }
    memcpy(name, channel.data, channel.len);
    name[channel.len] = '\0';
    return fnmatch(conn->pattern, name, 0) == 0;
}

void stream_conn_push(struct stream_conn *conn, const struct hawser_record *record)
{
    if (conn->is_finishing || !wants(conn, record->channel)) {
        return;
    }
    if ((conn->lost > 0 && announce_lost(conn) != 0) || put(conn, record) != 0) {
        conn->lost++;
        telemetry_add(conn->lost_cell, 1);
    }
}

/* out to the client */

/** @return bytes sent; 0: the socket is full; -1: the client is gone */
static ssize_t send_some(struct stream_conn *conn)
{
    size_t len;
    const char *front = stream_queue_front(&conn->queue, &len);
    if (front == NULL) {
        return 0;
    }
    ssize_t done =
        send(conn->fd, front, len < TURN_BYTES ? len : TURN_BYTES, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (done < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    }
    stream_queue_consume(&conn->queue, (size_t)done);
    return done;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct stream_conn *conn = OBJ_CAST(struct stream_conn, arg, STREAM_MAGIC);
    (void)fd;
    (void)what;
    conn->is_armed = 0;
    ssize_t done   = send_some(conn);
    if (conn->lost > 0) {
        (void)announce_lost(conn); /* later, if there is no room yet */
    }
    int is_empty = stream_queue_used(&conn->queue) == 0;
    if (done < 0 || (is_empty && conn->is_finishing)) {
        stream_conn_destroy(conn);
    } else if (done > 0 && !is_empty) {
        wake(conn);
    } else if (!is_empty) {
        conn->is_armed = event_add(conn->writable, NULL) == 0; /* else the next push tries again */
    }
}

void stream_conn_finish(struct stream_conn *conn)
{
    conn->is_finishing = 1;
    wake(conn);
}

/* Whoever closes only its sending side (`printf ... | nc -N`) goes on reading. */
static int is_hung_up(int fd)
{
    struct pollfd look = {.fd = fd};
    return poll(&look, 1, 0) > 0 && (look.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

/* A client has nothing more to say; what it sends is thrown away. Edge-triggered: the end of its
 * sending side is no reason to be called again and again. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct stream_conn *conn = OBJ_CAST(struct stream_conn, arg, STREAM_MAGIC);
    char waste[4096];
    ssize_t got = 1;
    (void)what;
    for (int i = 0; i < DISCARD_READS && got > 0; i++) {
        got = recv(fd, waste, sizeof(waste), MSG_DONTWAIT);
    }
    if (got > 0) {
        event_active(conn->readable, EV_READ, 0);
    } else if ((got == 0 && is_hung_up(fd)) || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        stream_conn_destroy(conn);
    }
}

/* life */

static int start(struct stream_conn *conn, const struct stream_conn_options *options)
{
    size_t len = options->first_line == NULL ? 0 : strlen(options->first_line);
    if (strcmp(options->pattern, "*") != 0 && (conn->pattern = strdup(options->pattern)) == NULL) {
        return -1;
    }
    conn->readable =
        event_new(options->base, options->fd, EV_READ | EV_PERSIST | EV_ET, on_readable, conn);
    conn->writable = event_new(options->base, options->fd, EV_WRITE | EV_ET, on_writable, conn);
    if (conn->readable == NULL || conn->writable == NULL ||
        stream_queue_init(&conn->queue, STREAM_QUEUE_BYTES) != 0) {
        return -1;
    }
    char *room = stream_queue_reserve(&conn->queue, len + 1);
    if (room == NULL || event_add(conn->readable, NULL) != 0) {
        return -1;
    }
    if (len > 0) {
        memcpy(room, options->first_line, len);
        room[len] = '\n';
        stream_queue_commit(&conn->queue, len + 1);
        wake(conn);
    }
    return 0;
}

struct stream_conn *stream_conn_create(const struct stream_conn_options *options,
                                       struct list *among)
{
    struct stream_conn *conn = calloc(1, sizeof(*conn));
    if (conn == NULL) {
        return NULL;
    }
    *conn = (struct stream_conn){.magic = STREAM_MAGIC, .fd = -1, .lost_cell = options->lost};
    list_init(&conn->node);
    if (start(conn, options) != 0) {
        stream_conn_destroy(conn);
        return NULL;
    }
    conn->fd = options->fd;
    list_append(among, &conn->node);
    return conn;
}
