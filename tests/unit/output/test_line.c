/*
 * Lines: exactly as documented, one line whatever the exchange sends, valid JSON whatever the
 * bytes.
 */
#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "output/line.h"
#include "support/guard.h"

#define SLICE(text)                                                                                \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }

static char *line; /* the last one; in a block of exactly the room that was asked for */
static size_t len;

static void tear_down(void)
{
    free(line);
    line = NULL;
}

static const char *line_of(const struct hawser_record *record)
{
    static char text[500000];
    size_t room = output_line_room(record);
    free(line);
    line = malloc(room);
    ck_assert_ptr_nonnull(line);
    len = output_line_write(record, line);
    ck_assert_uint_le(len, room);
    ck_assert_uint_lt(len, sizeof(text));
    memcpy(text, line, len);
    text[len] = '\0';
    ck_assert_ptr_eq(strchr(text, '\n'), text + len - 1);
    return text;
}

START_TEST(data_is_copied_as_it_came)
{
    struct hawser_record record = {.time_ns  = 1790000000123456789,
                                   .epoch    = 3,
                                   .sequence = 4711,
                                   .flags    = HAWSER_DELIVERY_JSON,
                                   .session  = SLICE("btc"),
                                   .channel  = SLICE("ticker.BTC-PERPETUAL.100ms"),
                                   .data     = SLICE("{\"p\":1.10,\"q\":1e400}")};
    ck_assert_str_eq(line_of(&record),
                     "{\"time\":1790000000123456789,\"session\":\"btc\",\"epoch\":3,\"seq\":4711,"
                     "\"channel\":\"ticker.BTC-PERPETUAL.100ms\",\"data\":{\"p\":1.10,"
                     "\"q\":1e400}}\n");
}
END_TEST

START_TEST(a_snapshot_is_marked)
{
    struct hawser_record record = {.time_ns  = 1,
                                   .epoch    = 1,
                                   .sequence = 2,
                                   .flags    = HAWSER_DELIVERY_JSON | HAWSER_DELIVERY_SNAPSHOT,
                                   .session  = SLICE("btc"),
                                   .channel  = SLICE("book"),
                                   .data     = SLICE("{}")};
    ck_assert_str_eq(line_of(&record), "{\"time\":1,\"session\":\"btc\",\"epoch\":1,\"seq\":2,"
                                       "\"channel\":\"book\",\"snapshot\":true,\"data\":{}}\n");
}
END_TEST

START_TEST(a_gap_says_why_and_since_when)
{
    struct hawser_record record = {.kind     = HAWSER_RECORD_GAP,
                                   .time_ns  = 1790000000123999999,
                                   .since_ns = 1790000000103456789,
                                   .epoch    = 4,
                                   .sequence = 4712,
                                   .session  = SLICE("btc"),
                                   .channel  = SLICE("ticker.BTC-PERPETUAL.100ms"),
                                   .reason   = SLICE("connection"),
                                   .message  = SLICE("reset by peer")};
    ck_assert_str_eq(line_of(&record),
                     "{\"time\":1790000000123999999,\"session\":\"btc\",\"epoch\":4,\"seq\":4712,"
                     "\"event\":\"gap\",\"channel\":\"ticker.BTC-PERPETUAL.100ms\","
                     "\"reason\":\"connection\",\"message\":\"reset by peer\","
                     "\"since\":1790000000103456789}\n");
}
END_TEST

START_TEST(each_event_has_its_word)
{
    static const char *const words[] = {NULL, "ready", "gap", "stale", "dropped", "closed"};
    struct hawser_record record      = {
             .kind = (uint32_t)_i, .time_ns = -1, .count = 7, .session = SLICE("s"), .sequence = 1};
    char wanted[200];
    int n = snprintf(wanted, sizeof(wanted),
                     "{\"time\":-1,\"session\":\"s\",\"epoch\":0,\"seq\":1,\"event\":\"%s\"%s}\n",
                     words[_i], _i == HAWSER_RECORD_DROPPED ? ",\"count\":7" : "");
    ck_assert_int_gt(n, 0);
    ck_assert_str_eq(line_of(&record), wanted);
}
END_TEST

START_TEST(a_loss_of_the_whole_output_names_no_session)
{
    struct hawser_record record = {.kind    = HAWSER_RECORD_DROPPED,
                                   .time_ns = 5,
                                   .count   = UINT32_MAX,
                                   .reason  = SLICE("queue_full")};
    ck_assert_str_eq(line_of(&record), "{\"time\":5,\"event\":\"dropped\",\"reason\":"
                                       "\"queue_full\",\"count\":4294967295}\n");
}
END_TEST

START_TEST(json_over_several_lines_becomes_one_line)
{
    struct hawser_record record = {
        .flags = HAWSER_DELIVERY_JSON, .session = SLICE("s"), .data = SLICE("{\r\n \"a\":\n1}\n")};
    ck_assert_ptr_nonnull(strstr(line_of(&record), ",\"data\":{   \"a\": 1} }\n"));
}
END_TEST

START_TEST(text_that_is_no_json_becomes_a_string)
{
    struct hawser_record record = {.session = SLICE("s"),
                                   .data = SLICE("a\"b\\c\n\r\t\x01\x7f\xc3\xa9\xff\xed\xa0\x80")};
    ck_assert_ptr_nonnull(strstr(line_of(&record), ",\"data\":\"a\\\"b\\\\c\\n\\r\\t\\u0001\x7f"
                                                   "\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                                                   "\xef\xbf\xbd\"}\n"));
}
END_TEST

START_TEST(binary_becomes_base64)
{
    static const char *const encoded[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                          "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"}; /* RFC 4648 10 */
    struct hawser_slice data           = guard_copy("foobar", (size_t)_i);
    struct hawser_record record        = {
               .flags = HAWSER_DELIVERY_BINARY, .session = SLICE("s"), .data = data};
    char wanted[64];
    int n = snprintf(wanted, sizeof(wanted), ",\"data_base64\":\"%s\"}\n", encoded[_i]);
    ck_assert_int_gt(n, 0);
    ck_assert_ptr_nonnull(strstr(line_of(&record), wanted));
    guard_free(data);
}
END_TEST

START_TEST(binary_wins_over_json_at_any_size)
{
    char *bytes = malloc(100000);
    ck_assert_ptr_nonnull(bytes);
    memset(bytes, 'x', 100000);
    struct hawser_record record = {.flags = HAWSER_DELIVERY_BINARY | HAWSER_DELIVERY_JSON,
                                   .data  = {bytes, 100000}};
    (void)line_of(&record);
    ck_assert_uint_gt(len, 133333);
    free(bytes);
}
END_TEST

START_TEST(any_bytes_in_any_field_give_valid_json)
{
    unsigned seed = (unsigned)_i;
    char bytes[300];
    for (int turn = 0; turn < 200; turn++) {
        size_t count = (size_t)(rand_r(&seed) % (int)sizeof(bytes));
        for (size_t i = 0; i < count; i++) {
            /* Many bytes that UTF-8 and JSON treat apart. */
            bytes[i] =
                (char)(rand_r(&seed) % 3 == 0 ? "\"\\\n\xc3\xe2\xf0\x80\xbf"[rand_r(&seed) % 8]
                                              : rand_r(&seed) % 256);
        }
        struct hawser_slice slice   = guard_copy(bytes, count);
        struct hawser_record record = {.kind    = (uint32_t)(turn % HAWSER_RECORD_KIND_COUNT),
                                       .session = slice,
                                       .channel = slice,
                                       .data    = slice,
                                       .reason  = slice,
                                       .message = slice};
        json_error_t error;
        json_t *value = json_loads(line_of(&record), JSON_ALLOW_NUL, &error);
        ck_assert_msg(value != NULL, "%s in: %s", error.text, line_of(&record));
        json_decref(value);
        guard_free(slice);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("output/line");
    TCase *tests = tcase_create("line");
    tcase_add_checked_fixture(tests, NULL, tear_down);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, data_is_copied_as_it_came);
    tcase_add_test(tests, a_snapshot_is_marked);
    tcase_add_test(tests, a_gap_says_why_and_since_when);
    tcase_add_loop_test(tests, each_event_has_its_word, 1, 6);
    tcase_add_test(tests, a_loss_of_the_whole_output_names_no_session);
    tcase_add_test(tests, json_over_several_lines_becomes_one_line);
    tcase_add_test(tests, text_that_is_no_json_becomes_a_string);
    tcase_add_loop_test(tests, binary_becomes_base64, 0, 7);
    tcase_add_test(tests, binary_wins_over_json_at_any_size);
    tcase_add_loop_test(tests, any_bytes_in_any_field_give_valid_json, 1, 5);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
