/*
 * The control socket: command lines in, answers out.
 */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "sim/sim.h"

struct sim_control;

/** Listen on a unix socket; a stale one is replaced. @return given; NULL with err set */
struct sim_control *sim_control_create(struct sim *sim, const char *path, struct hawser_error *err);
/** Also removes the socket. NULL is allowed. */
void sim_control_destroy(struct sim_control *control);
/** Be the client: send one command to a running simulator, print the answer. @return 0: ok; 1: it
 * answered an error; -1 with err set */
int sim_control_ask(const char *path, const char *command, struct hawser_error *err);

#endif
