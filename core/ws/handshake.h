/*
 * The opening handshake, both sides, as pure functions on bytes (RFC 6455 4). No I/O.
 */
#ifndef CORE_WS_HANDSHAKE_H
#define CORE_WS_HANDSHAKE_H

#include "base/buf.h"
#include "hawser/error.h"

#define WS_HANDSHAKE_MAX_BYTES (16u * 1024u) /* of a header block */
#define WS_KEY_TEXT_BYTES      24u           /* base64 of 16 bytes */
#define WS_ACCEPT_TEXT_BYTES   28u           /* base64 of a SHA-1 */

struct ws_handshake_request {
    const char *host;           /* Host header */
    const char *path;           /* with query */
    const char *const *headers; /* "Name: value", NULL-terminated, or NULL; checked: no CR, LF, no
                                   header of the handshake's own */
    const char *subprotocols;   /* or NULL */
    const char *extensions;     /* offer, or NULL */
};

/** A fresh random key. @param out WS_KEY_TEXT_BYTES + 1 */
void ws_handshake_key(char *out);
/** Sec-WebSocket-Accept of a key. @param out WS_ACCEPT_TEXT_BYTES + 1 */
void ws_handshake_accept(const char *key, char *out);
/** Write the request. @return 0, or -1 with err set (a header is not allowed) */
int ws_handshake_build(const struct ws_handshake_request *request, const char *key, struct buf *out,
                       struct hawser_error *err) HAWSER_MUST_CHECK;

/** What the server answered; slices into the fed bytes. */
struct ws_handshake_response {
    int status;                   /* HTTP status */
    int64_t retry_after_ms;       /* -1: none; seconds or HTTP-date */
    struct hawser_slice reason;   /* status line's phrase */
    struct hawser_slice location; /* of a 3xx; may be empty */
    struct hawser_slice subprotocol;
    struct hawser_slice extensions; /* as accepted by the server; may be empty */
    size_t header_bytes; /* the header block with its empty line, and what came before it; frames
                            (or a body) follow; 0: it is not whole or not HTTP */
    size_t body_bytes; /* of a refusal: how much of its body is worth waiting for, a short while */
};

/**
 * Look at what has arrived of the response. Interim ones (1xx) before it are passed over.
 *
 * @param bytes  all of it so far, from the first byte
 * @return 1: complete and 101, checked against key and request; 0: more is needed; -1: err says
 * why: WS_HANDSHAKE (not HTTP/1.1, over the limit, wrong or missing Accept, Upgrade, Connection,
 * something that was not offered), or a refusal with the HTTP status as cause, Retry-After in
 * retry_after_ms, the first bytes of the body in the message: WS_UNAUTHORIZED 401 403, WS_TOO_MANY
 * 429 503, WS_REDIRECT 301 302 303 307 308 (target named), WS_REFUSED else. `out` is filled for
 * refusals too.
 */
int ws_handshake_check(struct hawser_slice bytes, const struct ws_handshake_request *request,
                       const char *key, struct ws_handshake_response *out,
                       struct hawser_error *err) HAWSER_MUST_CHECK;

/** What a client asks of a server; slices into the bytes. */
struct ws_handshake_offer {
    struct hawser_slice path;
    struct hawser_slice host;
    struct hawser_slice key;
    struct hawser_slice subprotocols;
    struct hawser_slice extensions;
    size_t header_bytes;
};
/** The server's side. Of a field that stands there several times only the first is offered. @return
 * 1 a valid upgrade; 0 more is needed; -1 refuse with HTTP `*status` (400, 405, 426, 431) */
int ws_handshake_parse(struct hawser_slice bytes, struct ws_handshake_offer *out, int *status,
                       struct hawser_error *err) HAWSER_MUST_CHECK;
/** Write the 101. @param subprotocol, extensions chosen ones, or NULL */
int ws_handshake_answer(const struct ws_handshake_offer *offer, const char *subprotocol,
                        const char *extensions, struct buf *out) HAWSER_MUST_CHECK;

#endif
