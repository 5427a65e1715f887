/*
 * Members of messages by their paths. See path.h. The host's json_member goes through objects;
 * first elements of arrays are found here.
 */
#include "path.h"

#include <stdlib.h>
#include <string.h>

static int refuse(const struct hawser_host *host, const char *text, const char *why,
                  struct hawser_error *err)
{
    host->error_set(err, HAWSER_CONF_DIRECTIVE, 0, "path \"%s\": %s", text, why);
    return -1;
}

/* "data.0.symbol" becomes "data", "", "symbol"; "a.b" stays one step. */
static size_t cut_steps(char *steps)
{
    size_t count = 1;
    for (char *at = steps; at != NULL;) {
        char *dot = strchr(at, '.');
        if (at[0] == '0' && (at[1] == '.' || at[1] == 0)) {
            at[-1] = 0; /* the dot in front */
            at[0]  = 0;
            count++;
            if (dot != NULL) {
                memmove(dot, dot + 1, strlen(dot + 1) + 1); /* "x\0" "\0" "y": one NUL each */
                count++;
                at = dot;
                continue;
            }
        }
        at = dot == NULL ? NULL : dot + 1;
    }
    return count;
}

int path_read(const struct hawser_host *host, const char *text, struct path *out,
              struct hawser_error *err)
{
    size_t len = strlen(text);
    if (len == 0 || text[0] == '.' || text[len - 1] == '.' || strstr(text, "..") != NULL) {
        return refuse(host, text, "a name is empty", err);
    }
    if (strcmp(text, "0") == 0 || strncmp(text, "0.", 2) == 0 || strstr(text, ".0.0") != NULL) {
        return refuse(host, text, "0 (first element) must follow the name of an array", err);
    }
    out->steps = strdup(text);
    if (out->steps == NULL) {
        host->error_set(err, HAWSER_SYSTEM_MEMORY, 0, "no memory for a path");
        return -1;
    }
    out->count = cut_steps(out->steps);
    return 0;
}

void path_fini(struct path *path)
{
    free(path->steps);
    *path = (struct path){0};
}

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct hawser_slice trimmed(const char *data, size_t len)
{
    while (len > 0 && is_space(data[len - 1])) {
        len--;
    }
    return (struct hawser_slice){data, len};
}

/* The host checked the grammar of the array when it found it. */
static int first_element(struct hawser_slice array, struct hawser_slice *out)
{
    size_t depth = 0;
    size_t start = 1;
    int quoted   = 0;
    if (array.len < 2 || array.data[0] != '[') {
        return 0;
    }
    while (start < array.len && is_space(array.data[start])) {
        start++;
    }
    for (size_t at = start; at < array.len; at++) {
        char c = array.data[at];
        if (quoted) {
            quoted = c != '"';
            at += c == '\\' ? 1 : 0;
        } else if (c == '"') {
            quoted = 1;
        } else if (depth == 0 && (c == ',' || c == ']')) {
            *out = trimmed(array.data + start, at - start);
            return out->len > 0;
        } else if (c == '[' || c == '{') {
            depth++;
        } else if (c == ']' || c == '}') {
            depth--;
        }
    }
    return 0;
}

int path_find(const struct hawser_host *host, const struct path *path, struct hawser_slice bytes,
              struct hawser_slice *out)
{
    const char *step = path->steps;
    if (path->count == 0) {
        return 0;
    }
    *out = bytes;
    for (size_t i = 0; i < path->count; i++) {
        int found =
            step[0] == 0 ? first_element(*out, out) : host->json_member(*out, step, out) == 1;
        if (!found) {
            return 0;
        }
        step += strlen(step) + 1;
    }
    return 1;
}

static int is_text(struct hawser_slice value, const char *text)
{
    size_t len = strlen(text);
    return value.len == len && memcmp(value.data, text, len) == 0;
}

static int is_string(struct hawser_slice value)
{
    return value.len >= 2 && value.data[0] == '"';
}

static struct hawser_slice inside(struct hawser_slice string)
{
    return (struct hawser_slice){string.data + 1, string.len - 2};
}

int match_read(const struct hawser_host *host, const char *text, struct match *out,
               struct hawser_error *err)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL) {
        return path_read(host, text, &out->path, err);
    }
    char *path = strndup(text, (size_t)(equals - text));
    if (path == NULL) {
        host->error_set(err, HAWSER_SYSTEM_MEMORY, 0, "no memory for a path");
        return -1;
    }
    int rc = path_read(host, path, &out->path, err);
    free(path);
    out->value = equals + 1;
    return rc;
}

int match_holds(const struct hawser_host *host, const struct match *match,
                struct hawser_slice bytes)
{
    struct hawser_slice value;
    if (!path_find(host, &match->path, bytes, &value)) {
        return 0;
    }
    if (match->value == NULL) {
        return !is_text(value, "null") && !is_text(value, "false");
    }
    return is_text(is_string(value) ? inside(value) : value, match->value);
}

/* names */

/** @return 1, or 0: not four hexadecimal digits */
static int hex4(struct hawser_slice in, size_t at, uint32_t *unit)
{
    *unit = 0;
    for (size_t i = at; i < at + 4; i++) {
        char c      = i < in.len ? in.data[i] : 0;
        int decimal = c >= '0' && c <= '9';
        char lower  = (char)(c | 0x20);
        if (!decimal && (lower < 'a' || lower > 'f')) {
            return 0;
        }
        *unit = *unit << 4 | (uint32_t)(decimal ? c - '0' : lower - 'a' + 10);
    }
    return 1;
}

static size_t put_utf8(uint32_t point, char *out)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = len; i > 1; i--) {
        out[i - 1] = (char)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    out[0] = (char)((0xf00u >> len & 0xff) | point);
    return len;
}

/* One escape; one that is none stays as it is. @return bytes it took of `in` */
static size_t unescape(struct hawser_slice in, char *out, size_t *out_len)
{
    static const char LETTERS[] = "bfnrt\"\\/";
    static const char MEANT[]   = "\b\f\n\r\t\"\\/";
    const char *letter =
        in.len < 2 ? NULL : memchr(LETTERS, (unsigned char)in.data[1], sizeof(LETTERS) - 1);
    uint32_t point = 0;
    uint32_t low   = 0;
    size_t took    = 6;
    if (in.len < 2 || in.data[1] != 'u' || !hex4(in, 2, &point)) {
        out[0]   = letter == NULL ? in.data[0] : MEANT[letter - LETTERS];
        *out_len = 1;
        return letter == NULL ? 1 : 2;
    }
    if ((point & 0xfc00) == 0xd800 && in.len >= 12 && memcmp(in.data + 6, "\\u", 2) == 0 &&
        hex4(in, 8, &low) && (low & 0xfc00) == 0xdc00) {
        point = 0x10000 + ((point & 0x3ff) << 10) + (low & 0x3ff);
        took  = 12;
    }
    *out_len = put_utf8((point & 0xfffff800) == 0xd800 ? 0xfffd : point, out);
    return took;
}

struct joined {
    char *at;
    size_t len;
    size_t room;
};

static int join(struct joined *name, const char *bytes, size_t len)
{
    if (name->room - name->len < len) {
        return 0;
    }
    memcpy(name->at + name->len, bytes, len);
    name->len += len;
    return 1;
}

static int join_unescaped(struct joined *name, struct hawser_slice in)
{
    for (size_t at = 0; at < in.len;) {
        char out[4]  = {in.data[at]};
        size_t count = 1;
        size_t took  = 1;
        if (in.data[at] == '\\') {
            took = unescape((struct hawser_slice){in.data + at, in.len - at}, out, &count);
        }
        if (!join(name, out, count)) {
            return 0;
        }
        at += took;
    }
    return 1;
}

/* A part is a string or a number: nothing else names a channel. */
static int find_part(const struct hawser_host *host, const struct path *path,
                     struct hawser_slice bytes, struct hawser_slice *out)
{
    if (!path_find(host, path, bytes, out) || out->len == 0) {
        return 0;
    }
    if (is_string(*out)) {
        *out = inside(*out);
        return 1;
    }
    return out->data[0] == '-' || (out->data[0] >= '0' && out->data[0] <= '9');
}

int name_find(const struct hawser_host *host, const struct name_rule *rule,
              struct hawser_slice bytes, struct hawser_slice scratch, struct hawser_slice *out)
{
    struct joined name = {(char *)(uintptr_t)scratch.data, 0, scratch.len};
    struct hawser_slice part;
    for (size_t i = 0; i < rule->count; i++) {
        if (!find_part(host, &rule->parts[i], bytes, &part)) {
            return 0;
        }
        int escaped = part.len > 0 && memchr(part.data, '\\', part.len) != NULL;
        if (rule->count == 1 && !escaped) {
            *out = part;
            return part.len > 0;
        }
        if ((i > 0 && !join(&name, rule->separator, strlen(rule->separator))) ||
            !(escaped ? join_unescaped(&name, part) : join(&name, part.data, part.len))) {
            return 0;
        }
    }
    *out = (struct hawser_slice){name.at, name.len};
    return name.len > 0;
}

int number_read(struct hawser_slice value, uint64_t *out)
{
    uint64_t number = 0;
    if (is_string(value)) {
        value = inside(value);
    }
    if (value.len == 0 || value.len > 19) { /* 19 digits always fit */
        return 0;
    }
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return 0;
        }
        number = number * 10 + (uint64_t)(value.data[i] - '0');
    }
    *out = number;
    return 1;
}
