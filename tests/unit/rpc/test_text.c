/*
 * Escapes of JSON strings become bytes, in every form and at every size of the room for them.
 */
#include <check.h>
#include <string.h>

#include "base/slice.h"
#include "rpc/text.h"
#include "support/guard.h"
#include "support/suite.h"

static void check_text(const char *content, const char *wanted)
{
    char out[128];
    struct hawser_slice copy = guard_copy(content, strlen(content));
    size_t len               = rpc_text_unescape(copy, out, sizeof(out));
    ck_assert_msg(slice_equal_text(slice_make(out, len), wanted), "%s became \"%.*s\"", content,
                  (int)len, out);
    guard_free(copy);
}

START_TEST(escapes_become_what_they_mean)
{
    check_text("", "");
    check_text("plain", "plain");
    check_text("\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t");
    check_text("\\u0041\\u00e9\\u20AC\\ud83d\\ude00", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    check_text("\xe2\x82\xac=\\u20ac", "\xe2\x82\xac=\xe2\x82\xac");
}
END_TEST

START_TEST(half_a_surrogate_pair_becomes_the_replacement_character)
{
    check_text("\\ud83d", "\xef\xbf\xbd");
    check_text("\\ude00x", "\xef\xbf\xbdx");
    check_text("\\ud83d\\u0041", "\xef\xbf\xbd"
                                 "A");
    check_text("\\ud83d\\n", "\xef\xbf\xbd\n");
}
END_TEST

START_TEST(text_is_cut_between_characters)
{
    struct hawser_slice content = SLICE_LITERAL("a\xe2\x82\xac\\u20ac\\ud83d\\ude00z");
    static const size_t FITS[]  = {0, 1, 1, 1, 4, 4, 4, 7, 7, 7, 7, 11, 12, 12};
    for (size_t size = 0; size < sizeof(FITS) / sizeof(FITS[0]); size++) {
        char out[16];
        memset(out, '#', sizeof(out));
        ck_assert_uint_eq(rpc_text_unescape(content, out, size), FITS[size]);
        ck_assert_int_eq(out[size], '#');
    }
}
END_TEST

START_TEST(character_that_is_not_whole_stays_inside_its_bounds)
{
    struct hawser_slice copy = guard_copy("a\xf0\x9f", 3);
    char out[16];
    ck_assert_uint_eq(rpc_text_unescape(copy, out, sizeof(out)), 3);
    guard_free(copy);
}
END_TEST

START_TEST(invalid_utf8_does_not_swallow_the_start_of_an_escape)
{
    check_text("\xff\xff\xff\\\\u", "\xff\xff\xff\\u");
    check_text("\xf0\\n", "\xf0\n");
}
END_TEST

START_TEST(key_is_compared_by_what_it_means)
{
    ck_assert(rpc_text_key_is(SLICE_LITERAL("id"), 0, SLICE_LITERAL("id")));
    ck_assert(rpc_text_key_is(SLICE_LITERAL("\\u0069d"), 1, SLICE_LITERAL("id")));
    ck_assert(!rpc_text_key_is(SLICE_LITERAL("\\u0069d\\u0000"), 1, SLICE_LITERAL("id")));
    ck_assert(!rpc_text_key_is(SLICE_LITERAL("\\u0069"), 1, SLICE_LITERAL("id")));
}
END_TEST

START_TEST(long_escaped_key_is_not_taken_for_its_start)
{
    char key[300];
    memset(key, 'k', sizeof(key));
    memcpy(key, "\\n", 2);
    struct hawser_slice whole = slice_make(key, sizeof(key));
    char name[300];
    size_t len = rpc_text_unescape(whole, name, sizeof(name));
    for (size_t shorter = 0; shorter < len; shorter++) {
        ck_assert(!rpc_text_key_is(whole, 1, slice_make(name, shorter)));
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("text");
    tcase_add_test(cases, escapes_become_what_they_mean);
    tcase_add_test(cases, half_a_surrogate_pair_becomes_the_replacement_character);
    tcase_add_test(cases, text_is_cut_between_characters);
    tcase_add_test(cases, character_that_is_not_whole_stays_inside_its_bounds);
    tcase_add_test(cases, invalid_utf8_does_not_swallow_the_start_of_an_escape);
    tcase_add_test(cases, key_is_compared_by_what_it_means);
    tcase_add_test(cases, long_escaped_key_is_not_taken_for_its_start);
    return suite_run("rpc/text", cases);
}
