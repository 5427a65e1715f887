/*
 * The fork behind every process of the host: whose signals are whose.
 */
#include "host/child.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/suite.h"

static volatile sig_atomic_t *seen; /* by the parent's handler, in whichever process it runs */
static int signals_itself;

static void on_signal(int number)
{
    (void)number;
    *seen = *seen + 1;
}

/* In the child, before child_fork goes on there: as if somebody signalled it at this moment. */
static void at_birth(void)
{
    if (signals_itself) {
        (void)raise(SIGUSR1); /* cannot fail */
    }
}

static void set_up(void)
{
    seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne((void *)(uintptr_t)seen, MAP_FAILED);
    ck_assert_int_eq(pthread_atfork(NULL, NULL, at_birth), 0);
    ck_assert(signal(SIGUSR1, on_signal) != SIG_ERR);
}

static int status_of(pid_t pid)
{
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

START_TEST(a_signal_to_a_child_that_was_just_born_is_not_the_parents)
{
    signals_itself = 1;
    pid_t pid      = child_fork();
    if (pid == 0) {
        _exit(0);
    }
    ck_assert_int_gt(pid, 0);
    int status = status_of(pid);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGUSR1);
    ck_assert_int_eq(*seen, 0);
}
END_TEST

START_TEST(the_parent_gets_its_own_signals_before_and_after)
{
    signals_itself = 0;
    pid_t pid      = child_fork();
    if (pid == 0) {
        sigset_t mask;
        (void)sigprocmask(SIG_SETMASK, NULL, &mask);
        _exit(sigismember(&mask, SIGUSR1) ? 1 : 0);
    }
    ck_assert_int_gt(pid, 0);
    ck_assert_int_eq(status_of(pid), 0);
    ck_assert_int_eq(raise(SIGUSR1), 0);
    ck_assert_int_eq(*seen, 1);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("child");
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, a_signal_to_a_child_that_was_just_born_is_not_the_parents);
    tcase_add_test(cases, the_parent_gets_its_own_signals_before_and_after);
    return suite_run("host/child", cases);
}
