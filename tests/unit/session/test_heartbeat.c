/*
 * Liveness of a link under a clock that the test moves.
 */
#include <check.h>

#include "session/heartbeat.h"
#include "support/suite.h"

#define INTERVAL (1000 * CLOCK_NS_PER_MS)

static struct heartbeat begun(clock_ns_t now)
{
    struct heartbeat beat = {0};
    heartbeat_begin(&beat, 1000, now);
    return beat;
}

START_TEST(a_link_that_went_silent_is_found_within_two_intervals)
{
    /* whenever after a tick the last byte came */
    for (int percent = 0; percent < 100; percent++) {
        struct heartbeat beat = begun(INTERVAL);
        clock_ns_t died       = INTERVAL + INTERVAL / 100 * percent;
        heartbeat_heard(&beat, died);
        ck_assert_int_eq(heartbeat_judge(&beat), HEARTBEAT_PROBE);
        (void)heartbeat_pinged(&beat, 2 * INTERVAL);
        ck_assert_int_eq(heartbeat_judge(&beat), HEARTBEAT_SILENT);
        ck_assert_int_le(3 * INTERVAL - died, 2 * INTERVAL);
    }
}
END_TEST

START_TEST(any_byte_counts_as_alive)
{
    struct heartbeat beat = begun(INTERVAL);
    for (int i = 2; i < 50; i++) {
        (void)heartbeat_pinged(&beat, i * INTERVAL);
        heartbeat_heard(&beat, i * INTERVAL + 1); /* data, not a pong */
        ck_assert_int_eq(heartbeat_judge(&beat), HEARTBEAT_PROBE);
    }
}
END_TEST

START_TEST(an_exchange_that_answers_no_heartbeat_is_found_though_bytes_come)
{
    struct heartbeat beat = begun(INTERVAL);
    (void)heartbeat_pinged(&beat, 2 * INTERVAL);
    heartbeat_asked(&beat, 2 * INTERVAL);
    heartbeat_heard(&beat, 2 * INTERVAL + 5);
    ck_assert_int_eq(heartbeat_judge(&beat), HEARTBEAT_UNANSWERED);
    heartbeat_answered(&beat, 2 * INTERVAL + 6);
    ck_assert_int_eq(heartbeat_judge(&beat), HEARTBEAT_PROBE);
}
END_TEST

START_TEST(only_the_pong_of_the_last_ping_tells_the_round_trip)
{
    struct heartbeat beat = begun(INTERVAL);
    uint64_t first        = heartbeat_pinged(&beat, 2 * INTERVAL);
    uint64_t second       = heartbeat_pinged(&beat, 3 * INTERVAL);
    ck_assert_int_eq(heartbeat_ponged(&beat, first, 3 * INTERVAL + 1), 0);
    ck_assert_int_eq(heartbeat_ponged(&beat, second, 3 * INTERVAL + 250), 250);
    ck_assert_int_eq(beat.round_trip_ns, 250);
}
END_TEST

START_TEST(a_new_link_forgets_what_the_old_one_owed)
{
    struct heartbeat beat = begun(INTERVAL);
    uint64_t old          = heartbeat_pinged(&beat, 2 * INTERVAL);
    heartbeat_asked(&beat, 2 * INTERVAL);
    heartbeat_begin(&beat, 1000, 9 * INTERVAL);
    ck_assert_int_eq(heartbeat_judge(&beat), HEARTBEAT_PROBE);
    ck_assert_int_eq(heartbeat_ponged(&beat, old, 9 * INTERVAL + 1), 0);
    ck_assert_uint_ne(heartbeat_pinged(&beat, 10 * INTERVAL), old);
}
END_TEST

START_TEST(no_interval_means_off)
{
    struct heartbeat beat = {0};
    heartbeat_begin(&beat, -1, INTERVAL);
    ck_assert_int_eq(beat.interval, 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("heartbeat");
    tcase_add_test(cases, a_link_that_went_silent_is_found_within_two_intervals);
    tcase_add_test(cases, any_byte_counts_as_alive);
    tcase_add_test(cases, an_exchange_that_answers_no_heartbeat_is_found_though_bytes_come);
    tcase_add_test(cases, only_the_pong_of_the_last_ping_tells_the_round_trip);
    tcase_add_test(cases, a_new_link_forgets_what_the_old_one_owed);
    tcase_add_test(cases, no_interval_means_off);
    return suite_run("session/heartbeat", cases);
}
