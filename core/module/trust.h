/*
 * Who may have written a file that is about to become part of this process: root and this user,
 * nobody else, the folders on the way to it included.
 */
#ifndef CORE_MODULE_TRUST_H
#define CORE_MODULE_TRUST_H

#include <sys/stat.h>

#include "hawser/error.h"

/**
 * Open a regular file for reading after a look at every folder and symbolic link on the way; the
 * last name itself must not be a link.
 *
 * @param path  absolute
 * @param out   what fstat said of it
 * @return      the descriptor, or -1 with err set
 * @error MODULE_FILE: missing, not a regular file, not absolute, owned or writable by others (which
 *        folder, and what to type)
 */
int trust_open(const char *path, struct stat *out, struct hawser_error *err) HAWSER_MUST_CHECK;

/** The same for a folder alone and what it stands in. @return 0, or -1 with err set */
int trust_folder(const char *path, struct hawser_error *err) HAWSER_MUST_CHECK;

#endif
