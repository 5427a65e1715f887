/*
 * The pid file. See pidfile.h.
 */
#include "host/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

static long read_number(int fd)
{
    char text[32] = {0};
    ssize_t got   = pread(fd, text, sizeof(text) - 1, 0);
    return got <= 0 ? -1 : strtol(text, NULL, 10);
}

int pidfile_update(struct pidfile *pidfile, struct hawser_error *err)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    if (pidfile->fd < 0) {
        return 0;
    }
    if (ftruncate(pidfile->fd, 0) != 0 || pwrite(pidfile->fd, text, (size_t)len, 0) != len) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot write the pid file \"%s\"",
                        pidfile->path);
        return -1;
    }
    return 0;
}

/** Is the file that we hold still the one at its path? */
static int is_at_path(const struct pidfile *pidfile)
{
    struct stat ours, there;
    return fstat(pidfile->fd, &ours) == 0 && stat(pidfile->path, &there) == 0 &&
           ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

/* A host that just ended may have unlinked the file between our open and our lock: then nobody
 * would find the one we hold. */
static int open_and_lock(struct pidfile *pidfile, struct hawser_error *err)
{
    for (;;) {
        pidfile->fd = open(pidfile->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (pidfile->fd < 0) {
            error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot open the pid file \"%s\"",
                            pidfile->path);
            return -1;
        }
        int locked = flock(pidfile->fd, LOCK_EX | LOCK_NB) == 0;
        if (locked && is_at_path(pidfile)) {
            return 0;
        }
        long pid = read_number(pidfile->fd);
        (void)close(pidfile->fd); /* another host's, or nobody's */
        pidfile->fd = -1;
        if (!locked) {
            error_set(err, HAWSER_SYSTEM_CALL,
                      "another host runs with the pid file \"%s\" (pid %ld); stop it, or give this "
                      "one another `pid`",
                      pidfile->path, pid);
            return -1;
        }
    }
}

int pidfile_create(struct pidfile *pidfile, const char *path, struct hawser_error *err)
{
    *pidfile      = (struct pidfile)PIDFILE_INIT;
    pidfile->path = strdup(path);
    if (pidfile->path == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the pid file's path");
        return -1;
    }
    if (open_and_lock(pidfile, err) != 0) {
        goto fail;
    }
    if (pidfile_update(pidfile, err) != 0) {
        goto fail;
    }
    return 0;
fail:
    pidfile_remove(pidfile);
    return -1;
}

int pidfile_adopt(struct pidfile *pidfile, int fd, const char *path, struct hawser_error *err)
{
    *pidfile      = (struct pidfile)PIDFILE_INIT;
    pidfile->path = strdup(path);
    pidfile->fd   = fd;
    if (pidfile->path == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the pid file's path");
        return -1;
    }
    if (!is_at_path(pidfile)) {
        error_set(err, HAWSER_SYSTEM_CALL, "the pid file \"%s\" was moved away, or replaced", path);
        return -1;
    }
    return 0;
}

void pidfile_remove(struct pidfile *pidfile)
{
    if (pidfile->fd >= 0) {
        if (is_at_path(pidfile)) {
            (void)unlink(pidfile->path); /* a leftover is recognised by its missing lock */
        }
        (void)close(pidfile->fd); /* nothing is buffered in it */
    }
    free(pidfile->path);
    *pidfile = (struct pidfile)PIDFILE_INIT;
}

pid_t pidfile_read(const char *path, struct hawser_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        error_set_errno(
            err, HAWSER_SYSTEM_CALL, errno,
            "cannot open the pid file \"%s\" (is the host running, with this prefix and config?)",
            path);
        return -1;
    }
    long pid    = read_number(fd);
    int running = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    (void)close(fd); /* opened for reading */
    if (pid <= 0 || !running) {
        error_set(err, HAWSER_SYSTEM_CALL, "no host is running with the pid file \"%s\"", path);
        return -1;
    }
    return (pid_t)pid;
}
