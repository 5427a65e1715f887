/*
 * core/base/log_line: a line as text and as JSON, whatever the message holds.
 */
#include "base/log_line.h"

#include <check.h>
#include <string.h>

#include "support/suite.h"

static char out[LOG_LINE_MAX_BYTES + 1];

static const struct log_subject BTC = {.kind = "session", .name = "btc", .level = LOG_AS_PROCESS};

static struct log_line line_of(const char *message, size_t len)
{
    return (struct log_line){.at      = INT64_C(1767225600123456789), /* 2026-01-01 00:00:00 UTC */
                             .level   = LOG_WARN,
                             .pid     = 42,
                             .process = "worker0",
                             .id      = "HW-TEST-001",
                             .message = {message, len}};
}

static const char *make(const struct log_line *line, int json, int journal)
{
    struct log_style style                = {.json = json, .journal = journal};
    out[log_line_make(line, &style, out)] = 0;
    return out;
}

static const char *text_of(const char *message, size_t len)
{
    struct log_line line = line_of(message, len);
    return strstr(make(&line, 0, 0), "HW-TEST-001 ") + strlen("HW-TEST-001 ");
}

static const char *json_of(const char *message, size_t len)
{
    struct log_line line = line_of(message, len);
    return strstr(make(&line, 1, 0), "\"message\"");
}

START_TEST(a_json_line_has_a_field_for_each_thing)
{
    struct log_line line = line_of("lost", 4);
    line.about           = &BTC;
    ck_assert_str_eq(make(&line, 1, 0),
                     "{\"time\":\"2026-01-01T00:00:00.123Z\",\"level\":\"warn\",\"pid\":42,"
                     "\"process\":\"worker0\",\"id\":\"HW-TEST-001\",\"session\":\"btc\","
                     "\"message\":\"lost\"}\n");
}
END_TEST

START_TEST(a_line_for_the_journal_begins_with_its_priority)
{
    struct log_line line = line_of("lost", 4);
    ck_assert_int_eq(strncmp(make(&line, 0, 1), "<4>2026/", 8), 0);
    ck_assert_int_eq(strncmp(make(&line, 1, 1), "<4>{\"time\"", 10), 0);
}
END_TEST

START_TEST(what_could_steer_a_terminal_or_forge_a_line_is_escaped)
{
    static const struct {
        const char *bytes;
        const char *text;
        const char *json;
    } CASES[] = {
        {"a\nb", "a\\x0ab\n", "\"message\":\"a\\u000ab\"}\n"},
        {"\033[2J\r\x7f", "\\x1b[2J\\x0d\\x7f\n", "\"message\":\"\\u001b[2J\\u000d\\u007f\"}\n"},
        {"\xc2\x9b"
         "2J",
         "\\x9b2J\n", "\"message\":\"\\u009b2J\"}\n"},
        {"\xe2\x80\xae"
         "cba",
         "\\u202ecba\n", "\"message\":\"\\u202ecba\"}\n"},
        {"\xe2\x80\xa8", "\\u2028\n", "\"message\":\"\\u2028\"}\n"},
        {"\xff\xc0\xaf", "\\xff\\xc0\\xaf\n", "\"message\":\"\\ufffd\\ufffd\\ufffd\"}\n"},
        {"\xed\xa0\x80", "\\xed\\xa0\\x80\n", "\"message\":\"\\ufffd\\ufffd\\ufffd\"}\n"},
        {"\xe2\x82", "\\xe2\\x82\n", "\"message\":\"\\ufffd\\ufffd\"}\n"},
        {"\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80\n",
         "\"message\":\"\\ufffd\\ufffd\\ufffd\\ufffd\"}\n"},
        {"5 \xe2\x82\xac \xf0\x9f\x90\x8e \"q\" \\", "5 \xe2\x82\xac \xf0\x9f\x90\x8e \"q\" \\\n",
         "\"message\":\"5 \xe2\x82\xac \xf0\x9f\x90\x8e \\\"q\\\" \\\\\"}\n"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        ck_assert_str_eq(text_of(CASES[i].bytes, strlen(CASES[i].bytes)), CASES[i].text);
        ck_assert_str_eq(json_of(CASES[i].bytes, strlen(CASES[i].bytes)), CASES[i].json);
    }
}
END_TEST

START_TEST(a_message_that_grows_by_escapes_is_cut_inside_of_a_whole_line)
{
    static char message[LOG_MESSAGE_BYTES];
    memset(message, 1, sizeof(message));
    struct log_line line = line_of(message, sizeof(message));
    for (int json = 0; json < 2; json++) {
        size_t len = strlen(make(&line, json, 1));
        ck_assert_uint_le(len, LOG_LINE_MAX_BYTES);
        ck_assert_str_eq(out + len - (json ? 6 : 4), json ? "...\"}\n" : "...\n");
        ck_assert_int_eq(out[len - (json ? 7 : 5)], '1'); /* no escape is cut */
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("log_line");
    tcase_add_test(cases, a_json_line_has_a_field_for_each_thing);
    tcase_add_test(cases, a_line_for_the_journal_begins_with_its_priority);
    tcase_add_test(cases, what_could_steer_a_terminal_or_forge_a_line_is_escaped);
    tcase_add_test(cases, a_message_that_grows_by_escapes_is_cut_inside_of_a_whole_line);
    return suite_run("base/log_line", cases);
}
