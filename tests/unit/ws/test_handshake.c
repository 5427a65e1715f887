/*
 * ws/handshake.c: the request, and every answer a server may give to it, split at every byte.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/slice.h"
#include "support/fake_clock.h"
#include "support/guard.h"
#include "ws/handshake.h"

#define KEY    "dGhlIHNhbXBsZSBub25jZQ==" /* RFC 6455 1.3 */
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

#define OK_LINE  "HTTP/1.1 101 Switching Protocols\r\n"
#define OK_FIELD "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n"

static const struct ws_handshake_request PLAIN   = {.host = "example.com", .path = "/"};
static const struct ws_handshake_request OFFERED = {.host         = "example.com",
                                                    .path         = "/",
                                                    .subprotocols = "json, v2.x",
                                                    .extensions   = "permessage-deflate; x=1, y"};

static int check_text(const char *text, size_t len, const struct ws_handshake_request *request,
                      struct ws_handshake_response *out, struct hawser_error *err)
{
    struct hawser_slice copy = guard_copy(text, len);
    error_clear(err);
    int rc = ws_handshake_check(copy, request, KEY, out, err);
    ck_assert_int_eq(rc == -1, err->code != 0);
    guard_free(copy);
    return rc;
}

START_TEST(the_accept_is_the_one_of_the_rfc)
{
    char accept[WS_ACCEPT_TEXT_BYTES + 1];
    ws_handshake_accept(KEY, accept);
    ck_assert_str_eq(accept, ACCEPT);
}
END_TEST

START_TEST(keys_are_24_characters_and_never_the_same)
{
    char a[WS_KEY_TEXT_BYTES + 1];
    char b[WS_KEY_TEXT_BYTES + 1];
    ws_handshake_key(a);
    ws_handshake_key(b);
    ck_assert_uint_eq(strlen(a), WS_KEY_TEXT_BYTES);
    ck_assert_str_ne(a, b);
}
END_TEST

START_TEST(the_request_has_what_was_asked_for)
{
    const char *const headers[]         = {"X-One: 1", "Authorization: Basic eA==", NULL};
    struct ws_handshake_request request = OFFERED;
    struct buf out                      = {0};
    struct hawser_error err             = HAWSER_ERROR_INIT;
    request.headers                     = headers;
    request.path                        = "/ws?x=1";
    ck_assert_int_eq(ws_handshake_build(&request, KEY, &out, &err), 0);
    ck_assert_str_eq(buf_text(&out),
                     "GET /ws?x=1 HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Key: " KEY "\r\n"
                     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: json, v2.x\r\n"
                     "Sec-WebSocket-Extensions: permessage-deflate; x=1, y\r\nX-One: 1\r\n"
                     "Authorization: Basic eA==\r\n\r\n");
    buf_fini(&out);
}
END_TEST

static const char *const BAD_HEADERS[] = {
    "Host: x",
    "upgrade: x",
    "Connection: x",
    "sec-websocket-key: x",
    "no colon",
    ": x",
    "X: a\r\nY: b",
    "X: a\nY",
    "X Y: z",
    "X : z",
    "X: \x7f",
    "Content-Length: 1",
    "Sec-WebSocket-Foo: 1",
    "",
};

START_TEST(a_header_that_may_not_be_sent_is_refused_without_its_value)
{
    const char *const headers[]         = {BAD_HEADERS[_i], NULL};
    struct ws_handshake_request request = PLAIN;
    struct buf out                      = {0};
    struct hawser_error err             = HAWSER_ERROR_INIT;
    request.headers                     = headers;
    ck_assert_int_eq(ws_handshake_build(&request, KEY, &out, &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_CONF_DIRECTIVE);
    ck_assert_uint_eq(out.len, 0);
}
END_TEST

START_TEST(a_path_that_would_break_the_request_is_refused)
{
    static const char *const PATHS[] = {"", "x", "/a b", "/a\r\nX: y", "/\x01"};
    for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++) {
        struct ws_handshake_request request = {.host = "h", .path = PATHS[i]};
        struct buf out                      = {0};
        struct hawser_error err             = HAWSER_ERROR_INIT;
        ck_assert_int_eq(ws_handshake_build(&request, KEY, &out, &err), -1);
    }
}
END_TEST

/* Answers that are accepted, plain request. */
static const char *const GOOD[] = {
    OK_LINE OK_FIELD "\r\n",
    "HTTP/1.1 101\r\n" OK_FIELD "\r\n",
    "HTTP/1.1 101 \r\n" OK_FIELD "\r\n",
    OK_LINE "uPGRADE: WebSocket\r\ncONNECTION:keep-alive,  uPGRADE\r\n"
            "sec-websocket-ACCEPT:\t" ACCEPT " \t\r\n\r\n",
    OK_LINE "Connection: keep-alive\r\n" OK_FIELD "\r\n",
    OK_LINE OK_FIELD "Server: x\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nEmpty:\r\n\r\n",
    OK_LINE "X-Obs: \xe4\xf6\r\n" OK_FIELD "\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" OK_LINE OK_FIELD "\r\n",
    "HTTP/1.1 100\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" OK_LINE OK_FIELD "\r\n",
};

START_TEST(a_good_answer_is_accepted_however_it_is_split_and_frames_behind_it_stay)
{
    char text[600];
    struct ws_handshake_response out;
    struct hawser_error err = HAWSER_ERROR_INIT;
    size_t len              = strlen(GOOD[_i]);
    (void)snprintf(text, sizeof(text), "%s\x81\x02hi", GOOD[_i]);
    for (size_t part = 0; part <= len + 4; part++) {
        ck_assert_int_eq(check_text(text, part, &PLAIN, &out, &err), part >= len);
    }
    ck_assert_uint_eq(out.header_bytes, len);
    ck_assert_int_eq(out.status, 101);
}
END_TEST

static const char *const BAD[] = {
    "HTTP/1.0 101 Switching Protocols\r\n" OK_FIELD "\r\n",
    "HTTP/2.0 101 Switching Protocols\r\n" OK_FIELD "\r\n",
    "http/1.1 101 Switching Protocols\r\n" OK_FIELD "\r\n",
    "HTTP/1.1 0101 Switching Protocols\r\n" OK_FIELD "\r\n",
    "HTTP/1.1 101Switching\r\n" OK_FIELD "\r\n",
    "HTTP/1.1  101 x\r\n" OK_FIELD "\r\n",
    "HTTP/1.1 10\r\n" OK_FIELD "\r\n",
    "SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "\r\n" OK_LINE OK_FIELD "\r\n",
    OK_LINE "\r\n",
    OK_LINE "Connection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
    OK_LINE "Upgrade: websocket\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
    OK_LINE "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    OK_LINE "Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
    OK_LINE "Upgrade: websocket\r\nConnection: close\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
    OK_LINE "Upgrade: websocket\r\nConnection: upgraded\r\nSec-WebSocket-Accept: " ACCEPT
            "\r\n\r\n",
    OK_LINE "Upgrade: websocket\r\n" OK_FIELD "\r\n",
    OK_LINE OK_FIELD "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
    OK_LINE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO=\r\n\r\n",
    OK_LINE "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x" ACCEPT
            "\r\n\r\n",
    OK_LINE OK_FIELD "Sec-WebSocket-Protocol: json\r\n\r\n",
    OK_LINE OK_FIELD "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
    OK_LINE OK_FIELD "X: folded\r\n value\r\n\r\n",
    OK_LINE OK_FIELD "X: folded\r\n\tvalue\r\n\r\n",
    OK_LINE " " OK_FIELD "\r\n",
    OK_LINE OK_FIELD "X : space\r\n\r\n",
    OK_LINE OK_FIELD "no colon\r\n\r\n",
    OK_LINE OK_FIELD ": nothing\r\n\r\n",
    OK_LINE OK_FIELD "X: a\rb\r\n\r\n",
    OK_LINE OK_FIELD "X: \x01\r\n\r\n",
    OK_LINE OK_FIELD "X: y\n\r\n\r\n",
    "HTTP/1.1 101 x\nUpgrade: websocket\n\n",
    "HTTP/1.1 100 Continue\r\n\r\n" OK_LINE "\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n\x81\x02hi",
    "\x15\x03\x01",
    "\x15\x04",
};

START_TEST(a_wrong_answer_is_refused_however_it_is_split)
{
    struct ws_handshake_response out;
    struct hawser_error err = HAWSER_ERROR_INIT;
    size_t len              = strlen(BAD[_i]);
    int told                = 0;
    for (size_t part = 0; part <= len; part++) {
        int rc = check_text(BAD[_i], part, &PLAIN, &out, &err);
        ck_assert_int_ne(rc, 1);
        ck_assert(!told || rc == -1); /* once refused, refused with more bytes too */
        told = rc == -1;
    }
    ck_assert(told);
    ck_assert_uint_eq(err.code, HAWSER_WS_HANDSHAKE);
}
END_TEST

START_TEST(a_server_that_answers_in_tls_is_told_of)
{
    struct ws_handshake_response out;
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_int_eq(check_text("\x15", 1, &PLAIN, &out, &err), 0);
    ck_assert_int_eq(check_text("\x15\x03\x01", 3, &PLAIN, &out, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "use wss://"));
}
END_TEST

static const struct {
    const char *field;
    int accepted;
} CHOICES[] = {
    {"", 1},
    {"Sec-WebSocket-Protocol: json\r\n", 1},
    {"Sec-WebSocket-Protocol: v2.x\r\n", 1},
    {"Sec-WebSocket-Protocol: JSON\r\n", 0},
    {"Sec-WebSocket-Protocol: other\r\n", 0},
    {"Sec-WebSocket-Protocol: json, v2.x\r\n", 0},
    {"Sec-WebSocket-Protocol: json\r\nSec-WebSocket-Protocol: json\r\n", 0},
    {"Sec-WebSocket-Protocol:\r\n", 0},
    {"Sec-WebSocket-Extensions: permessage-deflate\r\n", 1},
    {"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n", 1},
    {"Sec-WebSocket-Extensions: y, permessage-deflate\r\n", 1},
    {"Sec-WebSocket-Extensions: y, z\r\n", 0},
    {"Sec-WebSocket-Extensions: permessage-deflat\r\n", 0},
    {"Sec-WebSocket-Extensions:\r\n", 1},
    {"Sec-WebSocket-Extensions: y\r\nSec-WebSocket-Extensions: y\r\n", 0},
};

START_TEST(only_what_was_offered_may_be_chosen)
{
    char text[600];
    struct ws_handshake_response out;
    struct hawser_error err = HAWSER_ERROR_INIT;
    int len = snprintf(text, sizeof(text), OK_LINE OK_FIELD "%s\r\n", CHOICES[_i].field);
    ck_assert_int_eq(check_text(text, (size_t)len, &OFFERED, &out, &err),
                     CHOICES[_i].accepted ? 1 : -1);
}
END_TEST

START_TEST(a_header_over_the_limit_is_refused_and_one_at_it_is_not)
{
    struct ws_handshake_response out;
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct buf text         = {0};
    ck_assert_int_eq(buf_append_text(&text, OK_LINE OK_FIELD "X: "), 0);
    while (text.len < WS_HANDSHAKE_MAX_BYTES - 4) {
        ck_assert_int_eq(buf_append_text(&text, "x"), 0);
    }
    const char *bytes = (const char *)text.bytes;
    ck_assert_int_eq(check_text(bytes, text.len, &PLAIN, &out, &err), 0);
    ck_assert_int_eq(buf_append_text(&text, "\r\n\r\n"), 0);
    bytes = (const char *)text.bytes;
    ck_assert_int_eq(check_text(bytes, text.len, &PLAIN, &out, &err), 1);
    text.len -= 4;
    ck_assert_int_eq(buf_append_text(&text, "x\r\n\r\n"), 0);
    bytes = (const char *)text.bytes;
    ck_assert_int_eq(check_text(bytes, text.len, &PLAIN, &out, &err), -1);
    ck_assert_int_eq(check_text(bytes, WS_HANDSHAKE_MAX_BYTES, &PLAIN, &out, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "over 16384 bytes"));
    buf_fini(&text);
}
END_TEST

static const struct {
    const char *text;
    int status;
    enum hawser_code code;
    int64_t retry_after_ms;
    size_t body_bytes;
    const char *says;
} REFUSALS[] = {
    {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 6\r\n\r\nno\r\nkey", 401, HAWSER_WS_UNAUTHORIZED,
     -1, 6, "401 Unauthorized: no key"},
    {"HTTP/1.1 403\r\n\r\n", 403, HAWSER_WS_UNAUTHORIZED, -1, 160, "answered 403"},
    {"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\n\r\n", 429, HAWSER_WS_TOO_MANY, 7000, 160, "429 Slow"},
    {"HTTP/1.0 503 Busy\r\nretry-after: 120\r\nContent-Length: 0\r\n\r\n", 503, HAWSER_WS_TOO_MANY,
     120000, 0, "503 Busy"},
    {"HTTP/1.1 503 Busy\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
     "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n\r\n",
     503, HAWSER_WS_TOO_MANY, 60000, 160, "503"},
    {"HTTP/1.1 503 Busy\r\nRetry-After: Thu, 01 Jan 2026 00:00:31 GMT\r\n\r\n", 503,
     HAWSER_WS_TOO_MANY, 30000, 160, "503"},
    {"HTTP/1.1 503 Busy\r\nRetry-After: Thursday, 01-Jan-26 00:01:01 GMT\r\n\r\n", 503,
     HAWSER_WS_TOO_MANY, 60000, 160, "503"},
    {"HTTP/1.1 503 Busy\r\nRetry-After: Thu Jan  1 00:00:11 2026\r\n\r\n", 503, HAWSER_WS_TOO_MANY,
     10000, 160, "503"},
    {"HTTP/1.1 503 Busy\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n", 503,
     HAWSER_WS_TOO_MANY, 0, 160, "503"},
    {"HTTP/1.1 503 Busy\r\nRetry-After: 99999999999999999999999\r\n\r\n", 503, HAWSER_WS_TOO_MANY,
     7 * 24 * 3600 * INT64_C(1000), 160, "503"},
    {"HTTP/1.1 503 Busy\r\nRetry-After: soon\r\n\r\n", 503, HAWSER_WS_TOO_MANY, -1, 160, "503"},
    {"HTTP/1.1 503 Busy\r\nRetry-After: -5\r\n\r\n", 503, HAWSER_WS_TOO_MANY, -1, 160, "503"},
    {"HTTP/1.1 301 Moved\r\nLocation: wss://other.example/ws\r\n\r\n", 301, HAWSER_WS_REDIRECT, -1,
     160, "wss://other.example/ws"},
    {"HTTP/1.1 302 Found\r\n\r\n", 302, HAWSER_WS_REDIRECT, -1, 160, "redirects"},
    {"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nnot here\n\r\n0\r\n\r\n",
     404, HAWSER_WS_REFUSED, -1, 160, "404 Not Found: not here"},
    {"HTTP/1.1 500 Oops\r\nContent-Length: 100000\r\n\r\n<p>\x01\xff\x1b[31m", 500,
     HAWSER_WS_REFUSED, -1, 160, "500 Oops: <p> [31m"},
    {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", 200, HAWSER_WS_REFUSED, -1, 0, "200 OK"},
    {"HTTP/1.1 426 Upgrade Required\r\n\r\n", 426, HAWSER_WS_REFUSED, -1, 160, "426"},
};

START_TEST(a_refusal_keeps_status_retry_after_and_the_first_bytes_of_its_body)
{
    struct ws_handshake_response out;
    struct hawser_error err = HAWSER_ERROR_INIT;
    const char *text        = REFUSALS[_i].text;
    size_t header           = (size_t)(strstr(text, "\r\n\r\n") - text) + 4;
    fake_clock_install(); /* 2026-01-01T00:00:00Z */
    fake_clock_advance(CLOCK_NS_PER_S);
    for (size_t part = 0; part <= strlen(text); part++) {
        ck_assert_int_eq(check_text(text, part, &PLAIN, &out, &err), part < header ? 0 : -1);
    }
    ck_assert_uint_eq(err.code, REFUSALS[_i].code);
    ck_assert_uint_eq(err.cause_kind, HAWSER_CAUSE_HTTP);
    ck_assert_int_eq(err.cause, REFUSALS[_i].status);
    ck_assert_int_eq(out.status, REFUSALS[_i].status);
    ck_assert_int_eq(err.retry_after_ms, REFUSALS[_i].retry_after_ms);
    ck_assert_int_eq(out.retry_after_ms, REFUSALS[_i].retry_after_ms);
    ck_assert_uint_eq(out.body_bytes, REFUSALS[_i].body_bytes);
    ck_assert_msg(strstr(err.message, REFUSALS[_i].says) != NULL, "says: %s", err.message);
    fake_clock_remove();
}
END_TEST

#define LOOP(tcase, test, table)                                                                   \
    tcase_add_loop_test(tcase, test, 0, (int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
    Suite *suite = suite_create("ws handshake");
    TCase *tcase = tcase_create("client");
    tcase_add_test(tcase, the_accept_is_the_one_of_the_rfc);
    tcase_add_test(tcase, keys_are_24_characters_and_never_the_same);
    tcase_add_test(tcase, the_request_has_what_was_asked_for);
    LOOP(tcase, a_header_that_may_not_be_sent_is_refused_without_its_value, BAD_HEADERS);
    tcase_add_test(tcase, a_server_that_answers_in_tls_is_told_of);
    tcase_add_test(tcase, a_path_that_would_break_the_request_is_refused);
    LOOP(tcase, a_good_answer_is_accepted_however_it_is_split_and_frames_behind_it_stay, GOOD);
    LOOP(tcase, a_wrong_answer_is_refused_however_it_is_split, BAD);
    LOOP(tcase, only_what_was_offered_may_be_chosen, CHOICES);
    tcase_add_test(tcase, a_header_over_the_limit_is_refused_and_one_at_it_is_not);
    LOOP(tcase, a_refusal_keeps_status_retry_after_and_the_first_bytes_of_its_body, REFUSALS);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
