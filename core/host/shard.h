/*
 * Which worker runs a session: the one function that decides.
 */
#ifndef CORE_HOST_SHARD_H
#define CORE_HOST_SHARD_H

#include <stdint.h>

/** Rendezvous hashing: when the number of workers changes, only the sessions of the new or lost one
 * move. @return 0..workers-1 */
uint32_t shard_of(const char *session, uint32_t workers);

#endif
