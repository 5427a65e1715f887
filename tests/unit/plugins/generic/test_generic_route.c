/*
 * generic/route: data, answers, heartbeats and the rest.
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

static const struct fake_delivery *last(void)
{
    ck_assert_uint_ge(rig.fake->delivery_count, 1);
    return &rig.fake->deliveries[rig.fake->delivery_count - 1];
}

START_TEST(data_goes_to_the_channel_it_names)
{
    start(dialect_by_id);
    adapter_rig_receive(&rig, "{\"stream\":\"btcusdt@trade\",\"data\":{\"p\":\"1.0\"}}");
    ck_assert_str_eq(last()->channel, "btcusdt@trade");
    ck_assert_str_eq(last()->data, "{\"p\":\"1.0\"}");
    ck_assert_uint_eq(last()->as.flags, HAWSER_DELIVERY_JSON);
    ck_assert_int_eq(last()->as.received_ns, INT64_C(1767225600000000123));
    ck_assert_str_eq(rig.fake->events, "");
}
END_TEST

#define BOOK(action, numbers)                                                                      \
    "{\"arg\":{\"channel\":\"books\",\"instId\":\"A\"},\"action\":\"" action                       \
    "\",\"data\":[{" numbers "}]}"

START_TEST(numbers_of_data_make_a_chain)
{
    start(dialect_op_channel);
    adapter_rig_receive(&rig, BOOK("snapshot", "\"seqId\":10,\"prevSeqId\":-1"));
    ck_assert_str_eq(last()->channel, "books:A");
    ck_assert_uint_eq(last()->as.flags,
                      HAWSER_DELIVERY_JSON | HAWSER_DELIVERY_SEQUENCED | HAWSER_DELIVERY_SNAPSHOT);
    ck_assert_uint_eq(last()->as.sequence, 10);
    adapter_rig_receive(&rig, BOOK("update", "\"seqId\":\"15\",\"prevSeqId\":10"));
    ck_assert_uint_eq(last()->as.flags,
                      HAWSER_DELIVERY_JSON | HAWSER_DELIVERY_SEQUENCED | HAWSER_DELIVERY_FOLLOWS);
    ck_assert_uint_eq(last()->as.sequence, 15);
    ck_assert_uint_eq(last()->as.previous, 10);
    adapter_rig_receive(&rig, BOOK("update", "\"seqId\":null"));
    ck_assert_uint_eq(last()->as.flags, HAWSER_DELIVERY_JSON);
}
END_TEST

START_TEST(a_url_stream_goes_to_its_one_channel_whole)
{
    start(dialect_url);
    adapter_rig_receive(&rig, "{\"e\":\"trade\",\"id\":1,\"error\":1}");
    ck_assert_str_eq(last()->channel, "trades");
    ck_assert_str_eq(last()->data, "{\"e\":\"trade\",\"id\":1,\"error\":1}");
    ck_assert_uint_eq(last()->as.flags, HAWSER_DELIVERY_JSON);
}
END_TEST

START_TEST(what_is_no_json_object_is_delivered_as_text)
{
    static const char *const TEXTS[] = {"hello", "[1,2]", "", "{\"a\":", "7"};
    start(dialect_url);
    adapter_rig_receive(&rig, TEXTS[_i]);
    ck_assert_str_eq(last()->data, TEXTS[_i]);
    ck_assert_uint_eq(last()->as.flags, 0);
}
END_TEST

START_TEST(binary_messages_go_to_the_default_channel_unread)
{
    fake_host_set(rig.fake, "sequence_path", "n", NULL);
    start(dialect_url);
    adapter_rig_receive_bytes(&rig, "{\"n\":1}\0\xff", 9, 1);
    ck_assert_str_eq(last()->channel, "trades");
    ck_assert_uint_eq(last()->as.data.len, 9);
    ck_assert_uint_eq(last()->as.flags, HAWSER_DELIVERY_BINARY);
}
END_TEST

START_TEST(data_without_the_number_that_was_promised_is_told_once)
{
    fake_host_set(rig.fake, "sequence_path", "data.nmu", NULL);
    start(dialect_by_id);
    adapter_rig_receive(&rig, "{\"stream\":\"a\",\"data\":{\"num\":1}}");
    adapter_rig_receive(&rig, "{\"stream\":\"b\",\"data\":{\"nmu\":1.5}}");
    adapter_rig_receive(&rig, "{\"stream\":\"b\",\"data\":{\"nmu\":2}}");
    ck_assert_uint_eq(rig.fake->delivery_count, 3);
    ck_assert_uint_eq(last()->as.flags, HAWSER_DELIVERY_JSON | HAWSER_DELIVERY_SEQUENCED);
    ck_assert_uint_eq(adapter_rig_count(&rig, "log 5 data of channel a has no whole number"), 1);
    ck_assert_uint_eq(adapter_rig_count(&rig, "log "), 1);
}
END_TEST

START_TEST(binary_messages_without_a_default_channel_are_told)
{
    start(dialect_by_id);
    adapter_rig_receive_bytes(&rig, "{\"stream\":\"a\",\"data\":1}", 23, 1);
    ck_assert_str_eq(rig.fake->events, "unexpected a binary message, and no default_channel\n");
    ck_assert_uint_eq(rig.fake->delivery_count, 0);
}
END_TEST

START_TEST(named_data_and_the_rest_can_share_a_connection)
{
    dialect_url(rig.fake);
    start(dialect_by_id);
    adapter_rig_receive(&rig, "{\"stream\":\"a\",\"data\":1}");
    ck_assert_str_eq(last()->channel, "a");
    adapter_rig_receive(&rig, "{\"data\":{\"id\":5}}");
    ck_assert_str_eq(last()->channel, "trades");
    ck_assert_str_eq(last()->data, "{\"id\":5}");
    adapter_rig_receive(&rig, "{\"other\":1}");
    ck_assert_uint_eq(rig.fake->delivery_count, 2);
    ck_assert_uint_eq(adapter_rig_count(&rig, "unexpected "), 1);
}
END_TEST

START_TEST(an_id_that_nobody_waits_for_does_not_hide_data)
{
    dialect_url(rig.fake);
    start(dialect_by_id);
    adapter_rig_receive(&rig, "{\"id\":99,\"data\":{\"p\":1}}");
    ck_assert_str_eq(last()->data, "{\"p\":1}");
}
END_TEST

START_TEST(garbage_is_told_and_nothing_else)
{
    static const char *const TEXTS[] = {
        "",
        "{",
        "nonsense",
        "[]",
        "{}",
        "{\"arg\":{}}",
        "{\"arg\":{\"channel\":\"a\"},\"data\":1}",
        "{\"event\":\"subscribe\",\"arg\":7}",
        "{\"event\":7}",
    };
    start(dialect_op_channel);
    adapter_rig_receive(&rig, TEXTS[_i]);
    ck_assert_uint_eq(adapter_rig_count(&rig, "unexpected "), 1);
    ck_assert_uint_eq(adapter_rig_count(&rig, ""), 1);
    ck_assert_uint_eq(rig.fake->delivery_count, 0);
}
END_TEST

START_TEST(a_message_cut_anywhere_is_garbage)
{
    static const char WHOLE[] = BOOK("update", "\"seqId\":15,\"prevSeqId\":10");
    start(dialect_op_channel);
    for (size_t len = 0; len < sizeof(WHOLE) - 1; len++) {
        adapter_rig_receive_bytes(&rig, WHOLE, len, 0);
    }
    ck_assert_uint_eq(rig.fake->delivery_count, 0);
}
END_TEST

START_TEST(ignored_messages_leave_no_trace)
{
    start(dialect_op_channel);
    adapter_rig_receive(&rig, "{\"event\":\"unsubscribe\",\"arg\":{}}");
    ck_assert_str_eq(rig.fake->events, "");
}
END_TEST

START_TEST(heartbeats_are_answered_by_their_text)
{
    start(dialect_op_channel);
    rig.adapter->heartbeat(rig.object);
    ck_assert_str_eq(fake_host_last_sent(rig.fake), "ping");
    adapter_rig_receive(&rig, BOOK("snapshot", "\"seqId\":1"));
    adapter_rig_receive(&rig, "pongs");
    ck_assert_uint_eq(adapter_rig_count(&rig, "alive"), 0);
    adapter_rig_receive(&rig, "pong");
    ck_assert_uint_eq(adapter_rig_count(&rig, "alive"), 1);
}
END_TEST

START_TEST(heartbeats_are_answered_by_a_condition)
{
    fake_host_set(rig.fake, "heartbeat_message", "{\"op\":\"ping\"}", NULL);
    fake_host_set(rig.fake, "heartbeat_answer", "op=pong", NULL);
    start(dialect_url);
    rig.adapter->heartbeat(rig.object);
    adapter_rig_receive(&rig, "{\"op\":\"pong\"}");
    ck_assert_str_eq(rig.fake->events, "alive\n");
    ck_assert_uint_eq(rig.fake->delivery_count, 0);
}
END_TEST

START_TEST(without_an_answer_named_the_next_message_answers)
{
    fake_host_set(rig.fake, "heartbeat_message", "ping", NULL);
    start(dialect_url);
    adapter_rig_receive(&rig, "{}");
    ck_assert_str_eq(rig.fake->events, "");
    rig.adapter->heartbeat(rig.object);
    adapter_rig_receive(&rig, "{}");
    adapter_rig_receive(&rig, "{}");
    ck_assert_str_eq(rig.fake->events, "alive\n");
    ck_assert_uint_eq(rig.fake->delivery_count, 3);
}
END_TEST

START_TEST(without_a_heartbeat_message_pings_serve)
{
    start(dialect_url);
    rig.adapter->heartbeat(rig.object);
    ck_assert_str_eq(rig.fake->events, "alive\n");
    ck_assert_uint_eq(rig.fake->sent_count, 0);
}
END_TEST

START_TEST(a_heartbeat_that_cannot_be_sent_is_logged)
{
    start(dialect_op_channel);
    rig.fake->open = 0;
    rig.adapter->heartbeat(rig.object);
    ck_assert_str_eq(rig.fake->events, "log 4 no heartbeat sent: refused by the test\n");
}
END_TEST

START_TEST(a_heartbeat_does_not_outlive_its_connection)
{
    fake_host_set(rig.fake, "heartbeat_message", "ping", NULL);
    start(dialect_url);
    rig.adapter->heartbeat(rig.object);
    adapter_rig_break(&rig);
    adapter_rig_receive(&rig, "{}");
    ck_assert_str_eq(rig.fake->events, "");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("route");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, data_goes_to_the_channel_it_names);
    tcase_add_test(tests, numbers_of_data_make_a_chain);
    tcase_add_test(tests, a_url_stream_goes_to_its_one_channel_whole);
    tcase_add_loop_test(tests, what_is_no_json_object_is_delivered_as_text, 0, 5);
    tcase_add_test(tests, binary_messages_go_to_the_default_channel_unread);
    tcase_add_test(tests, data_without_the_number_that_was_promised_is_told_once);
    tcase_add_test(tests, binary_messages_without_a_default_channel_are_told);
    tcase_add_test(tests, named_data_and_the_rest_can_share_a_connection);
    tcase_add_test(tests, an_id_that_nobody_waits_for_does_not_hide_data);
    tcase_add_loop_test(tests, garbage_is_told_and_nothing_else, 0, 9);
    tcase_add_test(tests, a_message_cut_anywhere_is_garbage);
    tcase_add_test(tests, ignored_messages_leave_no_trace);
    tcase_add_test(tests, heartbeats_are_answered_by_their_text);
    tcase_add_test(tests, heartbeats_are_answered_by_a_condition);
    tcase_add_test(tests, without_an_answer_named_the_next_message_answers);
    tcase_add_test(tests, without_a_heartbeat_message_pings_serve);
    tcase_add_test(tests, a_heartbeat_that_cannot_be_sent_is_logged);
    tcase_add_test(tests, a_heartbeat_does_not_outlive_its_connection);
    return suite_run("generic/route", tests);
}
