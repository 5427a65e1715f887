/*
 * core/host/notify: datagrams to the service manager, and what its variables may be.
 */
#include "host/notify.h"

#include <check.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/suite.h"

static struct notify notify;
static int manager = -1;

static void clear_environment(void)
{
    ck_assert_int_eq(unsetenv("NOTIFY_SOCKET"), 0);
    ck_assert_int_eq(unsetenv("WATCHDOG_USEC"), 0);
    ck_assert_int_eq(unsetenv("WATCHDOG_PID"), 0);
}

static void teardown(void)
{
    notify_close(&notify);
    if (manager >= 0) {
        (void)close(manager); /* of a test */
    }
    manager = -1;
}

/* Listen on a socket of this name ('@': abstract), and say so in the environment. */
static void listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@') {
        address.sun_path[0] = 0;
    }
    manager = socket(AF_UNIX, SOCK_DGRAM, 0);
    ck_assert_int_eq(bind(manager, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
                     0);
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
}

static void expect(const char *lines)
{
    char text[NOTIFY_MAX_BYTES] = "";
    ck_assert_int_eq(recv(manager, text, sizeof(text) - 1, MSG_DONTWAIT), (ssize_t)strlen(lines));
    ck_assert_str_eq(text, lines);
}

static void open_well(void)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_int_eq(notify_open(&notify, &err), 0);
}

static void expect_refusal(const char *what)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_int_eq(notify_open(&notify, &err), -1);
    ck_assert_msg(strstr(err.message, what) != NULL, "%s", err.message);
}

START_TEST(without_a_service_manager_nothing_is_sent_and_nothing_fails)
{
    open_well();
    ck_assert(!notify_is_open(&notify));
    ck_assert_int_eq(notify_send(&notify, "READY=1"), 0);
}
END_TEST

START_TEST(a_datagram_reaches_a_socket_at_a_path)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/tmp/hawser-notify-%ld", (long)getpid());
    listen_at(path);
    open_well();
    ck_assert_int_eq(notify_send(&notify, "READY=1\nMAINPID=7\n"), 0);
    expect("READY=1\nMAINPID=7\n");
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(a_datagram_reaches_an_abstract_socket)
{
    char name[64];
    (void)snprintf(name, sizeof(name), "@hawser-notify-%ld", (long)getpid());
    listen_at(name);
    open_well();
    ck_assert_int_eq(notify_send(&notify, "WATCHDOG=1"), 0);
    expect("WATCHDOG=1");
}
END_TEST

START_TEST(a_manager_that_is_gone_is_a_failure_to_try_again)
{
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1), 0);
    open_well();
    ck_assert(notify_is_open(&notify));
    ck_assert_int_eq(notify_send(&notify, "READY=1"), -1);
}
END_TEST

START_TEST(a_queue_that_is_full_is_a_failure_and_never_a_wait)
{
    char name[64];
    int rc = 0;
    (void)snprintf(name, sizeof(name), "@hawser-full-%ld", (long)getpid());
    listen_at(name);
    open_well();
    for (int i = 0; rc == 0 && i < 100000; i++) {
        rc = notify_send(&notify, "STATUS=again");
    }
    ck_assert_int_eq(rc, -1);
    expect("STATUS=again");
    ck_assert_int_eq(notify_send(&notify, "READY=1"), 0);
}
END_TEST

START_TEST(addresses_that_sd_notify_does_not_know_are_refused)
{
    char path[200];
    memset(path, 'a', sizeof(path));
    path[0]                          = '/';
    path[sizeof(path) - 1]           = 0;
    static const char *const WRONG[] = {"", "/", "@", "relative", "vsock:2:1234"};
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        ck_assert_int_eq(setenv("NOTIFY_SOCKET", WRONG[i], 1), 0);
        expect_refusal("NOTIFY_SOCKET=");
        ck_assert(!notify_is_open(&notify));
    }
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", path, 1), 0);
    expect_refusal("too long");
}
END_TEST

static void set_watchdog(const char *usec, const char *pid)
{
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", "@hawser-watchdog", 1), 0);
    ck_assert_int_eq(setenv("WATCHDOG_USEC", usec, 1), 0);
    ck_assert_int_eq(pid == NULL ? unsetenv("WATCHDOG_PID") : setenv("WATCHDOG_PID", pid, 1), 0);
}

START_TEST(the_watchdog_counts_for_the_process_it_names_alone)
{
    char own[32];
    (void)snprintf(own, sizeof(own), "%ld", (long)getpid());
    set_watchdog("30000000", own);
    open_well();
    ck_assert_int_eq(notify.watchdog, 30 * CLOCK_NS_PER_S);
    ck_assert_ptr_null(getenv("WATCHDOG_PID")); /* so that a successor counts as this one */
    notify_close(&notify);
    set_watchdog("30000000", NULL);
    open_well();
    ck_assert_int_eq(notify.watchdog, 30 * CLOCK_NS_PER_S);
    notify_close(&notify);
    set_watchdog("30000000", "1");
    open_well();
    ck_assert_int_eq(notify.watchdog, 0);
    ck_assert_ptr_nonnull(getenv("WATCHDOG_PID"));
}
END_TEST

START_TEST(a_watchdog_that_is_no_number_is_refused_and_the_rest_still_told)
{
    static const char *const WRONG[] = {"", "0", "-1", "1s", "99999999999999999999"};
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        set_watchdog(WRONG[i], NULL);
        expect_refusal("WATCHDOG_USEC=");
        ck_assert(notify_is_open(&notify));
        ck_assert_int_eq(notify.watchdog, 0);
        notify_close(&notify);
    }
}
END_TEST

START_TEST(foreign_text_cannot_begin_a_line_of_its_own)
{
    char text[] = "STATUS=closed: bye\nSTOPPING=1\t\x7f\xc3\xa9";
    notify_clean(text);
    ck_assert_str_eq(text, "STATUS=closed: bye?STOPPING=1????");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("notify");
    tcase_add_checked_fixture(cases, clear_environment, teardown);
    tcase_add_test(cases, without_a_service_manager_nothing_is_sent_and_nothing_fails);
    tcase_add_test(cases, a_datagram_reaches_a_socket_at_a_path);
    tcase_add_test(cases, a_datagram_reaches_an_abstract_socket);
    tcase_add_test(cases, a_manager_that_is_gone_is_a_failure_to_try_again);
    tcase_add_test(cases, a_queue_that_is_full_is_a_failure_and_never_a_wait);
    tcase_add_test(cases, addresses_that_sd_notify_does_not_know_are_refused);
    tcase_add_test(cases, the_watchdog_counts_for_the_process_it_names_alone);
    tcase_add_test(cases, a_watchdog_that_is_no_number_is_refused_and_the_rest_still_told);
    tcase_add_test(cases, foreign_text_cannot_begin_a_line_of_its_own);
    return suite_run("host/notify", cases);
}
