/*
 * The way from a URL to a connected socket, as one object: whoever has it can stop it at any point.
 */
#include "net/dial.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/obj.h"
#include "net/connect.h"
#include "net/event_struct.h"
#include "net/resolve.h"
#include "net/tls_bio.h"
#include "net/tunnel.h"

#define DIAL_MAGIC 0x4e44494cu

struct net_dial {
    OBJ_MAGIC_FIELD;
    struct net_loop *loop;
    const struct net_url *url;
    struct net_tls *tls;
    const struct net_dial_handler *handler;
    void *arg;
    struct net_resolve *resolve;
    struct net_connect *connect;
    struct net_tunnel *tunnel;
    struct net_path path;
    struct net_address source;
    struct event io; /* the socket, while TLS shakes hands */
    SSL *ssl;
    int fd;        /* -1: none yet, or given away */
    uint8_t calls; /* handler calls under way: the memory outlives them */
    uint8_t destroyed;
};

static void free_when_over(struct net_dial *dial)
{
    if (dial->destroyed && dial->calls == 0) {
        dial->magic = 0;
        free(dial);
    }
}

void net_dial_destroy(struct net_dial *dial)
{
    if (dial == NULL || dial->destroyed) {
        return;
    }
    dial->destroyed = 1;
    net_resolve_destroy(dial->resolve);
    net_connect_destroy(dial->connect);
    net_tunnel_destroy(dial->tunnel);
    SSL_free(dial->ssl);
    if (dial->fd >= 0) {
        if (event_initialized(&dial->io)) {
            (void)event_del(&dial->io);
        }
        (void)close(dial->fd); /* nothing of ours is lost with it */
    }
    free_when_over(dial);
}

static void report_phase(struct net_dial *dial, enum net_phase phase)
{
    dial->calls++;
    dial->handler->phase(dial->arg, phase);
    dial->calls--;
}

static void report_failure(struct net_dial *dial, const struct hawser_error *why)
{
    struct hawser_error err = *why; /* `why` may go with what the handler destroys */
    dial->calls++;
    dial->handler->failed(dial->arg, &err);
    dial->calls--;
}

static void report_connected(struct net_dial *dial)
{
    int fd    = dial->fd;
    SSL *ssl  = dial->ssl;
    dial->fd  = -1;
    dial->ssl = NULL;
    dial->calls++;
    dial->handler->connected(dial->arg, fd, ssl);
    dial->calls--;
}

static void shake_hands(struct net_dial *dial)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    int result              = SSL_do_handshake(dial->ssl);
    if (result == 1) {
        (void)event_del(&dial->io);
        if (net_tls_check_peer(dial->tls, dial->ssl, dial->url->host, &err) == 0) {
            report_connected(dial);
        } else {
            report_failure(dial, &err);
        }
        return;
    }
    short wanted = 0;
    switch (SSL_get_error(dial->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        wanted = EV_READ;
        break;
    case SSL_ERROR_WANT_WRITE:
        wanted = EV_WRITE;
        break;
    default:
        net_tls_explain(dial->ssl, dial->url->host, &err);
        (void)event_del(&dial->io);
        report_failure(dial, &err);
        return;
    }
    if (event_get_events(&dial->io) != wanted) {
        (void)event_del(&dial->io);
        (void)event_assign(&dial->io, dial->loop->base, dial->fd, wanted,
                           event_get_callback(&dial->io), dial);
    }
    if (event_add(&dial->io, NULL) != 0) {
        error_set(&err, HAWSER_SYSTEM_MEMORY, "event loop: out of memory");
        report_failure(dial, &err);
    }
}

static void on_handshake_io(evutil_socket_t fd, short what, void *arg)
{
    struct net_dial *dial = OBJ_CAST(struct net_dial, arg, DIAL_MAGIC);
    (void)fd;
    (void)what;
    dial->calls++;
    shake_hands(dial);
    dial->calls--;
    free_when_over(dial);
}

static void start_tls(struct net_dial *dial)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    report_phase(dial, NET_PHASE_TLS);
    if (dial->destroyed) {
        return;
    }
    dial->ssl = net_tls_open(dial->tls, dial->url->host, &err);
    if (dial->ssl == NULL) {
        report_failure(dial, &err);
        return;
    }
    if (net_tls_bio_attach(dial->ssl, dial->fd) == NULL) {
        error_set(&err, HAWSER_SYSTEM_MEMORY, "TLS: out of memory");
        report_failure(dial, &err);
        return;
    }
    (void)event_assign(&dial->io, dial->loop->base, dial->fd, EV_WRITE, on_handshake_io, dial);
    shake_hands(dial);
}

/* The socket leads to the target. */
static void go_on(struct net_dial *dial)
{
    if (dial->url->secure) {
        start_tls(dial);
    } else {
        report_connected(dial);
    }
}

static void on_tunnel_opened(void *arg)
{
    struct net_dial *dial = OBJ_CAST(struct net_dial, arg, DIAL_MAGIC);
    dial->calls++;
    net_tunnel_destroy(dial->tunnel);
    dial->tunnel = NULL;
    go_on(dial);
    dial->calls--;
    free_when_over(dial);
}

static void on_tunnel_failed(void *arg, const struct hawser_error *why)
{
    struct net_dial *dial         = OBJ_CAST(struct net_dial, arg, DIAL_MAGIC);
    const struct net_proxy *proxy = dial->path.proxy;
    struct hawser_error err       = *why;
    error_prefix(&err, "no way to %s:%u through the proxy %s:%u", dial->url->host, dial->url->port,
                 proxy->host, proxy->port);
    dial->calls++;
    report_failure(dial, &err);
    dial->calls--;
    free_when_over(dial);
}

static const struct net_tunnel_handler TUNNEL_HANDLER = {
    .opened = on_tunnel_opened,
    .failed = on_tunnel_failed,
};

static void on_connected(void *arg, int fd)
{
    struct net_dial *dial   = OBJ_CAST(struct net_dial, arg, DIAL_MAGIC);
    struct hawser_error err = HAWSER_ERROR_INIT;
    dial->fd                = fd;
    dial->calls++;
    net_resolve_destroy(dial->resolve); /* the other family is no longer needed */
    dial->resolve = NULL;
    net_connect_destroy(dial->connect);
    dial->connect = NULL;
    if (dial->path.proxy == NULL) {
        go_on(dial);
    } else {
        dial->tunnel = net_tunnel_start(dial->loop, fd, dial->path.proxy, dial->url,
                                        &TUNNEL_HANDLER, dial, &err);
        if (dial->tunnel == NULL) {
            report_failure(dial, &err);
        }
    }
    dial->calls--;
    free_when_over(dial);
}

static void on_not_connected(void *arg, const struct hawser_error *why)
{
    struct net_dial *dial         = OBJ_CAST(struct net_dial, arg, DIAL_MAGIC);
    const struct net_proxy *proxy = dial->path.proxy;
    struct hawser_error err       = *why;
    error_prefix(&err, "connection to %s%s not made", proxy == NULL ? "" : "the proxy ",
                 proxy == NULL ? dial->url->host : proxy->host);
    dial->calls++;
    report_failure(dial, &err);
    dial->calls--;
    free_when_over(dial);
}

static const struct net_connect_handler CONNECT_HANDLER = {
    .connected = on_connected,
    .failed    = on_not_connected,
};

static void start_connect(struct net_dial *dial, const struct net_addresses *found, int more)
{
    struct hawser_error err        = HAWSER_ERROR_INIT;
    struct net_addresses addresses = *found;
    net_addresses_rotate(&addresses, dial->path.first_address);
    report_phase(dial, NET_PHASE_CONNECTING);
    if (dial->destroyed) {
        return;
    }
    const struct net_socket_options options = {
        .source          = dial->path.bind == NULL ? NULL : &dial->source,
        .user_timeout_ms = dial->path.user_timeout_ms,
        .keepalive_ms    = dial->path.keepalive_ms,
    };
    dial->connect =
        net_connect_start(dial->loop, &addresses, more, &options, &CONNECT_HANDLER, dial);
    if (dial->connect == NULL) {
        error_set(&err, HAWSER_SYSTEM_MEMORY, "connection: out of memory");
        report_failure(dial, &err);
    }
}

static void on_resolved(void *arg, const struct net_resolved *answer)
{
    struct net_dial *dial = OBJ_CAST(struct net_dial, arg, DIAL_MAGIC);
    dial->calls++;
    if (!answer->more) {
        net_resolve_destroy(dial->resolve);
        dial->resolve = NULL;
    }
    if (answer->why == NULL && dial->connect != NULL) {
        net_connect_add(dial->connect, answer->found);
    } else if (answer->why == NULL) {
        start_connect(dial, answer->found, answer->more);
    } else {
        struct hawser_error err = *answer->why;
        if (dial->path.proxy != NULL) {
            error_prefix(&err, "the proxy's name");
        }
        report_failure(dial, &err);
    }
    dial->calls--;
    free_when_over(dial);
}

struct net_dial *net_dial_start(struct net_loop *loop, const struct net_url *url,
                                struct net_tls *tls, const struct net_path *path,
                                const struct net_dial_handler *handler, void *arg,
                                struct hawser_error *err)
{
    struct net_dial *dial = calloc(1, sizeof(*dial));
    if (dial == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "connection: out of memory");
        return NULL;
    }
    dial->magic   = DIAL_MAGIC;
    dial->loop    = loop;
    dial->url     = url;
    dial->tls     = tls;
    dial->handler = handler;
    dial->arg     = arg;
    dial->fd      = -1;
    OBJ_ASSERT(!url->secure || tls != NULL);
    if (path != NULL) {
        dial->path = *path;
    }
    const char *bind = dial->path.bind;
    if (bind != NULL && net_address_parse(bind, 0, &dial->source) != 0) {
        error_set(err, HAWSER_NET_URL, "bind %s: expected an IPv4 or IPv6 address", bind);
        goto fail;
    }
    const struct net_proxy *proxy = dial->path.proxy;
    dial->resolve =
        net_resolve_start(loop, proxy == NULL ? url->host : proxy->host,
                          proxy == NULL ? url->port : proxy->port, on_resolved, dial, err);
    if (dial->resolve == NULL) {
        goto fail;
    }
    report_phase(dial, NET_PHASE_RESOLVING);
    return dial;
fail:
    net_dial_destroy(dial);
    return NULL;
}
