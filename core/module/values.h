/*
 * Strings and arrays of strings that live as long as their owner: what a module was given must not
 * go when a reload replaces the config it came from.
 */
#ifndef CORE_MODULE_VALUES_H
#define CORE_MODULE_VALUES_H

#include <stddef.h>

struct value_text;
struct value_words;

/** Zero-initialised: empty. */
struct values {
    struct value_text *texts;
    struct value_words *words;
};

/** A kept copy; an equal text is kept once. @return borrowed from `values`; NULL: out of memory */
const char *values_text(struct values *values, const char *text);
/** A kept array of kept copies; an equal one is kept once. @return borrowed; NULL: out of memory */
const char *const *values_words(struct values *values, const char *const *words, size_t count);
/** Give everything back; contents are overwritten, for there may be secrets among them. */
void values_fini(struct values *values);

#endif
