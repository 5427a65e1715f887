/*
 * The fake host's own scanner of JSON, slow and plain: written apart from the core's, so that a
 * plugin's test does not inherit the core's mistakes.
 */
#ifndef TESTS_SUPPORT_FAKE_JSON_H
#define TESTS_SUPPORT_FAKE_JSON_H

#include "hawser/jsonrpc.h"

/** As hawser_host.scan. */
int fake_json_scan(struct hawser_slice bytes, struct hawser_envelope *out);
/** As hawser_host.json_member. */
int fake_json_member(struct hawser_slice object, const char *path, struct hawser_slice *out);

#endif
