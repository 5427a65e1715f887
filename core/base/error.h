/*
 * Fill and print struct hawser_error. What a code means (category, recovery) stands in
 * hawser/error_table.h alone.
 */
#ifndef CORE_BASE_ERROR_H
#define CORE_BASE_ERROR_H

#include <stdarg.h>

#include "hawser/error.h"

/** Fill an error: category and recovery from the table, no cause. The message is one line for a
 * person; secrets of this process (base/secret.h) are masked in it. */
void error_set(struct hawser_error *err, enum hawser_code code, const char *fmt, ...)
    HAWSER_PRINTF(3, 4);
void error_vset(struct hawser_error *err, enum hawser_code code, const char *fmt, va_list args);
/** The same with errno's value as cause; ": strerror" is added to the message. */
void error_set_errno(struct hawser_error *err, enum hawser_code code, int errno_value,
                     const char *fmt, ...) HAWSER_PRINTF(4, 5);
/** Name the raw cause of an error that is set. */
void error_set_cause(struct hawser_error *err, enum hawser_cause kind, int64_t cause);
/** Put "text: " in front of the message of an error that is set, as far as there is room. */
void error_prefix(struct hawser_error *err, const char *fmt, ...) HAWSER_PRINTF(2, 3);
/** Forget the error. */
void error_clear(struct hawser_error *err);

/** @return e.g. "NET_RESOLVE"; "OK" for 0; "?" for a number that is none */
const char *error_code_name(uint32_t code);
/** @return what the code means, for people */
const char *error_code_text(uint32_t code);
enum hawser_category error_code_category(uint32_t code);
enum hawser_recovery error_code_recovery(uint32_t code);
/** @return "connection", "protocol", "authentication", "application", "none" */
const char *error_category_name(uint32_t category);
/** @return "reconnect", "reconnect slowly", "authenticate again", "wait", "hand over", "stop",
 * "nothing" */
const char *error_recovery_name(uint32_t recovery);

#endif
