/*
 * The error log of a process: one file (or standard error), levels as nginx names them, one line a
 * write, reopened on demand.
 */
#ifndef CORE_BASE_LOG_H
#define CORE_BASE_LOG_H

#include <stdarg.h>

#include "hawser/error.h"
#include "hawser/host.h"

enum {
    LOG_EMERG  = HAWSER_LOG_EMERG,
    LOG_ALERT  = HAWSER_LOG_ALERT,
    LOG_CRIT   = HAWSER_LOG_CRIT,
    LOG_ERROR  = HAWSER_LOG_ERROR,
    LOG_WARN   = HAWSER_LOG_WARN,
    LOG_NOTICE = HAWSER_LOG_NOTICE,
    LOG_INFO   = HAWSER_LOG_INFO,
    LOG_DEBUG  = HAWSER_LOG_DEBUG
};

/** One line: `2026/11/23 16:00:00.123 [warn] 4711 worker0: text`. Thread-safe; control characters
 * become '?'. */
void log_write(int level, const char *fmt, ...) HAWSER_PRINTF(2, 3);
void log_vwrite(int level, const char *fmt, va_list args);
/** @return 1 when a line of this level would be written: to spare the work of making it */
int log_wants(int level);

/**
 * Open the log of this process. Until then lines go to standard error.
 * @param path   NULL or "stderr": standard error
 * @return       0, or -1 with err set; the old log stays open then
 */
int log_open(const char *path, int level, struct hawser_error *err) HAWSER_MUST_CHECK;
/** Open the same path again (after logrotate). @return 0, or -1 with err set; the old file stays
 * open then */
int log_reopen(struct hawser_error *err) HAWSER_MUST_CHECK;
/** Write lines of level ERROR and worse to standard error too; on while a program starts. */
void log_echo_to_stderr(int on);
/** @param name e.g. "master", "worker0"; stands in each line; copied */
void log_set_process(const char *name);
void log_close(void);
/** @return where lines go, for those that may not call log_write: handlers of fatal signals */
int log_descriptor(void);

/** @return the level of a name such as "warn"; -1: none */
int log_level_parse(const char *name);
const char *log_level_name(int level);

#endif
