/*
 * Dials through a proxy: names that only the proxy knows, TLS end to end, logins, refusals, and a
 * stop in the middle of the talk.
 */
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listener.h"
#include "net/dial.h"
#include "proxy_server.h"
#include "support/suite.h"
#include "tls_server.h"

struct call {
    struct net_loop *loop;
    struct net_dial *dial;
    struct net_url url;
    struct net_proxy proxy;
    struct net_path path;
    struct net_tls *tls;
    char phases[8];
    int fd;
    int secured;
    struct hawser_error why;
};

static void on_phase(void *arg, enum net_phase phase)
{
    struct call *call                  = arg;
    call->phases[strlen(call->phases)] = "RCT"[phase];
}

static void on_connected(void *arg, int fd, SSL *ssl)
{
    struct call *call = arg;
    call->fd          = fd;
    call->secured     = ssl != NULL;
    SSL_free(ssl);
    (void)event_base_loopbreak(call->loop->base);
}

static void on_failed(void *arg, const struct hawser_error *why)
{
    struct call *call = arg;
    call->why         = *why;
    (void)event_base_loopbreak(call->loop->base);
}

static const struct net_dial_handler HANDLER = {on_phase, on_connected, on_failed};

static void start(struct call *call, const char *url, const char *scheme, uint16_t port,
                  const char *ca_file)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    char text[128];
    (void)snprintf(text, sizeof(text), "%s127.0.0.1:%u", scheme, port);
    ck_assert_int_eq(net_url_parse(url, &call->url, &err), 0);
    ck_assert_msg(net_proxy_parse(text, &call->proxy, &err) == 0, "%s", err.message);
    call->path.proxy = &call->proxy;
    call->fd         = -1;
    call->loop       = net_loop_create(NULL, &err);
    call->tls        = net_tls_create(&(struct net_tls_options){.ca_file = ca_file}, &err);
    ck_assert_ptr_nonnull(call->loop);
    ck_assert_ptr_nonnull(call->tls);
    call->dial =
        net_dial_start(call->loop, &call->url, call->tls, &call->path, &HANDLER, call, &err);
    ck_assert_ptr_nonnull(call->dial);
}

static void finish(struct call *call)
{
    net_dial_destroy(call->dial);
    if (call->fd >= 0) {
        ck_assert_int_eq(close(call->fd), 0);
    }
    net_loop_destroy(call->loop);
    net_tls_destroy(call->tls);
    net_proxy_fini(&call->proxy);
    net_url_fini(&call->url);
}

static const char *const SCHEMES[] = {"http://", "socks5://", "http://me:secret@",
                                      "socks5://me:secret@"};

static struct proxy_server *serve(int kind, uint16_t target, int one_by_one)
{
    return proxy_server_start(&(struct proxy_server_options){.is_socks   = kind % 2,
                                                             .user       = kind < 2 ? NULL : "me",
                                                             .password   = "secret",
                                                             .target     = target,
                                                             .one_by_one = one_by_one});
}

START_TEST(the_proxy_is_asked_for_a_name_that_only_it_knows)
{
    struct call call = {.fd = -1};
    struct listener listener;
    listener_open(&listener, 1);
    struct proxy_server *server = serve(_i % 4, listener.port, _i / 4);
    start(&call, "ws://nowhere.invalid:8123/", SCHEMES[_i % 4], proxy_server_port(server), NULL);
    (void)event_base_dispatch(call.loop->base);
    ck_assert_msg(call.fd >= 0, "%s", call.why.message);
    ck_assert_str_eq(call.phases, "RC");
    int fd = accept(listener.fd, NULL, NULL);
    char bytes[4];
    ck_assert_int_eq(send(call.fd, "ping", 4, 0), 4);
    ck_assert_int_eq(recv(fd, bytes, 4, MSG_WAITALL), 4);
    ck_assert_int_eq(memcmp(bytes, "ping", 4), 0);
    finish(&call);
    ck_assert_int_eq(close(fd), 0);
    proxy_server_join(server);
    ck_assert_str_eq(proxy_server_asked(server), "nowhere.invalid:8123");
    proxy_server_free(server);
    listener_close(&listener);
}
END_TEST

START_TEST(tls_goes_through_the_proxy_and_checks_the_target)
{
    char file[64];
    struct call call               = {.fd = -1};
    struct certificate certificate = certificate_make(
        &(struct certificate_recipe){.common_name = "x", .names = "DNS:exchange.invalid"});
    certificate_save(&certificate, file);
    struct tls_server *target =
        tls_server_start(&(struct tls_server_options){.certificate = &certificate});
    struct proxy_server *server = serve(_i, tls_server_port(target), 0);
    start(&call, "wss://exchange.invalid/", SCHEMES[_i], proxy_server_port(server), file);
    (void)event_base_dispatch(call.loop->base);
    ck_assert_msg(call.secured, "%s", call.why.message);
    ck_assert_str_eq(call.phases, "RCT");
    finish(&call);
    tls_server_free(target);
    proxy_server_free(server);
    (void)unlink(file);
    certificate_free(&certificate);
}
END_TEST

static const struct {
    const char *scheme;
    const char *says;
    enum hawser_code code;
    int kind;
} REFUSALS[] = {
    {"http://", "HTTP 403 Not for you", HAWSER_NET_PROXY, 0},
    {"socks5://", "rules (SOCKS code 2)", HAWSER_NET_PROXY, 1},
    {"http://", "demands a login (HTTP 407", HAWSER_NET_PROXY_AUTH, 2},
    {"socks5://", "demands a login", HAWSER_NET_PROXY_AUTH, 3},
    {"http://me:wrong@", "refused user me (HTTP 407", HAWSER_NET_PROXY_AUTH, 2},
    {"socks5://me:wrong@", "refused user me (SOCKS", HAWSER_NET_PROXY_AUTH, 3},
};

START_TEST(a_refusal_names_proxy_target_and_reason)
{
    struct call call            = {.fd = -1};
    struct proxy_server *server = serve(REFUSALS[_i].kind, 0, 0);
    start(&call, "wss://exchange.invalid/", REFUSALS[_i].scheme, proxy_server_port(server), NULL);
    (void)event_base_dispatch(call.loop->base);
    ck_assert_msg(call.why.code == REFUSALS[_i].code, "%s", call.why.message);
    ck_assert_msg(strstr(call.why.message, REFUSALS[_i].says) != NULL, "%s", call.why.message);
    ck_assert_ptr_nonnull(
        strstr(call.why.message, "no way to exchange.invalid:443 through the proxy 127.0.0.1:"));
    ck_assert_ptr_null(strstr(call.why.message, "wrong"));
    finish(&call);
    proxy_server_free(server);
}
END_TEST

START_TEST(a_proxy_that_is_not_there_is_named)
{
    struct call call = {.fd = -1};
    struct listener listener;
    listener_open(&listener, 1);
    listener_close(&listener);
    start(&call, "wss://exchange.invalid/", SCHEMES[0], listener.port, NULL);
    (void)event_base_dispatch(call.loop->base);
    ck_assert_int_eq(call.why.code, HAWSER_NET_CONNECT);
    ck_assert_ptr_nonnull(strstr(call.why.message, "connection to the proxy 127.0.0.1 not made"));
    finish(&call);
}
END_TEST

START_TEST(a_proxy_that_hangs_up_is_told)
{
    struct call call = {.fd = -1};
    struct listener listener;
    listener_open(&listener, 1);
    start(&call, "ws://exchange.invalid/", SCHEMES[_i], listener.port, NULL);
    int fd = -1;
    char bytes[512];
    ck_assert_int_eq(fcntl(listener.fd, F_SETFL, O_NONBLOCK), 0);
    while ((fd < 0 && (fd = accept(listener.fd, NULL, NULL)) < 0) ||
           recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) < 0) {
        (void)event_base_loop(call.loop->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    }
    ck_assert_int_eq(close(fd), 0);
    (void)event_base_dispatch(call.loop->base);
    ck_assert_int_eq(call.why.code, HAWSER_NET_PROXY);
    ck_assert_ptr_nonnull(strstr(call.why.message, "without a whole answer"));
    finish(&call);
    listener_close(&listener);
}
END_TEST

START_TEST(a_dial_can_be_stopped_while_the_proxy_is_silent)
{
    struct call call = {.fd = -1};
    struct listener mute;
    listener_open(&mute, 1);
    start(&call, "ws://exchange.invalid/", SCHEMES[0], mute.port, NULL);
    for (int turn = 0; turn < _i; turn++) {
        (void)event_base_loop(call.loop->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    }
    net_dial_destroy(call.dial);
    call.dial = NULL;
    (void)event_base_loop(call.loop->base, EVLOOP_NONBLOCK);
    ck_assert_int_eq(call.why.code, 0);
    ck_assert_int_eq(call.fd, -1);
    finish(&call);
    listener_close(&mute);
}
END_TEST

static int option_of(int fd, int level, int name)
{
    int value      = 0;
    socklen_t size = sizeof(value);
    ck_assert_int_eq(getsockopt(fd, level, name, &value, &size), 0);
    return value;
}

START_TEST(the_options_of_the_path_reach_the_socket)
{
    struct call call = {.fd = -1, .path = {.user_timeout_ms = 1500, .keepalive_ms = 9000}};
    struct listener listener;
    listener_open(&listener, 1);
    struct proxy_server *server = serve(0, listener.port, 0);
    if (_i == 1) {
        call.path = (struct net_path){.keepalive_ms = -1};
    }
    start(&call, "ws://x.invalid/", SCHEMES[0], proxy_server_port(server), NULL);
    (void)event_base_dispatch(call.loop->base);
    ck_assert_msg(call.fd >= 0, "%s", call.why.message);
    ck_assert_int_eq(option_of(call.fd, IPPROTO_TCP, TCP_USER_TIMEOUT), _i == 0 ? 1500 : 30000);
    ck_assert_int_eq(option_of(call.fd, SOL_SOCKET, SO_KEEPALIVE), _i == 0);
    if (_i == 0) {
        ck_assert_int_eq(option_of(call.fd, IPPROTO_TCP, TCP_KEEPIDLE), 9);
        ck_assert_int_eq(option_of(call.fd, IPPROTO_TCP, TCP_KEEPINTVL), 3);
    }
    finish(&call);
    proxy_server_free(server);
    listener_close(&listener);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("tunnel");
    tcase_set_timeout(cases, 30);
    tcase_add_loop_test(cases, the_proxy_is_asked_for_a_name_that_only_it_knows, 0, 8);
    tcase_add_loop_test(cases, tls_goes_through_the_proxy_and_checks_the_target, 0, 4);
    tcase_add_loop_test(cases, a_refusal_names_proxy_target_and_reason, 0,
                        (int)(sizeof(REFUSALS) / sizeof(REFUSALS[0])));
    tcase_add_test(cases, a_proxy_that_is_not_there_is_named);
    tcase_add_loop_test(cases, a_proxy_that_hangs_up_is_told, 0, 2);
    tcase_add_loop_test(cases, a_dial_can_be_stopped_while_the_proxy_is_silent, 0, 6);
    tcase_add_loop_test(cases, the_options_of_the_path_reach_the_socket, 0, 2);
    return suite_run("net/tunnel", cases);
}
