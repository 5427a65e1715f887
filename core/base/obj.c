/*
 * The end of a process whose own promises do not hold. It says where on standard error, for the log
 * may be what is broken.
 */
#include "base/obj.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void obj_broken(const char *what, const char *file, int line)
{
    (void)fprintf(stderr, "hawser: broken invariant at %s:%d: %s\n", file, line, what);
    abort();
}
