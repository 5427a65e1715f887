/*
 * core/base/slice: bytes that belong to somebody else.
 */
#include "base/slice.h"

#include <check.h>
#include <stdlib.h>

#include "support/guard.h"
#include "support/suite.h"

START_TEST(equality_is_of_bytes_and_length)
{
    struct hawser_slice word = guard_copy("ticker", 6);
    ck_assert(slice_equal_text(word, "ticker"));
    ck_assert(!slice_equal_text(word, "tickers"));
    ck_assert(!slice_equal_text(word, "ticke"));
    ck_assert(!slice_equal_text(word, "Ticker"));
    ck_assert(slice_equal_nocase(word, "TICKER"));
    ck_assert(!slice_equal_nocase(word, "TICKERS"));
    ck_assert(slice_equal(word, SLICE_LITERAL("ticker")));
    guard_free(word);
}
END_TEST

START_TEST(a_prefix_longer_than_the_slice_is_not_read_past_its_end)
{
    struct hawser_slice word = guard_copy("book", 4);
    ck_assert(slice_starts_with(word, "boo"));
    ck_assert(slice_starts_with(word, "book"));
    ck_assert(slice_starts_with(word, ""));
    ck_assert(!slice_starts_with(word, "books"));
    ck_assert(!slice_starts_with(word, "bok"));
    guard_free(word);
}
END_TEST

START_TEST(the_empty_slice_may_have_no_memory)
{
    struct hawser_slice none = slice_of(NULL);
    ck_assert_ptr_null(none.data);
    ck_assert_uint_eq(none.len, 0);
    ck_assert(slice_equal_text(none, ""));
    ck_assert(slice_equal_nocase(none, ""));
    ck_assert(slice_equal(none, slice_of("")));
    ck_assert(slice_equal(slice_skip(none, 0), none));
}
END_TEST

START_TEST(skipping_leaves_the_rest)
{
    struct hawser_slice word = slice_of("abc");
    ck_assert(slice_equal_text(slice_skip(word, 0), "abc"));
    ck_assert(slice_equal_text(slice_skip(word, 2), "c"));
    ck_assert_uint_eq(slice_skip(word, 3).len, 0);
}
END_TEST

START_TEST(short_comparisons_see_every_byte_and_no_other)
{
    char text[70];
    for (size_t len = 0; len <= sizeof(text); len++) {
        for (size_t i = 0; i < len; i++) {
            text[i] = (char)(i * 7);
        }
        struct hawser_slice a = guard_copy(text, len);
        ck_assert(slice_same_bytes(a.data, text, len));
        for (size_t i = 0; i < len; i++) {
            text[i] ^= 1;
            ck_assert_msg(!slice_same_bytes(a.data, text, len), "byte %zu of %zu", i, len);
            text[i] ^= 1;
        }
        guard_free(a);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("slice");
    tcase_add_test(cases, equality_is_of_bytes_and_length);
    tcase_add_test(cases, a_prefix_longer_than_the_slice_is_not_read_past_its_end);
    tcase_add_test(cases, the_empty_slice_may_have_no_memory);
    tcase_add_test(cases, skipping_leaves_the_rest);
    tcase_add_test(cases, short_comparisons_see_every_byte_and_no_other);
    return suite_run("base/slice", cases);
}
