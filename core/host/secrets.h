/*
 * Credentials of sessions: read by the master alone, handed to each worker for its own sessions,
 * cleansed when no longer needed. On their way they are triples of NUL-terminated strings: session,
 * key, value.
 */
#ifndef CORE_HOST_SECRETS_H
#define CORE_HOST_SECRETS_H

#include "base/buf.h"
#include "conf/tree.h"

struct shards;

/** Zero-initialised: none. */
struct secrets {
    struct buf triples;
};

/**
 * Read the credentials of every session of a config, from where secret_source.h says: pairs in the
 * config's grammar. Their values are masked by value in this process (base/secret.h) from now on,
 * until secrets_fini.
 * @param problems  what cannot be read, with the config's file and line; never a value
 */
void secrets_read(struct secrets *secrets, const struct conf_tree *tree, const char *prefix,
                  struct conf_problems *problems);
/** Add to `out` the triples of the sessions that worker `index` runs. @return 0, or
 * -1: no memory */
int secrets_select(const struct secrets *secrets, uint32_t index, const struct shards *shards,
                   struct buf *out) HAWSER_MUST_CHECK;
/** Take over what came in a message. @return 0, or -1 with err set */
int secrets_decode(struct secrets *secrets, struct hawser_slice bytes,
                   struct hawser_error *err) HAWSER_MUST_CHECK;
/**
 * The pairs of one session.
 * @param pairs  filled with key, value, key, value ...; borrowed from `secrets`
 * @param max    room in pairs
 * @return       how many pairs
 */
size_t secrets_of(const struct secrets *secrets, const char *session, const char **pairs,
                  size_t max);
/** Do both hold the same pairs for this session? @return 1 or 0 */
int secrets_equal(const struct secrets *a, const struct secrets *b, const char *session);
void secrets_fini(struct secrets *secrets);

#define SECRETS_MAX_PAIRS 16u

#endif
