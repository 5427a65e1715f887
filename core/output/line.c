/*
 * A record as one line of JSON. What the exchange sent as JSON is copied as it came, so that
 * numbers keep every digit; only line ends between its tokens are replaced, for a line is a line.
 */
#include "output/line.h"

#include <stdint.h>
#include <string.h>

/* An escaped byte takes six characters, and base64 a third more. */
#define FIELD_ROOM 512u

static const char *const EVENTS[HAWSER_RECORD_KIND_COUNT] = {
    [HAWSER_RECORD_READY] = "ready",   [HAWSER_RECORD_GAP] = "gap",
    [HAWSER_RECORD_STALE] = "stale",   [HAWSER_RECORD_DROPPED] = "dropped",
    [HAWSER_RECORD_CLOSED] = "closed",
};

/* The line under work; it has room for the worst case. */
struct text {
    char *bytes;
    size_t len;
};

static void put(struct text *text, const char *bytes, size_t len)
{
    if (len > 0) {
        memcpy(text->bytes + text->len, bytes, len);
        text->len += len;
    }
}

static void put_literal(struct text *text, const char *literal)
{
    put(text, literal, strlen(literal));
}

static void put_unsigned(struct text *text, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    put(text, digits + at, sizeof(digits) - at);
}

static void put_signed(struct text *text, int64_t value)
{
    if (value < 0) {
        put(text, "-", 1);
    }
    put_unsigned(text, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* @return the length of the UTF-8 character at the front (RFC 3629), 0: it is none */
static size_t utf8_length(const unsigned char *at, size_t len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = at[0] < 0x80 ? 1 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc2 ? 2 : 0;
    if (n <= 1) {
        return n;
    }
    if (n > len || at[0] > 0xf4) {
        return 0;
    }
    uint32_t code = at[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (at[i] & 0x3fu);
    }
    int surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < least[n] || code > 0x10ffff || surrogate ? 0 : n;
}

static void put_escaped(struct text *text, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    const char *simple      = c == '"'    ? "\\\""
                              : c == '\\' ? "\\\\"
                              : c == '\n' ? "\\n"
                              : c == '\r' ? "\\r"
                              : c == '\t' ? "\\t"
                                          : NULL;
    if (simple != NULL) {
        put(text, simple, 2);
        return;
    }
    char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    put(text, escape, sizeof(escape));
}

static void put_string(struct text *text, struct hawser_slice value)
{
    const unsigned char *at  = (const unsigned char *)value.data;
    const unsigned char *end = value.len == 0 ? at : at + value.len;
    put(text, "\"", 1);
    while (at < end) {
        size_t n = utf8_length(at, (size_t)(end - at));
        if (n == 0) {
            put(text, "\xef\xbf\xbd", 3); /* U+FFFD */
            at++;
        } else if (*at < 0x20 || *at == '"' || *at == '\\') {
            put_escaped(text, *at++);
        } else {
            put(text, (const char *)at, n);
            at += n;
        }
    }
    put(text, "\"", 1);
}

static void put_base64(struct text *text, struct hawser_slice value)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in    = (const unsigned char *)value.data;
    put(text, "\"", 1);
    for (size_t i = 0; i < value.len; i += 3) {
        size_t left   = value.len - i;
        uint32_t bits = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                        (left > 2 ? (uint32_t)in[i + 2] : 0);
        char out[4] = {digits[bits >> 18], digits[bits >> 12 & 63],
                       left > 1 ? digits[bits >> 6 & 63] : '=', left > 2 ? digits[bits & 63] : '='};
        put(text, out, sizeof(out));
    }
    put(text, "\"", 1);
}

/* Outside strings a line end is white space; inside strings JSON has none. */
static void put_json(struct text *text, struct hawser_slice value)
{
    char *at = text->bytes + text->len;
    put(text, value.data, value.len);
    char *end = text->bytes + text->len;
    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        *at++ = ' ';
    }
    at = end - value.len;
    while ((at = memchr(at, '\r', (size_t)(end - at))) != NULL) {
        *at++ = ' ';
    }
}

static int is_json(const struct hawser_record *record)
{
    const uint32_t kinds = HAWSER_DELIVERY_BINARY | HAWSER_DELIVERY_JSON;
    return (record->flags & kinds) == HAWSER_DELIVERY_JSON && record->data.len > 0;
}

static void put_data(struct text *text, const struct hawser_record *record)
{
    if ((record->flags & HAWSER_DELIVERY_BINARY) != 0) {
        put_literal(text, ",\"data_base64\":");
        put_base64(text, record->data);
        return;
    }
    put_literal(text, ",\"data\":");
    if (is_json(record)) {
        put_json(text, record->data);
    } else {
        put_string(text, record->data);
    }
}

static void put_named(struct text *text, const char *name, struct hawser_slice value)
{
    if (value.len > 0) {
        put_literal(text, name);
        put_string(text, value);
    }
}

static void put_event(struct text *text, const struct hawser_record *record)
{
    put_named(text, ",\"reason\":", record->reason);
    put_named(text, ",\"message\":", record->message);
    if (record->kind == HAWSER_RECORD_DROPPED) {
        put_literal(text, ",\"count\":");
        put_unsigned(text, record->count);
    }
    if ((record->kind == HAWSER_RECORD_GAP || record->kind == HAWSER_RECORD_STALE) &&
        record->since_ns != 0) {
        put_literal(text, ",\"since\":");
        put_signed(text, record->since_ns);
    }
}

size_t output_line_room(const struct hawser_record *record)
{
    size_t escaped =
        record->session.len + record->channel.len + record->reason.len + record->message.len;
    if (!is_json(record)) {
        escaped += record->data.len;
    }
    return FIELD_ROOM + record->data.len + escaped * 6;
}

size_t output_line_write(const struct hawser_record *record, char *out)
{
    struct text line  = {out, 0};
    struct text *text = &line;
    put_literal(text, "{\"time\":");
    put_signed(text, record->time_ns);
    if (record->session.len > 0) { /* what an output says of itself belongs to no session */
        put_literal(text, ",\"session\":");
        put_string(text, record->session);
        put_literal(text, ",\"epoch\":");
        put_unsigned(text, record->epoch);
        put_literal(text, ",\"seq\":");
        put_unsigned(text, record->sequence);
    }
    if (record->kind != HAWSER_RECORD_DATA) {
        const char *event = record->kind < HAWSER_RECORD_KIND_COUNT ? EVENTS[record->kind] : NULL;
        put_literal(text, ",\"event\":\"");
        put_literal(text, event == NULL ? "unknown" : event);
        put_literal(text, "\"");
    }
    put_named(text, ",\"channel\":", record->channel);
    if (record->kind == HAWSER_RECORD_DATA) {
        if ((record->flags & HAWSER_DELIVERY_SNAPSHOT) != 0) {
            put_literal(text, ",\"snapshot\":true");
        }
        put_data(text, record);
    } else {
        put_event(text, record);
    }
    put_literal(text, "}\n");
    return text->len;
}
