/*
 * An error as one text for people.
 */
#ifndef CORE_BASE_EXPLAIN_H
#define CORE_BASE_EXPLAIN_H

#include "base/buf.h"
#include "hawser/error.h"

/** Append what happened, what Hawser does next, and which directive or act of a person changes it:
 * one line. @return 0, or -1: out of memory or over the bound of `out` */
int error_explain(const struct hawser_error *err, struct buf *out) HAWSER_MUST_CHECK;

#endif
