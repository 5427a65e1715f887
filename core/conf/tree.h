/*
 * A parsed config: a tree of statements. Every node remembers its file and line for ever, so that
 * checks made long after the parse, by the core or by a module, can cite it.
 */
#ifndef CORE_CONF_TREE_H
#define CORE_CONF_TREE_H

#include <stdio.h>

#include "base/buf.h"
#include "hawser/error.h"

/** One statement: `words[0]` is the directive's name. */
struct conf_node {
    const char *const *words; /* unquoted, unescaped, NUL-terminated */
    size_t word_count;        /* at least 1 */
    const char *file;         /* as opened; owned by the tree */
    uint32_t line;            /* of words[0], from 1 */
    uint32_t is_block;        /* 1: ended in { }, children follow (maybe none) */
    struct conf_node *first_child;
    struct conf_node *last_child;
    struct conf_node *next; /* next statement of the same block */
};

struct conf_tree; /* owns every node and string of one config */

/** The root: a block without words whose children are the statements outside every block. */
const struct conf_node *conf_tree_root(const struct conf_tree *tree);
/** Overwrites it. NULL is allowed. */
void conf_tree_destroy(struct conf_tree *tree);
/** Mask the secrets that stand in it (hide.h) until it is destroyed. @return 0, or -1: no memory */
int conf_tree_hide(struct conf_tree *tree) HAWSER_MUST_CHECK;

/** First child named `name`, or the next one after `after`. @return borrowed, or NULL */
const struct conf_node *conf_find(const struct conf_node *block, const char *name,
                                  const struct conf_node *after);
/** Same words and same children in the same order; files and lines do not count. @return 1 or 0 */
int conf_node_equal(const struct conf_node *a, const struct conf_node *b);

/** Problems found in a config: all of them, in the order found. */
struct conf_problems {
    struct buf text; /* one line each: `file:line: message` + '\n' */
    size_t count;
};
void conf_problems_init(struct conf_problems *problems);
void conf_problems_fini(struct conf_problems *problems);
/** Mask what is secret by now (base/secret.h) in those found so far; what is added later is masked
 * then. */
void conf_problems_mask(struct conf_problems *problems);
/** Add one. @param node NULL: no place to name */
void conf_problem(struct conf_problems *problems, const struct conf_node *node, const char *fmt,
                  ...) HAWSER_PRINTF(3, 4);
void conf_problem_at(struct conf_problems *problems, const char *file, uint32_t line,
                     const char *fmt, ...) HAWSER_PRINTF(4, 5);

/**
 * Read a config file with all it includes (globs sorted; relative to `prefix`; cycles and depth are
 * checked).
 *
 * @param extra     statements in front of the file's (option -g), or NULL; their file is "-g"
 * @param problems  gets every syntax error; parsing goes on after each as far as that makes sense
 * @return          given: the tree, also when there are problems, as far as it was understood;
 * NULL: out of memory
 */
struct conf_tree *conf_parse_file(const char *path, const char *prefix, const char *extra,
                                  struct conf_problems *problems);
/** The same from memory, e.g. a credentials file: includes are refused. @param name stands for the
 * file in messages */
struct conf_tree *conf_parse_bytes(struct hawser_slice bytes, const char *name,
                                   struct conf_problems *problems);

/**
 * Write a tree so that conf_decode gives an equal one back, files and lines included: what the
 * master hands to its children.
 * @return 0, or -1: out of memory
 */
int conf_encode(const struct conf_tree *tree, struct buf *out) HAWSER_MUST_CHECK;
/** @return given: the tree, or NULL with err set */
struct conf_tree *conf_decode(struct hawser_slice bytes, struct hawser_error *err);

#endif
