/*
 * Records as lines of JSON, one behind the other in memory.
 */
#ifndef PLUGINS_JSONL_LINE_H
#define PLUGINS_JSONL_LINE_H

#include "hawser/output.h"

/** Bytes that grow and are used again; zero-initialised it is empty. */
struct text {
    char *bytes;
    size_t len;
    size_t capacity;
};

/**
 * Add a record with its newline.
 * @return 0, or -1: out of memory; the text is as it was
 */
int line_add(struct text *text, const struct hawser_host *host,
             const struct hawser_record *record) HAWSER_MUST_CHECK;
void text_fini(struct text *text);

#endif
