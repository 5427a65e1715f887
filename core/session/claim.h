/*
 * Who waits for an account's tokens, told to all its sessions: less urgent calls, in whichever
 * worker, leave the tokens to them. A claim is one number, the moment until which it holds; it ends
 * by itself, so that a process which dies delays nobody for long.
 */
#ifndef CORE_SESSION_CLAIM_H
#define CORE_SESSION_CLAIM_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/clock.h"

#define CLAIM_HORIZON_NS (10 * CLOCK_NS_PER_S) /* no claim holds longer, whoever wrote it */

/** Shared by processes; 0: nobody waits. */
typedef _Atomic int64_t claim_number;

/** Somebody waits for tokens that are there in `wait`. */
void claim_raise(claim_number *claim, clock_ns_t now, clock_ns_t wait);
/** @param claim NULL: none. @return 0: nobody waits; else how long to leave the tokens alone [ns]
 */
clock_ns_t claim_wait(const claim_number *claim, clock_ns_t now);

#endif
