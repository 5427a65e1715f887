/*
 * Steps over JSON text by its grammar: one value, one key, one string at a time, without building
 * anything. What a value means is left to scan.c and value.c.
 */
#ifndef CORE_RPC_WALK_H
#define CORE_RPC_WALK_H

#include "hawser/base.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/** Deepest nesting of arrays and objects that is accepted; deeper is broken. */
#define RPC_DEPTH_MAX 2048u

#define RPC_WALK_LOOK 48u /* bytes of a string that are looked at together */

/** Where a walk stands. `at` is meaningless after a step that returned -1. */
struct rpc_walk {
    const char *at;
    const char *end;
};

/** Hot. */
static inline void rpc_walk_space(struct rpc_walk *walk)
{
    while (walk->at < walk->end &&
           (*walk->at == ' ' || *walk->at == '\n' || *walk->at == '\r' || *walk->at == '\t')) {
        walk->at++;
    }
}

/** @return the byte at which the walk stands; 0 at the end, where no JSON token has that byte */
static inline char rpc_walk_peek(const struct rpc_walk *walk)
{
    return walk->at < walk->end ? *walk->at : (char)0;
}

/**
 * One string, from its opening quote on. Hot.
 * @param content  set to what stands between the quotes
 * @param escaped  set to 1 when backslashes are in it, else 0
 * @return         0, or -1: no string, not closed, a control character or a wrong escape in it
 */
int rpc_walk_any_string(struct rpc_walk *walk, struct hawser_slice *content,
                        int *escaped) HAWSER_MUST_CHECK;

/* rpc_walk_look: how long the string is whose first byte that is, its quote not counted;
 * RPC_WALK_LOOK: longer, or there is more in it than plain bytes. RPC_WALK_LOOK + 1 bytes may be
 * read.
 *
 * rpc_walk_usual_key: as rpc_walk_key for a short plain key without whitespace around it, as nearly
 * all are; 0: look again.
 *
 * rpc_walk_short_string: 1: the string was passed, as most are at the first look; 0: look longer */
#if defined(__SSE2__)

/** @return a bit for each of 16 bytes that does not simply stand for itself in a string: quote,
 * backslash, control character */
static inline unsigned rpc_walk_special(const char *at)
{
    const __m128i control = _mm_set1_epi8(0x1f);
    __m128i bytes         = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i special       = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                      _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
                                         _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
    return (unsigned)_mm_movemask_epi8(special);
}

/* 48 bytes at once, without a branch on where the string ends. */
static inline size_t rpc_walk_look(const char *at)
{
    uint64_t special = rpc_walk_special(at) | (uint64_t)rpc_walk_special(at + 16) << 16 |
                       (uint64_t)rpc_walk_special(at + 32) << 32;
    size_t len = (size_t)__builtin_ctzll(special | UINT64_C(1) << RPC_WALK_LOOK);
    return at[len] == '"' ? len : RPC_WALK_LOOK;
}

static inline int rpc_walk_short_string(struct rpc_walk *walk, struct hawser_slice *content)
{
    const char *start = walk->at + 1;
    const char *at    = start;
    if (walk->end - walk->at <= 16 || *walk->at != '"') {
        return 0;
    }
    unsigned special = rpc_walk_special(at);
    if (special == 0 && walk->end - at >= 32) {
        at += 16;
        special = rpc_walk_special(at);
    }
    at += special != 0 ? __builtin_ctz(special) : 0;
    if (special == 0 || *at != '"') {
        return 0;
    }
    content->data = start;
    content->len  = (size_t)(at - start);
    walk->at      = at + 1;
    return 1;
}

static inline int rpc_walk_usual_key(struct rpc_walk *walk, int first, struct hawser_slice *key)
{
    const char *quote = first ? walk->at : walk->at + 1;
    if (walk->end - walk->at < 20 || *quote != '"' || (!first && *walk->at != ',')) {
        return 0;
    }
    unsigned special = rpc_walk_special(quote + 1) | 1u << 16;
    const char *end  = quote + 1 + __builtin_ctz(special);
    if (end[0] != '"' || end[1] != ':') {
        return 0;
    }
    key->data = quote + 1;
    key->len  = (size_t)(end - key->data);
    walk->at  = end + 2;
    return 1;
}

#else

static inline int rpc_walk_usual_key(struct rpc_walk *walk, int first, struct hawser_slice *key)
{
    (void)walk;
    (void)first;
    (void)key;
    return 0;
}

static inline size_t rpc_walk_look(const char *at)
{
    (void)at;
    return RPC_WALK_LOOK;
}

static inline int rpc_walk_short_string(struct rpc_walk *walk, struct hawser_slice *content)
{
    (void)walk;
    (void)content;
    return 0;
}

#endif

/** As rpc_walk_any_string. Hot: without a call where the string is short and plain, and then what
 * is found, and the walk, stay in registers. */
static inline int rpc_walk_string(struct rpc_walk *walk, struct hawser_slice *content, int *escaped)
{
    struct hawser_slice found;
    int has_escapes;
    *escaped = 0;
    if (rpc_walk_short_string(walk, content)) {
        return 0;
    }
    struct rpc_walk other = *walk;
    if (rpc_walk_any_string(&other, &found, &has_escapes) != 0) {
        return -1;
    }
    walk->at      = other.at;
    content->data = found.data;
    content->len  = found.len;
    *escaped      = has_escapes;
    return 0;
}

/**
 * One value of any kind, after whitespace. Hot. It is checked in full against the grammar of RFC
 * 8259, but not for UTF-8, range of numbers and pairs of surrogates.
 * @param outside  how many arrays and objects stand open around it; all together at most
 *                 RPC_DEPTH_MAX
 * @param value    set to its bytes, strings with their quotes
 * @return         0, or -1: none, broken, or too deep
 */
int rpc_walk_value(struct rpc_walk *walk, unsigned outside,
                   struct hawser_slice *value) HAWSER_MUST_CHECK;

/** As rpc_walk_key, whatever the key. */
int rpc_walk_any_key(struct rpc_walk *walk, int first, struct hawser_slice *key,
                     int *escaped) HAWSER_MUST_CHECK;

/**
 * The next key of an object, and the colon behind it; the walk then stands at the value. Hot, as
 * rpc_walk_string is. The first call stands behind the opening brace, each later one behind a
 * value.
 * @param first  1 in the first call of an object, else 0
 * @return       1; 0: the closing brace was passed; -1: broken
 */
static inline __attribute__((always_inline)) int
rpc_walk_key(struct rpc_walk *walk, int first, struct hawser_slice *key, int *escaped)
{
    struct hawser_slice found;
    int has_escapes;
    *escaped = 0;
    if (rpc_walk_usual_key(walk, first, key)) {
        return 1;
    }
    if (rpc_walk_peek(walk) == '}') {
        walk->at++;
        return 0;
    }
    struct rpc_walk other = *walk;
    int rc                = rpc_walk_any_key(&other, first, &found, &has_escapes);
    walk->at              = other.at;
    if (rc == 1) {
        key->data = found.data;
        key->len  = found.len;
        *escaped  = has_escapes;
    }
    return rc;
}

/** @return 1: nothing but whitespace is left */
static inline int rpc_walk_at_end(struct rpc_walk *walk)
{
    rpc_walk_space(walk);
    return walk->at == walk->end;
}

#endif
