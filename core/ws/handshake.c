/*
 * The client's side of the opening handshake: the request, and what the server made of it. See
 * handshake.h. The server's side is upgrade.c.
 */
#include "ws/handshake.h"

#include <stdio.h>

#include <openssl/evp.h>

#include "base/classify.h"
#include "base/error.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/slice.h"
#include "ws/header.h"
#include "ws/retry_after.h"

#define KEY_BYTES     16u
#define TLS_ALERT     0x15 /* a record of its kind and version: RFC 8446 5.1 */
#define TLS_MAJOR     0x03
#define EXCERPT_BYTES 160u /* of a refusal's body, in the message */

static const char GUID[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455 1.3 */

void ws_handshake_key(char *out)
{
    uint8_t key[KEY_BYTES];
    random_bytes(key, sizeof(key));
    (void)EVP_EncodeBlock((unsigned char *)out, key, sizeof(key));
}

void ws_handshake_accept(const char *key, char *out)
{
    char text[WS_KEY_TEXT_BYTES + sizeof(GUID)];
    unsigned char digest[EVP_MAX_MD_SIZE];
    int len = snprintf(text, sizeof(text), "%.*s%s", (int)WS_KEY_TEXT_BYTES, key, GUID);
    out[0]  = 0; /* equals no answer, should there be no SHA-1 */
    if (EVP_Digest(text, (size_t)len, digest, NULL, EVP_sha1(), NULL) == 1) {
        (void)EVP_EncodeBlock((unsigned char *)out, digest, 20);
    }
}

static int is_own_header(struct hawser_slice name)
{
    static const char *const OWN[] = {
        "Host", "Upgrade", "Connection", "Content-Length", "Transfer-Encoding", "Trailer", "TE",
    };
    for (size_t i = 0; i < sizeof(OWN) / sizeof(OWN[0]); i++) {
        if (slice_equal_nocase(name, OWN[i])) {
            return 1;
        }
    }
    static const char PREFIX[] = "Sec-WebSocket-";
    return name.len >= sizeof(PREFIX) - 1 &&
           strncasecmp(name.data, PREFIX, sizeof(PREFIX) - 1) == 0;
}

/* The value may be a credential: messages name the header alone. */
static int check_extra_header(const char *header, struct hawser_error *err)
{
    const char *colon        = strchr(header, ':');
    struct hawser_slice name = slice_make(header, colon == NULL ? 0 : (size_t)(colon - header));
    if (!ws_header_is_token(name)) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "request header is not of the form \"Name: value\"");
        return -1;
    }
    if (!ws_header_is_value(slice_of(colon + 1))) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "request header %.*s holds a control character",
                  (int)name.len, name.data);
        return -1;
    }
    if (is_own_header(name)) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "request header %.*s is set by the handshake itself",
                  (int)name.len, name.data);
        return -1;
    }
    return 0;
}

static int has_space(const char *text)
{
    return strchr(text, ' ') != NULL || strchr(text, '\t') != NULL;
}

static int check_request(const struct ws_handshake_request *request, struct hawser_error *err)
{
    if (request->path[0] != '/' || has_space(request->path) ||
        !ws_header_is_value(slice_of(request->path)) || request->host[0] == 0 ||
        has_space(request->host) || !ws_header_is_value(slice_of(request->host))) {
        error_set(err, HAWSER_NET_URL, "host or path cannot stand in a request");
        return -1;
    }
    struct hawser_slice offered = slice_of(request->subprotocols);
    struct hawser_slice protocol;
    while (ws_header_next_element(&offered, &protocol)) {
        if (!ws_header_is_token(protocol)) {
            error_set(err, HAWSER_CONF_DIRECTIVE, "subprotocol \"%.*s\" is not a token",
                      (int)protocol.len, protocol.data);
            return -1;
        }
    }
    for (size_t i = 0; request->headers != NULL && request->headers[i] != NULL; i++) {
        if (check_extra_header(request->headers[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}

int ws_handshake_build(const struct ws_handshake_request *request, const char *key, struct buf *out,
                       struct hawser_error *err)
{
    if (check_request(request, err) != 0) {
        return -1;
    }
    int full = buf_printf(out,
                          "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
                          "Sec-WebSocket-Version: 13\r\n",
                          request->path, request->host, key) != 0;
    if (request->subprotocols != NULL) {
        full |= buf_printf(out, "Sec-WebSocket-Protocol: %s\r\n", request->subprotocols) != 0;
    }
    if (request->extensions != NULL) {
        full |= buf_printf(out, "Sec-WebSocket-Extensions: %s\r\n", request->extensions) != 0;
    }
    for (size_t i = 0; request->headers != NULL && request->headers[i] != NULL; i++) {
        full |= buf_printf(out, "%s\r\n", request->headers[i]) != 0;
    }
    if (full || buf_append_text(out, "\r\n") != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no room for the upgrade request");
        return -1;
    }
    return 0;
}

enum {
    UPGRADE,
    ACCEPT,
    PROTOCOL,
    EXTENSIONS,
    LOCATION,
    RETRY_AFTER,
    DATE,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    WANT_COUNT
};

static const struct ws_header_want WANTS[WANT_COUNT] = {
    [UPGRADE]           = {.name = "Upgrade"},
    [ACCEPT]            = {.name = "Sec-WebSocket-Accept"},
    [PROTOCOL]          = {.name = "Sec-WebSocket-Protocol"},
    [EXTENSIONS]        = {.name = "Sec-WebSocket-Extensions"},
    [LOCATION]          = {.name = "Location"},
    [RETRY_AFTER]       = {.name = "Retry-After"},
    [DATE]              = {.name = "Date"},
    [CONTENT_LENGTH]    = {.name = "Content-Length"},
    [TRANSFER_ENCODING] = {.name = "Transfer-Encoding"},
};

static int fail(struct hawser_error *err, const char *what, struct hawser_slice value)
{
    error_set(err, HAWSER_WS_HANDSHAKE, "%s%s%.*s", what, value.len > 0 ? ": " : "",
              (int)secret_cut(value, EXCERPT_BYTES), value.len > 0 ? value.data : "");
    return -1;
}

/* "HTTP/1.1 101 Switching Protocols". @return 0, or -1 */
static int parse_status_line(struct hawser_slice line, struct ws_handshake_response *out,
                             struct hawser_error *err)
{
    static const char FORM[] = "HTTP/1.? ???";
    if (line.len < sizeof(FORM) - 1 || !ws_header_is_value(line)) {
        return fail(err, "server does not answer in HTTP/1.1", slice_make(NULL, 0));
    }
    for (size_t i = 0; i < sizeof(FORM) - 1; i++) {
        int is_digit = line.data[i] >= '0' && line.data[i] <= '9';
        if (FORM[i] == '?' ? !is_digit : line.data[i] != FORM[i]) {
            return fail(err, "server does not answer in HTTP/1.1", line);
        }
    }
    if (line.len > sizeof(FORM) - 1 && line.data[sizeof(FORM) - 1] != ' ') {
        return fail(err, "malformed status line", line);
    }
    const char *digits = line.data + 9;
    out->status        = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
    out->reason        = ws_header_trim(slice_skip(line, sizeof(FORM) - 1));
    if (out->status < 100 || (out->status == 101 && line.data[7] != '1')) {
        return fail(err, "server does not answer in HTTP/1.1", line);
    }
    return 0;
}

static int check_subprotocol(struct hawser_slice chosen, const char *offered,
                             struct hawser_error *err)
{
    struct hawser_slice rest = slice_of(offered);
    struct hawser_slice protocol;
    while (ws_header_next_element(&rest, &protocol)) {
        if (slice_equal(protocol, chosen)) {
            return 0;
        }
    }
    return fail(err, "server chose a subprotocol that was not offered", chosen);
}

static struct hawser_slice extension_name(struct hawser_slice element)
{
    const char *end = memchr(element.data, ';', element.len);
    return ws_header_trim(
        slice_make(element.data, end == NULL ? element.len : (size_t)(end - element.data)));
}

/* Names only: what an extension's parameters may be is the extension's. */
static int check_extensions(struct hawser_slice accepted, const char *offered,
                            struct hawser_error *err)
{
    struct hawser_slice element;
    while (ws_header_next_element(&accepted, &element)) {
        struct hawser_slice rest = slice_of(offered);
        struct hawser_slice offer;
        int is_offered = 0;
        while (ws_header_next_element(&rest, &offer)) {
            is_offered |= slice_equal(extension_name(offer), extension_name(element));
        }
        if (!is_offered) {
            return fail(err, "server chose an extension that was not offered", element);
        }
    }
    return 0;
}

/* RFC 6455 4.1, the list of what a client must check. */
static int check_upgrade(const struct ws_header_block *block, const struct ws_header_want *found,
                         const struct ws_handshake_request *request, const char *key,
                         struct hawser_error *err)
{
    char accept[WS_ACCEPT_TEXT_BYTES + 1];
    ws_handshake_accept(key, accept);
    if (found[UPGRADE].count != 1 || !slice_equal_nocase(found[UPGRADE].value, "websocket")) {
        return fail(err, "answer's Upgrade is not websocket", found[UPGRADE].value);
    }
    if (!ws_header_lists(block, "Connection", "upgrade")) {
        return fail(err, "answer's Connection does not say Upgrade", slice_make(NULL, 0));
    }
    if (found[ACCEPT].count != 1 || accept[0] == 0 ||
        !slice_equal_text(found[ACCEPT].value, accept)) {
        return fail(err, "answer's Sec-WebSocket-Accept is missing or wrong", found[ACCEPT].value);
    }
    if (found[PROTOCOL].count > 1 || found[EXTENSIONS].count > 1) {
        return fail(err, "answer has Sec-WebSocket-Protocol or -Extensions twice",
                    slice_make(NULL, 0));
    }
    if (found[PROTOCOL].count == 1 &&
        check_subprotocol(found[PROTOCOL].value, request->subprotocols, err) != 0) {
        return -1;
    }
    return check_extensions(found[EXTENSIONS].value, request->extensions, err);
}

/* One printable line of a body: the first bytes, space runs as one space. @return 1: not empty */
static int excerpt(struct hawser_slice body, int is_chunked, char *out, size_t size)
{
    const char *line_end = is_chunked && body.len > 0 ? memchr(body.data, '\n', body.len) : NULL;
    if (line_end != NULL) { /* the size of the first chunk */
        body = slice_skip(body, (size_t)(line_end - body.data) + 1);
    }
    size_t len = 0;
    body.len   = secret_cut(body, size - 1);
    for (size_t i = 0; i < body.len; i++) {
        unsigned char c = (unsigned char)body.data[i];
        if (c > 0x20 && c < 0x7f) {
            out[len++] = (char)c;
        } else if (len > 0 && out[len - 1] != ' ') {
            out[len++] = c > 0x20 ? '?' : ' ';
        }
    }
    out[len] = 0;
    return len > 0;
}

static size_t body_bytes(const struct ws_header_want *found, int status)
{
    if (status < 200 || status == 204 || status == 304) {
        return 0;
    }
    struct hawser_slice length = found[CONTENT_LENGTH].value;
    size_t bytes               = found[CONTENT_LENGTH].count == 0 ? EXCERPT_BYTES : 0;
    for (size_t i = 0; i < length.len && bytes < EXCERPT_BYTES; i++) {
        if (length.data[i] < '0' || length.data[i] > '9') {
            return 0;
        }
        bytes = bytes * 10 + (size_t)(length.data[i] - '0');
    }
    return bytes < EXCERPT_BYTES ? bytes : EXCERPT_BYTES;
}

static int refuse(struct hawser_slice body, const struct ws_header_want *found,
                  struct ws_handshake_response *out, struct hawser_error *err)
{
    char text[EXCERPT_BYTES];
    int has_text          = excerpt(body, found[TRANSFER_ENCODING].count > 0, text, sizeof(text));
    int reason            = (int)secret_cut(out->reason, 60);
    enum hawser_code code = classify_http_status(out->status);
    if (code == HAWSER_WS_REDIRECT) {
        error_set(err, code, "server redirects to %.*s (%d %.*s)",
                  (int)secret_cut(out->location, 200),
                  out->location.len > 0 ? out->location.data : "?", out->status, reason,
                  reason > 0 ? out->reason.data : "");
    } else {
        error_set(err, code, "server answered %d%s%.*s%s%s", out->status, reason > 0 ? " " : "",
                  reason, reason > 0 ? out->reason.data : "", has_text ? ": " : "",
                  has_text ? text : "");
    }
    error_set_cause(err, HAWSER_CAUSE_HTTP, out->status);
    err->retry_after_ms = out->retry_after_ms;
    return -1;
}

/* A peer that speaks something else is told from its first bytes, not when the deadline passes. */
static int check_beginning(struct hawser_slice bytes, struct hawser_error *err)
{
    static const struct hawser_slice NOTHING = {NULL, 0};
    static const char BEGIN[]                = "HTTP/1.";
    size_t len = bytes.len < sizeof(BEGIN) - 1 ? bytes.len : sizeof(BEGIN) - 1;
    if (len > 0 && bytes.data[0] == TLS_ALERT && (len == 1 || bytes.data[1] == TLS_MAJOR)) {
        return len == 1 ? 0 : fail(err, "server speaks TLS on this port; use wss://", NOTHING);
    }
    if (len > 0 && memcmp(bytes.data, BEGIN, len) != 0) {
        return fail(err, "server does not answer in HTTP/1.1",
                    slice_make(bytes.data, bytes.len < 40 ? bytes.len : 40));
    }
    return 0;
}

enum { INTERIM = 2 };

/* One response. @param max  bytes that its header may have. @return as ws_handshake_check; INTERIM:
 * another one follows it */
static int check_response(struct hawser_slice bytes, size_t max,
                          const struct ws_handshake_request *request, const char *key,
                          struct ws_handshake_response *out, struct hawser_error *err)
{
    struct ws_header_block block;
    struct ws_header_want found[WANT_COUNT];
    *out = (struct ws_handshake_response){.retry_after_ms = -1};
    if (check_beginning(bytes, err) != 0) {
        return -1;
    }
    int rc = ws_header_read(bytes, max, &block, err);
    if (rc <= 0) {
        return rc;
    }
    if (parse_status_line(block.start_line, out, err) != 0) {
        return -1;
    }
    memcpy(found, WANTS, sizeof(found));
    ws_header_collect(&block, found, WANT_COUNT);
    out->header_bytes   = block.bytes;
    out->location       = found[LOCATION].value;
    out->subprotocol    = found[PROTOCOL].value;
    out->extensions     = found[EXTENSIONS].value;
    out->retry_after_ms = ws_retry_after_ms(found[RETRY_AFTER].value, found[DATE].value);
    out->body_bytes     = body_bytes(found, out->status);
    if (out->status == 101) {
        return check_upgrade(&block, found, request, key, err) == 0 ? 1 : -1;
    }
    if (out->status < 200) {
        return INTERIM;
    }
    return refuse(slice_skip(bytes, block.bytes), found, out, err);
}

/* Interim responses (100, 103) may come before the one that counts, asked for or not (RFC 9110
 * 15.2). All headers together keep to the limit. */
int ws_handshake_check(struct hawser_slice bytes, const struct ws_handshake_request *request,
                       const char *key, struct ws_handshake_response *out, struct hawser_error *err)
{
    size_t before = 0;
    int rc        = INTERIM;
    while (rc == INTERIM) {
        rc = check_response(slice_skip(bytes, before), WS_HANDSHAKE_MAX_BYTES - before, request,
                            key, out, err);
        before += out->header_bytes;
    }
    out->header_bytes = out->header_bytes > 0 ? before : 0;
    return rc;
}
