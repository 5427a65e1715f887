/*
 * The error log of a process: one file (or standard error), levels as nginx names them, one line a
 * write, reopened on demand. Lines are text or JSON (log_line.h); secrets are masked (secret.h).
 *
 * Each message has an id that survives its rewording: "HW-SESSION-004", a literal at the call that
 * writes it, unique in the source. tests/lint/messages keeps docs/log-messages.md in step.
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

/** What a line is about: `session=btc`, as a field of its own in JSON. */
struct log_subject {
    const char *kind; /* "session", "output", "telemetry" */
    const char *name;
    unsigned line; /* of a session that has several; 0: none */
    int level;     /* lines about it are written from this level on; LOG_AS_PROCESS: no own one */
};
#define LOG_AS_PROCESS (-1)
#define LOG_SUBJECT(what, which)                                                                   \
    (&(const struct log_subject){.kind = (what), .name = (which), .level = LOG_AS_PROCESS})

/** One line: `2026/11/23 16:00:00.123 [warn] 4711 worker0: HW-HOST-001 text`. Thread-safe; never
 * blocks; control characters are escaped. @param id a literal */
void log_write(int level, const char *id, const char *fmt, ...) HAWSER_PRINTF(3, 4);
/** The same about something: `... HW-SESSION-001 session=btc text`. @param about NULL: nothing */
void log_about(const struct log_subject *about, int level, const char *id, const char *fmt, ...)
    HAWSER_PRINTF(4, 5);
void log_vabout(const struct log_subject *about, int level, const char *id, const char *fmt,
                va_list args);
/** @return 1 when a line of this level would be written: to spare the work of making it */
int log_wants(const struct log_subject *about, int level);

/**
 * Open the log of this process. Until then lines go to standard error.
 * @param path   NULL or "stderr": standard error
 * @return       0, or -1 with err set; the old log stays open then
 */
int log_open(const char *path, int level, struct hawser_error *err) HAWSER_MUST_CHECK;
/** Lines are text, or an object each. What goes to standard error gets a priority in front where
 * that is a stream of journald's, as JOURNAL_STREAM tells. */
void log_use_style(int json);
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

/** A line could not be written (a full disk, a reader that is stuck): it is dropped, not waited
 * for, and the next one that goes out says how many. @param fn called with the log locked: it may
 * not log; NULL: none */
void log_watch_losses(void (*fn)(void *arg), void *arg);
/** @param why  NULL, or filled with errno of the last loss; 0: lines go out again
 * @return lines lost since the process started */
uint64_t log_losses(int *why);

/** @return the level of a name such as "warn"; -1: none */
int log_level_parse(const char *name);
const char *log_level_name(int level);

#endif
