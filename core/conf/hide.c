/*
 * Finds the secrets of a config and has them masked. See hide.h.
 */
#include "conf/hide.h"

#include <string.h>

#include "base/secret.h"
#include "base/slice.h"
#include "conf/mask.h"

#define MIN_UNKNOWN_BYTES 16u /* of a header whose name says nothing: shorter ones may be words */

/** What is done with each secret found. @return 0, or -1: no memory */
typedef int (*secret_fn)(struct hawser_slice value);

static int forget(struct hawser_slice value)
{
    secret_remove(value);
    return 0;
}

static int visit_from(struct hawser_slice value, size_t least, secret_fn visit)
{
    return value.len < least ? 0 : visit(value);
}

/* logins */

static int hex_of(char c)
{
    static const char DIGITS[] = "0123456789abcdef";
    const char *at = c == 0 ? NULL : strchr(DIGITS, c >= 'A' && c <= 'F' ? c | 0x20 : c);
    return at == NULL ? -1 : (int)(at - DIGITS);
}

/* %XX as the byte that it means; broken ones stand for themselves. @return 0, or -1: no memory */
static int decode_percent(struct hawser_slice text, struct buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        char c   = text.data[i];
        int high = c == '%' && i + 2 < text.len ? hex_of(text.data[i + 1]) : -1;
        int low  = high < 0 ? -1 : hex_of(text.data[i + 2]);
        if (low >= 0 && high * 16 + low > 0) {
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (buf_append(out, &c, 1) != 0) {
            return -1;
        }
    }
    return 0;
}

/* As it stands, and decoded: it is sent decoded, and shown by whoever read the config. */
static int visit_encoded(struct hawser_slice text, size_t least, secret_fn visit)
{
    struct buf decoded = {0};
    int rc             = visit_from(text, least, visit);
    if (memchr(text.data, '%', text.len) != NULL) {
        rc |= decode_percent(text, &decoded);
        rc |= visit_from(buf_slice(&decoded), least, visit);
    }
    buf_cleanse(&decoded);
    return rc;
}

/* USER:PASSWORD. @param how visit_encoded or visit_from */
static int visit_login(struct hawser_slice login, secret_fn visit,
                       int (*how)(struct hawser_slice text, size_t least, secret_fn visit))
{
    const char *colon = memchr(login.data, ':', login.len);
    size_t user_len   = colon == NULL ? login.len : (size_t)(colon - login.data);
    int rc            = how(slice_make(login.data, user_len), SECRET_MIN_PLAIN_BYTES, visit);
    if (colon != NULL) {
        rc |= how(slice_skip(login, user_len + 1), SECRET_MIN_BYTES, visit);
    }
    return rc;
}

static int visit_word(const char *word, secret_fn visit)
{
    int rc                  = 0;
    struct conf_piece piece = conf_secret_piece(word, word);
    while (piece.text.data != NULL) {
        rc |= piece.is_login ? visit_login(piece.text, visit, visit_encoded)
                             : visit_encoded(piece.text, SECRET_MIN_BYTES, visit);
        piece = conf_secret_piece(word, piece.text.data + piece.text.len);
    }
    return rc;
}

/* headers */

static int header_is_secret(struct hawser_slice name)
{
    static const char *const PARTS[] = {"auth", "cookie", "key", "sign", "session"};
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
        if (slice_contains_nocase(name, PARTS[i])) {
            return 1;
        }
    }
    return conf_name_is_secret(name);
}

static int header_is_harmless(struct hawser_slice name)
{
    static const char *const NAMES[] = {"User-Agent",
                                        "Origin",
                                        "Referer",
                                        "Accept",
                                        "Accept-Encoding",
                                        "Accept-Language",
                                        "Cache-Control",
                                        "Pragma",
                                        "From",
                                        "X-Forwarded-For",
                                        "Via",
                                        "Date"};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (slice_equal_nocase(name, NAMES[i])) {
            return 1;
        }
    }
    return 0;
}

/* The value of `name=value`, with neither quotes nor what only fills up base64; else all of it. */
static struct hawser_slice value_of(struct hawser_slice part)
{
    const char *equals = memchr(part.data, '=', part.len);
    size_t value_at    = equals == NULL ? part.len : (size_t)(equals - part.data) + 1;
    if (value_at + strspn(part.data + value_at, "=") >= part.len) {
        return part;
    }
    struct hawser_slice value = slice_skip(part, value_at);
    if (value.len > 2 && value.data[0] == '"' && value.data[value.len - 1] == '"') {
        value = slice_make(value.data + 1, value.len - 2);
    }
    return value;
}

/* `Bearer TOKEN`, `a=TOKEN; b=TOKEN`: the parts may be repeated without their neighbours. A first
 * word before others is a scheme, and no secret. */
static int visit_parts(struct hawser_slice value, secret_fn visit)
{
    int rc    = 0;
    size_t at = 0;
    while (at < value.len) {
        const char *from = value.data + at;
        size_t len       = strcspn(from, " \t;,");
        int is_scheme    = at == 0 && len < value.len && memchr(from, '=', len) == NULL;
        if (!is_scheme && len > 0) {
            rc |= visit_from(value_of(slice_make(from, len)), SECRET_MIN_PLAIN_BYTES, visit);
        }
        at += len + 1;
    }
    return rc;
}

/* RFC 7617: base64 of USER:PASSWORD. @return 0, or -1: no memory */
static int decode_base64(struct hawser_slice text, struct buf *out)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits              = 0;
    unsigned have              = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *digit = text.data[i] == 0 ? NULL : strchr(DIGITS, text.data[i]);
        if (digit == NULL) {
            break;
        }
        bits = bits << 6 | (uint32_t)(digit - DIGITS);
        have += 6;
        if (have >= 8) {
            char byte = (char)(bits >> (have - 8) & 0xffu);
            have -= 8;
            if (byte == 0 || buf_append(out, &byte, 1) != 0) {
                return byte == 0 ? 0 : -1; /* no text: no login */
            }
        }
    }
    return 0;
}

static int visit_basic(struct hawser_slice value, secret_fn visit)
{
    static const char SCHEME[] = "Basic ";
    struct buf login           = {0};
    int rc                     = 0;
    if (value.len < sizeof(SCHEME) || strncasecmp(value.data, SCHEME, sizeof(SCHEME) - 1) != 0) {
        return 0;
    }
    rc = decode_base64(slice_skip(value, sizeof(SCHEME) - 1), &login);
    if (login.len > 0) {
        rc |= visit_login(buf_slice(&login), visit, visit_from);
    }
    buf_cleanse(&login);
    return rc;
}

static int visit_header(const char *header, secret_fn visit)
{
    struct hawser_slice name = slice_make(header, strcspn(header, ":"));
    if (header[name.len] != ':' || header_is_harmless(name)) {
        return 0;
    }
    const char *from = header + name.len + 1;
    from += strspn(from, " \t");
    struct hawser_slice value = slice_of(from);
    while (value.len > 0 && strchr(" \t", value.data[value.len - 1]) != NULL) {
        value.len--;
    }
    if (!header_is_secret(name)) {
        return visit_from(value, MIN_UNKNOWN_BYTES, visit);
    }
    return visit_from(value, SECRET_MIN_BYTES, visit) | visit_parts(value, visit) |
           visit_basic(value, visit);
}

/* the tree */

static int visit_block(const struct conf_node *block, secret_fn visit)
{
    int rc = 0;
    for (const struct conf_node *node = block->first_child; node != NULL; node = node->next) {
        int is_header = strcmp(node->words[0], "header") == 0;
        for (size_t i = 1; i < node->word_count; i++) {
            rc |=
                is_header ? visit_header(node->words[i], visit) : visit_word(node->words[i], visit);
        }
        rc |= visit_block(node, visit); /* as deep as the parser lets it be */
    }
    return rc;
}

int conf_hide(const struct conf_node *block)
{
    return visit_block(block, secret_add);
}

void conf_unhide(const struct conf_node *block)
{
    (void)visit_block(block,
                      forget); /* fails where memory for decoding lacks: too much is masked */
}
