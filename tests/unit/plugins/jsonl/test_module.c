/*
 * The module against real files: whole lines after a crash, a cut write, a full disk, a rotation.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hawser/output.h"
#include "support/fake_host.h"

#define LONG_LINE_BYTES (1 << 20)

extern const struct hawser_module hawser_module;

static const struct hawser_output *vtable;
static struct fake_host *fake;
static void *output;
static char folder[64];
static char path[128];
static struct hawser_error err;

static void set_up(void)
{
    (void)umask(022);
    memcpy(folder, "/tmp/hawser-jsonl-XXXXXX", sizeof("/tmp/hawser-jsonl-XXXXXX"));
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_gt(snprintf(path, sizeof(path), "%s/out.jsonl", folder), 0);
    fake   = fake_host_create(&hawser_module);
    vtable = hawser_module.vtable.output;
    err    = (struct hawser_error)HAWSER_ERROR_INIT;
}

static void tear_down(void)
{
    if (output != NULL) {
        vtable->destroy(output);
    }
    output = NULL;
    ck_assert_uint_eq(fake->broken_rules, 0);
    fake_host_destroy(fake);
    char rotated[160];
    ck_assert_int_gt(snprintf(rotated, sizeof(rotated), "%s.1", path), 0);
    (void)unlink(path); /* not every test makes them */
    (void)unlink(rotated);
    ck_assert_int_eq(rmdir(folder), 0);
}

static int create(void)
{
    return vtable->create(fake_host_table(), fake_host_instance(fake), &output, &err);
}

static void start(void)
{
    fake_host_set(fake, "path", path, NULL);
    int rc = create();
    ck_assert_msg(rc == 0, "%s", err.message);
}

static void fill(struct hawser_record *records, uint64_t first, size_t count)
{
    err = (struct hawser_error)HAWSER_ERROR_INIT;
    for (size_t i = 0; i < count; i++) {
        records[i] = (struct hawser_record){.struct_size = sizeof(records[i]),
                                            .flags       = HAWSER_DELIVERY_JSON,
                                            .sequence    = first + i,
                                            .session     = {"s", 1},
                                            .data        = {"[]", 2}};
    }
}

static size_t write_numbers(uint64_t first, size_t count)
{
    struct hawser_record records[600];
    ck_assert_uint_le(count, sizeof(records) / sizeof(records[0]));
    fill(records, first, count);
    return vtable->write(output, records, count, &err);
}

/* A disk with room for a file of so many bytes. Check writes files of its own at each assertion, so
 * that none stands between the limits. */
static size_t write_limited(size_t room, uint64_t first, size_t count)
{
    struct rlimit limit = {0, 0};
    ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    struct rlimit small = {room, limit.rlim_max};
    struct hawser_record records[32];
    ck_assert_uint_le(count, sizeof(records) / sizeof(records[0]));
    fill(records, first, count);
    int rc      = setrlimit(RLIMIT_FSIZE, &small);
    size_t done = vtable->write(output, records, count, &err);
    rc |= setrlimit(RLIMIT_FSIZE, &limit);
    ck_assert_int_eq(rc, 0);
    return done;
}

static void put_file(const char *bytes)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(bytes, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* The file holds `skip` other lines, then the numbers first..last, each a whole line. */
static void holds(const char *name, int skip, uint64_t first, uint64_t last)
{
    char line[512];
    char wanted[512];
    FILE *file = fopen(name, "r");
    ck_assert_msg(file != NULL, "%s: %s", name, strerror(errno));
    for (; skip > 0; skip--) {
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
    }
    for (uint64_t n = first; n <= last; n++) {
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
        ck_assert_int_gt(snprintf(wanted, sizeof(wanted),
                                  "{\"time\":0,\"session\":\"s\",\"epoch\":0,\"seq\":%u,"
                                  "\"data\":[]}\n",
                                  (unsigned)n),
                         0);
        ck_assert_str_eq(line, wanted);
    }
    ck_assert_ptr_null(fgets(line, sizeof(line), file));
    (void)fclose(file);
}

START_TEST(lines_are_appended_to_what_is_there)
{
    struct stat st;
    put_file("{\"old\":1}\n");
    start();
    ck_assert_uint_eq(write_numbers(1, 600), 600);
    holds(path, 1, 1, 600);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(fake_host_counter(fake, "bytes"), (uint64_t)st.st_size - 10);
}
END_TEST

START_TEST(a_file_is_made_with_its_mode)
{
    struct stat st;
    (void)umask(0);
    fake_host_set(fake, "mode", "0604", NULL);
    start();
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0604);
}
END_TEST

START_TEST(a_torn_last_line_is_ended_before_the_first_new_one)
{
    put_file("{\"old\":1}\n{\"to");
    start();
    ck_assert_uint_eq(write_numbers(1, 2), 2);
    holds(path, 2, 1, 2);
}
END_TEST

/* A process that appends as a worker does: it holds the file, and each line is one write. */
static pid_t append_long_lines(void)
{
    pid_t pid = fork();
    if (pid != 0) {
        return pid;
    }
    static char line[LONG_LINE_BYTES];
    int fd = open(path, O_WRONLY | O_APPEND);
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\n';
    if (fd < 0 || flock(fd, LOCK_SH) != 0) {
        _exit(1);
    }
    while (write(fd, line, sizeof(line)) == (ssize_t)sizeof(line)) {
        (void)usleep(1000);
    }
    _exit(1);
}

static off_t size_of_file(void)
{
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    return st.st_size;
}

static void has_no_empty_line(void)
{
    size_t len = (size_t)size_of_file();
    int fd     = open(path, O_RDONLY);
    void *text = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
    ck_assert_ptr_ne(text, MAP_FAILED);
    ck_assert_ptr_null(memmem(text, len, "\n\n", 2));
    (void)munmap(text, len);
    (void)close(fd);
}

START_TEST(a_line_that_another_is_writing_is_not_torn)
{
    put_file("{\"old\":1}\n");
    pid_t writer = append_long_lines();
    ck_assert_int_gt(writer, 0);
    while (size_of_file() < LONG_LINE_BYTES) {
        (void)usleep(1000);
    }
    for (uint64_t n = 1; n <= 20; n++) {
        start();
        ck_assert_uint_eq(write_numbers(n, 1), 1);
        vtable->destroy(output);
        output = NULL;
    }
    ck_assert_int_eq(kill(writer, SIGKILL), 0);
    ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
    has_no_empty_line();
}
END_TEST

START_TEST(a_torn_line_is_ended_also_while_others_have_the_file)
{
    put_file("{\"old\":1}\n{\"to");
    int other = open(path, O_WRONLY | O_APPEND);
    ck_assert_int_ge(other, 0);
    ck_assert_int_eq(flock(other, LOCK_SH), 0);
    start();
    ck_assert_uint_eq(write_numbers(1, 2), 2);
    holds(path, 2, 1, 2);
    (void)close(other);
}
END_TEST

START_TEST(a_write_cut_anywhere_is_continued_where_it_stopped)
{
    start();
    size_t done = 0;
    for (size_t room = 1; done < 20; room += 23) {
        size_t n = write_limited(room, done + 1, 20 - done);
        ck_assert_uint_eq(err.code, n == 20 - done ? 0 : HAWSER_OUTPUT_WRITE);
        done += n;
    }
    holds(path, 0, 1, 20);
}
END_TEST

START_TEST(a_full_disk_is_an_error_that_names_file_and_cause)
{
    fake_host_set(fake, "path", "/dev/full", NULL);
    ck_assert_int_eq(create(), 0);
    ck_assert_uint_eq(write_numbers(1, 3), 0);
    ck_assert_uint_eq(err.code, HAWSER_OUTPUT_WRITE);
    ck_assert_int_eq(err.cause, ENOSPC);
    ck_assert_uint_eq(err.cause_kind, HAWSER_CAUSE_ERRNO);
    ck_assert_ptr_nonnull(strstr(err.message, "/dev/full cannot be written: No space left"));
}
END_TEST

START_TEST(after_a_rotation_lines_go_to_the_new_file)
{
    char rotated[160];
    ck_assert_int_gt(snprintf(rotated, sizeof(rotated), "%s.1", path), 0);
    start();
    ck_assert_uint_eq(write_numbers(1, 2), 2);
    ck_assert_int_eq(rename(path, rotated), 0);
    ck_assert_uint_eq(write_numbers(3, 1), 1);
    ck_assert_int_eq(vtable->reopen(output, &err), 0);
    ck_assert_uint_eq(write_numbers(4, 2), 2);
    holds(rotated, 0, 1, 3);
    holds(path, 0, 4, 5);
}
END_TEST

START_TEST(a_line_cut_before_a_rotation_is_whole_in_the_new_file)
{
    char rotated[160];
    ck_assert_int_gt(snprintf(rotated, sizeof(rotated), "%s.1", path), 0);
    start();
    ck_assert_uint_eq(write_limited(20, 1, 1), 0);
    ck_assert_int_eq(rename(path, rotated), 0);
    ck_assert_int_eq(vtable->reopen(output, &err), 0);
    ck_assert_uint_eq(write_numbers(1, 1), 1);
    holds(path, 0, 1, 1);
}
END_TEST

START_TEST(a_reopen_that_fails_keeps_the_old_file)
{
    start();
    ck_assert_uint_eq(write_numbers(1, 1), 1);
    char moved[80];
    ck_assert_int_gt(snprintf(moved, sizeof(moved), "%s.moved", folder), 0);
    ck_assert_int_eq(rename(folder, moved), 0);
    ck_assert_int_eq(vtable->reopen(output, &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_OUTPUT_WRITE);
    ck_assert_uint_eq(write_numbers(2, 1), 1);
    ck_assert_int_eq(rename(moved, folder), 0);
    holds(path, 0, 1, 2);
}
END_TEST

START_TEST(stdout_is_a_word_and_no_path)
{
    char line[200] = {0};
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    int saved = dup(STDOUT_FILENO);
    ck_assert_int_eq(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
    fake_host_set(fake, "path", "stdout", NULL);
    ck_assert_int_eq(create(), 0);
    ck_assert_uint_eq(write_numbers(1, 1), 1);
    ck_assert_int_eq(vtable->reopen(output, &err), 0);
    ck_assert_int_eq(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
    ck_assert_int_gt(read(ends[0], line, sizeof(line) - 1), 0);
    ck_assert_str_eq(line, "{\"time\":0,\"session\":\"s\",\"epoch\":0,\"seq\":1,\"data\":[]}\n");
    (void)close(ends[0]);
    (void)close(ends[1]);
    (void)close(saved);
}
END_TEST

START_TEST(flush_with_sync_works_on_files_and_on_devices)
{
    fake_host_set(fake, "sync", "on", NULL);
    fake_host_set(fake, "path", _i == 0 ? path : "/dev/null", NULL);
    ck_assert_int_eq(create(), 0);
    ck_assert_uint_eq(write_numbers(1, 1), 1);
    ck_assert_int_eq(vtable->flush(output, &err), 0);
}
END_TEST

START_TEST(the_check_refuses_what_cannot_work_and_makes_nothing)
{
    static const char *const bad[][3] = {
        {"mode", "rw", "such as 0640"},
        {"mode", "9999", "such as 0640"},
        {"mode", "7777", "such as 0640"},
        {"path", "/nonexistent/a.jsonl", "there is no folder /nonexistent"},
        {"path", "/", "is a folder"},
    };
    if (strcmp(bad[_i][0], "path") != 0) {
        fake_host_set(fake, "path", path, NULL);
    }
    fake_host_set(fake, bad[_i][0], bad[_i][1], NULL);
    ck_assert_int_eq(vtable->check(fake_host_table(), fake_host_instance(fake), &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_CONF_DIRECTIVE);
    ck_assert_ptr_nonnull(strstr(err.message, bad[_i][2]));
    ck_assert_int_eq(create(), -1);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_is_named)
{
    ck_assert_int_eq(mkfifo(path, 0600), 0); /* without a reader it cannot be opened */
    fake_host_set(fake, "path", path, NULL);
    ck_assert_int_eq(create(), -1);
    ck_assert_uint_eq(err.code, HAWSER_MODULE_INIT);
    ck_assert_ptr_nonnull(strstr(err.message, path));
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jsonl_module");
    TCase *tests = tcase_create("jsonl_module");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, lines_are_appended_to_what_is_there);
    tcase_add_test(tests, a_file_is_made_with_its_mode);
    tcase_add_test(tests, a_torn_last_line_is_ended_before_the_first_new_one);
    tcase_add_test(tests, a_line_that_another_is_writing_is_not_torn);
    tcase_add_test(tests, a_torn_line_is_ended_also_while_others_have_the_file);
    tcase_add_test(tests, a_write_cut_anywhere_is_continued_where_it_stopped);
    tcase_add_test(tests, a_full_disk_is_an_error_that_names_file_and_cause);
    tcase_add_test(tests, after_a_rotation_lines_go_to_the_new_file);
    tcase_add_test(tests, a_line_cut_before_a_rotation_is_whole_in_the_new_file);
    tcase_add_test(tests, a_reopen_that_fails_keeps_the_old_file);
    tcase_add_test(tests, stdout_is_a_word_and_no_path);
    tcase_add_loop_test(tests, flush_with_sync_works_on_files_and_on_devices, 0, 2);
    tcase_add_loop_test(tests, the_check_refuses_what_cannot_work_and_makes_nothing, 0, 5);
    tcase_add_test(tests, a_file_that_cannot_be_opened_is_named);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
