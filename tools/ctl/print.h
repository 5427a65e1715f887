/*
 * The host's answers as text for people.
 */
#ifndef TOOLS_CTL_PRINT_H
#define TOOLS_CTL_PRINT_H

#include <jansson.h>

void print_status(const json_t *status);
void print_sessions(const json_t *sessions);
void print_session(const json_t *session);
void print_outputs(const json_t *outputs);
void print_modules(const json_t *modules);
/** A result that has no form of its own: JSON, indented. */
void print_value(const json_t *value);
/** The outcome of a reload. */
void print_reload(const json_t *result);
/** What a reload would change. */
void print_plan(const json_t *plan);
/** Write what is still held back. @return 0; -1: not all that was printed could be written */
int print_end(void);

#endif
