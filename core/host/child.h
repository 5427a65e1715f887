/*
 * Starting the host's own processes: the same program by exec, so that a child's memory never held
 * what its siblings know.
 */
#ifndef CORE_HOST_CHILD_H
#define CORE_HOST_CHILD_H

#include <sys/types.h>

#include "hawser/error.h"

enum child_role { CHILD_NONE, CHILD_WORKER, CHILD_OBSERVER, CHILD_CHECKER, CHILD_ROLE_COUNT };

#define CHILD_MAX_FDS 4u

/** What a child is told; descriptors arrive as 3, 4, 5, 6 in this order. */
struct child_spec {
    enum child_role role;
    uint32_t index;         /* of a worker */
    uint32_t slot;          /* where a worker counts: telemetry/area.h */
    int fds[CHILD_MAX_FDS]; /* borrowed; CHILD fd_count of them */
    uint32_t fd_count;
    uint32_t log_level; /* before the config is there */
    uint32_t log_json;  /* as well */
    const char *prefix;
    const char *log_path; /* absolute, or "stderr" */
};

/** Remember which file this process runs from. At the very start of main. */
int child_remember_program(struct hawser_error *err) HAWSER_MUST_CHECK;
/** The same for a process that was handed over: which file it is, is known. @param fd taken */
int child_adopt_program(int fd, const char *path, struct hawser_error *err) HAWSER_MUST_CHECK;
/** The path of that file when this process started, and the file itself; borrowed. */
const char *child_program_path(void);
int child_program_fd(void);
/** fork, for an exec: the child has no handler and no mask of the parent's, and a signal that is
 * sent to it is never taken for one to the parent. */
pid_t child_fork(void);
/** Start a child; its environment holds nothing of ours but PATH, TZ, LANG and sanitizer options.
 * @return pid; -1 with err set */
pid_t child_spawn(const struct child_spec *spec, struct hawser_error *err);

/** In main: am I a child? @param out filled when the result is not CHILD_NONE (fds are 3...) */
enum child_role child_role_of_this_process(struct child_spec *out);
/** "worker", "observer", "checker" */
const char *child_role_name(enum child_role role);

#endif
