/*
 * Jansson's opinion of a JSON text, against that of core/rpc: same verdict of the strict scan, same
 * members; and that of each scanner of core/rpc against the others. For unit tests and fuzzing;
 * build scan_oracle.c and json_reference.c into the target that needs it, with hawser_rpc and
 * Jansson.
 */
#ifndef TESTS_SUPPORT_SCAN_ORACLE_H
#define TESTS_SUPPORT_SCAN_ORACLE_H

#include "hawser/base.h"

/**
 * @param accepted  set to 1 when the text was accepted by both, else 0
 * @return          NULL where they agree; else in what they differ
 */
const char *scan_oracle_difference(struct hawser_slice bytes, int *accepted);

#endif
