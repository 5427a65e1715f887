/*
 * generic/settings_check: directives that do not fit together are refused in words that help.
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

static void set(const char *directive, const char *value)
{
    fake_host_unset(rig.fake, directive);
    fake_host_set(rig.fake, directive, value, NULL);
}

static void accepted(void)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_int_eq(rig.adapter->check(fake_host_table(), fake_host_instance(rig.fake), &err), 0);
    ck_assert_str_eq(err.message, "");
}

/* create refuses what check refuses, with the same words */
static void refused(const char *part)
{
    struct hawser_error err   = HAWSER_ERROR_INIT;
    struct hawser_error again = HAWSER_ERROR_INIT;
    void *object              = NULL;
    ck_assert_int_eq(rig.adapter->check(fake_host_table(), fake_host_instance(rig.fake), &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_CONF_DIRECTIVE);
    ck_assert_msg(strstr(err.message, part) != NULL, "\"%s\" has no \"%s\"", err.message, part);
    ck_assert_int_eq(
        rig.adapter->create(fake_host_table(), fake_host_instance(rig.fake), &object, &again), -1);
    ck_assert_str_eq(again.message, err.message);
    ck_assert_ptr_null(object);
}

START_TEST(the_worked_dialects_are_accepted)
{
    static void (*const DIALECTS[])(struct fake_host *) = {dialect_op_channel, dialect_by_id,
                                                           dialect_url};
    DIALECTS[_i](rig.fake);
    accepted();
}
END_TEST

START_TEST(without_any_word_on_channels_nothing_can_be_routed)
{
    refused("(\"channel_path\"), or to which channel all belong (\"default_channel\")");
}
END_TEST

START_TEST(a_subscription_needs_to_know_what_acknowledges_it)
{
    dialect_by_id(rig.fake);
    fake_host_unset(rig.fake, "confirm");
    refused("\"subscribe_message\" needs \"confirm\"");
}
END_TEST

START_TEST(directives_that_lean_on_others_name_them)
{
    static const char *const CASES[][2] = {
        {"unsubscribe_message", "subscribe_message"},
        {"confirm", "subscribe_message"},
        {"confirm_when", "confirm"},
        {"id_path", "confirm"},
        {"heartbeat_answer", "heartbeat_message"},
        {"previous_path", "sequence_path"},
        {"snapshot_when", "sequence_path"},
        {"error_message_path", "error_when"},
    };
    dialect_url(rig.fake);
    set(CASES[_i][0], "id");
    refused(CASES[_i][1]);
}
END_TEST

START_TEST(acknowledgement_by_id_needs_the_id_in_the_message)
{
    dialect_by_id(rig.fake);
    set("subscribe_message", "{\"params\":$channels}");
    refused("\"confirm id\" needs $id");
}
END_TEST

START_TEST(acknowledgement_by_channel_needs_to_be_told_from_data)
{
    dialect_op_channel(rig.fake);
    fake_host_unset(rig.fake, "confirm_when");
    refused("which messages acknowledge?");
    set("confirm_when", "event=subscribe");
    fake_host_unset(rig.fake, "data_path");
    refused("acknowledgements would look like data");
    set("confirm_channel_path", "subscribed");
    accepted();
}
END_TEST

START_TEST(acknowledgement_by_channel_needs_the_channels_place)
{
    dialect_op_channel(rig.fake);
    fake_host_unset(rig.fake, "channel_path");
    dialect_url(rig.fake);
    refused("\"confirm channel\" needs \"confirm_channel_path\" or \"channel_path\"");
}
END_TEST

START_TEST(other_acknowledgements_refuse_the_directives_of_that_one)
{
    dialect_by_id(rig.fake);
    set("confirm_when", "a=b");
    refused("need \"confirm channel\"");
}
END_TEST

START_TEST(a_chain_needs_its_start)
{
    dialect_op_channel(rig.fake);
    fake_host_unset(rig.fake, "snapshot_when");
    refused("\"previous_path\" needs \"snapshot_when\"");
}
END_TEST

START_TEST(templates_are_looked_through)
{
    static const char *const CASES[][2] = {
        {"{\"a\":\"$chanel\"}", "unknown \"$chanel\""},
        {"{\"a\":1,\"id\":$id}", "names no channel"},
        {"{\"a\":$channels,\"b\":\"$channel\",\"id\":$id}", "exclude each other"},
        {"{\"a\":$channel,\"id\":$id}", "names go between quotes"},
        {"{\"a\":$channels,\"id\":$id", "not a JSON object"},
    };
    dialect_by_id(rig.fake);
    if (_i == 1) { /* both are wrong: the subscription is told first */
        set("unsubscribe_message", "$");
    }
    set("subscribe_message", CASES[_i][0]);
    if (strstr(CASES[_i][0], "$id") == NULL) {
        set("confirm", "sent");
    }
    refused(CASES[_i][1]);
}
END_TEST

START_TEST(unsubscribing_is_looked_through_as_well)
{
    dialect_by_id(rig.fake);
    set("unsubscribe_message", "{\"a\":$channel}");
    refused("unsubscribe_message is not a JSON object");
}
END_TEST

START_TEST(messages_that_are_no_json_are_fine)
{
    dialect_by_id(rig.fake);
    set("subscribe_message", "SUB $channel $id");
    accepted();
}
END_TEST

START_TEST(wrong_paths_name_their_directive)
{
    static const char *const DIRECTIVES[] = {
        "data_path",          "sequence_path",        "previous_path", "id_path",
        "error_message_path", "snapshot_when",        "confirm_when",  "error_when",
        "channel_path",       "confirm_channel_path", "ignore"};
    char wanted[64] = "";
    dialect_op_channel(rig.fake);
    set(DIRECTIVES[_i], "a..b");
    strncat(wanted, DIRECTIVES[_i], 40);
    strncat(wanted, ": path \"a..b\": a name is empty", 40);
    refused(wanted);
}
END_TEST

START_TEST(a_wrong_heartbeat_answer_names_its_directive)
{
    dialect_op_channel(rig.fake);
    set("heartbeat_answer", ".a=b");
    refused("heartbeat_answer: path");
}
END_TEST

START_TEST(more_ignored_messages_than_there_is_room_for_are_refused)
{
    dialect_url(rig.fake);
    for (size_t i = 0; i < 16; i++) {
        fake_host_set(rig.fake, "ignore", "a=b", NULL);
    }
    accepted();
    fake_host_set(rig.fake, "ignore", "a=b", NULL);
    refused("at most 16");
}
END_TEST

START_TEST(empty_words_are_refused)
{
    dialect_url(rig.fake);
    set("channel_separator", "");
    refused("\"channel_separator\" is empty");
    fake_host_unset(rig.fake, "channel_separator");
    set("default_channel", "");
    refused("\"default_channel\" is empty");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("check");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, the_worked_dialects_are_accepted, 0, 3);
    tcase_add_test(tests, without_any_word_on_channels_nothing_can_be_routed);
    tcase_add_test(tests, a_subscription_needs_to_know_what_acknowledges_it);
    tcase_add_loop_test(tests, directives_that_lean_on_others_name_them, 0, 8);
    tcase_add_test(tests, acknowledgement_by_id_needs_the_id_in_the_message);
    tcase_add_test(tests, acknowledgement_by_channel_needs_to_be_told_from_data);
    tcase_add_test(tests, acknowledgement_by_channel_needs_the_channels_place);
    tcase_add_test(tests, other_acknowledgements_refuse_the_directives_of_that_one);
    tcase_add_test(tests, a_chain_needs_its_start);
    tcase_add_loop_test(tests, templates_are_looked_through, 0, 5);
    tcase_add_test(tests, unsubscribing_is_looked_through_as_well);
    tcase_add_test(tests, messages_that_are_no_json_are_fine);
    tcase_add_loop_test(tests, wrong_paths_name_their_directive, 0, 11);
    tcase_add_test(tests, a_wrong_heartbeat_answer_names_its_directive);
    tcase_add_test(tests, more_ignored_messages_than_there_is_room_for_are_refused);
    tcase_add_test(tests, empty_words_are_refused);
    return suite_run("generic/check", tests);
}
