/*
 * Dropping privileges. See privileges.h.
 */
#include "host/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "host/capabilities.h"

#define LAST_SECONDS 3

/* Time to write out what is queued; then SIGALRM's default ends the process whatever it is doing.
 */
static void on_master_death(int number)
{
    (void)number;
    (void)alarm(LAST_SECONDS);
}

static int become(const char *user, struct hawser_error *err)
{
    errno                       = 0;
    const struct passwd *person = getpwnam(user);
    if (person == NULL) {
        error_set(err, HAWSER_SYSTEM_CALL,
                  "user \"%s\" does not exist; create it or change the `user` directive", user);
        return -1;
    }
    if (geteuid() != 0) {
        if (geteuid() == person->pw_uid) {
            return 0;
        }
        error_set(err, HAWSER_SYSTEM_CALL,
                  "only root can become user \"%s\"; start as root or remove the `user` directive",
                  user);
        return -1;
    }
    if (initgroups(user, person->pw_gid) != 0 || setgid(person->pw_gid) != 0 ||
        setuid(person->pw_uid) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot become user \"%s\"", user);
        return -1;
    }
    return 0;
}

static int give_up(uint64_t kept, struct hawser_error *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot give up new privileges");
        return -1;
    }
    return capabilities_keep(kept, err);
}

int privileges_keep_masters(const char *user, struct hawser_error *err)
{
    return give_up(capabilities_of_master() | (user == NULL ? 0 : capabilities_of_user_change()),
                   err);
}

/* For dumps that a debugger makes (gcore), which no limit concerns. It is inherited, so that it
 * holds where a child of another user may not write it. */
static void leave_memory_out_of_dumps(void)
{
    int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)!write(fd, "0", 1); /* the kernel makes no dumps either way */
        (void)close(fd);          /* nothing of ours is buffered in it */
    }
}

int privileges_hide_memory(struct hawser_error *err)
{
    static const struct rlimit none = {0, 0};
    leave_memory_out_of_dumps();
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot keep core dumps from being made");
        return -1;
    }
    return 0;
}

int privileges_drop(const char *user, struct hawser_error *err)
{
    if (user != NULL && become(user, err) != 0) {
        return -1;
    }
    /* The change of the user has made the memory visible again, as fs.suid_dumpable has it. */
    if (give_up(CAPABILITIES_NONE, err) != 0 || privileges_hide_memory(err) != 0) {
        return -1;
    }
    /* After setuid, which clears it. The channel's end is what stops a child in order; this ends
     * one that hangs. */
    if (signal(SIGUSR2, on_master_death) == SIG_ERR ||
        prctl(PR_SET_PDEATHSIG, SIGUSR2, 0, 0, 0) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot tie this process to its master");
        return -1;
    }
    return 0;
}

int privileges_give(const char *path, const char *user, struct hawser_error *err)
{
    if (user == NULL || geteuid() != 0 || strcmp(path, "stderr") == 0) {
        return 0;
    }
    const struct passwd *person = getpwnam(user);
    if (person == NULL || chown(path, person->pw_uid, (gid_t)-1) != 0) {
        error_set(err, HAWSER_SYSTEM_CALL,
                  "cannot give \"%s\" to user \"%s\": no such user, or not permitted", path, user);
        return -1;
    }
    return 0;
}

uint64_t privileges_raise_files(void)
{
    struct rlimit limit = {0};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 0;
    }
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE,
                    &limit); /* the old limit stays in force, and is what we return */
    (void)getrlimit(RLIMIT_NOFILE, &limit); /* worked a moment ago */
    return (uint64_t)limit.rlim_cur;
}
