/*
 * The rules of a whole config, with its modules loaded: tables, semantics, what adapters say of
 * their sessions.
 */
#ifndef CORE_HOST_CHECK_H
#define CORE_HOST_CHECK_H

#include "conf/tree.h"

/**
 * A call into a module comes next.
 *
 * @param node    the statement it is for
 * @param module  path of the module's file
 * @param what    "was loaded" and the like: what the module does from here on
 */
typedef void (*check_progress_fn)(void *arg, const struct conf_node *node, const char *module,
                                  const char *what);

/**
 * Load every module of a config and check everything.
 * @param printed   gets the config as text, secrets of the core's and of all modules' directives
 * masked
 * @param progress  told before each call into a module, so that a crash can be named; NULL: none
 */
void check_config(const struct conf_tree *tree, const char *prefix, struct conf_problems *problems,
                  check_progress_fn progress, void *arg, struct buf *printed);

#endif
