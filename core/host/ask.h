/*
 * What the command line asks of a running host over its control socket.
 */
#ifndef CORE_HOST_ASK_H
#define CORE_HOST_ASK_H

#include "conf/tree.h"
#include "host/options.h"
#include "host/settings.h"

#define ASK_EXIT_UNREACHABLE 3

/** -s reload: prints the outcome. @return exit status */
int ask_reload(const struct options *options, const struct settings *settings);
/**
 * -t --plan: prints what a reload would do.
 * @param tree  of the config, for the control socket's path
 * @return      exit status: ASK_EXIT_UNREACHABLE when no host answers
 */
int ask_plan(const struct options *options, const struct conf_tree *tree);

#endif
