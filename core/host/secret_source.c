/*
 * Reading a file of credentials with care. See secret_source.h.
 */
#include "host/secret_source.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "conf/value.h"

#define DIRECTORY_VARIABLE "CREDENTIALS_DIRECTORY" /* systemd.exec(5), LoadCredential= */

/* Whoever owns a file can make it readable, and put another's key into it. */
static int is_trusted(uid_t owner, const char *user)
{
    const struct passwd *person = user == NULL ? NULL : getpwnam(user);
    return owner == 0 || owner == geteuid() || (person != NULL && owner == person->pw_uid);
}

/* Anybody who may read the file may trade: so nobody but its owner (and a group that the owner
 * chose) may. */
static int check_owner(int fd, const char *path, const char *user, struct hawser_error *err)
{
    struct stat about;
    if (fstat(fd, &about) != 0) {
        error_set_errno(err, HAWSER_CONF_SECRET, errno, "cannot look at \"%s\"", path);
        return -1;
    }
    if (!S_ISREG(about.st_mode)) {
        error_set(err, HAWSER_CONF_SECRET, "\"%s\" is not a regular file", path);
        return -1;
    }
    if (!is_trusted(about.st_uid, user)) {
        error_set(
            err, HAWSER_CONF_SECRET,
            "credentials file \"%s\" belongs to user %u, who can change it: chown it to root, "
            "or to the host's user",
            path, (unsigned)about.st_uid);
        return -1;
    }
    if ((about.st_mode & 0027) != 0) {
        error_set(
            err, HAWSER_CONF_SECRET,
            "credentials file \"%s\" can be read or changed by others (mode %04o): chmod 600 it",
            path, (unsigned)(about.st_mode & 07777));
        return -1;
    }
    return 0;
}

static int read_all(int fd, const char *path, struct buf *out, struct hawser_error *err)
{
    for (;;) {
        uint8_t *room = buf_reserve(out, 4096);
        ssize_t got   = room == NULL ? -1 : read(fd, room, 4096);
        if (got == 0) {
            return 0;
        }
        if (got < 0) {
            error_set(err, HAWSER_CONF_SECRET, "cannot read \"%s\", or it is larger than %u bytes",
                      path, SECRET_SOURCE_MAX_BYTES);
            return -1;
        }
        buf_commit(out, (size_t)got);
    }
}

/* A link may be followed, as secrets that are rotated often are links: the file that is judged is
 * the one that is read. */
static int read_file(const char *path, const char *user, struct buf *out, struct hawser_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        error_set_errno(err, HAWSER_CONF_SECRET, errno, "cannot open the credentials file \"%s\"",
                        path);
        return -1;
    }
    int rc = check_owner(fd, path, user, err);
    if (rc == 0) {
        rc = read_all(fd, path, out, err);
    }
    (void)close(fd); /* opened for reading */
    return rc;
}

static int read_variable(const char *name, struct buf *out, struct hawser_error *err)
{
    const char *value = getenv(name);
    if (value == NULL) {
        error_set(err, HAWSER_CONF_SECRET, "environment variable \"%s\" is not set", name);
        return -1;
    }
    if (buf_append_text(out, value) != 0) {
        error_set(err, HAWSER_CONF_SECRET, "environment variable \"%s\" is longer than %u bytes",
                  name, SECRET_SOURCE_MAX_BYTES);
        return -1;
    }
    return 0;
}

static int read_credential(const char *name, const char *user, struct buf *out,
                           struct hawser_error *err)
{
    char path[4096];
    const char *directory = getenv(DIRECTORY_VARIABLE);
    if (directory == NULL) {
        error_set(err, HAWSER_CONF_SECRET,
                  "credential:%.64s: " DIRECTORY_VARIABLE " is not set: this is for a host that "
                  "systemd starts, with LoadCredential=%.64s:PATH in its unit",
                  name, name);
        return -1;
    }
    if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path)) {
        error_set(err, HAWSER_CONF_SECRET, DIRECTORY_VARIABLE " is too long");
        return -1;
    }
    return read_file(path, user, out, err);
}

int secret_source_is_known(const char *source)
{
    return strncmp(source, "env:", 4) == 0 || strncmp(source, "credential:", 11) == 0 ||
           strncmp(source, "file:", 5) == 0;
}

int secret_source_read(const char *source, const struct secret_reader *reader, struct buf *out,
                       struct hawser_error *err)
{
    if (strncmp(source, "env:", 4) == 0) {
        return read_variable(source + 4, out, err);
    }
    if (strncmp(source, "credential:", 11) == 0) {
        return read_credential(source + 11, reader->user, out, err);
    }
    if (strncmp(source, "file:", 5) != 0) {
        error_set(err, HAWSER_CONF_SECRET,
                  "credentials are file:PATH, env:NAME or credential:NAME");
        return -1;
    }
    char *path = conf_value_path(source + 5, reader->prefix);
    if (path == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a path");
        return -1;
    }
    int rc = read_file(path, reader->user, out, err);
    free(path);
    return rc;
}
