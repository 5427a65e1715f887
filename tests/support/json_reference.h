/*
 * JSON read by RFC 8259 alone, byte by byte and by recursion, with nothing shared with core/rpc:
 * what its scanners must accept and refuse.
 */
#ifndef TESTS_SUPPORT_JSON_REFERENCE_H
#define TESTS_SUPPORT_JSON_REFERENCE_H

#include "hawser/base.h"

/**
 * Is this one JSON object, with at most 2048 arrays and objects open at once?
 *
 * @param strict  1: all of it by the grammar. 0: the object, and the one in its params, by the
 *                grammar; of any array or object in these the brackets and the ends of strings
 */
int json_reference_accepts(struct hawser_slice bytes, int strict);

#endif
