/*
 * What -t says of places: files, folders, groups, certificates, addresses that cannot work.
 */
#include "host/check_places.h"

#include <string.h>
#include <unistd.h>

#include "conf/directive.h"
#include "support/suite.h"
#include "trees.h"
#include "unit/conf/conf_fixture.h"

#define LONG_NAME                                                                                  \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
    "xxxxxxxxxxxxxxxxxxxx"

#define GIGABYTE (UINT64_C(1) << 30)

static struct conf_problems problems;
static char here[4096];

static void set_up(void)
{
    folder_setup();
    ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
    conf_problems_init(&problems);
    folder_write("logs/error.log", "");
    folder_write("plain", "no certificate\n");
}

static void tear_down(void)
{
    conf_problems_fini(&problems);
    folder_teardown();
}

/* What is told of a main block, or of the session in it. NULL: nothing. */
static const char *told(const char *text)
{
    struct conf_tree *tree          = tree_of(text);
    const struct conf_node *session = conf_find(conf_tree_root(tree), "session", NULL);
    if (session == NULL) {
        check_places(tree, here, &problems);
    } else {
        check_session_places(session, here, &problems);
    }
    conf_tree_destroy(tree);
    return problems.count == 0 ? NULL : buf_text(&problems.text);
}

static const char *told_of_outputs(const char *text, uint64_t memory_bytes)
{
    struct conf_tree *tree = tree_of(text);
    check_output_places(tree, here, memory_bytes, &problems);
    conf_tree_destroy(tree);
    return problems.count == 0 ? NULL : buf_text(&problems.text);
}

START_TEST(two_outputs_that_write_one_file_are_refused_by_whatever_name)
{
    static const char *const SAME[] = {
        "output jsonl a { path plain; } output jsonl b { path plain; }",
        "output jsonl a { path logs/new; } output jsonl b { path ./logs/../logs/new; }",
        "output jsonl a { path plain; } output jsonl b { path link; }",
        "output jsonl a { path plain; } output other b { path hard; }",
        "output jsonl a { path logs/new; } output jsonl b { path also/new; }",
    };
    ck_assert_int_eq(symlink("plain", "link"), 0);
    ck_assert_int_eq(symlink("logs", "also"), 0);
    ck_assert_int_eq(link("plain", "hard"), 0);
    const char *text = told_of_outputs(SAME[_i], GIGABYTE);
    ck_assert_ptr_nonnull(text);
    ck_assert_ptr_nonnull(strstr(text, "\"path\": output \"a\" writes that file, too ("));
    ck_assert_uint_eq(problems.count, 1);
}
END_TEST

START_TEST(outputs_with_files_of_their_own_or_devices_pass)
{
    ck_assert_ptr_null(
        told_of_outputs("output jsonl a { path plain; } output jsonl b { path plain2; }"
                        "output jsonl c { path /dev/null; } output jsonl d { path /dev/null; }"
                        "output x e { server 1; } output x f { server 1; }"
                        "output jsonl g { path none/x; } output jsonl h { path none/y; }",
                        GIGABYTE));
}
END_TEST

START_TEST(a_queue_that_the_machine_cannot_hold_is_refused_with_the_range)
{
    static const char TEXT[] =
        "output jsonl a { path plain; queue_records 16777216; queue_bytes 2g; }";
    const char *text = told_of_outputs(TEXT, GIGABYTE);
    ck_assert_ptr_nonnull(text);
    ck_assert_ptr_nonnull(strstr(text, "\"queue_bytes\": output \"a\" could queue more than the 1g "
                                       "that this machine has: expected 64k to 640m\n"));
    text = told_of_outputs(TEXT, GIGABYTE / 4);
    ck_assert_ptr_nonnull(strstr(text, "\"queue_records\": places for so many records in output "
                                       "\"a\" take more than the 256m that this machine has: "
                                       "expected 16 to 11141120\n"));
}
END_TEST

START_TEST(a_queue_that_fits_passes)
{
    static const char TEXT[] = "output jsonl a { path plain; queue_records 16777216; }";
    ck_assert_ptr_null(told_of_outputs(TEXT, GIGABYTE));
}
END_TEST

static const struct {
    const char *text;
    const char *part;
} WRONG[] = {
    {"error_log '';", "expected a path or stderr"},
    {"error_log logs;", "logs is something else: expected a regular file"},
    {"error_log none/at/all.log;", "\"error_log\": there is no folder "},
    {"pid logs;", "expected a regular file"},
    {"pid none/at/all;", "\"pid\": there is no folder "},
    {"pid plain/x/y;", "\"pid\": there is no folder "},
    {"control unix:plain;", "plain is something else: expected a socket, or nothing"},
    {"control unix:logs;", "expected a socket, or nothing"},
    {"control unix:none/at/all;", "\"control\": there is no folder "},
    {"control unix:" LONG_NAME ";", "expected at most 107"},
    {"control unix:c group=no-such-group-here;", "there is no group \"no-such-group-here\""},
    {"session s { url ws://h/ ws://-b/; }", "a part of the host begins or ends with '-'"},
    {"session s { url ws://300.1.1.1/; }", "the host is not a whole IPv4 address"},
    {"session s { subscribe a ''; }", "expected a channel's name, got \"\""},
    {"session s { subscribe a; subscribe gr\xf6 x; }", "not UTF-8 text"},
    {"session s { subscribe " LONG_NAME LONG_NAME LONG_NAME LONG_NAME LONG_NAME LONG_NAME LONG_NAME
         LONG_NAME LONG_NAME LONG_NAME "; }",
     "a channel's name has 1120 bytes: expected at most 1024"},
    {"session s { tls_ca none.pem; }", "none.pem not usable: No such file"},
    {"session s { tls_ca plain; }", "plain not usable"},
    {"session s { tls_certificate plain; tls_certificate_key plain; }", "plain not usable"},
};

START_TEST(a_place_that_cannot_work_is_told)
{
    const char *text = told(WRONG[_i].text);
    ck_assert_msg(text != NULL && strstr(text, WRONG[_i].part) != NULL, "%s: %s", WRONG[_i].text,
                  text == NULL ? "nothing" : text);
    ck_assert_uint_eq(problems.count, 1);
}
END_TEST

static const char *const RIGHT[] = {
    "error_log stderr;",
    "error_log /dev/null;",
    "error_log logs/error.log;",
    "error_log made/at-the-start.log;",
    "pid made/at-the-start;",
    "control unix:logs/socket mode=0660;",
    "control unix:made/socket;",
    "daemon off;",
    "session s { url wss://a_b.example:1/p?q ws://[::1]/; subscribe 'a b' gr\xc3\xb6\xc3\x9f; }",
};

START_TEST(a_place_that_can_work_passes)
{
    const char *text = told(RIGHT[_i]);
    ck_assert_msg(text == NULL, "%s: %s", RIGHT[_i], text == NULL ? "" : text);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("check_places");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, a_place_that_cannot_work_is_told, 0,
                        (int)(sizeof(WRONG) / sizeof(WRONG[0])));
    tcase_add_loop_test(cases, a_place_that_can_work_passes, 0,
                        (int)(sizeof(RIGHT) / sizeof(RIGHT[0])));
    tcase_add_loop_test(cases, two_outputs_that_write_one_file_are_refused_by_whatever_name, 0, 5);
    tcase_add_test(cases, outputs_with_files_of_their_own_or_devices_pass);
    tcase_add_test(cases, a_queue_that_the_machine_cannot_hold_is_refused_with_the_range);
    tcase_add_test(cases, a_queue_that_fits_passes);
    return suite_run("host/check_places", cases);
}
