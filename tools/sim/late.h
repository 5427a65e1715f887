/*
 * Answers that go out later than they are ready: `late MS`. Those of one connection keep their
 * order.
 */
#ifndef SIM_LATE_H
#define SIM_LATE_H

#include "sim/conn.h"

/** Send an answer after conn->faults.late_ms; at once where that is 0 and nothing waits in front.
 */
void sim_late_answer(struct sim_conn *conn, struct hawser_slice text);
/** The timer ran: send what is due. */
void sim_late_run(struct sim_conn *conn, clock_ns_t now);
/** @return when the first is due; 0: none waits */
clock_ns_t sim_late_next(const struct sim_conn *conn);
/** Throw away what waits. */
void sim_late_forget(struct sim_conn *conn);

#endif
