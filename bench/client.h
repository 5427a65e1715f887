/*
 * A client on the library's layers: one connection on a loop of its own.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include "bench.h"
#include "net/tls.h"
#include "net/url.h"
#include "ws/conn.h"

struct bench_client {
    struct net_loop *loop;
    struct net_tls *tls;
    struct net_url url;
};

/** @return 0; -1: it has said why */
int bench_client_init(struct bench_client *client, const struct bench_options *options);
void bench_client_fini(struct bench_client *client);
/** @return given; NULL: it has said why */
struct ws_conn *bench_client_connect(struct bench_client *client, const struct ws_handler *handler,
                                     void *arg);
/** Say why a connection ended, unless the server closed it in good order. @return 0 in good order,
 * else -1 */
int bench_client_judge(const struct hawser_error *why, int clean);

#endif
