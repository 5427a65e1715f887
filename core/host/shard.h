/*
 * Which worker runs a session: the one function that decides.
 */
#ifndef CORE_HOST_SHARD_H
#define CORE_HOST_SHARD_H

#include <jansson.h>
#include <stdint.h>

#define SHARD_QUARANTINE 256u /* index of the worker that runs the sessions in quarantine */

/** What the answer depends on. */
struct shards {
    uint32_t workers;
    json_t *quarantined; /* an object with a member for each session in quarantine; NULL: none */
};

/** @return SHARD_QUARANTINE, or what shard_of says */
uint32_t shard_worker(const struct shards *shards, const char *session);

/** Rendezvous hashing: when the number of workers changes, only the sessions of the new or lost one
 * move. @return 0..workers-1 */
uint32_t shard_of(const char *session, uint32_t workers);

#endif
