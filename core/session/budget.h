/*
 * How many attempts to connect all sessions of one host together may make towards one exchange: a
 * pace for each host:port, kept in memory that all workers share, for an exchange counts what comes
 * from one address and bans who knocks too often. Nobody trusts what another process wrote there.
 */
#ifndef CORE_SESSION_BUDGET_H
#define CORE_SESSION_BUDGET_H

#include <stdatomic.h>

#include "base/clock.h"
#include "hawser/error.h"

#define BUDGET_HORIZON_NS CLOCK_NS_PER_S /* turns are given away for so long ahead, not longer */
#define BUDGET_HOSTS_MAX  1024u          /* those beyond share one pace */

/** In any span of time: at most `burst`, and `rate` more for each second of it. */
struct budget_limits {
    uint32_t rate; /* attempts a second; 0: no limit */
    uint32_t burst;
    uint32_t
        overlap; /* connections beyond the usual, while one takes over from another: overlap.h */
};

/** This process's view, with the limits that it obeys. */
struct budget;

/**
 * Make the shared memory. Its size is sealed.
 * @param fd  given: close-on-exec, for budget_attach in other processes
 * @return    0, or -1 with err set: SYSTEM_CALL
 */
int budget_make(int *fd, struct hawser_error *err) HAWSER_MUST_CHECK;
/** @param fd borrowed for the call @return given, without limits; NULL with err set: SYSTEM_CALL,
 * SYSTEM_MEMORY, SYSTEM_LIMIT (not such memory) */
struct budget *budget_attach(int fd, struct hawser_error *err);
/** NULL is allowed. */
void budget_detach(struct budget *budget);

void budget_set_limits(struct budget *budget, struct budget_limits limits);
struct budget_limits budget_limits_of(const struct budget *budget);

/** @return what budget_reserve knows an exchange by; letters of either case are the same host */
uint64_t budget_key(const char *host, uint32_t port);

/**
 * Reserve the next free turn. A turn that is not used is lost; as turns are given away for a short
 * time ahead only, a worker that dies with many of them costs the others no more than that time.
 *
 * @param now  monotonic; the same clock in all processes
 * @return     when the attempt may be made, `now` or later; 0: all turns within the horizon are
 *             taken, ask again
 */
clock_ns_t budget_reserve(struct budget *budget, uint64_t key, clock_ns_t now);

/** A number in the same memory by a key of its own, 0 at first: the bucket of an account. @return
 * borrowed, lives as long as the budget */
_Atomic int64_t *budget_number(struct budget *budget, uint64_t key);

/** The same number, or one by that key which is not kept where the memory is full. @param make 0:
 * only where it is there already. @return borrowed; NULL: there is none */
_Atomic int64_t *budget_note(struct budget *budget, uint64_t key, int make);

#endif
