/*
 * What recv, latency and idle have in common. See client.h.
 */
#include "client.h"

#include <stdio.h>

int bench_client_init(struct bench_client *client, const struct bench_options *options)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    *client                 = (struct bench_client){0};
    client->loop            = net_loop_create(NULL, &err);
    if (client->loop == NULL || net_url_parse(options->target, &client->url, &err) != 0) {
        goto fail;
    }
    if (client->url.secure) {
        struct net_tls_options tls = {.ca_file = options->tls_ca};
        client->tls                = net_tls_create(&tls, &err);
        if (client->tls == NULL) {
            goto fail;
        }
    }
    return 0;
fail:
    fprintf(stderr, "hawser-bench: %s\n", err.message);
    bench_client_fini(client);
    return -1;
}

void bench_client_fini(struct bench_client *client)
{
    net_tls_destroy(client->tls);
    net_url_fini(&client->url);
    net_loop_destroy(client->loop);
    *client = (struct bench_client){0};
}

struct ws_conn *bench_client_connect(struct bench_client *client, const struct ws_handler *handler,
                                     void *arg)
{
    struct hawser_error err   = HAWSER_ERROR_INIT;
    struct ws_options options = {.url = &client->url, .tls = client->tls};
    struct ws_conn *conn      = ws_conn_create(client->loop, &options, handler, arg, &err);
    if (conn == NULL) {
        fprintf(stderr, "hawser-bench: %s\n", err.message);
    }
    return conn;
}

int bench_client_judge(const struct hawser_error *why, int clean)
{
    if (clean && why->cause == HAWSER_CLOSE_NORMAL) {
        return 0;
    }
    fprintf(stderr, "hawser-bench: %s\n", why->message);
    return -1;
}
