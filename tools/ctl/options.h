/*
 * The command line of hawserctl.
 */
#ifndef TOOLS_CTL_OPTIONS_H
#define TOOLS_CTL_OPTIONS_H

#include "ctl.h"

/** @return 0, or the exit status + 1: it was all said */
int ctl_options_read(struct command *command, int argc, char **argv);

#endif
