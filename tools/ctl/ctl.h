/*
 * What the parts of hawserctl share: the command line, taken apart, and how it ends.
 */
#ifndef TOOLS_CTL_CTL_H
#define TOOLS_CTL_CTL_H

#include <stdint.h>

#define CTL_REFUSED     1 /* the host answered with an error, or the reload was refused */
#define CTL_USAGE       2
#define CTL_UNREACHABLE 3

struct command {
    const char *socket; /* -s; NULL: as the configuration says */
    const char *config;
    const char *prefix;
    const char *sort; /* of top */
    int64_t timeout_ms;
    int64_t interval_ms; /* of top */
    int64_t count;       /* of top and tail; 0: for ever */
    int json;
    int batch;    /* of top */
    char *path;   /* of the socket, once it was found */
    char **words; /* the command and its arguments */
    int word_count;
};

#endif
