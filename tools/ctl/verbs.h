/*
 * The commands of hawserctl: one table, from which the help and the shells' completions come.
 */
#ifndef TOOLS_CTL_VERBS_H
#define TOOLS_CTL_VERBS_H

#include <jansson.h>
#include <stdio.h>

#include "ctl.h"

struct verb {
    const char *name;
    const char *method;
    const char *arguments; /* as the help shows them */
    const char *help;
    int min_words;
    int max_words;
    json_t *(*params)(const struct command *command); /* NULL: none */
    void (*print)(const json_t *result);
    int (*run)(const struct command *command); /* instead of one question and its answer; NULL */
};

/** @return NULL: there is none, or its arguments are wrong; told on stderr */
const struct verb *verbs_find(const struct command *command);
/** A line for each. */
void verbs_print_help(FILE *out);

#endif
