/*
 * Members of the host's answers as text, and one session as one line of a table.
 */
#ifndef TOOLS_CTL_TABLE_H
#define TOOLS_CTL_TABLE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_LINE_SIZE 512u
#define TABLE_TIME_SIZE 24u

/** "" where there is none. @return borrowed from the object */
const char *table_text(const json_t *object, const char *key);
/** 0 where there is none. */
int64_t table_number(const json_t *object, const char *key);
/** "3.2s", "5m", "2.0h": how long something has lasted; "-": not known. @return out */
const char *table_age(char out[TABLE_TIME_SIZE], int64_t ns);
/** Age of a moment in wall time; "-" where there was none (0). */
const char *table_since(char out[TABLE_TIME_SIZE], int64_t moment_ns);
/** "512", "3.4k", "1.2M". @return out */
const char *table_amount(char out[TABLE_TIME_SIZE], double amount);

/** How wide the column of names is to be: as the longest of them, but not wider than `most`. */
int table_name_width(const json_t *sessions, int most);
/** The heads of the columns of table_row. @param width  of the names; longer ones are cut */
void table_head(int width, char out[TABLE_LINE_SIZE]);
/** A session's line, without what could steer a terminal. */
void table_row(const json_t *session, int width, char out[TABLE_LINE_SIZE]);
/** Replace what could steer a terminal: texts of exchanges end up there. */
void table_clean(char *text);
/** How many sessions are READY, and what they receive a second together. */
size_t table_ready(const json_t *sessions, double *messages_per_s);

#endif
