/*
 * ws/upgrade.c: what a server accepts and how it refuses the rest.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "support/guard.h"
#include "ws/handshake.h"

#define KEY_FIELD "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define LINE      "GET /ws/api/v2?a=b HTTP/1.1\r\n"
#define HOST      "Host: example.com:8080\r\n"
#define ASK       "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define V13       "Sec-WebSocket-Version: 13\r\n"

static const struct {
    const char *text;
    int status; /* 0: accepted */
} CASES[] = {
    {LINE HOST ASK KEY_FIELD V13 "\r\n", 0},
    {LINE HOST "upgrade: foo, WebSocket\r\nconnection: keep-alive, upgrade\r\n" KEY_FIELD V13
               "\r\n",
     0},
    {LINE HOST ASK KEY_FIELD V13 "Sec-WebSocket-Protocol: a, b\r\nOrigin: http://x\r\n\r\n", 0},
    {"POST / HTTP/1.1\r\n" HOST ASK KEY_FIELD V13 "\r\n", 405},
    {"GET / HTTP/1.0\r\n" HOST ASK KEY_FIELD V13 "\r\n", 400},
    {"GET HTTP/1.1\r\n" HOST ASK KEY_FIELD V13 "\r\n", 400},
    {"GET  HTTP/1.1\r\n" HOST ASK KEY_FIELD V13 "\r\n", 400},
    {"GET /a b HTTP/1.1\r\n" HOST ASK KEY_FIELD V13 "\r\n", 400},
    {"GET http://x/ HTTP/1.1\r\n" HOST ASK KEY_FIELD V13 "\r\n", 400},
    {"nonsense\r\n\r\n", 400},
    {"\r\n\r\n", 400},
    {LINE ASK KEY_FIELD V13 "\r\n", 400},
    {LINE HOST HOST ASK KEY_FIELD V13 "\r\n", 400},
    {LINE HOST "\r\n", 426},
    {LINE HOST "Connection: Upgrade\r\n" KEY_FIELD V13 "\r\n", 426},
    {LINE HOST "Upgrade: websocket\r\n" KEY_FIELD V13 "\r\n", 426},
    {LINE HOST ASK KEY_FIELD "\r\n", 426},
    {LINE HOST ASK KEY_FIELD "Sec-WebSocket-Version: 8\r\n\r\n", 426},
    {LINE HOST ASK KEY_FIELD V13 V13 "\r\n", 426},
    {LINE HOST ASK V13 "\r\n", 400},
    {LINE HOST ASK KEY_FIELD KEY_FIELD V13 "\r\n", 400},
    {LINE HOST ASK V13 "Sec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\n\r\n", 400},
    {LINE HOST ASK V13 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ??\r\n\r\n", 400},
    {LINE HOST ASK V13 "Sec-WebSocket-Key: dGhl*HNhbXBsZSBub25jZQ==\r\n\r\n", 400},
    {LINE HOST ASK KEY_FIELD V13 "X: a\r\n b\r\n\r\n", 400},
    {LINE HOST ASK KEY_FIELD V13 "X : a\r\n\r\n", 400},
    {LINE HOST ASK KEY_FIELD V13 "X: a\n\r\n", 400},
};

START_TEST(every_request_is_judged_the_same_however_it_is_split)
{
    size_t len = strlen(CASES[_i].text);
    int rc     = 0;
    int status = 0;
    for (size_t part = 0; part <= len; part++) {
        struct ws_handshake_offer offer;
        struct hawser_error err  = HAWSER_ERROR_INIT;
        struct hawser_slice copy = guard_copy(CASES[_i].text, part);
        rc                       = ws_handshake_parse(copy, &offer, &status, &err);
        ck_assert(part == len || rc != 1);
        ck_assert_int_eq(rc == -1, status != 0);
        ck_assert_int_eq(rc == -1, err.code != 0);
        if (rc == 1) {
            ck_assert(slice_equal_text(offer.path, "/ws/api/v2?a=b"));
            ck_assert(slice_equal_text(offer.host, "example.com:8080"));
            ck_assert_uint_eq(offer.header_bytes, len);
        }
        guard_free(copy);
    }
    ck_assert_int_eq(rc, CASES[_i].status == 0 ? 1 : -1);
    ck_assert_int_eq(status, CASES[_i].status);
}
END_TEST

START_TEST(a_request_over_the_limit_is_answered_431)
{
    struct ws_handshake_offer offer;
    struct hawser_error err = HAWSER_ERROR_INIT;
    int status              = 0;
    char *text              = malloc(WS_HANDSHAKE_MAX_BYTES);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', WS_HANDSHAKE_MAX_BYTES);
    ck_assert_int_eq(
        ws_handshake_parse(slice_make(text, WS_HANDSHAKE_MAX_BYTES - 1), &offer, &status, &err), 0);
    ck_assert_int_eq(
        ws_handshake_parse(slice_make(text, WS_HANDSHAKE_MAX_BYTES), &offer, &status, &err), -1);
    ck_assert_int_eq(status, 431);
    free(text);
}
END_TEST

START_TEST(our_client_accepts_our_answer)
{
    static const struct ws_handshake_request REQUEST = {
        .host = "h", .path = "/", .subprotocols = "a, b", .extensions = "x"};
    char key[WS_KEY_TEXT_BYTES + 1];
    struct ws_handshake_offer offer;
    struct ws_handshake_response response;
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct buf request      = {0};
    struct buf answer       = {0};
    int status              = 0;
    ws_handshake_key(key);
    ck_assert_int_eq(ws_handshake_build(&REQUEST, key, &request, &err), 0);
    ck_assert_int_eq(ws_handshake_parse(buf_slice(&request), &offer, &status, &err), 1);
    ck_assert(slice_equal_text(offer.subprotocols, "a, b"));
    ck_assert(slice_equal_text(offer.extensions, "x"));
    ck_assert_int_eq(ws_handshake_answer(&offer, "b", "x", &answer), 0);
    ck_assert_int_eq(ws_handshake_check(buf_slice(&answer), &REQUEST, key, &response, &err), 1);
    ck_assert(slice_equal_text(response.subprotocol, "b"));
    buf_fini(&request);
    buf_fini(&answer);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ws upgrade");
    TCase *tcase = tcase_create("server");
    tcase_add_loop_test(tcase, every_request_is_judged_the_same_however_it_is_split, 0,
                        (int)(sizeof(CASES) / sizeof(CASES[0])));
    tcase_add_test(tcase, a_request_over_the_limit_is_answered_431);
    tcase_add_test(tcase, our_client_accepts_our_answer);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
