/*
 * deribit/route: what arrives, by its envelope.
 */
#include <string.h>

#include "support/adapter_rig.h"
#include "support/suite.h"

extern const struct hawser_module hawser_module;

static struct adapter_rig rig;

static void set_up(void)
{
    adapter_rig_init(&rig, &hawser_module);
    adapter_rig_start(&rig);
}

static void tear_down(void)
{
    adapter_rig_fini(&rig);
}

static const struct fake_delivery *receive_one(const char *text)
{
    adapter_rig_receive(&rig, text);
    ck_assert_uint_ge(rig.fake->delivery_count, 1);
    return &rig.fake->deliveries[rig.fake->delivery_count - 1];
}

START_TEST(a_notification_is_delivered_as_it_came)
{
    const struct fake_delivery *got =
        receive_one("{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":"
                    "\"ticker.BTC-PERPETUAL.100ms\",\"data\":{\"last\":1.50, \"x\":[]}}}");
    ck_assert_str_eq(got->channel, "ticker.BTC-PERPETUAL.100ms");
    ck_assert_str_eq(got->data, "{\"last\":1.50, \"x\":[]}");
    ck_assert_uint_eq(got->as.flags, HAWSER_DELIVERY_JSON);
    ck_assert_int_eq(got->as.received_ns, INT64_C(1767225600000000123));
    ck_assert_str_eq(rig.fake->events, "");
}
END_TEST

#define BOOK(data)                                                                                 \
    "{\"method\":\"subscription\",\"params\":{\"channel\":\"book.X.100ms\",\"data\":" data "}}"

START_TEST(a_books_snapshot_starts_its_chain)
{
    const struct fake_delivery *got =
        receive_one(BOOK("{\"type\":\"snapshot\",\"change_id\":71,\"prev_change_id\":70}"));
    ck_assert_uint_eq(got->as.flags,
                      HAWSER_DELIVERY_JSON | HAWSER_DELIVERY_SEQUENCED | HAWSER_DELIVERY_SNAPSHOT);
    ck_assert_uint_eq(got->as.sequence, 71);
}
END_TEST

START_TEST(a_books_change_names_the_one_before)
{
    const struct fake_delivery *got =
        receive_one(BOOK("{\"type\":\"change\",\"prev_change_id\":71,\"change_id\":75}"));
    ck_assert_uint_eq(got->as.flags,
                      HAWSER_DELIVERY_JSON | HAWSER_DELIVERY_SEQUENCED | HAWSER_DELIVERY_FOLLOWS);
    ck_assert_uint_eq(got->as.sequence, 75);
    ck_assert_uint_eq(got->as.previous, 71);
}
END_TEST

START_TEST(a_grouped_book_is_whole_each_time)
{
    const struct fake_delivery *got = receive_one(BOOK("{\"change_id\":9,\"bids\":[]}"));
    ck_assert_uint_ne(got->as.flags & HAWSER_DELIVERY_SNAPSHOT, 0);
}
END_TEST

START_TEST(a_book_with_strange_numbers_is_delivered_unnumbered)
{
    static const char *const BOOKS[] = {
        BOOK("{\"type\":\"change\",\"change_id\":-1}"),
        BOOK("{\"type\":\"change\",\"change_id\":1.5}"),
        BOOK("{\"type\":\"change\",\"change_id\":99999999999999999999}"),
        BOOK("{\"type\":\"change\",\"change_id\":\"7\"}"),
        BOOK("{\"type\":\"change\"}"),
        BOOK("[1,2]"),
        BOOK("null"),
    };
    const struct fake_delivery *got = receive_one(BOOKS[_i]);
    ck_assert_uint_eq(got->as.flags, HAWSER_DELIVERY_JSON);
}
END_TEST

START_TEST(an_answer_finds_who_asked)
{
    adapter_rig_subscribe(&rig, "a.1", NULL);
    adapter_rig_receive(&rig, "{\"jsonrpc\":\"2.0\",\"result\":[\"a.1\"],\"usIn\":1,\"id\":1}");
    ck_assert_str_eq(rig.fake->events, "confirmed a.1\n");
}
END_TEST

START_TEST(an_error_answer_finds_who_asked)
{
    adapter_rig_subscribe(&rig, "a.1", NULL);
    adapter_rig_receive(&rig, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,"
                              "\"message\":\"Invalid params\"}}");
    ck_assert_uint_eq(adapter_rig_count(&rig, "refused a.1 312 "), 1);
}
END_TEST

START_TEST(an_error_without_an_id_is_told)
{
    adapter_rig_receive(&rig, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":11050,\"message\":"
                              "\"bad_request\"}}");
    ck_assert(fake_host_saw(rig.fake, "unexpected an answer without an id"));
}
END_TEST

START_TEST(garbage_is_told_and_nothing_else)
{
    static const char *const TEXTS[] = {
        "",
        "{",
        "[1,2]",
        "\"text\"",
        "nonsense",
        "{}",
        "{\"jsonrpc\":\"2.0\",\"id\":7}",
        "{\"method\":\"news\",\"params\":{}}",
        "{\"method\":\"subscription\",\"params\":{\"channel\":\"a\"}}",
        "{\"method\":\"subscription\",\"params\":{\"data\":1}}",
        "{\"method\":\"subscription\"}",
    };
    adapter_rig_receive(&rig, TEXTS[_i]);
    ck_assert_uint_eq(adapter_rig_count(&rig, "unexpected "), 1);
    ck_assert_uint_eq(adapter_rig_count(&rig, ""), 1);
    ck_assert_uint_eq(rig.fake->delivery_count, 0);
}
END_TEST

START_TEST(a_message_cut_anywhere_is_garbage)
{
    static const char WHOLE[] = BOOK("{\"type\":\"change\",\"change_id\":75}");
    for (size_t len = 0; len < sizeof(WHOLE) - 1; len++) {
        adapter_rig_receive_bytes(&rig, WHOLE, len, 0);
    }
    ck_assert_uint_eq(rig.fake->delivery_count, 0);
    ck_assert_uint_eq(adapter_rig_count(&rig, "unexpected "), sizeof(WHOLE) - 1);
}
END_TEST

START_TEST(a_binary_message_is_not_understood)
{
    adapter_rig_receive_bytes(&rig, "{}", 2, 1);
    ck_assert_uint_eq(adapter_rig_count(&rig, "unexpected "), 1);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("route");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_notification_is_delivered_as_it_came);
    tcase_add_test(tests, a_books_snapshot_starts_its_chain);
    tcase_add_test(tests, a_books_change_names_the_one_before);
    tcase_add_test(tests, a_grouped_book_is_whole_each_time);
    tcase_add_loop_test(tests, a_book_with_strange_numbers_is_delivered_unnumbered, 0, 7);
    tcase_add_test(tests, an_answer_finds_who_asked);
    tcase_add_test(tests, an_error_answer_finds_who_asked);
    tcase_add_test(tests, an_error_without_an_id_is_told);
    tcase_add_loop_test(tests, garbage_is_told_and_nothing_else, 0, 11);
    tcase_add_test(tests, a_message_cut_anywhere_is_garbage);
    tcase_add_test(tests, a_binary_message_is_not_understood);
    return suite_run("deribit/route", tests);
}
