/*
 * Single values: members of objects, elements of arrays, integers, strings. See scan.h.
 */
#include "rpc/scan.h"

#include "base/slice.h"
#include "rpc/text.h"
#include "rpc/walk.h"

/* The last member of that name. Returns 1 found, 0 absent, -1 broken. */
static int find_member(struct hawser_slice object, struct hawser_slice name,
                       struct hawser_slice *out)
{
    struct rpc_walk walk = {object.data, object.data + object.len};
    struct hawser_slice key;
    struct hawser_slice value;
    int escaped;
    int found = 0;
    int rc;
    walk.at++;
    for (int first = 1; (rc = rpc_walk_key(&walk, first, &key, &escaped)) == 1; first = 0) {
        if (rpc_walk_value(&walk, 1, &value) != 0) {
            return -1;
        }
        if (rpc_text_key_is(key, escaped, name)) {
            *out  = value;
            found = 1;
        }
    }
    return rc == 0 && rpc_walk_at_end(&walk) ? found : -1;
}

static struct hawser_slice skip_space(struct hawser_slice text)
{
    if (text.len == 0) {
        return text;
    }
    struct rpc_walk walk = {text.data, text.data + text.len};
    rpc_walk_space(&walk);
    return slice_make(walk.at, (size_t)(walk.end - walk.at));
}

int rpc_member(struct hawser_slice object, const char *path, struct hawser_slice *out)
{
    struct hawser_slice value = skip_space(object);
    if (value.len == 0 || value.data[0] != '{') {
        return -1;
    }
    for (;;) {
        size_t len = strcspn(path, ".");
        int rc     = find_member(value, slice_make(path, len), &value);
        if (rc != 1) {
            return rc;
        }
        if (path[len] == 0) {
            *out = value;
            return 1;
        }
        if (value.data[0] != '{') {
            return 0;
        }
        path += len + 1;
    }
}

/* `rest` is the array at first, and later what stands behind an element: a comma or the closing
 * bracket. The two cannot be confused, so that nothing else has to be remembered. */
int rpc_element(struct hawser_slice *rest, struct hawser_slice *out)
{
    *rest = skip_space(*rest);
    if (rest->len == 0) {
        return -1;
    }
    struct rpc_walk walk = {rest->data, rest->data + rest->len};
    char c               = *walk.at;
    if (c == '[') {
        walk.at++;
        rpc_walk_space(&walk);
        c = rpc_walk_peek(&walk) == ']' ? ']' : '[';
    } else if (c == ',') {
        walk.at++;
    }
    if (c == ']') {
        *rest = slice_make(walk.at, (size_t)(walk.end - walk.at));
        walk.at++;
        return rpc_walk_at_end(&walk) ? 0 : -1;
    }
    if ((c != '[' && c != ',') || rpc_walk_value(&walk, 1, out) != 0) {
        return -1;
    }
    *rest = slice_make(walk.at, (size_t)(walk.end - walk.at));
    return 1;
}

int rpc_integer(struct hawser_slice value, int64_t *out)
{
    int negative     = value.len > 0 && value.data[0] == '-';
    size_t first     = negative ? 1 : 0;
    uint64_t limit   = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    uint64_t reached = 0;
    if (value.len == first || (value.data[first] == '0' && value.len > first + 1)) {
        return -1;
    }
    for (size_t i = first; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return -1;
        }
        uint64_t digit = (uint64_t)(value.data[i] - '0');
        if (reached > (limit - digit) / 10) {
            return -1;
        }
        reached = reached * 10 + digit;
    }
    /* Two's complement by way of the unsigned type: INT64_MIN has no positive counterpart. */
    *out = (int64_t)(negative ? 0 - reached : reached);
    return 0;
}

int rpc_string(struct hawser_slice value, struct hawser_slice *out, int *escaped)
{
    if (value.len == 0) {
        return -1;
    }
    struct rpc_walk walk = {value.data, value.data + value.len};
    struct hawser_slice content;
    int has_escapes;
    if (rpc_walk_string(&walk, &content, &has_escapes) != 0 || walk.at != walk.end) {
        return -1;
    }
    *out     = content;
    *escaped = has_escapes;
    return 0;
}
