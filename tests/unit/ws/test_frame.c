/*
 * ws/frame.c: the public codec on its own.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "support/guard.h"
#include "ws/frame.h"

static const uint64_t LENGTHS[] = {0,     1,     125,        126,        127,
                                   65535, 65536, UINT32_MAX, 1ull << 62, (1ull << 63) - 1};

static void check_round_trip(const struct hawser_frame *frame)
{
    uint8_t wire[HAWSER_FRAME_HEADER_MAX];
    struct hawser_error err = HAWSER_ERROR_INIT;
    size_t len              = hawser_frame_encode(frame, wire);
    uint64_t n              = frame->payload_len;
    ck_assert_uint_eq(len, 2u + (n > 65535 ? 8u : n > 125 ? 2u : 0u) + (frame->masked ? 4u : 0u));
    for (size_t part = 0; part <= len; part++) {
        struct hawser_frame read = {0};
        struct hawser_slice copy = guard_copy(wire, part);
        int used                 = hawser_frame_decode(copy, UINT64_MAX, &read, &err);
        ck_assert_int_eq(used, part == len ? (int)len : 0);
        if (part == len) {
            ck_assert_mem_eq(&read, frame, sizeof(read));
        }
        guard_free(copy);
    }
}

START_TEST(a_header_survives_encode_and_decode)
{
    for (unsigned bits = 0; bits < 32; bits++) {
        struct hawser_frame frame = {.payload_len = LENGTHS[_i],
                                     .fin         = bits & 1u,
                                     .rsv         = (uint8_t)(bits >> 2),
                                     .opcode      = HAWSER_OPCODE_BINARY,
                                     .masked      = bits >> 1 & 1u};
        if (frame.masked) {
            memcpy(frame.mask, "\x01\xff\x7f\x80", 4);
        }
        check_round_trip(&frame);
    }
}
END_TEST

START_TEST(only_headers_that_may_be_sent_are_valid)
{
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        int data    = opcode <= 2;
        int control = opcode >= 8 && opcode <= 10;
        for (uint64_t len = 125; len <= 126; len++) {
            struct hawser_frame whole = {.fin = 1, .opcode = (uint8_t)opcode, .payload_len = len};
            struct hawser_frame part  = {.opcode = (uint8_t)opcode, .payload_len = len};
            ck_assert_int_eq(hawser_frame_is_valid(&whole), data || (control && len == 125));
            ck_assert_int_eq(hawser_frame_is_valid(&part), data);
        }
    }
    struct hawser_frame frame = {.fin = 1, .opcode = 1, .payload_len = 1ull << 63};
    uint8_t out[HAWSER_FRAME_HEADER_MAX];
    ck_assert_int_eq(hawser_frame_is_valid(&frame), 0);
    ck_assert_uint_eq(hawser_frame_encode(&frame, out), 0);
    frame = (struct hawser_frame){.fin = 1, .opcode = 1, .rsv = 8};
    ck_assert_int_eq(hawser_frame_is_valid(&frame), 0);
}
END_TEST

START_TEST(a_payload_over_the_limit_is_too_big)
{
    struct hawser_frame frame;
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_int_eq(hawser_frame_decode(slice_make("\x82\x64", 2), 100, &frame, &err), 2);
    ck_assert_int_eq(hawser_frame_decode(slice_make("\x82\x65", 2), 100, &frame, &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_WS_CLOSE_TOO_BIG);
}
END_TEST

START_TEST(masking_is_the_same_as_byte_by_byte)
{
    static const uint8_t MASK[4] = {0x37, 0xfa, 0x21, 0x3d};
    uint8_t plain[80];
    for (size_t i = 0; i < sizeof(plain); i++) {
        plain[i] = (uint8_t)(i * 7);
    }
    for (size_t len = 0; len <= sizeof(plain); len++) {
        struct hawser_slice copy = guard_copy(plain, len);
        uint8_t *bytes           = (uint8_t *)(uintptr_t)copy.data;
        hawser_frame_mask(bytes, len, MASK, (size_t)_i);
        for (size_t i = 0; i < len; i++) {
            ck_assert_uint_eq(bytes[i], plain[i] ^ MASK[(i + (size_t)_i) % 4]);
        }
        guard_free(copy);
    }
}
END_TEST

START_TEST(exactly_the_codes_of_the_registry_may_stand_in_a_close_frame)
{
    for (unsigned code = 0; code <= UINT16_MAX; code++) {
        int expected = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                       (code >= 3000 && code <= 4999);
        ck_assert_int_eq(ws_close_code_is_valid((uint16_t)code), expected);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ws frame");
    TCase *tcase = tcase_create("codec");
    tcase_add_loop_test(tcase, a_header_survives_encode_and_decode, 0,
                        (int)(sizeof(LENGTHS) / sizeof(LENGTHS[0])));
    tcase_add_test(tcase, only_headers_that_may_be_sent_are_valid);
    tcase_add_test(tcase, a_payload_over_the_limit_is_too_big);
    tcase_add_loop_test(tcase, masking_is_the_same_as_byte_by_byte, 0, 9);
    tcase_add_test(tcase, exactly_the_codes_of_the_registry_may_stand_in_a_close_frame);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
