/*
 * Does the limit of open files fit the config?
 */
#ifndef CORE_HOST_FILE_LIMIT_H
#define CORE_HOST_FILE_LIMIT_H

#include "conf/tree.h"

/** A problem for each worker whose sessions and outputs may need more open files than a process
 * may have (the hard limit, to which the host raises the soft one). @param limit see
 * file_limit_hard */
void file_limit_check(const struct conf_tree *tree, uint64_t limit, struct conf_problems *problems);
uint64_t file_limit_hard(void);

#endif
