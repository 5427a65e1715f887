/*
 * Words of a config as values with units. Each returns 0, or -1 with a message that says what was
 * expected.
 */
#ifndef CORE_CONF_VALUE_H
#define CORE_CONF_VALUE_H

#include "hawser/directive.h"
#include "hawser/error.h"

int conf_value_flag(const char *word, int64_t *out, struct hawser_error *err) HAWSER_MUST_CHECK;
int conf_value_number(const char *word, int64_t *out, struct hawser_error *err) HAWSER_MUST_CHECK;
/** 500ms 5s 2m 1h 1d 1h30m; a bare number is seconds. @param out [ms] */
int conf_value_time(const char *word, int64_t *out_ms, struct hawser_error *err) HAWSER_MUST_CHECK;
/** 512 64k 1m 1g (upper case too). @param out [bytes] */
int conf_value_size(const char *word, int64_t *out_bytes,
                    struct hawser_error *err) HAWSER_MUST_CHECK;
/** Write a value of a row of this type (HAWSER_VALUE_*) as a config would have it: 90m, 64k, 5.
 * @return out */
const char *conf_value_write(uint32_t type, int64_t value, char *out, size_t size);
/** @param out index in `choices` ("a|b|c") */
int conf_value_choice(const char *word, const char *choices, int64_t *out,
                      struct hawser_error *err) HAWSER_MUST_CHECK;
/** A word by the row's type and limits; non-numeric types are only checked and give 0. */
int conf_value_check(const struct hawser_directive *row, const char *word, int64_t *out,
                     struct hawser_error *err) HAWSER_MUST_CHECK;
/** The value of `key=value` among words. @return borrowed, or NULL */
const char *conf_value_option(const char *const *words, size_t count, const char *key);
/** `path` joined to `prefix` where it is relative. @return given, free() it; NULL: out of memory */
char *conf_value_path(const char *path, const char *prefix);

#endif
