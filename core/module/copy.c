/*
 * Makes and sweeps the private copies. A copy's name is NAME.PID.NUMBER.so: unique in its folder,
 * and it tells whose it is.
 */
#include "module/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "module/trust.h"

#define CHUNK_BYTES (64u * 1024u)
#define TEMPORARY   "hawser-"

static atomic_uint copies_made;

/* The process that made a copy of this name; 0: the name is none of ours. */
static pid_t maker_of(const char *name)
{
    const char *end = strstr(name, ".so");
    unsigned number = 0;
    int pid         = 0;
    int used        = 0;
    if (end == NULL || end[3] != '\0') {
        return 0;
    }
    const char *dot = strchr(name, '.');
    if (dot == NULL || sscanf(dot, ".%d.%u.so%n", &pid, &number, &used) != 2 || dot[used] != '\0' ||
        pid <= 0) {
        return 0;
    }
    return pid;
}

/** Remove what dead processes left. @param dir  taken @return how many copies */
static size_t sweep(DIR *dir)
{
    size_t removed       = 0;
    struct dirent *entry = NULL;
    while ((entry = readdir(dir)) != NULL) {
        pid_t maker = maker_of(entry->d_name);
        if (maker != 0 && kill(maker, 0) != 0 && errno == ESRCH &&
            unlinkat(dirfd(dir), entry->d_name, 0) == 0) { /* else the next process tries again */
            removed++;
        }
    }
    (void)closedir(dir); /* read only */
    return removed;
}

static int is_temporary_name(const char *name)
{
    return strncmp(name, TEMPORARY, sizeof(TEMPORARY) - 1) == 0 &&
           strlen(name) == sizeof(TEMPORARY) - 1 + 6;
}

/* A process that died inside dlopen left its folder. One that is empty may be about to be filled,
 * and stays. */
static void sweep_temporary(const char *tmp)
{
    DIR *dir             = opendir(tmp);
    struct dirent *entry = NULL;
    struct stat st;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (!is_temporary_name(entry->d_name)) {
            continue;
        }
        int fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        DIR *inner =
            fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() ? fdopendir(fd) : NULL;
        if (inner != NULL && sweep(inner) > 0) {
            (void)unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR); /* more may be in it */
        } else if (inner == NULL && fd >= 0) {
            (void)close(fd); /* read only */
        }
    }
    if (dir != NULL) {
        (void)closedir(dir); /* read only */
    }
}

static int prepare_folder(const char *folder, struct hawser_error *err)
{
    struct stat st;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        error_set_errno(err, HAWSER_MODULE_FILE, errno, "%s cannot be made for copies of modules",
                        folder);
        return -1;
    }
    if (lstat(folder, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
        (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        error_set(err, HAWSER_MODULE_FILE,
                  "%s is to hold copies of modules, but is not a folder of this user's alone",
                  folder);
        return -1;
    }
    if (trust_folder(folder, err) != 0) {
        error_prefix(err, "folder for copies of modules");
        return -1;
    }
    DIR *dir = opendir(folder);
    if (dir != NULL) {    /* else copying into it will say why */
        (void)sweep(dir); /* how many is of no interest */
    }
    return 0;
}

static int make_folder(struct copy *copy, struct hawser_error *err)
{
    const char *tmp = getenv("TMPDIR");
    if (tmp == NULL || tmp[0] != '/') {
        tmp = "/tmp";
    }
    if (atomic_load(&copies_made) == 0) {
        sweep_temporary(tmp); /* once a process */
    }
    int n = snprintf(copy->folder, sizeof(copy->folder), "%s/" TEMPORARY "XXXXXX", tmp);
    if (n < 0 || (size_t)n >= sizeof(copy->folder) || mkdtemp(copy->folder) == NULL) {
        error_set_errno(err, HAWSER_MODULE_FILE, errno,
                        "no folder can be made in %s for a copy of the module", tmp);
        copy->folder[0] = '\0';
        return -1;
    }
    return 0;
}

static int write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t done = write(fd, bytes, len);
        if (done < 0 && errno != EINTR) {
            return -1;
        }
        if (done > 0) {
            bytes += done;
            len -= (size_t)done;
        }
    }
    return 0;
}

static int copy_bytes(int from, uint64_t size, int to, const char *path, struct hawser_error *err)
{
    char chunk[CHUNK_BYTES];
    uint64_t at = 0;
    for (;;) {
        ssize_t got = pread(from, chunk, sizeof(chunk), (off_t)at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 || (got > 0 && write_all(to, chunk, (size_t)got) != 0)) {
            error_set_errno(err, HAWSER_MODULE_FILE, errno, "cannot be copied to %s", path);
            return -1;
        }
        if (got == 0) {
            break;
        }
        at += (uint64_t)got;
    }
    if (at != size) {
        error_set(err, HAWSER_MODULE_FILE,
                  "changed while it was copied: install modules by renaming a finished file");
        return -1;
    }
    return 0;
}

int copy_make(int from, uint64_t size, const char *folder, const char *name, struct copy *out,
              struct hawser_error *err)
{
    int to         = -1;
    out->path[0]   = '\0';
    out->folder[0] = '\0';
    if ((folder != NULL ? prepare_folder(folder, err) : make_folder(out, err)) != 0) {
        return -1;
    }
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/%s.%d.%u.so", folder != NULL ? folder : out->folder,
                     name, (int)getpid(), atomic_fetch_add(&copies_made, 1) + 1);
    if (n < 0 || (size_t)n >= sizeof(path)) {
        error_set(err, HAWSER_MODULE_FILE, "the path of its copy is too long");
        goto fail;
    }
    to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
    if (to < 0) {
        error_set_errno(err, HAWSER_MODULE_FILE, errno, "cannot be copied to %s", path);
        goto fail;
    }
    memcpy(out->path, path, (size_t)n + 1);
    if (copy_bytes(from, size, to, path, err) != 0) {
        goto fail;
    }
    int rc = close(to);
    to     = -1;
    if (rc != 0) {
        error_set_errno(err, HAWSER_MODULE_FILE, errno, "cannot be copied to %s", path);
        goto fail;
    }
    return 0;
fail:
    if (to >= 0) {
        (void)close(to); /* the copy goes anyway */
    }
    copy_discard(out);
    return -1;
}

void copy_opened(const struct copy *copy)
{
    if (copy->folder[0] != '\0') {
        copy_discard(copy);
    }
}

void copy_discard(const struct copy *copy)
{
    if (copy->path[0] != '\0' && unlink(copy->path) != 0) {
        log_write(LOG_WARN, "HW-MODULE-001", "%s, a copy of a module, is left behind: %s",
                  copy->path, strerror(errno));
    }
    if (copy->folder[0] != '\0' && rmdir(copy->folder) != 0) {
        log_write(LOG_WARN, "HW-MODULE-002", "%s, made for a copy of a module, is left behind: %s",
                  copy->folder, strerror(errno));
    }
}
