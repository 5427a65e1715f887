/*
 * How far a session was passed on, as it goes from a worker to its successor.
 */
#ifndef CORE_HOST_MARKS_JSON_H
#define CORE_HOST_MARKS_JSON_H

#include <jansson.h>

#include "session/bundle.h"

/** Ask the bundle (bundle_yield). @return given: {"session": NAME, "total": {}, "channels": []};
 * NULL: no memory */
json_t *marks_json_of(struct bundle *bundle, const char *session);
/** Where what a bundle that stands by holds begins (bundle_each_first). @return given: a mark for
 * each channel; NULL: no memory */
json_t *marks_json_first(const struct bundle *bundle);
/** Take those out that the bundle has reached. @return 1: none is left */
int marks_json_reached(const struct bundle *bundle, json_t *firsts);
/** Tell a bundle that stands by (bundle_take). What is wrong in it counts as not known. @param
 * marks without "total": the predecessor died, and "why" tells */
void marks_json_take(struct bundle *bundle, const json_t *marks);

#endif
