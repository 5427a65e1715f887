/*
 * Open files that a config needs. See file_limit.h.
 */
#include "host/file_limit.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#include "conf/directive.h"
#include "host/settings.h"
#include "host/shard.h"

#define OF_A_PROCESS 64u /* logs, channels, timers, copies of modules, clients that follow */
#define OF_A_LINE    2u  /* two addresses are tried at once; a successor connects beside it */
#define OF_AN_OUTPUT 4u

struct share {
    uint64_t files;
    uint64_t sessions;
};

static void share_out(const struct conf_tree *tree, uint32_t workers, struct share *shares)
{
    const struct conf_node *session = NULL;
    while ((session = conf_find(conf_tree_root(tree), "session", session)) != NULL) {
        if (session->word_count != 2) {
            continue; /* the check says so */
        }
        int64_t lines = conf_get_number(session, &conf_core_table, 1, HAWSER_IN_SESSION, "lines");
        struct share *share = &shares[shard_of(session->words[1], workers)];
        share->files += (lines < 1 ? 1 : (uint64_t)lines) * OF_A_LINE;
        share->sessions++;
    }
}

/* All of them may be in one worker: which sessions use which is not worth the effort here. */
static uint64_t files_of_outputs(const struct conf_tree *tree)
{
    const struct conf_node *output = NULL;
    uint64_t files                 = 0;
    while ((output = conf_find(conf_tree_root(tree), "output", output)) != NULL) {
        files += OF_AN_OUTPUT;
    }
    return files;
}

void file_limit_check(const struct conf_tree *tree, uint64_t limit, struct conf_problems *problems)
{
    struct hawser_error err  = HAWSER_ERROR_INIT;
    struct settings settings = {0};
    if (settings_read(&settings, tree, "/", NULL, &err) != 0) {
        conf_problem(problems, NULL, "%s", err.message);
        return;
    }
    struct share shares[SETTINGS_MAX_WORKERS] = {{0, 0}};
    uint64_t others                           = OF_A_PROCESS + files_of_outputs(tree);
    share_out(tree, settings.workers, shares);
    for (uint32_t worker = 0; worker < settings.workers; worker++) {
        uint64_t files = others + shares[worker].files;
        if (shares[worker].sessions > 0 && files > limit) {
            conf_problem(problems, NULL,
                         "worker %" PRIu32 " runs %" PRIu64 " sessions and may need %" PRIu64
                         " open files, but a process may have %" PRIu64
                         ": raise the hard limit (LimitNOFILE= in the unit, `ulimit -Hn` in a "
                         "shell), or worker_processes",
                         worker, shares[worker].sessions, files, limit);
        }
    }
    settings_fini(&settings);
}

uint64_t file_limit_hard(void)
{
    struct rlimit limit = {0};
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (uint64_t)limit.rlim_max : UINT64_MAX;
}
