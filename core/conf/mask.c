/*
 * Masks secrets inside of words. See mask.h.
 */
#include "conf/mask.h"

#include <ctype.h>
#include <string.h>

#include "base/secret.h"
#include "base/slice.h"

#define STARS "***"

int conf_name_is_secret(struct hawser_slice name)
{
    static const char *const PARTS[] = {"secret",      "passw",      "passphrase", "token",
                                        "api_key",     "apikey",     "api-key",    "signature",
                                        "private_key", "credential", "auth_key"};
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
        if (slice_contains_nocase(name, PARTS[i])) {
            return 1;
        }
    }
    return 0;
}

struct hawser_slice conf_secret_value(const char *key, const char *value)
{
    struct hawser_slice all = slice_of(value);
    size_t least = conf_name_is_secret(slice_of(key)) ? SECRET_MIN_BYTES : SECRET_MIN_PLAIN_BYTES;
    return all.len >= least ? all : (struct hawser_slice){"", 0};
}

/* @return length of the userinfo at the front of a URL's authority; 0: none */
static size_t userinfo_len(const char *authority)
{
    size_t end = strcspn(authority, "/?#");
    while (end > 0 && authority[end - 1] != '@') {
        end--;
    }
    return end > 0 ? end - 1 : 0;
}

static int is_key_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* @return 1 when `=` at `at` ends a secret key that begins at or after `start` */
static int ends_secret_key(const char *start, const char *at)
{
    const char *key = at;
    while (key > start && is_key_byte(key[-1])) {
        key--;
    }
    return conf_name_is_secret(slice_make(key, (size_t)(at - key)));
}

struct conf_piece conf_secret_piece(const char *word, const char *from)
{
    for (const char *at = from; *at != 0; at++) {
        struct conf_piece piece = {{at, 0}, 0};
        if (strncmp(at, "://", 3) == 0) {
            piece = (struct conf_piece){slice_make(at + 3, userinfo_len(at + 3)), 1};
        } else if (*at == '=' && ends_secret_key(word, at)) {
            piece.text = slice_make(at + 1, strcspn(at + 1, "&# "));
        }
        if (piece.text.len > 0) {
            return piece;
        }
    }
    return (struct conf_piece){{NULL, 0}, 0};
}

int conf_mask_word(const char *word, struct buf *out)
{
    const char *from        = word;
    struct conf_piece piece = conf_secret_piece(word, from);
    while (piece.text.data != NULL) {
        if (buf_append(out, from, (size_t)(piece.text.data - from)) != 0 ||
            buf_append_text(out, STARS) != 0) {
            return -1;
        }
        from  = piece.text.data + piece.text.len;
        piece = conf_secret_piece(word, from);
    }
    return buf_append_text(out, from);
}
