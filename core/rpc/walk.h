/*
 * Steps over JSON text by its grammar: one value, one key, one string at a time, without building
 * anything. What a value means is left to scan.c and value.c.
 */
#ifndef CORE_RPC_WALK_H
#define CORE_RPC_WALK_H

#include "hawser/base.h"

/** Deepest nesting of arrays and objects that is accepted; deeper is broken. */
#define RPC_DEPTH_MAX 2048u

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
int rpc_walk_string(struct rpc_walk *walk, struct hawser_slice *content,
                    int *escaped) HAWSER_MUST_CHECK;

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

/**
 * The next key of an object, and the colon behind it; the walk then stands at the value. Hot. The
 * first call stands behind the opening brace, each later one behind a value.
 * @param first  1 in the first call of an object, else 0
 * @return       1; 0: the closing brace was passed; -1: broken
 */
int rpc_walk_key(struct rpc_walk *walk, int first, struct hawser_slice *key,
                 int *escaped) HAWSER_MUST_CHECK;

/** @return 1: nothing but whitespace is left */
int rpc_walk_at_end(struct rpc_walk *walk);

#endif
