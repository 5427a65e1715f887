/*
 * The server's side of the opening handshake: what a client asks for, and the 101. See handshake.h.
 */
#include "ws/handshake.h"

#include <openssl/evp.h>

#include "base/error.h"
#include "base/slice.h"
#include "ws/header.h"

enum { HOST, UPGRADE, KEY, VERSION, PROTOCOLS, EXTENSIONS, WANT_COUNT };

static const struct ws_header_want WANTS[WANT_COUNT] = {
    [HOST]       = {.name = "Host"},
    [UPGRADE]    = {.name = "Upgrade"},
    [KEY]        = {.name = "Sec-WebSocket-Key"},
    [VERSION]    = {.name = "Sec-WebSocket-Version"},
    [PROTOCOLS]  = {.name = "Sec-WebSocket-Protocol"},
    [EXTENSIONS] = {.name = "Sec-WebSocket-Extensions"},
};

static int refuse(int *status, int with, struct hawser_error *err, const char *why)
{
    *status = with;
    error_set(err, HAWSER_WS_HANDSHAKE, "%s", why);
    error_set_cause(err, HAWSER_CAUSE_HTTP, with);
    return -1;
}

/* Base64 of 16 bytes: 22 characters that count and "==". */
static int is_key(struct hawser_slice key)
{
    unsigned char decoded[WS_KEY_TEXT_BYTES];
    return key.len == WS_KEY_TEXT_BYTES && memcmp(key.data + 22, "==", 2) == 0 &&
           key.data[21] != '=' &&
           EVP_DecodeBlock(decoded, (const unsigned char *)key.data, (int)key.len) == 18;
}

/* "GET /path HTTP/1.1" */
static int check_request_line(struct hawser_slice line, struct ws_handshake_offer *out, int *status,
                              struct hawser_error *err)
{
    static const char VERSION_TEXT[] = " HTTP/1.1";
    const char *space                = memchr(line.data, ' ', line.len);
    size_t method_len                = space == NULL ? 0 : (size_t)(space - line.data);
    size_t tail                      = sizeof(VERSION_TEXT) - 1;
    if (!ws_header_is_token(slice_make(line.data, method_len)) ||
        line.len < method_len + 2 + tail ||
        memcmp(line.data + line.len - tail, VERSION_TEXT, tail) != 0) {
        return refuse(status, 400, err, "not an HTTP/1.1 request");
    }
    out->path = slice_make(line.data + method_len + 1, line.len - tail - method_len - 1);
    if (out->path.data[0] != '/' || !ws_header_is_value(out->path) ||
        memchr(out->path.data, ' ', out->path.len) != NULL) {
        return refuse(status, 400, err, "request for something that is not a path");
    }
    if (!slice_equal_text(slice_make(line.data, method_len), "GET")) {
        return refuse(status, 405, err, "request is not a GET");
    }
    return 0;
}

/* RFC 6455 4.2.1 */
static int check_fields(const struct ws_header_block *block, const struct ws_header_want *found,
                        int *status, struct hawser_error *err)
{
    if (found[HOST].count != 1) {
        return refuse(status, 400, err, "request has no Host, or several");
    }
    if (!ws_header_lists(block, "Upgrade", "websocket") ||
        !ws_header_lists(block, "Connection", "upgrade")) {
        return refuse(status, 426, err, "request does not ask for an upgrade to websocket");
    }
    if (found[VERSION].count != 1 || !slice_equal_text(found[VERSION].value, "13")) {
        return refuse(status, 426, err, "Sec-WebSocket-Version is not 13");
    }
    if (found[KEY].count != 1 || !is_key(found[KEY].value)) {
        return refuse(status, 400, err, "Sec-WebSocket-Key is not base64 of 16 bytes");
    }
    return 0;
}

int ws_handshake_parse(struct hawser_slice bytes, struct ws_handshake_offer *out, int *status,
                       struct hawser_error *err)
{
    struct ws_header_block block;
    struct ws_header_want found[WANT_COUNT];
    *out    = (struct ws_handshake_offer){0};
    *status = 0;
    int rc  = ws_header_read(bytes, WS_HANDSHAKE_MAX_BYTES, &block, err);
    if (rc <= 0) {
        *status = rc == 0 ? 0 : bytes.len >= WS_HANDSHAKE_MAX_BYTES ? 431 : 400;
        return rc;
    }
    memcpy(found, WANTS, sizeof(found));
    ws_header_collect(&block, found, WANT_COUNT);
    if (check_request_line(block.start_line, out, status, err) != 0 ||
        check_fields(&block, found, status, err) != 0) {
        return -1;
    }
    out->host         = found[HOST].value;
    out->key          = found[KEY].value;
    out->subprotocols = found[PROTOCOLS].value;
    out->extensions   = found[EXTENSIONS].value;
    out->header_bytes = block.bytes;
    return 1;
}

int ws_handshake_answer(const struct ws_handshake_offer *offer, const char *subprotocol,
                        const char *extensions, struct buf *out)
{
    char key[WS_KEY_TEXT_BYTES + 1];
    char accept[WS_ACCEPT_TEXT_BYTES + 1];
    memcpy(key, offer->key.data, WS_KEY_TEXT_BYTES);
    key[WS_KEY_TEXT_BYTES] = 0;
    ws_handshake_accept(key, accept);
    int full = buf_printf(out,
                          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n",
                          accept) != 0;
    if (subprotocol != NULL) {
        full |= buf_printf(out, "Sec-WebSocket-Protocol: %s\r\n", subprotocol) != 0;
    }
    if (extensions != NULL) {
        full |= buf_printf(out, "Sec-WebSocket-Extensions: %s\r\n", extensions) != 0;
    }
    return full || buf_append_text(out, "\r\n") != 0 ? -1 : 0;
}
