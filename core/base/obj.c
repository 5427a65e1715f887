/*
 * The end of a process whose own promises do not hold. It says where on standard error, for the log
 * may be what is broken.
 */
#include "base/obj.h"

#include <stdio.h>
#include <stdlib.h>

void *obj_check(const void *pointer, uint32_t found, uint32_t wanted, const char *file, int line)
{
    if (pointer == NULL || found != wanted) {
        obj_broken("object is not what it was taken for", file, line);
    }
    return (void *)(uintptr_t)pointer;
}

_Noreturn void obj_broken(const char *what, const char *file, int line)
{
    (void)fprintf(stderr, "hawser: broken invariant at %s:%d: %s\n", file, line, what);
    abort();
}
