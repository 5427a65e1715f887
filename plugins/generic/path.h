/*
 * Where in a JSON message something stands: "arg.channel", "data.0.symbol". Found by scanning,
 * without a tree.
 */
#ifndef GENERIC_PATH_H
#define GENERIC_PATH_H

#include "hawser/host.h"

#define PATH_PARTS_MAX 8u

/** Zero-initialised: none. `steps` holds `count` strings one behind the other; an empty one means
 * the first element of an array. */
struct path {
    char *steps;
    size_t count;
};

/** A condition on a message. `value` NULL: the member is there, and neither null nor false.
 * Zero-initialised: none. */
struct match {
    struct path path;
    const char *value;
};

/** The name of a channel: parts of the message, joined. */
struct name_rule {
    struct path parts[PATH_PARTS_MAX];
    size_t count; /* 0: none */
    const char *separator;
};

/**
 * @param text  names with '.' between them; a name 0 means the first element of an array
 * @error CONF_DIRECTIVE: an empty name, or a 0 in front; SYSTEM_MEMORY
 */
int path_read(const struct hawser_host *host, const char *text, struct path *out,
              struct hawser_error *err) HAWSER_MUST_CHECK;
void path_fini(struct path *path);
/** Hot. @return 1: out is the value's bytes, valid JSON, strings with their quotes; 0: absent */
int path_find(const struct hawser_host *host, const struct path *path, struct hawser_slice bytes,
              struct hawser_slice *out);

/** @param text  PATH or PATH=VALUE; the value is borrowed */
int match_read(const struct hawser_host *host, const char *text, struct match *out,
               struct hawser_error *err) HAWSER_MUST_CHECK;
/** Hot. @return 1: there is such a condition, and the message fulfils it */
int match_holds(const struct hawser_host *host, const struct match *match,
                struct hawser_slice bytes);

/**
 * The name of the channel that a message speaks of. Hot: no memory is taken.
 * @param scratch  room for a name that does not stand in the message as one piece
 * @return 1: out points into the message or into scratch; 0: a part is absent, or there is no room
 */
int name_find(const struct hawser_host *host, const struct name_rule *rule,
              struct hawser_slice bytes, struct hawser_slice scratch, struct hawser_slice *out);

/** A whole number that is not negative, with or without quotes. @return 1, or 0: it is none */
int number_read(struct hawser_slice value, uint64_t *out);

#endif
