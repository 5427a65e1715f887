/*
 * Timers that modules ask for.
 */
#ifndef CORE_MODULE_TIMER_H
#define CORE_MODULE_TIMER_H

#include "base/list.h"
#include "hawser/host.h"
#include "net/loop.h"

/** @param owner the list that it stands in until it fired or was stopped. @return borrowed; NULL:
 * no memory */
struct hawser_timer *timer_start(struct list *owner, struct net_loop *loop, int64_t delay_ms,
                                 void (*fn)(void *arg), void *arg);
/** NULL is allowed. */
void timer_stop(struct hawser_timer *timer);
void timer_stop_all(struct list *owner);

#endif
