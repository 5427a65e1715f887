/*
 * Names: what needs no nameserver, what a scripted one says, and look-ups that are given up at any
 * moment.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "nameserver.h"
#include "net/resolve.h"

struct asker {
    struct event_base *base;
    struct net_loop *loop;
    struct nameserver server;
    struct net_resolve *resolve;
    int answers;
    int destroy_in_answer;
    int stop_at_first;
    size_t first_count; /* addresses of the first answer */
    struct net_addresses found;
    struct hawser_error why;
};

static void open_asker(struct asker *asker)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    asker->base             = event_base_new();
    asker->loop             = net_loop_create(asker->base, &err);
    ck_assert_ptr_nonnull(asker->loop);
    nameserver_open(&asker->server, asker->base);
    asker->loop->resolv_conf = asker->server.resolv_conf;
    asker->loop->hosts_file  = "/nonexistent/hosts";
}

static void close_asker(struct asker *asker)
{
    net_resolve_destroy(asker->resolve);
    net_loop_destroy(asker->loop);
    (void)event_base_loop(asker->base, EVLOOP_NONBLOCK); /* the turn that loop.h asks for */
    nameserver_close(&asker->server);
    event_base_free(asker->base);
}

static void on_answer(void *arg, const struct net_resolved *answer)
{
    struct asker *asker = arg;
    asker->answers++;
    ck_assert(!(answer->why != NULL && answer->found->count > 0));
    ck_assert(asker->answers == 1 || !answer->more);
    ck_assert(asker->answers == 2 || answer->why != NULL || answer->found->count > 0);
    asker->first_count = asker->answers == 1 ? answer->found->count : asker->first_count;
    for (size_t i = 0; i < answer->found->count; i++) {
        net_addresses_add(&asker->found, &answer->found->items[i]);
    }
    if (answer->why != NULL) {
        asker->why = *answer->why;
    }
    if (asker->destroy_in_answer) {
        net_resolve_destroy(asker->resolve);
        asker->resolve = NULL;
    }
    if (!answer->more || asker->stop_at_first) {
        (void)event_base_loopbreak(asker->base);
    }
}

static void ask(struct asker *asker, const char *host)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    asker->resolve          = net_resolve_start(asker->loop, host, 443, on_answer, asker, &err);
    ck_assert_ptr_nonnull(asker->resolve);
    ck_assert_int_eq(asker->answers, 0); /* never from inside the call */
}

static void assert_first(const struct asker *asker, const char *expected)
{
    char text[NET_ADDRESS_TEXT_SIZE];
    ck_assert_msg(asker->found.count > 0, "%s", asker->why.message);
    ck_assert_str_eq(net_address_format(&asker->found.items[0], text), expected);
}

START_TEST(literals_and_localhost_ask_nobody)
{
    static const char *const HOSTS[] = {"192.0.2.7", "2001:db8::7", "localhost"};
    static const char *const FIRST[] = {"192.0.2.7:443", "[2001:db8::7]:443", "[::1]:443"};
    struct asker asker               = {.answers = 0};
    open_asker(&asker);
    asker.loop->resolv_conf = "/nonexistent/resolv.conf";
    ask(&asker, HOSTS[_i]);
    (void)event_base_dispatch(asker.base);
    ck_assert_int_eq(asker.answers, 1);
    assert_first(&asker, FIRST[_i]);
    ck_assert_int_eq(asker.server.questions, 0);
    ck_assert_ptr_null(asker.loop->dns);
    close_asker(&asker);
}
END_TEST

START_TEST(both_families_are_asked_and_ipv6_comes_first)
{
    struct asker asker = {.server = {.ipv4 = {0, "192.0.2.1"}, .ipv6 = {0, "2001:db8::1"}}};
    open_asker(&asker);
    ask(&asker, "a.test");
    (void)event_base_dispatch(asker.base);
    ck_assert_uint_eq(asker.found.count, 2);
    assert_first(&asker, "[2001:db8::1]:443");
    ck_assert_int_eq(asker.server.questions, 2);
    close_asker(&asker);
}
END_TEST

START_TEST(one_family_is_enough_whatever_the_other_says)
{
    static const struct nameserver_answer OTHERS[] = {
        {0, NULL}, {2, NULL}, {3, NULL}, {NAMESERVER_SILENT, NULL}};
    struct asker asker = {.destroy_in_answer = _i % 2, .stop_at_first = 1};
    asker.server.ipv4  = _i < 4 ? (struct nameserver_answer){0, "192.0.2.1"} : OTHERS[_i - 4];
    asker.server.ipv6  = _i < 4 ? OTHERS[_i] : (struct nameserver_answer){0, "2001:db8::1"};
    open_asker(&asker);
    ask(&asker, "a.test");
    (void)event_base_dispatch(asker.base);
    ck_assert_uint_eq(asker.found.count, 1);
    assert_first(&asker, _i < 4 ? "192.0.2.1:443" : "[2001:db8::1]:443");
    close_asker(&asker);
}
END_TEST

START_TEST(ipv6_is_told_at_once_and_ipv4_when_it_comes)
{
    struct asker asker = {
        .server        = {.holds_ipv4 = 1, .ipv4 = {0, "192.0.2.1"}, .ipv6 = {0, "2001:db8::1"}},
        .stop_at_first = 1};
    open_asker(&asker);
    ask(&asker, "a.test");
    (void)event_base_dispatch(asker.base);
    ck_assert_uint_eq(asker.first_count, 1);
    assert_first(&asker, "[2001:db8::1]:443");
    nameserver_release(&asker.server);
    (void)event_base_dispatch(asker.base);
    ck_assert_int_eq(asker.answers, 2);
    ck_assert_uint_eq(asker.found.count, 2);
    close_asker(&asker);
}
END_TEST

START_TEST(ipv4_waits_a_moment_for_ipv6_and_not_longer)
{
    struct asker asker = {
        .server        = {.ipv4 = {0, "192.0.2.1"}, .holds_ipv6 = 1, .ipv6 = {0, "2001:db8::1"}},
        .stop_at_first = 1};
    open_asker(&asker);
    clock_ns_t begin = clock_monotonic();
    ask(&asker, "a.test");
    while (_i == 0 && asker.server.held_count == 0) {
        (void)event_base_loop(asker.base, EVLOOP_ONCE);
    }
    if (_i == 0) { /* it comes within the delay, so that IPv6 is first */
        nameserver_release(&asker.server);
    }
    (void)event_base_dispatch(asker.base);
    int is_ipv6      = asker.found.items[0].at.any.sa_family == AF_INET6;
    int delay_passed = clock_monotonic() - begin >= (NET_RESOLUTION_DELAY_MS - 5) * CLOCK_NS_PER_MS;
    ck_assert_int_eq(is_ipv6 && _i == 1, 0);
    ck_assert_int_eq(is_ipv6 || delay_passed, 1);
    close_asker(&asker);
}
END_TEST

START_TEST(a_second_answer_without_addresses_ends_the_look_up)
{
    struct asker asker = {
        .server        = {.holds_ipv4 = 1, .ipv4 = {3, NULL}, .ipv6 = {0, "2001:db8::1"}},
        .stop_at_first = 1};
    open_asker(&asker);
    ask(&asker, "a.test");
    (void)event_base_dispatch(asker.base);
    nameserver_release(&asker.server);
    (void)event_base_dispatch(asker.base);
    ck_assert_int_eq(asker.answers, 2);
    ck_assert_uint_eq(asker.found.count, 1);
    ck_assert_int_eq(asker.why.code, 0);
    close_asker(&asker);
}
END_TEST

static const struct {
    struct nameserver_answer answer;
    const char *says;
    enum hawser_code code;
} FAILURES[] = {
    {{3, NULL}, "nothing.test not resolved: no such name", HAWSER_NET_RESOLVE},
    {{2, NULL}, "no nameserver gave an answer", HAWSER_NET_TIMEOUT},
    {{5, NULL}, "refused", HAWSER_NET_RESOLVE},
    {{0, NULL}, "no address", HAWSER_NET_RESOLVE},
    {{NAMESERVER_SILENT, NULL}, "no nameserver gave an answer", HAWSER_NET_TIMEOUT},
};

START_TEST(a_failure_names_host_and_reason)
{
    struct asker asker = {.server = {.ipv4 = FAILURES[_i].answer, .ipv6 = FAILURES[_i].answer}};
    open_asker(&asker);
    ask(&asker, "nothing.test");
    (void)event_base_dispatch(asker.base);
    ck_assert_int_eq(asker.answers, 1);
    ck_assert_uint_eq(asker.found.count, 0);
    ck_assert_msg(strstr(asker.why.message, FAILURES[_i].says) != NULL, "%s", asker.why.message);
    ck_assert_int_eq(asker.why.code, FAILURES[_i].code);
    ck_assert_int_eq(asker.why.cause_kind, HAWSER_CAUSE_DNS);
    close_asker(&asker);
}
END_TEST

START_TEST(a_look_up_can_be_given_up_after_any_turn)
{
    struct asker asker = {.server = {.ipv4 = {0, "192.0.2.1"}, .ipv6 = {_i % 2 - 1, "::1"}}};
    open_asker(&asker);
    ask(&asker, "a.test");
    for (int turn = 0; turn < _i / 2; turn++) {
        (void)event_base_loop(asker.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    }
    int answers = asker.answers;
    net_resolve_destroy(asker.resolve);
    asker.resolve = NULL;
    for (int turn = 0; turn < 10; turn++) {
        (void)event_base_loop(asker.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    }
    ck_assert_int_eq(asker.answers, answers);
    ck_assert_int_eq(list_is_empty(&asker.loop->lookups), 1);
    close_asker(&asker);
}
END_TEST

START_TEST(a_loop_can_go_with_requests_on_their_way)
{
    struct asker asker = {.server = {.ipv4 = {0, "192.0.2.1"}, .ipv6 = {NAMESERVER_SILENT, NULL}}};
    open_asker(&asker);
    ask(&asker, "a.test");
    for (int turn = 0; turn < _i; turn++) {
        (void)event_base_loop(asker.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    }
    close_asker(&asker); /* no turn between the end of the look-up and that of the loop */
}
END_TEST

START_TEST(a_loop_with_a_base_of_its_own_frees_cut_off_requests)
{
    struct asker asker      = {.server = {.ipv4 = {NAMESERVER_SILENT, NULL}}};
    struct hawser_error err = HAWSER_ERROR_INIT;
    open_asker(&asker);
    struct net_loop *own    = net_loop_create(NULL, &err);
    own->resolv_conf        = asker.server.resolv_conf;
    struct net_resolve *one = net_resolve_start(own, "a.test", 1, on_answer, &asker, &err);
    struct net_resolve *two = net_resolve_start(own, "b.test", 1, on_answer, &asker, &err);
    ck_assert_ptr_nonnull(one);
    ck_assert_ptr_nonnull(two);
    net_resolve_destroy(one);
    net_resolve_destroy(two);
    net_loop_destroy(own);
    ck_assert_int_eq(asker.answers, 0);
    close_asker(&asker);
}
END_TEST

START_TEST(a_changed_resolv_conf_is_read_again)
{
    struct asker asker       = {.server = {.ipv4 = {0, "192.0.2.1"}}};
    struct nameserver second = {.ipv4 = {0, "192.0.2.2"}};
    open_asker(&asker);
    nameserver_open(&second, asker.base);
    ask(&asker, "a.test");
    (void)event_base_dispatch(asker.base);
    assert_first(&asker, "192.0.2.1:443");
    net_resolve_destroy(asker.resolve);
    asker.resolve = NULL;
    for (int turn = 0; turn < 5; turn++) {
        (void)event_base_loop(asker.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    }
    asker.loop->resolv_conf      = second.resolv_conf;
    asker.loop->resolv_conf_time = 1; /* as if the file had been another one then */
    asker.answers                = 0;
    asker.found.count            = 0;
    ask(&asker, "a.test");
    (void)event_base_dispatch(asker.base);
    assert_first(&asker, "192.0.2.2:443");
    nameserver_close(&second);
    close_asker(&asker);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/resolve");
    TCase *tcase = tcase_create("resolve");
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, literals_and_localhost_ask_nobody, 0, 3);
    tcase_add_test(tcase, both_families_are_asked_and_ipv6_comes_first);
    tcase_add_loop_test(tcase, one_family_is_enough_whatever_the_other_says, 0, 8);
    tcase_add_test(tcase, ipv6_is_told_at_once_and_ipv4_when_it_comes);
    tcase_add_loop_test(tcase, ipv4_waits_a_moment_for_ipv6_and_not_longer, 0, 2);
    tcase_add_test(tcase, a_second_answer_without_addresses_ends_the_look_up);
    tcase_add_loop_test(tcase, a_failure_names_host_and_reason, 0,
                        sizeof(FAILURES) / sizeof(FAILURES[0]));
    tcase_add_loop_test(tcase, a_look_up_can_be_given_up_after_any_turn, 0, 12);
    tcase_add_loop_test(tcase, a_loop_can_go_with_requests_on_their_way, 0, 6);
    tcase_add_test(tcase, a_loop_with_a_base_of_its_own_frees_cut_off_requests);
    tcase_add_test(tcase, a_changed_resolv_conf_is_read_again);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
