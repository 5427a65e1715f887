/*
 * ws/message.c on sizes: every length form, payloads that are gathered, messages and fragment
 * counts over their limits (RFC 6455 10.4).
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/ws/feed.h"

static const uint8_t MASK[4] = {0x12, 0xfe, 0x00, 0xa7};

static uint8_t *make_payload(size_t len)
{
    uint8_t *bytes = malloc(len + 1);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(' ' + i % 90);
    }
    return bytes;
}

static const size_t SIZES[] = {0,     1,     124,   125,   126,   127,   128,    1000,  4096,
                               49151, 49152, 49153, 65535, 65536, 65537, 131072, 262143};
static const size_t STEPS[] = {1, 7, 997, 1460, 65536, 1u << 20};

static void check_size(enum ws_role role, size_t size, size_t step)
{
    uint8_t *payload = make_payload(size);
    struct buf wire  = {0};
    struct feed whole;
    struct feed feed;
    feed_frame(&wire, 0x81, role == WS_SERVER ? MASK : NULL, payload, size);
    feed_frame(&wire, 0x82, role == WS_SERVER ? MASK : NULL, "end", 3);
    feed_init(&whole, role);
    feed_init(&feed, role);
    ck_assert_int_eq(feed_bytes(&whole, buf_data(&wire), wire.len), 0);
    for (size_t at = 0; at < wire.len; at += step) {
        size_t part = wire.len - at < step ? wire.len - at : step;
        ck_assert_int_eq(feed_bytes(&feed, buf_data(&wire) + at, part), 0);
        ck_assert_uint_le(feed.tail.len, 64u * 1024u); /* what a stream's buffer must hold */
    }
    ck_assert_str_eq(feed_said(&feed), feed_said(&whole));
    char expected[32];
    (void)snprintf(expected, sizeof(expected), "text(%zu)=", size);
    ck_assert_int_eq(strncmp(feed_said(&feed), expected, strlen(expected)), 0);
    ck_assert_ptr_nonnull(strstr(feed_said(&feed), "binary(3)=end"));
    feed_fini(&whole);
    feed_fini(&feed);
    buf_fini(&wire);
    free(payload);
}

START_TEST(every_size_is_read_the_same_in_pieces_of_any_length)
{
    for (size_t i = 0; i < sizeof(STEPS) / sizeof(STEPS[0]); i++) {
        if (SIZES[_i] / STEPS[i] <= 1000) {
            check_size(WS_CLIENT, SIZES[_i], STEPS[i]);
            check_size(WS_SERVER, SIZES[_i], STEPS[i]);
        }
    }
}
END_TEST

START_TEST(a_message_at_the_limit_passes_and_one_byte_more_does_not)
{
    struct ws_reader_options options = {
        .role = WS_CLIENT, .max_message_bytes = 1000, .max_fragments = 64};
    uint8_t *payload = make_payload(1001);
    for (size_t size = 1000; size <= 1001; size++) {
        struct buf wire = {0};
        struct feed feed;
        feed_frame(&wire, 0x82, NULL, payload, size);
        feed_init_options(&feed, &options);
        ck_assert_int_eq(feed_bytes(&feed, buf_data(&wire), size == 1000 ? wire.len : 4),
                         size == 1000 ? 0 : -1); /* refused at the header */
        if (size == 1001) {
            ck_assert_uint_eq(feed.err.code, HAWSER_WS_CLOSE_TOO_BIG);
        }
        feed_fini(&feed);
        buf_fini(&wire);
    }
    free(payload);
}
END_TEST

START_TEST(the_limit_counts_all_fragments_together)
{
    struct ws_reader_options options = {
        .role = WS_CLIENT, .max_message_bytes = 10, .max_fragments = 64};
    struct feed feed;
    feed_init_options(&feed, &options);
    ck_assert_int_eq(feed_bytes(&feed,
                                "\x02\x06"
                                "abcdef\x00\x04ghij\x80\x00",
                                16),
                     0);
    ck_assert_str_eq(feed_said(&feed), "binary(10)=abcdefghij ");
    ck_assert_int_eq(feed_bytes(&feed,
                                "\x02\x06"
                                "abcdef\x80\x05",
                                10),
                     -1);
    ck_assert_uint_eq(feed.err.code, HAWSER_WS_CLOSE_TOO_BIG);
    feed_fini(&feed);
}
END_TEST

START_TEST(a_control_frame_passes_whatever_the_message_limit)
{
    struct ws_reader_options options = {
        .role = WS_CLIENT, .max_message_bytes = 1, .max_fragments = 1};
    struct feed feed;
    feed_init_options(&feed, &options);
    ck_assert_int_eq(feed_bytes(&feed, "\x89\x05Hello", 7), 0);
    ck_assert_str_eq(feed_said(&feed), "ping(5)=Hello ");
    feed_fini(&feed);
}
END_TEST

START_TEST(empty_fragments_count_against_the_limit)
{
    struct ws_reader_options options = {
        .role = WS_CLIENT, .max_message_bytes = 1000, .max_fragments = 3};
    struct feed feed;
    feed_init_options(&feed, &options);
    ck_assert_int_eq(feed_bytes(&feed, "\x01\x00\x00\x00\x80\x00", 6), 0);
    ck_assert_str_eq(feed_said(&feed), "text(0)= ");
    ck_assert_int_eq(feed_bytes(&feed, "\x01\x00\x00\x00\x00\x00", 6), 0);
    ck_assert_int_eq(feed_bytes(&feed, "\x80\x00", 2), -1);
    ck_assert_uint_eq(feed.err.code, HAWSER_WS_CLOSE_TOO_BIG);
    feed_fini(&feed);
}
END_TEST

START_TEST(many_fragments_make_one_message)
{
    struct ws_reader_options options = {
        .role = WS_SERVER, .max_message_bytes = 1u << 20, .max_fragments = 5000};
    struct buf wire = {0};
    struct feed feed;
    for (int i = 0; i < 5000; i++) {
        feed_frame(&wire, i == 0 ? 0x01 : i == 4999 ? 0x80 : 0x00, MASK, "price", 5);
    }
    feed_init_options(&feed, &options);
    for (size_t at = 0; at < wire.len; at += 1460) {
        size_t part = wire.len - at < 1460 ? wire.len - at : 1460;
        ck_assert_int_eq(feed_bytes(&feed, buf_data(&wire) + at, part), 0);
    }
    ck_assert_int_eq(strncmp(feed_said(&feed), "text(25000)=", 12), 0);
    ck_assert_int_eq(feed.events, 1);
    feed_fini(&feed);
    buf_fini(&wire);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ws limits");
    TCase *tcase = tcase_create("sizes");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, every_size_is_read_the_same_in_pieces_of_any_length, 0,
                        (int)(sizeof(SIZES) / sizeof(SIZES[0])));
    tcase_add_test(tcase, a_message_at_the_limit_passes_and_one_byte_more_does_not);
    tcase_add_test(tcase, the_limit_counts_all_fragments_together);
    tcase_add_test(tcase, a_control_frame_passes_whatever_the_message_limit);
    tcase_add_test(tcase, empty_fragments_count_against_the_limit);
    tcase_add_test(tcase, many_fragments_make_one_message);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
