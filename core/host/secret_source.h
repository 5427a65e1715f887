/*
 * Where a session's credentials are read from: a file, a variable of the environment, a credential
 * of systemd's.
 */
#ifndef CORE_HOST_SECRET_SOURCE_H
#define CORE_HOST_SECRET_SOURCE_H

#include <sys/types.h>

#include "base/buf.h"
#include "hawser/error.h"

#define SECRET_SOURCE_MAX_BYTES 65536u

/** Who asks. */
struct secret_reader {
    const char *prefix; /* paths are relative to it */
    const char *user;   /* that the host's processes become; NULL: none */
};

/** Is it one of the kinds that secret_source_read knows? */
int secret_source_is_known(const char *source);

/**
 * Read what `file:PATH`, `env:NAME` or `credential:NAME` (a file in $CREDENTIALS_DIRECTORY) names.
 * A file is judged by the descriptor that it is then read from: a regular one, that belongs to
 * root, to us or to the host's user, and that others can neither read nor change.
 * @param out    the text; bounded by the caller, and cleansed by it
 * @error CONF_SECRET: says what to do, and nothing of the content
 */
int secret_source_read(const char *source, const struct secret_reader *reader, struct buf *out,
                       struct hawser_error *err) HAWSER_MUST_CHECK;

#endif
