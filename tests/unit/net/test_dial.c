/*
 * The way from a URL to a socket: its phases in order, its failures in words, and stopping it in
 * each phase.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "listener.h"
#include "nameserver.h"
#include "net/dial.h"

#define NEVER (-1)

struct call {
    struct net_loop *loop;
    struct net_dial *dial;
    struct net_url url;
    struct net_tls *tls;
    char phases[8];
    int stop_in_phase; /* NEVER, or an enum net_phase */
    int stop_in_result;
    int fd;
    int failures;
    struct hawser_error why;
};

static void stop(struct call *call)
{
    net_dial_destroy(call->dial);
    call->dial = NULL;
    (void)event_base_loopbreak(call->loop->base);
}

static void on_phase(void *arg, enum net_phase phase)
{
    struct call *call = arg;
    size_t len        = strlen(call->phases);
    ck_assert_uint_lt(len, sizeof(call->phases) - 1);
    call->phases[len] = "RCT"[phase];
    if ((int)phase == call->stop_in_phase && call->dial != NULL) {
        stop(call);
    }
}

static void result(struct call *call)
{
    (void)event_base_loopbreak(call->loop->base);
    if (call->stop_in_result) {
        stop(call);
    }
}

static void on_connected(void *arg, int fd, SSL *ssl)
{
    struct call *call = arg;
    ck_assert_ptr_null(ssl);
    call->fd = fd;
    result(call);
}

static void on_failed(void *arg, const struct hawser_error *why)
{
    struct call *call = arg;
    call->failures++;
    call->why = *why;
    result(call);
}

static const struct net_dial_handler HANDLER = {on_phase, on_connected, on_failed};

static void open_call(struct call *call, const char *scheme, const char *host, uint16_t port)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    char text[128];
    (void)snprintf(text, sizeof(text), "%s://%s:%u/", scheme, host, port);
    ck_assert_int_eq(net_url_parse(text, &call->url, &err), 0);
    call->fd   = -1;
    call->loop = net_loop_create(NULL, &err);
    call->tls  = net_tls_create(&(struct net_tls_options){.ca_file = NULL}, &err);
    ck_assert_ptr_nonnull(call->loop);
    ck_assert_ptr_nonnull(call->tls);
}

static void start(struct call *call)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    call->dial = net_dial_start(call->loop, &call->url, call->tls, NULL, &HANDLER, call, &err);
    ck_assert_ptr_nonnull(call->dial);
    ck_assert_str_eq(call->phases, "R");
}

static void close_call(struct call *call)
{
    net_dial_destroy(call->dial);
    if (call->fd >= 0) {
        ck_assert_int_eq(close(call->fd), 0);
    }
    net_loop_destroy(call->loop);
    net_tls_destroy(call->tls);
    net_url_fini(&call->url);
}

START_TEST(a_dial_to_a_name_or_an_address_connects)
{
    static const char *const HOSTS[] = {"localhost", "127.0.0.1"};
    struct call call                 = {.stop_in_phase = NEVER, .stop_in_result = _i / 2};
    struct listener listener;
    listener_open(&listener, 1);
    open_call(&call, "ws", HOSTS[_i % 2], listener.port);
    start(&call);
    (void)event_base_dispatch(call.loop->base);
    ck_assert_msg(call.fd >= 0, "%s", call.why.message);
    ck_assert_str_eq(call.phases, "RC");
    close_call(&call);
    listener_close(&listener);
}
END_TEST

START_TEST(a_refused_dial_names_host_address_and_reason)
{
    struct call call = {.stop_in_phase = NEVER, .stop_in_result = _i};
    struct listener listener;
    char address[64];
    listener_open(&listener, 1);
    listener_close(&listener);
    open_call(&call, "ws", "localhost", listener.port);
    start(&call);
    (void)event_base_dispatch(call.loop->base);
    ck_assert_int_eq(call.failures, 1);
    ck_assert_int_eq(call.why.category, HAWSER_CONNECTION);
    (void)snprintf(address, sizeof(address), "127.0.0.1:%u: Connection refused", listener.port);
    ck_assert_msg(strstr(call.why.message, "connection to localhost not made: ") != NULL, "%s",
                  call.why.message);
    ck_assert_msg(strstr(call.why.message, address) != NULL, "%s", call.why.message);
    close_call(&call);
}
END_TEST

START_TEST(a_name_that_is_not_found_fails_the_dial)
{
    struct call call         = {.stop_in_phase = NEVER, .stop_in_result = _i};
    struct nameserver server = {.ipv4 = {3, NULL}, .ipv6 = {3, NULL}};
    open_call(&call, "ws", "nothing.test", 80);
    nameserver_open(&server, call.loop->base);
    call.loop->resolv_conf = server.resolv_conf;
    start(&call);
    (void)event_base_dispatch(call.loop->base);
    ck_assert_int_eq(call.why.code, HAWSER_NET_RESOLVE);
    ck_assert_str_eq(call.phases, "R");
    nameserver_close(&server);
    close_call(&call);
}
END_TEST

START_TEST(a_dial_can_be_stopped_while_it_resolves)
{
    struct call call         = {.stop_in_phase = NEVER};
    struct nameserver server = {.ipv4 = {NAMESERVER_SILENT, NULL}};
    open_call(&call, "ws", "slow.test", 80);
    nameserver_open(&server, call.loop->base);
    call.loop->resolv_conf = server.resolv_conf;
    start(&call);
    for (int turn = 0; turn < _i; turn++) {
        (void)event_base_loop(call.loop->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    }
    stop(&call);
    nameserver_close(&server);
    close_call(&call);
}
END_TEST

/* IPv6 is known at once and refused; the IPv4 address is kept back by the nameserver. */
START_TEST(a_dial_goes_on_with_ipv4_when_its_answer_comes_later)
{
    struct call call         = {.stop_in_phase = NEVER};
    struct nameserver server = {.holds_ipv4 = 1, .ipv4 = {0, "127.0.0.1"}, .ipv6 = {0, "::1"}};
    struct listener listener; /* on IPv4 alone */
    listener_open(&listener, 1);
    open_call(&call, "ws", "both.test", listener.port);
    nameserver_open(&server, call.loop->base);
    call.loop->resolv_conf = server.resolv_conf;
    start(&call);
    while (strcmp(call.phases, "RC") != 0 || server.held_count == 0) {
        (void)event_base_loop(call.loop->base, EVLOOP_ONCE);
    }
    for (int turn = 0; turn < _i; turn++) { /* the attempt at IPv6: not begun, or failed */
        (void)event_base_loop(call.loop->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    }
    ck_assert_int_eq(call.failures, 0);
    nameserver_release(&server);
    (void)event_base_dispatch(call.loop->base);
    ck_assert_msg(call.fd >= 0, "%s", call.why.message);
    ck_assert_str_eq(call.phases, "RC");
    nameserver_close(&server);
    close_call(&call);
    listener_close(&listener);
}
END_TEST

START_TEST(a_dial_that_is_done_needs_no_other_family)
{
    struct call call         = {.stop_in_phase = NEVER, .stop_in_result = _i};
    struct nameserver server = {.ipv4 = {NAMESERVER_SILENT, NULL}, .ipv6 = {0, "::ffff:127.0.0.1"}};
    struct listener listener;
    listener_open(&listener, 1);
    open_call(&call, "ws", "six.test", listener.port);
    nameserver_open(&server, call.loop->base);
    call.loop->resolv_conf = server.resolv_conf;
    start(&call);
    (void)event_base_dispatch(call.loop->base);
    ck_assert_msg(call.fd >= 0, "%s", call.why.message);
    nameserver_close(&server);
    close_call(&call);
    listener_close(&listener);
}
END_TEST

START_TEST(a_dial_can_be_stopped_while_it_connects)
{
    struct call call = {.stop_in_phase = NEVER};
    struct listener silent;
    listener_open_full(&silent);
    open_call(&call, "wss", "127.0.0.1", silent.port);
    start(&call);
    for (int turn = 0; turn < 3; turn++) {
        (void)event_base_loop(call.loop->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    }
    ck_assert_str_eq(call.phases, "RC");
    stop(&call);
    close_call(&call);
    listener_close(&silent);
}
END_TEST

START_TEST(a_dial_can_be_stopped_while_tls_shakes_hands)
{
    struct call call = {.stop_in_phase = NEVER};
    struct listener mute; /* connects and never answers the ClientHello */
    listener_open(&mute, 1);
    open_call(&call, "wss", "127.0.0.1", mute.port);
    start(&call);
    while (strcmp(call.phases, "RCT") != 0) {
        (void)event_base_loop(call.loop->base, EVLOOP_ONCE);
    }
    (void)event_base_loop(call.loop->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    stop(&call);
    (void)event_base_loop(call.loop->base, EVLOOP_NONBLOCK);
    ck_assert_int_eq(call.failures, 0);
    close_call(&call);
    listener_close(&mute);
}
END_TEST

START_TEST(a_dial_can_be_stopped_in_the_callback_of_a_phase)
{
    struct call call = {.stop_in_phase = _i};
    struct listener mute;
    listener_open(&mute, 1);
    open_call(&call, "wss", "127.0.0.1", mute.port);
    start(&call);
    (void)event_base_dispatch(call.loop->base);
    ck_assert_ptr_null(call.dial);
    ck_assert_int_eq(call.failures, 0);
    ck_assert_int_eq(call.fd, -1);
    close_call(&call);
    listener_close(&mute);
}
END_TEST

START_TEST(a_source_address_that_is_none_is_refused_at_once)
{
    struct call call           = {.stop_in_phase = NEVER};
    struct hawser_error err    = HAWSER_ERROR_INIT;
    const struct net_path path = {.bind = "eth0"};
    open_call(&call, "ws", "127.0.0.1", 80);
    ck_assert_ptr_null(net_dial_start(call.loop, &call.url, NULL, &path, &HANDLER, &call, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "bind eth0"));
    close_call(&call);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/dial");
    TCase *tcase = tcase_create("dial");
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, a_dial_to_a_name_or_an_address_connects, 0, 4);
    tcase_add_loop_test(tcase, a_refused_dial_names_host_address_and_reason, 0, 2);
    tcase_add_loop_test(tcase, a_name_that_is_not_found_fails_the_dial, 0, 2);
    tcase_add_loop_test(tcase, a_dial_can_be_stopped_while_it_resolves, 0, 4);
    tcase_add_loop_test(tcase, a_dial_goes_on_with_ipv4_when_its_answer_comes_later, 0, 5);
    tcase_add_loop_test(tcase, a_dial_that_is_done_needs_no_other_family, 0, 2);
    tcase_add_test(tcase, a_dial_can_be_stopped_while_it_connects);
    tcase_add_test(tcase, a_dial_can_be_stopped_while_tls_shakes_hands);
    tcase_add_loop_test(tcase, a_dial_can_be_stopped_in_the_callback_of_a_phase,
                        NET_PHASE_CONNECTING, NET_PHASE_TLS + 1);
    tcase_add_test(tcase, a_source_address_that_is_none_is_refused_at_once);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
