/*
 * The fake host: life, clock, timers, counters, log. Config is fake_conf.c, the adapter's half
 * fake_session.c.
 */
#include "support/fake_host.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/line.h"
#include "support/fake_host_internal.h"
#include "support/fake_json.h"

#define FAKE_MAGIC 0xfa4e0057u
#define NS_PER_MS  INT64_C(1000000)

struct fake_timer {
    struct fake_host *fake;
    struct fake_timer *next;
    int64_t at_ns;
    void (*fn)(void *arg);
    void *arg;
};

struct fake_counter {
    struct fake_counter *next;
    char *metric;
    uint64_t value;
};

static struct fake_host *newest; /* whose time the clocks show */

struct fake_host *fake_of(struct hawser_instance *self)
{
    struct fake_host *fake = (struct fake_host *)(void *)self;
    if (fake == NULL || fake->magic != FAKE_MAGIC) {
        abort();
    }
    return fake;
}

struct hawser_instance *fake_host_instance(struct fake_host *fake)
{
    return (struct hawser_instance *)(void *)fake;
}

void *fake_grow(void *memory, size_t count, size_t size)
{
    void *grown = realloc(memory, count * size);
    if (grown == NULL) {
        abort();
    }
    return grown;
}

char *fake_copy(struct hawser_slice slice)
{
    char *copy = fake_grow(NULL, slice.len + 1, 1);
    if (slice.len > 0) {
        memcpy(copy, slice.data, slice.len);
    }
    copy[slice.len] = '\0';
    return copy;
}

char *fake_copy_text(const char *text)
{
    return fake_copy((struct hawser_slice){text, strlen(text)});
}

void fake_event_v(struct fake_host *fake, const char *prefix, const char *fmt, va_list args)
{
    char line[2048];
    int head = snprintf(line, sizeof(line), "%s", prefix);
    int body = vsnprintf(line + head, sizeof(line) - (size_t)head, fmt, args);
    if (head < 0 || body < 0) {
        abort();
    }
    size_t len   = strlen(line);
    fake->events = fake_grow(fake->events, fake->events_len + len + 2, 1);
    memcpy(fake->events + fake->events_len, line, len);
    memcpy(fake->events + fake->events_len + len, "\n", 2);
    fake->events_len += len + 1;
}

void fake_event(struct fake_host *fake, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fake_event_v(fake, "", fmt, args);
    va_end(args);
}

struct fake_host *fake_host_create(const struct hawser_module *module)
{
    struct fake_host *fake = fake_grow(NULL, 1, sizeof(*fake));
    *fake                  = (struct fake_host){
                         .magic = FAKE_MAGIC, .open = 1, .instance_name = "test", .module = module, .next_id = 1};
    fake_host_forget_events(fake);
    newest = fake;
    return fake;
}

void fake_host_destroy(struct fake_host *fake)
{
    if (fake == NULL) {
        return;
    }
    fake_session_fini(fake);
    fake_conf_fini(fake);
    while (fake->timers != NULL) {
        struct fake_timer *next = fake->timers->next;
        free(fake->timers);
        fake->timers = next;
    }
    while (fake->counters != NULL) {
        struct fake_counter *next = fake->counters->next;
        free(fake->counters->metric);
        free(fake->counters);
        fake->counters = next;
    }
    free(fake->events);
    if (newest == fake) {
        newest = NULL;
    }
    fake->magic = 0;
    free(fake);
}

/* Time. */

static int64_t fake_monotonic(void)
{
    return NS_PER_MS * 1000 + (newest == NULL ? 0 : newest->elapsed_ns);
}

static int64_t fake_realtime(void)
{
    return INT64_C(1767225600) * 1000 * NS_PER_MS + (newest == NULL ? 0 : newest->elapsed_ns);
}

static struct hawser_timer *fake_timer_start(struct hawser_instance *self, int64_t delay_ms,
                                             void (*fn)(void *arg), void *arg)
{
    struct fake_host *fake   = fake_of(self);
    struct fake_timer *timer = fake_grow(NULL, 1, sizeof(*timer));
    struct fake_timer **at   = &fake->timers;
    *timer =
        (struct fake_timer){.fake  = fake,
                            .at_ns = fake->elapsed_ns + (delay_ms < 0 ? 0 : delay_ms) * NS_PER_MS,
                            .fn    = fn,
                            .arg   = arg};
    while (*at != NULL && (*at)->at_ns <= timer->at_ns) {
        at = &(*at)->next;
    }
    timer->next = *at;
    *at         = timer;
    return (struct hawser_timer *)(void *)timer;
}

static void fake_timer_stop(struct hawser_instance *self, struct hawser_timer *timer)
{
    struct fake_host *fake = fake_of(self);
    if (timer == NULL) {
        return;
    }
    for (struct fake_timer **at = &fake->timers; *at != NULL; at = &(*at)->next) {
        if ((void *)*at == (void *)timer) {
            struct fake_timer *stopped = *at;
            *at                        = stopped->next;
            free(stopped);
            return;
        }
    }
    abort(); /* stopped twice, or after it fired */
}

void fake_host_advance(struct fake_host *fake, int64_t ms)
{
    int64_t until = fake->elapsed_ns + ms * NS_PER_MS;
    while (fake->timers != NULL && fake->timers->at_ns <= until) {
        struct fake_timer *timer = fake->timers;
        fake->timers             = timer->next;
        if (timer->at_ns > fake->elapsed_ns) {
            fake->elapsed_ns = timer->at_ns;
        }
        void (*fn)(void *) = timer->fn;
        void *arg          = timer->arg;
        free(timer);
        fn(arg);
    }
    fake->elapsed_ns = until;
}

size_t fake_host_timer_count(const struct fake_host *fake)
{
    size_t count = 0;
    for (const struct fake_timer *timer = fake->timers; timer != NULL; timer = timer->next) {
        count++;
    }
    return count;
}

/* Log and counters. */

static void fake_log(struct hawser_instance *self, enum hawser_log_level level, const char *fmt,
                     ...)
{
    char prefix[16];
    va_list args;
    va_start(args, fmt);
    if (fmt[0] != '#') {
        fake_of(self)->broken_rules++; /* each message has a code */
    } else {
        fmt += strlen(HAWSER_MESSAGE("000"));
    }
    if (snprintf(prefix, sizeof(prefix), "log %d ", (int)level) < 0) {
        abort();
    }
    fake_event_v(fake_of(self), prefix, fmt, args);
    va_end(args);
}

static const char *fake_name(struct hawser_instance *self)
{
    return fake_of(self)->instance_name;
}

static struct fake_counter *counter_of(const struct fake_host *fake, const char *metric)
{
    struct fake_counter *counter = fake->counters;
    while (counter != NULL && strcmp(counter->metric, metric) != 0) {
        counter = counter->next;
    }
    return counter;
}

static void fake_count(struct hawser_instance *self, const char *metric, uint64_t add)
{
    struct fake_host *fake       = fake_of(self);
    struct fake_counter *counter = counter_of(fake, metric);
    if (counter == NULL) {
        counter  = fake_grow(NULL, 1, sizeof(*counter));
        *counter = (struct fake_counter){.next = fake->counters, .metric = fake_copy_text(metric)};
        fake->counters = counter;
    }
    counter->value += add;
}

uint64_t fake_host_counter(const struct fake_host *fake, const char *metric)
{
    const struct fake_counter *counter = counter_of(fake, metric);
    return counter == NULL ? 0 : counter->value;
}

int fake_host_saw(const struct fake_host *fake, const char *line_start)
{
    size_t len       = strlen(line_start);
    const char *line = fake->events;
    while (*line != '\0') {
        if (strncmp(line, line_start, len) == 0) {
            return 1;
        }
        line = strchr(line, '\n') + 1;
    }
    return 0;
}

void fake_host_forget_events(struct fake_host *fake)
{
    free(fake->events);
    fake->events     = fake_copy_text("");
    fake->events_len = 0;
}

static int fake_is_trial(struct hawser_instance *self)
{
    (void)self;
    return 0;
}

static size_t fake_record_line(const struct hawser_record *record, char *out, size_t size)
{
    size_t room = output_line_room(record);
    return room > size ? room : output_line_write(record, out);
}

const struct hawser_host *fake_host_table(void)
{
    static struct hawser_host table;
    table = (struct hawser_host){
        .struct_size        = sizeof(table),
        .abi_major          = HAWSER_ABI_MAJOR,
        .abi_minor          = HAWSER_ABI_MINOR,
        .log                = fake_log,
        .name               = fake_name,
        .clock_monotonic_ns = fake_monotonic,
        .clock_realtime_ns  = fake_realtime,
        .timer_start        = fake_timer_start,
        .timer_stop         = fake_timer_stop,
        .count              = fake_count,
        .scan               = fake_json_scan,
        .json_member        = fake_json_member,
        .error_set          = fake_error_set,
        .is_trial           = fake_is_trial,
        .record_line        = fake_record_line,
    };
    fake_conf_fill(&table);
    fake_session_fill(&table);
    return &table;
}
