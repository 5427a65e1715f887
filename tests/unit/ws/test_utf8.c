/*
 * ws/utf8.c against a reference that decodes code points and asks RFC 3629 of each.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/guard.h"
#include "ws/utf8.h"

/* Length of the valid code point at the front; 0: none; -1: it may become one. */
static int reference_one(const uint8_t *at, size_t len)
{
    static const uint32_t LEAST[5] = {0, 0, 0x80, 0x800, 0x10000};
    int size                       = at[0] < 0x80           ? 1
                                     : (at[0] >> 5) == 0x06 ? 2
                                     : (at[0] >> 4) == 0x0e ? 3
                                     : (at[0] >> 3) == 0x1e ? 4
                                                            : 0;
    if (size <= 1) {
        return size;
    }
    uint32_t least = at[0] & (0xffu >> (size + 1));
    uint32_t most  = least;
    for (int i = 1; i < size; i++) {
        if ((size_t)i < len && (at[i] & 0xc0) != 0x80) {
            return 0;
        }
        least = least << 6 | ((size_t)i < len ? at[i] & 0x3fu : 0u);
        most  = most << 6 | ((size_t)i < len ? at[i] & 0x3fu : 0x3fu);
    }
    /* what the bytes still missing can make of it: some value from least to most */
    if (most < LEAST[size] || least > 0x10ffff || (least >= 0xd800 && most <= 0xdfff)) {
        return 0;
    }
    return (size_t)size <= len ? size : -1;
}

/* 1 valid, 0 not, -1 valid so far */
static int reference(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len;) {
        int size = reference_one(bytes + i, len - i);
        if (size <= 0) {
            return size;
        }
        i += (size_t)size;
    }
    return 1;
}

static int verdict(const uint8_t *bytes, size_t len)
{
    struct ws_utf8 utf8 = {0};
    if (ws_utf8_feed(&utf8, bytes, len) != 0) {
        return 0;
    }
    return ws_utf8_is_complete(&utf8) ? 1 : -1;
}

static void check_lead(int lead)
{
    uint8_t bytes[3] = {(uint8_t)lead, 0, 0};
    ck_assert_int_eq(verdict(bytes, 1), reference(bytes, 1));
    for (int b = 0; b < 256; b++) {
        bytes[1] = (uint8_t)b;
        ck_assert_int_eq(verdict(bytes, 2), reference(bytes, 2));
        for (int c = 0; c < 256; c++) {
            bytes[2] = (uint8_t)c;
            if (verdict(bytes, 3) != reference(bytes, 3)) {
                ck_abort_msg("%02x %02x %02x: %d", lead, b, c, verdict(bytes, 3));
            }
        }
    }
}

START_TEST(every_sequence_of_one_to_three_bytes_is_judged_as_by_the_reference)
{
    for (int lead = _i * 64; lead < (_i + 1) * 64; lead++) {
        check_lead(lead);
    }
}
END_TEST

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Mostly good text, so that long stretches are passed before the fault, if there is one. */
static size_t random_text(uint32_t *state, uint8_t *out, size_t max)
{
    static const char *const PIECES[] = {"plain ascii text of some length, over a block ",
                                         "a",
                                         "\xc2\x80",
                                         "\xdf\xbf",
                                         "\xe0\xa0\x80",
                                         "\xed\x9f\xbf",
                                         "\xee\x80\x80",
                                         "\xf0\x90\x80\x80",
                                         "\xf4\x8f\xbf\xbf",
                                         "0123456789abcdef"};
    static const char *const FAULTS[] = {"\x80", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90", "\xff"};
    size_t len                        = 0;
    while (len + 64 < max && next_random(state) % 12 != 0) {
        const char *piece = PIECES[next_random(state) % 10];
        if (next_random(state) % 24 == 0) {
            piece = FAULTS[next_random(state) % 5];
        }
        memcpy(out + len, piece, strlen(piece));
        len += strlen(piece);
    }
    size_t cut = next_random(state) % 4;
    return len > cut ? len - cut : len;
}

START_TEST(random_texts_are_judged_as_by_the_reference_in_any_split)
{
    uint32_t state = (uint32_t)_i + 1;
    uint8_t text[600];
    for (int round = 0; round < 400; round++) {
        size_t len               = random_text(&state, text, sizeof(text));
        struct hawser_slice copy = guard_copy(text, len);
        const uint8_t *bytes     = (const uint8_t *)copy.data;
        int expected             = reference(bytes, len);
        ck_assert_int_eq(verdict(bytes, len), expected);
        ck_assert_int_eq(ws_utf8_is_valid(bytes, len), expected == 1);
        for (size_t split = 0; split <= len; split++) {
            struct ws_utf8 utf8 = {0};
            int bad             = ws_utf8_feed(&utf8, bytes, split) != 0;
            ck_assert_int_eq(bad, reference(bytes, split) == 0);
            bad |= ws_utf8_feed(&utf8, bytes + split, len - split) != 0;
            ck_assert_int_eq(bad, expected == 0);
        }
        guard_free(copy);
    }
}
END_TEST

START_TEST(a_fault_is_found_at_any_place_of_a_long_ascii_text)
{
    uint8_t text[200];
    memset(text, 'x', sizeof(text));
    for (size_t len = 1; len <= sizeof(text); len++) {
        struct hawser_slice copy = guard_copy(text, len);
        uint8_t *bytes           = (uint8_t *)(uintptr_t)copy.data;
        ck_assert_int_eq(ws_utf8_is_valid(bytes, len), 1);
        for (size_t i = 0; i < len; i++) {
            bytes[i] = 0x80;
            ck_assert_int_eq(ws_utf8_is_valid(bytes, len), 0);
            bytes[i] = 'x';
        }
        guard_free(copy);
    }
}
END_TEST

START_TEST(nothing_continues_a_text_that_failed)
{
    struct ws_utf8 utf8 = {0};
    ck_assert_int_eq(ws_utf8_feed(&utf8, (const uint8_t *)"\xff", 1), -1);
    ck_assert_int_eq(ws_utf8_is_complete(&utf8), 0);
    for (int b = 0; b < 256; b++) {
        uint8_t byte = (uint8_t)b;
        ck_assert_int_eq(ws_utf8_feed(&utf8, &byte, 1), -1);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ws utf8");
    TCase *tcase = tcase_create("reference");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, every_sequence_of_one_to_three_bytes_is_judged_as_by_the_reference,
                        0, 4);
    tcase_add_loop_test(tcase, random_texts_are_judged_as_by_the_reference_in_any_split, 0, 4);
    tcase_add_test(tcase, a_fault_is_found_at_any_place_of_a_long_ascii_text);
    tcase_add_test(tcase, nothing_continues_a_text_that_failed);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
