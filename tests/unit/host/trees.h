/*
 * Configs written in a test as text.
 */
#ifndef TESTS_UNIT_HOST_TREES_H
#define TESTS_UNIT_HOST_TREES_H

#include "conf/tree.h"

/** @return given; a text that does not parse fails the test */
struct conf_tree *tree_of(const char *text);
/** The first block of this directive in a tree. */
const struct conf_node *block_of(const struct conf_tree *tree, const char *directive);

#endif
