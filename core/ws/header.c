/*
 * HTTP/1.1 header blocks. See header.h.
 */
#include "ws/header.h"

#include "base/error.h"

static int is_space(char c)
{
    return c == ' ' || c == '\t';
}

static int is_token_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

struct hawser_slice ws_header_trim(struct hawser_slice text)
{
    while (text.len > 0 && is_space(text.data[0])) {
        text = slice_skip(text, 1);
    }
    while (text.len > 0 && is_space(text.data[text.len - 1])) {
        text.len--;
    }
    return text;
}

int ws_header_is_token(struct hawser_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_token_char(text.data[i])) {
            return 0;
        }
    }
    return text.len > 0;
}

int ws_header_is_value(struct hawser_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return 0;
        }
    }
    return 1;
}

/* Take a line off the front. @return 1; 0: none is whole; -1: it ends in a bare LF */
static int next_line(struct hawser_slice *rest, struct hawser_slice *line)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->data, '\n', rest->len);
    if (end == NULL) {
        return 0;
    }
    size_t len = (size_t)(end - rest->data);
    if (len == 0 || rest->data[len - 1] != '\r') {
        return -1;
    }
    *line = slice_make(rest->data, len - 1);
    *rest = slice_skip(*rest, len + 1);
    return 1;
}

static int split_field(struct hawser_slice line, struct hawser_slice *name,
                       struct hawser_slice *value)
{
    const char *colon = memchr(line.data, ':', line.len);
    if (colon == NULL) {
        return -1;
    }
    *name  = slice_make(line.data, (size_t)(colon - line.data));
    *value = ws_header_trim(slice_skip(line, name->len + 1));
    return 0;
}

static int check_field(struct hawser_slice line, struct hawser_error *err)
{
    struct hawser_slice name;
    struct hawser_slice value;
    if (is_space(line.data[0])) {
        error_set(err, HAWSER_WS_HANDSHAKE, "header field is folded over two lines");
        return -1;
    }
    if (split_field(line, &name, &value) != 0 || !ws_header_is_token(name) ||
        !ws_header_is_value(value)) {
        error_set(err, HAWSER_WS_HANDSHAKE, "malformed header field: %.*s",
                  (int)(line.len < 80 ? line.len : 80), line.data);
        return -1;
    }
    return 0;
}

int ws_header_read(struct hawser_slice bytes, size_t max, struct ws_header_block *out,
                   struct hawser_error *err)
{
    struct hawser_slice rest = slice_make(bytes.data, bytes.len < max ? bytes.len : max);
    struct hawser_slice line;
    *out         = (struct ws_header_block){0};
    int is_start = 1;
    int rc;
    while ((rc = next_line(&rest, &line)) == 1) {
        size_t done = (size_t)(rest.data - bytes.data);
        if (is_start) {
            out->start_line = line;
            out->fields     = slice_make(rest.data, 0);
            is_start        = 0;
            continue;
        }
        if (line.len == 0) {
            out->bytes = done;
            return 1;
        }
        if (check_field(line, err) != 0) {
            return -1;
        }
        out->fields.len = (size_t)(rest.data - out->fields.data);
    }
    if (rc < 0) {
        error_set(err, HAWSER_WS_HANDSHAKE, "header line ends in a bare line feed");
        return -1;
    }
    if (bytes.len >= max) {
        error_set(err, HAWSER_WS_HANDSHAKE, "header is over %zu bytes", max);
        return -1;
    }
    return 0;
}

void ws_header_collect(const struct ws_header_block *block, struct ws_header_want *wants,
                       size_t count)
{
    struct hawser_slice rest = block->fields;
    struct hawser_slice line;
    struct hawser_slice name;
    struct hawser_slice value;
    while (next_line(&rest, &line) == 1 && split_field(line, &name, &value) == 0) {
        for (size_t i = 0; i < count; i++) {
            if (!slice_equal_nocase(name, wants[i].name)) {
                continue;
            }
            if (wants[i].count++ == 0) {
                wants[i].value = value;
            }
        }
    }
}

int ws_header_lists(const struct ws_header_block *block, const char *field, const char *token)
{
    struct hawser_slice rest = block->fields;
    struct hawser_slice line;
    struct hawser_slice name;
    struct hawser_slice value;
    struct hawser_slice element;
    while (next_line(&rest, &line) == 1 && split_field(line, &name, &value) == 0) {
        if (!slice_equal_nocase(name, field)) {
            continue;
        }
        while (ws_header_next_element(&value, &element)) {
            if (slice_equal_nocase(element, token)) {
                return 1;
            }
        }
    }
    return 0;
}

int ws_header_next_element(struct hawser_slice *list, struct hawser_slice *element)
{
    while (list->len > 0) {
        const char *comma = memchr(list->data, ',', list->len);
        size_t len        = comma == NULL ? list->len : (size_t)(comma - list->data);
        *element          = ws_header_trim(slice_make(list->data, len));
        *list             = slice_skip(*list, comma == NULL ? len : len + 1);
        if (element->len > 0) {
            return 1;
        }
    }
    return 0;
}
