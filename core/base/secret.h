/*
 * The values that this process may not show: credentials, tokens. Whoever comes to hold one adds
 * it here; whatever becomes text for people (log, errors, answers) is masked by value, whoever put
 * it there: a careless module, or an exchange that sends back what it was sent.
 */
#ifndef CORE_BASE_SECRET_H
#define CORE_BASE_SECRET_H

#include "hawser/base.h"

/** Shorter values are not masked: they would blot out half of each line, and so give themselves
 * away. */
#define SECRET_MIN_BYTES 4u
/** A value whose name does not say that it is secret (`user main;`) is masked from here on. */
#define SECRET_MIN_PLAIN_BYTES 8u
/** Longer ones are masked by their first so many bytes, in each form. */
#define SECRET_MAX_BYTES 4096u
#define SECRET_MASK      "***"

/**
 * Remember a value, once more for each call: as it is, and in the forms in which it travels (JSON,
 * percent-encoded, hexadecimal, base64 at any offset).
 * @param value  copied; too short: ignored
 * @return       0, or -1: no memory
 */
int secret_add(struct hawser_slice value) HAWSER_MUST_CHECK;
/** The counterpart of one secret_add; the last one forgets and overwrites. */
void secret_remove(struct hawser_slice value);
/**
 * Replace every known value inside of a text, in place, by SECRET_MASK. Thread-safe.
 * @param is_cut  1: what the text ends with may be the front of a value whose rest was cut off
 * @return        the new length, at most the old one; no NUL is written
 */
size_t secret_mask(char *text, size_t len, int is_cut);
/**
 * Where a text of others is shown in part: half a secret would be masked by nobody.
 * @return the longest length, at most `max`, that cuts no known value in two. Thread-safe.
 */
size_t secret_cut(struct hawser_slice text, size_t max);
/** As secret_mask, for a NUL-terminated text. */
void secret_mask_text(char *text, int is_cut);

#endif
