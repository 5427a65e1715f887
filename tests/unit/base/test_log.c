/*
 * core/base/log: one line a write, with a level, reopened on demand.
 */
#include "base/log.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
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
    log_write(LOG_WARN, "session=%s lost", "btc");
    char wanted[128];
    (void)snprintf(wanted, sizeof(wanted),
                   "2026/01/01 00:00:00.000 [warn] %d worker0: session=btc lost\n", (int)getpid());
    ck_assert_str_eq(content(path), wanted);
}
END_TEST

START_TEST(levels_below_the_configured_one_are_not_written)
{
    ck_assert_int_eq(log_wants(LOG_INFO), 1);
    ck_assert_int_eq(log_wants(LOG_DEBUG), 0);
    log_write(LOG_DEBUG, "quiet");
    log_write(LOG_INFO, "loud");
    log_write(99, "no such level");
    log_write(-1, "no such level");
    ck_assert_ptr_null(strstr(content(path), "quiet"));
    ck_assert_ptr_null(strstr(text, "no such level"));
    ck_assert_ptr_nonnull(strstr(text, "loud"));
}
END_TEST

START_TEST(control_characters_cannot_forge_a_line)
{
    log_write(LOG_ERROR, "peer said \"%s\"", "x\n2026/01/01 [emerg] all is lost\r\x1b[2J");
    (void)content(path);
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
    ck_assert_ptr_nonnull(strstr(text, "x?2026/01/01 [emerg] all is lost??[2J"));
}
END_TEST

START_TEST(a_long_line_is_cut_with_dots_and_ends_in_a_newline)
{
    char word[8000];
    memset(word, 'a', sizeof(word) - 1);
    word[sizeof(word) - 1] = 0;
    log_write(LOG_ERROR, "%s", word);
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
    log_write(LOG_INFO, "before");
    ck_assert_int_eq(rename(path, old), 0);
    log_write(LOG_INFO, "between");
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_int_eq(log_reopen(&err), 0);
    log_write(LOG_INFO, "after");
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
    ck_assert_int_eq(log_wants(LOG_DEBUG), 0);
    log_write(LOG_INFO, "still here");
    ck_assert_ptr_nonnull(strstr(content(path), "still here"));
    ck_assert_int_eq(log_reopen(&err), 0);
}
END_TEST

START_TEST(writing_a_line_leaves_errno_alone)
{
    errno = EAGAIN;
    log_write(LOG_ERROR, "text");
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
    tcase_add_test(cases, writing_a_line_leaves_errno_alone);
    tcase_add_test(cases, level_names_and_numbers_are_each_others_inverse);
    return suite_run("base/log", cases);
}
