/*
 * The filter of system calls, by libseccomp. See syscall_filter.h. The lists name calls of all
 * architectures; those that the one at hand lacks are left out.
 */
#include "host/syscall_filter.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define CALL(name_)                                                                                \
    {                                                                                              \
        SCMP_SYS(name_), #name_                                                                    \
    }
#define NEW_NAMESPACES                                                                             \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET)

struct call {
    int number;
    const char *name;
};

/* Nobody here has a use for these, and no library tries them by itself. */
static const struct call ENDS[] = {
    CALL(execve),
    CALL(execveat),
    CALL(fork),
    CALL(vfork),
    CALL(process_vm_readv),
    CALL(process_vm_writev),
    CALL(pidfd_getfd),
    CALL(kcmp),
    CALL(mount),
    CALL(umount),
    CALL(umount2),
    CALL(pivot_root),
    CALL(chroot),
    CALL(move_mount),
    CALL(open_tree),
    CALL(fsopen),
    CALL(fsmount),
    CALL(fsconfig),
    CALL(fspick),
    CALL(mount_setattr),
    CALL(setns),
    CALL(unshare),
    CALL(init_module),
    CALL(finit_module),
    CALL(delete_module),
    CALL(kexec_load),
    CALL(kexec_file_load),
    CALL(reboot),
    CALL(swapon),
    CALL(swapoff),
    CALL(bpf),
    CALL(perf_event_open),
    CALL(userfaultfd),
    CALL(add_key),
    CALL(request_key),
    CALL(keyctl),
    CALL(settimeofday),
    CALL(clock_settime),
    CALL(clock_settime64),
    CALL(iopl),
    CALL(ioperm),
    CALL(acct),
    CALL(quotactl),
    CALL(sethostname),
    CALL(setdomainname),
    CALL(open_by_handle_at),
    CALL(personality),
    CALL(setuid),
    CALL(setgid),
    CALL(setreuid),
    CALL(setregid),
    CALL(setresuid),
    CALL(setresgid),
    CALL(setgroups),
};

/* Nor for these, but for some of their uses. */
static const struct call ENDS_BY_ARGUMENT[] = {CALL(clone), CALL(ptrace)};

static const char FILES[] =
    "access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 "
    "faccessat faccessat2 fadvise64 fallocate fchdir fchmod fchmodat fchown fchownat fcntl "
    "fcntl64 fdatasync flock fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate "
    "ftruncate64 futimesat getcwd getdents getdents64 inotify_add_watch inotify_init "
    "inotify_init1 inotify_rm_watch ioctl lchown link linkat _llseek lseek lstat lstat64 "
    "mkdir mkdirat newfstatat open openat openat2 pipe pipe2 pread64 preadv preadv2 "
    "pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv rename renameat "
    "renameat2 rmdir sendfile sendfile64 splice stat stat64 statfs statfs64 statx symlink "
    "symlinkat sync sync_file_range syncfs tee truncate truncate64 umask unlink unlinkat "
    "utime utimensat utimensat_time64 utimes write writev";

/* socket, socketpair, kill and tgkill are missing here: their arguments matter. */
static const char NETWORK_AND_EVENTS[] =
    "accept accept4 bind connect epoll_create epoll_create1 epoll_ctl epoll_pwait "
    "epoll_pwait2 epoll_wait eventfd eventfd2 getpeername getsockname getsockopt listen "
    "_newselect poll ppoll ppoll_time64 pselect6 pselect6_time64 recv recvfrom recvmmsg "
    "recvmmsg_time64 recvmsg select send sendmmsg sendmsg sendto setsockopt shutdown "
    "signalfd signalfd4";

static const char MEMORY_AND_THREADS[] =
    "arch_prctl brk cacheflush exit exit_group futex futex_time64 get_mempolicy "
    "get_robust_list getcpu gettid madvise mbind membarrier memfd_create mincore mlock "
    "mlock2 mlockall mmap mmap2 mprotect mremap msync munlock munlockall munmap "
    "riscv_flush_icache rseq sched_get_priority_max sched_get_priority_min "
    "sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_setaffinity "
    "sched_setattr sched_setparam sched_setscheduler sched_yield set_mempolicy "
    "set_robust_list set_thread_area set_tid_address set_tls";

static const char TIME_SIGNALS_IDENTITY[] =
    "alarm capget clock_getres clock_getres_time64 clock_gettime clock_gettime64 "
    "clock_nanosleep clock_nanosleep_time64 getegid getegid32 geteuid geteuid32 getgid "
    "getgid32 getgroups getgroups32 getitimer getpgid getpgrp getpid getppid getpriority "
    "getrandom getresgid getresuid getrlimit getrusage getsid gettimeofday getuid getuid32 "
    "nanosleep pause prctl prlimit64 restart_syscall rt_sigaction rt_sigpending "
    "rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 "
    "setitimer setpriority setrlimit sigaltstack sigreturn sysinfo time timer_create "
    "timer_delete timer_getoverrun timer_gettime timer_settime timer_settime64 "
    "timerfd_create timerfd_gettime timerfd_settime timerfd_settime64 times ugetrlimit "
    "uname wait4 waitid";

static const char *const ALLOWED[] = {FILES, NETWORK_AND_EVENTS, MEMORY_AND_THREADS,
                                      TIME_SIGNALS_IDENTITY};

/* Each of these adds rules, and returns 0 or what libseccomp says: a negative errno. */

static int allow(scmp_filter_ctx filter, const char *name, size_t len)
{
    char word[32];
    (void)snprintf(word, sizeof(word), "%.*s", (int)len, name); /* longer than any name here */
    int number = seccomp_syscall_resolve_name(word);
    /* One that the library is too old for fails as unknown, and libc falls back. */
    return number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
}

static int add_allowed(scmp_filter_ctx filter)
{
    int rc = 0;
    for (size_t list = 0; list < COUNT(ALLOWED); list++) {
        const char *rest = ALLOWED[list];
        while (rc == 0 && *rest != 0) {
            size_t len = strcspn(rest, " ");
            rc         = allow(filter, rest, len);
            rest += len;
            rest += strspn(rest, " ");
        }
    }
    return rc;
}

static int add_ends(scmp_filter_ctx filter)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < COUNT(ENDS); i++) {
        rc = seccomp_rule_add(filter, SCMP_ACT_TRAP, ENDS[i].number, 0);
    }
    return rc;
}

/* A thread is allowed, another process is not. clone3 keeps its flags in memory, where no filter
 * sees them: it is not there, and libc falls back to clone. */
static int add_threads(scmp_filter_ctx filter)
{
    return seccomp_rule_add(
        filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
        SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | NEW_NAMESPACES, CLONE_THREAD));
}

#ifdef HAWSER_SANITIZE
/* At the end of a process the leak checker makes one that shares its memory, to stop all threads
 * and look at their registers. */
static int add_clones_and_tracing(scmp_filter_ctx filter)
{
    static const int USED[] = {PTRACE_ATTACH, PTRACE_DETACH, PTRACE_KILL, PTRACE_GETREGS,
                               PTRACE_GETREGSET};
    int rc                  = seccomp_rule_add(
                         filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                         SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_VM | NEW_NAMESPACES, CLONE_VM));
    for (size_t i = 0; rc == 0 && i < COUNT(USED); i++) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ptrace), 1,
                              SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)USED[i], 0));
    }
    return rc != 0 ? rc
                   : seccomp_rule_add(filter, SCMP_ACT_TRAP, SCMP_SYS(ptrace), 1,
                                      SCMP_A0(SCMP_CMP_EQ, PTRACE_TRACEME, 0));
}
#else
static int add_clones_and_tracing(scmp_filter_ctx filter)
{
    int rc = seccomp_rule_add(filter, SCMP_ACT_TRAP, SCMP_SYS(clone), 1,
                              SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    return rc != 0 ? rc : seccomp_rule_add(filter, SCMP_ACT_TRAP, SCMP_SYS(ptrace), 0);
}
#endif

/* netlink is how libc learns of the addresses of this machine. */
static int add_sockets(scmp_filter_ctx filter)
{
    static const uint32_t REFUSED = SCMP_ACT_ERRNO(EAFNOSUPPORT);
    int rc                        = 0;
    for (scmp_datum_t family = 0; rc == 0 && family <= AF_NETLINK; family++) {
        int is_used = family == AF_UNIX || family == AF_INET || family == AF_INET6;
        if (family != AF_NETLINK) {
            rc = seccomp_rule_add(filter, is_used ? SCMP_ACT_ALLOW : REFUSED, SCMP_SYS(socket), 1,
                                  SCMP_A0(SCMP_CMP_EQ, family, 0));
        }
    }
    if (rc == 0) {
        rc = seccomp_rule_add(filter, REFUSED, SCMP_SYS(socket), 1,
                              SCMP_A0(SCMP_CMP_GT, AF_NETLINK, 0));
    }
    if (rc == 0) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                              SCMP_A0(SCMP_CMP_EQ, AF_NETLINK, 0),
                              SCMP_A2(SCMP_CMP_EQ, NETLINK_ROUTE, 0));
    }
    return rc != 0 ? rc
                   : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1,
                                      SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));
}

/* To oneself: raise(), abort() and threads. The master may have the same user. */
static int add_signals(scmp_filter_ctx filter)
{
    static const uint32_t REFUSED = SCMP_ACT_ERRNO(EPERM);
    const int calls[]             = {SCMP_SYS(kill), SCMP_SYS(tgkill)};
    scmp_datum_t self             = (scmp_datum_t)getpid();
    int rc                        = 0;
    for (size_t i = 0; rc == 0 && i < COUNT(calls); i++) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 1, SCMP_A0(SCMP_CMP_EQ, self, 0));
        if (rc == 0) {
            rc = seccomp_rule_add(filter, REFUSED, calls[i], 1, SCMP_A0(SCMP_CMP_NE, self, 0));
        }
    }
    return rc;
}

static int load(scmp_filter_ctx filter)
{
    static int (*const ADD[])(scmp_filter_ctx) = {
        add_allowed, add_ends, add_threads, add_clones_and_tracing, add_sockets, add_signals,
    };
    int rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (rc == 0) {
        rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    }
    if (rc == 0) {
        rc = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
    }
    for (size_t i = 0; rc == 0 && i < COUNT(ADD); i++) {
        rc = ADD[i](filter);
    }
    return rc != 0 ? rc : seccomp_load(filter);
}

int syscall_filter_load(struct hawser_error *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int rc                 = filter == NULL ? -ENOMEM : load(filter);
    seccomp_release(filter);
    if (rc != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, -rc,
                        "cannot filter system calls; remove the `seccomp` directive where the "
                        "kernel has no such filters");
        return -1;
    }
    return 0;
}

const char *syscall_filter_name(int number)
{
    for (size_t i = 0; i < COUNT(ENDS); i++) {
        if (ENDS[i].number == number) {
            return ENDS[i].name;
        }
    }
    for (size_t i = 0; i < COUNT(ENDS_BY_ARGUMENT); i++) {
        if (ENDS_BY_ARGUMENT[i].number == number) {
            return ENDS_BY_ARGUMENT[i].name;
        }
    }
    return NULL;
}
