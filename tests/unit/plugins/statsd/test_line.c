/*
 * StatsD lines and packets, byte for byte.
 */
#include "statsd/line.h"

#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

static char text[4096];

static const char *format(const struct statsd_line *line)
{
    size_t len = statsd_line_format(line, text, sizeof(text) - 1);
    text[len]  = '\0';
    return text;
}

static const char *timer_of(int64_t ns)
{
    return format(&(struct statsd_line){"p", "", "t", ns, STATSD_TIMER});
}

START_TEST(a_counter_of_a_session_stands_under_its_name)
{
    struct statsd_line line = {"hawser", "btc", "message.received", 42, STATSD_COUNTER};
    ck_assert_str_eq(format(&line), "hawser.session.btc.message.received:42|c\n");
}
END_TEST

START_TEST(a_metric_without_session_stands_under_the_prefix)
{
    struct statsd_line line = {"a.b", "", "reload.applied", 1, STATSD_COUNTER};
    ck_assert_str_eq(format(&line), "a.b.reload.applied:1|c\n");
}
END_TEST

START_TEST(an_empty_prefix_leaves_no_dot)
{
    struct statsd_line line = {"", "", "x", 1, STATSD_COUNTER};
    ck_assert_str_eq(format(&line), "x:1|c\n");
}
END_TEST

START_TEST(dots_and_foreign_bytes_of_a_session_name_become_underscores)
{
    struct statsd_line line = {"p", "deribit.btc:1|c\n@#/ \xc3\xa4-_Z9", "m", 1, STATSD_COUNTER};
    ck_assert_str_eq(format(&line), "p.session.deribit_btc_1_c_______-_Z9.m:1|c\n");
}
END_TEST

START_TEST(foreign_bytes_of_a_metric_become_underscores_and_its_dots_stay)
{
    struct statsd_line line = {"p", "", "a.b:c|d\n", 1, STATSD_GAUGE};
    ck_assert_str_eq(format(&line), "p.a.b_c_d_:1|g\n");
}
END_TEST

START_TEST(a_negative_gauge_is_set_to_zero_first)
{
    struct statsd_line line = {"p", "s", "g", -7, STATSD_GAUGE};
    ck_assert_str_eq(format(&line), "p.session.s.g:0|g\np.session.s.g:-7|g\n");
    line.value = 0;
    ck_assert_str_eq(format(&line), "p.session.s.g:0|g\n");
}
END_TEST

START_TEST(a_negative_number_that_is_no_gauge_is_one_line)
{
    struct statsd_line line = {"p", "", "c", -7, STATSD_COUNTER};
    ck_assert_str_eq(format(&line), "p.c:-7|c\n");
    ck_assert_str_eq(timer_of(-7), "p.t:0|ms\n");
}
END_TEST

START_TEST(extreme_values_are_written_whole)
{
    struct statsd_line line = {"p", "", "g", INT64_MIN, STATSD_GAUGE};
    ck_assert_str_eq(format(&line), "p.g:0|g\np.g:-9223372036854775808|g\n");
    line = (struct statsd_line){"p", "", "c", INT64_MAX, STATSD_COUNTER};
    ck_assert_str_eq(format(&line), "p.c:9223372036854775807|c\n");
    ck_assert_str_eq(timer_of(INT64_MAX), "p.t:9223372036854.776|ms\n");
}
END_TEST

START_TEST(timers_are_milliseconds_with_the_fraction_that_is_there)
{
    ck_assert_str_eq(timer_of(0), "p.t:0|ms\n");
    ck_assert_str_eq(timer_of(499), "p.t:0|ms\n");
    ck_assert_str_eq(timer_of(500), "p.t:0.001|ms\n");
    ck_assert_str_eq(timer_of(12345678), "p.t:12.346|ms\n");
    ck_assert_str_eq(timer_of(1500000), "p.t:1.5|ms\n");
    ck_assert_str_eq(timer_of(30000000000), "p.t:30000|ms\n");
    ck_assert_str_eq(timer_of(999999999), "p.t:1000|ms\n");
}
END_TEST

START_TEST(a_line_that_lacks_one_byte_of_room_is_not_written)
{
    struct statsd_line line = {"p", "s", "g", -7, STATSD_GAUGE};
    size_t whole            = strlen(format(&line));
    for (size_t room = 0; room < whole; room++) {
        char *exact = malloc(room + 1); /* its redzone shows a byte too far */
        ck_assert_ptr_nonnull(exact);
        ck_assert_uint_eq(statsd_line_format(&line, exact + 1, room), 0);
        free(exact);
    }
    ck_assert_uint_eq(statsd_line_format(&line, text, whole), whole);
}
END_TEST

START_TEST(a_packet_takes_whole_lines_up_to_its_last_byte)
{
    struct statsd_packet packet = {.len = 0};
    struct statsd_line line     = {"p", "", "abcd", 1, STATSD_COUNTER}; /* 11 bytes with newline */
    size_t lines                = 0;
    ck_assert_uint_eq(strlen(format(&line)), 11);
    while (statsd_packet_add(&packet, &line) == 0) {
        lines++;
    }
    ck_assert_uint_eq(lines, STATSD_PACKET_BYTES / 11);
    ck_assert_uint_eq(packet.lines, lines);
    ck_assert_uint_eq(packet.len, lines * 11);
    line.metric = "";
    line.prefix = ""; /* `:1|c\n` has 5 bytes: a whole number of 11 leaves 2 of 1432 */
    ck_assert_int_eq(statsd_packet_add(&packet, &line), -1);
    ck_assert_int_eq(packet.bytes[packet.len - 1], '\n');
}
END_TEST

START_TEST(a_packet_is_filled_to_exactly_its_size)
{
    struct statsd_packet packet = {.len = STATSD_PACKET_BYTES - 6};
    struct statsd_line line     = {"", "", "x", 1, STATSD_COUNTER}; /* x:1|c and newline */
    ck_assert_int_eq(statsd_packet_add(&packet, &line), 0);
    ck_assert_uint_eq(packet.len, STATSD_PACKET_BYTES);
    packet.len = STATSD_PACKET_BYTES - 5;
    ck_assert_int_eq(statsd_packet_add(&packet, &line), -1);
    ck_assert_uint_eq(packet.len, STATSD_PACKET_BYTES - 5);
}
END_TEST

START_TEST(prefixes_that_would_change_on_their_way_are_refused)
{
    char longest[STATSD_PREFIX_BYTES + 2];
    memset(longest, 'a', sizeof(longest));
    longest[STATSD_PREFIX_BYTES] = '\0';
    ck_assert(statsd_prefix_is_valid(""));
    ck_assert(statsd_prefix_is_valid("prod.host-1_A"));
    ck_assert(statsd_prefix_is_valid(longest));
    longest[STATSD_PREFIX_BYTES]     = 'a';
    longest[STATSD_PREFIX_BYTES + 1] = '\0';
    static const char *const WRONG[] = {"a b", "a:b", "a|b", ".a", "a.", "a/b", "\xc3\xa4", "."};
    ck_assert(!statsd_prefix_is_valid(longest));
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        ck_assert_msg(!statsd_prefix_is_valid(WRONG[i]), "%s", WRONG[i]);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("line");
    tcase_add_test(cases, a_counter_of_a_session_stands_under_its_name);
    tcase_add_test(cases, a_metric_without_session_stands_under_the_prefix);
    tcase_add_test(cases, an_empty_prefix_leaves_no_dot);
    tcase_add_test(cases, dots_and_foreign_bytes_of_a_session_name_become_underscores);
    tcase_add_test(cases, foreign_bytes_of_a_metric_become_underscores_and_its_dots_stay);
    tcase_add_test(cases, a_negative_gauge_is_set_to_zero_first);
    tcase_add_test(cases, a_negative_number_that_is_no_gauge_is_one_line);
    tcase_add_test(cases, extreme_values_are_written_whole);
    tcase_add_test(cases, timers_are_milliseconds_with_the_fraction_that_is_there);
    tcase_add_test(cases, a_line_that_lacks_one_byte_of_room_is_not_written);
    tcase_add_test(cases, a_packet_takes_whole_lines_up_to_its_last_byte);
    tcase_add_test(cases, a_packet_is_filled_to_exactly_its_size);
    tcase_add_test(cases, prefixes_that_would_change_on_their_way_are_refused);
    return suite_run("plugins/statsd/line", cases);
}
