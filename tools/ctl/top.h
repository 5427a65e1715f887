/*
 * hawserctl top: a table of the sessions that is made anew again and again.
 */
#ifndef TOOLS_CTL_TOP_H
#define TOOLS_CTL_TOP_H

#include <jansson.h>

#include "ctl.h"
#include "hawser/error.h"

#define TOP_SORT_KEYS "name, state, rate, last, rtt, gaps, reconnects"

/** @return exit status */
int top_run(const struct command *command);
/** @return 1: `key` is one of TOP_SORT_KEYS */
int top_sorts_by(const char *key);

/* between top.c and top_screen.c */

/** @return given: the host's status with its sessions sorted; NULL with err set */
json_t *top_ask(const struct command *command, const char *sort, int is_reversed,
                struct hawser_error *err);
/** The line above the table. */
void top_summary(const json_t *status, char *out, size_t size);
/** The key that a letter of the keyboard chooses. @return NULL: none */
const char *top_key_of(int letter);
/** On a terminal, until it is told to quit. @return exit status */
int top_screen_run(const struct command *command);

#endif
