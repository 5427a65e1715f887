/*
 * Secrets that stand in a config itself, masked by value (base/secret.h): values of headers, logins
 * in URLs, values of secret keys. Those of credentials files are their readers' business.
 */
#ifndef CORE_CONF_HIDE_H
#define CORE_CONF_HIDE_H

#include "conf/tree.h"

/**
 * Mask what the statements of a block hold, at any depth:
 * - of a URL's userinfo the password, and a user name of 8 bytes or more, as they stand and
 * decoded;
 * - values of `key=` where the key is a secret's name (conf/mask.h);
 * - values of `header`: all of one whose name says so (Authorization, Cookie, X-Api-Key ...) and
 *   each longer part of it; of other names those of 16 bytes or more, but for names that are known
 *   to say nothing secret (User-Agent, Origin ...).
 * @return 0, or -1: no memory; what was added stays masked
 */
int conf_hide(const struct conf_node *block) HAWSER_MUST_CHECK;
/** The counterpart: the same block must be given. */
void conf_unhide(const struct conf_node *block);

#endif
