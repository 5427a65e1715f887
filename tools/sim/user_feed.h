/*
 * user.* channels: what happened to a client's orders, to all who subscribed to it.
 */
#ifndef SIM_USER_FEED_H
#define SIM_USER_FEED_H

#include "sim/trading.h"

/** Tell the subscriptions of the order's client. */
void sim_user_publish(struct sim *sim, const struct sim_execution *execution);

#endif
