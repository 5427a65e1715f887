/*
 * Where a host's control socket is.
 */
#ifndef TOOLS_CTL_SOCKET_H
#define TOOLS_CTL_SOCKET_H

#include "ctl.h"
#include "hawser/error.h"

/** By the option, or by the host's own rules. @return given; NULL with err set */
char *ctl_socket_find(const struct command *command, struct hawser_error *err);

#endif
