/*
 * Private copies of module files. dlopen gives the old code back for a path that is open already,
 * and a file changed in place would change under a process that has it mapped; a copy under a name
 * of its own ends both.
 */
#ifndef CORE_MODULE_COPY_H
#define CORE_MODULE_COPY_H

#include <limits.h>
#include <stdint.h>

#include "hawser/error.h"

/** One copy. */
struct copy {
    char path[PATH_MAX];
    char folder[PATH_MAX]; /* made for this copy alone; "": none */
};

/**
 * Copy the open file `from`, all of its `size` bytes.
 *
 * @param folder  ours alone, made when it is missing: the copy stays there, so that a debugger
 *                finds it, and goes when a later process finds its maker dead; NULL: a folder of
 *                its own under TMPDIR
 * @param name    what the copy's name begins with; no slash
 * @param out     filled on success; hand it to copy_opened or copy_discard
 * @error MODULE_FILE: the folder is not ours alone, is full, or the file changed meanwhile
 */
int copy_make(int from, uint64_t size, const char *folder, const char *name, struct copy *out,
              struct hawser_error *err) HAWSER_MUST_CHECK;
/** It is mapped: nobody needs the name of a temporary one any more. */
void copy_opened(const struct copy *copy);
/** It is of no use. */
void copy_discard(const struct copy *copy);

#endif
