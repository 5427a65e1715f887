/*
 * A plain recursive scanner of JSON. See fake_json.h.
 */
#include "support/fake_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEEPEST 64

struct cursor {
    const char *at;
    const char *end;
};

static void skip_space(struct cursor *c)
{
    while (c->at < c->end && strchr(" \t\r\n", *c->at) != NULL && *c->at != '\0') {
        c->at++;
    }
}

static int take(struct cursor *c, char wanted)
{
    skip_space(c);
    if (c->at == c->end || *c->at != wanted) {
        return 0;
    }
    c->at++;
    return 1;
}

static int skip_string(struct cursor *c)
{
    if (!take(c, '"')) {
        return -1;
    }
    while (c->at < c->end && *c->at != '"') {
        c->at += *c->at == '\\' && c->end - c->at > 1 ? 2 : 1;
    }
    return take(c, '"') ? 0 : -1;
}

static int skip_value(struct cursor *c, int depth);

static int skip_members(struct cursor *c, char closing, int depth)
{
    if (take(c, closing)) {
        return 0;
    }
    do {
        if (closing == '}' && (skip_string(c) != 0 || !take(c, ':'))) {
            return -1;
        }
        if (skip_value(c, depth) != 0) {
            return -1;
        }
    } while (take(c, ','));
    return take(c, closing) ? 0 : -1;
}

static int skip_value(struct cursor *c, int depth)
{
    skip_space(c);
    if (c->at == c->end || depth > DEEPEST) {
        return -1;
    }
    if (*c->at == '"') {
        return skip_string(c);
    }
    if (take(c, '{')) {
        return skip_members(c, '}', depth + 1);
    }
    if (take(c, '[')) {
        return skip_members(c, ']', depth + 1);
    }
    const char *start = c->at;
    while (c->at < c->end && *c->at != '\0' && strchr(",]} \t\r\n:\"", *c->at) == NULL) {
        c->at++;
    }
    return c->at > start ? 0 : -1;
}

/* The last member of that name counts, as for the real host. */
static int find(struct hawser_slice object, const char *name, size_t name_len,
                struct hawser_slice *out)
{
    struct cursor c = {object.data, object.data + object.len};
    int found       = 0;
    if (object.len == 0 || !take(&c, '{')) {
        return -1;
    }
    if (take(&c, '}')) {
        return 0;
    }
    do {
        skip_space(&c);
        const char *key = c.at;
        if (skip_string(&c) != 0) {
            return -1;
        }
        size_t key_len = (size_t)(c.at - key) - 2;
        if (!take(&c, ':')) {
            return -1;
        }
        skip_space(&c);
        const char *value = c.at;
        if (skip_value(&c, 1) != 0) {
            return -1;
        }
        if (key_len == name_len && memcmp(key + 1, name, name_len) == 0) {
            *out  = (struct hawser_slice){value, (size_t)(c.at - value)};
            found = 1;
        }
    } while (take(&c, ','));
    return take(&c, '}') ? found : -1;
}

int fake_json_member(struct hawser_slice object, const char *path, struct hawser_slice *out)
{
    for (;;) {
        size_t len = strcspn(path, ".");
        int found  = find(object, path, len, out);
        if (found <= 0 || path[len] == '\0') {
            return found;
        }
        if (out->len == 0 || out->data[0] != '{') {
            return -1;
        }
        object = *out;
        path += len + 1;
    }
}

static int is_string(struct hawser_slice value)
{
    return value.len >= 2 && value.data[0] == '"';
}

static struct hawser_slice unquoted(struct hawser_slice value, uint32_t *flags)
{
    struct hawser_slice inner = {value.data + 1, value.len - 2};
    if (memchr(inner.data, '\\', inner.len) != NULL) {
        *flags |= HAWSER_ENVELOPE_ESCAPED;
    }
    return inner;
}

static void read_id(struct hawser_slice value, struct hawser_envelope *out)
{
    char text[32];
    if (is_string(value)) {
        out->id_text = unquoted(value, &out->flags);
        out->flags |= HAWSER_ENVELOPE_STRING_ID;
    } else if (value.len < sizeof(text)) {
        char *end = NULL;
        memcpy(text, value.data, value.len);
        text[value.len] = '\0';
        errno           = 0;
        out->id         = strtoll(text, &end, 10);
        if (errno == 0 && end != text && *end == '\0') {
            out->flags |= HAWSER_ENVELOPE_HAS_ID;
        } else {
            out->id = 0;
        }
    }
}

int fake_json_scan(struct hawser_slice bytes, struct hawser_envelope *out)
{
    struct hawser_slice value = {NULL, 0};
    *out                      = (struct hawser_envelope){.reserved = 0};
    struct cursor c           = {bytes.data, bytes.data + bytes.len};
    if (bytes.len == 0 || skip_value(&c, 0) != 0 || (skip_space(&c), c.at != c.end) ||
        find(bytes, "id", 2, &value) < 0) {
        return -1;
    }
    if (find(bytes, "id", 2, &value) == 1) {
        read_id(value, out);
    }
    if (find(bytes, "method", 6, &value) == 1 && is_string(value)) {
        out->method = unquoted(value, &out->flags);
        out->flags |= HAWSER_ENVELOPE_HAS_METHOD;
    }
    if (find(bytes, "result", 6, &out->result) == 1) {
        out->flags |= HAWSER_ENVELOPE_HAS_RESULT;
    }
    if (find(bytes, "error", 5, &out->error) == 1) {
        out->flags |= HAWSER_ENVELOPE_HAS_ERROR;
    }
    if (find(bytes, "params", 6, &out->params) == 1 && out->params.data[0] == '{') {
        if (find(out->params, "channel", 7, &value) == 1 && is_string(value)) {
            out->channel = unquoted(value, &out->flags);
            out->flags |= HAWSER_ENVELOPE_HAS_CHANNEL;
        }
        if (find(out->params, "data", 4, &out->data) == 1) {
            out->flags |= HAWSER_ENVELOPE_HAS_DATA;
        }
    }
    return 0;
}
