/*
 * Files and `include`: globs in sorted order, no file twice on one path of includes, bounded depth
 * and size. See include.h.
 */
#include "conf/include.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/slice.h"
#include "conf/limits.h"
#include "conf/value.h"

/* Tell it at the include, or by the file's name alone when nothing includes it. */
static void tell(struct conf_parser *parser, const struct conf_source *source, const char *what)
{
    if (source->includer == NULL) {
        conf_problem_at(parser->problems, source->file, 0, "%s", what);
    } else {
        conf_problem_at(parser->problems, source->includer->file, source->include_line,
                        "include of \"%s\": %s", source->file, what);
    }
}

static int read_all(int fd, struct buf *out, struct hawser_error *err)
{
    for (;;) {
        uint8_t *room = buf_reserve(out, 4096);
        if (room == NULL) {
            error_set(err, HAWSER_CONF_FILE,
                      out->len > CONF_FILE_BYTES_MAX ? "too large: expected at most %u bytes"
                                                     : "no memory for a file of up to %u bytes",
                      CONF_FILE_BYTES_MAX);
            return -1;
        }
        ssize_t got = read(fd, room, 4096);
        if (got == 0) {
            return 0;
        }
        if (got > 0) {
            buf_commit(out, (size_t)got);
        } else if (errno != EINTR) {
            error_set_errno(err, HAWSER_CONF_FILE, errno, "cannot read");
            return -1;
        }
    }
}

/* O_NONBLOCK: opening a FIFO must not hang before fstat can refuse it. */
static int open_source(struct conf_source *source, struct hawser_error *err)
{
    struct stat status;
    int fd = open(source->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        error_set_errno(err, HAWSER_CONF_FILE, errno, "cannot open");
        return -1;
    }
    if (fstat(fd, &status) != 0) {
        error_set_errno(err, HAWSER_CONF_FILE, errno, "cannot examine");
        goto fail;
    }
    if (!S_ISREG(status.st_mode)) {
        error_set(err, HAWSER_CONF_FILE, "%s: expected a regular file",
                  S_ISDIR(status.st_mode) ? "is a directory" : "is a device, pipe or socket");
        goto fail;
    }
    source->device = status.st_dev;
    source->inode  = status.st_ino;
    return fd;
fail:
    (void)close(fd); /* nothing was written to it */
    return -1;
}

static int check_circle(const struct conf_source *source, struct hawser_error *err)
{
    for (const struct conf_source *s = source->includer; s != NULL; s = s->includer) {
        if (s->device == source->device && s->inode == source->inode && s->inode != 0) {
            error_set(err, HAWSER_CONF_FILE, "goes in a circle: that file is being read already");
            return -1;
        }
    }
    return 0;
}

static int load(struct conf_source *source, struct buf *bytes, struct hawser_error *err)
{
    int fd = open_source(source, err);
    if (fd < 0) {
        return -1;
    }
    int rc = check_circle(source, err);
    if (rc == 0) {
        rc = read_all(fd, bytes, err);
    }
    (void)close(fd); /* nothing was written to it */
    return rc;
}

int conf_include_file(struct conf_parser *parser, const struct conf_source *includer, uint32_t line,
                      const char *path, struct conf_node *block)
{
    struct hawser_error err   = HAWSER_ERROR_INIT;
    struct conf_source source = {.file         = conf_tree_text(parser->tree, slice_of(path)),
                                 .includer     = includer,
                                 .include_line = line,
                                 .include_depth =
                                     includer == NULL ? 0 : includer->include_depth + 1};
    if (source.file == NULL) {
        return -1;
    }
    if (source.include_depth > CONF_INCLUDE_DEPTH_MAX) {
        error_set(&err, HAWSER_CONF_FILE, "nested too deep: expected at most %u files in files",
                  CONF_INCLUDE_DEPTH_MAX);
        tell(parser, &source, err.message);
        return 0;
    }
    int rc = 0;
    struct buf bytes;
    buf_init(&bytes, CONF_FILE_BYTES_MAX + 4096);
    if (load(&source, &bytes, &err) != 0) {
        tell(parser, &source, err.message);
    } else {
        rc = conf_parser_read(parser, &source, buf_slice(&bytes), block);
    }
    buf_cleanse(&bytes);
    return rc;
}

static int is_pattern(const char *word)
{
    return strpbrk(word, "*?[") != NULL;
}

/* @return given: the pattern behind the prefix, whose own * ? [ \ are taken literally; NULL: out of
 * memory */
static char *join_pattern(const char *pattern, const char *prefix)
{
    if (prefix == NULL || prefix[0] == 0 || pattern[0] == '/') {
        return strdup(pattern);
    }
    struct buf joined = {0};
    int rc            = 0;
    for (const char *p = prefix; *p != 0 && rc == 0; p++) {
        rc = strchr("*?[\\", *p) == NULL ? buf_append(&joined, p, 1)
                                         : buf_printf(&joined, "\\%c", *p);
    }
    if (rc == 0) {
        rc = buf_printf(&joined, "/%s", pattern);
    }
    const char *text = rc == 0 ? buf_text(&joined) : NULL;
    char *copy       = text == NULL ? NULL : strdup(text);
    buf_fini(&joined);
    return copy;
}

/* A folder that is not there matches nothing; one that may not be read is a fault. */
static int stops_glob(const char *path, int errno_value)
{
    (void)path;
    return errno_value != ENOENT && errno_value != ENOTDIR;
}

static int include_pattern(struct conf_parser *parser, const struct conf_source *includer,
                           uint32_t line, const char *pattern, struct conf_node *block)
{
    glob_t found = {0};
    char *joined = join_pattern(pattern, parser->prefix);
    if (joined == NULL) {
        return -1;
    }
    int rc     = 0;
    int result = glob(joined, 0, stops_glob, &found);
    if (result == GLOB_NOSPACE) {
        rc = -1;
    } else if (result != 0 && result != GLOB_NOMATCH) {
        conf_problem_at(parser->problems, includer->file, line,
                        "include of \"%s\": a folder on the way cannot be read", pattern);
    }
    for (size_t i = 0; result == 0 && rc == 0 && !parser->is_stopped && i < found.gl_pathc; i++) {
        rc = conf_include_file(parser, includer, line, found.gl_pathv[i], block);
    }
    globfree(&found);
    free(joined);
    return rc;
}

int conf_include(struct conf_parser *parser, const struct conf_source *includer, uint32_t line,
                 const char *pattern, struct conf_node *block)
{
    if (is_pattern(pattern)) {
        return include_pattern(parser, includer, line, pattern, block);
    }
    char *path = conf_value_path(pattern, parser->prefix);
    if (path == NULL) {
        return -1;
    }
    int rc = conf_include_file(parser, includer, line, path, block);
    free(path);
    return rc;
}
