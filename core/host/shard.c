/*
 * Rendezvous (highest random weight) hashing of session names, and the exceptions from it. See
 * shard.h.
 */
#include "host/shard.h"

static uint64_t weight(const char *text, uint32_t worker)
{
    uint64_t hash = UINT64_C(
        14695981039346656037); /* FNV-1a, then a finaliser: FNV alone spreads short names badly */
    for (const char *c = text; *c != 0; c++) {
        hash = (hash ^ (uint8_t)*c) * UINT64_C(1099511628211);
    }
    hash ^= (uint64_t)worker * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
    return hash ^ (hash >> 31);
}

uint32_t shard_worker(const struct shards *shards, const char *session)
{
    return json_object_get(shards->quarantined, session) != NULL
               ? SHARD_QUARANTINE
               : shard_of(session, shards->workers);
}

uint32_t shard_of(const char *session, uint32_t workers)
{
    uint32_t best        = 0;
    uint64_t best_weight = 0;
    for (uint32_t worker = 0; worker < workers; worker++) {
        uint64_t w = weight(session, worker);
        if (worker == 0 || w > best_weight) {
            best        = worker;
            best_weight = w;
        }
    }
    return best;
}
