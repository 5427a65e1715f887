/*
 * public|private/subscribe, unsubscribe and unsubscribe_all.
 */
#ifndef SIM_API_CHANNELS_H
#define SIM_API_CHANNELS_H

#include "sim/api.h"

int sim_api_subscribe(struct sim_call *call);
int sim_api_unsubscribe(struct sim_call *call);
int sim_api_unsubscribe_all(struct sim_call *call);

#endif
