/*
 * A dial over TLS. See tls_call.h.
 */
#include "tls_call.h"

#include <check.h>
#include <stdio.h>

#include "net/stream.h"

struct running {
    struct net_loop *loop;
    struct net_stream *stream;
    struct tls_call call;
};

static size_t on_readable(void *arg, uint8_t *bytes, size_t len)
{
    (void)arg;
    (void)bytes;
    return len;
}

static void on_ended(void *arg, const struct hawser_error *why)
{
    struct running *running = arg;
    (void)why;
    (void)event_base_loopbreak(running->loop->base);
}

static const struct net_stream_handler STREAM_HANDLER = {.readable = on_readable,
                                                         .ended    = on_ended};

static void on_phase(void *arg, enum net_phase phase)
{
    (void)arg;
    (void)phase;
}

static void on_connected(void *arg, int fd, SSL *ssl)
{
    struct running *running = arg;
    struct hawser_error err = HAWSER_ERROR_INIT;
    running->call.connected = 1;
    running->call.resumed   = SSL_session_reused(ssl);
    running->call.version   = SSL_version(ssl);
    running->stream = net_stream_create(running->loop, fd, ssl, 0, &STREAM_HANDLER, running, &err);
    ck_assert_ptr_nonnull(running->stream);
}

static void on_failed(void *arg, const struct hawser_error *why)
{
    struct running *running = arg;
    running->call.why       = *why;
    (void)event_base_loopbreak(running->loop->base);
}

static const struct net_dial_handler DIAL_HANDLER = {on_phase, on_connected, on_failed};

struct tls_call tls_call(struct net_tls *tls, const char *host, uint16_t port)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct running running  = {.loop = net_loop_create(NULL, &err)};
    struct net_url url;
    char text[128];
    (void)snprintf(text, sizeof(text), "wss://%s:%u/", host, port);
    ck_assert_ptr_nonnull(running.loop);
    ck_assert_int_eq(net_url_parse(text, &url, &err), 0);
    struct net_dial *dial =
        net_dial_start(running.loop, &url, tls, NULL, &DIAL_HANDLER, &running, &err);
    ck_assert_ptr_nonnull(dial);
    (void)event_base_dispatch(running.loop->base);
    net_dial_destroy(dial);
    net_stream_destroy(running.stream);
    net_loop_destroy(running.loop);
    net_url_fini(&url);
    return running.call;
}
