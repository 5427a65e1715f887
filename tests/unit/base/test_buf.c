/*
 * core/base/buf: bytes that grow up to a bound, consumed from the front.
 */
#include "base/buf.h"

#include <check.h>
#include <stdlib.h>

#include "support/guard.h"
#include "support/suite.h"

START_TEST(an_empty_buffer_holds_no_memory)
{
    struct buf buf;
    buf_init(&buf, 16);
    ck_assert_ptr_null(buf.bytes);
    ck_assert_uint_eq(buf_slice(&buf).len, 0);
    ck_assert_ptr_null(buf_data(&buf));
    buf_fini(&buf);
}
END_TEST

START_TEST(what_is_appended_in_pieces_reads_as_one)
{
    struct buf buf            = {0};
    struct hawser_slice piece = guard_copy("0123456789", 10);
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(buf_append_slice(&buf, piece), 0);
    }
    guard_free(piece);
    ck_assert_uint_eq(buf.len, 10000);
    for (size_t i = 0; i < buf.len; i++) {
        ck_assert_int_eq(buf_data(&buf)[i], (int)('0' + i % 10));
    }
    buf_fini(&buf);
}
END_TEST

START_TEST(the_bound_can_be_reached_and_not_passed)
{
    struct buf buf;
    buf_init(&buf, 300);
    uint8_t *room = buf_reserve(&buf, 300);
    ck_assert_ptr_nonnull(room);
    memset(room, 'x', 300);
    buf_commit(&buf, 300);
    ck_assert_ptr_null(buf_reserve(&buf, 1));
    ck_assert_int_eq(buf_append(&buf, "y", 1), -1);
    ck_assert_uint_eq(buf.len, 300);
    ck_assert_int_eq(buf_data(&buf)[299], 'x');
    buf_fini(&buf);
}
END_TEST

START_TEST(a_length_that_overflows_is_refused)
{
    struct buf buf = {0};
    ck_assert_int_eq(buf_append_text(&buf, "abc"), 0);
    ck_assert_ptr_null(buf_reserve(&buf, SIZE_MAX));
    ck_assert_ptr_null(buf_reserve(&buf, SIZE_MAX - 2));
    ck_assert_str_eq(buf_text(&buf), "abc");
    buf_fini(&buf);
}
END_TEST

START_TEST(consumed_room_is_used_again)
{
    struct buf buf;
    buf_init(&buf, 256);
    for (int i = 0; i < 10000; i++) {
        ck_assert_int_eq(buf_append(&buf, "0123456789abcdef", 16), 0);
        ck_assert_int_eq(buf_data(&buf)[0], '0');
        buf_consume(&buf, 16);
    }
    ck_assert_uint_eq(buf.len, 0);
    ck_assert_uint_eq(buf.capacity, 256);
    buf_fini(&buf);
}
END_TEST

START_TEST(content_survives_growth_after_a_consume)
{
    struct buf buf = {0};
    ck_assert_int_eq(buf_append(&buf, "drop-keep", 9), 0);
    buf_consume(&buf, 5);
    uint8_t *room = buf_reserve(&buf, 4096);
    ck_assert_ptr_nonnull(room);
    memset(room, '.', 4096);
    buf_commit(&buf, 4096);
    ck_assert_uint_eq(buf.len, 4100);
    ck_assert_mem_eq(buf_data(&buf), "keep....", 8);
    buf_fini(&buf);
}
END_TEST

START_TEST(printf_appends_up_to_the_bound_and_all_or_nothing)
{
    struct buf buf;
    buf_init(&buf, 8);
    ck_assert_int_eq(buf_printf(&buf, "%d-%s", 12, "ab"), 0);
    ck_assert_int_eq(buf_printf(&buf, "%s", "wxyz"), -1);
    ck_assert_str_eq(buf_text(&buf), "12-ab");
    ck_assert_int_eq(buf_printf(&buf, "%s", "xyz"), 0);
    ck_assert_str_eq(buf_text(&buf), "12-abxyz");
    ck_assert_uint_eq(buf.len, 8);
    buf_fini(&buf);
}
END_TEST

START_TEST(text_of_a_full_buffer_ends_in_nul_past_the_bound)
{
    struct buf buf;
    buf_init(&buf, 4);
    ck_assert_int_eq(buf_append(&buf, "full", 4), 0);
    ck_assert_str_eq(buf_text(&buf), "full");
    ck_assert_uint_eq(buf.max, 4);
    ck_assert_int_eq(buf_append(&buf, "x", 1), -1);
    buf_fini(&buf);
}
END_TEST

START_TEST(a_buffer_is_usable_again_after_fini)
{
    struct buf buf;
    buf_init(&buf, 4);
    ck_assert_int_eq(buf_append(&buf, "abcd", 4), 0);
    buf_fini(&buf);
    ck_assert_uint_eq(buf.len, 0);
    ck_assert_int_eq(buf_append(&buf, "efgh", 4), 0);
    ck_assert_int_eq(buf_append(&buf, "i", 1), -1);
    buf_fini(&buf);
}
END_TEST

START_TEST(clear_keeps_the_memory_and_drops_the_content)
{
    struct buf buf = {0};
    ck_assert_int_eq(buf_append_text(&buf, "something"), 0);
    size_t capacity = buf.capacity;
    buf_clear(&buf);
    ck_assert_uint_eq(buf.len, 0);
    ck_assert_uint_eq(buf.capacity, capacity);
    ck_assert_str_eq(buf_text(&buf), "");
    buf_fini(&buf);
}
END_TEST

START_TEST(nothing_can_be_appended_to_nothing)
{
    struct buf buf = {0};
    ck_assert_int_eq(buf_append(&buf, NULL, 0), 0);
    ck_assert_uint_eq(buf.len, 0);
    buf_cleanse(&buf);
    ck_assert_ptr_null(buf.bytes);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("buf");
    tcase_add_test(cases, an_empty_buffer_holds_no_memory);
    tcase_add_test(cases, what_is_appended_in_pieces_reads_as_one);
    tcase_add_test(cases, the_bound_can_be_reached_and_not_passed);
    tcase_add_test(cases, a_length_that_overflows_is_refused);
    tcase_add_test(cases, consumed_room_is_used_again);
    tcase_add_test(cases, content_survives_growth_after_a_consume);
    tcase_add_test(cases, printf_appends_up_to_the_bound_and_all_or_nothing);
    tcase_add_test(cases, text_of_a_full_buffer_ends_in_nul_past_the_bound);
    tcase_add_test(cases, a_buffer_is_usable_again_after_fini);
    tcase_add_test(cases, clear_keeps_the_memory_and_drops_the_content);
    tcase_add_test(cases, nothing_can_be_appended_to_nothing);
    return suite_run("base/buf", cases);
}
