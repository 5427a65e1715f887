/*
 * Escapes of JSON strings. See text.h.
 */
#include "rpc/text.h"

#include <string.h>

#include "base/slice.h"

#define KEY_MAX_BYTES 256u
#define CHARACTER_MAX 4u
#define REPLACEMENT   0xfffdu

static unsigned hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    return (unsigned)((c | 0x20) - 'a') + 10;
}

static unsigned hex4(const char *at)
{
    return hex_value(at[0]) << 12 | hex_value(at[1]) << 8 | hex_value(at[2]) << 4 |
           hex_value(at[3]);
}

/* One \uXXXX, or two that make a pair; `*at` is moved behind. */
static unsigned take_unicode(const char **at, const char *end)
{
    unsigned code = hex4(*at + 2);
    *at += 6;
    if (code < 0xd800 || code > 0xdfff) {
        return code;
    }
    if (code < 0xdc00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u') {
        unsigned low = hex4(*at + 2);
        if (low >= 0xdc00 && low <= 0xdfff) {
            *at += 6;
            return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    return REPLACEMENT;
}

static size_t encode_utf8(unsigned code, char out[CHARACTER_MAX])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

static size_t take_escape(const char **at, const char *end, char out[CHARACTER_MAX])
{
    static const char LETTERS[] = "bfnrt";
    static const char MEANT[]   = "\b\f\n\r\t";
    char c                      = (*at)[1];
    if (c == 'u') {
        return encode_utf8(take_unicode(at, end), out);
    }
    const char *letter = strchr(LETTERS, c);
    out[0]             = letter == NULL ? c : MEANT[letter - LETTERS];
    *at += 2;
    return 1;
}

/* One character as it stands: its first byte and what continues it. Where that is not UTF-8, no
 * byte of an escape may be taken along, or what is left would not be escapes any more. */
static size_t take_plain(const char **at, const char *end, char out[CHARACTER_MAX])
{
    size_t len = 0;
    do {
        out[len++] = *(*at)++;
    } while (len < CHARACTER_MAX && *at < end && ((unsigned char)**at & 0xc0) == 0x80);
    return len;
}

size_t rpc_text_unescape(struct hawser_slice content, char *out, size_t size)
{
    if (content.len == 0) {
        return 0;
    }
    const char *at  = content.data;
    const char *end = content.data + content.len;
    size_t used     = 0;
    while (at < end) {
        char character[CHARACTER_MAX];
        size_t len =
            *at == '\\' ? take_escape(&at, end, character) : take_plain(&at, end, character);
        if (len > size - used) {
            break;
        }
        memcpy(out + used, character, len);
        used += len;
    }
    return used;
}

int rpc_text_key_is(struct hawser_slice key, int escaped, struct hawser_slice name)
{
    if (!escaped) {
        return slice_equal(key, name);
    }
    char plain[KEY_MAX_BYTES];
    if (name.len > sizeof(plain) - CHARACTER_MAX) { /* so that no longer key is cut down to it */
        return 0;
    }
    size_t len = rpc_text_unescape(key, plain, sizeof(plain));
    return slice_equal(slice_make(plain, len), name);
}
