/*
 * JSON text. See text.h.
 */
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(struct text *text, const char *bytes, size_t len)
{
    if (text->failed) {
        return;
    }
    if (text->capacity - text->len < len) {
        size_t capacity = (text->len + len) * 2 + 256;
        char *grown     = malloc(capacity);
        if (grown == NULL) {
            text->failed = 1;
            return;
        }
        if (text->len > 0) {
            memcpy(grown, text->bytes, text->len);
            explicit_bzero(text->bytes, text->len);
        }
        free(text->bytes);
        text->bytes    = grown;
        text->capacity = capacity;
    }
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
}

void text_raw(struct text *text, const char *bytes)
{
    append(text, bytes, strlen(bytes));
}

void text_string(struct text *text, struct hawser_slice value)
{
    append(text, "\"", 1);
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.data[i];
        char escaped[8];
        if (c == '"' || c == '\\') {
            escaped[0] = '\\';
            escaped[1] = (char)c;
            append(text, escaped, 2);
        } else if (c < 0x20) {
            (void)snprintf(escaped, sizeof(escaped), "\\u%04x", (unsigned)c);
            append(text, escaped, 6);
        } else {
            append(text, value.data + i, 1);
        }
    }
    append(text, "\"", 1);
}

void text_number(struct text *text, int64_t value)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRId64, value);
    append(text, digits, (size_t)len);
}

struct hawser_slice text_slice(const struct text *text)
{
    return (struct hawser_slice){text->bytes, text->len};
}

void text_fini(struct text *text)
{
    if (text->bytes != NULL) {
        explicit_bzero(text->bytes, text->capacity);
    }
    free(text->bytes);
    *text = (struct text){0};
}
