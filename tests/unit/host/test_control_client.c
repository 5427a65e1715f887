/*
 * The client of the control socket against a scripted host: one thread that plays it.
 */
#include "host/control_client.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/suite.h"
#include "unit/conf/conf_fixture.h"

#define PATH "control.sock"

enum ending { CLOSE, STAY };

static struct script {
    const char *answer;
    enum ending ending;
    int is_slow; /* a byte at a time */
    int listener;
    pthread_t thread;
    char request[4096];
} host;

static struct hawser_error err;

static void set_up(void)
{
    folder_setup();
    err  = (struct hawser_error)HAWSER_ERROR_INIT;
    host = (struct script){.listener = -1};
}

static void tear_down(void)
{
    if (host.listener >= 0) {
        (void)close(host.listener); /* nobody waits there any more */
        (void)unlink(PATH);         /* it is there */
    }
    folder_teardown();
}

static void read_request(int fd)
{
    size_t len = 0;
    while (len < sizeof(host.request) - 1 && memchr(host.request, '\n', len) == NULL) {
        ssize_t got = recv(fd, host.request + len, sizeof(host.request) - 1 - len, 0);
        if (got <= 0) {
            return;
        }
        len += (size_t)got;
    }
}

static void *play(void *arg)
{
    (void)arg;
    int fd = accept(host.listener, NULL, NULL);
    if (fd < 0) {
        return NULL;
    }
    read_request(fd);
    size_t piece = host.is_slow ? 1 : strlen(host.answer);
    for (size_t at = 0; at < strlen(host.answer); at += piece) {
        if (send(fd, host.answer + at, piece, MSG_NOSIGNAL) < 0) {
            break;
        }
    }
    char rest;
    while (host.ending == STAY && recv(fd, &rest, 1, 0) > 0) { /* to the client's end */
    }
    (void)close(fd); /* the script is over */
    return NULL;
}

static void start_host(const char *answer, enum ending ending)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = PATH};
    host.answer             = answer;
    host.ending             = ending;
    host.listener           = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(host.listener, 0);
    ck_assert_int_eq(bind(host.listener, (struct sockaddr *)&name, sizeof(name)), 0);
    ck_assert_int_eq(listen(host.listener, 1), 0);
    ck_assert_int_eq(pthread_create(&host.thread, NULL, play, NULL), 0);
}

static json_t *ask(json_t *params, int64_t timeout_ms)
{
    json_t *answer = control_ask(PATH, "host.status", params, timeout_ms, &err);
    ck_assert_int_eq(pthread_join(host.thread, NULL), 0);
    return answer;
}

START_TEST(a_request_is_one_line_of_json_rpc_and_the_answer_comes_back_whole)
{
    start_host("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"pid\":7}}\n", STAY);
    json_t *answer = ask(json_pack("{s:s}", "session", "b\nc"), 20000);
    ck_assert_ptr_nonnull(answer);
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(answer, "result"), "pid")),
                     7);
    ck_assert_str_eq(host.request, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"host.status\","
                                   "\"params\":{\"session\":\"b\\nc\"}}\n");
    json_decref(answer);
}
END_TEST

START_TEST(a_request_without_params_has_none)
{
    start_host("{\"result\":1}\n", CLOSE);
    json_t *answer = ask(NULL, 20000);
    ck_assert_ptr_nonnull(answer);
    ck_assert_str_eq(host.request, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"host.status\"}\n");
    json_decref(answer);
}
END_TEST

START_TEST(an_answer_that_comes_byte_by_byte_is_the_same)
{
    host.is_slow = 1;
    start_host("{\"result\":{\"text\":\"slow \\u00e4\"}}\n", STAY);
    json_t *answer = ask(NULL, 20000);
    ck_assert_ptr_nonnull(answer);
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(answer, "result"), "text")),
                     "slow \xc3\xa4");
    json_decref(answer);
}
END_TEST

START_TEST(an_error_of_the_host_is_an_answer)
{
    start_host("{\"id\":1,\"error\":{\"code\":-32601,\"message\":\"no such method\"}}\n", CLOSE);
    json_t *answer = ask(NULL, 20000);
    ck_assert_ptr_nonnull(json_object_get(answer, "error"));
    ck_assert_uint_eq(err.code, 0);
    json_decref(answer);
}
END_TEST

START_TEST(what_follows_the_answer_is_not_part_of_it)
{
    start_host("{\"result\":1}\n{\"result\":2}\n", CLOSE);
    json_t *answer = ask(NULL, 20000);
    ck_assert_int_eq(json_integer_value(json_object_get(answer, "result")), 1);
    json_decref(answer);
}
END_TEST

START_TEST(an_answer_larger_than_one_read_arrives_whole)
{
    static char large[300000];
    size_t len = (size_t)snprintf(large, sizeof(large), "{\"result\":\"");
    memset(large + len, 'x', 250000);
    memcpy(large + len + 250000, "\"}\n", 4);
    start_host(large, CLOSE);
    json_t *answer = ask(NULL, 20000);
    ck_assert_uint_eq(json_string_length(json_object_get(answer, "result")), 250000);
    json_decref(answer);
}
END_TEST

START_TEST(a_host_that_does_not_answer_costs_the_time_allowed)
{
    start_host("{\"result\":", STAY);
    ck_assert_ptr_null(ask(NULL, 50));
    ck_assert_uint_eq(err.code, HAWSER_REQUEST_TIMEOUT);
}
END_TEST

static const char *const NO_ANSWERS[] = {"", "{\"result\":", "[1]\n", "nonsense\n", "\n"};

START_TEST(what_is_no_answer_is_an_error)
{
    start_host(NO_ANSWERS[_i], CLOSE);
    ck_assert_ptr_null(ask(NULL, 20000));
    ck_assert_uint_ne(err.code, 0);
    ck_assert_int_ne(err.message[0], '\0');
}
END_TEST

START_TEST(no_socket_asks_whether_the_host_runs)
{
    ck_assert_ptr_null(control_ask(PATH, "host.status", json_object(), 1000, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "is a host "));
    ck_assert_uint_eq(err.code, HAWSER_SYSTEM_CALL);
}
END_TEST

START_TEST(a_path_too_long_for_a_socket_is_refused)
{
    char path[200];
    memset(path, 'p', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    ck_assert_ptr_null(control_ask(path, "host.status", NULL, 1000, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "too long"));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("control_client");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_request_is_one_line_of_json_rpc_and_the_answer_comes_back_whole);
    tcase_add_test(cases, a_request_without_params_has_none);
    tcase_add_test(cases, an_answer_that_comes_byte_by_byte_is_the_same);
    tcase_add_test(cases, an_error_of_the_host_is_an_answer);
    tcase_add_test(cases, what_follows_the_answer_is_not_part_of_it);
    tcase_add_test(cases, an_answer_larger_than_one_read_arrives_whole);
    tcase_add_test(cases, a_host_that_does_not_answer_costs_the_time_allowed);
    tcase_add_loop_test(cases, what_is_no_answer_is_an_error, 0, 5);
    tcase_add_test(cases, no_socket_asks_whether_the_host_runs);
    tcase_add_test(cases, a_path_too_long_for_a_socket_is_refused);
    return suite_run("host/control_client", cases);
}
