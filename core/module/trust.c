/*
 * Ownership and mode of a path, name by name. Links are followed by hand, since each folder that
 * holds one decides where the path leads.
 */
#include "module/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

#define MOST_LINKS 40

struct walk {
    char done[PATH_MAX]; /* resolved so far, without a slash at its end; "" is the root */
    char rest[PATH_MAX]; /* still to go, relative to `done` */
    int links;
};

static int owner_is_trusted(const struct stat *st)
{
    return st->st_uid == 0 || st->st_uid == geteuid();
}

static int refuse(const char *path, const struct stat *st, struct hawser_error *err)
{
    if (!owner_is_trusted(st)) {
        error_set(err, HAWSER_MODULE_FILE,
                  "%s belongs to user %u: module files and their folders belong to root or to the "
                  "user hawser runs as; chown it",
                  path, (unsigned)st->st_uid);
    } else {
        error_set(err, HAWSER_MODULE_FILE,
                  "%s can be written by others (mode %04o): type `chmod go-w %s`", path,
                  (unsigned)(st->st_mode & 07777), path);
    }
    return -1;
}

/* In a sticky folder of root's (/tmp) others cannot touch what is not theirs. */
static int check_folder(const char *path, const struct stat *st, struct hawser_error *err)
{
    int sticky = (st->st_mode & S_ISVTX) != 0 && st->st_uid == 0;
    if (!owner_is_trusted(st) || ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0 && !sticky)) {
        return refuse(path, st, err);
    }
    return 0;
}

static int follow(struct walk *walk, const char *link, const char *rest, struct hawser_error *err)
{
    char target[PATH_MAX];
    char joined[PATH_MAX];
    ssize_t len = readlink(link, target, sizeof(target) - 1);
    if (len <= 0 || ++walk->links > MOST_LINKS) {
        error_set(err, HAWSER_MODULE_FILE,
                  "%s: too many symbolic links, or one that cannot be read", link);
        return -1;
    }
    target[len] = '\0';
    int n       = snprintf(joined, sizeof(joined), "%s/%s", target, rest);
    if (n < 0 || (size_t)n >= sizeof(joined)) {
        error_set(err, HAWSER_MODULE_FILE, "%s: the path is too long", link);
        return -1;
    }
    if (target[0] == '/') {
        walk->done[0] = '\0';
    }
    memcpy(walk->rest, joined, (size_t)n + 1);
    return 0;
}

static int enter(struct walk *walk, const char *name, const char *rest, struct hawser_error *err)
{
    char path[PATH_MAX];
    char keep[PATH_MAX];
    struct stat st;
    int n = snprintf(path, sizeof(path), "%s/%s", walk->done, name);
    if (n < 0 || (size_t)n >= sizeof(path)) {
        error_set(err, HAWSER_MODULE_FILE, "%s: the path is too long", walk->done);
        return -1;
    }
    memcpy(keep, rest, strlen(rest) + 1);
    if (lstat(path, &st) != 0) {
        error_set_errno(err, HAWSER_MODULE_FILE, errno, "%s", path);
        return -1;
    }
    if (S_ISLNK(st.st_mode)) {
        return owner_is_trusted(&st) ? follow(walk, path, keep, err) : refuse(path, &st, err);
    }
    if (!S_ISDIR(st.st_mode)) {
        error_set(err, HAWSER_MODULE_FILE, "%s is not a folder", path);
        return -1;
    }
    memcpy(walk->done, path, (size_t)n + 1);
    memcpy(walk->rest, keep, strlen(keep) + 1);
    return check_folder(path, &st, err);
}

static void leave(struct walk *walk, const char *rest)
{
    char *slash = strrchr(walk->done, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    memmove(walk->rest, rest, strlen(rest) + 1);
}

/* Every folder of walk->rest; afterwards walk->done is where it leads. */
static int walk_folders(struct walk *walk, struct hawser_error *err)
{
    struct stat root;
    if (lstat("/", &root) != 0) {
        error_set_errno(err, HAWSER_MODULE_FILE, errno, "/");
        return -1;
    }
    if (check_folder("/", &root, err) != 0) {
        return -1;
    }
    for (;;) {
        char name[NAME_MAX + 1];
        size_t skip = strspn(walk->rest, "/");
        size_t len  = strcspn(walk->rest + skip, "/");
        if (len == 0) {
            return 0;
        }
        if (len > NAME_MAX) {
            error_set(err, HAWSER_MODULE_FILE, "a name in the path is too long");
            return -1;
        }
        memcpy(name, walk->rest + skip, len);
        name[len]        = '\0';
        const char *rest = walk->rest + skip + len;
        if (strcmp(name, ".") == 0) {
            memmove(walk->rest, rest, strlen(rest) + 1);
        } else if (strcmp(name, "..") == 0) {
            leave(walk, rest);
        } else if (enter(walk, name, rest, err) != 0) {
            return -1;
        }
    }
}

static int start_walk(struct walk *walk, const char *path, size_t len, struct hawser_error *err)
{
    if (path[0] != '/' || len >= sizeof(walk->rest)) {
        error_set(err, HAWSER_MODULE_FILE,
                  path[0] != '/' ? "the path is not absolute" : "the path is too long");
        return -1;
    }
    walk->links   = 0;
    walk->done[0] = '\0';
    memcpy(walk->rest, path, len);
    walk->rest[len] = '\0';
    return 0;
}

int trust_folder(const char *path, struct hawser_error *err)
{
    struct walk walk;
    if (start_walk(&walk, path, strlen(path), err) != 0) {
        return -1;
    }
    return walk_folders(&walk, err);
}

static int check_file(const char *path, const struct stat *st, struct hawser_error *err)
{
    if (!S_ISREG(st->st_mode)) {
        error_set(err, HAWSER_MODULE_FILE, "not a regular file: name the module's own .so");
        return -1;
    }
    if (!owner_is_trusted(st) || (st->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return refuse(path, st, err);
    }
    return 0;
}

int trust_open(const char *path, struct stat *out, struct hawser_error *err)
{
    struct walk walk;
    const char *slash = strrchr(path, '/');
    if (start_walk(&walk, path, slash == NULL ? 0 : (size_t)(slash - path), err) != 0 ||
        walk_folders(&walk, err) != 0) {
        return -1;
    }
    /* Not blocking: a fifo must not hold up the host. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        int why = errno;
        error_set_errno(err, HAWSER_MODULE_FILE, why, "%s",
                        why == ELOOP    ? "a symbolic link; name the file it points to"
                        : why == ENOENT ? "check load_module's path and module_path"
                                        : "cannot be opened");
        return -1;
    }
    if (fstat(fd, out) != 0) {
        error_set_errno(err, HAWSER_MODULE_FILE, errno, "cannot be looked at");
        goto fail;
    }
    if (check_file(path, out, err) != 0) {
        goto fail;
    }
    return fd;
fail:
    (void)close(fd); /* read only: nothing can be lost */
    return -1;
}
