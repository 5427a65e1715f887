/*
 * `on_error WHAT wait TIME | reconnect | stop | ignore;` as a rule.
 */
#ifndef CORE_CONF_ON_ERROR_H
#define CORE_CONF_ON_ERROR_H

#include "base/error_rule.h"
#include "conf/tree.h"

/** @return 0, or -1 with err set: what was expected */
int conf_on_error(const struct conf_node *node, struct error_rule *out,
                  struct hawser_error *err) HAWSER_MUST_CHECK;

#endif
