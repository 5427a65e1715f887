/*
 * The pid file: who holds it, who is told no, and what a leftover means.
 */
#include "host/pidfile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/suite.h"
#include "unit/conf/conf_fixture.h"

#define PATH "hawser.pid"

static struct pidfile pidfile;
static struct hawser_error err;

static void set_up(void)
{
    folder_setup();
    pidfile = (struct pidfile)PIDFILE_INIT;
    err     = (struct hawser_error)HAWSER_ERROR_INIT;
}

static void tear_down(void)
{
    pidfile_remove(&pidfile);
    folder_teardown();
}

static const char *content(void)
{
    static char text[64];
    FILE *file = fopen(PATH, "r");
    ck_assert_ptr_nonnull(file);
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    text[len]  = '\0';
    ck_assert_int_eq(fclose(file), 0);
    return text;
}

static const char *line_of(long pid)
{
    static char text[64];
    snprintf(text, sizeof(text), "%ld\n", pid);
    return text;
}

START_TEST(the_file_holds_our_pid_as_long_as_we_live)
{
    ck_assert_int_eq(pidfile_create(&pidfile, PATH, &err), 0);
    ck_assert_str_eq(content(), line_of((long)getpid()));
    ck_assert_int_eq(pidfile_read(PATH, &err), getpid());
    pidfile_remove(&pidfile);
    ck_assert_int_ne(access(PATH, F_OK), 0);
    ck_assert_int_eq(pidfile.fd, -1);
}
END_TEST

START_TEST(a_leftover_of_a_dead_host_is_taken_over_whole)
{
    folder_write(PATH, "4194304000000\n");
    ck_assert_int_eq(pidfile_create(&pidfile, PATH, &err), 0);
    ck_assert_str_eq(content(), line_of((long)getpid()));
}
END_TEST

START_TEST(a_leftover_is_no_running_host)
{
    char text[64];
    snprintf(text, sizeof(text), "%ld\n", (long)getpid()); /* alive, yet no host */
    folder_write(PATH, text);
    ck_assert_int_eq(pidfile_read(PATH, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "no host is running"));
}
END_TEST

START_TEST(no_file_says_where_it_was_looked_for)
{
    ck_assert_int_eq(pidfile_read(PATH, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, PATH));
    ck_assert_int_eq(err.cause, ENOENT);
}
END_TEST

/* What another process finds: 0 it got the file, 1 it was refused with our pid in the message. */
static int second_host(void)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct pidfile second;
        char ours[64];
        snprintf(ours, sizeof(ours), "(pid %ld)", (long)getppid());
        int rc   = pidfile_create(&second, PATH, &err);
        int told = rc != 0 && strstr(err.message, ours) != NULL && second.fd == -1;
        if (rc == 0) {
            pidfile_remove(&second);
        }
        _exit(rc == 0 ? 0 : told ? 1 : 2);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(a_second_host_is_refused_and_told_the_first_ones_pid)
{
    ck_assert_int_eq(pidfile_create(&pidfile, PATH, &err), 0);
    ck_assert_int_eq(second_host(), 1);
    ck_assert_str_eq(content(), line_of((long)getpid())); /* and nothing was broken by the try */
    ck_assert_int_eq(pidfile_read(PATH, &err), getpid());
}
END_TEST

START_TEST(the_next_host_may_come_once_the_first_is_gone)
{
    ck_assert_int_eq(pidfile_create(&pidfile, PATH, &err), 0);
    pidfile_remove(&pidfile);
    ck_assert_int_eq(second_host(), 0);
}
END_TEST

START_TEST(a_file_that_somebody_else_put_there_meanwhile_is_not_removed)
{
    ck_assert_int_eq(pidfile_create(&pidfile, PATH, &err), 0);
    ck_assert_int_eq(unlink(PATH), 0);
    folder_write(PATH, "1\n");
    pidfile_remove(&pidfile);
    ck_assert_str_eq(content(), "1\n");
}
END_TEST

START_TEST(after_a_fork_the_child_writes_its_own_pid_under_the_same_lock)
{
    folder_write(PATH, "99999999999999999999\n"); /* longer than any pid: nothing of it may stay */
    ck_assert_int_eq(pidfile_create(&pidfile, PATH, &err), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        _exit(pidfile_update(&pidfile, &err) == 0 ? 0 : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_str_eq(content(), line_of((long)child));
    ck_assert_int_eq(pidfile_read(PATH, &err), child);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_an_error_with_the_path)
{
    ck_assert_int_eq(pidfile_create(&pidfile, "no/such/folder/h.pid", &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "no/such/folder/h.pid"));
    ck_assert_int_eq(pidfile.fd, -1);
    ck_assert_ptr_null(pidfile.path);
}
END_TEST

START_TEST(a_file_that_was_handed_over_stays_locked_and_is_removed_at_the_end)
{
    struct pidfile next;
    ck_assert_int_eq(pidfile_create(&pidfile, PATH, &err), 0);
    ck_assert_int_eq(pidfile_adopt(&next, dup(pidfile.fd), PATH, &err), 0);
    ck_assert_int_eq(pidfile_read(PATH, &err), getpid());
    pidfile_remove(&next);
    ck_assert_int_ne(access(PATH, F_OK), 0);
}
END_TEST

START_TEST(a_file_that_is_not_at_its_path_any_more_is_not_adopted)
{
    struct pidfile next;
    ck_assert_int_eq(pidfile_create(&pidfile, PATH, &err), 0);
    ck_assert_int_eq(unlink(PATH), 0);
    ck_assert_int_eq(pidfile_adopt(&next, dup(pidfile.fd), PATH, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "was moved away, or replaced"));
    pidfile_remove(&next);
}
END_TEST

START_TEST(a_host_without_a_pid_file_has_nothing_to_update_or_remove)
{
    ck_assert_int_eq(pidfile_update(&pidfile, &err), 0);
    pidfile_remove(&pidfile);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("pidfile");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, the_file_holds_our_pid_as_long_as_we_live);
    tcase_add_test(cases, a_leftover_of_a_dead_host_is_taken_over_whole);
    tcase_add_test(cases, a_leftover_is_no_running_host);
    tcase_add_test(cases, no_file_says_where_it_was_looked_for);
    tcase_add_test(cases, a_second_host_is_refused_and_told_the_first_ones_pid);
    tcase_add_test(cases, the_next_host_may_come_once_the_first_is_gone);
    tcase_add_test(cases, a_file_that_somebody_else_put_there_meanwhile_is_not_removed);
    tcase_add_test(cases, after_a_fork_the_child_writes_its_own_pid_under_the_same_lock);
    tcase_add_test(cases, a_folder_that_is_not_there_is_an_error_with_the_path);
    tcase_add_test(cases, a_file_that_was_handed_over_stays_locked_and_is_removed_at_the_end);
    tcase_add_test(cases, a_file_that_is_not_at_its_path_any_more_is_not_adopted);
    tcase_add_test(cases, a_host_without_a_pid_file_has_nothing_to_update_or_remove);
    return suite_run("host/pidfile", cases);
}
