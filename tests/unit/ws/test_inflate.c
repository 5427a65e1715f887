/*
 * ws/message.c on compressed messages, in every split: what RFC 7692 shows, what a peer may do, and
 * what it may not. Limits and other compressors: test_deflate.c.
 */
#include <check.h>
#include <string.h>

#include "support/suite.h"
#include "unit/ws/feed.h"

/* Hello, compressed with fixed codes (RFC 7692 7.2.3.1); as a stored block (7.2.3.3) */
#define HELLO        "\xf2\x48\xcd\xc9\xc9\x07\x00"
#define HELLO_STORED "\x00\x05\x00\xfa\xffHello\x00"
#define HELLO_AGAIN  "\xf2\x00\x11\x00\x00" /* refers to the Hello before it (7.2.3.2) */

struct wire_case {
    const char *name;
    const char *wire;
    size_t len;
    const char *expected;
    int forgets;
};

#define CASE(name, wire, expected)                                                                 \
    {                                                                                              \
        name, wire, sizeof(wire) - 1, expected, 0                                                  \
    }
#define FORGETTING(name, wire, expected)                                                           \
    {                                                                                              \
        name, wire, sizeof(wire) - 1, expected, 1                                                  \
    }

static const struct wire_case CASES[] = {
    CASE("one frame", "\xc1\x07" HELLO, "text(5)=Hello "),
    CASE("binary", "\xc2\x07" HELLO, "binary(5)=Hello "),
    CASE("two fragments", "\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00", "text(5)=Hello "),
    CASE("a ping between fragments",
         "\x41\x03\xf2\x48\xcd\x89\x02hi\x00\x02\xc9\xc9\x80\x02\x07\x00",
         "ping(2)=hi text(5)=Hello "),
    CASE("empty fragments", "\x41\x00\x00\x07" HELLO "\x80\x00", "text(5)=Hello "),
    CASE("context takeover", "\xc1\x07" HELLO "\xc1\x05" HELLO_AGAIN,
         "text(5)=Hello text(5)=Hello "),
    CASE("context over a message that is not compressed",
         "\xc1\x07" HELLO "\x81\x02no\xc1\x05" HELLO_AGAIN,
         "text(5)=Hello text(2)=no text(5)=Hello "),
    CASE("a message that is not compressed", "\x81\x05Hello", "text(5)=Hello "),
    CASE("fragments that are not compressed", "\x01\x02He\x80\x03llo\xc1\x07" HELLO,
         "text(5)=Hello text(5)=Hello "),
    CASE("stored block", "\xc1\x0b" HELLO_STORED, "text(5)=Hello "),
    CASE("two blocks", "\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
         "text(5)=Hello "),
    CASE("final block", "\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "text(5)=Hello "),
    CASE("final block, nothing behind it", "\xc1\x07\xf3\x48\xcd\xc9\xc9\x07\x00",
         "text(5)=Hello "),
    CASE("context over a final block",
         "\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00\xc1\x05" HELLO_AGAIN,
         "text(5)=Hello text(5)=Hello "),
    CASE("a final block in the middle",
         "\xc1\x0e\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x48\xcd\xc9\xc9\x07\x00",
         "text(10)=HelloHello "),
    CASE("empty message", "\xc1\x01\x00\xc1\x07" HELLO, "text(0)= text(5)=Hello "),
    CASE("empty message without a block", "\xc1\x00\xc1\x07" HELLO, "text(0)= text(5)=Hello "),
    CASE("full flush within",
         "\xc1\x15\x00\x02\x00\xfd\xffHe\x00\x00\x00\xff\xff\x00\x03\x00\xfc\xffllo\x00",
         "text(5)=Hello "),
    FORGETTING("no context: each alone", "\xc1\x07" HELLO "\xc1\x07" HELLO,
               "text(5)=Hello text(5)=Hello "),
    FORGETTING("no context: a reference over messages", "\xc1\x07" HELLO "\xc1\x05" HELLO_AGAIN,
               "text(5)=Hello error=1002 "),
    /* 5.2 of RFC 6455, 6 of RFC 7692: the bit */
    CASE("RSV1 on a continuation", "\x41\x03\xf2\x48\xcd\xc0\x04\xc9\xc9\x07\x00", "error=1002 "),
    CASE("RSV1 on a continuation of a plain message", "\x01\x02He\xc0\x07" HELLO, "error=1002 "),
    CASE("RSV1 on a ping", "\xc9\x00", "error=1002 "),
    CASE("RSV1 on a close frame", "\xc8\x00", "error=1002 "),
    CASE("RSV2", "\xa1\x05Hello", "error=1002 "),
    CASE("RSV1 and RSV3", "\xd1\x07" HELLO, "error=1002 "),
    /* not DEFLATE */
    CASE("reserved block type", "\xc1\x01\xff", "error=1002 "),
    CASE("reserved block type after a good message", "\xc1\x07" HELLO "\xc1\x01\x07",
         "text(5)=Hello error=1002 "),
    CASE("a stored block's lengths differ", "\xc1\x0b\x00\x05\x00\xfa\xfeHello\x00", "error=1002 "),
    CASE("a reference before the start", "\xc1\x05" HELLO_AGAIN, "error=1002 "),
    CASE("ends within a block", "\xc1\x03\xf2\x48\xcd", "error=1002 "),
    CASE("ends within a stored block", "\xc2\x07\x00\x05\x00\xfa\xffHe", "error=1002 "),
    CASE("plain bytes with RSV1", "\xc2\x05Hello", "error=1002 "),
    /* UTF-8 of what comes out */
    CASE("UTF-8 over two fragments", "\x41\x06\x00\x03\x00\xfc\xff\xe2\x80\x03\x82\xac\x00",
         "text(3)=\xe2\x82\xac "),
    CASE("not UTF-8", "\xc1\x08\x00\x02\x00\xfd\xff\xc3\x28\x00", "error=1007 "),
    CASE("not UTF-8, but binary", "\xc2\x08\x00\x02\x00\xfd\xff\xc3\x28\x00",
         "binary(2)=\xc3\x28 "),
    CASE("not UTF-8 in a message that has no end yet", "\x41\x07\x00\x02\x00\xfd\xff\xc3\x28",
         "error=1007 "),
    CASE("not UTF-8 in a plain text after a compressed one", "\xc1\x07" HELLO "\x81\x02\xc3\x28",
         "text(5)=Hello error=1007 "),
    CASE("not UTF-8, then damaged", "\xc1\x08\x00\x02\x00\xfd\xff\xc3\x28\x07", "error=1007 "),
    CASE("damaged, then not UTF-8", "\xc1\x08\x07\x02\x00\xfd\xff\xc3\x28\x00", "error=1002 "),
    CASE("ends within a code point", "\xc1\x07\x00\x01\x00\xfe\xff\xc3\x00", "error=1007 "),
    CASE("the next text starts afresh", "\xc2\x07\x00\x01\x00\xfe\xff\xc3\x00\xc1\x07" HELLO,
         "binary(1)=\xc3 text(5)=Hello "),
};

START_TEST(compressed_messages_are_read_alike_in_every_split)
{
    const struct wire_case *at       = &CASES[_i];
    struct ws_reader_options options = {.role                = WS_CLIENT,
                                        .max_message_bytes   = 1000,
                                        .inflate_window_bits = 15,
                                        .inflate_forgets     = (uint8_t)at->forgets};
    feed_check_options(&options, at->wire, at->len, at->expected);
}
END_TEST

START_TEST(masked_fragments_are_unmasked_before_they_are_inflated)
{
    static const uint8_t MASK[4]     = {0x12, 0xfe, 0x00, 0xa7};
    struct ws_reader_options options = {
        .role = WS_SERVER, .max_message_bytes = 1000, .inflate_window_bits = 15};
    struct buf wire = {0};
    feed_frame(&wire, 0x41, MASK, HELLO, 3);
    feed_frame(&wire, 0x00, MASK, &HELLO[3], 2);
    feed_frame(&wire, 0x89, MASK, "p", 1);
    feed_frame(&wire, 0x80, MASK, &HELLO[5], 2);
    feed_check_options(&options, buf_data(&wire), wire.len, "ping(1)=p text(5)=Hello ");
    buf_fini(&wire);
}
END_TEST

START_TEST(a_reader_may_be_destroyed_in_the_middle_of_a_message_and_by_its_handler)
{
    static const char WIRE[]         = "\xc1\x07" HELLO "\x41\x03\xf2\x48\xcd";
    struct ws_reader_options options = {
        .role = WS_CLIENT, .max_message_bytes = 1000, .inflate_window_bits = 15};
    for (int stop = 0; stop < 2; stop++) {
        struct feed feed;
        feed_init_options(&feed, &options);
        feed.stop_after = stop;
        ck_assert_int_eq(feed_bytes(&feed, WIRE, sizeof(WIRE) - 1), stop);
        ck_assert_str_eq(feed_said(&feed), "text(5)=Hello ");
        feed_fini(&feed);
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("inflate");
    tcase_add_loop_test(cases, compressed_messages_are_read_alike_in_every_split, 0,
                        sizeof(CASES) / sizeof(CASES[0]));
    tcase_add_test(cases, masked_fragments_are_unmasked_before_they_are_inflated);
    tcase_add_test(cases, a_reader_may_be_destroyed_in_the_middle_of_a_message_and_by_its_handler);
    return suite_run("ws/inflate", cases);
}
