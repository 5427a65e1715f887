/*
 * One line of the log, as text or as a JSON object: for log.c alone.
 */
#ifndef CORE_BASE_LOG_LINE_H
#define CORE_BASE_LOG_LINE_H

#include "base/clock.h"
#include "base/log.h"

/** Of PIPE_BUF: what several processes write to one pipe stays in whole lines. */
#define LOG_LINE_MAX_BYTES 4096u
/** Of a message, before it is escaped. */
#define LOG_MESSAGE_BYTES 2048u

/** How lines look. */
struct log_style {
    int json;    /* an object a line */
    int journal; /* `<4>` in front, for a standard error that journald reads */
};

struct log_line {
    clock_ns_t at; /* realtime */
    int level;
    int pid;
    const char *process;
    const char *id;
    const struct log_subject *about; /* NULL: nothing */
    struct hawser_slice message;
    int is_cut; /* the message was longer */
};

/** Make the line, newline included. Bytes that could steer a terminal or forge a line are escaped,
 * and what is no UTF-8. @param out of LOG_LINE_MAX_BYTES @return its length */
size_t log_line_make(const struct log_line *line, const struct log_style *style, char *out);

#endif
