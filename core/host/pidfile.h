/*
 * The pid file: one host for each; locked while the host lives, so that a stale one is recognised.
 */
#ifndef CORE_HOST_PIDFILE_H
#define CORE_HOST_PIDFILE_H

#include <sys/types.h>

#include "hawser/error.h"

struct pidfile {
    int fd; /* -1: none */
    char *path;
};

#define PIDFILE_INIT                                                                               \
    {                                                                                              \
        -1, NULL                                                                                   \
    }

/** Create (or take over a stale one), lock, write our pid. @error SYSTEM_CALL: another host runs,
 * with its pid */
int pidfile_create(struct pidfile *pidfile, const char *path,
                   struct hawser_error *err) HAWSER_MUST_CHECK;
/** Go on with a file that another binary of this process made and locked. @param fd taken @error
 * SYSTEM_CALL: it is not at its path any more */
int pidfile_adopt(struct pidfile *pidfile, int fd, const char *path,
                  struct hawser_error *err) HAWSER_MUST_CHECK;
/** Write our pid into the file again: after daemon() changed it. */
int pidfile_update(struct pidfile *pidfile, struct hawser_error *err) HAWSER_MUST_CHECK;
/** Remove the file, if it is still ours, and unlock. */
void pidfile_remove(struct pidfile *pidfile);
/** @return the pid of the running host; -1 with err set: no such file, or the host is not running
 */
pid_t pidfile_read(const char *path, struct hawser_error *err);

#endif
