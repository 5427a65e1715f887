/*
 * Linux capabilities: what root may do beyond other users, given up piece by piece. Without root
 * all of this finds nothing to give up.
 */
#ifndef CORE_HOST_CAPABILITIES_H
#define CORE_HOST_CAPABILITIES_H

#include "hawser/error.h"

/** Those that can be kept, as bits. */
#define CAPABILITIES_NONE UINT64_C(0)
/** The master's: read a user's credentials and write a user's log (DAC_OVERRIDE), give files away
 * (CHOWN), signal children that are other users (KILL). */
uint64_t capabilities_of_master(void);
/** What it takes besides to start children that become another user (SETUID, SETGID). */
uint64_t capabilities_of_user_change(void);
/**
 * Give up all other capabilities for good, in this process and in what it starts: effective,
 * permitted, inheritable, ambient and bounding sets.
 * @error SYSTEM_CALL
 */
int capabilities_keep(uint64_t kept, struct hawser_error *err) HAWSER_MUST_CHECK;

#endif
