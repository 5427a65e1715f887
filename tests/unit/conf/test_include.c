/*
 * include: globs, prefixes, circles and files that are none.
 */
#include <check.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/conf/conf_fixture.h"

/* Names of all statements outside blocks, joined by spaces. */
static const char *names_of(const struct parsed *parsed)
{
    static char names[512];
    names[0] = 0;
    for (const struct conf_node *n = conf_tree_root(parsed->tree)->first_child; n != NULL;
         n                         = n->next) {
        size_t at = strlen(names);
        (void)snprintf(names + at, sizeof(names) - at, "%s%s", at == 0 ? "" : " ", n->words[0]);
    }
    return names;
}

static void expect_names(const char *text, const char *names)
{
    struct parsed parsed = parse_config(text);
    ck_assert_str_eq(parsed.text, "");
    ck_assert_str_eq(names_of(&parsed), names);
    parsed_free(&parsed);
}

START_TEST(an_included_file_stands_where_the_include_stands)
{
    folder_write("b.conf", "# comment\nb1;\nb2;");
    struct parsed parsed = parse_config("a;\ninclude b.conf;\nc;");
    ck_assert_str_eq(parsed.text, "");
    ck_assert_str_eq(names_of(&parsed), "a b1 b2 c");
    const struct conf_node *b2 = conf_find(conf_tree_root(parsed.tree), "b2", NULL);
    ck_assert_str_eq(b2->file, "b.conf");
    ck_assert_uint_eq(b2->line, 3);
    ck_assert_uint_eq(b2->next->line, 3);
    ck_assert_str_eq(b2->next->file, "main.conf");
    parsed_free(&parsed);
}
END_TEST

START_TEST(a_file_may_be_included_inside_a_block_and_more_than_once)
{
    folder_write("b.conf", "b;");
    struct parsed parsed = parse_config("s { include b.conf; include 'b.conf'; } include b.conf;");
    const struct conf_node *s = conf_tree_root(parsed.tree)->first_child;
    ck_assert_str_eq(parsed.text, "");
    ck_assert_str_eq(words_of(s->first_child), "b");
    ck_assert_str_eq(words_of(s->last_child), "b");
    ck_assert_ptr_ne(s->first_child, s->last_child);
    ck_assert_str_eq(words_of(s->next), "b");
    parsed_free(&parsed);
}
END_TEST

START_TEST(a_pattern_includes_the_matches_in_sorted_order)
{
    folder_write("d/2.conf", "two;");
    folder_write("d/10.conf", "ten;");
    folder_write("d/1.conf", "one;");
    folder_write("d/other", "other;");
    folder_write("d/.hidden.conf", "hidden;");
    expect_names("include d/*.conf;", "one ten two");
    expect_names("include d/?.conf;", "one two");
    expect_names("include d/[2-9].c*;", "two");
    expect_names("include */1.conf;", "one");
}
END_TEST

START_TEST(a_pattern_without_a_match_is_fine)
{
    expect_names("a; include none/*.conf; include *.none; include main.conf/*; b;", "a b");
}
END_TEST

START_TEST(a_plain_name_without_a_file_is_told_at_the_include)
{
    expect_problems("a;\ninclude none.conf;\nb", "main.conf:2: include of \"none.conf\": cannot "
                                                 "open: No such file or directory\n"
                                                 "main.conf:3: \"b\" is not ended: expected \";\" "
                                                 "or \"{\" before the end of the file\n");
}
END_TEST

START_TEST(a_first_file_that_is_not_there_is_told_by_its_name)
{
    struct parsed parsed = parse_path("none.conf", NULL, NULL);
    ck_assert_str_eq(parsed.text, "none.conf: cannot open: No such file or directory\n");
    ck_assert_ptr_null(conf_tree_root(parsed.tree)->first_child);
    parsed_free(&parsed);
}
END_TEST

START_TEST(what_is_no_regular_file_is_refused_without_waiting_for_it)
{
    ck_assert_int_eq(mkdir("d.conf", 0700), 0);
    ck_assert_int_eq(mkfifo("f.conf", 0600), 0);
    expect_problems("include ?.conf;",
                    "main.conf:1: include of \"d.conf\": is a directory: expected a regular file\n"
                    "main.conf:1: include of \"f.conf\": is a device, pipe or socket: expected a "
                    "regular file\n");
}
END_TEST

START_TEST(names_are_relative_to_the_prefix)
{
    static const char *const PREFIXES[] = {"p", "p/", "q*[x]?", "b\\s"};
    char path[64];
    (void)snprintf(path, sizeof(path), "%s/s/b.conf", PREFIXES[_i]);
    folder_write(path, "b;");
    folder_write("qab[x]c/s/b.conf", "wrong;");
    folder_write("main.conf", "include s/b.conf; include s/*.conf;");
    struct parsed parsed = parse_path("main.conf", PREFIXES[_i], NULL);
    ck_assert_str_eq(parsed.text, "");
    ck_assert_str_eq(names_of(&parsed), "b b");
    parsed_free(&parsed);
}
END_TEST

START_TEST(absolute_names_are_taken_as_they_are)
{
    char here[PATH_MAX];
    char text[2 * PATH_MAX + 64];
    ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
    folder_write("b.conf", "b;");
    (void)snprintf(text, sizeof(text), "include %s/b.conf; include %s/b.*;", here, here);
    folder_write("main.conf", text);
    struct parsed parsed = parse_path("main.conf", "/nowhere", NULL);
    ck_assert_str_eq(parsed.text, "");
    ck_assert_str_eq(names_of(&parsed), "b b");
    parsed_free(&parsed);
}
END_TEST

START_TEST(a_circle_is_refused_by_whatever_name)
{
    folder_write("d/a.conf", "a; include d/b.conf;");
    folder_write("d/b.conf", "b; include alias.conf;");
    ck_assert_int_eq(symlink("d/a.conf", "alias.conf"), 0);
    expect_problems("include d/a.conf;\ninclude main.conf;",
                    "d/b.conf:1: include of \"alias.conf\": goes in a circle: that file is being "
                    "read already\n"
                    "main.conf:2: include of \"main.conf\": goes in a circle: that file is being "
                    "read already\n");
}
END_TEST

START_TEST(includes_nest_up_to_the_limit_and_no_deeper)
{
    char name[32];
    char text[64];
    for (int i = 1; i <= 11; i++) {
        (void)snprintf(name, sizeof(name), "%d.conf", i);
        (void)snprintf(text, sizeof(text), i == 11 ? "x;" : "include %d.conf;", i + 1);
        folder_write(name, text);
    }
    expect_names("include 2.conf;", "x");
    expect_problems("include 1.conf;", "10.conf:1: include of \"11.conf\": nested too deep: "
                                       "expected at most 10 files in files\n");
}
END_TEST

START_TEST(a_block_ends_in_the_file_it_began_in)
{
    folder_write("b.conf", "b;\n}\nc {\n");
    expect_problems("s {\ninclude b.conf;\n}\n",
                    "b.conf:2: unexpected \"}\": no block is open\n"
                    "b.conf:3: block \"c\" is not closed: expected \"}\" before the end of the "
                    "file\n");
}
END_TEST

START_TEST(extra_statements_come_first_and_are_cited_by_the_option)
{
    folder_write("main.conf", "a;");
    folder_write("b.conf", "b;");
    struct parsed parsed = parse_path("main.conf", NULL, "g 1; include b.conf;\nh");
    ck_assert_str_eq(parsed.text,
                     "-g:2: \"h\" is not ended: expected \";\" or \"{\" before the end "
                     "of the file\n");
    ck_assert_str_eq(names_of(&parsed), "g b h a");
    ck_assert_str_eq(conf_tree_root(parsed.tree)->first_child->file, "-g");
    ck_assert_str_eq(conf_tree_root(parsed.tree)->file, "main.conf");
    parsed_free(&parsed);
}
END_TEST

START_TEST(files_without_end_are_bounded_in_number)
{
    char text[2048] = "";
    for (int i = 0; i < 70; i++) {
        size_t at = strlen(text);
        (void)snprintf(text + at, sizeof(text) - at, "include b.conf;\n");
    }
    char inner[2048];
    for (char *p = memcpy(inner, text, sizeof(text)); (p = strchr(p, 'b')) != NULL;) {
        *p = 'c';
    }
    folder_write("b.conf", inner);
    folder_write("c.conf", "");
    struct parsed parsed = parse_config(text);
    ck_assert_uint_eq(parsed.problems.count, 1);
    ck_assert_ptr_nonnull(strstr(parsed.text, "more than 4096 files"));
    parsed_free(&parsed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conf/include");
    TCase *tcase = tcase_create("include");
    tcase_add_checked_fixture(tcase, folder_setup, folder_teardown);
    tcase_add_test(tcase, an_included_file_stands_where_the_include_stands);
    tcase_add_test(tcase, a_file_may_be_included_inside_a_block_and_more_than_once);
    tcase_add_test(tcase, a_pattern_includes_the_matches_in_sorted_order);
    tcase_add_test(tcase, a_pattern_without_a_match_is_fine);
    tcase_add_test(tcase, a_plain_name_without_a_file_is_told_at_the_include);
    tcase_add_test(tcase, a_first_file_that_is_not_there_is_told_by_its_name);
    tcase_add_test(tcase, what_is_no_regular_file_is_refused_without_waiting_for_it);
    tcase_add_loop_test(tcase, names_are_relative_to_the_prefix, 0, 4);
    tcase_add_test(tcase, absolute_names_are_taken_as_they_are);
    tcase_add_test(tcase, a_circle_is_refused_by_whatever_name);
    tcase_add_test(tcase, includes_nest_up_to_the_limit_and_no_deeper);
    tcase_add_test(tcase, a_block_ends_in_the_file_it_began_in);
    tcase_add_test(tcase, extra_statements_come_first_and_are_cited_by_the_option);
    tcase_add_test(tcase, files_without_end_are_bounded_in_number);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
