/*
 * What a config says of the host as a whole, and what holds where it says nothing.
 */
#include "host/settings.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "support/suite.h"
#include "trees.h"

static struct settings settings;

static void read_settings(const char *text, const char *log_override)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct conf_tree *tree  = tree_of(text);
    ck_assert_int_eq(settings_read(&settings, tree, "/prefix", log_override, &err), 0);
    ck_assert_uint_eq(err.code, 0);
    conf_tree_destroy(tree); /* nothing may be borrowed from it */
}

static void tear_down(void)
{
    settings_fini(&settings);
}

START_TEST(an_empty_config_gives_the_defaults)
{
    read_settings("", NULL);
    ck_assert_uint_eq(settings.workers, 1);
    ck_assert_int_eq(settings.daemon, 1);
    ck_assert_int_eq(settings.master_process, 1);
    ck_assert_int_eq(settings.log_level, LOG_NOTICE);
    ck_assert_int_eq(settings.shutdown_timeout_ms, 10000);
    ck_assert_int_eq(settings.worker_timeout_ms, 10000);
    ck_assert_int_eq(settings.callback_budget_ms, 100);
    ck_assert_uint_eq(settings.quarantine.most, 3);
    ck_assert_int_eq(settings.quarantine.within, 600 * CLOCK_NS_PER_S);
    ck_assert_uint_eq(settings.restarts.most, 5);
    ck_assert_int_eq(settings.restarts.within, 10 * CLOCK_NS_PER_S);
    ck_assert_str_eq(settings.log_path, "/prefix/logs/error.log");
    ck_assert_str_eq(settings.pid_path, "/prefix/run/hawser.pid");
    ck_assert_str_eq(settings.control_path, "/prefix/run/control.sock");
    ck_assert_uint_eq(settings.control_mode, 0600);
    ck_assert_ptr_null(settings.control_group);
    ck_assert_ptr_null(settings.user);
}
END_TEST

static int64_t busy_poll_of(const char *text)
{
    struct conf_tree *tree = tree_of(text);
    int64_t ms             = settings_busy_poll_ms(tree);
    conf_tree_destroy(tree);
    return ms;
}

START_TEST(busy_poll_is_never_always_or_for_a_time)
{
    ck_assert_int_eq(busy_poll_of(""), 0);
    ck_assert_int_eq(busy_poll_of("busy_poll off;"), 0);
    ck_assert_int_eq(busy_poll_of("busy_poll on;"), -1);
    ck_assert_int_eq(busy_poll_of("busy_poll 5ms;"), 5);
}
END_TEST

START_TEST(every_setting_is_read)
{
    read_settings("worker_processes 7; daemon off; master_process off; user nobody; "
                  "error_log /var/log/h.log debug; pid p; control unix:c mode=660 group=ops; "
                  "shutdown_timeout 1m30s; worker_timeout off; callback_budget off;"
                  "worker_restarts most=7 within=1m; quarantine most=0;",
                  NULL);
    ck_assert_uint_eq(settings.workers, 7);
    ck_assert_int_eq(settings.daemon, 0);
    ck_assert_int_eq(settings.master_process, 0);
    ck_assert_int_eq(settings.log_level, LOG_DEBUG);
    ck_assert_int_eq(settings.shutdown_timeout_ms, 90000);
    ck_assert_int_eq(settings.worker_timeout_ms, 0);
    ck_assert_int_eq(settings.callback_budget_ms, 0);
    ck_assert_uint_eq(settings.quarantine.most, 0);
    ck_assert_uint_eq(settings.restarts.most, 7);
    ck_assert_int_eq(settings.restarts.within, 60 * CLOCK_NS_PER_S);
    ck_assert_str_eq(settings.log_path, "/var/log/h.log");
    ck_assert_str_eq(settings.pid_path, "/prefix/p");
    ck_assert_str_eq(settings.control_path, "/prefix/c");
    ck_assert_uint_eq(settings.control_mode, 0660);
    ck_assert_str_eq(settings.control_group, "ops");
    ck_assert_str_eq(settings.user, "nobody");
}
END_TEST

START_TEST(standard_error_is_no_path)
{
    read_settings("error_log stderr warn;", NULL);
    ck_assert_str_eq(settings.log_path, "stderr");
    ck_assert_int_eq(settings.log_level, LOG_WARN);
}
END_TEST

START_TEST(the_command_line_names_another_log_and_keeps_the_level)
{
    read_settings("error_log a.log info;", "b.log");
    ck_assert_str_eq(settings.log_path, "/prefix/b.log");
    ck_assert_int_eq(settings.log_level, LOG_INFO);
    settings_fini(&settings);
    read_settings("error_log a.log info;", "stderr");
    ck_assert_str_eq(settings.log_path, "stderr");
}
END_TEST

START_TEST(a_control_socket_that_is_off_has_no_path)
{
    read_settings("control off;", NULL);
    ck_assert_ptr_null(settings.control_path);
}
END_TEST

START_TEST(auto_means_a_worker_for_each_processor)
{
    read_settings("worker_processes auto;", NULL);
    ck_assert_int_eq((long)settings.workers, sysconf(_SC_NPROCESSORS_ONLN));
}
END_TEST

START_TEST(workers_stay_in_their_bounds_whatever_a_tree_says)
{
    read_settings("worker_processes 100000;", NULL);
    ck_assert_uint_eq(settings.workers, SETTINGS_MAX_WORKERS);
    settings_fini(&settings);
    read_settings("worker_processes -3;", NULL);
    ck_assert_uint_eq(settings.workers, 1);
}
END_TEST

START_TEST(a_word_of_the_main_block_is_the_configs_or_the_default)
{
    struct conf_tree *tree = tree_of("pid x;");
    ck_assert_str_eq(settings_main_word(tree, "pid"), "x");
    ck_assert_str_eq(settings_main_word(tree, "shutdown_timeout"), "10s");
    ck_assert_ptr_null(settings_main_word(tree, "user"));
    conf_tree_destroy(tree);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("settings");
    tcase_add_checked_fixture(cases, NULL, tear_down);
    tcase_add_test(cases, an_empty_config_gives_the_defaults);
    tcase_add_test(cases, busy_poll_is_never_always_or_for_a_time);
    tcase_add_test(cases, every_setting_is_read);
    tcase_add_test(cases, standard_error_is_no_path);
    tcase_add_test(cases, the_command_line_names_another_log_and_keeps_the_level);
    tcase_add_test(cases, a_control_socket_that_is_off_has_no_path);
    tcase_add_test(cases, auto_means_a_worker_for_each_processor);
    tcase_add_test(cases, workers_stay_in_their_bounds_whatever_a_tree_says);
    tcase_add_test(cases, a_word_of_the_main_block_is_the_configs_or_the_default);
    return suite_run("host/settings", cases);
}
