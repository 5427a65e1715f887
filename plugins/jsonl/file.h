/*
 * The file that lines go to: appended to, opened anew on request, its last line never torn.
 */
#ifndef PLUGINS_JSONL_FILE_H
#define PLUGINS_JSONL_FILE_H

#include <sys/types.h>

#include "hawser/base.h"

struct file {
    const char *path;  /* borrowed; NULL: standard output */
    int fd;            /* -1: not open */
    mode_t mode;       /* of a file that is made */
    int wants_newline; /* the file does not end in a newline: begin with one */
};

/**
 * Could a regular file be opened, or made? Opens and makes nothing: a test of the config may run as
 * another user than the host, whose file it would then be. What is no regular file is not judged.
 * @return 0, or -1 with errno set
 */
int file_try(const struct file *file) HAWSER_MUST_CHECK;

/**
 * Open the path (anew).
 * @return 0, or -1 with errno set: the old file stays in use, or, when it was its close that failed
 *         (earlier lines may not be on the disk), the new one is
 */
int file_open(struct file *file) HAWSER_MUST_CHECK;
/**
 * Append whole lines.
 * @param done  set to how many bytes are in the file, also on failure
 * @return      0, or -1 with errno set
 */
int file_append(struct file *file, const char *bytes, size_t len, size_t *done) HAWSER_MUST_CHECK;
/** Push the data to the disk. @return 0, or -1 with errno set; 0 for what is no regular file */
int file_sync(struct file *file) HAWSER_MUST_CHECK;
/** @return 0, or -1 with errno set: what the kernel says of earlier writes */
int file_close(struct file *file) HAWSER_MUST_CHECK;

#endif
