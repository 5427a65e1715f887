/*
 * generic/path: members of messages, conditions, names of channels.
 */
#include <string.h>

#include "path.h"
#include "support/fake_host.h"
#include "support/guard.h"
#include "support/suite.h"

static const struct hawser_host *host;
static struct fake_host *fake;

static void set_up(void)
{
    fake = fake_host_create(NULL);
    host = fake_host_table();
}

static void tear_down(void)
{
    fake_host_destroy(fake);
}

/* "" stands for absent */
static void find(const char *path_text, const char *json, const char *wanted)
{
    struct hawser_error err   = HAWSER_ERROR_INIT;
    struct path path          = {0};
    struct hawser_slice value = {NULL, 0};
    struct hawser_slice bytes = guard_copy(json, strlen(json));
    ck_assert_int_eq(path_read(host, path_text, &path, &err), 0);
    ck_assert_int_eq(path_find(host, &path, bytes, &value), wanted[0] != 0);
    if (wanted[0] != 0) {
        ck_assert_uint_eq(value.len, strlen(wanted));
        ck_assert_int_eq(memcmp(value.data, wanted, value.len), 0);
    }
    guard_free(bytes);
    path_fini(&path);
}

START_TEST(members_are_found_inside_objects_and_first_elements)
{
    static const char JSON[] =
        "{\"arg\":{\"channel\":\"t\"},\"data\":[ {\"s\":\"a]\\\"}\",\"l\":[1,2]} ,{\"s\":2}],"
        "\"e\":[],\"n\":[[7],8],\"one\":[5 ]}";
    find("arg.channel", JSON, "\"t\"");
    find("arg", JSON, "{\"channel\":\"t\"}");
    find("data.0", JSON, "{\"s\":\"a]\\\"}\",\"l\":[1,2]}");
    find("data.0.s", JSON, "\"a]\\\"}\"");
    find("data.0.l.0", JSON, "1");
    find("one.0", JSON, "5");
    find("n.0", JSON, "[7]");
    find("data.s", JSON, "");
    find("arg.0", JSON, "");
    find("arg.0.channel", JSON, "");
    find("e.0", JSON, "");
    find("e.0.x", JSON, "");
    find("absent", JSON, "");
    find("a", "[1]", "");
    find("a", "", "");
}
END_TEST

START_TEST(paths_that_cannot_be_are_refused)
{
    static const char *const PATHS[] = {"", ".", "a.", ".a", "a..b", "0", "0.a", "a.0.0"};
    struct hawser_error err          = HAWSER_ERROR_INIT;
    struct path path                 = {0};
    ck_assert_int_eq(path_read(host, PATHS[_i], &path, &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_CONF_DIRECTIVE);
    ck_assert_ptr_null(path.steps);
}
END_TEST

START_TEST(an_absent_path_finds_nothing)
{
    struct path path          = {0};
    struct hawser_slice value = {NULL, 0};
    ck_assert_int_eq(path_find(host, &path, (struct hawser_slice){"{}", 2}, &value), 0);
}
END_TEST

static int holds(const char *condition, const char *json)
{
    struct hawser_error err   = HAWSER_ERROR_INIT;
    struct match match        = {0};
    struct hawser_slice bytes = guard_copy(json, strlen(json));
    ck_assert_int_eq(match_read(host, condition, &match, &err), 0);
    int result = match_holds(host, &match, bytes);
    guard_free(bytes);
    path_fini(&match.path);
    return result;
}

START_TEST(conditions_compare_strings_and_values_alike)
{
    ck_assert_int_eq(holds("event=subscribe", "{\"event\":\"subscribe\"}"), 1);
    ck_assert_int_eq(holds("event=subscribe", "{\"event\":\"subscribed\"}"), 0);
    ck_assert_int_eq(holds("event=subscribe", "{\"event\":\"sub\"}"), 0);
    ck_assert_int_eq(holds("success=true", "{\"success\":true}"), 1);
    ck_assert_int_eq(holds("code=0", "{\"code\":0}"), 1);
    ck_assert_int_eq(holds("code=0", "{\"code\":\"0\"}"), 1);
    ck_assert_int_eq(holds("text=a=b", "{\"text\":\"a=b\"}"), 1);
    ck_assert_int_eq(holds("text=", "{\"text\":\"\"}"), 1);
    ck_assert_int_eq(holds("event=x", "[]"), 0);
}
END_TEST

START_TEST(a_condition_without_a_value_asks_whether_something_is_there)
{
    ck_assert_int_eq(holds("error", "{\"error\":{\"code\":1}}"), 1);
    ck_assert_int_eq(holds("error", "{\"error\":0}"), 1);
    ck_assert_int_eq(holds("error", "{\"error\":null}"), 0);
    ck_assert_int_eq(holds("error", "{\"error\":false}"), 0);
    ck_assert_int_eq(holds("error", "{}"), 0);
}
END_TEST

static void name_of(const char *const *paths, size_t room, const char *json, const char *wanted)
{
    char scratch_bytes[64];
    struct hawser_error err     = HAWSER_ERROR_INIT;
    struct name_rule rule       = {.separator = ":"};
    struct hawser_slice scratch = {scratch_bytes, room};
    struct hawser_slice name    = {NULL, 0};
    struct hawser_slice bytes   = guard_copy(json, strlen(json));
    while (paths[rule.count] != NULL) {
        ck_assert_int_eq(path_read(host, paths[rule.count], &rule.parts[rule.count], &err), 0);
        rule.count++;
    }
    ck_assert_int_eq(name_find(host, &rule, bytes, scratch, &name), wanted[0] != 0);
    if (wanted[0] != 0) {
        ck_assert_uint_eq(name.len, strlen(wanted));
        ck_assert_int_eq(memcmp(name.data, wanted, name.len), 0);
    }
    guard_free(bytes);
    while (rule.count > 0) {
        path_fini(&rule.parts[--rule.count]);
    }
}

START_TEST(names_are_joined_from_their_parts)
{
    const char *const one[] = {"c", NULL};
    const char *const two[] = {"c", "d.0.s", NULL};
    name_of(one, 64, "{\"c\":\"ticker\"}", "ticker");
    name_of(one, 64, "{\"c\":17}", "17");
    name_of(two, 64, "{\"c\":\"ticker\",\"d\":[{\"s\":\"BTC/USD\"}]}", "ticker:BTC/USD");
    name_of(two, 64, "{\"c\":\"ticker\",\"d\":[{}]}", "");
    name_of(one, 64, "{\"c\":\"\"}", "");
    name_of(one, 64, "{\"c\":{}}", "");
    name_of(one, 64, "{\"c\":null}", "");
    name_of(one, 64, "{\"c\":true}", "");
    name_of(two, 14, "{\"c\":\"ticker\",\"d\":[{\"s\":\"BTC/USD\"}]}", "ticker:BTC/USD");
    name_of(two, 13, "{\"c\":\"ticker\",\"d\":[{\"s\":\"BTC/USD\"}]}", "");
    name_of(two, 6, "{\"c\":\"ticker\",\"d\":[{\"s\":\"BTC/USD\"}]}", "");
}
END_TEST

START_TEST(escapes_in_names_are_resolved)
{
    const char *const one[] = {"c", NULL};
    name_of(one, 64, "{\"c\":\"BTC\\/USD\"}", "BTC/USD");
    name_of(one, 64, "{\"c\":\"a\\\"\\\\\\b\\f\\n\\r\\t\"}", "a\"\\\b\f\n\r\t");
    name_of(one, 64, "{\"c\":\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"}",
            "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    name_of(one, 64, "{\"c\":\"\\ud83dx\"}", "\xef\xbf\xbdx");
    name_of(one, 64, "{\"c\":\"\\ud83d\\u0041\"}",
            "\xef\xbf\xbd"
            "A");
    name_of(one, 3, "{\"c\":\"ab\\/d\"}", "");
}
END_TEST

/* The real host refuses them; nothing leans on that. */
START_TEST(escapes_that_are_none_stay_as_they_are)
{
    const char *const one[] = {"c", NULL};
    name_of(one, 64, "{\"c\":\"\\u12\"}", "\\u12");
    name_of(one, 64, "{\"c\":\"\\u12g4\"}", "\\u12g4");
    name_of(one, 64, "{\"c\":\"\\ud83d\\ude0\"}", "\xef\xbf\xbd\\ude0");
    name_of(one, 64, "{\"c\":\"a\\q\"}", "a\\q");
}
END_TEST

START_TEST(whole_numbers_are_read_with_and_without_quotes)
{
    static const struct {
        const char *text;
        int ok;
        uint64_t value;
    } CASES[] = {
        {"0", 1, 0},
        {"\"12\"", 1, 12},
        {"9223372036854775807", 1, INT64_MAX},
        {"-1", 0, 0},
        {"1.5", 0, 0},
        {"\"\"", 0, 0},
        {"1e3", 0, 0},
        {"99999999999999999999", 0, 0},
        {"null", 0, 0},
        {"\"", 0, 0},
        {"", 0, 0},
    };
    uint64_t value            = 0;
    struct hawser_slice bytes = guard_copy(CASES[_i].text, strlen(CASES[_i].text));
    ck_assert_int_eq(number_read(bytes, &value), CASES[_i].ok);
    ck_assert_uint_eq(value, CASES[_i].value);
    guard_free(bytes);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("path");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, members_are_found_inside_objects_and_first_elements);
    tcase_add_loop_test(tests, paths_that_cannot_be_are_refused, 0, 8);
    tcase_add_test(tests, an_absent_path_finds_nothing);
    tcase_add_test(tests, conditions_compare_strings_and_values_alike);
    tcase_add_test(tests, a_condition_without_a_value_asks_whether_something_is_there);
    tcase_add_test(tests, names_are_joined_from_their_parts);
    tcase_add_test(tests, escapes_in_names_are_resolved);
    tcase_add_test(tests, escapes_that_are_none_stay_as_they_are);
    tcase_add_loop_test(tests, whole_numbers_are_read_with_and_without_quotes, 0, 11);
    return suite_run("generic/path", tests);
}
