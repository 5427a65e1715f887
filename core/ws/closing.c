/*
 * Close frames and codes. See closing.h. Who sends one and how long an answer may take is the
 * connection's.
 */
#include "ws/closing.h"

#include <string.h>

#include "base/classify.h"
#include "base/error.h"
#include "ws/frame.h"
#include "ws/utf8.h"

int ws_closing_parse(struct hawser_slice payload, struct ws_closing *out, struct hawser_error *err)
{
    *out = (struct ws_closing){.code = HAWSER_CLOSE_NO_STATUS};
    if (payload.len == 0) {
        return 0;
    }
    if (payload.len == 1) {
        error_set(err, HAWSER_WS_CLOSE_PROTOCOL, "close frame of one byte");
        return -1;
    }
    const uint8_t *at = (const uint8_t *)payload.data;
    uint16_t code     = (uint16_t)(at[0] << 8 | at[1]);
    if (!ws_close_code_is_valid(code)) {
        error_set(err, HAWSER_WS_CLOSE_PROTOCOL,
                  "close frame with the code %u, which is not allowed", code);
        return -1;
    }
    if (!ws_utf8_is_valid(at + 2, payload.len - 2)) {
        error_set(err, HAWSER_WS_CLOSE_UTF8, "close frame whose reason is not UTF-8");
        return -1;
    }
    out->code   = code;
    out->reason = slice_skip(payload, 2);
    return 0;
}

size_t ws_closing_build(uint16_t code, struct hawser_slice reason, uint8_t *out)
{
    if (!ws_close_code_is_valid(code)) {
        return 0;
    }
    out[0] = (uint8_t)(code >> 8);
    out[1] = (uint8_t)(code & 0xffu);
    if (!ws_utf8_is_valid((const uint8_t *)reason.data, reason.len)) {
        return 2;
    }
    size_t len = reason.len;
    if (len > WS_CLOSING_MAX_REASON) {
        len = WS_CLOSING_MAX_REASON;
        while (len > 0 && ((uint8_t)reason.data[len] & 0xc0u) == 0x80u) {
            len--; /* the first byte left out must be a code point's first */
        }
    }
    if (len > 0) {
        memcpy(out + 2, reason.data, len);
    }
    return 2 + len;
}

static const char *meaning(uint16_t code)
{
    switch (code) {
    case HAWSER_CLOSE_NORMAL:
        return "normal closure";
    case HAWSER_CLOSE_GOING_AWAY:
        return "server is going away";
    case HAWSER_CLOSE_PROTOCOL_ERROR:
        return "protocol error";
    case HAWSER_CLOSE_UNSUPPORTED_DATA:
        return "unsupported data";
    case HAWSER_CLOSE_NO_STATUS:
        return "no code given";
    case HAWSER_CLOSE_ABNORMAL:
        return "no close frame";
    case HAWSER_CLOSE_INVALID_PAYLOAD:
        return "invalid payload";
    case HAWSER_CLOSE_POLICY_VIOLATION:
        return "policy violation";
    case HAWSER_CLOSE_TOO_BIG:
        return "message too big";
    case HAWSER_CLOSE_EXTENSION:
        return "extension missing";
    case HAWSER_CLOSE_INTERNAL_ERROR:
        return "internal server error";
    case HAWSER_CLOSE_SERVICE_RESTART:
        return "service restart";
    case HAWSER_CLOSE_TRY_AGAIN_LATER:
        return "try again later";
    case HAWSER_CLOSE_BAD_GATEWAY:
        return "bad gateway";
    default:
        return code >= 4000 ? "private code" : "registered code";
    }
}

void ws_closing_explain(const struct ws_closing *closing, struct hawser_error *err)
{
    enum hawser_code code = classify_close_code(closing->code);
    error_set(err, code, "server closed the connection with %u (%s)%s%.*s", closing->code,
              meaning(closing->code), closing->reason.len > 0 ? ": " : "", (int)closing->reason.len,
              closing->reason.len > 0 ? closing->reason.data : "");
    error_set_cause(err, HAWSER_CAUSE_CLOSE, closing->code);
}

uint16_t ws_closing_code(const struct hawser_error *fault)
{
    switch (fault->code) {
    case HAWSER_WS_CLOSE_PROTOCOL:
        return HAWSER_CLOSE_PROTOCOL_ERROR;
    case HAWSER_WS_CLOSE_UTF8:
        return HAWSER_CLOSE_INVALID_PAYLOAD;
    case HAWSER_WS_CLOSE_TOO_BIG:
        return HAWSER_CLOSE_TOO_BIG;
    default:
        return HAWSER_CLOSE_INTERNAL_ERROR;
    }
}
