/*
 * How far two names are apart, for "did you mean".
 */
#ifndef CORE_CONF_NEAREST_H
#define CORE_CONF_NEAREST_H

#include <stddef.h>

/**
 * Insertions, deletions, replacements and swaps of neighbours between two names; case does not
 * count.
 * @return the number when the two are near enough to be a slip of the pen (at most 2, and a third
 * of the longer name), else -1
 */
int conf_name_distance(const char *a, const char *b);

#endif
