/*
 * Many sessions in one line: how many are in which condition, and one example of each trouble.
 * Workers send theirs when it changes; the master adds them up.
 */
#ifndef CORE_HOST_SUMMARY_H
#define CORE_HOST_SUMMARY_H

#include <jansson.h>

#include "hawser/client.h"

#define SUMMARY_EXAMPLE_SIZE 160u

enum summary_group {
    SUMMARY_READY,
    SUMMARY_FAILED,
    SUMMARY_BACKOFF,
    SUMMARY_RESTORING,
    SUMMARY_CONNECTING,
    SUMMARY_LEAVING,
    SUMMARY_GROUP_COUNT
};

/** Zeros: no sessions. */
struct summary {
    uint64_t sessions[SUMMARY_GROUP_COUNT];
    char examples[SUMMARY_GROUP_COUNT][SUMMARY_EXAMPLE_SIZE]; /* "btc: connection refused", or "" */
};

enum summary_group summary_group_of(enum hawser_state state);
/** Does the group still want an example? Those of sessions that are well do not. */
int summary_wants_example(const struct summary *summary, enum summary_group group);
/** @param message  of the session's last error; cut where it is too long */
void summary_give_example(struct summary *summary, enum summary_group group, const char *name,
                          const char *message);
/** Add what another one counted. */
void summary_merge(struct summary *summary, const struct summary *other);
/** @return given; NULL: no memory */
json_t *summary_json(const struct summary *summary);
/** What summary_json gave; what is wrong in it counts as nothing. */
void summary_read(struct summary *summary, const json_t *json);
/**
 * "5/6 sessions ready, 1 in backoff (btc: connection refused)".
 * @param total  how many sessions the config has; those that no worker counted are "starting"
 */
void summary_print(const struct summary *summary, uint64_t total, char *out, size_t size);

#endif
