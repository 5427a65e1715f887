/*
 * Bytes laid against a page that may not be read: one byte too far is a crash, not a silent
 * success.
 */
#ifndef TESTS_SUPPORT_GUARD_H
#define TESTS_SUPPORT_GUARD_H

#include "hawser/base.h"

/** @return a copy of `bytes` that ends at an unreadable page; free it with guard_free */
struct hawser_slice guard_copy(const void *bytes, size_t len);
void guard_free(struct hawser_slice copy);

#endif
