/*
 * A connection's socket: reading, the bounded queue out, the ways to end. See conn.h.
 */
#include "sim/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/slice.h"
#include "sim/account.h"
#include "sim/feed.h"
#include "sim/io.h"
#include "sim/late.h"

#define READ_BYTES      (16u * 1024u)
#define IN_MAX          (4u * 1024u * 1024u)
#define UPGRADE_TIME_MS 60000
#define CLOSING_TIME_MS 2000
#define SLOW_TURN_MS    20

static void set_deadline(struct sim_conn *conn, int64_t after_ms)
{
    conn->deadline = clock_monotonic() + after_ms * CLOCK_NS_PER_MS;
    sim_conn_schedule(conn);
}

static void die(struct sim_conn *conn)
{
    if (conn->state == SIM_CONN_DEAD) {
        return;
    }
    sim_server_gone(conn);
    conn->state = SIM_CONN_DEAD;
    (void)event_del(conn->readable);
    (void)event_del(conn->writable);
    (void)event_del(conn->timer);
    (void)close(conn->fd); /* nothing could be done about a failure */
    conn->fd = -1;
    sim_server_reap(conn->sim);
}

static void start_linger(struct sim_conn *conn)
{
    sim_server_gone(conn);
    conn->state = SIM_CONN_LINGER;
    (void)event_del(conn->writable);
    (void)shutdown(conn->fd, SHUT_WR);
    (void)event_add(conn->readable, NULL);
    set_deadline(conn, SIM_LINGER_MS);
}

void sim_conn_cut(struct sim_conn *conn)
{
    if (conn->state < SIM_CONN_LINGER) {
        start_linger(conn);
    }
}

void sim_conn_finish(struct sim_conn *conn)
{
    conn->finish_when_sent = 1;
    sim_conn_flush(conn);
}

void sim_conn_reset(struct sim_conn *conn)
{
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    if (conn->state != SIM_CONN_DEAD) {
        (void)setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        die(conn);
    }
}

void sim_conn_drop(struct sim_conn *conn)
{
    die(conn);
}

void sim_conn_close(struct sim_conn *conn, uint16_t code, const char *reason)
{
    char payload[125];
    size_t len = reason == NULL ? 0 : strlen(reason);
    if (conn->state != SIM_CONN_OPEN) {
        return;
    }
    len        = len > sizeof(payload) - 2 ? sizeof(payload) - 2 : len;
    payload[0] = (char)(code >> 8);
    payload[1] = (char)(code & 0xff);
    if (len > 0) {
        memcpy(payload + 2, reason, len);
    }
    sim_wire_frame(conn, HAWSER_OPCODE_CLOSE, slice_make(payload, len + 2));
    sim_conn_flush(conn);
    if (conn->state == SIM_CONN_OPEN) {
        sim_server_gone(conn);
        conn->state = SIM_CONN_CLOSING;
        set_deadline(conn, CLOSING_TIME_MS);
    }
}

static void on_peer_gone(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct sim_conn *conn = OBJ_CAST(struct sim_conn, arg, SIM_CONN_MAGIC);
    conn->sim->stats.closed_by_client++;
    die(conn);
}

void sim_conn_halfopen(struct sim_conn *conn)
{
    if (conn->state >= SIM_CONN_HALFOPEN) {
        return;
    }
    conn->state = SIM_CONN_HALFOPEN;
    (void)event_del(conn->writable);
    (void)event_del(conn->timer);
    /* Without reading, the peer's end still shows: a socket that nobody holds need not be kept. */
    (void)event_del(conn->readable);
    if (event_assign(conn->readable, conn->sim->base, conn->fd, EV_CLOSED | EV_PERSIST,
                     on_peer_gone, conn) == 0) {
        (void)event_add(conn->readable, NULL);
    }
}

int sim_conn_is_open(const struct sim_conn *conn)
{
    return conn->state == SIM_CONN_OPEN;
}

const char *sim_conn_state_name(const struct sim_conn *conn)
{
    static const char *const names[] = {"tls",      "upgrade", "open", "closing",
                                        "halfopen", "linger",  "dead"};
    return names[conn->state];
}

const char *sim_conn_client_id(const struct sim_conn *conn)
{
    return conn->client == NULL ? NULL : conn->client->id;
}

/* How much may go out now under `slow`. */
static size_t slow_share(struct sim_conn *conn, size_t wanted)
{
    uint64_t rate = conn->faults.slow_bytes_per_s;
    if (rate == 0) {
        return wanted;
    }
    clock_ns_t now = clock_monotonic();
    conn->slow_budget += (double)rate * (double)(now - conn->slow_since) / (double)CLOCK_NS_PER_S;
    conn->slow_since = now;
    if (conn->slow_budget > (double)rate) {
        conn->slow_budget = (double)rate; /* at most one second's worth is saved up */
    }
    if (conn->slow_budget < 1) {
        return 0; /* or in debt: a TLS record goes out whole */
    }
    return conn->slow_budget < (double)wanted ? (size_t)conn->slow_budget : wanted;
}

static void sent(struct sim_conn *conn, size_t count)
{
    buf_consume(&conn->out, count);
    conn->bytes_sent += count;
    conn->sim->stats.bytes_sent += count;
    if (conn->faults.slow_bytes_per_s != 0) {
        conn->slow_budget -= (double)count;
    }
}

void sim_conn_flush(struct sim_conn *conn)
{
    if (conn->state == SIM_CONN_TLS || conn->state >= SIM_CONN_HALFOPEN) {
        return;
    }
    if (conn->is_too_slow) {
        conn->sim->stats.queue_cuts++;
        sim_note(conn->sim, "connection %llu reads too slowly: cut with %zu bytes queued",
                 (unsigned long long)conn->id, conn->out.len);
        sim_conn_cut(conn);
        return;
    }
    while (conn->out.len > 0) {
        size_t share = slow_share(conn, conn->out.len);
        if (share == 0) {
            sim_conn_schedule(conn);
            return;
        }
        ssize_t count = sim_io_write(conn, buf_data(&conn->out), share);
        if (count < 0) {
            die(conn);
            return;
        }
        if (count == 0) {
            (void)event_add(conn->writable, NULL);
            return;
        }
        sent(conn, (size_t)count);
    }
    (void)event_del(conn->writable);
    if (conn->finish_when_sent) {
        sim_conn_cut(conn);
    }
}

void sim_conn_queue(struct sim_conn *conn, struct hawser_slice head, struct hawser_slice body)
{
    if (conn->state >= SIM_CONN_HALFOPEN) {
        return;
    }
    size_t need = head.len + body.len;
    if (conn->out.len + need > conn->out_max || buf_append_slice(&conn->out, head) != 0 ||
        buf_append_slice(&conn->out, body) != 0) {
        conn->is_too_slow = 1; /* cut by the next flush: the caller may be walking subscriptions */
    }
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    sim_conn_flush(OBJ_CAST(struct sim_conn, arg, SIM_CONN_MAGIC));
}

/* Reads until nothing is left or the connection is no more. */
static void read_all(struct sim_conn *conn)
{
    while (conn->state != SIM_CONN_DEAD && conn->state != SIM_CONN_HALFOPEN) {
        uint8_t *room = buf_reserve(&conn->in, READ_BYTES);
        ssize_t count = room == NULL ? -1 : sim_io_read(conn, room, READ_BYTES);
        if (count == 0) {
            return;
        }
        if (count < 0) {
            if (conn->state != SIM_CONN_LINGER) {
                conn->sim->stats.closed_by_client++;
            }
            die(conn);
            return;
        }
        if (conn->state == SIM_CONN_LINGER) {
            continue; /* into the same room again */
        }
        buf_commit(&conn->in, (size_t)count);
        sim_wire_input(conn);
    }
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct sim_conn *conn = OBJ_CAST(struct sim_conn, arg, SIM_CONN_MAGIC);
    if (conn->state == SIM_CONN_TLS) {
        int done = sim_io_accept(conn);
        if (done < 0) {
            conn->sim->stats.tls_failed++;
            die(conn);
        }
        if (done <= 0) {
            return;
        }
        conn->state = SIM_CONN_UPGRADE;
    }
    read_all(conn);
    sim_conn_flush(conn);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct sim_conn *conn = OBJ_CAST(struct sim_conn, arg, SIM_CONN_MAGIC);
    clock_ns_t now        = clock_monotonic();
    if (conn->deadline != 0 && now >= conn->deadline) {
        die(conn);
        return;
    }
    if (conn->state == SIM_CONN_OPEN) {
        sim_liveness_run(conn, now);
        sim_late_run(conn, now);
    }
    sim_conn_flush(conn);
    sim_conn_schedule(conn);
}

void sim_conn_schedule(struct sim_conn *conn)
{
    if (conn->state == SIM_CONN_DEAD || conn->state == SIM_CONN_HALFOPEN) {
        return;
    }
    clock_ns_t now  = clock_monotonic();
    clock_ns_t next = conn->deadline;
    if (conn->state == SIM_CONN_OPEN) {
        clock_ns_t wanted = sim_liveness_next(conn);
        next              = wanted != 0 && (next == 0 || wanted < next) ? wanted : next;
        wanted            = sim_late_next(conn);
        next              = wanted != 0 && (next == 0 || wanted < next) ? wanted : next;
    }
    if (conn->faults.slow_bytes_per_s != 0 && conn->out.len > 0) {
        clock_ns_t turn = now + SLOW_TURN_MS * CLOCK_NS_PER_MS;
        next            = next == 0 || turn < next ? turn : next;
    }
    if (next == 0) {
        (void)event_del(conn->timer);
        return;
    }
    clock_ns_t wait     = next > now ? next - now : 0;
    struct timeval when = {.tv_sec  = (time_t)(wait / CLOCK_NS_PER_S),
                           .tv_usec = (suseconds_t)(wait % CLOCK_NS_PER_S / 1000 + 1)};
    (void)event_add(conn->timer, &when);
}

static int add_events(struct sim_conn *conn)
{
    struct event_base *base = conn->sim->base;
    conn->readable          = event_new(base, conn->fd, EV_READ | EV_PERSIST, on_readable, conn);
    conn->writable          = event_new(base, conn->fd, EV_WRITE, on_writable, conn);
    conn->timer             = evtimer_new(base, on_timer, conn);
    if (conn->readable == NULL || conn->writable == NULL || conn->timer == NULL) {
        return -1;
    }
    return event_add(conn->readable, NULL);
}

struct sim_conn *sim_conn_create(struct sim *sim, int fd, SSL_CTX *ssl_ctx, unsigned peer_port)
{
    struct sim_conn *conn = calloc(1, sizeof(*conn));
    int one               = 1;
    if (conn == NULL) {
        (void)close(fd); /* the client sees the end; there is nobody else to tell */
        return NULL;
    }
    conn->magic     = SIM_CONN_MAGIC;
    conn->sim       = sim;
    conn->fd        = fd;
    conn->id        = ++sim->last_conn_id;
    conn->peer_port = peer_port;
    conn->state     = ssl_ctx == NULL ? SIM_CONN_UPGRADE : SIM_CONN_TLS;
    conn->faults    = sim->faults.fresh;
    conn->out_max   = sim->options.max_queued_bytes;
    conn->opened    = clock_monotonic();
    buf_init(&conn->in, IN_MAX);
    list_init(&conn->late);
    list_init(&conn->subs);
    list_append(&sim->conns, &conn->node);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    conn->slow_since = conn->opened;
    if (add_events(conn) != 0 || (ssl_ctx != NULL && sim_io_start_tls(conn, ssl_ctx) != 0)) {
        sim_conn_destroy(conn);
        return NULL;
    }
    set_deadline(conn, UPGRADE_TIME_MS);
    return conn;
}

void sim_conn_destroy(struct sim_conn *conn)
{
    if (conn == NULL) {
        return;
    }
    sim_server_gone(conn);
    sim_late_forget(conn);
    list_remove(&conn->node);
    struct event *const events[] = {conn->readable, conn->writable, conn->timer};
    for (unsigned i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (events[i] != NULL) {
            event_free(events[i]);
        }
    }
    ws_reader_destroy(conn->reader);
    ws_deflater_destroy(conn->deflater);
    SSL_free(conn->ssl);
    if (conn->fd >= 0) {
        (void)close(conn->fd); /* nothing could be done about a failure */
    }
    buf_fini(&conn->in);
    buf_fini(&conn->out);
    conn->magic = 0;
    free(conn);
}
