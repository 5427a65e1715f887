/*
 * Both sides of the checker process. See checker.h. Child -> parent, lines: "+ what" names the
 * module call that comes next, "- text" is a problem; an orderly end is the line "=".
 */
#include "host/checker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/obj.h"
#include "host/check.h"
#include "host/privileges.h"
#include "host/sealed.h"
#include "host/settings.h"
#include "host/syscall_filter.h"

#define CHECKER_MAGIC    0x6368636bu
#define MAX_REPORT_BYTES (4u * 1024u * 1024u)
#define GRACE_MS         2000 /* for the child to end by its own alarm, which a module may ignore */
#define COLLECT_MS       10

struct checker {
    OBJ_MAGIC_FIELD;
    pid_t pid;
    int report; /* the child's lines */
    struct event *readable;
    struct event *timer; /* the deadline; later, the next look whether it is gone */
    struct buf lines;
    char doing[512]; /* the last "+" */
    int complete;
    int is_late; /* killed, since it did not end by itself */
    int64_t timeout_ms;
    clock_ns_t deadline;
    struct conf_problems problems;
    void (*done)(void *arg, const struct conf_problems *problems);
    void *arg;
};

/* in the child */

static void report_progress(void *arg, const struct conf_node *node, const char *module,
                            const char *what)
{
    FILE *out = arg;
    fprintf(out, "+ %s:%u: the checker process ended in module %s while it %s", node->file,
            node->line, module, what);
    fputc('\n', out);
    (void)fflush(out); /* the parent may be gone, and then nobody wants it */
}

/* The descriptor is there with -T alone; the parent waits for this process's end, so all of it is
 * out by then. A reader that has seen enough (EPIPE) is none of our business. */
static void print_config(int fd, const struct buf *printed, struct conf_problems *problems)
{
    struct hawser_slice rest = buf_slice(printed);
    while (rest.len > 0) {
        ssize_t done = write(fd, rest.data, rest.len);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            if (errno != EBADF && errno != EPIPE) { /* EBADF: nobody asked for it */
                conf_problem(problems, NULL, "cannot print the configuration: %s", strerror(errno));
            }
            return;
        }
        rest.data += done;
        rest.len -= (size_t)done;
    }
}

static void set_alarm(int64_t timeout_ms)
{
    struct itimerval timer = {
        .it_value = {(time_t)(timeout_ms / 1000), (suseconds_t)(timeout_ms % 1000 * 1000)}};
    (void)setitimer(ITIMER_REAL, &timer, NULL); /* cannot fail; the parent has a deadline as well */
}

int checker_main(const struct child_spec *spec)
{
    struct buf printed = {0};
    struct conf_problems problems;
    struct hawser_error err = HAWSER_ERROR_INIT;
    FILE *out               = fdopen(spec->fds[1], "w");
    struct conf_tree *tree  = sealed_read(spec->fds[0], &err);
    if (out == NULL || tree == NULL) {
        fprintf(stderr, "hawser: checker: %s\n", err.message);
        return 2;
    }
    set_alarm(settings_reload_timeout_ms(tree)); /* a module that hangs must not hang a reload */
    conf_problems_init(&problems);
    /* As the workers will: what they may not open shall be told now, and no module runs as root. */
    if (privileges_drop(settings_main_word(tree, "user"), &err) != 0) {
        conf_problem(&problems, conf_find(conf_tree_root(tree), "user", NULL), "%s", err.message);
    }
    if (settings_seccomp(tree) && syscall_filter_load(&err) != 0) {
        conf_problem(&problems, conf_find(conf_tree_root(tree), "seccomp", NULL), "%s",
                     err.message);
    }
    check_config(tree, spec->prefix, &problems, report_progress, out, &printed);
    print_config(spec->fds[2], &printed, &problems);
    const char *text = buf_text(&problems.text);
    while (text != NULL && *text != 0) {
        const char *end = strchr(text, '\n');
        int len         = end == NULL ? (int)strlen(text) : (int)(end - text);
        fprintf(out, "- %.*s\n", len, text);
        text += len + (end != NULL);
    }
    fprintf(out, "=\n");
    buf_fini(&printed);
    conf_problems_fini(&problems);
    conf_tree_destroy(tree);
    return fclose(out) == 0 ? 0 : 2;
}

/* in the parent */

static void take_line(struct checker *checker, const char *line)
{
    if (line[0] == '+') {
        (void)snprintf(checker->doing, sizeof(checker->doing), "%.500s", line + 2);
    } else if (line[0] == '-' && line[1] == ' ') {
        if (buf_printf(&checker->problems.text, "%s\n", line + 2) == 0) {
            checker->problems.count++;
        }
    } else if (line[0] == '=') {
        checker->complete = 1;
    }
}

static void take_lines(struct checker *checker)
{
    const char *newline;
    while (checker->lines.len > 0 &&
           (newline = memchr(buf_data(&checker->lines), '\n', checker->lines.len)) != NULL) {
        char line[2048];
        size_t len = (size_t)(newline - (const char *)buf_data(&checker->lines));
        (void)snprintf(line, sizeof(line), "%.*s", (int)len,
                       (const char *)buf_data(&checker->lines));
        buf_consume(&checker->lines, len + 1);
        take_line(checker, line);
    }
}

static void explain_death(struct checker *checker, int status)
{
    const char *doing =
        checker->doing[0] == 0 ? "the checker process ended before it was done" : checker->doing;
    if (checker->is_late || (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)) {
        conf_problem(&checker->problems, NULL,
                     "%s (it took more than %g s); the module hangs: fix or remove it", doing,
                     (double)checker->timeout_ms / 1000.0);
    } else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
        conf_problem(&checker->problems, NULL,
                     "%s (it made a system call that `seccomp on` refuses); fix the module or "
                     "remove its load_module",
                     doing);
    } else if (WIFSIGNALED(status)) {
        conf_problem(&checker->problems, NULL,
                     "%s (signal %d, %s); fix the module or remove its load_module", doing,
                     WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else {
        conf_problem(&checker->problems, NULL,
                     "%s (exit status %d); fix the module or remove its load_module", doing,
                     WEXITSTATUS(status));
    }
}

/** @return 1 while more may come, 0 at the end */
static int read_report(struct checker *checker)
{
    uint8_t *room = buf_reserve(&checker->lines, 4096);
    ssize_t got   = room == NULL ? 0 : read(checker->report, room, 4096);
    if (got < 0) {
        return errno == EINTR || errno == EAGAIN;
    }
    if (got > 0) {
        buf_commit(&checker->lines, (size_t)got);
        take_lines(checker);
    }
    return got > 0;
}

/** Its report ended, or its time is over: is it gone? A module may hang in its end as well, and
 * that must not hold up the master. @return 1: its end is known; 0: ask again */
static int collect(struct checker *checker)
{
    int status = 0;
    pid_t got  = waitpid(checker->pid, &status, WNOHANG);
    if (got == 0 && clock_monotonic() < checker->deadline) {
        return 0;
    }
    if (got == 0) {
        checker->is_late = 1;
        (void)kill(checker->pid, SIGKILL); /* it may have ended by itself */
        do {
            got = waitpid(checker->pid, &status, 0);
        } while (got < 0 && errno == EINTR);
    }
    checker->pid = 0;
    if (got < 0 || checker->is_late || !checker->complete || !WIFEXITED(status) ||
        WEXITSTATUS(status) != 0) {
        explain_death(checker, status);
    }
    return 1;
}

static void wait_a_little(struct checker *checker)
{
    struct timeval soon = {0, COLLECT_MS * 1000};
    if (event_add(checker->timer, &soon) != 0) {
        event_active(checker->timer, EV_TIMEOUT, 0);
    }
}

static void finish(struct checker *checker)
{
    if (!collect(checker)) {
        wait_a_little(checker);
        return;
    }
    (void)event_del(checker->timer); /* harmless when it does not wait */
    checker->done(checker->arg, &checker->problems);
}

static void on_report(evutil_socket_t fd, short what, void *arg)
{
    struct checker *checker = OBJ_CAST(struct checker, arg, CHECKER_MAGIC);
    (void)fd;
    (void)what;
    if (!read_report(checker)) {
        (void)event_del(checker->readable); /* harmless when it does not wait */
        finish(checker);
    }
}

/* A process that the module left behind may hold the report open: its end is not waited for. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct checker *checker = OBJ_CAST(struct checker, arg, CHECKER_MAGIC);
    (void)fd;
    (void)what;
    (void)event_del(checker->readable); /* harmless when it does not wait */
    finish(checker);
}

void checker_destroy(struct checker *checker)
{
    if (checker == NULL) {
        return;
    }
    if (checker->readable != NULL) {
        event_free(checker->readable);
    }
    if (checker->timer != NULL) {
        event_free(checker->timer);
    }
    if (checker->report >= 0) {
        (void)close(checker->report); /* read only */
    }
    if (checker->pid > 0) {
        (void)kill(checker->pid, SIGKILL); /* may have ended by itself */
        (void)waitpid(checker->pid, NULL, 0);
    }
    conf_problems_fini(&checker->problems);
    buf_fini(&checker->lines);
    checker->magic = 0;
    free(checker);
}

static struct checker *spawn(const struct checker_order *order, int print, struct hawser_error *err)
{
    int fds[2]              = {-1, -1};
    struct checker *checker = calloc(1, sizeof(*checker));
    if (checker == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a checker");
        return NULL;
    }
    *checker = (struct checker){.magic      = CHECKER_MAGIC,
                                .report     = -1,
                                .timeout_ms = order->timeout_ms,
                                .deadline   = clock_monotonic() +
                                            (order->timeout_ms + GRACE_MS) * CLOCK_NS_PER_MS,
                                .done = order->done,
                                .arg  = order->arg};
    conf_problems_init(&checker->problems);
    buf_init(&checker->lines, MAX_REPORT_BYTES);
    if (pipe2(fds, O_CLOEXEC) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot make a pipe");
        goto fail;
    }
    checker->report        = fds[0];
    struct child_spec spec = {.role      = CHILD_CHECKER,
                              .fds       = {order->config, fds[1], print},
                              .fd_count  = print < 0 ? 2 : 3,
                              .log_level = LOG_ERROR,
                              .prefix    = order->prefix,
                              .log_path  = "stderr"};
    checker->pid           = child_spawn(&spec, err);
    (void)close(fds[1]); /* the child's end */
    if (checker->pid < 0) {
        goto fail;
    }
    return checker;
fail:
    checker_destroy(checker);
    return NULL;
}

struct checker *checker_start(const struct checker_order *order, struct hawser_error *err)
{
    int64_t longest_ms      = order->timeout_ms + GRACE_MS;
    struct timeval deadline = {(time_t)(longest_ms / 1000),
                               (suseconds_t)(longest_ms % 1000 * 1000)};
    struct checker *checker = spawn(order, -1, err);
    if (checker == NULL) {
        return NULL;
    }
    checker->readable =
        event_new(order->base, checker->report, EV_READ | EV_PERSIST, on_report, checker);
    checker->timer = event_new(order->base, -1, 0, on_timer, checker);
    if (checker->readable == NULL || checker->timer == NULL ||
        event_add(checker->readable, NULL) != 0 || event_add(checker->timer, &deadline) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "cannot watch the checker");
        checker_destroy(checker);
        return NULL;
    }
    return checker;
}

/** Wait for more of the report. @return 1: there may be some, 0: its time is over */
static int wait_for_report(struct checker *checker)
{
    clock_ns_t left     = checker->deadline - clock_monotonic();
    struct pollfd ready = {.fd = checker->report, .events = POLLIN};
    return left > 0 && (poll(&ready, 1, (int)(left / CLOCK_NS_PER_MS + 1)) != 0 || errno == EINTR);
}

int checker_run(const struct checker_order *order, int print, struct conf_problems *problems,
                struct hawser_error *err)
{
    struct checker *checker = spawn(order, print, err);
    if (checker == NULL) {
        return -1;
    }
    while (wait_for_report(checker) && read_report(checker)) {
        continue;
    }
    while (!collect(checker)) {
        (void)poll(NULL, 0, COLLECT_MS); /* a pause */
    }
    int rc = buf_append_slice(&problems->text, buf_slice(&checker->problems.text));
    problems->count += checker->problems.count;
    if (rc != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the list of problems");
    }
    checker_destroy(checker);
    return rc;
}
