/*
 * exec of ourselves in another role. See child.h.
 */
#include "host/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "host/shard.h"

#define ROLE_VARIABLE "HAWSER_ROLE"
#define FIRST_FD      3

static const char *const ROLE_NAMES[CHILD_ROLE_COUNT] = {"master", "worker", "observer", "checker"};

static struct {
    int fd; /* of the file we run from: still there when a package upgrade replaced the path */
    char path[4096];
    dev_t device;
    ino_t inode;
} program = {.fd = -1};

const char *child_role_name(enum child_role role)
{
    return ROLE_NAMES[role];
}

const char *child_program_path(void)
{
    return program.path;
}

int child_program_fd(void)
{
    return program.fd;
}

static int look_at_program(struct hawser_error *err)
{
    struct stat about;
    /* Out of the way of a child's own descriptors: it is needed when those are in place. */
    int high = fcntl(program.fd, F_DUPFD_CLOEXEC, FIRST_FD + 2 * (int)CHILD_MAX_FDS + 1);
    if (high >= 0) {
        (void)close(program.fd); /* opened for reading */
        program.fd = high;
    }
    if (high < 0 || fstat(program.fd, &about) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno,
                        "cannot find the file this program runs from");
        return -1;
    }
    program.device = about.st_dev;
    program.inode  = about.st_ino;
    return 0;
}

int child_adopt_program(int fd, const char *path, struct hawser_error *err)
{
    (void)snprintf(program.path, sizeof(program.path), "%s", path);
    program.fd = fd;
    return look_at_program(err);
}

int child_remember_program(struct hawser_error *err)
{
    ssize_t len = readlink("/proc/self/exe", program.path, sizeof(program.path) - 1);
    if (len > 0) {
        program.path[len] = 0;
        program.fd        = open(program.path, O_RDONLY | O_CLOEXEC);
    }
    return look_at_program(err);
}

/* The path where it still names our file (tools such as valgrind follow a path, not a descriptor);
 * else the file itself. */
static void exec_program(char *const argv[], char *const envp[])
{
    struct stat about;
    if (stat(program.path, &about) == 0 && about.st_dev == program.device &&
        about.st_ino == program.inode) {
        (void)execve(program.path, argv,
                     envp); /* returns only on failure, and then the next line is tried */
    }
    (void)fexecve(program.fd, argv, envp); /* returns only on failure; the caller exits */
}

static int is_kept_variable(const char *entry)
{
    static const char *const KEPT[] = {"PATH=",
                                       "TZ=",
                                       "LANG=",
                                       "LC_ALL=",
                                       "TMPDIR=",
                                       "HOME=",
                                       "ASAN_OPTIONS=",
                                       "UBSAN_OPTIONS=",
                                       "LSAN_OPTIONS=",
                                       "TSAN_OPTIONS=",
                                       "LD_LIBRARY_PATH=",
                                       "GLIBC_TUNABLES=",
                                       "JOURNAL_STREAM=",
                                       "SSL_CERT_FILE=",
                                       "SSL_CERT_DIR=",
                                       "VALGRIND_"};
    for (size_t i = 0; i < sizeof(KEPT) / sizeof(KEPT[0]); i++) {
        if (strncmp(entry, KEPT[i], strlen(KEPT[i])) == 0) {
            return 1;
        }
    }
    return 0;
}

#define MAX_VARIABLES 24u

static void collect_environment(char *envp[MAX_VARIABLES + 2], char *role_variable)
{
    size_t count = 0;
    for (char **entry = environ; *entry != NULL && count < MAX_VARIABLES; entry++) {
        if (is_kept_variable(*entry)) {
            envp[count++] = *entry;
        }
    }
    envp[count++] = role_variable;
    envp[count]   = NULL;
}

/* In the child, between fork and exec: only async-signal-safe calls. */
static void place_descriptors(const struct child_spec *spec)
{
    int high[CHILD_MAX_FDS];
    for (uint32_t i = 0; i < spec->fd_count; i++) {
        high[i] = fcntl(spec->fds[i], F_DUPFD_CLOEXEC, FIRST_FD + (int)CHILD_MAX_FDS + 1);
    }
    for (uint32_t i = 0; i < spec->fd_count; i++) {
        if (high[i] < 0 || dup2(high[i], FIRST_FD + (int)i) < 0) {
            _exit(127);
        }
    }
}

static void reset_signals(void)
{
    sigset_t none;
    for (int number = 1; number < 32; number++) {
        (void)signal(number, SIG_DFL); /* KILL and STOP refuse, and need it not */
    }
    (void)sigemptyset(&none);                    /* cannot fail */
    (void)sigprocmask(SIG_SETMASK, &none, NULL); /* cannot fail with these arguments */
}

/* The parent's handlers write into its event loop: they must not run in the child. */
pid_t child_fork(void)
{
    sigset_t all, before;
    (void)sigfillset(&all);                      /* cannot fail */
    (void)sigprocmask(SIG_BLOCK, &all, &before); /* cannot fail with these arguments */
    pid_t pid = fork();
    if (pid == 0) {
        reset_signals();
    } else {
        (void)sigprocmask(SIG_SETMASK, &before, NULL); /* cannot fail, and errno stays */
    }
    return pid;
}

pid_t child_spawn(const struct child_spec *spec, struct hawser_error *err)
{
    char title[64];
    char role_variable[5120];
    char *envp[MAX_VARIABLES + 2];
    (void)snprintf(title, sizeof(title),
                   spec->role != CHILD_WORKER        ? "hawser: %s"
                   : spec->index == SHARD_QUARANTINE ? "hawser: %s in quarantine"
                                                     : "hawser: %s %u",
                   ROLE_NAMES[spec->role], (unsigned)spec->index);
    int len =
        snprintf(role_variable, sizeof(role_variable), ROLE_VARIABLE "=%u:%u:%u:%u:%u:%u:%s:%s",
                 (unsigned)spec->role, (unsigned)spec->index, (unsigned)spec->slot,
                 (unsigned)spec->log_level, (unsigned)spec->log_json, (unsigned)spec->fd_count,
                 spec->log_path, spec->prefix);
    if (len < 0 || (size_t)len >= sizeof(role_variable) || strchr(spec->log_path, ':') != NULL) {
        error_set(err, HAWSER_SYSTEM_LIMIT,
                  "the paths of prefix and log are too long, or the log's has a ':'");
        return -1;
    }
    char *argv[] = {title, NULL};
    collect_environment(envp, role_variable);
    pid_t pid = child_fork();
    if (pid == 0) {
        place_descriptors(spec);
        exec_program(argv, envp);
        _exit(127);
    }
    if (pid < 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot start a %s process",
                        ROLE_NAMES[spec->role]);
    }
    return pid;
}

enum child_role child_role_of_this_process(struct child_spec *out)
{
    static char storage[5120];
    const char *value = getenv(ROLE_VARIABLE);
    if (value == NULL) {
        return CHILD_NONE;
    }
    (void)snprintf(storage, sizeof(storage), "%s", value);
    (void)unsetenv(ROLE_VARIABLE); /* our own children must not inherit it; failing is harmless: it
                                      is set anew */
    unsigned role = 0, index = 0, slot = 0, level = 0, json = 0, fds = 0;
    int used = 0;
    if (sscanf(storage, "%u:%u:%u:%u:%u:%u:%n", &role, &index, &slot, &level, &json, &fds, &used) !=
            6 ||
        role == 0 || role >= CHILD_ROLE_COUNT || fds > CHILD_MAX_FDS) {
        return CHILD_NONE;
    }
    char *log_path = storage + used;
    char *prefix   = strchr(log_path, ':');
    if (prefix == NULL) {
        return CHILD_NONE;
    }
    *prefix++ = 0;
    *out      = (struct child_spec){.role      = (enum child_role)role,
                                    .index     = index,
                                    .slot      = slot,
                                    .fds       = {-1, -1, -1, -1},
                                    .fd_count  = fds,
                                    .log_level = level,
                                    .log_json  = json,
                                    .prefix    = prefix,
                                    .log_path  = log_path};
    for (unsigned i = 0; i < fds; i++) {
        out->fds[i] = FIRST_FD + (int)i;
        (void)fcntl(out->fds[i], F_SETFD, FD_CLOEXEC); /* fails only if it was not passed */
    }
    (void)prctl(PR_SET_NAME, ROLE_NAMES[role], 0, 0, 0); /* for `top` alone */
    return (enum child_role)role;
}
