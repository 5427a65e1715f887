/*
 * See client.h.
 */
#include "unit/ws/client.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/slice.h"

#define SHOWN_BYTES      40u
#define PATIENCE_SECONDS 20

static void happened(struct client *client, const char *what)
{
    client->events++;
    if (client->on_event != NULL && client->conn != NULL) {
        client->on_event(client, what);
    }
    if (client->events == client->destroy_at && client->conn != NULL) {
        ws_conn_destroy(client->conn);
        client->conn = NULL;
        (void)event_base_loopbreak(client->loop->base);
    }
}

static void say(struct client *client, const char *what, struct hawser_slice bytes)
{
    struct hawser_slice shown = bytes;
    shown.len                 = bytes.len < SHOWN_BYTES ? bytes.len : SHOWN_BYTES;
    ck_assert_int_eq(buf_printf(&client->said, "%s(%zu)=", what, bytes.len), 0);
    ck_assert_int_eq(buf_append_slice(&client->said, shown), 0);
    ck_assert_int_eq(buf_append_text(&client->said, " "), 0);
    happened(client, what);
}

static void on_phase(void *arg, enum ws_phase phase)
{
    struct client *client = arg;
    if (phase == WS_PHASE_OPEN) {
        ck_assert_int_eq(buf_append_text(&client->said, "open "), 0);
    }
    happened(client, phase == WS_PHASE_OPEN        ? "open"
                     : phase == WS_PHASE_UPGRADING ? "upgrading"
                                                   : "early");
}

static int on_message(void *arg, enum hawser_opcode opcode, struct hawser_slice bytes)
{
    const struct client *client = arg;
    say(arg, opcode == HAWSER_OPCODE_TEXT ? "text" : "binary", bytes);
    return client->conn == NULL;
}

static void on_pong(void *arg, struct hawser_slice payload)
{
    say(arg, "pong", payload);
}

static void on_activity(void *arg, size_t bytes)
{
    struct client *client = arg;
    client->heard_bytes += bytes;
    ck_assert_uint_gt(bytes, 0);
    if (client->counts_activity) {
        happened(client, "activity");
    }
}

static void on_close_frame(void *arg, uint16_t code, struct hawser_slice reason)
{
    char what[16];
    (void)snprintf(what, sizeof(what), "close-%u", code);
    say(arg, what, reason);
}

static void on_ended(void *arg, const struct hawser_error *why, int clean)
{
    struct client *client = arg;
    client->why           = *why;
    ck_assert_int_eq(buf_printf(&client->said, "ended=%s/%lld%s ", error_code_name(why->code),
                                (long long)why->cause, clean ? " clean" : ""),
                     0);
    ck_assert_int_eq(ws_conn_phase(client->conn), WS_PHASE_CLOSED);
    happened(client, "ended");
    (void)event_base_loopbreak(client->loop->base);
}

static const struct ws_handler HANDLER = {
    .phase       = on_phase,
    .message     = on_message,
    .pong        = on_pong,
    .activity    = on_activity,
    .close_frame = on_close_frame,
    .ended       = on_ended,
};

void client_init(struct client *client, const struct peer_step *steps, size_t count)
{
    char text[64];
    *client                 = (struct client){.why = HAWSER_ERROR_INIT};
    struct hawser_error err = HAWSER_ERROR_INIT;
    peer_start(&client->peer, steps, count);
    client->loop = net_loop_create(NULL, &err);
    ck_assert_ptr_nonnull(client->loop);
    (void)snprintf(text, sizeof(text), "ws://127.0.0.1:%u/path", client->peer.port);
    ck_assert_int_eq(net_url_parse(text, &client->url, &err), 0);
    client->options.url                = &client->url;
    client->options.closing_timeout_ms = 10000;
}

static void on_impatience(evutil_socket_t fd, short what, void *arg)
{
    struct client *client = arg;
    (void)fd;
    (void)what;
    ck_abort_msg("no end in sight; said: %s", client_said(client));
}

void client_run(struct client *client)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    struct event *alarm     = evtimer_new(client->loop->base, on_impatience, client);
    ck_assert_int_eq(evtimer_add(alarm, &patience), 0);
    client->conn = ws_conn_create(client->loop, &client->options, &HANDLER, client, &err);
    ck_assert_msg(client->conn != NULL, "%s", err.message);
    ck_assert_int_ge(event_base_dispatch(client->loop->base), 0);
    event_free(alarm);
    unsigned events = client->events;
    (void)event_base_loop(client->loop->base, EVLOOP_NONBLOCK); /* nothing may come after the end */
    ck_assert_uint_eq(client->events, events);
}

const char *client_said(struct client *client)
{
    const char *text = buf_text(&client->said);
    ck_assert_ptr_nonnull(text);
    return text;
}

void client_fini(struct client *client)
{
    ws_conn_destroy(client->conn);
    peer_join(&client->peer);
    net_loop_destroy(client->loop);
    net_url_fini(&client->url);
    buf_fini(&client->said);
}

void client_send(struct client *client, const char *text)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_int_eq(ws_conn_send(client->conn, HAWSER_OPCODE_TEXT, slice_of(text), &err), 0);
}
