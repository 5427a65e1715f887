/*
 * What the parts of the fake host share: fake_host.c (time, log, counters), fake_conf.c and
 * fake_session.c (sending, receiving, progress).
 */
#ifndef TESTS_SUPPORT_FAKE_HOST_INTERNAL_H
#define TESTS_SUPPORT_FAKE_HOST_INTERNAL_H

#include <stdarg.h>

#include "support/fake_host.h"

struct fake_host *fake_of(struct hawser_instance *self);
/** realloc that aborts. */
void *fake_grow(void *memory, size_t count, size_t size);
/** A NUL-terminated copy of a slice. */
char *fake_copy(struct hawser_slice slice);
char *fake_copy_text(const char *text);
/** Add a line to the events. */
void fake_event(struct fake_host *fake, const char *fmt, ...) HAWSER_PRINTF(2, 3);
void fake_event_v(struct fake_host *fake, const char *prefix, const char *fmt, va_list args);
/** As hawser_host.error_set, from the public table of codes. */
void fake_error_set(struct hawser_error *err, uint32_t code, int64_t cause, const char *fmt, ...)
    HAWSER_PRINTF(4, 5);
/** Fill the slots of the config; free what it holds. */
void fake_conf_fill(struct hawser_host *table);
void fake_conf_fini(struct fake_host *fake);
/** Fill the slots for adapters. */
void fake_session_fill(struct hawser_host *table);
/** Free what the session's half holds. */
void fake_session_fini(struct fake_host *fake);

#endif
