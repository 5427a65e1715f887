/*
 * hawserctl tail: a session's records as lines of JSON, for as long as somebody wants them.
 */
#ifndef TOOLS_CTL_TAIL_H
#define TOOLS_CTL_TAIL_H

#include "ctl.h"

/** @return exit status */
int tail_run(const struct command *command);

#endif
