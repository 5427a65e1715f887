/*
 * The state between two binaries of one host. See handover.h. It is JSON in a memory file: versions
 * differ, and what one of them does not know it leaves alone.
 */
#include "host/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "conf/directive.h"
#include "host/checker.h"
#include "host/child.h"
#include "host/sealed.h"
#include "host/secrets.h"
#include "host/settings.h"

#define VARIABLE        "HAWSER_HANDOVER"
#define MAX_STATE_BYTES (64u * 1024u * 1024u)
#define MAX_WORDS       16u
#define CONFIG_FD       3 /* of the check */

static const char *const STEPS[] = {"none", "check", "take", "back"};

void handover_of_this_process(struct handover *out)
{
    const char *value = getenv(VARIABLE);
    char step[8]      = "";
    int version       = 0;
    int used          = 0;
    *out              = (struct handover){.step = HANDOVER_NONE, .fd = -1};
    if (value == NULL || sscanf(value, "%7[a-z]:%d:%d:%n", step, &version, &out->fd, &used) != 3) {
        return;
    }
    (void)snprintf(out->reason, sizeof(out->reason), "%s", value + used);
    for (int i = HANDOVER_CHECK; i <= HANDOVER_BACK; i++) {
        if (strcmp(step, STEPS[i]) == 0 && version == HANDOVER_VERSION) {
            out->step = (enum handover_step)i;
        }
    }
    (void)unsetenv(VARIABLE); /* for children it means nothing: they have a variable of their own */
}

int handover_write(const json_t *state, struct hawser_error *err)
{
    char *text = json_dumps(state, JSON_COMPACT);
    size_t len = text == NULL ? 0 : strlen(text);
    int fd     = text == NULL ? -1 : memfd_create("hawser-handover", 0);
    if (fd < 0 || write(fd, text, len) != (ssize_t)len) { /* memory takes all or fails */
        error_set_errno(err, HAWSER_SYSTEM_CALL, text == NULL ? ENOMEM : errno,
                        "cannot write down the state of the host");
        if (fd >= 0) {
            (void)close(fd); /* memory alone */
        }
        fd = -1;
    }
    free(text);
    return fd;
}

json_t *handover_read(int fd, struct hawser_error *err)
{
    struct stat about;
    json_error_t where;
    json_t *state = NULL;
    char *text    = NULL;
    if (fstat(fd, &about) == 0 && about.st_size > 0 && about.st_size < (off_t)MAX_STATE_BYTES) {
        text = malloc((size_t)about.st_size);
    }
    if (text != NULL && pread(fd, text, (size_t)about.st_size, 0) == about.st_size) {
        state = json_loadb(text, (size_t)about.st_size, 0, &where);
    }
    free(text);
    if (!json_is_object(state)) {
        json_decref(state);
        error_set(err, HAWSER_SYSTEM_CALL, "the state of the host did not arrive");
        return NULL;
    }
    return state;
}

int handover_fd(const json_t *state, const char *name)
{
    const json_t *fd = json_object_get(json_object_get(state, "fds"), name);
    return json_is_integer(fd) ? (int)json_integer_value(fd) : -1;
}

void handover_keep(int fd, int keep)
{
    if (fd >= 0) {
        (void)fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC); /* fails only if it is not open */
    }
}

json_t *handover_argv(const struct options *options, const char *path)
{
    json_t *argv = json_pack("[s, s, s, s, s]", path, "-p", options->prefix, "-c", options->config);
    if (argv != NULL && options->directives != NULL) {
        (void)json_array_append_new(argv, json_string("-g")); /* short of memory the check fails */
        (void)json_array_append_new(argv, json_string(options->directives));
    }
    if (argv != NULL && options->error_log != NULL) {
        (void)json_array_append_new(argv, json_string("-e")); /* as above */
        (void)json_array_append_new(argv, json_string(options->error_log));
    }
    return argv;
}

/** @param argv  room for MAX_WORDS and NULL */
static void words_of(const json_t *words, char **argv)
{
    size_t count = 0;
    for (; count < json_array_size(words) && count < MAX_WORDS; count++) {
        argv[count] = (char *)(uintptr_t)json_string_value(json_array_get(words, count));
    }
    argv[count] = NULL;
}

/* In the child: its words, and those of the loader about it, all go into the report. */
static _Noreturn void become_check(char *const argv[], int config, int report)
{
    char value[64];
    (void)snprintf(value, sizeof(value), "%s:%d:%d:", STEPS[HANDOVER_CHECK], HANDOVER_VERSION,
                   CONFIG_FD);
    if (dup2(report, STDOUT_FILENO) < 0 || dup2(report, STDERR_FILENO) < 0 ||
        dup2(config, CONFIG_FD) < 0 || setenv(VARIABLE, value, 1) != 0) {
        _exit(127);
    }
    handover_keep(CONFIG_FD, 1);          /* also where it was there before */
    (void)execve(argv[0], argv, environ); /* returns only on failure */
    (void)dprintf(STDERR_FILENO, "cannot execute it: %s\n", strerror(errno));
    _exit(127);
}

pid_t handover_spawn_check(const struct options *options, int config, int *report,
                           struct hawser_error *err)
{
    char *argv[MAX_WORDS + 1];
    int fds[2]   = {-1, -1};
    json_t *line = handover_argv(options, child_program_path());
    words_of(line, argv);
    pid_t pid = argv[0] == NULL || pipe2(fds, O_CLOEXEC) != 0 ? -1 : child_fork();
    if (pid == 0) {
        become_check(argv, config, fds[1]);
    }
    if (pid < 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot start %s", child_program_path());
    }
    if (fds[1] >= 0) {
        (void)close(fds[1]); /* the child's end */
    }
    json_decref(line);
    *report = fds[0];
    return pid;
}

int handover_exec(const json_t *state, int state_fd, enum handover_step step, const char *path,
                  const char *reason)
{
    char value[HANDOVER_REASON_MAX + 64];
    char *argv[MAX_WORDS + 1];
    words_of(json_object_get(state, "argv"), argv);
    (void)snprintf(value, sizeof(value), "%s:%d:%d:%s", STEPS[step], HANDOVER_VERSION, state_fd,
                   reason);
    if (setenv(VARIABLE, value, 1) != 0) {
        return errno;
    }
    if (path != NULL) {
        (void)execve(path, argv, environ); /* returns only on failure */
    } else {
        (void)fexecve(handover_fd(state, "program"), argv, environ); /* the same */
    }
    int failure = errno;
    (void)unsetenv(VARIABLE); /* fails only for a wrong name */
    return failure;
}

int handover_check(const struct options *options, int config)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct secrets secrets  = {0};
    struct settings settings;
    struct conf_problems problems;
    struct conf_tree *tree = sealed_read(config, &err);
    conf_problems_init(&problems);
    if (tree == NULL) {
        conf_problem(&problems, NULL, "%s", err.message);
    } else {
        struct checker_order order = {.config     = config,
                                      .prefix     = options->prefix,
                                      .timeout_ms = settings_reload_timeout_ms(tree)};
        secrets_read(&secrets, tree, options->prefix, &problems);
        if (checker_run(&order, -1, &problems, &err) != 0 ||
            settings_read(&settings, tree, options->prefix, options->error_log, &err) != 0) {
            conf_problem(&problems, NULL, "%s", err.message);
        } else {
            settings_fini(&settings);
        }
    }
    size_t count = problems.count;
    (void)fwrite(buf_data(&problems.text), 1, problems.text.len, stdout); /* the master reads it */
    if (count == 0) {
        printf(HANDOVER_READY "%s\n", HAWSER_VERSION);
    }
    secrets_fini(&secrets);
    conf_tree_destroy(tree);
    conf_problems_fini(&problems);
    return count == 0 && fflush(stdout) == 0 ? 0 : 1;
}
