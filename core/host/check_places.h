/*
 * What a config names on this machine: folders, a group, certificates; and words that only the
 * session's own layers can judge. For the checker, so that what a start or a worker would refuse is
 * told by -t.
 */
#ifndef CORE_HOST_CHECK_PLACES_H
#define CORE_HOST_CHECK_PLACES_H

#include "conf/tree.h"

/** error_log, pid and control of the main block. */
void check_places(const struct conf_tree *tree, const char *prefix, struct conf_problems *problems);
/**
 * Outputs whose directives are known to be well-formed: no two write one file (those with a
 * `path`), and none may queue more than the machine has memory.
 */
void check_output_places(const struct conf_tree *tree, const char *prefix, uint64_t memory_bytes,
                         struct conf_problems *problems);
/** Addresses, channels and TLS files of one session, whose directives are known to be well-formed.
 */
void check_session_places(const struct conf_node *session, const char *prefix,
                          struct conf_problems *problems);

#endif
