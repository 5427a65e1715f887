/*
 * generic/channels: asking for channels, and each kind of acknowledgement.
 */
#include <string.h>

#include "dialects.h"
#include "support/suite.h"

extern const struct hawser_module hawser_module;

static struct adapter_rig rig;

static void set_up(void)
{
    adapter_rig_init(&rig, &hawser_module);
}

static void tear_down(void)
{
    adapter_rig_fini(&rig);
}

static void start(void (*dialect)(struct fake_host *))
{
    dialect(rig.fake);
    adapter_rig_start(&rig);
}

static void confirm_by(const char *how)
{
    fake_host_set(rig.fake, "subscribe_message", "SUB $channel", NULL);
    fake_host_set(rig.fake, "channel_path", "c", NULL);
    fake_host_set(rig.fake, "confirm", how, NULL);
    adapter_rig_start(&rig);
}

START_TEST(messages_of_on_open_are_sent_in_order)
{
    fake_host_set(rig.fake, "on_open", "{\"op\":\"hello\"}", NULL);
    fake_host_set(rig.fake, "on_open", "price: $5", NULL);
    start(dialect_url);
    ck_assert_uint_eq(rig.fake->sent_count, 2);
    ck_assert_str_eq(rig.fake->sent[0].bytes, "{\"op\":\"hello\"}");
    ck_assert_str_eq(rig.fake->sent[1].bytes, "price: $5");
}
END_TEST

START_TEST(an_opening_message_that_cannot_be_sent_fails)
{
    fake_host_set(rig.fake, "on_open", "hello", NULL);
    fake_host_refuse_next(rig.fake, HAWSER_NET_QUEUE_FULL);
    start(dialect_url);
    ck_assert_uint_eq(rig.fake->last_fail.code, HAWSER_NET_QUEUE_FULL);
}
END_TEST

START_TEST(without_a_message_channels_are_there_at_once)
{
    start(dialect_url);
    adapter_rig_subscribe(&rig, "trades", "x", NULL);
    adapter_rig_unsubscribe(&rig, "trades", NULL);
    ck_assert_str_eq(rig.fake->events, "confirmed trades\nconfirmed x\ngone trades\n");
    ck_assert_uint_eq(rig.fake->sent_count, 0);
}
END_TEST

START_TEST(one_message_a_channel_with_its_parts)
{
    start(dialect_op_channel);
    adapter_rig_subscribe(&rig, "tickers:BTC-USDT", "books:ETH-USDT", NULL);
    ck_assert_uint_eq(rig.fake->sent_count, 2);
    ck_assert_str_eq(rig.fake->sent[0].bytes, "{\"op\":\"subscribe\",\"args\":[{\"channel\":"
                                              "\"tickers\",\"instId\":\"BTC-USDT\"}]}");
    ck_assert_str_eq(rig.fake->events, "");
    adapter_rig_receive(&rig, "{\"event\":\"subscribe\",\"arg\":{\"channel\":\"books\",\"instId\":"
                              "\"ETH-USDT\"},\"connId\":\"a\"}");
    ck_assert_str_eq(rig.fake->events, "confirmed books:ETH-USDT\n");
    adapter_rig_unsubscribe(&rig, "books:ETH-USDT", NULL);
    ck_assert(fake_host_saw(rig.fake, "gone books:ETH-USDT"));
    ck_assert_str_eq(fake_host_last_sent(rig.fake),
                     "{\"op\":\"unsubscribe\",\"args\":[{\"channel\":\"books\",\"instId\":"
                     "\"ETH-USDT\"}]}");
}
END_TEST

START_TEST(a_name_without_the_parts_is_refused_and_not_sent)
{
    start(dialect_op_channel);
    adapter_rig_subscribe(&rig, "tickers", NULL);
    ck_assert_uint_eq(rig.fake->sent_count, 0);
    ck_assert(fake_host_saw(
        rig.fake, "refused tickers 314 the message needs 2 parts of the name, separated by \":\""));
}
END_TEST

START_TEST(an_error_that_names_a_channel_refuses_it)
{
    start(dialect_op_channel);
    adapter_rig_subscribe(&rig, "tickers:NO", NULL);
    adapter_rig_receive(&rig, "{\"event\":\"error\",\"msg\":\"no such instrument\",\"arg\":{"
                              "\"channel\":\"tickers\",\"instId\":\"NO\"}}");
    ck_assert_str_eq(rig.fake->events,
                     "refused tickers:NO 302 the exchange says \"no such instrument\"\n");
}
END_TEST

START_TEST(an_error_that_names_no_channel_is_told)
{
    start(dialect_op_channel);
    adapter_rig_subscribe(&rig, "tickers:NO", NULL);
    adapter_rig_receive(&rig, "{\"event\":\"error\",\"code\":\"60012\",\"msg\":\"illegal\"}");
    ck_assert_str_eq(rig.fake->events, "unexpected an error that names no channel of ours\n");
}
END_TEST

START_TEST(many_channels_share_a_message_up_to_the_batch)
{
    fake_host_set(rig.fake, "subscribe_batch", "2", NULL);
    start(dialect_by_id);
    adapter_rig_subscribe(&rig, "a", "b", "c", NULL);
    ck_assert_uint_eq(rig.fake->sent_count, 2);
    ck_assert_str_eq(rig.fake->sent[0].bytes,
                     "{\"method\":\"SUBSCRIBE\",\"params\":[\"a\",\"b\"],\"id\":1}");
    ck_assert_str_eq(rig.fake->sent[1].bytes,
                     "{\"method\":\"SUBSCRIBE\",\"params\":[\"c\"],\"id\":2}");
}
END_TEST

START_TEST(an_answer_with_our_id_confirms_the_channels_of_that_message)
{
    fake_host_set(rig.fake, "subscribe_batch", "2", NULL);
    start(dialect_by_id);
    adapter_rig_subscribe(&rig, "a", "b", "c", NULL);
    adapter_rig_receive(&rig, "{\"result\":null,\"id\":2}");
    ck_assert_str_eq(rig.fake->events, "confirmed c\n");
    adapter_rig_receive(&rig, "{\"result\":null,\"id\":\"1\"}");
    ck_assert_str_eq(rig.fake->events, "confirmed c\nconfirmed a\nconfirmed b\n");
}
END_TEST

START_TEST(an_error_with_our_id_refuses_the_channels_of_that_message)
{
    start(dialect_by_id);
    adapter_rig_subscribe(&rig, "a", "b", NULL);
    adapter_rig_receive(&rig, "{\"error\":{\"code\":2,\"msg\":\"Invalid request\"},\"id\":1}");
    ck_assert_str_eq(rig.fake->events, "refused a 312 the exchange says \"Invalid request\"\n"
                                       "refused b 312 the exchange says \"Invalid request\"\n");
}
END_TEST

START_TEST(an_error_without_its_text_is_quoted_and_cut_between_characters)
{
    char text[400] = "{\"id\":1,\"error\":{\"x\":\"";
    size_t head    = strlen(text);
    for (size_t i = head; i < 360; i += 2) {
        memcpy(text + i, "\xc3\xa9", 3);
    }
    strncat(text, "\"}}", 4);
    start(dialect_by_id);
    adapter_rig_subscribe(&rig, "a", NULL);
    adapter_rig_receive(&rig, text);
    ck_assert(fake_host_saw(rig.fake, "refused a 302 the exchange says {\"id\":1"));
    size_t len = rig.fake->events_len - 1; /* of the newline */
    ck_assert_int_eq((unsigned char)rig.fake->events[len - 2], 0xc3);
    ck_assert_int_eq((unsigned char)rig.fake->events[len - 1], 0xa9);
}
END_TEST

START_TEST(unsubscribing_by_id_waits_for_its_answer)
{
    start(dialect_by_id);
    adapter_rig_unsubscribe(&rig, "a", "b", NULL);
    ck_assert_str_eq(rig.fake->events, "");
    adapter_rig_receive(&rig, "{\"result\":null,\"id\":1}");
    ck_assert_str_eq(rig.fake->events, "gone a\ngone b\n");
    adapter_rig_unsubscribe(&rig, "c", NULL);
    adapter_rig_receive(&rig, "{\"error\":{\"msg\":\"no\"},\"id\":2}");
    ck_assert(fake_host_saw(rig.fake, "log 4 not unsubscribed: the exchange says \"no\""));
}
END_TEST

START_TEST(late_and_foreign_ids_confirm_nothing)
{
    start(dialect_by_id);
    adapter_rig_subscribe(&rig, "a", NULL);
    adapter_rig_break(&rig);
    ck_assert_str_eq(rig.fake->events, "");
    adapter_rig_receive(&rig, "{\"result\":null,\"id\":1}");
    adapter_rig_receive(&rig, "{\"result\":null,\"id\":77}");
    adapter_rig_receive(&rig, "{\"result\":null,\"id\":-1}");
    ck_assert_uint_eq(adapter_rig_count(&rig, "confirmed"), 0);
    ck_assert_uint_eq(rig.fake->late_answers, 2);
}
END_TEST

START_TEST(a_subscription_that_times_out_is_left_to_the_hosts_deadline)
{
    start(dialect_by_id);
    adapter_rig_subscribe(&rig, "a", NULL);
    fake_host_fail_request(rig.fake, 1, HAWSER_REQUEST_TIMEOUT);
    ck_assert_str_eq(rig.fake->events, "");
}
END_TEST

START_TEST(what_cannot_be_sent_is_refused)
{
    start(dialect_by_id);
    fake_host_refuse_next(rig.fake, HAWSER_REQUEST_LIMIT);
    adapter_rig_subscribe(&rig, "a", NULL);
    ck_assert_uint_eq(adapter_rig_count(&rig, "refused a 313"), 1);
    rig.fake->open = 0;
    adapter_rig_unsubscribe(&rig, "a", NULL);
    ck_assert_uint_eq(adapter_rig_count(&rig, "log 4 not unsubscribed"), 1);
}
END_TEST

START_TEST(an_answer_to_a_message_that_never_went_out_confirms_nothing)
{
    fake_host_set(rig.fake, "subscribe_message", "SUB $1 $2 $id", NULL);
    fake_host_set(rig.fake, "channel_path", "c", NULL);
    fake_host_set(rig.fake, "confirm", "id", NULL);
    adapter_rig_start(&rig);
    adapter_rig_subscribe(&rig, "one", NULL);
    ck_assert_uint_eq(adapter_rig_count(&rig, "refused one 314"), 1);
    adapter_rig_receive(&rig, "{\"id\":1}");
    ck_assert_uint_eq(adapter_rig_count(&rig, "confirmed"), 0);
}
END_TEST

START_TEST(by_sent_a_channel_counts_when_its_message_went_out)
{
    confirm_by("sent");
    adapter_rig_subscribe(&rig, "a", NULL);
    fake_host_refuse_next(rig.fake, HAWSER_NET_QUEUE_FULL);
    adapter_rig_subscribe(&rig, "b", NULL);
    ck_assert_str_eq(rig.fake->events, "confirmed a\nrefused b 104 refused by the test\n");
}
END_TEST

START_TEST(by_data_a_channel_counts_with_its_first_message)
{
    confirm_by("data");
    adapter_rig_subscribe(&rig, "a", "ab", NULL);
    ck_assert_str_eq(rig.fake->events, "");
    adapter_rig_receive(&rig, "{\"c\":\"ab\"}");
    adapter_rig_receive(&rig, "{\"c\":\"ab\"}");
    adapter_rig_receive(&rig, "{\"c\":\"other\"}");
    ck_assert_str_eq(rig.fake->events, "confirmed ab\n");
    ck_assert_uint_eq(rig.fake->delivery_count, 3);
}
END_TEST

START_TEST(by_data_a_channel_asked_for_twice_counts_once)
{
    confirm_by("data");
    adapter_rig_subscribe(&rig, "a", NULL);
    adapter_rig_subscribe(&rig, "a", NULL);
    adapter_rig_receive(&rig, "{\"c\":\"a\"}");
    adapter_rig_receive(&rig, "{\"c\":\"a\"}");
    ck_assert_uint_eq(adapter_rig_count(&rig, "confirmed a"), 1);
}
END_TEST

START_TEST(by_data_nothing_outlives_the_connection_or_an_unsubscription)
{
    confirm_by("data");
    adapter_rig_subscribe(&rig, "a", "b", NULL);
    adapter_rig_unsubscribe(&rig, "b", NULL);
    adapter_rig_receive(&rig, "{\"c\":\"b\"}");
    adapter_rig_break(&rig);
    adapter_rig_receive(&rig, "{\"c\":\"a\"}");
    ck_assert_str_eq(rig.fake->events, "gone b\n");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("channels");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, messages_of_on_open_are_sent_in_order);
    tcase_add_test(tests, an_opening_message_that_cannot_be_sent_fails);
    tcase_add_test(tests, without_a_message_channels_are_there_at_once);
    tcase_add_test(tests, one_message_a_channel_with_its_parts);
    tcase_add_test(tests, a_name_without_the_parts_is_refused_and_not_sent);
    tcase_add_test(tests, an_error_that_names_a_channel_refuses_it);
    tcase_add_test(tests, an_error_that_names_no_channel_is_told);
    tcase_add_test(tests, many_channels_share_a_message_up_to_the_batch);
    tcase_add_test(tests, an_answer_with_our_id_confirms_the_channels_of_that_message);
    tcase_add_test(tests, an_error_with_our_id_refuses_the_channels_of_that_message);
    tcase_add_test(tests, an_error_without_its_text_is_quoted_and_cut_between_characters);
    tcase_add_test(tests, unsubscribing_by_id_waits_for_its_answer);
    tcase_add_test(tests, late_and_foreign_ids_confirm_nothing);
    tcase_add_test(tests, a_subscription_that_times_out_is_left_to_the_hosts_deadline);
    tcase_add_test(tests, what_cannot_be_sent_is_refused);
    tcase_add_test(tests, an_answer_to_a_message_that_never_went_out_confirms_nothing);
    tcase_add_test(tests, by_sent_a_channel_counts_when_its_message_went_out);
    tcase_add_test(tests, by_data_a_channel_counts_with_its_first_message);
    tcase_add_test(tests, by_data_a_channel_asked_for_twice_counts_once);
    tcase_add_test(tests, by_data_nothing_outlives_the_connection_or_an_unsubscription);
    return suite_run("generic/channels", tests);
}
