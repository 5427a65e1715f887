/*
 * Records in flat memory: one block that holds the record and all its bytes, so that a queue can
 * keep it without an allocation.
 */
#ifndef CORE_OUTPUT_RECORD_H
#define CORE_OUTPUT_RECORD_H

#include "hawser/output.h"

#define OUTPUT_RECORD_ALIGN 8u

/** @return bytes that output_record_store needs, a multiple of OUTPUT_RECORD_ALIGN. Hot. */
size_t output_record_size(const struct hawser_record *record);
/** Copy a record to `at`, which is aligned and has room. Hot. */
void output_record_store(void *at, const struct hawser_record *record);
/** The record that was stored at `at` (or what a copy of its bytes is at). @param out its slices
 * point into `at` */
void output_record_fetch(const void *at, struct hawser_record *out);

#endif
