/*
 * UTF-8 validation in any split (RFC 3629); fails at the first impossible byte.
 */
#ifndef CORE_WS_UTF8_H
#define CORE_WS_UTF8_H

#include <stddef.h>
#include <stdint.h>

/** Zero-initialised: at the start of a text. */
struct ws_utf8 {
    uint32_t state;
};

/** Feed the next bytes. Hot. @return 0, or -1: these bytes cannot continue any UTF-8 text */
int ws_utf8_feed(struct ws_utf8 *utf8, const uint8_t *bytes, size_t len);
/** @return 1 when the text may end here (no code point is cut), 0 otherwise */
int ws_utf8_is_complete(const struct ws_utf8 *utf8);
/** A whole text. Hot. @return 1 valid, 0 not */
int ws_utf8_is_valid(const uint8_t *bytes, size_t len);

#endif
