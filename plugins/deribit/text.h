/*
 * A growing piece of JSON text that is overwritten before its memory goes back: it may hold a
 * secret.
 */
#ifndef DERIBIT_TEXT_H
#define DERIBIT_TEXT_H

#include "hawser/base.h"

/** Zero-initialised: empty. Once an append failed for want of memory the rest fail too. */
struct text {
    char *bytes;
    size_t len;
    size_t capacity;
    int failed;
};

void text_raw(struct text *text, const char *bytes);
/** A JSON string with its quotes; `value` is UTF-8. */
void text_string(struct text *text, struct hawser_slice value);
void text_number(struct text *text, int64_t value);
struct hawser_slice text_slice(const struct text *text);
void text_fini(struct text *text);

#endif
