/*
 * How a tree is made: memory that lives as long as the tree, and nodes in order. For the parser and
 * the decoder; everybody else reads trees through tree.h.
 */
#ifndef CORE_CONF_TREE_BUILD_H
#define CORE_CONF_TREE_BUILD_H

#include "conf/tree.h"

/** An empty tree. @param file of the root; copied @return given, or NULL: out of memory */
struct conf_tree *conf_tree_create(const char *file);
/** The root, to hang statements under. */
struct conf_node *conf_tree_top(struct conf_tree *tree);
/** Bytes that live as long as the tree, zeroed, aligned for any object. @return borrowed, or NULL:
 * out of memory */
void *conf_tree_alloc(struct conf_tree *tree, size_t size);
/** A NUL-terminated copy. @return borrowed, or NULL: out of memory */
const char *conf_tree_text(struct conf_tree *tree, struct hawser_slice text);
/**
 * Add a statement at the end of a block.
 * @param model  words (array borrowed, strings of the tree), file, line and is_block are taken from
 * it
 * @return       borrowed, or NULL: out of memory
 */
struct conf_node *conf_tree_add(struct conf_tree *tree, struct conf_node *block,
                                const struct conf_node *model);

#endif
