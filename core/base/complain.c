/*
 * Repeats told seldom. See complain.h.
 */
#include "base/complain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "base/secret.h"

#define FIRST_INTERVAL   (10 * CLOCK_NS_PER_S)
#define LONGEST_INTERVAL (600 * CLOCK_NS_PER_S)

/* What is cut may be the end of a secret, which log_about would not know by its front. */
static void print(char *text, size_t size, const char *fmt, va_list args)
{
    int wanted = vsnprintf(text, size, fmt, args);
    secret_mask_text(text, wanted >= (int)size);
}

void complain(struct complaint *trouble, const struct log_subject *about, int level, const char *id,
              const char *fmt, ...)
{
    char text[1024];
    char more[64]  = "";
    clock_ns_t now = clock_monotonic();
    trouble->count++;
    trouble->last_at = now;
    if (trouble->count > 1 && now < trouble->next_at) {
        return;
    }
    if (trouble->count - trouble->told > 1) {
        (void)snprintf(more, sizeof(more), " (%" PRIu64 " times more since the last line)",
                       trouble->count - trouble->told - 1);
    }
    va_list args;
    va_start(args, fmt);
    print(text, sizeof(text), fmt, args);
    va_end(args);
    log_about(about, level, id, "%s%s", text, more);
    trouble->told     = trouble->count;
    trouble->interval = trouble->interval == 0 ? FIRST_INTERVAL : trouble->interval * 2;
    if (trouble->interval > LONGEST_INTERVAL) {
        trouble->interval = LONGEST_INTERVAL;
    }
    trouble->next_at = now + trouble->interval;
}

/** The line that says that it is over. */
struct end_line {
    const struct log_subject *about;
    int level;
    const char *id;
    const char *fmt;
};

static void tell_end(struct complaint *trouble, const struct end_line *line, va_list args)
{
    char text[1024];
    print(text, sizeof(text), line->fmt, args);
    log_about(line->about, line->level, line->id, "%s (%" PRIu64 " times in all)", text,
              trouble->count);
    *trouble = (struct complaint){0};
}

void complain_over(struct complaint *trouble, const struct log_subject *about, int level,
                   const char *id, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    if (trouble->count > 0) {
        tell_end(trouble, &(struct end_line){about, level, id, fmt}, args);
    }
    va_end(args);
}

void complain_lapse(struct complaint *trouble, const struct log_subject *about, int level,
                    const char *id, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    if (trouble->count > 0 && clock_monotonic() - trouble->last_at >= LONGEST_INTERVAL) {
        tell_end(trouble, &(struct end_line){about, level, id, fmt}, args);
    }
    va_end(args);
}
