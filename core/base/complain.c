/*
 * Repeats told seldom. See complain.h.
 */
#include "base/complain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"

#define FIRST_INTERVAL   (10 * CLOCK_NS_PER_S)
#define LONGEST_INTERVAL (600 * CLOCK_NS_PER_S)

static void tell(int level, const char *fmt, va_list args, uint64_t more, const char *what)
{
    char text[1024];
    (void)vsnprintf(text, sizeof(text), fmt, args);
    if (more > 0) {
        log_write(level, "%s (%" PRIu64 " %s)", text, more, what);
    } else {
        log_write(level, "%s", text);
    }
}

void complain(struct complaint *trouble, int level, const char *fmt, ...)
{
    clock_ns_t now = clock_monotonic();
    trouble->count++;
    if (trouble->count > 1 && now < trouble->next_at) {
        return;
    }
    va_list args;
    va_start(args, fmt);
    tell(level, fmt, args, trouble->count - trouble->told - 1, "times more since the last line");
    va_end(args);
    trouble->told     = trouble->count;
    trouble->interval = trouble->interval == 0 ? FIRST_INTERVAL : trouble->interval * 2;
    if (trouble->interval > LONGEST_INTERVAL) {
        trouble->interval = LONGEST_INTERVAL;
    }
    trouble->next_at = now + trouble->interval;
}

void complain_over(struct complaint *trouble, int level, const char *fmt, ...)
{
    if (trouble->count == 0) {
        return;
    }
    va_list args;
    va_start(args, fmt);
    tell(level, fmt, args, trouble->count, "times in all");
    va_end(args);
    *trouble = (struct complaint){0};
}
