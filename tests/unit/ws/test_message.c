/*
 * ws/message.c on wire cases for the rules of RFC 6455 5, 7 and 8.1, each in every split. Limits
 * and large payloads: test_limits.c.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "unit/ws/feed.h"

struct wire_case {
    const char *name;
    enum ws_role role;
    const char *wire;
    size_t len;
    const char *expected;
};

#define CASE(name, role, wire, expected)                                                           \
    {                                                                                              \
        name, role, wire, sizeof(wire) - 1, expected                                               \
    }
#define FROM_SERVER(name, wire, expected) CASE(name, WS_CLIENT, wire, expected)
#define FROM_CLIENT(name, wire, expected) CASE(name, WS_SERVER, wire, expected)

/* A text frame holding a UTF-8 fault; `len` is its length octet. */
#define BAD_TEXT(name, len, payload) FROM_SERVER(name, "\x81" len payload, "error=1007 ")

static const struct wire_case CASES[] = {
    /* 5.2, 5.6: data */
    FROM_SERVER("text", "\x81\x05Hello", "text(5)=Hello "),
    FROM_SERVER("empty text", "\x81\x00", "text(0)= "),
    FROM_SERVER("binary", "\x82\x02\xff\xfe", "binary(2)=\xff\xfe "),
    FROM_SERVER("empty binary", "\x82\x00", "binary(0)= "),
    FROM_SERVER("two in a row",
                "\x81\x01"
                "a\x82\x01"
                "b",
                "text(1)=a binary(1)=b "),
    FROM_SERVER("three, the second empty",
                "\x81\x01"
                "a\x81\x00\x81\x01"
                "c",
                "text(1)=a text(0)= text(1)=c "),
    FROM_CLIENT("masked text (5.7)", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
                "text(5)=Hello "),
    FROM_CLIENT("masked empty text", "\x81\x80\x37\xfa\x21\x3d", "text(0)= "),
    FROM_CLIENT("masked fragments",
                "\x01\x83\x01\x02\x03\x04\x49\x67\x6f\x80\x82\x05\x06\x07\x08\x69\x69",
                "text(5)=Hello "),
    FROM_SERVER("masked frame from a server", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
                "error=1002 "),
    FROM_CLIENT("unmasked frame from a client", "\x81\x05Hello", "error=1002 "),
    FROM_CLIENT("unmasked ping from a client", "\x89\x00", "error=1002 "),
    /* 5.2: length in the shortest form */
    FROM_SERVER("16-bit length for 5", "\x81\x7e\x00\x05Hello", "error=1002 "),
    FROM_SERVER("16-bit length for 125", "\x82\x7e\x00\x7d", "error=1002 "),
    FROM_SERVER("64-bit length for 5", "\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x05Hello",
                "error=1002 "),
    FROM_SERVER("64-bit length for 65535", "\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff",
                "error=1002 "),
    FROM_SERVER("64-bit length with the top bit", "\x82\x7f\x80\x00\x00\x00\x00\x01\x00\x00",
                "error=1002 "),
    FROM_SERVER("64-bit length of 2^62", "\x82\x7f\x40\x00\x00\x00\x00\x00\x00\x00", "error=1009 "),
    /* 5.5.2, 5.5.3: ping and pong */
    FROM_SERVER("empty ping", "\x89\x00", "ping(0)= "),
    FROM_SERVER("ping with a payload", "\x89\x05Hello", "ping(5)=Hello "),
    FROM_SERVER("ping with binary", "\x89\x04\x00\xff\xfe\xfd", "ping(4)=\0"),
    FROM_SERVER("unsolicited pong",
                "\x8a\x03"
                "abc",
                "pong(3)=abc "),
    FROM_SERVER("pong, then ping",
                "\x8a\x01"
                "a\x89\x01"
                "b",
                "pong(1)=a ping(1)=b "),
    FROM_SERVER("ping over 125", "\x89\x7e\x00\x7e", "error=1002 "),
    FROM_SERVER("pong over 125", "\x8a\x7f\x00\x00\x00\x00\x00\x01\x00\x00", "error=1002 "),
    FROM_SERVER("ten pings",
                "\x89\x01"
                "0\x89\x01"
                "1\x89\x01"
                "2\x89\x01"
                "3\x89\x01"
                "4\x89\x01"
                "5\x89\x01"
                "6\x89\x01"
                "7\x89\x01"
                "8\x89\x01"
                "9",
                "ping(1)=0 ping(1)=1 ping(1)=2 ping(1)=3 ping(1)=4 ping(1)=5 ping(1)=6 ping(1)=7 "
                "ping(1)=8 ping(1)=9 "),
    FROM_CLIENT("masked ping", "\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "ping(5)=Hello "),
    /* 5.2: reserved bits, no extension */
    FROM_SERVER("RSV1 on text", "\xc1\x05Hello", "error=1002 "),
    FROM_SERVER("RSV2 after a good message",
                "\x81\x01"
                "a\xa1\x05Hello",
                "text(1)=a error=1002 "),
    FROM_SERVER("RSV3 on binary", "\x92\x00", "error=1002 "),
    FROM_SERVER("RSV1+2 on ping", "\xe9\x00", "error=1002 "),
    FROM_SERVER("all RSV on close", "\xf8\x00", "error=1002 "),
    FROM_SERVER("RSV1 on a continuation",
                "\x01\x01"
                "a\xc0\x01"
                "b",
                "error=1002 "),
    /* 5.2: reserved opcodes */
    FROM_SERVER("opcode 3", "\x83\x00", "error=1002 "),
    FROM_SERVER("opcode 4 with a payload",
                "\x84\x01"
                "a",
                "error=1002 "),
    FROM_SERVER("opcode 5 after a message",
                "\x81\x01"
                "a\x85\x00",
                "text(1)=a error=1002 "),
    FROM_SERVER("opcode 7", "\x87\x00", "error=1002 "),
    FROM_SERVER("opcode 0xb", "\x8b\x00", "error=1002 "),
    FROM_SERVER("opcode 0xf",
                "\x8f\x01"
                "a",
                "error=1002 "),
    /* 5.4: fragmentation */
    FROM_SERVER("two fragments", "\x01\x03Hel\x80\x02lo", "text(5)=Hello "),
    FROM_SERVER("three fragments of binary",
                "\x02\x01"
                "a\x00\x01"
                "b\x80\x01"
                "c",
                "binary(3)=abc "),
    FROM_SERVER("empty fragments", "\x01\x00\x00\x00\x80\x00", "text(0)= "),
    FROM_SERVER("an empty fragment first", "\x01\x00\x80\x02hi", "text(2)=hi "),
    FROM_SERVER("an empty fragment last", "\x01\x02hi\x80\x00", "text(2)=hi "),
    FROM_SERVER("ping between fragments", "\x01\x03Hel\x89\x01p\x80\x02lo",
                "ping(1)=p text(5)=Hello "),
    FROM_SERVER("pong between fragments", "\x01\x03Hel\x8a\x01p\x80\x02lo",
                "pong(1)=p text(5)=Hello "),
    FROM_SERVER("message after a fragmented one",
                "\x01\x01"
                "a\x80\x01"
                "b\x81\x01"
                "c",
                "text(2)=ab text(1)=c "),
    FROM_SERVER("two fragmented ones",
                "\x01\x01"
                "a\x80\x01"
                "b\x02\x01"
                "c\x80\x01"
                "d",
                "text(2)=ab binary(2)=cd "),
    FROM_SERVER("fragmented ping",
                "\x09\x01"
                "a\x80\x01"
                "b",
                "error=1002 "),
    FROM_SERVER("fragmented pong",
                "\x0a\x01"
                "a",
                "error=1002 "),
    FROM_SERVER("fragmented close", "\x08\x00", "error=1002 "),
    FROM_SERVER("continuation of nothing",
                "\x80\x01"
                "a",
                "error=1002 "),
    FROM_SERVER("open continuation of nothing",
                "\x00\x01"
                "a",
                "error=1002 "),
    FROM_SERVER("continuation after a whole message",
                "\x81\x01"
                "a\x80\x01"
                "b",
                "text(1)=a error=1002 "),
    FROM_SERVER("text within a fragmented text",
                "\x01\x01"
                "a\x81\x01"
                "b",
                "error=1002 "),
    FROM_SERVER("binary within a fragmented text",
                "\x01\x01"
                "a\x02\x01"
                "b",
                "error=1002 "),
    FROM_SERVER("close within a fragmented text",
                "\x01\x01"
                "a\x88\x02\x03\xe8\x80\x01"
                "b",
                "close-1000(0)= "),
    /* 8.1: UTF-8 */
    FROM_SERVER("two, three and four byte code points",
                "\x81\x09\xc2\xa2\xe2\x82\xac\xf0\x90\x8d\x88",
                "text(9)=\xc2\xa2\xe2\x82\xac\xf0\x90\x8d\x88 "),
    FROM_SERVER("a code point over two fragments",
                "\x01\x02"
                "a\xe2\x80\x02\x82\xac",
                "text(4)=a\xe2\x82\xac "),
    FROM_SERVER("a code point over four fragments",
                "\x01\x01\xf0\x00\x01\x90\x00\x01\x8d\x80\x01\x88", "text(4)=\xf0\x90\x8d\x88 "),
    FROM_SERVER("a code point over a ping", "\x01\x01\xe2\x89\x01\xff\x80\x02\x82\xac",
                "ping(1)=\xff text(3)=\xe2\x82\xac "),
    FROM_CLIENT("masked code points", "\x81\x83\x01\x02\x03\x04\xe3\x80\xaf",
                "text(3)=\xe2\x82\xac "),
    FROM_CLIENT("masked fault", "\x81\x83\x01\x02\x03\x04\xe3\xfd\xaf", "error=1007 "),
    FROM_SERVER("U+10FFFF", "\x81\x04\xf4\x8f\xbf\xbf", "text(4)=\xf4\x8f\xbf\xbf "),
    FROM_SERVER("U+0000",
                "\x82\x01\x00\x81\x03"
                "a\0b",
                "binary(1)=\0"),
    FROM_SERVER("noncharacter U+FFFE", "\x81\x03\xef\xbf\xbe", "text(3)=\xef\xbf\xbe "),
    BAD_TEXT("over U+10FFFF", "\x04", "\xf4\x90\x80\x80"),
    BAD_TEXT("surrogate", "\x03", "\xed\xa0\x80"),
    BAD_TEXT("overlong slash, two bytes", "\x02", "\xc0\xaf"),
    BAD_TEXT("overlong slash, three bytes", "\x03", "\xe0\x80\xaf"),
    BAD_TEXT("overlong slash, four bytes", "\x04", "\xf0\x80\x80\xaf"),
    BAD_TEXT("five byte form", "\x05", "\xf8\x88\x80\x80\x80"),
    BAD_TEXT("lone continuation byte", "\x01", "\x80"),
    BAD_TEXT("0xff", "\x01", "\xff"),
    BAD_TEXT("cut at the end", "\x02", "a\xc3"),
    BAD_TEXT("lead byte after lead byte", "\x02", "\xc3\xc3"),
    FROM_SERVER("cut at the end of the last fragment",
                "\x01\x01"
                "a\x80\x01\xe2",
                "error=1007 "),
    FROM_SERVER("bad byte in the middle fragment",
                "\x01\x01"
                "a\x00\x02\xed\xa0",
                "error=1007 "),
    FROM_SERVER("a cut end does not reach into the next message",
                "\x81\x01"
                "a\x82\x01\xe2\x81\x01"
                "b",
                "text(1)=a binary(1)=\xe2 text(1)=b "),
    /* 5.5.1, 7: closing */
    FROM_SERVER("empty close", "\x88\x00", "close-1005(0)= "),
    FROM_SERVER("close with a code", "\x88\x02\x03\xe8", "close-1000(0)= "),
    FROM_SERVER("close with a reason", "\x88\x06\x03\xe9gone", "close-1001(4)=gone "),
    FROM_SERVER("private code", "\x88\x02\x0f\xa0", "close-4000(0)= "),
    FROM_SERVER("registered code", "\x88\x02\x0b\xb8", "close-3000(0)= "),
    FROM_SERVER("nothing counts after a close",
                "\x88\x02\x03\xe8\x81\x01"
                "a\x89\x00\xff\xff",
                "close-1000(0)= "),
    FROM_SERVER("one byte", "\x88\x01\x03", "error=1002 "),
    FROM_SERVER("code 0", "\x88\x02\x00\x00", "error=1002 "),
    FROM_SERVER("code 999", "\x88\x02\x03\xe7", "error=1002 "),
    FROM_SERVER("code 1004", "\x88\x02\x03\xec", "error=1002 "),
    FROM_SERVER("code 1005", "\x88\x02\x03\xed", "error=1002 "),
    FROM_SERVER("code 1006", "\x88\x02\x03\xee", "error=1002 "),
    FROM_SERVER("code 1015", "\x88\x02\x03\xf7", "error=1002 "),
    FROM_SERVER("code 1100", "\x88\x02\x04\x4c", "error=1002 "),
    FROM_SERVER("code 2999", "\x88\x02\x0b\xb7", "error=1002 "),
    FROM_SERVER("code 5000", "\x88\x02\x13\x88", "error=1002 "),
    FROM_SERVER("code 65535", "\x88\x02\xff\xff", "error=1002 "),
    FROM_SERVER("reason not UTF-8", "\x88\x05\x03\xe8\xed\xa0\x80", "error=1007 "),
    FROM_SERVER("reason cut", "\x88\x03\x03\xe8\xc3", "error=1007 "),
    FROM_SERVER("close over 125", "\x88\x7e\x00\x7e", "error=1002 "),
    FROM_CLIENT("masked close", "\x88\x82\x01\x02\x03\x04\x02\xea", "close-1000(0)= "),
};
#define CASE_COUNT ((int)(sizeof(CASES) / sizeof(CASES[0])))

/* `expected` is compared as a string: a NUL in a payload ends what is compared. */
START_TEST(every_wire_case_is_read_as_the_rfc_says_in_every_split)
{
    const struct wire_case *row = &CASES[_i];
    feed_check_splits(row->role, row->wire, row->len, row->expected);
}
END_TEST

struct early_case {
    const char *wire;
    size_t len;
    size_t fails_at; /* bytes fed, one by one, when the fault must be told */
};

#define EARLY(wire, at)                                                                            \
    {                                                                                              \
        wire, sizeof(wire) - 1, at                                                                 \
    }

static const struct early_case EARLY_CASES[] = {
    /* the first octet that no UTF-8 text can hold, in a frame that is not whole yet */
    EARLY("\x81\x14\xce\xba\xe1\xbd\xb9\xf4\x90\x80\x80ooooooooooo", 9),
    EARLY("\x81\x06\xed\xa0oooo", 4),
    EARLY("\x81\x7e\x01\x00\xff", 5),
    EARLY("\x01\x02"
          "ab\x00\x04\xc0xxx",
          7),
    EARLY("\x01\x02\xce\xba\x80\x05\xf4\x90\x80\x80x", 8),
    /* headers */
    EARLY("\x83\x05", 1),
    EARLY("\x0a\x05", 1),
    EARLY("\x89\x7e\x01\x00", 2),
    EARLY("\x81\x7e\x00\x05", 4),
};

START_TEST(a_fault_is_told_at_its_first_byte)
{
    const struct early_case *row = &EARLY_CASES[_i];
    struct feed feed;
    feed_init(&feed, WS_CLIENT);
    for (size_t i = 0; i < row->len && feed.result == 0; i++) {
        (void)feed_bytes(&feed, row->wire + i, 1);
    }
    ck_assert_int_eq(feed.result, -1);
    ck_assert_uint_eq(feed.fed, row->fails_at);
    feed_fini(&feed);
}
END_TEST

START_TEST(a_masked_fault_is_told_at_its_first_byte)
{
    static const uint8_t MASK[4] = {0x9a, 0x01, 0xff, 0x55};
    struct buf wire              = {0};
    feed_frame(&wire, 0x81, MASK, "ok \xe2\x82\xac then \xff and more", 22);
    struct feed feed;
    feed_init(&feed, WS_SERVER);
    for (size_t i = 0; i < wire.len && feed.result == 0; i++) {
        (void)feed_bytes(&feed, buf_data(&wire) + i, 1);
    }
    ck_assert_str_eq(feed_said(&feed), "error=1007 ");
    ck_assert_uint_eq(feed.fed, 6 + 13);
    feed_fini(&feed);
    buf_fini(&wire);
}
END_TEST

static const char THREE_EVENTS[] = "\x01\x01"
                                   "a\x89\x01p\x80\x01"
                                   "b\x81\x01"
                                   "c";

START_TEST(a_handler_may_stop_and_destroy_the_reader_at_any_event)
{
    for (size_t split = 0; split < sizeof(THREE_EVENTS); split++) {
        struct feed feed;
        feed_init(&feed, WS_CLIENT);
        feed.stop_after = _i;
        (void)feed_bytes(&feed, THREE_EVENTS, split);
        (void)feed_bytes(&feed, THREE_EVENTS + split, sizeof(THREE_EVENTS) - 1 - split);
        ck_assert_int_eq(feed.result, 1);
        ck_assert_int_eq(feed.events, _i);
        feed_fini(&feed);
    }
}
END_TEST

START_TEST(a_whole_message_is_handed_on_where_it_lies)
{
    uint8_t wire[] = {0x82, 0x02, 'a', 'b'};
    struct feed feed;
    feed_init(&feed, WS_CLIENT);
    size_t used = 0;
    ck_assert_int_eq(ws_reader_feed(feed.reader, wire, sizeof(wire), &used, &feed.err), 0);
    ck_assert_uint_eq(used, sizeof(wire));
    ck_assert_str_eq(feed_said(&feed), "binary(2)=ab ");
    feed_fini(&feed);
}
END_TEST

START_TEST(unchecked_text_is_handed_on_as_it_is)
{
    static const uint8_t WIRE[] = {0x81, 0x02, 0xff, 0xfe, 0x01, 0x01, 0xff, 0x80, 0x01, 0x80};
    const struct ws_reader_options options = {.role = WS_CLIENT, .text_unchecked = 1};
    feed_check_options(&options, WIRE, sizeof(WIRE), "text(2)=\xff\xfe text(2)=\xff\x80 ");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ws message");
    TCase *tcase = tcase_create("wire");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, every_wire_case_is_read_as_the_rfc_says_in_every_split, 0,
                        CASE_COUNT);
    tcase_add_loop_test(tcase, a_fault_is_told_at_its_first_byte, 0,
                        (int)(sizeof(EARLY_CASES) / sizeof(EARLY_CASES[0])));
    tcase_add_test(tcase, a_masked_fault_is_told_at_its_first_byte);
    tcase_add_loop_test(tcase, a_handler_may_stop_and_destroy_the_reader_at_any_event, 1, 4);
    tcase_add_test(tcase, a_whole_message_is_handed_on_where_it_lies);
    tcase_add_test(tcase, unchecked_text_is_handed_on_as_it_is);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
