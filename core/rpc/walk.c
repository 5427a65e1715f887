/*
 * The grammar of JSON (RFC 8259) as a walk. See walk.h. Nesting is kept as one bit a level, so that
 * a hostile document costs neither recursion nor memory. Strings, most of the bytes, are passed 16
 * bytes at a time where the machine can.
 */
#include "rpc/walk.h"

#include <string.h>

#if defined(__aarch64__)
#include <arm_neon.h>
#endif

enum step { STEP_BROKEN, STEP_VALUE, STEP_KEY, STEP_BEHIND };

struct nest {
    struct rpc_walk *walk;
    unsigned depth; /* containers open inside the value */
    unsigned max;
    uint64_t objects[RPC_DEPTH_MAX / 64]; /* bit of a level: 1 object, 0 array */
};

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static const char *find_special_bytewise(const char *at, const char *end)
{
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20) {
        at++;
    }
    return at;
}

/* find_special: the first byte that does not simply stand for itself in a string (quote, backslash,
 * control character), or the end. */
#if defined(__SSE2__)

static inline const char *find_special(const char *at, const char *end)
{
    for (; end - at >= 16; at += 16) {
        unsigned bits = rpc_walk_special(at);
        if (bits != 0) {
            return at + __builtin_ctz(bits);
        }
    }
    return find_special_bytewise(at, end);
}
#elif defined(__aarch64__)

/* Four bits for each of 16 bytes: a shift that halves the width leaves them of a mask of bytes. */
static inline uint64_t special_nibbles(const char *at)
{
    uint8x16_t bytes = vld1q_u8((const uint8_t *)at);
    uint8x16_t special =
        vorrq_u8(vorrq_u8(vceqq_u8(bytes, vdupq_n_u8('"')), vceqq_u8(bytes, vdupq_n_u8('\\'))),
                 vcltq_u8(bytes, vdupq_n_u8(0x20)));
    return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(special), 4)), 0);
}

static inline const char *find_special(const char *at, const char *end)
{
    for (; end - at >= 16; at += 16) {
        uint64_t nibbles = special_nibbles(at);
        if (nibbles != 0) {
            return at + __builtin_ctzll(nibbles) / 4;
        }
    }
    return find_special_bytewise(at, end);
}
#else
static inline const char *find_special(const char *at, const char *end)
{
    return find_special_bytewise(at, end);
}
#endif

/* From a backslash on. Returns what is behind the escape, or NULL. */
static const char *skip_escape(const char *at, const char *end)
{
    if (end - at < 2) {
        return NULL;
    }
    switch (at[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return at + 2;
    case 'u':
        return end - at >= 6 && is_hex(at[2]) && is_hex(at[3]) && is_hex(at[4]) && is_hex(at[5])
                   ? at + 6
                   : NULL;
    default:
        return NULL;
    }
}

int rpc_walk_any_string(struct rpc_walk *walk, struct hawser_slice *content, int *escaped)
{
    if (rpc_walk_peek(walk) != '"') {
        return -1;
    }
    const char *start = walk->at + 1;
    const char *at    = find_special(start, walk->end);
    *escaped          = 0;
    while (at != NULL && at < walk->end && *at == '\\') {
        *escaped = 1;
        at       = skip_escape(at, walk->end);
        at       = at == NULL ? NULL : find_special(at, walk->end);
    }
    if (at == NULL || at == walk->end || *at != '"') {
        return -1;
    }
    *content = (struct hawser_slice){start, (size_t)(at - start)};
    walk->at = at + 1;
    return 0;
}

int rpc_walk_any_key(struct rpc_walk *walk, int first, struct hawser_slice *key, int *escaped)
{
    rpc_walk_space(walk);
    char c = rpc_walk_peek(walk);
    if (c == '}') {
        walk->at++;
        return 0;
    }
    if (!first) {
        if (c != ',') {
            return -1;
        }
        walk->at++;
        rpc_walk_space(walk);
    }
    if (rpc_walk_string(walk, key, escaped) != 0) {
        return -1;
    }
    rpc_walk_space(walk);
    if (rpc_walk_peek(walk) != ':') {
        return -1;
    }
    walk->at++;
    return 1;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && is_digit(*at)) {
        at++;
    }
    return at;
}

/* At least one digit; NULL where there is none. */
static const char *need_digits(const char *at, const char *end)
{
    const char *behind = skip_digits(at, end);
    return behind == at ? NULL : behind;
}

static const char *skip_number(const char *at, const char *end)
{
    if (*at == '-') {
        at++;
    }
    at = at < end && *at == '0' ? at + 1 : need_digits(at, end);
    if (at != NULL && at < end && *at == '.') {
        at = need_digits(at + 1, end);
    }
    if (at != NULL && at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-')) {
            at++;
        }
        at = need_digits(at, end);
    }
    return at;
}

static const char *skip_word(const char *at, const char *end, const char *word, size_t len)
{
    return (size_t)(end - at) >= len && memcmp(at, word, len) == 0 ? at + len : NULL;
}

static int level_is_object(const struct nest *nest)
{
    return (nest->objects[(nest->depth - 1) / 64] >> ((nest->depth - 1) % 64) & 1) != 0;
}

static enum step open_container(struct nest *nest, int object)
{
    if (nest->depth == nest->max) {
        return STEP_BROKEN;
    }
    uint64_t bit   = UINT64_C(1) << (nest->depth % 64);
    uint64_t *word = &nest->objects[nest->depth / 64];
    *word          = object ? *word | bit : *word & ~bit;
    nest->depth++;
    nest->walk->at++;
    rpc_walk_space(nest->walk);
    if (rpc_walk_peek(nest->walk) == (object ? '}' : ']')) {
        nest->walk->at++;
        nest->depth--;
        return STEP_BEHIND;
    }
    return object ? STEP_KEY : STEP_VALUE;
}

static enum step step_word(struct rpc_walk *walk)
{
    switch (*walk->at) {
    case 't':
        walk->at = skip_word(walk->at, walk->end, "true", 4);
        break;
    case 'f':
        walk->at = skip_word(walk->at, walk->end, "false", 5);
        break;
    case 'n':
        walk->at = skip_word(walk->at, walk->end, "null", 4);
        break;
    default:
        return STEP_BROKEN;
    }
    return walk->at == NULL ? STEP_BROKEN : STEP_BEHIND;
}

static enum step step_value(struct nest *nest)
{
    struct rpc_walk *walk = nest->walk;
    struct hawser_slice content;
    int escaped;
    rpc_walk_space(walk);
    char c = rpc_walk_peek(walk);
    if (c == '"') {
        return rpc_walk_string(walk, &content, &escaped) == 0 ? STEP_BEHIND : STEP_BROKEN;
    }
    if (is_digit(c) || c == '-') {
        walk->at = skip_number(walk->at, walk->end);
        return walk->at == NULL ? STEP_BROKEN : STEP_BEHIND;
    }
    if (c == '{' || c == '[') {
        return open_container(nest, c == '{');
    }
    return c == 0 ? STEP_BROKEN : step_word(walk);
}

static enum step step_key(struct rpc_walk *walk)
{
    struct hawser_slice content;
    int escaped;
    rpc_walk_space(walk);
    if (rpc_walk_string(walk, &content, &escaped) != 0) {
        return STEP_BROKEN;
    }
    rpc_walk_space(walk);
    if (rpc_walk_peek(walk) != ':') {
        return STEP_BROKEN;
    }
    walk->at++;
    return STEP_VALUE;
}

static enum step step_behind(struct nest *nest)
{
    struct rpc_walk *walk = nest->walk;
    int object            = level_is_object(nest);
    rpc_walk_space(walk);
    char c = rpc_walk_peek(walk);
    if (c == ',') {
        walk->at++;
        return object ? STEP_KEY : STEP_VALUE;
    }
    if (c != (object ? '}' : ']')) {
        return STEP_BROKEN;
    }
    walk->at++;
    nest->depth--;
    return STEP_BEHIND;
}

int rpc_walk_value(struct rpc_walk *walk, unsigned outside, struct hawser_slice *value)
{
    struct nest nest; /* its bits are written before they are read */
    nest.walk  = walk;
    nest.depth = 0;
    nest.max   = outside < RPC_DEPTH_MAX ? RPC_DEPTH_MAX - outside : 0;
    rpc_walk_space(walk);
    const char *start = walk->at;
    enum step step    = step_value(&nest);
    while (step != STEP_BROKEN && (step != STEP_BEHIND || nest.depth > 0)) {
        if (step == STEP_BEHIND) {
            step = step_behind(&nest);
        } else if (step == STEP_KEY) {
            step = step_key(walk);
        } else {
            step = step_value(&nest);
        }
    }
    if (step == STEP_BROKEN) {
        return -1;
    }
    *value = (struct hawser_slice){start, (size_t)(walk->at - start)};
    return 0;
}
