/*
 * Listeners and signals.
 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "sim/conn.h"

struct sim_server;

/** Start to listen. @return given; NULL with err set */
struct sim_server *sim_server_create(struct sim *sim, struct hawser_error *err);
void sim_server_destroy(struct sim_server *server);
/** Say on standard output where it listens. */
void sim_server_ready(const struct sim_server *server);
/** Stop to listen, or listen on the same ports again. @return 0, or -1 with err set */
int sim_server_accept(struct sim_server *server, int on,
                      struct hawser_error *err) HAWSER_MUST_CHECK;
/** @return how many connections count towards --max-connections */
unsigned sim_server_open(const struct sim *sim);

#endif
