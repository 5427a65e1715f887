/*
 * Errors as values. See error.h.
 */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"

struct row {
    uint32_t code;
    uint32_t category;
    uint32_t recovery;
    const char *name;
    const char *text;
};

#define HAWSER_ERROR_ROW(number, code, category, recovery, text)                                   \
    {(number), HAWSER_##category, HAWSER_RECOVER_##recovery, #code, text},
static const struct row ROWS[] = {HAWSER_ERROR_TABLE(HAWSER_ERROR_ROW)};
#undef HAWSER_ERROR_ROW

static const struct row OK      = {0, HAWSER_NO_ERROR, HAWSER_RECOVER_NOTHING, "OK", "no error"};
static const struct row UNKNOWN = {0, HAWSER_APPLICATION, HAWSER_RECOVER_HAND_OVER, "?",
                                   "unknown error"};

static const struct row *find(uint32_t code)
{
    if (code == 0) {
        return &OK;
    }
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        if (ROWS[i].code == code) {
            return &ROWS[i];
        }
    }
    return &UNKNOWN;
}

/* One line: what a peer put into a message must not be able to forge a line of the log. */
static void make_printable(char *text)
{
    for (; *text != 0; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7f) {
            *text = '?';
        }
    }
}

void error_vset(struct hawser_error *err, enum hawser_code code, const char *fmt, va_list args)
{
    const struct row *row = find(code);
    char message[HAWSER_ERROR_MESSAGE_SIZE]; /* fmt's arguments may point into err->message */
    int wanted = vsnprintf(message, sizeof(message), fmt, args);
    secret_mask_text(message, wanted >= (int)sizeof(message)); /* events and answers quote it */
    *err          = (struct hawser_error)HAWSER_ERROR_INIT;
    err->code     = code;
    err->category = row->category;
    err->recovery = row->recovery;
    make_printable(message);
    memcpy(err->message, message, sizeof(message));
}

void error_set(struct hawser_error *err, enum hawser_code code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    error_vset(err, code, fmt, args);
    va_end(args);
}

void error_set_errno(struct hawser_error *err, enum hawser_code code, int errno_value,
                     const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    error_vset(err, code, fmt, args);
    va_end(args);
    size_t len = strlen(err->message);
    (void)snprintf(err->message + len, sizeof(err->message) - len, ": %s", strerror(errno_value));
    error_set_cause(err, HAWSER_CAUSE_ERRNO, errno_value);
}

void error_set_cause(struct hawser_error *err, enum hawser_cause kind, int64_t cause)
{
    err->cause_kind = kind;
    err->cause      = cause;
}

void error_prefix(struct hawser_error *err, const char *fmt, ...)
{
    char prefix[HAWSER_ERROR_MESSAGE_SIZE];
    char message[HAWSER_ERROR_MESSAGE_SIZE];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(prefix, sizeof(prefix), fmt, args);
    va_end(args);
    make_printable(prefix);
    memcpy(message, err->message, sizeof(message));
    size_t len = strlen(prefix);
    if (len > sizeof(message) - 3) {
        len = sizeof(message) - 3;
    }
    (void)snprintf(err->message, sizeof(err->message), "%.*s: %.*s", (int)len, prefix,
                   (int)(sizeof(message) - len - 3), message);
}

void error_clear(struct hawser_error *err)
{
    *err = (struct hawser_error)HAWSER_ERROR_INIT;
}

const char *error_code_name(uint32_t code)
{
    return find(code)->name;
}

const char *error_code_text(uint32_t code)
{
    return find(code)->text;
}

enum hawser_category error_code_category(uint32_t code)
{
    return (enum hawser_category)find(code)->category;
}

enum hawser_recovery error_code_recovery(uint32_t code)
{
    return (enum hawser_recovery)find(code)->recovery;
}

const char *error_category_name(uint32_t category)
{
    static const char *const NAMES[HAWSER_CATEGORY_COUNT] = {"none", "connection", "protocol",
                                                             "authentication", "application"};
    return category < HAWSER_CATEGORY_COUNT ? NAMES[category] : "?";
}

const char *error_recovery_name(uint32_t recovery)
{
    static const char *const NAMES[HAWSER_RECOVERY_COUNT] = {
        "nothing",   "reconnect", "reconnect slowly", "authenticate again", "wait",
        "hand over", "stop"};
    return recovery < HAWSER_RECOVERY_COUNT ? NAMES[recovery] : "?";
}
