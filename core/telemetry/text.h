/*
 * Text in fields of fixed size that processes share.
 */
#ifndef CORE_TELEMETRY_TEXT_H
#define CORE_TELEMETRY_TEXT_H

#include <stddef.h>

/** Text into a field: padded with zeros, cut between UTF-8 characters. @param text may be NULL */
void telemetry_text_put(char *field, size_t size, const char *text);
/** A field that another process wrote, made safe to hand on: terminated, no control characters. */
void telemetry_text_mend(char *field, size_t size);

#endif
