/*
 * The opening handshake, both sides: any bytes, at every length up to a few hundred, must be judged
 * without reading past them; a verdict, once given, must not be taken back by more bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "ws/handshake.h"

#define KEY      "dGhlIHNhbXBsZSBub25jZQ=="
#define PREFIXES 300u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int check(struct hawser_slice bytes)
{
    static const struct ws_handshake_request REQUEST = {
        .host = "h", .path = "/", .subprotocols = "json", .extensions = "permessage-deflate"};
    struct ws_handshake_response response;
    struct hawser_error err = HAWSER_ERROR_INIT;
    int rc                  = ws_handshake_check(bytes, &REQUEST, KEY, &response, &err);
    if ((rc == -1) != (err.code != 0) || response.header_bytes > bytes.len) {
        abort();
    }
    return rc;
}

static int parse(struct hawser_slice bytes)
{
    struct ws_handshake_offer offer;
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct buf answer       = {0};
    int status              = 0;
    int rc                  = ws_handshake_parse(bytes, &offer, &status, &err);
    if ((rc == -1) != (err.code != 0) || (rc == -1) != (status != 0)) {
        abort();
    }
    if (rc == 1 && ws_handshake_answer(&offer, "json", NULL, &answer) != 0) {
        abort();
    }
    buf_fini(&answer);
    return rc;
}

static void judge(const uint8_t *data, size_t size, int (*judge_one)(struct hawser_slice))
{
    int verdict = 0;
    for (size_t len = size > PREFIXES ? size - PREFIXES : 0; len <= size; len++) {
        char *copy = malloc(len + 1); /* of its size, so that one byte too far is seen */
        if (copy == NULL) {
            return;
        }
        char *at = copy + 1;
        if (len > 0) {
            memcpy(at, data, len);
        }
        int rc = judge_one(slice_make(at, len));
        if (verdict != 0 && rc != verdict) {
            abort();
        }
        verdict = rc;
        free(copy);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    judge(data, size, check);
    judge(data, size, parse);
    return 0;
}
