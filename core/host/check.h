/*
 * The rules of a whole config, with its modules loaded: tables, semantics, what adapters say of
 * their sessions.
 */
#ifndef CORE_HOST_CHECK_H
#define CORE_HOST_CHECK_H

#include "conf/tree.h"

/**
 * Load every module of a config and check everything.
 * @param printed   gets the config as text, secrets of the core's and of all modules' directives
 * masked
 * @param progress  told before each call into a module, so that a crash can be named; NULL: none
 */
void check_config(const struct conf_tree *tree, const char *prefix, struct conf_problems *problems,
                  void (*progress)(void *arg, const struct conf_node *node, const char *what),
                  void *arg, struct buf *printed);

#endif
