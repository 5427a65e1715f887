/*
 * Datagrams to a daemon that is there, that is not, and that comes back.
 */
#include "statsd/socket.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "receiver.h"
#include "support/suite.h"

static struct receiver receiver;
static struct statsd_socket *sock;
static char folder[] = "/tmp/hawser-statsd-XXXXXX";
static char path[sizeof(folder) + 8];

static void set_up(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/daemon", folder);
    receiver.fd = -1;
    sock        = NULL;
}

static void tear_down(void)
{
    statsd_socket_destroy(sock);
    if (receiver.fd >= 0) {
        receiver_close(&receiver);
    }
    (void)unlink(path); /* not every test makes it */
    ck_assert_int_eq(rmdir(folder), 0);
}

static struct statsd_sent send_text(const char *text)
{
    return statsd_socket_send(sock, text, strlen(text));
}

static void expect_arrival(const char *text)
{
    struct statsd_sent sent = send_text(text);
    ck_assert_msg(!sent.is_lost && !sent.is_earlier_lost, "%s", sent.why);
    ck_assert_ptr_null(sent.why);
    ck_assert(receiver_take(&receiver));
    ck_assert_str_eq(receiver.bytes, text);
}

START_TEST(a_datagram_arrives_over_ipv4_as_it_is)
{
    ck_assert_int_eq(receiver_open_udp(&receiver, 0), 0);
    sock = statsd_socket_create(receiver.address, 0);
    expect_arrival("a:1|c\n");
    expect_arrival("b:1|c\nc:2|g\n");
}
END_TEST

START_TEST(a_datagram_arrives_over_ipv6_as_it_is)
{
    if (receiver_open_udp(&receiver, 1) != 0) {
        return; /* a machine without IPv6 */
    }
    sock = statsd_socket_create(receiver.address, 0);
    expect_arrival("a:1|c\n");
}
END_TEST

START_TEST(a_name_is_looked_up_and_a_refusing_address_gives_way_to_the_next)
{
    char address[64];
    ck_assert_int_eq(receiver_open_udp(&receiver, 0), 0);
    snprintf(address, sizeof(address), "localhost%s", strchr(receiver.address, ':'));
    sock = statsd_socket_create(address, 20000);
    /* Where localhost is ::1 first, the first datagram or two are refused there. */
    int arrived = 0;
    for (int i = 0; i < 8 && !arrived; i++) {
        (void)send_text("a:1|c\n");
        arrived = receiver_take(&receiver);
    }
    ck_assert(arrived);
    statsd_socket_refresh(sock);
    expect_arrival("b:1|c\n");
}
END_TEST

START_TEST(a_refused_datagram_is_told_at_the_next_one_which_is_sent_all_the_same)
{
    ck_assert_int_eq(receiver_open_udp(&receiver, 0), 0);
    sock = statsd_socket_create(receiver.address, 0);
    receiver_close(&receiver);
    struct statsd_sent sent = send_text("lost:1|c\n");
    ck_assert(!sent.is_lost && !sent.is_earlier_lost); /* nobody knows yet */
    receiver_open_again(&receiver);
    sent = send_text("here:1|c\n");
    ck_assert(!sent.is_lost);
    ck_assert(sent.is_earlier_lost);
    ck_assert_str_eq(sent.why, "Connection refused");
    ck_assert(receiver_take(&receiver));
    ck_assert_str_eq(receiver.bytes, "here:1|c\n");
    expect_arrival("again:1|c\n");
}
END_TEST

START_TEST(a_unix_socket_that_a_new_daemon_bound_again_is_found)
{
    receiver_open_unix(&receiver, path);
    sock = statsd_socket_create(receiver.address, 0);
    expect_arrival("a:1|c\n");
    receiver_close(&receiver);
    struct statsd_sent sent = send_text("lost:1|c\n");
    ck_assert(sent.is_lost);
    ck_assert(!sent.is_earlier_lost);
    receiver_open_unix(&receiver, path);
    expect_arrival("b:1|c\n");
}
END_TEST

START_TEST(a_daemon_that_takes_nothing_costs_datagrams_and_no_time)
{
    receiver_open_unix(&receiver, path);
    sock     = statsd_socket_create(receiver.address, 0);
    int lost = 0;
    for (int i = 0; i < 100000 && !lost; i++) { /* a blocking send would never come back */
        lost = send_text("a:1|c\n").is_lost;
    }
    ck_assert(lost);
    while (receiver_take(&receiver)) {
    }
    expect_arrival("b:1|c\n");
}
END_TEST

START_TEST(a_datagram_over_the_limit_of_udp_is_lost_alone)
{
    static char large[70000];
    ck_assert_int_eq(receiver_open_udp(&receiver, 0), 0);
    sock                    = statsd_socket_create(receiver.address, 0);
    struct statsd_sent sent = statsd_socket_send(sock, large, sizeof(large));
    ck_assert(sent.is_lost);
    ck_assert_str_eq(sent.why, "Message too long");
    expect_arrival("a:1|c\n");
}
END_TEST

START_TEST(what_could_not_be_sent_at_all_is_no_earlier_loss)
{
    sock = statsd_socket_create("255.255.255.255:9", 0); /* broadcast was not asked for */
    for (int i = 0; i < 2; i++) {
        struct statsd_sent sent = send_text("a:1|c\n");
        ck_assert(sent.is_lost);
        ck_assert(!sent.is_earlier_lost);
        ck_assert_ptr_nonnull(sent.why);
    }
}
END_TEST

START_TEST(a_name_that_does_not_exist_costs_datagrams_and_says_why)
{
    sock = statsd_socket_create("no-such-host.invalid:8125", 0);
    for (int i = 0; i < 3; i++) {
        struct statsd_sent sent = send_text("a:1|c\n");
        ck_assert(sent.is_lost);
        ck_assert_ptr_nonnull(sent.why);
        statsd_socket_refresh(sock);
    }
}
END_TEST

static const char *const GOOD[] = {"127.0.0.1:8125", "[::1]:8125", "statsd.example:65535",
                                   "unix:/run/statsd"};

START_TEST(addresses_of_every_form_pass_the_check)
{
    const char *why = NULL;
    ck_assert_msg(statsd_socket_check(GOOD[_i], &why) == 0, "%s: %s", GOOD[_i], why);
    ck_assert_ptr_null(why);
}
END_TEST

static const char *const WRONG[] = {
    "", "host", ":8125", "host:", "unix:", "unix:relative/path", "host:1234567"};

START_TEST(addresses_that_lack_something_are_refused_with_a_reason)
{
    const char *why = NULL;
    ck_assert_msg(statsd_socket_check(WRONG[_i], &why) == -1, "%s", WRONG[_i]);
    ck_assert_ptr_nonnull(why);
}
END_TEST

START_TEST(a_unix_path_may_have_107_bytes)
{
    char address[5 + 108 + 1];
    const char *why = NULL;
    memset(address, 'a', sizeof(address));
    memcpy(address, "unix:/", 6);
    address[5 + 107] = '\0';
    ck_assert_int_eq(statsd_socket_check(address, &why), 0);
    address[5 + 107] = 'a';
    address[5 + 108] = '\0';
    ck_assert_int_eq(statsd_socket_check(address, &why), -1);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("socket");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_datagram_arrives_over_ipv4_as_it_is);
    tcase_add_test(cases, a_datagram_arrives_over_ipv6_as_it_is);
    tcase_add_test(cases, a_name_is_looked_up_and_a_refusing_address_gives_way_to_the_next);
    tcase_add_test(cases, a_refused_datagram_is_told_at_the_next_one_which_is_sent_all_the_same);
    tcase_add_test(cases, a_unix_socket_that_a_new_daemon_bound_again_is_found);
    tcase_add_test(cases, a_daemon_that_takes_nothing_costs_datagrams_and_no_time);
    tcase_add_test(cases, a_datagram_over_the_limit_of_udp_is_lost_alone);
    tcase_add_test(cases, what_could_not_be_sent_at_all_is_no_earlier_loss);
    tcase_add_test(cases, a_name_that_does_not_exist_costs_datagrams_and_says_why);
    tcase_add_loop_test(cases, addresses_of_every_form_pass_the_check, 0, 4);
    tcase_add_loop_test(cases, addresses_that_lack_something_are_refused_with_a_reason, 0, 7);
    tcase_add_test(cases, a_unix_path_may_have_107_bytes);
    return suite_run("plugins/statsd/socket", cases);
}
