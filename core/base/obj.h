/*
 * Magic numbers: what a void * or a handle points to is checked where it enters, in release builds
 * too.
 */
#ifndef CORE_BASE_OBJ_H
#define CORE_BASE_OBJ_H

#include <stddef.h>
#include <stdint.h>

/** The first field of every object that travels as a void *. */
#define OBJ_MAGIC_FIELD uint32_t magic

/** `pointer` as a `type *`; ends the process when it is not a live object of that magic. */
#define OBJ_CAST(type, pointer, number)                                                            \
    ((type *)obj_check((pointer), (pointer) != NULL ? ((const type *)(pointer))->magic : 0,        \
                       (number), __FILE__, __LINE__))

/** Ends the process (so that the master restarts it) when a condition that our own code promises
 * does not hold. */
#define OBJ_ASSERT(condition) ((condition) ? (void)0 : obj_broken(#condition, __FILE__, __LINE__))

_Noreturn void obj_broken(const char *what, const char *file, int line);

/** Hot: a message passes several of these. */
static inline void *obj_check(const void *pointer, uint32_t found, uint32_t wanted,
                              const char *file, int line)
{
    if (pointer == NULL || found != wanted) {
        obj_broken("object is not what it was taken for", file, line);
    }
    return (void *)(uintptr_t)pointer;
}

#endif
