/*
 * Memory that processes of one host share: sealed, so that none can shrink it under the others, and
 * with a number in front, so that a wrong descriptor is told.
 */
#ifndef CORE_BASE_SHARED_H
#define CORE_BASE_SHARED_H

#include "hawser/error.h"

/** What one kind of shared memory is. The mapped struct starts with the magic as a uint64_t. */
struct shared_kind {
    const char *name; /* for people: "connect budget" */
    uint64_t magic;
    size_t size; /* [bytes] */
};

/**
 * Make one, zeros but for the magic.
 * @param fd  given, close-on-exec; -1 on failure
 * @return    0, or -1 with err set: SYSTEM_CALL
 */
int shared_make(const struct shared_kind *kind, int *fd,
                struct hawser_error *err) HAWSER_MUST_CHECK;
/**
 * Map one that some process made.
 * @param fd  borrowed for the call
 * @return    given, release it with shared_unmap; NULL with err set: SYSTEM_LIMIT (it is none of
 * this kind), SYSTEM_CALL
 */
void *shared_map(const struct shared_kind *kind, int fd, struct hawser_error *err);
void shared_unmap(const struct shared_kind *kind, void *memory);

#endif
