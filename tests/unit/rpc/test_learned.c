/*
 * The scanner that remembers layouts: whatever it remembers, it finds what the general scan finds.
 */
#include "rpc/learned.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/slice.h"
#include "rpc/scan.h"
#include "support/guard.h"
#include "support/suite.h"

#define USUAL                                                                                      \
    "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":"                    \
    "\"ticker.BTC-PERPETUAL.100ms\",\"data\":{\"a\":[1,2,{\"b\":\"}\"}]}}}"

static struct rpc_scanner scanner;

static int same_slice(struct hawser_slice a, struct hawser_slice b)
{
    return a.len == b.len && (a.len == 0 || a.data == b.data);
}

/* @return the verdict, which is the general scan's */
static int check_same(struct hawser_slice bytes)
{
    struct hawser_envelope found  = {.id = 1};
    struct hawser_envelope wanted = {.id = 1};
    int rc                        = rpc_scanner_scan(&scanner, bytes, &found);
    ck_assert_msg(rc == rpc_scan_general(bytes, &wanted), "%.*s", (int)bytes.len, bytes.data);
    ck_assert_uint_eq(found.flags, wanted.flags);
    ck_assert_int_eq(found.id, wanted.id);
    ck_assert(same_slice(found.method, wanted.method));
    ck_assert(same_slice(found.channel, wanted.channel));
    ck_assert(same_slice(found.data, wanted.data));
    ck_assert(same_slice(found.params, wanted.params));
    ck_assert(same_slice(found.result, wanted.result));
    ck_assert(same_slice(found.error, wanted.error));
    ck_assert(same_slice(found.id_text, wanted.id_text));
    return rc;
}

static void learn(const char *text)
{
    memset(&scanner, 0, sizeof(scanner));
    ck_assert_int_eq(check_same(slice_of(text)), 0);
}

static unsigned learned_count(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < RPC_LAYOUTS; i++) {
        count += scanner.layouts[i].head_len > 0;
    }
    return count;
}

static const char *const MESSAGES[] = {
    USUAL,
    "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":\"\",\"data\":[]}}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":\"a\\u0062\","
    "\"data\":[]}}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":\"c\",\"data\":7}}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":\"c\","
    "\"data\":\"text\"}}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":\"c\","
    "\"data\": {} }}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":\"c\",\"data\":{}},"
    "\"method\":\"other\"}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":\"c\",\"data\":{},"
    "\"channel\":\"d\"}}",
    "{\"params\":{\"channel\":\"c\",\"label\":1,\"data\":{}},\"method\":\"m\"}",
    "{\"params\":{\"channel\":\"c\",\"data\":{}}}",
    "{\"params\":{\"data\":1},\"method\":\"m\",\"params\":{\"channel\":\"c\",\"data\":{}}}",
    "{\"method\":\"\",\"params\":{\"channel\":\"c\",\"data\":{}}}",
    "{\"id\":7,\"method\":\"m\",\"params\":{\"channel\":\"c\",\"data\":{}}}",
    "{\"id\":8,\"method\":\"m\",\"params\":{\"channel\":\"c\",\"data\":{}}}",
    "{\"method\":\"a\\n\",\"params\":{\"channel\":\"c\",\"data\":{}}}",
    "{\"result\":1,\"method\":\"m\",\"params\":{\"channel\":\"c\",\"data\":{}}}",
    " {\"method\" : \"m\", \"params\" : { \"channel\" : \"c\" , \"data\" : {} } } ",
    "{\"id\":1,\"result\":{\"channel\":\"c\",\"data\":{}}}",
};
#define MESSAGE_COUNT (sizeof(MESSAGES) / sizeof(MESSAGES[0]))

START_TEST(any_message_after_any_other_is_found_as_if_it_came_alone)
{
    for (size_t i = 0; i < MESSAGE_COUNT; i++) {
        for (size_t j = 0; j < MESSAGE_COUNT; j++) {
            learn(MESSAGES[i]);
            ck_assert_int_eq(check_same(slice_of(MESSAGES[j])), 0);
            ck_assert_int_eq(check_same(slice_of(MESSAGES[i])), 0);
            ck_assert_int_eq(check_same(slice_of(MESSAGES[j])), 0);
        }
    }
}
END_TEST

/* Around channel and data: parts that fit a word, and parts that do not. */
static const char *const FRAMES[][3] = {
    {"{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":\"",
     "\",\"data\":", "}}"},
    {"{\"params\":{\"channel\":\"", "\",\"label\":12,\"data\":", "},\"usIn\":1,\"usOut\":2}"},
};
static const size_t NAME_LENGTHS[] = {0, 16, 31, 47, 48, 49, 64};
static const char *const VALUES[]  = {
     "7",
     "[]",
     "\"text\"",
     "{\"a\":[1,2,{\"b\":\"}\"}]}",
     "[{\"price\":1.5,\"note\":\"a \\\"quote\\\" and "
      "\\\\\",\"levels\":[[\"new\",61000.5,10],[\"delete\",6,"
      "0]]},{\"price\":2.5,\"note\":\"[{\",\"levels\":[]}]",
};
#define FRAME_COUNT (sizeof(FRAMES) / sizeof(FRAMES[0]))
#define NAME_COUNT  (sizeof(NAME_LENGTHS) / sizeof(NAME_LENGTHS[0]))
#define VALUE_COUNT (sizeof(VALUES) / sizeof(VALUES[0]))
#define MADE_COUNT  (FRAME_COUNT * NAME_COUNT * VALUE_COUNT)
#define TEXT_MAX    512u

/* @return the length of message `i` of all that can be put together */
static size_t put_together(size_t i, char text[TEXT_MAX])
{
    const char *const *frame = FRAMES[i % FRAME_COUNT];
    size_t name_len          = NAME_LENGTHS[i / FRAME_COUNT % NAME_COUNT];
    const char *value        = VALUES[i / FRAME_COUNT / NAME_COUNT];
    char name[64];
    memset(name, 'c', sizeof(name));
    return (size_t)snprintf(text, TEXT_MAX, "%s%.*s%s%s%s", frame[0], (int)name_len, name, frame[1],
                            value, frame[2]);
}

START_TEST(message_changed_in_any_one_byte_gets_the_general_verdict)
{
    static const char CHANGES[] = "\"\\}[,x\x01";
    char text[TEXT_MAX];
    for (size_t message = 0; message < MADE_COUNT; message++) {
        size_t len = put_together(message, text);
        learn(text);
        ck_assert_uint_eq(learned_count(), 1);
        for (size_t i = 0; i < len; i++) {
            char before = text[i];
            for (const char *change = CHANGES; *change != 0; change++) {
                text[i] = *change;
                (void)check_same(slice_make(text, len)); /* compared; either verdict is fine */
            }
            text[i] = before;
        }
    }
}
END_TEST

START_TEST(every_truncation_of_a_learned_message_is_refused)
{
    char text[TEXT_MAX];
    for (size_t message = 0; message < MADE_COUNT; message++) {
        size_t len = put_together(message, text);
        learn(text);
        for (size_t part = 0; part < len; part++) {
            struct hawser_slice copy = guard_copy(text, part);
            ck_assert_int_eq(check_same(copy), -1);
            guard_free(copy);
        }
    }
}
END_TEST

START_TEST(message_without_channel_or_with_an_id_is_not_learned)
{
    learn("{\"id\":7,\"method\":\"m\",\"params\":{\"channel\":\"c\",\"data\":{}}}");
    ck_assert_uint_eq(learned_count(), 0);
    learn("{\"method\":\"heartbeat\",\"params\":{\"type\":\"test_request\"}}");
    ck_assert_uint_eq(learned_count(), 0);
    learn(USUAL);
    ck_assert_uint_eq(learned_count(), 1);
}
END_TEST

START_TEST(envelope_longer_than_a_layout_is_not_learned)
{
    char text[512];
    for (size_t len = 0; len < 300; len++) {
        (void)snprintf(
            text, sizeof(text), "{\"x\":\"%.*s\",\"params\":{\"channel\":\"c\",\"data\":{}}}",
            (int)len,
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        learn(text);
        ck_assert_int_eq(check_same(slice_of(text)), 0);
        size_t head = (size_t)(strstr(text, "\"c\"") + 1 - text);
        ck_assert_uint_eq(learned_count(), head <= RPC_LAYOUT_HEAD_MAX);
    }
}
END_TEST

START_TEST(layout_in_use_survives_messages_that_never_repeat)
{
    char text[128];
    learn(USUAL);
    for (unsigned i = 0; i < 1000; i++) {
        (void)snprintf(text, sizeof(text), "{\"n\":%u,\"params\":{\"channel\":\"c\",\"data\":{}}}",
                       i);
        ck_assert_int_eq(check_same(slice_of(text)), 0);
        ck_assert_int_eq(check_same(slice_of(USUAL)), 0);
        ck_assert_uint_eq(scanner.layouts[0].head_len, strstr(USUAL, "ticker") - USUAL);
    }
}
END_TEST

static struct hawser_slice told;

static void on_channel(void *arg, struct hawser_slice channel)
{
    unsigned *calls = arg;
    (*calls)++;
    told = channel;
}

START_TEST(a_channel_is_told_before_what_stands_behind_it_is_refused)
{
    struct hawser_slice usual = slice_of(USUAL);
    struct hawser_slice cut   = slice_make(USUAL, sizeof(USUAL) - 3); /* a bracket is missing */
    struct hawser_envelope envelope;
    unsigned calls = 0;
    rpc_early      = (struct rpc_early){on_channel, &calls};
    ck_assert_int_eq(rpc_scan(usual, &envelope),
                     0); /* by the general scan: then by what it learned */
    ck_assert_uint_eq(calls, 1);
    ck_assert(same_slice(told, envelope.channel));
    ck_assert_int_eq(rpc_scan(usual, &envelope), 0);
    ck_assert_uint_eq(calls, 2);
    ck_assert(same_slice(told, envelope.channel));
    ck_assert_int_eq(rpc_scan_general(cut, &envelope), -1);
    ck_assert_uint_eq(calls, 3);
    rpc_early.fn = NULL;
    ck_assert_int_eq(rpc_scan(usual, &envelope), 0);
    ck_assert_uint_eq(calls, 3);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("remembered layouts");
    tcase_add_test(cases, any_message_after_any_other_is_found_as_if_it_came_alone);
    tcase_add_test(cases, message_changed_in_any_one_byte_gets_the_general_verdict);
    tcase_add_test(cases, every_truncation_of_a_learned_message_is_refused);
    tcase_add_test(cases, message_without_channel_or_with_an_id_is_not_learned);
    tcase_add_test(cases, envelope_longer_than_a_layout_is_not_learned);
    tcase_add_test(cases, layout_in_use_survives_messages_that_never_repeat);
    tcase_add_test(cases, a_channel_is_told_before_what_stands_behind_it_is_refused);
    return suite_run("rpc/learned", cases);
}
