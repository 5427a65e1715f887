/*
 * ws:// and wss:// URLs: what is taken, in which parts, and what is refused with which words.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "net/url.h"
#include "support/guard.h"

static const struct good {
    const char *text;
    const char *host;
    const char *path;
    const char *header;
    unsigned port;
    int secure;
    int is_address;
} GOOD[] = {
    {"ws://example.com", "example.com", "/", "example.com", 80, 0, 0},
    {"wss://example.com", "example.com", "/", "example.com", 443, 1, 0},
    {"WSS://Test.Deribit.COM/ws/api/v2", "test.deribit.com", "/ws/api/v2", "test.deribit.com", 443,
     1, 0},
    {"ws://a:8080/x?y=1&z=%20@/:", "a", "/x?y=1&z=%20@/:", "a:8080", 8080, 0, 0},
    {"ws://a?q=1", "a", "/?q=1", "a", 80, 0, 0},
    {"ws://a:443/", "a", "/", "a:443", 443, 0, 0},
    {"wss://a:443/", "a", "/", "a", 443, 1, 0},
    {"wss://a:00443/", "a", "/", "a", 443, 1, 0},
    {"ws://127.0.0.1:65535", "127.0.0.1", "/", "127.0.0.1:65535", 65535, 0, 1},
    {"ws://[::1]:9000/p", "::1", "/p", "[::1]:9000", 9000, 0, 1},
    {"wss://[2001:DB8::1]", "2001:db8::1", "/", "[2001:db8::1]", 443, 1, 1},
    {"ws://[::ffff:192.0.2.1]/", "::ffff:192.0.2.1", "/", "[::ffff:192.0.2.1]", 80, 0, 1},
    {"ws://my_host-1.x--y", "my_host-1.x--y", "/", "my_host-1.x--y", 80, 0, 0},
    {"wss://xn--bcher-kva.example", "xn--bcher-kva.example", "/", "xn--bcher-kva.example", 443, 1,
     0},
};

START_TEST(a_url_is_taken_apart)
{
    const struct good *good  = &GOOD[_i];
    struct hawser_slice copy = guard_copy(good->text, strlen(good->text) + 1);
    struct hawser_error err  = HAWSER_ERROR_INIT;
    struct net_url url       = {0};
    char header[64]          = "";
    ck_assert_msg(net_url_parse(copy.data, &url, &err) == 0, "%s: %s", good->text, err.message);
    ck_assert_str_eq(url.host, good->host);
    ck_assert_str_eq(url.path, good->path);
    ck_assert_uint_eq(url.port, good->port);
    ck_assert_int_eq(url.secure, good->secure);
    ck_assert_int_eq(url.is_address, good->is_address);
    ck_assert_int_eq(net_url_host_header(&url, header, sizeof(header)), (int)strlen(good->header));
    ck_assert_str_eq(header, good->header);
    net_url_fini(&url);
    guard_free(copy);
}
END_TEST

static const struct bad {
    const char *text;
    const char *says;
} BAD[] = {
    {"", "expected ws://"},
    {"ws:", "expected ws://"},
    {"ws:/a", "expected ws://"},
    {"a.example", "expected ws://"},
    {"http://a", "expected ws://"},
    {"wsss://a", "expected ws://"},
    {"w://a", "expected ws://"},
    {"://a", "expected ws://"},
    {"ws://", "host is missing"},
    {"ws:///path", "host is missing"},
    {"ws://:80", "host is missing"},
    {"ws://[]", "host is missing"},
    {"ws://a:", "port from 1 to 65535"},
    {"ws://a:0", "port from 1 to 65535"},
    {"ws://a:65536", "port from 1 to 65535"},
    {"ws://a:123456", "port from 1 to 65535"},
    {"ws://a:+80", "port from 1 to 65535"},
    {"ws://a:8o", "port from 1 to 65535"},
    {"ws://::1", "write an IPv6 address as [::1]"},
    {"ws://[::1", "']'"},
    {"ws://[::1]x", "expected ':' and a port"},
    {"ws://[::1]80", "expected ':' and a port"},
    {"ws://[::1]:", "port from 1 to 65535"},
    {"ws://[fe80::1%25eth0]", "zone"},
    {"ws://[::g]", "no IPv6 address"},
    {"ws://[1.2.3.4]", "no IPv6 address"},
    {"ws://user@a", "user name"},
    {"ws://user:secret@a/", "user name"},
    {"ws://a/#x", "fragment"},
    {"ws://a#", "fragment"},
    {"ws://a b/", "position 7"},
    {" ws://a", "position 1"},
    {"ws://a/\r\nHost: b", "position 8"},
    {"ws://a/\x7f", "control character"},
    {"ws://a/\t", "control character"},
    {"ws://b\xc3\xbc"
     "cher.example",
     "xn--"},
    {"ws://a/\xc3\xbc", "%XX"},
    {"ws://a/%", "hexadecimal"},
    {"ws://a/%2", "hexadecimal"},
    {"ws://a/%zz", "hexadecimal"},
    {"ws://a/{x}", "%XX"},
    {"ws://a/\"", "%XX"},
    {"ws://a..b", "empty part"},
    {"ws://.a", "empty part"},
    {"ws://a.", "empty part"},
    {"ws://-a", "'-'"},
    {"ws://a-.b", "'-'"},
    {"ws://a%41", "letters, digits"},
    {"ws://a\\b", "letters, digits"},
    {"ws://1.2.3", "IPv4"},
    {"ws://256.1.1.1", "IPv4"},
    {"ws://127.1", "IPv4"},
    {"ws://0x7f.1", "IPv4"},
    {"ws://0x7f000001", "IPv4"},
    {"ws://1.2.3.4.5", "IPv4"},
};

START_TEST(a_wrong_url_is_refused_with_the_reason)
{
    const struct bad *bad    = &BAD[_i];
    struct hawser_slice copy = guard_copy(bad->text, strlen(bad->text) + 1);
    struct hawser_error err  = HAWSER_ERROR_INIT;
    struct net_url url       = {0};
    ck_assert_msg(net_url_parse(copy.data, &url, &err) == -1, "%s was taken", bad->text);
    ck_assert_int_eq(err.code, HAWSER_NET_URL);
    ck_assert_msg(strstr(err.message, bad->says) != NULL, "%s: %s", bad->text, err.message);
    ck_assert_msg(strstr(err.message, "secret") == NULL, "%s", err.message);
    guard_free(copy);
}
END_TEST

static void parse_repeated(const char *before, char c, size_t count, const char *after,
                           int expected)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct net_url url      = {0};
    size_t len              = strlen(before) + count + strlen(after);
    char *text              = malloc(len + 1);
    ck_assert_ptr_nonnull(text);
    memcpy(text, before, strlen(before));
    memset(text + strlen(before), c, count);
    memcpy(text + strlen(before) + count, after, strlen(after) + 1);
    ck_assert_int_eq(net_url_parse(text, &url, &err), expected);
    net_url_fini(&url);
    free(text);
}

START_TEST(lengths_have_bounds)
{
    parse_repeated("ws://", 'a', 63, "/", 0);
    parse_repeated("ws://", 'a', 64, "/", -1);
    parse_repeated("ws://a/", 'p', 4096 - 7, "", 0);
    parse_repeated("ws://a/", 'p', 4096 - 6, "", -1);
    parse_repeated("ws://a/", 'p', 1 << 20, "", -1);
}
END_TEST

START_TEST(a_host_over_253_bytes_is_refused)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct net_url url      = {0};
    char text[512]          = "ws://";
    for (int i = 0; i < 127; i++) {
        text[5 + 2 * i] = 'a';
        text[6 + 2 * i] = i < 126 ? '.' : 0;
    }
    ck_assert_int_eq(net_url_parse(text, &url, &err), 0); /* 253 bytes */
    net_url_fini(&url);
    text[5 + 253]     = 'b';
    text[5 + 253 + 1] = 0;
    ck_assert_int_eq(net_url_parse(text, &url, &err), -1);
}
END_TEST

START_TEST(a_closed_url_can_be_closed_again)
{
    struct net_url url = {0};
    net_url_fini(&url);
    net_url_fini(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/url");
    TCase *tcase = tcase_create("url");
    tcase_add_loop_test(tcase, a_url_is_taken_apart, 0, sizeof(GOOD) / sizeof(GOOD[0]));
    tcase_add_loop_test(tcase, a_wrong_url_is_refused_with_the_reason, 0,
                        sizeof(BAD) / sizeof(BAD[0]));
    tcase_add_test(tcase, lengths_have_bounds);
    tcase_add_test(tcase, a_host_over_253_bytes_is_refused);
    tcase_add_test(tcase, a_closed_url_can_be_closed_again);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
