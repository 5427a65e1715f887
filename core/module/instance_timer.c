/*
 * Timers of an instance on the worker's loop: each fires once, and none outlives its instance.
 */
#include <stdlib.h>

#include "base/log.h"
#include "base/watch.h"
#include "module/object.h"

#define TIMER_MAGIC 0x71e2a11du
#define LONGEST_MS  (INT64_C(366) * 24 * 3600 * 1000)

struct hawser_timer {
    OBJ_MAGIC_FIELD;
    struct list node;
    struct event *event;
    uint32_t subject; /* of the instance, in the watch */
    void (*fn)(void *arg);
    void *arg;
};

static void free_timer(struct hawser_timer *timer)
{
    list_remove(&timer->node);
    if (timer->event != NULL) {
        event_free(timer->event);
    }
    timer->magic = 0;
    free(timer);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct hawser_timer *timer = OBJ_CAST(struct hawser_timer, arg, TIMER_MAGIC);
    void (*fn)(void *)         = timer->fn;
    void *fn_arg               = timer->arg;
    uint32_t subject           = timer->subject;
    (void)fd;
    (void)what;
    free_timer(timer); /* first: fn may end the instance */
    uint64_t before = watch_enter(subject, WATCH_TIMER);
    fn(fn_arg);
    watch_leave(before);
}

struct hawser_timer *instance_timer_start(struct hawser_instance *self, int64_t delay_ms,
                                          void (*fn)(void *arg), void *arg)
{
    if (self->loop == NULL || self->is_over) {
        instance_misused(self, "timer_start",
                         "it has no loop, neither in `check` nor after its end");
        return NULL;
    }
    if (!instance_is_on_loop(self, "timer_start")) {
        return NULL;
    }
    delay_ms                   = delay_ms < 0 ? 0 : delay_ms > LONGEST_MS ? LONGEST_MS : delay_ms;
    struct timeval delay       = {(time_t)(delay_ms / 1000), (suseconds_t)(delay_ms % 1000 * 1000)};
    struct hawser_timer *timer = calloc(1, sizeof(*timer));
    if (timer == NULL) {
        goto fail;
    }
    timer->magic   = TIMER_MAGIC;
    timer->fn      = fn;
    timer->arg     = arg;
    timer->subject = self->subject;
    list_init(&timer->node);
    timer->event = evtimer_new(self->loop->base, on_timer, timer);
    if (timer->event == NULL || event_add(timer->event, &delay) != 0) {
        goto fail;
    }
    list_append(&self->timers, &timer->node);
    return timer;
fail:
    log_write(LOG_ERROR, "HW-MODULE-005", "%s no memory for a timer", self->name);
    if (timer != NULL) {
        free_timer(timer);
    }
    return NULL;
}

void instance_timer_stop(struct hawser_instance *self, struct hawser_timer *timer)
{
    if (timer != NULL && instance_is_on_loop(self, "timer_stop")) {
        free_timer(OBJ_CAST(struct hawser_timer, timer, TIMER_MAGIC));
    }
}

void instance_timers_stop_all(struct hawser_instance *self)
{
    while (!list_is_empty(&self->timers)) {
        free_timer(LIST_ENTRY(self->timers.next, struct hawser_timer, node));
    }
}
