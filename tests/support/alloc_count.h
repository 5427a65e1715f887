/*
 * Counts what this thread asks of the heap, in our code and in every library. Linked as a source of
 * the test that wants it: it takes the allocator's place (under ASan, its hooks).
 */
#ifndef TESTS_SUPPORT_ALLOC_COUNT_H
#define TESTS_SUPPORT_ALLOC_COUNT_H

#include <stdint.h>

/** From now on; begins at 0. */
void alloc_count_start(void);
/** @return calls of malloc, calloc, realloc and the aligned ones since the start */
uint64_t alloc_count_now(void);
/** @return the same, and counts no longer */
uint64_t alloc_count_stop(void);

#endif
