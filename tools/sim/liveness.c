/*
 * Heartbeats, test requests and idle connections, timed as the exchange was seen to time them: with
 * an interval of 10 s the first test_request after 12 s, then one every 10.6 s, each with a
 * heartbeat frame where nothing else was sent; 10 s without an answer end the connection.
 */
#include "base/slice.h"
#include "sim/conn.h"

#define FIRST_PERCENT 120
#define NEXT_PERCENT  106

static clock_ns_t share(const struct sim_conn *conn, int64_t percent)
{
    return conn->liveness.interval_ms * CLOCK_NS_PER_MS / 100 * percent;
}

void sim_liveness_start(struct sim_conn *conn, int64_t interval_ms)
{
    conn->liveness.interval_ms   = interval_ms;
    conn->liveness.test_deadline = 0;
    conn->liveness.next_test     = clock_monotonic() + share(conn, FIRST_PERCENT);
    conn->liveness.sent_at_test  = conn->sent;
    sim_conn_schedule(conn);
}

void sim_liveness_stop(struct sim_conn *conn)
{
    conn->liveness.interval_ms   = 0;
    conn->liveness.test_deadline = 0;
    sim_conn_schedule(conn);
}

void sim_liveness_alive(struct sim_conn *conn, int is_test)
{
    conn->liveness.last_received = clock_monotonic();
    if (is_test) {
        conn->liveness.test_deadline = 0;
    }
}

static void send_beat(struct sim_conn *conn, const char *type)
{
    char text[96];
    int len = snprintf(
        text, sizeof(text),
        "{\"params\":{\"type\":\"%s\"},\"method\":\"heartbeat\",\"jsonrpc\":\"2.0\"}", type);
    sim_conn_send(conn, slice_make(text, (size_t)len));
}

static void beat(struct sim_conn *conn, clock_ns_t now)
{
    struct sim_liveness *live = &conn->liveness;
    live->next_test           = now + share(conn, NEXT_PERCENT);
    if (conn->faults.heartbeats_off) {
        return;
    }
    if (conn->sent == live->sent_at_test) {
        send_beat(conn, "heartbeat");
    }
    send_beat(conn, "test_request");
    conn->sim->stats.test_requests++;
    live->sent_at_test = conn->sent;
    if (live->test_deadline == 0) {
        live->test_deadline = now + share(conn, 100);
    }
}

static clock_ns_t idle_deadline(const struct sim_conn *conn)
{
    if (conn->liveness.interval_ms != 0 || conn->sub_count != 0 ||
        conn->sim->options.idle_ms == 0) {
        return 0;
    }
    return conn->liveness.last_received + conn->sim->options.idle_ms * CLOCK_NS_PER_MS;
}

void sim_liveness_run(struct sim_conn *conn, clock_ns_t now)
{
    struct sim_liveness *live = &conn->liveness;
    clock_ns_t idle           = idle_deadline(conn);
    if (idle != 0 && now >= idle) {
        conn->sim->stats.idle_closes++;
        sim_conn_drop(conn);
        return;
    }
    if (live->test_deadline != 0 && now >= live->test_deadline) {
        live->test_deadline = 0;
        if (!conn->faults.heartbeats_off) {
            conn->sim->stats.heartbeat_closes++;
            sim_conn_close(conn, 4000, "heartbeat close");
            return;
        }
    }
    if (live->interval_ms != 0 && now >= live->next_test) {
        beat(conn, now);
    }
}

clock_ns_t sim_liveness_next(const struct sim_conn *conn)
{
    const struct sim_liveness *live = &conn->liveness;
    clock_ns_t next                 = idle_deadline(conn);
    if (live->interval_ms != 0 && (next == 0 || live->next_test < next)) {
        next = live->next_test;
    }
    if (live->test_deadline != 0 && (next == 0 || live->test_deadline < next)) {
        next = live->test_deadline;
    }
    return next;
}
