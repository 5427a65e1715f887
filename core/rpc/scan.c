/*
 * The envelope of a JSON-RPC message. See scan.h. One walk over the bytes; the object in `params`
 * is entered on the way, everything else is stepped over.
 */
#include "rpc/scan.h"

#include "base/slice.h"
#include "rpc/text.h"
#include "rpc/walk.h"

enum key {
    KEY_OTHER,
    KEY_ID,
    KEY_METHOD,
    KEY_PARAMS,
    KEY_RESULT,
    KEY_ERROR,
    KEY_CHANNEL,
    KEY_DATA
};

#define KEY_NAME_MAX  7u
#define CHARACTER_MAX 4u

struct scan {
    struct rpc_walk walk;
    struct hawser_envelope *out;
    int method_escaped;
    int channel_escaped;
    int id_escaped;
};

static enum key envelope_key(struct hawser_slice name)
{
    switch (name.len) {
    case 2:
        return memcmp(name.data, "id", 2) == 0 ? KEY_ID : KEY_OTHER;
    case 5:
        return memcmp(name.data, "error", 5) == 0 ? KEY_ERROR : KEY_OTHER;
    case 6:
        if (memcmp(name.data, "method", 6) == 0) {
            return KEY_METHOD;
        }
        if (memcmp(name.data, "params", 6) == 0) {
            return KEY_PARAMS;
        }
        return memcmp(name.data, "result", 6) == 0 ? KEY_RESULT : KEY_OTHER;
    default:
        return KEY_OTHER;
    }
}

static enum key params_key(struct hawser_slice name)
{
    if (name.len == 7 && memcmp(name.data, "channel", 7) == 0) {
        return KEY_CHANNEL;
    }
    return name.len == 4 && memcmp(name.data, "data", 4) == 0 ? KEY_DATA : KEY_OTHER;
}

/* The next key of an object as one of those that matter. Returns as rpc_walk_key does. */
static int next_key(struct scan *scan, int first, enum key (*known)(struct hawser_slice name),
                    enum key *key)
{
    struct hawser_slice name;
    char plain[KEY_NAME_MAX + CHARACTER_MAX]; /* a longer name must not be taken for its start */
    int escaped;
    int rc = rpc_walk_key(&scan->walk, first, &name, &escaped);
    if (rc == 1) {
        if (escaped) {
            name = slice_make(plain, rpc_text_unescape(name, plain, sizeof(plain)));
        }
        *key = known(name);
    }
    return rc;
}

static void set_flag(struct hawser_envelope *out, uint32_t flag, int on)
{
    out->flags = on ? out->flags | flag : out->flags & ~flag;
}

/* A string's content into `text`; any other value leaves it empty and takes the flag away. */
static void keep_string(struct scan *scan, struct hawser_slice value, uint32_t flag,
                        struct hawser_slice *text, int *escaped)
{
    int is_string = rpc_string(value, text, escaped) == 0;
    if (!is_string) {
        *text    = slice_make(NULL, 0);
        *escaped = 0;
    }
    set_flag(scan->out, flag, is_string);
}

static void keep_id(struct scan *scan, struct hawser_slice value)
{
    struct hawser_envelope *out = scan->out;
    keep_string(scan, value, HAWSER_ENVELOPE_STRING_ID, &out->id_text, &scan->id_escaped);
    int is_integer = rpc_integer(value, &out->id) == 0;
    if (!is_integer) {
        out->id = 0;
    }
    set_flag(out, HAWSER_ENVELOPE_HAS_ID, is_integer);
}

static void forget_params(struct scan *scan)
{
    scan->out->channel    = slice_make(NULL, 0);
    scan->out->data       = slice_make(NULL, 0);
    scan->channel_escaped = 0;
    set_flag(scan->out, HAWSER_ENVELOPE_HAS_CHANNEL | HAWSER_ENVELOPE_HAS_DATA, 0);
}

static int scan_params_object(struct scan *scan)
{
    struct hawser_envelope *out = scan->out;
    struct hawser_slice value;
    enum key key;
    int rc;
    scan->walk.at++;
    for (int first = 1; (rc = next_key(scan, first, params_key, &key)) == 1; first = 0) {
        if (rpc_walk_value(&scan->walk, 2, &value) != 0) {
            return -1;
        }
        if (key == KEY_CHANNEL) {
            keep_string(scan, value, HAWSER_ENVELOPE_HAS_CHANNEL, &out->channel,
                        &scan->channel_escaped);
        } else if (key == KEY_DATA) {
            out->data = value;
            set_flag(out, HAWSER_ENVELOPE_HAS_DATA, 1);
        }
    }
    return rc;
}

static int scan_params(struct scan *scan)
{
    forget_params(scan);
    rpc_walk_space(&scan->walk);
    const char *start = scan->walk.at;
    if (rpc_walk_peek(&scan->walk) != '{') {
        return rpc_walk_value(&scan->walk, 1, &scan->out->params);
    }
    if (scan_params_object(scan) != 0) {
        return -1;
    }
    scan->out->params = slice_make(start, (size_t)(scan->walk.at - start));
    return 0;
}

static void keep_member(struct scan *scan, enum key key, struct hawser_slice value)
{
    struct hawser_envelope *out = scan->out;
    if (key == KEY_ID) {
        keep_id(scan, value);
    } else if (key == KEY_METHOD) {
        keep_string(scan, value, HAWSER_ENVELOPE_HAS_METHOD, &out->method, &scan->method_escaped);
    } else if (key == KEY_RESULT) {
        out->result = value;
        set_flag(out, HAWSER_ENVELOPE_HAS_RESULT, 1);
    } else if (key == KEY_ERROR) {
        /* Servers of older dialects send both members and null in the one that does not count. */
        int is_null = slice_equal_text(value, "null");
        out->error  = is_null ? slice_make(NULL, 0) : value;
        set_flag(out, HAWSER_ENVELOPE_HAS_ERROR, !is_null);
    }
}

static int scan_members(struct scan *scan)
{
    struct hawser_slice value;
    enum key key;
    int rc;
    for (int first = 1; (rc = next_key(scan, first, envelope_key, &key)) == 1; first = 0) {
        if (key == KEY_PARAMS) {
            if (scan_params(scan) != 0) {
                return -1;
            }
            continue;
        }
        if (rpc_walk_value(&scan->walk, 1, &value) != 0) {
            return -1;
        }
        keep_member(scan, key, value);
    }
    return rc;
}

int rpc_scan(struct hawser_slice bytes, struct hawser_envelope *out)
{
    if (bytes.len == 0) {
        return -1;
    }
    struct hawser_envelope found = {0};
    struct scan scan             = {.walk = {bytes.data, bytes.data + bytes.len}, .out = &found};
    rpc_walk_space(&scan.walk);
    if (rpc_walk_peek(&scan.walk) != '{') {
        return -1;
    }
    scan.walk.at++;
    if (scan_members(&scan) != 0 || !rpc_walk_at_end(&scan.walk)) {
        return -1;
    }
    set_flag(&found, HAWSER_ENVELOPE_ESCAPED,
             scan.method_escaped || scan.channel_escaped || scan.id_escaped);
    *out = found;
    return 0;
}
