/*
 * One connection of the control socket: lines in, lines out, both bounded in size and in time. See
 * control.h.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/obj.h"
#include "host/control.h"

#define CONN_MAGIC 0x63636f6eu

struct control_conn {
    OBJ_MAGIC_FIELD;
    struct list node;
    struct master *master;
    struct bufferevent *stream;
    struct event *half_line; /* pending: a line has begun and is not whole */
    struct event *idle;      /* the next look whether it still asks something */
    clock_ns_t active_at;    /* it asked, or was answered */
    struct event *end;
    struct list requests;
    int is_finishing; /* nothing more is read */
    int is_over;      /* `end` is on its way */
};

struct control_conn *control_conn_of(struct list *node)
{
    return LIST_ENTRY(node, struct control_conn, node);
}

struct master *control_conn_master(const struct control_conn *conn)
{
    return conn->master;
}

struct list *control_conn_requests(struct control_conn *conn)
{
    return &conn->requests;
}

void control_conn_destroy(struct control_conn *conn)
{
    control_requests_orphan(&conn->requests);
    list_remove(&conn->node);
    if (conn->half_line != NULL) {
        event_free(conn->half_line);
    }
    if (conn->idle != NULL) {
        event_free(conn->idle);
    }
    if (conn->end != NULL) {
        event_free(conn->end);
    }
    if (conn->stream != NULL) {
        bufferevent_free(conn->stream);
    }
    conn->magic = 0;
    free(conn);
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    control_conn_destroy(OBJ_CAST(struct control_conn, arg, CONN_MAGIC));
}

void control_conn_end(struct control_conn *conn)
{
    if (!conn->is_over) {
        conn->is_over = 1;
        (void)bufferevent_disable(conn->stream, EV_READ | EV_WRITE); /* it is freed soon anyway */
        event_active(conn->end, EV_TIMEOUT, 0);
    }
}

static size_t unread(const struct control_conn *conn)
{
    return evbuffer_get_length(bufferevent_get_output(conn->stream));
}

/* idle clients */

int control_conn_is_idle(const struct control_conn *conn)
{
    return !conn->is_over && !conn->is_finishing && unread(conn) == 0 &&
           conn->requests.next == &conn->requests && !control_conn_has_half_line(conn);
}

int control_conn_is_gone(const struct control_conn *conn)
{
    struct pollfd about = {.fd = bufferevent_getfd(conn->stream)};
    return poll(&about, 1, 0) == 1 && (about.revents & POLLHUP) != 0;
}

clock_ns_t control_conn_active_at(const struct control_conn *conn)
{
    return conn->active_at;
}

/* Something happened: the time without anything begins anew. */
static void note_activity(struct control_conn *conn)
{
    int64_t ms           = conn->master->settings.control_idle_ms;
    struct timeval after = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};
    conn->active_at      = clock_monotonic();
    if (ms > 0 && !conn->is_over) {
        (void)event_add(conn->idle, &after); /* without it the bound in number is left */
    } else {
        (void)event_del(conn->idle); /* harmless when it does not wait */
    }
}

static void on_idle(evutil_socket_t fd, short what, void *arg)
{
    struct control_conn *conn = OBJ_CAST(struct control_conn, arg, CONN_MAGIC);
    (void)fd;
    (void)what;
    if (control_conn_is_idle(conn)) { /* else its answer comes, and begins the time anew */
        log_write(LOG_INFO, "HW-HOST-112",
                  "a control client that asked nothing for so long is let go (control_idle)");
        control_tell(bufferevent_getfd(conn->stream),
                     "nothing was asked here for so long (control_idle); connect again to ask");
        control_conn_end(conn);
    }
}

static void end_if_finished(struct control_conn *conn)
{
    if (conn->is_finishing && list_is_empty(&conn->requests) && unread(conn) == 0) {
        control_conn_end(conn);
    }
}

void control_conn_finish(struct control_conn *conn)
{
    conn->is_finishing = 1;
    (void)event_del(conn->half_line);                 /* harmless when it does not wait */
    (void)bufferevent_disable(conn->stream, EV_READ); /* the input's end is seen by writing */
    end_if_finished(conn);
}

void control_conn_settled(struct control_conn *conn)
{
    note_activity(conn);
    end_if_finished(conn);
}

int control_conn_descriptor(struct control_conn *conn, const struct control_request *request)
{
    int is_alone = conn->requests.next == &request->node && conn->requests.prev == &request->node;
    return is_alone && unread(conn) == 0 ? bufferevent_getfd(conn->stream) : -1;
}

int control_conn_has_half_line(const struct control_conn *conn)
{
    return !conn->is_over && !conn->is_finishing &&
           evbuffer_get_length(bufferevent_get_input(conn->stream)) > 0;
}

int control_conn_idle_fd(const struct control_conn *conn)
{
    int is_idle = !conn->is_over && unread(conn) == 0 && !control_conn_has_half_line(conn);
    return is_idle ? bufferevent_getfd(conn->stream) : -1;
}

void control_conn_read(struct control_conn *conn, int reads)
{
    if (!conn->is_over && !conn->is_finishing) {
        /* Neither fails on a socket. */
        (void)(reads ? bufferevent_enable(conn->stream, EV_READ)
                     : bufferevent_disable(conn->stream, EV_READ));
    }
}

/* lines out */

void control_conn_write(struct control_conn *conn, const json_t *body)
{
    struct evbuffer *output = bufferevent_get_output(conn->stream);
    char *text              = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    if (conn->is_over) {
        free(text);
        return;
    }
    if (text == NULL || unread(conn) + strlen(text) > CONTROL_MAX_QUEUED_BYTES ||
        evbuffer_add(output, text, strlen(text)) != 0 || evbuffer_add(output, "\n", 1) != 0) {
        complain(control_cut_off(conn->master->control), NULL, LOG_WARN, "HW-HOST-004",
                 "a control client reads too slowly, or memory is out; cutting it off");
        control_conn_end(conn);
    }
    free(text);
}

static void on_written(struct bufferevent *stream, void *arg)
{
    struct control_conn *conn = OBJ_CAST(struct control_conn, arg, CONN_MAGIC);
    (void)stream;
    note_activity(conn);
    end_if_finished(conn);
}

/* lines in */

void control_conn_refuse(struct control_conn *conn, const char *why)
{
    json_t *body = json_pack("{s:s, s:n, s:{s:i, s:s}}", "jsonrpc", "2.0", "id", "error", "code",
                             CONTROL_INVALID_REQUEST, "message", why);
    complain(control_cut_off(conn->master->control), NULL, LOG_WARN, "HW-HOST-005",
             "a control client is cut off: %s", why);
    control_conn_write(conn, body);
    control_conn_finish(conn);
    json_decref(body);
}

static void on_half_line(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    control_conn_refuse(OBJ_CAST(struct control_conn, arg, CONN_MAGIC),
                        "a line was begun and not ended in time (control_timeout)");
}

/* The time runs from the line's beginning, however its bytes trickle. */
static void watch_half_line(struct control_conn *conn, int took_one)
{
    int64_t ms           = conn->master->settings.control_timeout_ms;
    struct timeval after = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};
    size_t left          = evbuffer_get_length(bufferevent_get_input(conn->stream));
    if (took_one || left == 0) {
        (void)event_del(conn->half_line); /* harmless when it does not wait */
    }
    if (left > 0 && !event_pending(conn->half_line, EV_TIMEOUT, NULL)) {
        (void)event_add(conn->half_line, &after); /* without it the bound in bytes is left */
    }
}

static void on_readable(struct bufferevent *stream, void *arg)
{
    struct control_conn *conn = OBJ_CAST(struct control_conn, arg, CONN_MAGIC);
    struct evbuffer *input    = bufferevent_get_input(stream);
    size_t len                = 0;
    int took_one              = 0;
    char *line;
    while (!conn->is_over && (line = evbuffer_readln(input, &len, EVBUFFER_EOL_LF)) != NULL) {
        if (len > 0 && len <= CONTROL_MAX_LINE_BYTES) {
            control_rpc_take(conn, line, len);
        }
        free(line);
        took_one = 1;
    }
    note_activity(conn);
    if (conn->is_over || conn->is_finishing) {
        return;
    }
    if (evbuffer_get_length(input) > CONTROL_MAX_LINE_BYTES) {
        control_conn_refuse(conn, "a line of more than 1 MiB");
        return;
    }
    watch_half_line(conn, took_one);
}

/* Who closes only its sending side still waits for answers: `printf ... | nc -N`. */
static void on_event(struct bufferevent *stream, short what, void *arg)
{
    struct control_conn *conn = OBJ_CAST(struct control_conn, arg, CONN_MAGIC);
    (void)stream;
    if ((what & BEV_EVENT_TIMEOUT) != 0) {
        complain(control_cut_off(conn->master->control), NULL, LOG_WARN, "HW-HOST-106",
                 "a control client does not read its answers; cutting it off");
        control_conn_end(conn);
    } else if ((what & BEV_EVENT_ERROR) != 0) {
        control_conn_end(conn);
    } else if ((what & BEV_EVENT_EOF) != 0) {
        control_conn_finish(conn);
    }
}

/* life */

static int start(struct control_conn *conn, int fd)
{
    struct event_base *base = conn->master->base;
    int64_t ms              = conn->master->settings.control_timeout_ms;
    struct timeval patience = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};
    conn->half_line         = event_new(base, -1, 0, on_half_line, conn);
    conn->idle              = event_new(base, -1, 0, on_idle, conn);
    conn->end               = event_new(base, -1, 0, on_end, conn);
    if (conn->half_line == NULL || conn->idle == NULL || conn->end == NULL) {
        return -1;
    }
    conn->stream = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (conn->stream == NULL) {
        return -1;
    }
    bufferevent_setcb(conn->stream, on_readable, on_written, on_event, conn);
    bufferevent_setwatermark(conn->stream, EV_READ, 0, CONTROL_MAX_LINE_BYTES + 1);
    /* Short of memory for one of these it is served without that bound. */
    (void)bufferevent_set_timeouts(conn->stream, NULL, &patience);
    (void)bufferevent_enable(conn->stream, EV_READ | EV_WRITE);
    note_activity(conn);
    return 0;
}

struct control_conn *control_conn_create(struct master *master, int fd, struct list *among)
{
    struct control_conn *conn = calloc(1, sizeof(*conn));
    if (conn == NULL) {
        return NULL;
    }
    *conn = (struct control_conn){.magic = CONN_MAGIC, .master = master};
    list_init(&conn->requests);
    list_append(among, &conn->node);
    if (start(conn, fd) != 0) {
        control_conn_destroy(conn);
        return NULL;
    }
    return conn;
}
