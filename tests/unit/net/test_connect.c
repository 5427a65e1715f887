/*
 * Addresses in turn: refusals, a silent one that is overtaken, source addresses, and the options of
 * a connected socket.
 */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listener.h"
#include "net/connect.h"

struct tries {
    struct net_loop *loop;
    struct net_connect *connect;
    int destroy_in_callback;
    int fd;
    int failures;
    struct hawser_error why;
};

static void over(struct tries *tries)
{
    if (tries->destroy_in_callback) {
        net_connect_destroy(tries->connect);
        tries->connect = NULL;
    }
    (void)event_base_loopbreak(tries->loop->base);
}

static void on_connected(void *arg, int fd)
{
    struct tries *tries = arg;
    tries->fd           = fd;
    over(tries);
}

static void on_failed(void *arg, const struct hawser_error *why)
{
    struct tries *tries = arg;
    tries->failures++;
    tries->why = *why;
    over(tries);
}

static const struct net_connect_handler HANDLER = {on_connected, on_failed};

static void open_tries(struct tries *tries)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    tries->fd               = -1;
    tries->loop             = net_loop_create(NULL, &err);
    ck_assert_ptr_nonnull(tries->loop);
}

static void close_tries(struct tries *tries)
{
    net_connect_destroy(tries->connect);
    if (tries->fd >= 0) {
        ck_assert_int_eq(close(tries->fd), 0);
    }
    net_loop_destroy(tries->loop);
}

static void add(struct net_addresses *list, const char *host, uint16_t port)
{
    struct net_address address;
    ck_assert_int_eq(net_address_parse(host, port, &address), 0);
    net_addresses_add(list, &address);
}

static void start_some(struct tries *tries, const struct net_addresses *list, int more,
                       const char *source)
{
    struct net_address from;
    const struct net_socket_options options = {.source = &from};
    ck_assert(source == NULL || net_address_parse(source, 0, &from) == 0);
    tries->connect = net_connect_start(tries->loop, list, more, source == NULL ? NULL : &options,
                                       &HANDLER, tries);
    ck_assert_ptr_nonnull(tries->connect);
    ck_assert_int_eq(tries->fd, -1); /* never from inside the call */
}

static void start(struct tries *tries, const struct net_addresses *list, const char *source)
{
    start_some(tries, list, 0, source);
}

static int option_of(int fd, int level, int name)
{
    int value      = 0;
    socklen_t size = sizeof(value);
    ck_assert_int_eq(getsockopt(fd, level, name, &value, &size), 0);
    return value;
}

START_TEST(a_connected_socket_has_its_options)
{
    struct tries tries        = {.destroy_in_callback = _i};
    struct net_addresses list = {.count = 0};
    struct listener listener;
    listener_open(&listener, 4);
    open_tries(&tries);
    add(&list, "127.0.0.1", listener.port);
    start(&tries, &list, NULL);
    (void)event_base_dispatch(tries.loop->base);
    ck_assert_int_ge(tries.fd, 0);
    ck_assert_int_ne(fcntl(tries.fd, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_ne(fcntl(tries.fd, F_GETFD) & FD_CLOEXEC, 0);
    ck_assert_int_ne(option_of(tries.fd, IPPROTO_TCP, TCP_NODELAY), 0);
    ck_assert_int_ne(option_of(tries.fd, SOL_SOCKET, SO_KEEPALIVE), 0);
    close_tries(&tries);
    listener_close(&listener);
}
END_TEST

START_TEST(a_refused_port_is_named_with_address_and_errno)
{
    struct tries tries        = {.destroy_in_callback = _i};
    struct net_addresses list = {.count = 0};
    struct listener listener;
    char expected[128];
    listener_open(&listener, 1);
    listener_close(&listener); /* its port is free now */
    open_tries(&tries);
    add(&list, "127.0.0.1", listener.port);
    start(&tries, &list, NULL);
    (void)event_base_dispatch(tries.loop->base);
    ck_assert_int_eq(tries.failures, 1);
    ck_assert_int_eq(tries.why.code, HAWSER_NET_CONNECT);
    ck_assert_int_eq(tries.why.cause, ECONNREFUSED);
    (void)snprintf(expected, sizeof(expected), "127.0.0.1:%u: Connection refused", listener.port);
    ck_assert_str_eq(tries.why.message, expected);
    close_tries(&tries);
}
END_TEST

START_TEST(the_next_address_comes_after_a_failure)
{
    struct tries tries        = {.fd = -1};
    struct net_addresses list = {.count = 0};
    struct listener refused;
    struct listener listener;
    listener_open(&refused, 1);
    listener_open(&listener, 1);
    listener_close(&refused);
    open_tries(&tries);
    add(&list, "127.0.0.1", refused.port);
    add(&list, "::1", refused.port);
    add(&list, "127.0.0.1", listener.port);
    start(&tries, &list, NULL);
    (void)event_base_dispatch(tries.loop->base);
    ck_assert_int_ge(tries.fd, 0);
    ck_assert_int_eq(tries.failures, 0);
    close_tries(&tries);
    listener_close(&listener);
}
END_TEST

START_TEST(when_all_fail_the_last_is_told_and_how_many)
{
    struct tries tries        = {.fd = -1};
    struct net_addresses list = {.count = 0};
    struct listener refused;
    listener_open(&refused, 1);
    listener_close(&refused);
    open_tries(&tries);
    add(&list, "127.0.0.1", refused.port);
    add(&list, "127.0.0.2", refused.port);
    add(&list, "127.0.0.3", refused.port);
    start(&tries, &list, NULL);
    (void)event_base_dispatch(tries.loop->base);
    ck_assert_int_eq(tries.failures, 1);
    ck_assert_ptr_nonnull(strstr(tries.why.message, "127.0.0.3:"));
    ck_assert_ptr_nonnull(strstr(tries.why.message, "(the last of 3 addresses)"));
    close_tries(&tries);
}
END_TEST

START_TEST(a_silent_address_is_overtaken_by_the_next)
{
    struct tries tries        = {.fd = -1};
    struct net_addresses list = {.count = 0};
    struct listener silent;
    struct listener listener;
    listener_open_full(&silent);
    listener_open(&listener, 1);
    open_tries(&tries);
    add(&list, "127.0.0.1", silent.port);
    add(&list, "127.0.0.1", listener.port);
    start(&tries, &list, NULL);
    (void)event_base_dispatch(tries.loop->base);
    ck_assert_int_ge(tries.fd, 0);
    struct sockaddr_in peer;
    socklen_t size = sizeof(peer);
    ck_assert_int_eq(getpeername(tries.fd, (struct sockaddr *)&peer, &size), 0);
    ck_assert_uint_eq(ntohs(peer.sin_port), listener.port);
    close_tries(&tries);
    listener_close(&listener);
    listener_close(&silent);
}
END_TEST

static uint16_t peer_port(int fd)
{
    struct sockaddr_in peer;
    socklen_t size = sizeof(peer);
    ck_assert_int_eq(getpeername(fd, (struct sockaddr *)&peer, &size), 0);
    return ntohs(peer.sin_port);
}

/* @return the lowest descriptor that is free */
static int free_descriptor(void)
{
    int fd = dup(STDERR_FILENO);
    ck_assert_int_eq(close(fd), 0);
    return fd;
}

START_TEST(the_losers_of_a_race_are_closed)
{
    struct tries tries        = {.fd = -1};
    struct net_addresses list = {.count = 0};
    struct listener silent[3];
    struct listener listener;
    open_tries(&tries);
    for (int i = 0; i < 3; i++) {
        listener_open_full(&silent[i]);
        add(&list, "127.0.0.1", silent[i].port);
    }
    listener_open(&listener, 1);
    add(&list, "127.0.0.1", listener.port);
    int before = free_descriptor();
    start(&tries, &list, NULL);
    (void)event_base_dispatch(tries.loop->base);
    ck_assert_uint_eq(peer_port(tries.fd), listener.port);
    ck_assert_int_eq(close(tries.fd), 0);
    tries.fd = -1;
    ck_assert_int_eq(free_descriptor(), before);
    close_tries(&tries);
    listener_close(&listener);
    for (int i = 0; i < 3; i++) {
        listener_close(&silent[i]);
    }
}
END_TEST

START_TEST(addresses_that_come_later_are_tried_beside_a_silent_one)
{
    struct tries tries         = {.fd = -1};
    struct net_addresses first = {.count = 0};
    struct net_addresses later = {.count = 0};
    struct listener silent;
    struct listener listener;
    listener_open_full(&silent);
    listener_open(&listener, 1);
    open_tries(&tries);
    add(&first, "127.0.0.1", silent.port);
    add(&later, "127.0.0.1", listener.port);
    start_some(&tries, &first, 1, NULL);
    for (int turn = 0; turn < 3; turn++) {
        (void)event_base_loop(tries.loop->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    }
    net_connect_add(tries.connect, &later);
    (void)event_base_dispatch(tries.loop->base);
    ck_assert_uint_eq(peer_port(tries.fd), listener.port);
    close_tries(&tries);
    listener_close(&listener);
    listener_close(&silent);
}
END_TEST

START_TEST(a_failure_of_all_waits_for_the_addresses_to_come)
{
    struct tries tries         = {.fd = -1, .destroy_in_callback = _i % 2};
    struct net_addresses first = {.count = 0};
    struct net_addresses later = {.count = 0};
    struct listener refused;
    struct listener listener;
    listener_open(&refused, 1);
    listener_close(&refused);
    listener_open(&listener, 1);
    open_tries(&tries);
    add(&first, "127.0.0.1", refused.port);
    if (_i < 2) {
        add(&later, "127.0.0.1", listener.port);
    }
    start_some(&tries, &first, 1, NULL);
    for (int turn = 0; turn < 5; turn++) {
        (void)event_base_loop(tries.loop->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    }
    ck_assert_int_eq(tries.failures, 0);
    net_connect_add(tries.connect, &later);
    ck_assert_int_eq(tries.failures, 0); /* never from inside the call */
    (void)event_base_dispatch(tries.loop->base);
    ck_assert_int_eq(tries.fd >= 0, _i < 2);
    ck_assert_int_eq(tries.failures, _i >= 2);
    close_tries(&tries);
    listener_close(&listener);
}
END_TEST

START_TEST(families_take_turns_behind_what_was_tried)
{
    struct net_addresses list = {.count = 0};
    char text[NET_ADDRESS_TEXT_SIZE];
    static const char *const BEHIND_IPV6[] = {"192.0.2.1:1", "[2001:db8::1]:1", "192.0.2.2:1",
                                              "[2001:db8::2]:1", "[2001:db8::3]:1"};
    static const char *const BEHIND_IPV4[] = {"[2001:db8::1]:1", "192.0.2.1:1", "[2001:db8::2]:1",
                                              "192.0.2.2:1", "[2001:db8::3]:1"};
    add(&list, "2001:db8::1", 1);
    add(&list, "2001:db8::2", 1);
    add(&list, "2001:db8::3", 1);
    add(&list, "192.0.2.1", 1);
    add(&list, "192.0.2.2", 1);
    net_addresses_interleave_after(&list, _i == 0 ? AF_INET6 : AF_INET);
    for (size_t i = 0; i < list.count; i++) {
        ck_assert_str_eq(net_address_format(&list.items[i], text),
                         _i == 0 ? BEHIND_IPV6[i] : BEHIND_IPV4[i]);
    }
}
END_TEST

START_TEST(it_can_be_stopped_after_any_turn)
{
    struct tries tries        = {.fd = -1};
    struct net_addresses list = {.count = 0};
    struct listener silent;
    listener_open_full(&silent);
    open_tries(&tries);
    add(&list, "127.0.0.1", silent.port);
    add(&list, "127.0.0.2", silent.port);
    start(&tries, &list, NULL);
    for (int turn = 0; turn < _i; turn++) {
        (void)event_base_loop(tries.loop->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    }
    net_connect_destroy(tries.connect);
    tries.connect = NULL;
    (void)event_base_loop(tries.loop->base, EVLOOP_NONBLOCK);
    ck_assert_int_eq(tries.fd, -1);
    ck_assert_int_eq(tries.failures, 0);
    close_tries(&tries);
    listener_close(&silent);
}
END_TEST

START_TEST(the_source_address_is_used)
{
    struct tries tries        = {.fd = -1};
    struct net_addresses list = {.count = 0};
    struct listener listener;
    struct sockaddr_in local;
    socklen_t size = sizeof(local);
    char text[INET_ADDRSTRLEN];
    listener_open(&listener, 1);
    open_tries(&tries);
    add(&list, "::1", listener.port); /* cannot be reached from an IPv4 source */
    add(&list, "127.0.0.1", listener.port);
    start(&tries, &list, "127.0.0.9");
    (void)event_base_dispatch(tries.loop->base);
    ck_assert_msg(tries.fd >= 0, "%s", tries.why.message);
    ck_assert_int_eq(getsockname(tries.fd, (struct sockaddr *)&local, &size), 0);
    ck_assert_str_eq(inet_ntop(AF_INET, &local.sin_addr, text, sizeof(text)), "127.0.0.9");
    close_tries(&tries);
    listener_close(&listener);
}
END_TEST

START_TEST(a_source_address_that_is_not_ours_fails)
{
    struct tries tries        = {.fd = -1};
    struct net_addresses list = {.count = 0};
    open_tries(&tries);
    add(&list, "127.0.0.1", 1);
    start(&tries, &list, "192.0.2.77");
    (void)event_base_dispatch(tries.loop->base);
    ck_assert_int_eq(tries.failures, 1);
    ck_assert_int_eq(tries.why.cause, EADDRNOTAVAIL);
    close_tries(&tries);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/connect");
    TCase *tcase = tcase_create("connect");
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, a_connected_socket_has_its_options, 0, 2);
    tcase_add_loop_test(tcase, a_refused_port_is_named_with_address_and_errno, 0, 2);
    tcase_add_test(tcase, the_next_address_comes_after_a_failure);
    tcase_add_test(tcase, when_all_fail_the_last_is_told_and_how_many);
    tcase_add_test(tcase, a_silent_address_is_overtaken_by_the_next);
    tcase_add_test(tcase, the_losers_of_a_race_are_closed);
    tcase_add_test(tcase, addresses_that_come_later_are_tried_beside_a_silent_one);
    tcase_add_loop_test(tcase, a_failure_of_all_waits_for_the_addresses_to_come, 0, 4);
    tcase_add_loop_test(tcase, families_take_turns_behind_what_was_tried, 0, 2);
    tcase_add_loop_test(tcase, it_can_be_stopped_after_any_turn, 0, 3);
    tcase_add_test(tcase, the_source_address_is_used);
    tcase_add_test(tcase, a_source_address_that_is_not_ours_fails);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
