/*
 * core/base/log: one line a write, with a level, reopened on demand.
 */
#include "base/log.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/slice.h"
#include "support/fake_clock.h"
#include "support/suite.h"

static char folder[64];
static char path[128];
static char text[16384];

static void open_log(void)
{
    (void)snprintf(folder, sizeof(folder), "/tmp/hawser-log-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/error.log", folder);
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_int_eq(log_open(path, LOG_INFO, &err), 0);
    log_set_process("worker0");
    fake_clock_install();
}

static void close_log(void)
{
    fake_clock_remove();
    log_close();
    (void)unlink(path); /* a test may have moved it away */
    ck_assert_int_eq(rmdir(folder), 0);
}

static const char *content(const char *of)
{
    FILE *file = fopen(of, "r");
    ck_assert_ptr_nonnull(file);
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    text[len]  = 0;
    (void)fclose(file); /* it was read only */
    return text;
}

START_TEST(a_line_has_time_level_pid_process_and_text)
{
    setenv("TZ", "UTC", 1);
    log_write(LOG_WARN, "HW-TEST-001", "session=%s lost", "btc");
    char wanted[128];
    (void)snprintf(wanted, sizeof(wanted),
                   "2026/01/01 00:00:00.000 [warn] %d worker0: HW-TEST-001 session=btc lost\n",
                   (int)getpid());
    ck_assert_str_eq(content(path), wanted);
}
END_TEST

START_TEST(levels_below_the_configured_one_are_not_written)
{
    ck_assert_int_eq(log_wants(NULL, LOG_INFO), 1);
    ck_assert_int_eq(log_wants(NULL, LOG_DEBUG), 0);
    log_write(LOG_DEBUG, "HW-TEST-001", "quiet");
    log_write(LOG_INFO, "HW-TEST-001", "loud");
    log_write(99, "HW-TEST-001", "no such level");
    log_write(-1, "HW-TEST-001", "no such level");
    ck_assert_ptr_null(strstr(content(path), "quiet"));
    ck_assert_ptr_null(strstr(text, "no such level"));
    ck_assert_ptr_nonnull(strstr(text, "loud"));
}
END_TEST

START_TEST(control_characters_cannot_forge_a_line)
{
    log_write(LOG_ERROR, "HW-TEST-001", "peer said \"%s\"",
              "x\n2026/01/01 [emerg] all is lost\r\x1b[2J");
    (void)content(path);
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
    ck_assert_ptr_nonnull(strstr(text, "x\\x0a2026/01/01 [emerg] all is lost\\x0d\\x1b[2J"));
}
END_TEST

START_TEST(a_long_line_is_cut_with_dots_and_ends_in_a_newline)
{
    char word[8000];
    memset(word, 'a', sizeof(word) - 1);
    word[sizeof(word) - 1] = 0;
    log_write(LOG_ERROR, "HW-TEST-001", "%s", word);
    (void)content(path);
    size_t len = strlen(text);
    ck_assert_uint_lt(len, 4096);
    ck_assert_str_eq(text + len - 5, "a...\n");
}
END_TEST

START_TEST(reopen_writes_to_a_new_file_after_a_rename)
{
    char old[160];
    (void)snprintf(old, sizeof(old), "%s.1", path);
    log_write(LOG_INFO, "HW-TEST-001", "before");
    ck_assert_int_eq(rename(path, old), 0);
    log_write(LOG_INFO, "HW-TEST-001", "between");
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_int_eq(log_reopen(&err), 0);
    log_write(LOG_INFO, "HW-TEST-001", "after");
    ck_assert_ptr_nonnull(strstr(content(old), "between"));
    ck_assert_ptr_null(strstr(text, "after"));
    ck_assert_ptr_nonnull(strstr(content(path), "after"));
    ck_assert_int_eq(unlink(old), 0);
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_leaves_the_old_log_in_place)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_int_eq(log_open("/nonexistent/hawser/error.log", LOG_DEBUG, &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_CONF_FILE);
    ck_assert_int_eq(err.cause, ENOENT);
    ck_assert_ptr_nonnull(strstr(err.message, "/nonexistent/hawser/error.log"));
    ck_assert_int_eq(log_wants(NULL, LOG_DEBUG), 0);
    log_write(LOG_INFO, "HW-TEST-001", "still here");
    ck_assert_ptr_nonnull(strstr(content(path), "still here"));
    ck_assert_int_eq(log_reopen(&err), 0);
}
END_TEST

START_TEST(a_session_may_have_a_level_of_its_own)
{
    const struct log_subject loud  = {.kind = "session", .name = "loud", .level = LOG_DEBUG};
    const struct log_subject quiet = {.kind = "session", .name = "quiet", .level = LOG_ERROR};
    log_about(&loud, LOG_DEBUG, "HW-TEST-001", "detail");
    log_about(&quiet, LOG_WARN, "HW-TEST-001", "noise");
    log_about(LOG_SUBJECT("output", "ticks"), LOG_DEBUG, "HW-TEST-001", "as all");
    ck_assert_ptr_nonnull(strstr(content(path), "HW-TEST-001 session=loud detail\n"));
    ck_assert_ptr_null(strstr(text, "noise"));
    ck_assert_ptr_null(strstr(text, "as all"));
}
END_TEST

START_TEST(a_secret_is_masked_in_a_line)
{
    ck_assert_int_eq(secret_add(slice_of("canary-4711")), 0);
    log_write(LOG_ERROR, "HW-TEST-001", "the exchange says: no such key canary-4711");
    secret_remove(slice_of("canary-4711"));
    ck_assert_ptr_nonnull(strstr(content(path), "no such key ***\n"));
}
END_TEST

static int losses_heard;

static void on_loss(void *arg)
{
    (void)arg;
    losses_heard++;
}

/* A limit of the file's size fails as a full disk does: after what still fits. */
START_TEST(a_full_disk_loses_lines_counts_them_and_tells_when_it_is_over)
{
    struct rlimit small   = {.rlim_cur = 100, .rlim_max = RLIM_INFINITY};
    struct rlimit endless = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    int why               = 0;
    uint64_t before       = log_losses(NULL);
    (void)signal(SIGXFSZ, SIG_IGN);
    log_watch_losses(on_loss, NULL);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    log_write(LOG_ERROR, "HW-TEST-001", "first");
    log_write(LOG_ERROR, "HW-TEST-001", "torn");
    log_write(LOG_ERROR, "HW-TEST-001", "gone");
    ck_assert_uint_eq(log_losses(&why) - before, (uint64_t)losses_heard);
    ck_assert_int_eq(why, EFBIG);
    ck_assert_int_eq(losses_heard, 2);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &endless), 0);
    log_write(LOG_ERROR, "HW-TEST-001", "again");
    log_watch_losses(NULL, NULL);
    ck_assert_ptr_null(strstr(content(path), "gone"));
    ck_assert_ptr_nonnull(strstr(text, "HW-TEST-001 again\n"));
    ck_assert_ptr_nonnull(strstr(text, "HW-BASE-001 2 lines before this one were lost: File too"));
    ck_assert_int_eq(strchr(text, '\n')[1], '2'); /* a torn line has an end before the next */
    (void)log_losses(&why);
    ck_assert_int_eq(why, 0);
}
END_TEST

START_TEST(a_reader_that_is_stuck_is_not_waited_for)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    uint64_t before         = log_losses(NULL);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(log_reopen(&err), -1); /* nobody reads it: not waited for either */
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    ck_assert_int_ge(reader, 0);
    ck_assert_int_eq(log_reopen(&err), 0);
    for (int i = 0; i < 2000; i++) { /* more than a pipe holds */
        log_write(LOG_ERROR, "HW-TEST-001", "one line of a log that nobody reads, again and again");
    }
    ck_assert_uint_gt(log_losses(NULL), before);
    (void)close(reader); /* it was read only */
}
END_TEST

START_TEST(standard_error_of_a_service_gets_priorities)
{
    char stream[64];
    struct stat about;
    struct hawser_error err = HAWSER_ERROR_INIT;
    int kept                = dup(STDERR_FILENO);
    ck_assert_int_eq(log_open("stderr", LOG_INFO, &err), 0);
    ck_assert_ptr_nonnull(freopen(path, "a", stderr));
    ck_assert_int_eq(fstat(STDERR_FILENO, &about), 0);
    (void)snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)about.st_dev,
                   (unsigned long long)about.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log_use_style(0);
    log_write(LOG_WARN, "HW-TEST-001", "for the journal");
    setenv("JOURNAL_STREAM", "1:1", 1); /* of the one that started a shell that started us */
    log_use_style(0);
    log_write(LOG_WARN, "HW-TEST-001", "for a person");
    ck_assert_int_eq(dup2(kept, STDERR_FILENO), STDERR_FILENO);
    ck_assert_int_eq(strncmp(content(path), "<4>2026/", 8), 0);
    ck_assert_int_eq(strchr(text, '\n')[1], '2');
}
END_TEST

START_TEST(writing_a_line_leaves_errno_alone)
{
    errno = EAGAIN;
    log_write(LOG_ERROR, "HW-TEST-001", "text");
    ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

START_TEST(level_names_and_numbers_are_each_others_inverse)
{
    for (int level = 0; level < HAWSER_LOG_LEVEL_COUNT; level++) {
        ck_assert_int_eq(log_level_parse(log_level_name(level)), level);
    }
    ck_assert_int_eq(log_level_parse("loud"), -1);
    ck_assert_int_eq(log_level_parse(""), -1);
    ck_assert_str_eq(log_level_name(HAWSER_LOG_LEVEL_COUNT), "?");
    ck_assert_str_eq(log_level_name(-1), "?");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("log");
    tcase_add_checked_fixture(cases, open_log, close_log);
    tcase_add_test(cases, a_line_has_time_level_pid_process_and_text);
    tcase_add_test(cases, levels_below_the_configured_one_are_not_written);
    tcase_add_test(cases, control_characters_cannot_forge_a_line);
    tcase_add_test(cases, a_long_line_is_cut_with_dots_and_ends_in_a_newline);
    tcase_add_test(cases, reopen_writes_to_a_new_file_after_a_rename);
    tcase_add_test(cases, a_file_that_cannot_be_opened_leaves_the_old_log_in_place);
    tcase_add_test(cases, a_session_may_have_a_level_of_its_own);
    tcase_add_test(cases, a_secret_is_masked_in_a_line);
    tcase_add_test(cases, a_full_disk_loses_lines_counts_them_and_tells_when_it_is_over);
    tcase_add_test(cases, a_reader_that_is_stuck_is_not_waited_for);
    tcase_add_test(cases, standard_error_of_a_service_gets_priorities);
    tcase_add_test(cases, writing_a_line_leaves_errno_alone);
    tcase_add_test(cases, level_names_and_numbers_are_each_others_inverse);
    return suite_run("base/log", cases);
}
