/*
 * Encodings of a secret that give it away as well as itself. See secret_forms.h.
 */
#include "base/secret_forms.h"

#include <ctype.h>
#include <string.h>

#define MIN_BASE64_OF 6u /* of less, too few digits stand alone to be told from any word */

static const char HEX_LOWER[] = "0123456789abcdef";
static const char HEX_UPPER[] = "0123456789ABCDEF";

static int end_form(struct buf *out)
{
    return buf_append(out, "", 1);
}

static int add_hex(struct hawser_slice value, const char *digits, struct buf *out)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.data[i];
        char pair[2]    = {digits[c >> 4], digits[c & 15]};
        if (buf_append(out, pair, sizeof(pair)) != 0) {
            return -1;
        }
    }
    return end_form(out);
}

static int is_unreserved(unsigned char c) /* RFC 3986 2.3 */
{
    return isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static int add_percent(struct hawser_slice value, const char *digits, struct buf *out)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.data[i];
        char triple[3]  = {'%', digits[c >> 4], digits[c & 15]};
        if (is_unreserved(c) ? buf_append(out, &value.data[i], 1) != 0
                             : buf_append(out, triple, sizeof(triple)) != 0) {
            return -1;
        }
    }
    return end_form(out);
}

static int has_reserved(struct hawser_slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (!is_unreserved((unsigned char)value.data[i])) {
            return 1;
        }
    }
    return 0;
}

/* What JSON's writers do to a byte; those beyond ASCII mostly stay as they are. */
static int add_json_byte(char c, int escapes_slash, struct buf *out)
{
    static const char SHORT[] = "\b\f\n\r\t\"\\/";
    static const char NAMES[] = "bfnrt\"\\/";
    const char *at            = c == 0 ? NULL : strchr(SHORT, c);
    if (at != NULL && (c != '/' || escapes_slash)) {
        char pair[2] = {'\\', NAMES[at - SHORT]};
        return buf_append(out, pair, sizeof(pair));
    }
    if ((unsigned char)c < 0x20) {
        return buf_printf(out, "\\u%04x", (unsigned)c);
    }
    return buf_append(out, &c, 1);
}

static int add_json(struct hawser_slice value, int escapes_slash, struct buf *out)
{
    for (size_t i = 0; i < value.len; i++) {
        if (add_json_byte(value.data[i], escapes_slash, out) != 0) {
            return -1;
        }
    }
    return end_form(out);
}

static int needs_json(struct hawser_slice value, char also)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.data[i];
        if ((unsigned char)c < 0x20 || c == '"' || c == '\\' || c == also) {
            return 1;
        }
    }
    return 0;
}

/* Base64 as it stands inside a longer text, `offset` bytes behind the start of a group of three:
 * the digits that no neighbour has a part in. */
static int add_base64(struct hawser_slice value, size_t offset, const char *last_two,
                      struct buf *out)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    size_t first_bit           = (6 - offset * 8 % 6) % 6; /* of the value, where a digit begins */
    size_t bits                = value.len * 8;
    for (size_t bit = first_bit; bit + 6 <= bits; bit += 6) {
        unsigned digit = 0;
        for (size_t i = bit; i < bit + 6; i++) {
            unsigned char c = (unsigned char)value.data[i / 8];
            digit           = digit << 1 | ((unsigned)c >> (7 - i % 8) & 1u);
        }
        const char *at = digit < 62 ? &DIGITS[digit] : &last_two[digit - 62];
        if (buf_append(out, at, 1) != 0) {
            return -1;
        }
    }
    return end_form(out);
}

static int add_all_base64(struct hawser_slice value, struct buf *out)
{
    for (size_t offset = 0; offset < 3 && value.len >= MIN_BASE64_OF; offset++) {
        if (add_base64(value, offset, "+/", out) != 0 ||
            add_base64(value, offset, "-_", out) != 0) {
            return -1;
        }
    }
    return 0;
}

int secret_forms(struct hawser_slice value, struct buf *out)
{
    if (buf_append_slice(out, value) != 0 || end_form(out) != 0 ||
        add_hex(value, HEX_LOWER, out) != 0 || add_hex(value, HEX_UPPER, out) != 0) {
        return -1;
    }
    if (has_reserved(value) &&
        (add_percent(value, HEX_LOWER, out) != 0 || add_percent(value, HEX_UPPER, out) != 0)) {
        return -1;
    }
    if (needs_json(value, 0) && add_json(value, 0, out) != 0) {
        return -1;
    }
    if (needs_json(value, '/') && add_json(value, 1, out) != 0) {
        return -1;
    }
    return add_all_base64(value, out);
}
