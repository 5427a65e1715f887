/*
 * One-shot timers on the instance's loop. See timer.h.
 */
#include "module/timer.h"

#include <stdlib.h>

#include "base/obj.h"

#define TIMER_MAGIC 0x74696d65u

struct hawser_timer {
    OBJ_MAGIC_FIELD;
    struct list node;
    struct event *event;
    void (*fn)(void *arg);
    void *arg;
};

void timer_stop(struct hawser_timer *timer)
{
    if (timer == NULL) {
        return;
    }
    timer = OBJ_CAST(struct hawser_timer, timer, TIMER_MAGIC);
    list_remove(&timer->node);
    if (timer->event != NULL) {
        event_free(timer->event);
    }
    timer->magic = 0;
    free(timer);
}

void timer_stop_all(struct list *owner)
{
    while (!list_is_empty(owner)) {
        timer_stop(LIST_ENTRY(owner->next, struct hawser_timer, node));
    }
}

/* Gone before `fn` runs: a handle that the module still holds is stale by contract, and it may
 * start another. */
static void on_fire(evutil_socket_t fd, short what, void *arg)
{
    struct hawser_timer *timer = OBJ_CAST(struct hawser_timer, arg, TIMER_MAGIC);
    void (*fn)(void *)         = timer->fn;
    void *fn_arg               = timer->arg;
    (void)fd;
    (void)what;
    timer_stop(timer);
    fn(fn_arg);
}

struct hawser_timer *timer_start(struct list *owner, struct net_loop *loop, int64_t delay_ms,
                                 void (*fn)(void *arg), void *arg)
{
    struct timeval after       = {(time_t)(delay_ms / 1000), (suseconds_t)(delay_ms % 1000 * 1000)};
    struct hawser_timer *timer = delay_ms < 0 ? NULL : calloc(1, sizeof(*timer));
    if (timer == NULL) {
        return NULL;
    }
    *timer = (struct hawser_timer){.magic = TIMER_MAGIC, .fn = fn, .arg = arg};
    list_append(owner, &timer->node);
    timer->event = event_new(loop->base, -1, 0, on_fire, timer);
    if (timer->event == NULL || event_add(timer->event, &after) != 0) {
        timer_stop(timer);
        return NULL;
    }
    return timer;
}
