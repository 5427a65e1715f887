/*
 * What every public header needs: slices of bytes, visibility, and the test whether a grown struct
 * has a field.
 */
#ifndef HAWSER_BASE_H
#define HAWSER_BASE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define HAWSER_EXPORT            __attribute__((visibility("default")))
#define HAWSER_MUST_CHECK        __attribute__((warn_unused_result))
#define HAWSER_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define HAWSER_EXPORT
#define HAWSER_MUST_CHECK
#define HAWSER_PRINTF(fmt, args)
#endif

#ifdef __cplusplus
#define HAWSER_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define HAWSER_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

/** Bytes that belong to somebody else. Not NUL-terminated; `data` may be NULL when `len` is 0. */
struct hawser_slice {
    const char *data;
    size_t len;
};

/**
 * Is `slot` inside the part of a table that its maker filled in, and not NULL?
 * `table` is a pointer to a struct that starts with (or holds) `struct_size`.
 */
#define HAWSER_HAS(table, slot)                                                                    \
    (offsetof(__typeof__(*(table)), slot) + sizeof((table)->slot) <= (table)->struct_size &&       \
     (table)->slot != NULL)

/**
 * The end of a struct must be the end of its last field: in tail padding, a small field that a
 * later version adds would look present in an object that an older plugin filled in.
 */
#define HAWSER_NO_TAIL_PADDING(type, last)                                                         \
    HAWSER_STATIC_ASSERT(sizeof(type) == offsetof(type, last) + sizeof(((type *)0)->last),         \
                         #type " ends in padding")

#endif
