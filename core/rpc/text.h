/*
 * The inside of a JSON string as bytes: escapes resolved.
 */
#ifndef CORE_RPC_TEXT_H
#define CORE_RPC_TEXT_H

#include "hawser/base.h"

/**
 * Resolve the escapes of a string that the walker accepted. A surrogate without its other half
 * becomes U+FFFD.
 *
 * @param content  without its quotes
 * @param out      set to as much of the text as fits, cut between characters, not NUL-terminated
 * @return         bytes in `out`
 */
size_t rpc_text_unescape(struct hawser_slice content, char *out, size_t size);

/**
 * Is this key, written with or without escapes, that name?
 * @param escaped  it has backslashes
 * @param name     at most 252 bytes, else an escaped key never is
 */
int rpc_text_key_is(struct hawser_slice key, int escaped, struct hawser_slice name);

#endif
