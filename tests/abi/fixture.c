/*
 * A module that is right, or wrong in the one way that FIXTURE_* definitions ask for. Built many
 * times over; see CMakeLists.txt.
 */
#include <stdlib.h>
#include <unistd.h>

#include "hawser/adapter.h"
#include "hawser/module.h"
#include "hawser/output.h"
#include "hawser/telemetry.h"

/* The macros of module.h take these where they are used: below. */
#ifdef FIXTURE_MAJOR
#undef HAWSER_ABI_MAJOR
#define HAWSER_ABI_MAJOR FIXTURE_MAJOR
#endif
#ifdef FIXTURE_MINOR
#undef HAWSER_ABI_MINOR
#define HAWSER_ABI_MINOR FIXTURE_MINOR
#endif
#ifdef FIXTURE_MAGIC
#undef HAWSER_MODULE_MAGIC
#define HAWSER_MODULE_MAGIC FIXTURE_MAGIC
#endif
#ifndef FIXTURE_KIND
#define FIXTURE_KIND HAWSER_ADAPTER
#endif
#ifndef FIXTURE_NAME
#define FIXTURE_NAME "fixture"
#endif
#ifndef FIXTURE_NOTE_NAME
#define FIXTURE_NOTE_NAME FIXTURE_NAME
#endif
#ifndef FIXTURE_MESSAGE
#define FIXTURE_MESSAGE take_message
#endif
#ifndef FIXTURE_WRITE
#define FIXTURE_WRITE write_records
#endif
#ifndef FIXTURE_FLUSH
#define FIXTURE_FLUSH flush_metrics
#endif
#ifndef FIXTURE_VTABLE_SIZE
#define FIXTURE_VTABLE_SIZE sizeof(struct hawser_adapter)
#endif
#ifndef FIXTURE_HAS_VTABLE
#define FIXTURE_HAS_VTABLE 1
#endif
#ifndef FIXTURE_ROW
#define FIXTURE_ROW .name = "greeting", .default_value = "hello", .min_args = 1, .max_args = 1
#endif
#ifndef FIXTURE_CONTEXT
#define FIXTURE_CONTEXT (FIXTURE_KIND == HAWSER_ADAPTER ? HAWSER_IN_SESSION : HAWSER_IN_BLOCK)
#endif
#ifndef FIXTURE_ROW_COUNT
#define FIXTURE_ROW_COUNT 1
#endif
#ifdef FIXTURE_ROW_SIZE
#define FIXTURE_HEAD                                                                               \
    .magic = HAWSER_MODULE_MAGIC, .abi_major = HAWSER_ABI_MAJOR, .abi_minor = HAWSER_ABI_MINOR,    \
    .struct_size = sizeof(struct hawser_module), .directive_size = FIXTURE_ROW_SIZE
#else
#define FIXTURE_HEAD HAWSER_MODULE_HEAD
#endif

#ifdef FIXTURE_CRASHES_AT_LOAD
__attribute__((constructor)) static void crash(void)
{
    abort();
}
#endif

#ifdef FIXTURE_UNDEFINED
extern int hawser_fixture_that_nobody_defines(void);
#define FIXTURE_CREATE_RESULT hawser_fixture_that_nobody_defines()
#else
#define FIXTURE_CREATE_RESULT 0
#endif

#ifdef FIXTURE_CREATE_ABORTS
#define FIXTURE_CREATE_FIRST host == NULL ? (void)0 : abort()
#elif defined(FIXTURE_CREATE_HANGS)
#define FIXTURE_CREATE_FIRST host == NULL ? (void)0 : hang()
static void hang(void)
{
    for (;;) {
        (void)pause();
    }
}
#else
#define FIXTURE_CREATE_FIRST (void)host
#endif

#ifdef FIXTURE_CHECK_ABORTS
#define FIXTURE_CHECK check
static int check(const struct hawser_host *host, struct hawser_instance *self,
                 struct hawser_error *err)
{
    (void)host;
    (void)self;
    (void)err;
    abort();
}
#else
#define FIXTURE_CHECK NULL
#endif

static int create(const struct hawser_host *host, struct hawser_instance *self, void **out,
                  struct hawser_error *err)
{
    (void)err;
    FIXTURE_CREATE_FIRST;
    *out = self;
    return FIXTURE_CREATE_RESULT;
}

static void destroy(void *object)
{
    (void)object;
}

__attribute__((unused)) static void take_message(void *object, const struct hawser_message *message)
{
    (void)object;
    (void)message;
}

__attribute__((unused)) static size_t write_records(void *object,
                                                    const struct hawser_record *records,
                                                    size_t count, struct hawser_error *err)
{
    (void)object;
    (void)records;
    (void)err;
    return count;
}

__attribute__((unused)) static int flush_metrics(void *object, const struct hawser_metric *metrics,
                                                 size_t count, struct hawser_error *err)
{
    (void)object;
    (void)metrics;
    (void)count;
    (void)err;
    return 0;
}

static const struct hawser_adapter adapter = {
    .struct_size = FIXTURE_VTABLE_SIZE,
    .create      = create,
    .destroy     = destroy,
    .check       = FIXTURE_CHECK,
    .message     = FIXTURE_MESSAGE,
};
static const struct hawser_output output = {
    .struct_size = sizeof(output),
    .create      = create,
    .destroy     = destroy,
    .check       = FIXTURE_CHECK,
    .write       = FIXTURE_WRITE,
};
static const struct hawser_telemetry telemetry = {
    .struct_size = sizeof(telemetry),
    .create      = create,
    .destroy     = destroy,
    .flush       = FIXTURE_FLUSH,
};
static const struct hawser_directive rows[] = {
    {FIXTURE_ROW, .contexts = FIXTURE_CONTEXT, .help = "what to say first"},
    {.name = "greeting", .min_args = 1, .max_args = 1, .contexts = FIXTURE_CONTEXT},
};

#ifndef FIXTURE_NO_NOTE
HAWSER_MODULE_NOTE(FIXTURE_KIND, FIXTURE_NOTE_NAME, "1.2.3");
#endif

#ifdef FIXTURE_NO_SYMBOL
#define FIXTURE_SYMBOL other_symbol
#else
#define FIXTURE_SYMBOL hawser_module
#endif
extern const struct hawser_module FIXTURE_SYMBOL;

HAWSER_EXPORT const struct hawser_module FIXTURE_SYMBOL = {
    FIXTURE_HEAD,
    .kind            = FIXTURE_KIND,
    .name            = FIXTURE_NAME,
    .version         = "1.2.3",
    .directives      = rows,
    .directive_count = FIXTURE_ROW_COUNT,
    .vtable.any      = !FIXTURE_HAS_VTABLE              ? NULL
                       : FIXTURE_KIND == HAWSER_ADAPTER ? (const void *)&adapter
                       : FIXTURE_KIND == HAWSER_OUTPUT  ? (const void *)&output
                                                        : (const void *)&telemetry,
};
