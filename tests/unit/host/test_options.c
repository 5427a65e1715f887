/*
 * The command line: each option, nginx's rules for paths, and what a wrong one says.
 */
#include "host/options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/suite.h"
#include "unit/conf/conf_fixture.h"

static struct options options;
static struct hawser_error err;
static char here[4096];

static void set_up(void)
{
    folder_setup();
    ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
    options = (struct options){0};
    err     = (struct hawser_error)HAWSER_ERROR_INIT;
}

static void tear_down(void)
{
    options_fini(&options);
    folder_teardown();
}

/* Words of a command line, separated by single blanks; they live to the end of the test. */
static int parse(const char *line)
{
    static char copy[1024];
    static char *words[32];
    int count = 0;
    ck_assert_uint_lt(strlen(line), sizeof(copy));
    memcpy(copy, line, strlen(line) + 1);
    for (char *at = copy; at != NULL && *at != '\0';) {
        char *blank    = strchr(at, ' ');
        words[count++] = at;
        if (blank != NULL) {
            *blank = '\0';
        }
        at = blank == NULL ? NULL : blank + 1;
    }
    words[count] = NULL;
    return options_parse(&options, count, words, &err);
}

START_TEST(without_options_the_host_runs_with_the_built_in_paths)
{
    ck_assert_int_eq(parse("hawser"), 0);
    ck_assert_int_eq(options.action, OPTIONS_RUN);
    ck_assert_str_eq(options.prefix, HAWSER_DEFAULT_PREFIX);
    ck_assert_str_eq(options.config, HAWSER_DEFAULT_CONFIG);
    ck_assert_ptr_null(options.directives);
    ck_assert_ptr_null(options.error_log);
    ck_assert_int_eq(options.quiet, 0);
    ck_assert_int_eq(options.wait_ms, 30000);
}
END_TEST

static const struct {
    const char *line;
    enum options_action action;
} ACTIONS[] = {{"hawser -t", OPTIONS_TEST},           {"hawser -T", OPTIONS_PRINT},
               {"hawser -v", OPTIONS_VERSION},        {"hawser -V", OPTIONS_BUILD},
               {"hawser -h", OPTIONS_HELP},           {"hawser --help", OPTIONS_HELP},
               {"hawser --version", OPTIONS_VERSION}, {"hawser -s stop", OPTIONS_SIGNAL},
               {"hawser -s quit", OPTIONS_SIGNAL},    {"hawser -s reload", OPTIONS_SIGNAL},
               {"hawser -s reopen", OPTIONS_SIGNAL},  {"hawser -m x.so", OPTIONS_DESCRIBE},
               {"hawser -qt", OPTIONS_TEST},          {"hawser -Tt", OPTIONS_PRINT},
               {"hawser -tT", OPTIONS_PRINT},         {"hawser -Vv", OPTIONS_BUILD},
               {"hawser -ht", OPTIONS_HELP},          {"hawser -s stop -v", OPTIONS_VERSION}};

START_TEST(each_option_that_asks_for_something_is_understood)
{
    ck_assert_msg(parse(ACTIONS[_i].line) == 0, "%s: %s", ACTIONS[_i].line, err.message);
    ck_assert_int_eq(options.action, ACTIONS[_i].action);
}
END_TEST

START_TEST(values_stand_in_the_next_word_or_in_the_same)
{
    ck_assert_int_eq(parse("hawser -q -g daemon_off; -estderr -s reload --wait=90s"), 0);
    ck_assert_int_eq(options.quiet, 1);
    ck_assert_str_eq(options.directives, "daemon_off;");
    ck_assert_str_eq(options.error_log, "stderr");
    ck_assert_str_eq(options.signal, "reload");
    ck_assert_int_eq(options.wait_ms, 90000);
}
END_TEST

START_TEST(wait_without_a_time_keeps_the_default)
{
    ck_assert_int_eq(parse("hawser -s reload --wait"), 0);
    ck_assert_int_eq(options.wait_ms, 30000);
}
END_TEST

START_TEST(a_test_may_ask_for_the_plan_too)
{
    ck_assert_int_eq(parse("hawser -t --plan --json"), 0);
    ck_assert_int_eq(options.action, OPTIONS_TEST);
    ck_assert_int_eq(options.plan, 1);
    ck_assert_int_eq(options.json, 1);
}
END_TEST

static void expect_path(const char *got, const char *base, const char *path)
{
    char wanted[8192];
    snprintf(wanted, sizeof(wanted), "%s/%s", base, path);
    ck_assert_str_eq(got, wanted);
}

START_TEST(a_relative_prefix_starts_from_the_current_folder)
{
    ck_assert_int_eq(parse("hawser -p site"), 0);
    expect_path(options.prefix, here, "site");
}
END_TEST

START_TEST(a_relative_config_starts_from_the_prefix)
{
    folder_write("site/x.conf", "");
    folder_write("x.conf", "");
    ck_assert_int_eq(parse("hawser -p site -c x.conf"), 0);
    expect_path(options.config, here, "site/x.conf");
}
END_TEST

START_TEST(a_config_that_only_the_current_folder_has_is_what_was_meant)
{
    folder_write("only.conf", "");
    ck_assert_int_eq(parse("hawser -p site -c only.conf"), 0);
    expect_path(options.config, here, "only.conf");
}
END_TEST

START_TEST(a_config_that_is_nowhere_is_looked_for_below_the_prefix)
{
    ck_assert_int_eq(parse("hawser -p site -c none.conf"), 0);
    expect_path(options.config, here, "site/none.conf");
}
END_TEST

START_TEST(absolute_paths_stay_and_the_last_of_several_counts)
{
    ck_assert_int_eq(parse("hawser -p /a -p /b -c /c.conf -c /d.conf"), 0);
    ck_assert_str_eq(options.prefix, "/b");
    ck_assert_str_eq(options.config, "/d.conf");
}
END_TEST

static const struct {
    const char *line;
    const char *part;
} WRONG[] = {{"hawser -s restart", "stop, quit, reload or reopen"},
             {"hawser -c", "\"-c\" needs an argument"},
             {"hawser -x", "unknown option \"-x\""},
             {"hawser --frobnicate", "unknown option \"--frobnicate\""},
             {"hawser start", "unexpected argument \"start\""},
             {"hawser -t extra", "unexpected argument \"extra\""},
             {"hawser -s reload --wait=soon", "soon"},
             {"hawser -t -s stop", "give one of them"},
             {"hawser -s stop -T", "give one of them"},
             {"hawser -m x.so -t", "give one of them"},
             {"hawser -s quit -m x.so", "give one of them"},
             {"hawser --plan", "--plan goes with -t"},
             {"hawser -T --plan", "--plan goes with -t"},
             {"hawser -t --json", "--json with --plan"}};

START_TEST(a_wrong_line_says_what_is_wrong_with_it)
{
    ck_assert_msg(parse(WRONG[_i].line) == -1, "%s", WRONG[_i].line);
    ck_assert_msg(strstr(err.message, WRONG[_i].part) != NULL, "%s", err.message);
}
END_TEST

START_TEST(the_help_names_every_option)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out  = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(out);
    options_print_help(out);
    ck_assert_int_eq(fclose(out), 0);
    static const char *const OPTIONS[] = {"-c ", "-p ", "-t ",    "-T ",    "-q ",
                                          "-g ", "-e ", "-s ",    "-m ",    "-v ",
                                          "-V",  "-h ", "--wait", "--plan", "--json"};
    for (size_t i = 0; i < sizeof(OPTIONS) / sizeof(OPTIONS[0]); i++) {
        ck_assert_msg(strstr(text, OPTIONS[i]) != NULL, "%s", OPTIONS[i]);
    }
    free(text);
}
END_TEST

START_TEST(the_version_and_how_it_was_built_are_told)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out  = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(out);
    options_print_build(out);
    ck_assert_int_eq(fclose(out), 0);
    static const char *const PARTS[] = {HAWSER_VERSION, "module ABI: ", "OpenSSL", "libevent",
                                        HAWSER_DEFAULT_CONFIG};
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
        ck_assert_msg(strstr(text, PARTS[i]) != NULL, "%s", PARTS[i]);
    }
    free(text);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
    TCase *cases = tcase_create("options");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, without_options_the_host_runs_with_the_built_in_paths);
    tcase_add_loop_test(cases, each_option_that_asks_for_something_is_understood, 0,
                        COUNT(ACTIONS));
    tcase_add_test(cases, values_stand_in_the_next_word_or_in_the_same);
    tcase_add_test(cases, wait_without_a_time_keeps_the_default);
    tcase_add_test(cases, a_test_may_ask_for_the_plan_too);
    tcase_add_test(cases, a_relative_prefix_starts_from_the_current_folder);
    tcase_add_test(cases, a_relative_config_starts_from_the_prefix);
    tcase_add_test(cases, a_config_that_only_the_current_folder_has_is_what_was_meant);
    tcase_add_test(cases, a_config_that_is_nowhere_is_looked_for_below_the_prefix);
    tcase_add_test(cases, absolute_paths_stay_and_the_last_of_several_counts);
    tcase_add_loop_test(cases, a_wrong_line_says_what_is_wrong_with_it, 0, COUNT(WRONG));
    tcase_add_test(cases, the_help_names_every_option);
    tcase_add_test(cases, the_version_and_how_it_was_built_are_told);
    return suite_run("host/options", cases);
}
