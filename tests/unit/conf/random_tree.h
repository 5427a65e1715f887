/*
 * Trees from a seed, full of words that need quotes.
 */
#ifndef TESTS_UNIT_CONF_RANDOM_TREE_H
#define TESTS_UNIT_CONF_RANDOM_TREE_H

#include "conf/tree.h"

/** @return given: the same tree for the same seed */
struct conf_tree *random_tree(uint32_t seed);

#endif
