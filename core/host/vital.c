/*
 * A child's signs of life. See vital.h. The handler of fatal signals calls only what is safe in
 * one; backtrace() is, once it was called before: the first call loads libgcc.
 */
#include "host/vital.h"

#include <execinfo.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/watch.h"
#include "host/syscall_filter.h"
#include "net/event_struct.h"

#define BY_FILTER   1 /* SYS_SECCOMP of the kernel's asm/siginfo.h, which libc's has no room for */
#define FRAMES_MAX  64
#define STACK_BYTES 65536u
#define REPORT_S    3 /* a report that hangs must not keep a dead process */

struct vital {
    struct watch *watch;
    struct event tick; /* its base frees it of its duties: the base goes first */
};

static const int FATAL[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};

/* A handler needs a stack even where the reason is that there is none left. */
static uint8_t handler_stack[STACK_BYTES];

static void say(const char *text)
{
    ssize_t ignored =
        write(log_descriptor(), text, strlen(text)); /* a dying process has no plan B */
    (void)ignored;
}

static void say_number(int number)
{
    char text[12] = {0};
    char *first   = text + sizeof(text) - 1;
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    say(first);
}

static void say_refused_call(const siginfo_t *about)
{
    const char *name = syscall_filter_name(about->si_syscall);
    say("refused a system call that `seccomp on` has no place for: ");
    say(name == NULL ? "" : name);
    say(" (");
    say_number(about->si_syscall);
    say(")\n");
}

static void on_fatal(int number, siginfo_t *about, void *context)
{
    void *frames[FRAMES_MAX];
    (void)context;
    watch_crashed(number);
    (void)signal(SIGALRM, SIG_DFL); /* both cannot fail */
    (void)alarm(REPORT_S);
    if (number == SIGSYS && about->si_code == BY_FILTER) {
        say_refused_call(about);
    }
    say("signal ");
    say_number(number);
    say(" ends process ");
    say_number((int)getpid());
    say("; it was here:\n");
    backtrace_symbols_fd(frames, backtrace(frames, FRAMES_MAX), log_descriptor());
    (void)raise(number); /* its disposition is the default one again */
}

/* Where a sanitizer or a debugger has its own handler, that one is worth more. */
static void handle(int number)
{
    struct sigaction before;
    struct sigaction ours = {.sa_sigaction = on_fatal,
                             .sa_flags =
                                 (int)(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER)};
    (void)sigemptyset(&ours.sa_mask); /* cannot fail */
    if (sigaction(number, NULL, &before) == 0 && (before.sa_flags & SA_SIGINFO) == 0 &&
        before.sa_handler == SIG_DFL) {
        (void)sigaction(number, &ours, NULL); /* a known signal and a whole struct: cannot fail */
    }
}

static void handle_fatal_signals(void)
{
    void *frame;
    stack_t before;
    stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof(handler_stack)};
    (void)backtrace(&frame, 1); /* loads what it needs */
    if (sigaltstack(NULL, &before) == 0 && (before.ss_flags & SS_DISABLE) != 0) {
        (void)sigaltstack(&stack, NULL); /* without it a stack that overflows is not reported */
    }
    for (size_t i = 0; i < sizeof(FATAL) / sizeof(FATAL[0]); i++) {
        handle(FATAL[i]);
    }
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    watch_tick();
}

struct vital *vital_begin(struct event_base *base, int fd, struct hawser_error *err)
{
    struct timeval interval = {0, VITAL_TICK_MS * 1000};
    struct vital *vital     = calloc(1, sizeof(*vital));
    struct watch *watch     = watch_attach(fd, err);
    (void)close(fd); /* mapped, or of no use */
    if (watch == NULL || vital == NULL) {
        goto fail;
    }
    if (event_assign(&vital->tick, base, -1, EV_PERSIST, on_tick, NULL) != 0 ||
        event_add(&vital->tick, &interval) != 0) {
        goto fail;
    }
    vital->watch = watch;
    watch_begin(watch);
    handle_fatal_signals();
    return vital;
fail:
    if (watch != NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the signs of life");
    }
    free(vital);
    watch_detach(watch);
    return NULL;
}

void vital_end(struct vital *vital)
{
    if (vital == NULL) {
        return;
    }
    watch_end();
    watch_detach(vital->watch);
    free(vital);
}
