/*
 * What a config says of the host as a whole, read from a checked tree.
 */
#ifndef CORE_HOST_SETTINGS_H
#define CORE_HOST_SETTINGS_H

#include "conf/tree.h"
#include "host/intensity.h"
#include "host/suspects.h"
#include "session/budget.h"

#define SETTINGS_MAX_WORKERS 256u

struct settings {
    uint32_t workers;
    int daemon;
    int master_process;
    int seccomp;
    int log_level;
    int log_json;
    int64_t shutdown_timeout_ms;
    int64_t reload_timeout_ms;
    int64_t worker_timeout_ms;  /* 0: off */
    int64_t callback_budget_ms; /* 0: off */
    int64_t control_timeout_ms;
    int64_t control_idle_ms; /* 0: off */
    struct intensity_limits restarts;
    struct suspects_limits quarantine;
    char *log_path; /* absolute, or "stderr" */
    char *pid_path;
    char *control_path;  /* NULL: control off */
    char *control_group; /* NULL: none */
    uint32_t control_mode;
    char *user; /* NULL: stay */
};

/** @param log_override option -e, or NULL. @return 0, or -1 with err set */
int settings_read(struct settings *settings, const struct conf_tree *tree, const char *prefix,
                  const char *log_override, struct hawser_error *err) HAWSER_MUST_CHECK;
void settings_fini(struct settings *settings);

/** First word behind the directive, or its default; borrowed. Of the main block. */
const char *settings_main_word(const struct conf_tree *tree, const char *directive);

/** Are system calls filtered in processes that run modules? */
int settings_seccomp(const struct conf_tree *tree);

/** How long a step of a reload may take; the default where the tree, which need not have been
 * checked, says nothing that can be understood. */
int64_t settings_reload_timeout_ms(const struct conf_tree *tree);

/** How long a worker's loop does not sleep after bytes arrived. @return [ms]; 0: it always may; -1:
 * it never does */
int64_t settings_busy_poll_ms(const struct conf_tree *tree);
/** The attempts to connect that all workers together may make; the defaults where nothing is said.
 */
struct budget_limits settings_connect_budget(const struct conf_tree *tree);

#endif
