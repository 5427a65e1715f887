/*
 * What clients asked for, a line of JSON each: so that a test can prove that nothing was asked for
 * twice. Parameters are left out, since they hold secrets; an order's label is there.
 */
#ifndef SIM_JOURNAL_H
#define SIM_JOURNAL_H

#include <jansson.h>

#include "sim/sim.h"

/** Append to this file from now on. @return 0, or -1 with err set */
int sim_journal_open(struct sim *sim, const char *path, struct hawser_error *err) HAWSER_MUST_CHECK;
/** A request arrived, answered or not. @param root the message; has a method */
void sim_journal_write(struct sim *sim, uint64_t conn_id, const json_t *root);
void sim_journal_close(struct sim *sim);

#endif
