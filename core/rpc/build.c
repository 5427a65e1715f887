/*
 * JSON-RPC 2.0 messages as bytes. See build.h. Either a whole message is appended or nothing.
 */
#include "rpc/build.h"

#include <inttypes.h>

#include "base/slice.h"

#define REPLACEMENT SLICE_LITERAL("\xef\xbf\xbd") /* U+FFFD */

/* Content from `before` on is taken back when the message could not be built whole. */
static int finish(struct buf *out, size_t before, int broken)
{
    if (broken) {
        out->len = before;
        return -1;
    }
    return 0;
}

/* How many bytes from `at` on are one UTF-8 character beyond ASCII (RFC 3629); 0: none. */
static size_t character_len(const uint8_t *at, size_t left)
{
    uint8_t lead = at[0];
    uint8_t low  = 0x80;
    uint8_t high = 0xbf;
    size_t len   = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (lead < 0xc2 || lead > 0xf4 || left < len) {
        return 0;
    }
    if (lead == 0xe0) {
        low = 0xa0; /* else it would fit in two bytes */
    } else if (lead == 0xed) {
        high = 0x9f; /* surrogates are no characters */
    } else if (lead == 0xf0) {
        low = 0x90;
    } else if (lead == 0xf4) {
        high = 0x8f; /* the last is U+10FFFF */
    }
    if (at[1] < low || at[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return len;
}

static int append_special(struct buf *out, uint8_t c)
{
    switch (c) {
    case '"':
        return buf_append_text(out, "\\\"");
    case '\\':
        return buf_append_text(out, "\\\\");
    case '\b':
        return buf_append_text(out, "\\b");
    case '\f':
        return buf_append_text(out, "\\f");
    case '\n':
        return buf_append_text(out, "\\n");
    case '\r':
        return buf_append_text(out, "\\r");
    case '\t':
        return buf_append_text(out, "\\t");
    default:
        return c < 0x80 ? buf_printf(out, "\\u%04x", (unsigned)c)
                        : buf_append_slice(out, REPLACEMENT);
    }
}

static int append_content(struct buf *out, struct hawser_slice text)
{
    const uint8_t *bytes = (const uint8_t *)text.data;
    size_t plain         = 0; /* from here up to `i` bytes stand for themselves */
    size_t i             = 0;
    while (i < text.len) {
        size_t len = bytes[i] >= 0x80 ? character_len(bytes + i, text.len - i)
                                      : bytes[i] >= 0x20 && bytes[i] != '"' && bytes[i] != '\\';
        if (len > 0) {
            i += len;
            continue;
        }
        if (buf_append(out, bytes + plain, i - plain) != 0 || append_special(out, bytes[i]) != 0) {
            return -1;
        }
        plain = ++i;
    }
    return plain == i ? 0 : buf_append(out, bytes + plain, i - plain);
}

int rpc_build_string(struct buf *out, struct hawser_slice text)
{
    size_t before = out->len;
    return finish(out, before,
                  buf_append_text(out, "\"") != 0 || append_content(out, text) != 0 ||
                      buf_append_text(out, "\"") != 0);
}

static int append_member(struct buf *out, const char *key, struct hawser_slice value)
{
    return buf_printf(out, ",\"%s\":", key) != 0 || buf_append_slice(out, value) != 0 ? -1 : 0;
}

int rpc_build_request(struct buf *out, uint64_t id, const char *method, struct hawser_slice params)
{
    size_t before = out->len;
    return finish(out, before,
                  buf_printf(out, "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"method\":", id) != 0 ||
                      rpc_build_string(out, slice_of(method)) != 0 ||
                      (params.len > 0 && append_member(out, "params", params) != 0) ||
                      buf_append_text(out, "}") != 0);
}

static int append_head(struct buf *out, struct hawser_slice id_json)
{
    return buf_append_text(out, "{\"jsonrpc\":\"2.0\"") != 0 ||
                   append_member(out, "id", id_json.len > 0 ? id_json : SLICE_LITERAL("null")) != 0
               ? -1
               : 0;
}

int rpc_build_result(struct buf *out, struct hawser_slice id_json, struct hawser_slice result)
{
    size_t before = out->len;
    return finish(out, before,
                  append_head(out, id_json) != 0 || append_member(out, "result", result) != 0 ||
                      buf_append_text(out, "}") != 0);
}

int rpc_build_error(struct buf *out, struct hawser_slice id_json, int64_t code, const char *message,
                    struct hawser_slice data)
{
    size_t before = out->len;
    return finish(out, before,
                  append_head(out, id_json) != 0 ||
                      buf_printf(out, ",\"error\":{\"code\":%" PRId64 ",\"message\":", code) != 0 ||
                      rpc_build_string(out, slice_of(message)) != 0 ||
                      (data.len > 0 && append_member(out, "data", data) != 0) ||
                      buf_append_text(out, "}}") != 0);
}
