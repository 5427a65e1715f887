/*
 * See json_reference.h.
 */
#include "support/json_reference.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 2048u

enum level { LEVEL_MESSAGE, LEVEL_PARAMS, LEVEL_INSIDE };

struct reader {
    const char *at;
    const char *end;
    unsigned depth;
    int strict;
};

static int read_object(struct reader *r, enum level level);
static int read_array(struct reader *r);

static void skip_space(struct reader *r)
{
    while (r->at < r->end && memchr(" \t\n\r", *r->at, 4) != NULL) {
        r->at++;
    }
}

/* Take this byte, after whitespace. */
static int take(struct reader *r, char c)
{
    skip_space(r);
    if (r->at < r->end && *r->at == c) {
        r->at++;
        return 1;
    }
    return 0;
}

static int next_is(struct reader *r, char c)
{
    skip_space(r);
    return r->at < r->end && *r->at == c;
}

static int hex_digit(char c)
{
    static const char DIGITS[] = "0123456789abcdefABCDEF";
    const char *found          = c == 0 ? NULL : strchr(DIGITS, c);
    return found == NULL ? -1 : (int)(found - DIGITS) - (found - DIGITS > 15 ? 6 : 0);
}

/* Behind a backslash. @return the character that it stands for, 128 for any beyond ASCII; -1 */
static int read_escape(struct reader *r)
{
    static const char FROM[] = "\"\\/bfnrt";
    static const char TO[]   = "\"\\/\b\f\n\r\t";
    char c                   = r->at < r->end ? *r->at++ : 0;
    const char *simple       = c == 0 ? NULL : strchr(FROM, c);
    int value                = 0;
    if (simple != NULL) {
        return TO[simple - FROM];
    }
    if (c != 'u' || r->end - r->at < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(*r->at++);
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value < 128 ? value : 128;
}

/* @param is  set to 1 where the string says this word */
static int read_string(struct reader *r, const char *word, int *is)
{
    size_t matched = 0;
    *is            = 1;
    if (!take(r, '"')) {
        return 0;
    }
    while (r->at < r->end && *r->at != '"') {
        int c = (unsigned char)*r->at++;
        if (c < 0x20) {
            return 0;
        }
        if (c == '\\' && (c = read_escape(r)) < 0) {
            return 0;
        }
        *is = *is && matched < strlen(word) && c == word[matched];
        matched++;
    }
    *is = *is && matched == strlen(word);
    return r->at < r->end && *r->at++ == '"';
}

static int read_digits(struct reader *r)
{
    const char *start = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        r->at++;
    }
    return r->at > start;
}

static int take_now(struct reader *r, const char *any)
{
    if (r->at < r->end && *r->at != 0 && strchr(any, *r->at) != NULL) {
        r->at++;
        return 1;
    }
    return 0;
}

static int read_number(struct reader *r)
{
    (void)take_now(r, "-"); /* may be there */
    if (!take_now(r, "0") && !read_digits(r)) {
        return 0;
    }
    if (take_now(r, ".") && !read_digits(r)) {
        return 0;
    }
    if (take_now(r, "eE")) {
        (void)take_now(r, "+-"); /* may be there */
        return read_digits(r);
    }
    return 1;
}

static int read_scalar(struct reader *r)
{
    static const char *const WORDS[] = {"true", "false", "null"};
    int unused;
    if (next_is(r, '"')) {
        return read_string(r, "", &unused);
    }
    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(WORDS[i]);
        if ((size_t)(r->end - r->at) >= len && memcmp(r->at, WORDS[i], len) == 0) {
            r->at += len;
            return 1;
        }
    }
    return read_number(r);
}

/* Its brackets alone. What stands in strings is passed, a backslash outside of them is not. */
static int pass_container(struct reader *r)
{
    char *open     = malloc(DEPTH_MAX + 1);
    unsigned depth = 0;
    int in_string  = 0;
    int good       = open != NULL;
    do {
        char c = r->at < r->end ? *r->at : 0;
        good   = good && r->at < r->end;
        if (c == '"') {
            in_string = !in_string;
        } else if (c == '\\') {
            good = good && in_string;
            r->at += good;
        } else if (!in_string && (c == '{' || c == '[')) {
            good = good && r->depth + depth < DEPTH_MAX;
            if (good) {
                open[depth++] = c;
            }
        } else if (!in_string && (c == '}' || c == ']')) {
            good = good && open[--depth] == (c == '}' ? '{' : '[');
        }
        r->at += good;
    } while (good && depth > 0);
    free(open);
    return good && r->at <= r->end;
}

static int read_value(struct reader *r, enum level level)
{
    int is_object = next_is(r, '{');
    if (!is_object && !next_is(r, '[')) {
        return read_scalar(r);
    }
    if (!r->strict && !(is_object && level == LEVEL_PARAMS)) {
        return pass_container(r);
    }
    return is_object ? read_object(r, level) : read_array(r);
}

static int read_members(struct reader *r, enum level level)
{
    int is_params;
    do {
        if (!read_string(r, "params", &is_params) || !take(r, ':')) {
            return 0;
        }
        if (!read_value(r, level == LEVEL_MESSAGE && is_params ? LEVEL_PARAMS : LEVEL_INSIDE)) {
            return 0;
        }
    } while (take(r, ','));
    return take(r, '}');
}

static int read_object(struct reader *r, enum level level)
{
    if (!take(r, '{') || r->depth == DEPTH_MAX) {
        return 0;
    }
    r->depth++;
    int good = take(r, '}') || read_members(r, level);
    r->depth--;
    return good;
}

static int read_array(struct reader *r)
{
    if (!take(r, '[') || r->depth == DEPTH_MAX) {
        return 0;
    }
    r->depth++;
    int good = take(r, ']');
    if (!good) {
        do {
            good = read_value(r, LEVEL_INSIDE);
        } while (good && take(r, ','));
        good = good && take(r, ']');
    }
    r->depth--;
    return good;
}

int json_reference_accepts(struct hawser_slice bytes, int strict)
{
    struct reader r = {.at = bytes.data, .end = bytes.data + bytes.len, .strict = strict};
    if (bytes.len == 0 || !read_object(&r, LEVEL_MESSAGE)) {
        return 0;
    }
    skip_space(&r);
    return r.at == r.end;
}
