/*
 * The envelope of a JSON-RPC message. See scan.h. One walk over the bytes; the object in `params`
 * is entered on the way, everything else is stepped over: in long steps, or, where every value is
 * to be checked, by the grammar.
 */
#include "rpc/scan.h"

#include "base/slice.h"
#include "rpc/envelope.h"
#include "rpc/skip.h"
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

/* Hot parts that gcc would rather call, by pointer even. */
#define INLINE static inline __attribute__((always_inline))

#define KEY_NAME_MAX  7u
#define CHARACTER_MAX 4u

struct scan {
    struct rpc_walk walk;
    struct hawser_slice text;
    struct hawser_envelope *out;
    int strict;
    int has_guessed; /* where a value ends */
    int method_escaped;
    int channel_escaped;
    int id_escaped;
};

INLINE enum key envelope_key(struct hawser_slice name)
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

INLINE enum key params_key(struct hawser_slice name)
{
    if (name.len == 7 && memcmp(name.data, "channel", 7) == 0) {
        return KEY_CHANNEL;
    }
    return name.len == 4 && memcmp(name.data, "data", 4) == 0 ? KEY_DATA : KEY_OTHER;
}

static enum key escaped_key(struct hawser_slice name, enum key (*known)(struct hawser_slice name))
{
    char plain[KEY_NAME_MAX + CHARACTER_MAX]; /* a longer name must not be taken for its start */
    return known(slice_make(plain, rpc_text_unescape(name, plain, sizeof(plain))));
}

/* Returns 1: this very text stands at `at`, and the walk goes on behind it. */
INLINE int pass_text(struct scan *scan, const char *at, const char *text)
{
    if (!slice_starts_with(slice_make(at, (size_t)(scan->walk.end - at)), text)) {
        return 0;
    }
    scan->walk.at = at + strlen(text);
    return 1;
}

/* pass_usual_...: the keys that nearly all messages have, as they are nearly always written. Their
 * lengths are constants, so what follows can be looked at before the answer is there. */

INLINE int pass_usual_envelope_key(struct scan *scan, const char *at, enum key *key)
{
    if (pass_text(scan, at, "\"method\":")) {
        *key = KEY_METHOD;
    } else if (pass_text(scan, at, "\"params\":")) {
        *key = KEY_PARAMS;
    } else if (pass_text(scan, at, "\"result\":")) {
        *key = KEY_RESULT;
    } else {
        return 0;
    }
    return 1;
}

INLINE int pass_usual_params_key(struct scan *scan, const char *at, enum key *key)
{
    if (pass_text(scan, at, "\"channel\":")) {
        *key = KEY_CHANNEL;
    } else if (pass_text(scan, at, "\"data\":")) {
        *key = KEY_DATA;
    } else {
        return 0;
    }
    return 1;
}

/* The keys that matter in one kind of object. */
struct keys {
    int (*pass_usual)(struct scan *scan, const char *at, enum key *key);
    enum key (*known)(struct hawser_slice name);
};
static const struct keys ENVELOPE_KEYS = {pass_usual_envelope_key, envelope_key};
static const struct keys PARAMS_KEYS   = {pass_usual_params_key, params_key};

/* Returns 1: such a key was passed. */
INLINE int pass_usual_key(struct scan *scan, int first, const struct keys *keys, enum key *key)
{
    const char *at = scan->walk.at;
    return (first || rpc_walk_peek(&scan->walk) == ',') && keys->pass_usual(scan, at + !first, key);
}

/* The next key of an object as one of those that matter. Returns as rpc_walk_key does. */
INLINE int next_key(struct scan *scan, int first, const struct keys *keys, enum key *key)
{
    struct hawser_slice name;
    int escaped;
    if (pass_usual_key(scan, first, keys, key)) {
        return 1;
    }
    int rc = rpc_walk_key(&scan->walk, first, &name, &escaped);
    if (rc == 1) {
        *key = escaped ? escaped_key(name, keys->known) : keys->known(name);
    }
    return rc;
}

static void set_flag(struct hawser_envelope *out, uint32_t flag, int on)
{
    out->flags = on ? out->flags | flag : out->flags & ~flag;
}

/* One value as it was passed; of a string also what stands between its quotes. It is meant to stay
 * in registers: written and read in pieces of different size, it would stall the processor. */
struct value {
    struct hawser_slice bytes;
    struct hawser_slice text;
    int is_string;
    int escaped;
};

/* Data, and a result, come last in most texts. Once in a text that is guessed. */
INLINE int pass_other_value(struct scan *scan, unsigned outside, enum key key,
                            struct hawser_slice *bytes)
{
    if (scan->strict) {
        return rpc_walk_value(&scan->walk, outside, bytes);
    }
    if ((key == KEY_DATA || key == KEY_RESULT) && !scan->has_guessed) {
        scan->has_guessed = 1;
        return rpc_skip_last_value(&scan->walk, scan->text, outside, bytes);
    }
    return rpc_skip_value(&scan->walk, scan->text, outside, bytes);
}

INLINE int pass_value(struct scan *scan, unsigned outside, enum key key, struct value *value)
{
    struct hawser_slice bytes;
    rpc_walk_space(&scan->walk);
    const char *start = scan->walk.at;
    value->is_string  = rpc_walk_peek(&scan->walk) == '"';
    if (value->is_string) {
        if (rpc_walk_string(&scan->walk, &value->text, &value->escaped) != 0) {
            return -1;
        }
    } else {
        if (pass_other_value(scan, outside, key, &bytes) != 0) {
            return -1;
        }
        value->escaped   = 0;
        value->text.data = NULL;
        value->text.len  = 0;
    }
    value->bytes.data = start;
    value->bytes.len  = (size_t)(scan->walk.at - start);
    return 0;
}

/* A string's content into `text`; any other value leaves it empty and takes the flag away. */
static void keep_string(struct scan *scan, const struct value *value, uint32_t flag,
                        struct hawser_slice *text, int *escaped)
{
    *text    = value->text;
    *escaped = value->escaped;
    set_flag(scan->out, flag, value->is_string);
}

static void keep_id(struct scan *scan, const struct value *value)
{
    struct hawser_envelope *out = scan->out;
    keep_string(scan, value, HAWSER_ENVELOPE_STRING_ID, &out->id_text, &scan->id_escaped);
    int is_integer = rpc_integer(value->bytes, &out->id) == 0;
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
    struct value value;
    enum key key;
    int rc;
    scan->walk.at++;
    for (int first = 1; (rc = next_key(scan, first, &PARAMS_KEYS, &key)) == 1; first = 0) {
        if (pass_value(scan, 2, key, &value) != 0) {
            return -1;
        }
        if (key == KEY_CHANNEL) {
            keep_string(scan, &value, HAWSER_ENVELOPE_HAS_CHANNEL, &out->channel,
                        &scan->channel_escaped);
            rpc_early_tell(value.text);
        } else if (key == KEY_DATA) {
            out->data = value.bytes;
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
        struct value value;
        int rc            = pass_value(scan, 1, KEY_OTHER, &value);
        scan->out->params = value.bytes;
        return rc;
    }
    if (scan_params_object(scan) != 0) {
        return -1;
    }
    scan->out->params = slice_make(start, (size_t)(scan->walk.at - start));
    return 0;
}

static void keep_member(struct scan *scan, enum key key, const struct value *value)
{
    struct hawser_envelope *out = scan->out;
    if (key == KEY_ID) {
        keep_id(scan, value);
    } else if (key == KEY_METHOD) {
        keep_string(scan, value, HAWSER_ENVELOPE_HAS_METHOD, &out->method, &scan->method_escaped);
    } else if (key == KEY_RESULT) {
        out->result = value->bytes;
        set_flag(out, HAWSER_ENVELOPE_HAS_RESULT, 1);
    } else if (key == KEY_ERROR) {
        /* Servers of older dialects send both members and null in the one that does not count. */
        int is_null = slice_equal_text(value->bytes, "null");
        out->error  = is_null ? slice_make(NULL, 0) : value->bytes;
        set_flag(out, HAWSER_ENVELOPE_HAS_ERROR, !is_null);
    }
}

static int scan_members(struct scan *scan)
{
    struct value value;
    enum key key;
    int rc;
    /* Which JSON-RPC it is mostly comes first. */
    int first = !pass_text(scan, scan->walk.at, "\"jsonrpc\":\"2.0\"");
    for (; (rc = next_key(scan, first, &ENVELOPE_KEYS, &key)) == 1; first = 0) {
        if (key == KEY_PARAMS) {
            if (scan_params(scan) != 0) {
                return -1;
            }
            continue;
        }
        if (pass_value(scan, 1, key, &value) != 0) {
            return -1;
        }
        keep_member(scan, key, &value);
    }
    return rc;
}

/* Written where the caller wants it, and put back when it comes to nothing: a copy at the end would
 * wait for all that was just written. */
static int scan_text(struct hawser_slice bytes, int strict, struct hawser_envelope *out)
{
    if (bytes.len == 0) {
        return -1;
    }
    struct hawser_envelope before = *out;
    struct scan scan              = {
                     .walk = {bytes.data, bytes.data + bytes.len}, .text = bytes, .out = out, .strict = strict};
    rpc_envelope_clear(out);
    rpc_walk_space(&scan.walk);
    if (rpc_walk_peek(&scan.walk) != '{') {
        goto broken;
    }
    scan.walk.at++;
    if (scan_members(&scan) != 0 || !rpc_walk_at_end(&scan.walk)) {
        goto broken;
    }
    set_flag(out, HAWSER_ENVELOPE_ESCAPED,
             scan.method_escaped || scan.channel_escaped || scan.id_escaped);
    return 0;
broken:
    *out = before;
    return -1;
}

int rpc_scan_general(struct hawser_slice bytes, struct hawser_envelope *out)
{
    return scan_text(bytes, 0, out);
}

int rpc_scan_strict(struct hawser_slice bytes, struct hawser_envelope *out)
{
    return scan_text(bytes, 1, out);
}
