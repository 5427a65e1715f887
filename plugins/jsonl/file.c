/*
 * See file.h. Several workers may append to one file: each batch is one write(2) with O_APPEND,
 * which the kernel does not interleave with another's.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* How often a torn end is looked at while others append: what one of them is writing at this moment
 * looks like it. */
#define LOOKS   10
#define LOOK_NS 10000000

/* @return how long the file is where its last line has no end; 0: it has one */
static off_t torn_at(int fd)
{
    struct stat st;
    char last = '\n';
    return fstat(fd, &st) == 0 && st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) == 1 &&
                   last != '\n'
               ? st.st_size
               : 0;
}

static int stays_torn(int fd)
{
    const struct timespec pause = {0, LOOK_NS};
    off_t before                = torn_at(fd);
    off_t now                   = before;
    for (int i = 0; i < LOOKS && now != 0; i++) {
        before = now;
        (void)nanosleep(&pause, NULL); /* a shorter one is only a quicker look */
        now = torn_at(fd);
    }
    return now != 0 && now == before;
}

/* A crash, or a disk that ran full in the middle, may have left a line without its end. The look is
 * by a descriptor of its own: one that could read would make us the reader of a fifo. */
static int ends_torn(const struct file *file, const struct stat *st, int is_alone)
{
    struct stat seen;
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return 0; /* not readable to us: nobody can tell */
    }
    int torn = fstat(fd, &seen) == 0 && seen.st_ino == st->st_ino && seen.st_dev == st->st_dev &&
               (is_alone ? torn_at(fd) != 0 : stays_torn(fd));
    (void)close(fd); /* read only */
    return torn;
}

static int open_path(const struct file *file)
{
    return open(file->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                file->mode);
}

static int make_blocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

/* May we make a file in the folder that this path leads to? */
static int try_folder(const char *path)
{
    char *folder = strdup(path);
    char *slash  = folder == NULL ? NULL : strrchr(folder, '/');
    if (slash == NULL) {
        free(folder);
        errno = folder == NULL ? ENOMEM : EINVAL; /* the host gives absolute paths */
        return -1;
    }
    slash[slash == folder ? 1 : 0] = 0;
    int rc                         = faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS);
    int why                        = errno;
    free(folder);
    errno = why;
    return rc;
}

int file_try(const struct file *file)
{
    struct stat st;
    if (file->path == NULL) {
        return 0;
    }
    if (stat(file->path, &st) != 0) {
        return errno == ENOENT ? try_folder(file->path) : -1;
    }
    return S_ISREG(st.st_mode) ? faccessat(AT_FDCWD, file->path, W_OK, AT_EACCESS) : 0;
}

static int write_some(int fd, const char *bytes, size_t len, size_t *done)
{
    while (*done < len) {
        ssize_t n = write(fd, bytes + *done, len - *done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            errno = n == 0 ? EIO : errno;
            return -1;
        }
        *done += (size_t)n;
    }
    return 0;
}

static int end_line(struct file *file)
{
    size_t done = 0;
    if (file->wants_newline && write_some(file->fd, "\n", 1, &done) != 0) {
        return -1;
    }
    file->wants_newline = 0;
    return 0;
}

/* Everyone who appends holds a shared lock as long as the file is open: who gets it alone knows
 * that nobody is in the middle of a line, and ends it before the next one comes. */
static void look_at_end(struct file *file, const struct stat *st)
{
    int is_alone        = flock(file->fd, LOCK_EX | LOCK_NB) == 0;
    file->wants_newline = ends_torn(file, st, is_alone);
    (void)end_line(file);                     /* the next append tries again, and tells */
    (void)flock(file->fd, LOCK_SH | LOCK_NB); /* without locks one looks longer */
}

int file_open(struct file *file)
{
    struct stat st;
    int fd = file->path == NULL ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3) : open_path(file);
    if (fd < 0) {
        return -1;
    }
    /* Opened without blocking, so that a fifo without a reader cannot hold up the start. */
    if ((file->path != NULL && make_blocking(fd) != 0) || fstat(fd, &st) != 0) {
        int why = errno;
        (void)close(fd); /* nothing was written */
        errno = why;
        return -1;
    }
    int rc              = file_close(file);
    file->fd            = fd; /* whatever became of the old one */
    file->wants_newline = 0;
    if (file->path != NULL && S_ISREG(st.st_mode)) {
        look_at_end(file, &st);
    }
    return rc;
}

int file_append(struct file *file, const char *bytes, size_t len, size_t *done)
{
    *done = 0;
    return end_line(file) != 0 ? -1 : write_some(file->fd, bytes, len, done);
}

int file_sync(struct file *file)
{
    if (fdatasync(file->fd) != 0 && errno != EINVAL && errno != EROFS) {
        return -1;
    }
    return 0;
}

int file_close(struct file *file)
{
    int fd   = file->fd;
    file->fd = -1;
    return fd < 0 ? 0 : close(fd);
}
