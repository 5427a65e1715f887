/*
 * A config as a sealed memfd: every process of one generation sees the same text, and none can
 * change it.
 */
#ifndef CORE_HOST_SEALED_H
#define CORE_HOST_SEALED_H

#include "conf/tree.h"

/** @return a descriptor, close-on-exec; -1 with err set */
int sealed_create(const struct conf_tree *tree, struct hawser_error *err);
/** @param fd borrowed. @return given: the tree; NULL with err set */
struct conf_tree *sealed_read(int fd, struct hawser_error *err);

#endif
