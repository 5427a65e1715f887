/*
 * Whose code was it, when workers crash again and again: a session's, or its adapter's whoever uses
 * it? Pure: fed with what crash records name, and with times.
 */
#ifndef CORE_HOST_SUSPECTS_H
#define CORE_HOST_SUSPECTS_H

#include "base/clock.h"
#include "base/watch.h"

#define SUSPECTS_CRASHES_MAX 64u

/** Enough: `most` crashes within `within`. */
struct suspects_limits {
    uint32_t most; /* at most SUSPECTS_CRASHES_MAX; 0: never enough */
    clock_ns_t within;
};

struct suspects_crash {
    clock_ns_t at; /* 0: forgotten */
    char module[WATCH_MODULE_SIZE];
    char session[WATCH_NAME_SIZE];
};

/** The last crashes. Zeros: none yet. */
struct suspects {
    struct suspects_crash crashes[SUSPECTS_CRASHES_MAX]; /* a ring */
    uint32_t next;
};

enum suspects_verdict {
    SUSPECTS_NOBODY,
    SUSPECTS_SESSION, /* this one crashes; others of its adapter do not, or not so often */
    SUSPECTS_ADAPTER  /* several of its sessions do */
};

/** A worker crashed in a session of an adapter. After a verdict its crashes are forgotten. */
enum suspects_verdict suspects_note(struct suspects *suspects, const struct suspects_limits *limits,
                                    const char *module, const char *session, clock_ns_t now);

#endif
