/*
 * `reconnect delay=TIME max_delay=TIME jitter=FRACTION attempts=N;`: what its row cannot say.
 */
#ifndef CORE_CONF_RECONNECT_H
#define CORE_CONF_RECONNECT_H

#include "conf/tree.h"

/** Tell what is wrong with one, a problem for each word. */
void conf_reconnect_check(const struct conf_node *node, struct conf_problems *problems);

#endif
