/*
 * Options of libhawser: defaults, what is refused, and callers built on other headers.
 */
#include <check.h>
#include <string.h>

#include "client/client_options.h"
#include "support/guard.h"
#include "support/suite.h"

START_TEST(no_options_are_all_defaults)
{
    struct hawser_client_options merged;
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_int_eq(client_options_merge(NULL, &merged, &err), 0);
    ck_assert_uint_eq(merged.retry_count, 3);
    ck_assert_int_eq(merged.timeout_ms, 5000);
    ck_assert_int_eq(merged.retry_delay_ms, 1000);
    ck_assert_int_eq(merged.max_backoff_ms, 30000);
    ck_assert_int_eq(merged.heartbeat_interval_ms, 30000);
    ck_assert_int_eq(merged.request_timeout_ms, 30000);
    ck_assert_uint_eq(merged.max_message_bytes, 16u << 20);
    ck_assert_str_eq(merged.subscribe_method, "public/subscribe");
}
END_TEST

START_TEST(what_is_set_stays_and_the_rest_is_filled_in)
{
    struct hawser_client_options given = HAWSER_CLIENT_OPTIONS_INIT;
    struct hawser_client_options merged;
    struct hawser_error err     = HAWSER_ERROR_INIT;
    given.retry_count           = 7;
    given.retry_delay_ms        = 60000;
    given.heartbeat_interval_ms = -1;
    ck_assert_int_eq(client_options_merge(&given, &merged, &err), 0);
    ck_assert_uint_eq(merged.retry_count, 7);
    ck_assert_int_eq(merged.heartbeat_interval_ms, -1);
    ck_assert_int_eq(merged.max_backoff_ms, 60000); /* never less than the first delay */
    ck_assert_int_eq(merged.timeout_ms, 5000);
}
END_TEST

START_TEST(options_of_an_older_header_are_read_no_further_than_they_go)
{
    struct hawser_client_options merged;
    struct hawser_error err            = HAWSER_ERROR_INIT;
    struct hawser_client_options given = HAWSER_CLIENT_OPTIONS_INIT;
    given.struct_size                  = 16;
    given.retry_count                  = 9;
    given.timeout_ms                   = 77;
    struct hawser_slice copy           = guard_copy(&given, 16);
    ck_assert_int_eq(client_options_merge((const void *)copy.data, &merged, &err), 0);
    ck_assert_uint_eq(merged.retry_count, 9);
    ck_assert_int_eq(merged.timeout_ms, 77);
    ck_assert_int_eq(merged.retry_delay_ms, 1000);
    guard_free(copy);
}
END_TEST

START_TEST(twice_the_largest_message_may_wait_to_be_sent_however_large_that_is)
{
    struct hawser_client_options options = HAWSER_CLIENT_OPTIONS_INIT;
    struct session_options translated;
    options.max_message_bytes = 100000;
    client_options_translate(&options, "ws://h", &translated);
    ck_assert_uint_eq(translated.max_queued_bytes, 200000);
    options.max_message_bytes = 1; /* our own handshake has to go out all the same */
    client_options_translate(&options, "ws://h", &translated);
    ck_assert_uint_eq(translated.max_queued_bytes, 65536);
    options.max_message_bytes = UINT64_C(1) << 63;
    client_options_translate(&options, "ws://h", &translated);
    ck_assert_uint_eq(translated.max_queued_bytes, SIZE_MAX);
}
END_TEST

START_TEST(times_are_bounded_so_that_they_can_be_added_to_a_clock)
{
    static const int64_t YEAR_MS       = 365 * 24 * 3600 * INT64_C(1000);
    struct hawser_client_options given = HAWSER_CLIENT_OPTIONS_INIT;
    struct hawser_client_options merged;
    struct hawser_error err     = HAWSER_ERROR_INIT;
    given.timeout_ms            = INT64_MAX;
    given.retry_delay_ms        = INT64_MAX;
    given.heartbeat_interval_ms = INT64_MAX;
    given.request_timeout_ms    = INT64_MAX;
    given.busy_poll_ms          = INT64_MAX;
    ck_assert_int_eq(client_options_merge(&given, &merged, &err), 0);
    ck_assert_int_eq(merged.timeout_ms, YEAR_MS);
    ck_assert_int_eq(merged.retry_delay_ms, YEAR_MS);
    ck_assert_int_eq(merged.max_backoff_ms, YEAR_MS);
    ck_assert_int_eq(merged.heartbeat_interval_ms, YEAR_MS);
    ck_assert_int_eq(merged.request_timeout_ms, YEAR_MS);
    ck_assert_int_eq(merged.busy_poll_ms, YEAR_MS);
}
END_TEST

START_TEST(compression_is_offered_unless_it_is_off)
{
    struct hawser_client_options options = HAWSER_CLIENT_OPTIONS_INIT;
    struct session_options translated;
    client_options_translate(&options, "ws://h", &translated);
    ck_assert_uint_eq(translated.compression, 1);
    options.compression_off = 1;
    client_options_translate(&options, "ws://h", &translated);
    ck_assert_uint_eq(translated.compression, 0);
}
END_TEST

START_TEST(tls_and_heartbeats_reach_the_session)
{
    static const char *const PINS[]      = {"sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
                                            NULL};
    static const char *const HEADERS[]   = {"User-Agent: mine", NULL};
    struct hawser_client_options options = HAWSER_CLIENT_OPTIONS_INIT;
    struct hawser_client_options merged;
    struct session_options translated;
    struct hawser_error err      = HAWSER_ERROR_INIT;
    options.headers              = HEADERS;
    options.tls_ca_file          = "roots.pem";
    options.tls_certificate_file = "mine.pem";
    options.tls_key_file         = "mine.key";
    options.tls_pins             = PINS;
    options.heartbeat_text       = "ping";
    options.heartbeat_answer     = "pong*";
    options.requests_wait        = 1;
    ck_assert_int_eq(client_options_merge(&options, &merged, &err), 0);
    client_options_translate(&merged, "wss://h", &translated);
    ck_assert_str_eq(translated.tls.ca_file, "roots.pem");
    ck_assert_str_eq(translated.tls.certificate_file, "mine.pem");
    ck_assert_str_eq(translated.tls.key_file, "mine.key");
    ck_assert_ptr_eq(translated.tls.pins, PINS);
    ck_assert_str_eq(translated.beat_text, "ping");
    ck_assert_str_eq(translated.beat_answer, "pong*");
    ck_assert_uint_eq(translated.requests_wait, 1);
    ck_assert_uint_eq(translated.reconnect_off, 0); /* a client of its own comes back */
    ck_assert_str_eq(translated.headers[0], "User-Agent: mine");
}
END_TEST

static void refused(const struct hawser_client_options *given, const char *name)
{
    struct hawser_client_options merged;
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_int_eq(client_options_merge(given, &merged, &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_CONF_DIRECTIVE);
    ck_assert_msg(strstr(err.message, name) != NULL, "%s", err.message);
}

START_TEST(an_option_that_is_wrong_is_named)
{
    struct hawser_client_options given = HAWSER_CLIENT_OPTIONS_INIT;
    given.timeout_ms                   = -5;
    refused(&given, "timeout_ms");
    given                = (struct hawser_client_options)HAWSER_CLIENT_OPTIONS_INIT;
    given.max_backoff_ms = 10;
    refused(&given, "max_backoff_ms");
    given                       = (struct hawser_client_options)HAWSER_CLIENT_OPTIONS_INIT;
    given.heartbeat_interval_ms = -2;
    refused(&given, "heartbeat_interval_ms");
    given                      = (struct hawser_client_options)HAWSER_CLIENT_OPTIONS_INIT;
    given.tls_certificate_file = "mine.pem";
    refused(&given, "tls_key_file");
    given                  = (struct hawser_client_options)HAWSER_CLIENT_OPTIONS_INIT;
    given.heartbeat_answer = "pong";
    refused(&given, "heartbeat_text");
    given.heartbeat_text        = "ping";
    given.heartbeat_interval_ms = -1;
    refused(&given, "heartbeat_interval_ms");
    given.heartbeat_text        = "b\xff"
                                  "d";
    given.heartbeat_interval_ms = 0;
    refused(&given, "heartbeat_text");
    given.struct_size = 0;
    refused(&given, "struct_size");
}
END_TEST

START_TEST(a_list_that_holds_something_wrong_says_which)
{
    static const char *const SPLIT[]   = {"Good: one", "Bad: a\r\nInjected: b", NULL};
    static const char *const BARE[]    = {"no colon", NULL};
    static const char *const PINS[]    = {"sha256//short", NULL};
    struct hawser_client_options given = HAWSER_CLIENT_OPTIONS_INIT;
    given.headers                      = SPLIT;
    refused(&given, "headers[1]");
    given.headers = BARE;
    refused(&given, "headers[0]");
    given          = (struct hawser_client_options)HAWSER_CLIENT_OPTIONS_INIT;
    given.tls_pins = PINS;
    refused(&given, "tls_pins[0]");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("options");
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, twice_the_largest_message_may_wait_to_be_sent_however_large_that_is);
    tcase_add_test(cases, times_are_bounded_so_that_they_can_be_added_to_a_clock);
    tcase_add_test(cases, compression_is_offered_unless_it_is_off);
    tcase_add_test(cases, no_options_are_all_defaults);
    tcase_add_test(cases, what_is_set_stays_and_the_rest_is_filled_in);
    tcase_add_test(cases, options_of_an_older_header_are_read_no_further_than_they_go);
    tcase_add_test(cases, tls_and_heartbeats_reach_the_session);
    tcase_add_test(cases, an_option_that_is_wrong_is_named);
    tcase_add_test(cases, a_list_that_holds_something_wrong_says_which);
    return suite_run("client/options", cases);
}
