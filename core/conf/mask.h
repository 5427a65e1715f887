/*
 * What of a config is a secret, as far as names and forms tell.
 */
#ifndef CORE_CONF_MASK_H
#define CORE_CONF_MASK_H

#include "base/buf.h"

/** @return 1 when a name such as `client_secret` or `ACCESS-TOKEN` says that its value is secret */
int conf_name_is_secret(struct hawser_slice name);
/** What of `key value` is masked by value (base/secret.h), as far as its length tells it from any
 * word. @return the value; empty: nothing */
struct hawser_slice conf_secret_value(const char *key, const char *value);
/** A part of a word that is secret. */
struct conf_piece {
    struct hawser_slice text; /* borrowed; data NULL: none */
    int is_login;             /* 1: userinfo of a URL; 0: the value of a secret `key=` */
};
/** The next such part at or after `from`, which points into `word`. */
struct conf_piece conf_secret_piece(const char *word, const char *from);
/** Append a word with userinfo of a URL and values of secret `key=` as ***. @return 0, or -1: out
 * of memory */
int conf_mask_word(const char *word, struct buf *out) HAWSER_MUST_CHECK;

#endif
