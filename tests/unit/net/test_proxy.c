/*
 * Proxy URLs, and the talk with a proxy: each answer split at every byte, each refusal in words, no
 * more bytes than there is room for.
 */
#include "net/proxy.h"

#include <string.h>

#include "base/slice.h"
#include "net/proxy_talk.h"
#include "support/guard.h"
#include "support/suite.h"

/* As SLICE_LITERAL, for tables. */
#define BYTES(text)                                                                                \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }
#define COUNT(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

static struct net_proxy proxy;
static struct net_url target;
static struct hawser_error err;

static void set_up(void)
{
    err = (struct hawser_error)HAWSER_ERROR_INIT;
}

static void tear_down(void)
{
    net_proxy_fini(&proxy);
    net_url_fini(&target);
}

static void parse(const char *text)
{
    ck_assert_msg(net_proxy_parse(text, &proxy, &err) == 0, "%s", err.message);
}

static void aim(const char *proxy_text, const char *target_text)
{
    parse(proxy_text);
    ck_assert_msg(net_url_parse(target_text, &target, &err) == 0, "%s", err.message);
}

/* The whole talk with the answers of a proxy, which come in two parts. @return of the last feed */
static int talk_split(struct hawser_slice answers, size_t split, struct buf *said)
{
    struct net_proxy_talk talk;
    int rc = net_proxy_talk_begin(&talk, &proxy, &target, &err);
    ck_assert_int_eq(rc, 0);
    for (int part = 0; part < 2 && rc == 0; part++) {
        size_t from              = part == 0 ? 0 : split;
        size_t len               = part == 0 ? split : answers.len - split;
        struct hawser_slice copy = guard_copy(answers.data + from, len);
        rc                       = net_proxy_talk_feed(&talk, copy, &err);
        guard_free(copy);
    }
    ck_assert_int_eq(buf_append_slice(said, buf_slice(&talk.out)), 0);
    net_proxy_talk_fini(&talk);
    ck_assert_int_eq(rc < 0, err.code != 0);
    return rc;
}

static void assert_opens(struct hawser_slice answers, struct hawser_slice expected)
{
    for (size_t split = 0; split <= answers.len; split++) {
        struct buf said = {.max = 0};
        ck_assert_msg(talk_split(answers, split, &said) == 1, "split at %zu: %s", split,
                      err.message);
        ck_assert_msg(slice_equal(buf_slice(&said), expected), "%.*s", (int)said.len,
                      (const char *)buf_data(&said));
        buf_fini(&said);
    }
}

static void assert_refused(struct hawser_slice answers, enum hawser_code code, const char *says)
{
    for (size_t split = 0; split <= answers.len; split++) {
        struct buf said = {.max = 0};
        err             = (struct hawser_error)HAWSER_ERROR_INIT;
        ck_assert_msg(talk_split(answers, split, &said) == -1, "split at %zu", split);
        ck_assert_msg(err.code == code, "%u: %s", err.code, err.message);
        ck_assert_msg(strstr(err.message, says) != NULL, "%s", err.message);
        buf_fini(&said);
    }
}

START_TEST(a_proxy_url_is_taken_apart)
{
    parse("HTTP://Proxy.Example:3128/");
    ck_assert_uint_eq(proxy.kind, NET_PROXY_HTTP);
    ck_assert_str_eq(proxy.host, "proxy.example");
    ck_assert_uint_eq(proxy.port, 3128);
    ck_assert_ptr_null(proxy.user);
    net_proxy_fini(&proxy);
    parse("socks5://me:p%40ss%3A%2f@[::1]");
    ck_assert_uint_eq(proxy.kind, NET_PROXY_SOCKS5);
    ck_assert_str_eq(proxy.host, "::1");
    ck_assert_uint_eq(proxy.port, 1080);
    ck_assert_str_eq(proxy.user, "me");
    ck_assert_str_eq(proxy.password, "p@ss:/");
    net_proxy_fini(&proxy);
    parse("http://me@h");
    ck_assert_uint_eq(proxy.port, 80);
    ck_assert_str_eq(proxy.password, "");
}
END_TEST

START_TEST(what_is_wrong_with_a_proxy_url_is_said_without_it)
{
    static const char *const ROWS[][2] = {
        {"h:3128", "expected http://"},
        {"https://h:1", "expected http://"},
        {"socks4://h:1", "expected http://"},
        {"http://", "host is missing"},
        {"http://h:0", "port"},
        {"http://h:99999", "port"},
        {"http://h/path", "path"},
        {"http://h?x", "path"},
        {"http://:hunter2@h", "user name is empty"},
        {"http://a%3ab:hunter2@h", "':'"},
        {"http://a:hunter2%0d@h", "control character"},
        {"http://a:hunter2%00@h", "hexadecimal"},
        {"http://a:hunter2%4@h", "hexadecimal"},
        {"http://a:hunter2%@h", "hexadecimal"},
        {"http://a:hunter2@h h", "space"},
        {"http://a:hunter2@", "host is missing"},
        {"socks5://a:hunter2@1.2.3", "IPv4"},
    };
    ck_assert_int_eq(net_proxy_parse(ROWS[_i][0], &proxy, &err), -1);
    ck_assert_int_eq(err.code, HAWSER_NET_URL);
    ck_assert_msg(strstr(err.message, ROWS[_i][1]) != NULL, "%s", err.message);
    ck_assert_msg(strncmp(err.message, "proxy: ", 7) == 0, "%s", err.message);
    ck_assert_msg(strstr(err.message, "hunter2") == NULL, "%s", err.message);
}
END_TEST

START_TEST(a_login_of_255_bytes_fits_and_one_more_does_not)
{
    char text[300] = "http://";
    memset(text + 7, 'u', 256);
    memcpy(text + 7 + 256, "@h", 3);
    ck_assert_int_eq(net_proxy_parse(text, &proxy, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "255"));
    memcpy(text + 7 + 255, "@h", 3);
    parse(text);
    ck_assert_uint_eq(strlen(proxy.user), 255);
}
END_TEST

START_TEST(another_login_replaces_that_of_the_url)
{
    parse("http://me:old@h");
    ck_assert_int_eq(net_proxy_set_login(&proxy, "you", "new", &err), 0);
    ck_assert_str_eq(proxy.user, "you");
    ck_assert_str_eq(proxy.password, "new");
    ck_assert_int_eq(net_proxy_set_login(&proxy, "a\nb", "x", &err), -1);
    ck_assert_str_eq(proxy.user, "you");
}
END_TEST

START_TEST(connect_asks_for_host_and_port_with_the_login)
{
    aim("http://me:secret@h", "wss://exchange.example/ws");
    assert_opens(SLICE_LITERAL("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n"),
                 SLICE_LITERAL("CONNECT exchange.example:443 HTTP/1.1\r\nHost: "
                               "exchange.example:443\r\nProxy-Authorization: Basic "
                               "bWU6c2VjcmV0\r\n\r\n"));
}
END_TEST

START_TEST(connect_brackets_ipv6_and_takes_any_2xx_after_a_1xx)
{
    static const char *const ANSWERS[] = {
        "HTTP/1.0 200\r\n\r\n",
        "HTTP/1.1 204 No\nX: y\n\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
    };
    aim("http://h", "ws://[2001:db8::1]:8080/");
    assert_opens(slice_of(ANSWERS[_i]),
                 SLICE_LITERAL("CONNECT [2001:db8::1]:8080 HTTP/1.1\r\nHost: "
                               "[2001:db8::1]:8080\r\n\r\n"));
}
END_TEST

static const struct {
    const char *answer;
    const char *says;
    enum hawser_code code;
    int status;
} HTTP_REFUSALS[] = {
    {"HTTP/1.1 403 Forbidden\r\n\r\nbody", "HTTP 403 Forbidden", HAWSER_NET_PROXY, 403},
    {"HTTP/1.1 502 \r\n\r\n", "HTTP 502", HAWSER_NET_PROXY, 502},
    {"HTTP/1.1 301 Moved\r\nLocation: x\r\n\r\n", "HTTP 301", HAWSER_NET_PROXY, 301},
    {"HTTP/1.1 503 B\x1b[31m\xff\r\n\r\n", "HTTP 503 B?[31m?", HAWSER_NET_PROXY, 503},
    {"HTTP/1.1 407 Login\r\n\r\n", "demands a login (HTTP 407 Login)", HAWSER_NET_PROXY_AUTH, 407},
    {"HTTP/1.1 000 X\r\n\r\n", "HTTP 0", HAWSER_NET_PROXY, 0},
    {"SSH-2.0-OpenSSH\r\n", "as an HTTP proxy does", HAWSER_NET_PROXY, -1},
    {"\x05\xff", "as an HTTP proxy does", HAWSER_NET_PROXY, -1},
    {"HTTP/1.1 2000\r\n\r\n", "as an HTTP proxy does", HAWSER_NET_PROXY, -1},
    {"HTTP/2 200\r\n\r\n", "as an HTTP proxy does", HAWSER_NET_PROXY, -1},
};

START_TEST(an_http_proxys_refusal_keeps_its_status_and_reason)
{
    aim("http://h", "wss://x.test/");
    assert_refused(slice_of(HTTP_REFUSALS[_i].answer), HTTP_REFUSALS[_i].code,
                   HTTP_REFUSALS[_i].says);
    if (HTTP_REFUSALS[_i].status >= 0) {
        ck_assert_int_eq(err.cause_kind, HAWSER_CAUSE_HTTP);
        ck_assert_int_eq(err.cause, HTTP_REFUSALS[_i].status);
    }
}
END_TEST

START_TEST(a_refused_login_names_the_user_and_not_the_password)
{
    static const char *const ANSWERS[] = {"HTTP/1.1 407 No\r\n\r\n", "HTTP/1.1 401 No\r\n\r\n"};
    aim("http://me:secret@h", "wss://x.test/");
    assert_refused(slice_of(ANSWERS[_i]), HAWSER_NET_PROXY_AUTH, "refused user me");
    ck_assert_int_eq(err.category, HAWSER_AUTHENTICATION);
    ck_assert_int_eq(err.recovery, HAWSER_RECOVER_STOP);
    ck_assert_ptr_null(strstr(err.message, "secret"));
}
END_TEST

START_TEST(what_a_proxys_rules_forbid_is_asked_for_slowly)
{
    static const struct hawser_slice ANSWERS[] = {
        BYTES("HTTP/1.1 403 No\r\n\r\n"), BYTES("\5\0\5\2"), BYTES("HTTP/1.1 502 x\r\n\r\n")};
    aim(_i == 1 ? "socks5://h" : "http://h", "wss://x.test/");
    assert_refused(ANSWERS[_i], HAWSER_NET_PROXY, "");
    ck_assert_int_eq(err.recovery,
                     _i == 2 ? HAWSER_RECOVER_RECONNECT : HAWSER_RECOVER_RECONNECT_SLOWLY);
}
END_TEST

START_TEST(retry_after_of_a_proxy_is_kept)
{
    static const struct {
        const char *answer;
        int64_t ms;
    } ROWS[] = {
        {"HTTP/1.1 503 x\r\nRetry-After: 7\r\n\r\n", 7000},
        {"HTTP/1.1 503 x\r\nretry-after:99999999999999999999\r\n\r\n", 86400000},
        {"HTTP/1.1 503 x\r\nRetry-After: Wed, 21 Oct\r\n\r\n", -1},
        {"HTTP/1.1 503 x\r\nX-Retry-After: 7\r\n\r\n", -1},
    };
    aim("http://h", "wss://x.test/");
    assert_refused(slice_of(ROWS[_i].answer), HAWSER_NET_PROXY, "503");
    ck_assert_int_eq(err.retry_after_ms, ROWS[_i].ms);
}
END_TEST

START_TEST(a_proxys_answer_has_a_bound)
{
    struct net_proxy_talk talk;
    int rc = 0;
    aim("http://h", "wss://x.test/");
    ck_assert_int_eq(net_proxy_talk_begin(&talk, &proxy, &target, &err), 0);
    ck_assert_int_eq(net_proxy_talk_feed(&talk, SLICE_LITERAL("HTTP/1.1 200 x"), &err), 0);
    for (size_t i = 14; i < NET_PROXY_REPLY_MAX; i++) {
        rc = net_proxy_talk_feed(&talk, SLICE_LITERAL("y"), &err);
        ck_assert_int_eq(rc, 0);
    }
    ck_assert_int_eq(net_proxy_talk_feed(&talk, SLICE_LITERAL("y"), &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "longer than 8192"));
    net_proxy_talk_fini(&talk);
}
END_TEST

START_TEST(socks_lets_the_proxy_resolve_the_name)
{
    aim("socks5://h", "wss://x.test/");
    assert_opens(SLICE_LITERAL("\5\0\5\0\0\1\1\2\3\4\0\5"),
                 SLICE_LITERAL("\5\1\0\5\1\0\3\6x.test\1\273"));
}
END_TEST

START_TEST(socks_sends_addresses_as_such_and_takes_each_kind_back)
{
    static const struct hawser_slice ANSWERS[] = {
        BYTES("\5\0\5\0\0\1\1\2\3\4\0\5"),
        BYTES("\5\0\5\0\0\3\4name\0\5"),
        BYTES("\5\0\5\0\0\3\0\0\5"),
        BYTES("\5\0\5\0\0\4\1\2\3\4\5\6\7\10\1\2\3\4\5\6\7\10\0\5"),
    };
    aim("socks5://h", "ws://192.0.2.1:8080/");
    assert_opens(ANSWERS[_i], SLICE_LITERAL("\5\1\0\5\1\0\1\300\0\2\1\37\220"));
    net_url_fini(&target);
    net_proxy_fini(&proxy);
    aim("socks5://h", "ws://[2001:db8::1]:1/");
    assert_opens(ANSWERS[_i],
                 SLICE_LITERAL("\5\1\0\5\1\0\4\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1\0\1"));
}
END_TEST

START_TEST(socks_logs_in_when_it_is_asked_to)
{
    aim("socks5://me:secret@h", "ws://x.test:1/");
    assert_opens(SLICE_LITERAL("\5\2\1\0\5\0\0\1\1\2\3\4\0\5"),
                 SLICE_LITERAL("\5\2\0\2\1\2me\6secret\5\1\0\3\6x.test\0\1"));
    assert_opens(SLICE_LITERAL("\5\0\5\0\0\1\1\2\3\4\0\5"),
                 SLICE_LITERAL("\5\2\0\2\5\1\0\3\6x.test\0\1"));
}
END_TEST

static const struct {
    const char *proxy;
    struct hawser_slice answer;
    const char *says;
    enum hawser_code code;
} SOCKS_REFUSALS[] = {
    {"socks5://h", BYTES("\5\0\5\1\0\1"), "general failure", HAWSER_NET_PROXY},
    {"socks5://h", BYTES("\5\0\5\2"), "rules (SOCKS code 2)", HAWSER_NET_PROXY},
    {"socks5://h", BYTES("\5\0\5\4"), "cannot reach the host", HAWSER_NET_PROXY},
    {"socks5://h", BYTES("\5\0\5\5"), "the host refused", HAWSER_NET_PROXY},
    {"socks5://h", BYTES("\5\0\5\11"), "no known reason (SOCKS code 9)", HAWSER_NET_PROXY},
    {"socks5://h", BYTES("\5\0\5\377"), "no known reason (SOCKS code 255)", HAWSER_NET_PROXY},
    {"socks5://h", BYTES("\5\377"), "demands a login", HAWSER_NET_PROXY_AUTH},
    {"socks5://u:p@h", BYTES("\5\377"), "takes no login", HAWSER_NET_PROXY_AUTH},
    {"socks5://u:p@h", BYTES("\5\2\1\1"), "refused user u (SOCKS status 1)", HAWSER_NET_PROXY_AUTH},
    {"socks5://h", BYTES("\5\2"), "as a SOCKS5 proxy does", HAWSER_NET_PROXY},
    {"socks5://h", BYTES("\5\1"), "as a SOCKS5 proxy does", HAWSER_NET_PROXY},
    {"socks5://h", BYTES("\4\0"), "as a SOCKS5 proxy does", HAWSER_NET_PROXY},
    {"socks5://h", BYTES("HTTP/1.1 400"), "as a SOCKS5 proxy does", HAWSER_NET_PROXY},
    {"socks5://u:p@h", BYTES("\5\2\5\0"), "as a SOCKS5 proxy does", HAWSER_NET_PROXY},
    {"socks5://h", BYTES("\5\0\5\0\0\2\0"), "as a SOCKS5 proxy does", HAWSER_NET_PROXY},
};

START_TEST(a_socks_refusal_is_told_in_words)
{
    aim(SOCKS_REFUSALS[_i].proxy, "wss://x.test/");
    assert_refused(SOCKS_REFUSALS[_i].answer, SOCKS_REFUSALS[_i].code, SOCKS_REFUSALS[_i].says);
}
END_TEST

START_TEST(bytes_right_behind_the_answer_are_refused)
{
    static const char *const PROXIES[]         = {"http://h", "socks5://h"};
    static const struct hawser_slice ANSWERS[] = {
        BYTES("HTTP/1.1 200 OK\r\n\r\n\x16"),
        BYTES("\5\0\5\0\0\1\1\2\3\4\0\5\x16"),
    };
    struct buf said = {.max = 0};
    aim(PROXIES[_i], "wss://x.test/");
    ck_assert_int_eq(talk_split(ANSWERS[_i], ANSWERS[_i].len, &said), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "bytes behind its answer"));
    buf_fini(&said);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("proxy");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_proxy_url_is_taken_apart);
    tcase_add_loop_test(cases, what_is_wrong_with_a_proxy_url_is_said_without_it, 0, 17);
    tcase_add_test(cases, a_login_of_255_bytes_fits_and_one_more_does_not);
    tcase_add_test(cases, another_login_replaces_that_of_the_url);
    tcase_add_test(cases, connect_asks_for_host_and_port_with_the_login);
    tcase_add_loop_test(cases, connect_brackets_ipv6_and_takes_any_2xx_after_a_1xx, 0, 3);
    tcase_add_loop_test(cases, an_http_proxys_refusal_keeps_its_status_and_reason, 0,
                        COUNT(HTTP_REFUSALS));
    tcase_add_loop_test(cases, a_refused_login_names_the_user_and_not_the_password, 0, 2);
    tcase_add_loop_test(cases, what_a_proxys_rules_forbid_is_asked_for_slowly, 0, 3);
    tcase_add_loop_test(cases, retry_after_of_a_proxy_is_kept, 0, 4);
    tcase_add_test(cases, a_proxys_answer_has_a_bound);
    tcase_add_loop_test(cases, bytes_right_behind_the_answer_are_refused, 0, 2);
    tcase_add_test(cases, socks_lets_the_proxy_resolve_the_name);
    tcase_add_loop_test(cases, socks_sends_addresses_as_such_and_takes_each_kind_back, 0, 4);
    tcase_add_test(cases, socks_logs_in_when_it_is_asked_to);
    tcase_add_loop_test(cases, a_socks_refusal_is_told_in_words, 0, COUNT(SOCKS_REFUSALS));
    return suite_run("net/proxy", cases);
}
