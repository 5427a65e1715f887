/*
 * A running host handed to another binary of itself, by exec in the same process: what the old one
 * writes down and the new one reads. master_upgrade.c gives, master_takeover.c takes.
 */
#ifndef CORE_HOST_HANDOVER_H
#define CORE_HOST_HANDOVER_H

#include <jansson.h>
#include <sys/types.h>

#include "hawser/error.h"
#include "host/options.h"

#define HANDOVER_VERSION    2 /* of the state; another one is refused by the check */
#define HANDOVER_YIELDS     1 /* of the way in which its workers let successors take over */
#define HANDOVER_REASON_MAX 512u

enum handover_step {
    HANDOVER_NONE,
    HANDOVER_CHECK, /* could this binary take over? fd: the sealed config */
    HANDOVER_TAKE,  /* fd: the state */
    HANDOVER_BACK   /* the new binary could not, and gives back; fd: the state */
};

struct handover {
    enum handover_step step;
    int fd;
    char reason[HANDOVER_REASON_MAX]; /* BACK: why */
};

/** In main, before anything else: what this process was started for. */
void handover_of_this_process(struct handover *out);

/** @return given: a descriptor that an exec keeps; -1 with err set */
int handover_write(const json_t *state, struct hawser_error *err);
/** @param fd borrowed. @return given: the state; NULL with err set */
json_t *handover_read(int fd, struct hawser_error *err);
/** A descriptor of the state's "fds"; -1: none. */
int handover_fd(const json_t *state, const char *name);
/** Shall an exec keep this descriptor? -1 is allowed. */
void handover_keep(int fd, int keep);
/** @return given: the command line that starts `path` as this host was started; NULL: no memory */
json_t *handover_argv(const struct options *options, const char *path);

/**
 * Become the program at `path` (NULL: the one that the state came from). Returns only on failure.
 * @param step  HANDOVER_TAKE or HANDOVER_BACK
 * @return      errno
 */
int handover_exec(const json_t *state, int state_fd, enum handover_step step, const char *path,
                  const char *reason);

/**
 * Start the program at our own path, and ask it (handover_check) whether it can take over.
 * @param config  descriptor of the sealed config; borrowed
 * @param report  given: what it says
 * @return        pid; -1 with err set
 */
pid_t handover_spawn_check(const struct options *options, int config, int *report,
                           struct hawser_error *err);
/**
 * Whether this binary could take over the host with this config, modules included. Prints why not.
 * @return exit status; 0 after a last line of HANDOVER_READY
 */
int handover_check(const struct options *options, int config);
#define HANDOVER_READY "ready to take over: hawser/"

#endif
