/*
 * Filling messages. See template.h. One pass finds each gap, so that checking and filling cannot
 * disagree on what is one.
 */
#include "template.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum gap { GAP_NONE, GAP_CHANNEL, GAP_CHANNELS, GAP_PART, GAP_ID, GAP_DOLLAR, GAP_WRONG };

/** One piece of a template: literal bytes, or a gap. */
struct piece {
    const char *at;
    size_t len;
    size_t part; /* GAP_PART */
    enum gap gap;
};

static size_t word_len(const char *text)
{
    size_t len = 0;
    while ((text[len] >= 'a' && text[len] <= 'z') || text[len] == '_' ||
           (text[len] >= '0' && text[len] <= '9')) {
        len++;
    }
    return len;
}

static struct piece gap_at(const char *dollar)
{
    static const struct {
        const char *name;
        enum gap gap;
    } NAMES[] = {{"channels", GAP_CHANNELS}, {"channel", GAP_CHANNEL}, {"id", GAP_ID}};

    const char *name   = dollar + 1;
    struct piece piece = {.at = dollar, .len = 2, .gap = GAP_WRONG};
    if (name[0] == '$') {
        piece.gap = GAP_DOLLAR;
    } else if (name[0] >= '1' && name[0] <= '9') {
        piece.gap  = GAP_PART;
        piece.part = (size_t)(name[0] - '0');
    } else {
        size_t len = word_len(name);
        piece.len  = len + 1;
        for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
            if (strlen(NAMES[i].name) == len && memcmp(NAMES[i].name, name, len) == 0) {
                piece.gap = NAMES[i].gap;
            }
        }
    }
    return piece;
}

/** @return 1: the piece at *at, which moves on; 0: the end */
static int next_piece(const char **at, struct piece *out)
{
    if (**at == 0) {
        return 0;
    }
    if (**at == '$') {
        *out = gap_at(*at);
    } else {
        *out = (struct piece){.at = *at, .len = strcspn(*at, "$"), .gap = GAP_NONE};
    }
    *at += out->len;
    return 1;
}

struct template_use template_look(const char *text)
{
    struct template_use use = {0};
    struct piece piece;
    while (next_piece(&text, &piece)) {
        use.channel |= piece.gap == GAP_CHANNEL || piece.gap == GAP_PART;
        use.channels |= piece.gap == GAP_CHANNELS;
        use.id |= piece.gap == GAP_ID;
        if (piece.gap == GAP_PART && piece.part > use.parts) {
            use.parts = piece.part;
        }
        if (piece.gap == GAP_WRONG && use.wrong[0] == 0) {
            (void)snprintf(use.wrong, sizeof(use.wrong), "%.*s", (int)piece.len, piece.at);
        }
    }
    return use;
}

struct growing {
    char *bytes;
    size_t len;
    size_t capacity;
    int failed;
};

static void put(struct growing *out, const char *bytes, size_t len)
{
    if (!out->failed && out->capacity - out->len < len) {
        size_t capacity = (out->len + len) * 2;
        char *grown     = realloc(out->bytes, capacity);
        out->failed     = grown == NULL;
        out->bytes      = grown == NULL ? out->bytes : grown;
        out->capacity   = grown == NULL ? out->capacity : capacity;
    }
    if (!out->failed && len > 0) {
        memcpy(out->bytes + out->len, bytes, len);
        out->len += len;
    }
}

static void put_escaped(struct growing *out, struct hawser_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c  = (unsigned char)text.data[i];
        char escaped[8]  = {'\\', (char)c};
        size_t escape_of = c == '"' || c == '\\' ? 2 : 0;
        if (c < 0x20) {
            escape_of = (size_t)snprintf(escaped, sizeof(escaped), "\\u%04x", (unsigned)c);
        }
        put(out, escape_of > 0 ? escaped : text.data + i, escape_of > 0 ? escape_of : 1);
    }
}

static void put_array(struct growing *out, const struct template_values *values)
{
    for (size_t i = 0; i < values->count; i++) {
        put(out, i == 0 ? "[\"" : ",\"", 2);
        put_escaped(out, values->channels[i]);
        put(out, "\"", 1);
    }
    put(out, "]", 1);
}

/** @return 1, or 0: the name has no such part */
static int part_of(const struct template_values *values, size_t part, size_t last,
                   struct hawser_slice *out)
{
    struct hawser_slice rest = values->channels[0];
    size_t separator_len     = strlen(values->separator);
    for (size_t number = 1;; number++) {
        const char *cut = memmem(rest.data, rest.len, values->separator, separator_len);
        if (number == part) {
            *out = rest;
            if (cut != NULL && number < last) {
                out->len = (size_t)(cut - rest.data);
            }
            return out->len > 0;
        }
        if (cut == NULL) {
            return 0;
        }
        rest.len -= (size_t)(cut - rest.data) + separator_len;
        rest.data = cut + separator_len;
    }
}

static int put_piece(struct growing *out, const struct piece *piece,
                     const struct template_values *values, size_t last_part)
{
    char digits[24];
    struct hawser_slice part;
    switch (piece->gap) {
    case GAP_CHANNEL:
        put_escaped(out, values->channels[0]);
        break;
    case GAP_CHANNELS:
        put_array(out, values);
        break;
    case GAP_PART:
        if (!part_of(values, piece->part, last_part, &part)) {
            return 0;
        }
        put_escaped(out, part);
        break;
    case GAP_ID:
        put(out, digits, (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, values->id));
        break;
    case GAP_DOLLAR:
        put(out, "$", 1);
        break;
    case GAP_NONE:
    case GAP_WRONG:
        put(out, piece->at, piece->len);
        break;
    }
    return 1;
}

enum template_result template_fill(const char *text, const struct template_values *values,
                                   struct hawser_slice *out)
{
    struct growing grown = {0};
    size_t last_part     = template_look(text).parts;
    struct piece piece;
    while (next_piece(&text, &piece)) {
        if (!put_piece(&grown, &piece, values, last_part)) {
            free(grown.bytes);
            return TEMPLATE_NO_PART;
        }
    }
    if (grown.failed) {
        free(grown.bytes);
        return TEMPLATE_NO_MEMORY;
    }
    *out = (struct hawser_slice){grown.bytes, grown.len};
    return TEMPLATE_OK;
}
