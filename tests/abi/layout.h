/*
 * Where each public field lies and what each public number is, as the headers say with which
 * layout.c was compiled: once with the frozen ones, once with today's.
 */
#ifndef TESTS_ABI_LAYOUT_H
#define TESTS_ABI_LAYOUT_H

#include <stddef.h>

struct layout_row {
    const char *name;
    size_t offset; /* of a field; or the number itself */
    size_t size;   /* of a field; 0: `offset` is a number */
};

extern const struct layout_row layout_1_0[];
extern const size_t layout_1_0_count;
extern const struct layout_row layout_now[];
extern const size_t layout_now_count;

#endif
