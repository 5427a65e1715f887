/*
 * The parts put together: listeners, signals, the start and the end of connections.
 */
#include "sim/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "sim/account.h"
#include "sim/control.h"
#include "sim/feed.h"
#include "sim/io.h"
#include "sim/script.h"
#include "sim/trading.h"

struct port {
    struct sim *sim;
    struct evconnlistener *listener; /* NULL: `accept off`, or not asked for */
    struct sockaddr_in address;      /* with the port that was given */
    SSL_CTX *ssl_ctx;
    int is_used;
};

struct sim_server {
    struct port ports[2]; /* ws, wss */
    struct event *signals[2];
    struct event *reap;
};

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int len, void *arg)
{
    (void)listener;
    struct port *port = arg;
    struct sim *sim   = port->sim;
    unsigned peer     = 0;
    if (len == (int)sizeof(struct sockaddr_in)) {
        peer = ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port);
    }
    sim_stats_accepted(&sim->stats);
    unsigned open         = sim_server_open(sim);
    struct sim_conn *conn = sim_conn_create(sim, fd, port->ssl_ctx, peer);
    if (conn == NULL) {
        sim_note(sim, "connection lost: out of memory");
    } else if (open >= sim->options.max_connections) {
        conn->over_limit = 1;
    }
}

unsigned sim_server_open(const struct sim *sim)
{
    unsigned count = 0;
    struct list *node;
    list_for_each (node, &sim->conns) {
        const struct sim_conn *conn = LIST_ENTRY(node, struct sim_conn, node);
        count += conn->state < SIM_CONN_LINGER && !conn->over_limit;
    }
    return count;
}

static int parse_address(const struct sim *sim, const char *text, struct sockaddr_in *out,
                         struct hawser_error *err)
{
    char host[INET_ADDRSTRLEN] = "";
    const char *colon          = strrchr(text, ':');
    char *end                  = NULL;
    unsigned long port         = colon == NULL ? 0 : strtoul(colon + 1, &end, 10);
    if (colon != NULL && (size_t)(colon - text) < sizeof(host)) {
        memcpy(host, text, (size_t)(colon - text));
    }
    *out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, host, &out->sin_addr) != 1 || colon[1] < '0' || colon[1] > '9' ||
        *end != '\0' || port > 65535) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "%s: expected ADDRESS:PORT, such as 127.0.0.1:0",
                  text);
        return -1;
    }
    if (!sim->options.any_address && (ntohl(out->sin_addr.s_addr) >> 24) != 127) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "%s: not a loopback address; --any-address allows it",
                  text);
        return -1;
    }
    return 0;
}

static int start_port(struct port *port, struct hawser_error *err)
{
    port->listener = evconnlistener_new_bind(
        port->sim->base, on_accept, port,
        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC, 128,
        (const struct sockaddr *)&port->address, (int)sizeof(port->address));
    socklen_t len = sizeof(port->address);
    if (port->listener == NULL || getsockname(evconnlistener_get_fd(port->listener),
                                              (struct sockaddr *)&port->address, &len) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "listen on port %u",
                        ntohs(port->address.sin_port));
        return -1;
    }
    return 0;
}

static int open_port(struct sim *sim, struct port *port, const char *address, int is_tls,
                     struct hawser_error *err)
{
    port->sim = sim;
    if (address == NULL) {
        return 0;
    }
    if (is_tls) {
        if (sim->options.cert == NULL || sim->options.key == NULL) {
            error_set(err, HAWSER_CONF_DIRECTIVE, "--tls-listen needs --cert and --key");
            return -1;
        }
        port->ssl_ctx = sim_io_tls_context(sim->options.cert, sim->options.key, err);
        if (port->ssl_ctx == NULL) {
            return -1;
        }
    }
    if (parse_address(sim, address, &port->address, err) != 0 || start_port(port, err) != 0) {
        return -1;
    }
    port->is_used = 1;
    return 0;
}

static void announce(const struct port *port)
{
    char address[INET_ADDRSTRLEN] = "";
    if (port->is_used) {
        (void)inet_ntop(AF_INET, &port->address.sin_addr, address, sizeof(address));
        printf("listening %s://%s:%u%s\n", port->ssl_ctx == NULL ? "ws" : "wss", address,
               ntohs(port->address.sin_port), SIM_PATH);
        (void)fflush(stdout); /* whoever reads has gone, or reads on */
    }
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)event_base_loopbreak(((struct sim *)arg)->base);
}

static void on_reap(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct sim *sim = arg;
    struct list *node;
    struct list *after;
    list_for_each_safe (node, after, &sim->conns) {
        struct sim_conn *conn = LIST_ENTRY(node, struct sim_conn, node);
        if (conn->state == SIM_CONN_DEAD) {
            sim_conn_destroy(conn);
        }
    }
}

struct sim_server *sim_server_create(struct sim *sim, struct hawser_error *err)
{
    const int signals[]       = {SIGTERM, SIGINT};
    struct sim_server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "server");
        return NULL;
    }
    server->reap = event_new(sim->base, -1, 0, on_reap, sim);
    int failed   = server->reap == NULL;
    for (unsigned i = 0; i < 2 && !failed; i++) {
        server->signals[i] = evsignal_new(sim->base, signals[i], on_signal, sim);
        failed             = server->signals[i] == NULL || event_add(server->signals[i], NULL) != 0;
    }
    if (failed) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "events");
        goto fail;
    }
    if (open_port(sim, &server->ports[0], sim->options.listen, 0, err) != 0 ||
        open_port(sim, &server->ports[1], sim->options.tls_listen, 1, err) != 0) {
        goto fail;
    }
    return server;
fail:
    sim_server_destroy(server);
    return NULL;
}

void sim_server_ready(const struct sim_server *server)
{
    announce(&server->ports[0]);
    announce(&server->ports[1]);
}

int sim_server_accept(struct sim_server *server, int on, struct hawser_error *err)
{
    for (unsigned i = 0; i < 2; i++) {
        struct port *port = &server->ports[i];
        if (!on && port->listener != NULL) {
            evconnlistener_free(port->listener);
            port->listener = NULL;
        } else if (on && port->is_used && port->listener == NULL && start_port(port, err) != 0) {
            return -1;
        }
    }
    return 0;
}

void sim_server_destroy(struct sim_server *server)
{
    if (server == NULL) {
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        if (server->ports[i].listener != NULL) {
            evconnlistener_free(server->ports[i].listener);
        }
        SSL_CTX_free(server->ports[i].ssl_ctx);
        if (server->signals[i] != NULL) {
            event_free(server->signals[i]);
        }
    }
    if (server->reap != NULL) {
        event_free(server->reap);
    }
    free(server);
}

void sim_server_reap(struct sim *sim)
{
    if (sim->server != NULL) {
        event_active(sim->server->reap, EV_TIMEOUT, 0);
    }
}

void sim_server_gone(struct sim_conn *conn)
{
    if (conn->is_gone) {
        return;
    }
    conn->is_gone = 1;
    sim_feed_forget(conn);
    if (conn->cod && !conn->logged_out && conn->client != NULL) {
        conn->sim->stats.cod_fired +=
            sim_trading_disconnect(conn->sim->trading, conn->client, conn->id);
    }
    sim_accounts_forget(conn->sim->accounts, conn->id);
}
