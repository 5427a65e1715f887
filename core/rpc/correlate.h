/*
 * id -> waiting request. Ids are unique for the table's life; deadlines are kept in order, and the
 * owner runs one timer.
 */
#ifndef CORE_RPC_CORRELATE_H
#define CORE_RPC_CORRELATE_H

#include "base/clock.h"
#include "hawser/error.h"
#include "hawser/host.h"

struct rpc_pending; /* the table */

/** @param max_waiting bound. @return given; NULL: out of memory */
struct rpc_pending *rpc_pending_create(size_t max_waiting);
/** Nothing may wait any more (rpc_pending_fail_all first). */
void rpc_pending_destroy(struct rpc_pending *pending);
/** Start to wait. @param id set to a fresh id. @return 0, or -1: REQUEST_LIMIT, SYSTEM_MEMORY */
int rpc_pending_add(struct rpc_pending *pending, clock_ns_t now, clock_ns_t deadline,
                    hawser_reply_fn fn, void *arg, uint64_t *id,
                    struct hawser_error *err) HAWSER_MUST_CHECK;
/** An answer: ends the request and runs its fn. @return 0, or -1: none waits */
int rpc_pending_answer(struct rpc_pending *pending, uint64_t id, clock_ns_t now,
                       struct hawser_slice result, struct hawser_slice error);
/** Forget a request that could not be sent; its fn is not called. */
void rpc_pending_cancel(struct rpc_pending *pending, uint64_t id);
/** End every request whose deadline has passed with REQUEST_TIMEOUT. @return how many */
size_t rpc_pending_expire(struct rpc_pending *pending, clock_ns_t now);
/** End all with this error, each exactly once; requests added by their fns stay. */
void rpc_pending_fail_all(struct rpc_pending *pending, const struct hawser_error *why);
/** @return the earliest deadline; 0: none waits */
clock_ns_t rpc_pending_next_deadline(const struct rpc_pending *pending);
/** @return how many wait; borrowed, and up to date as long as the book lives */
const size_t *rpc_pending_count(const struct rpc_pending *pending);

/** A JSON-RPC error object as an error: REQUEST_REFUSED with its code as cause and its message. */
void rpc_error_explain(struct hawser_slice error_object, struct hawser_error *err);

#endif
