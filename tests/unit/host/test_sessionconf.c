/*
 * A session block as the options of a session.
 */
#include "host/sessionconf.h"

#include <string.h>

#include "support/suite.h"
#include "trees.h"

static struct conf_tree *tree;
static struct sessionconf conf;
static struct hawser_error err;

static void read_block(const char *text)
{
    err  = (struct hawser_error)HAWSER_ERROR_INIT;
    tree = tree_of(text);
    ck_assert_msg(sessionconf_read(&conf, block_of(tree, "session"), "/prefix", &err) == 0, "%s",
                  err.message);
}

static void tear_down(void)
{
    sessionconf_fini(&conf);
    conf_tree_destroy(tree);
}

START_TEST(a_bare_session_has_the_defaults_of_the_table)
{
    read_block("session btc { adapter deribit; url ws://h/p; }");
    const struct session_options *options = &conf.options;
    ck_assert_str_eq(options->name, "btc");
    ck_assert_str_eq(options->url, "ws://h/p");
    ck_assert_int_eq(options->connect_timeout_ms, 5000);
    ck_assert_int_eq(options->auth_timeout_ms, 10000);
    ck_assert_int_eq(options->subscribe_timeout_ms, 10000);
    ck_assert_int_eq(options->request_timeout_ms, 30000);
    ck_assert_int_eq(options->heartbeat_ms, 30000);
    ck_assert_uint_eq(options->max_message_bytes, 16u << 20);
    ck_assert_uint_eq(options->max_queued_bytes, 4u << 20);
    ck_assert_uint_eq(options->has_credentials, 0);
    ck_assert_uint_eq(options->channel_count, 0);
    ck_assert_uint_eq(options->stale_count, 0);
    ck_assert_ptr_null(options->bind);
    ck_assert_uint_eq(options->compression, 0);
    ck_assert_ptr_null(options->subprotocols);
    ck_assert_ptr_null(options->headers[0]);
    ck_assert_uint_eq((unsigned)options->tls.verify_off, 0);
    ck_assert_ptr_null(options->tls.ca_file);
}
END_TEST

START_TEST(numbers_and_flags_are_read_with_their_units)
{
    read_block("session s { url ws://h; connect_timeout 250ms; auth_timeout 2s; "
               "subscribe_timeout 1m; request_timeout 1h; heartbeat 45s; max_message 64k; "
               "max_send_queue 1m; tls_verify off; bind 10.0.0.1; credentials file:x; "
               "compression on; }");
    const struct session_options *options = &conf.options;
    ck_assert_int_eq(options->connect_timeout_ms, 250);
    ck_assert_int_eq(options->auth_timeout_ms, 2000);
    ck_assert_int_eq(options->subscribe_timeout_ms, 60000);
    ck_assert_int_eq(options->request_timeout_ms, 3600000);
    ck_assert_int_eq(options->heartbeat_ms, 45000);
    ck_assert_uint_eq(options->max_message_bytes, 65536);
    ck_assert_uint_eq(options->max_queued_bytes, 1u << 20);
    ck_assert_int_ne(options->tls.verify_off, 0);
    ck_assert_str_eq(options->bind, "10.0.0.1");
    ck_assert_uint_eq(options->compression, 1);
    ck_assert_uint_eq(options->has_credentials, 1);
}
END_TEST

START_TEST(the_way_to_the_exchange_is_read)
{
    read_block("session s { url ws://h; proxy socks5://me:x@p:1; tcp_user_timeout 2s; "
               "tcp_keepalive 1m; }");
    ck_assert_str_eq(conf.options.proxy, "socks5://me:x@p:1");
    ck_assert_int_eq(conf.options.tcp_user_timeout_ms, 2000);
    ck_assert_int_eq(conf.options.tcp_keepalive_ms, 60000);
    tear_down();
    read_block("session s { url ws://h; proxy off; tcp_keepalive off; }");
    ck_assert_ptr_null(conf.options.proxy);
    ck_assert_int_eq(conf.options.tcp_keepalive_ms, -1);
    tear_down();
    read_block("session s { url ws://h; }");
    ck_assert_ptr_null(conf.options.proxy);
    ck_assert_int_eq(conf.options.tcp_user_timeout_ms, 30000);
    ck_assert_int_eq(conf.options.tcp_keepalive_ms, 30000);
}
END_TEST

START_TEST(of_several_urls_the_first_is_the_preferred_one)
{
    read_block("session s { url ws://a wss://b ws://c; }");
    ck_assert_str_eq(conf.options.url, "ws://a");
    ck_assert_str_eq(conf.options.fallback_urls[0], "wss://b");
    ck_assert_str_eq(conf.options.fallback_urls[1], "ws://c");
    ck_assert_ptr_null(conf.options.fallback_urls[2]);
    tear_down();
    read_block("session s { url ws://a; }");
    ck_assert_ptr_null(conf.options.fallback_urls[0]);
}
END_TEST

START_TEST(pins_are_read_in_their_order)
{
    read_block("session s { url wss://h; tls_pin sha256//a sha256//b; }");
    ck_assert_str_eq(conf.options.tls.pins[0], "sha256//a");
    ck_assert_str_eq(conf.options.tls.pins[1], "sha256//b");
    ck_assert_ptr_null(conf.options.tls.pins[2]);
}
END_TEST

START_TEST(a_heartbeat_that_is_off_is_not_the_default)
{
    read_block("session s { url ws://h; heartbeat off; }");
    ck_assert_int_eq(conf.options.heartbeat_ms, -1);
}
END_TEST

START_TEST(channels_and_headers_of_all_lines_come_in_their_order)
{
    read_block("session s { url ws://h; subscribe a b; header \"X: 1\"; subscribe c; header \"Y: "
               "2\"; }");
    ck_assert_uint_eq(conf.options.channel_count, 3);
    ck_assert_str_eq(conf.options.channels[0], "a");
    ck_assert_str_eq(conf.options.channels[1], "b");
    ck_assert_str_eq(conf.options.channels[2], "c");
    ck_assert_str_eq(conf.options.headers[0], "X: 1");
    ck_assert_str_eq(conf.options.headers[1], "Y: 2");
    ck_assert_ptr_null(conf.options.headers[2]);
}
END_TEST

START_TEST(subprotocols_are_joined_as_the_header_wants_them)
{
    read_block("session s { url ws://h; subprotocols v2.json v1.json; }");
    ck_assert_str_eq(conf.options.subprotocols, "v2.json, v1.json");
}
END_TEST

START_TEST(stale_rules_keep_their_order)
{
    read_block("session s { url ws://h; stale_after book.* 5s; stale_after * 2m; }");
    ck_assert_uint_eq(conf.options.stale_count, 2);
    ck_assert_str_eq(conf.options.stale[0].pattern, "book.*");
    ck_assert_int_eq(conf.options.stale[0].after_ms, 5000);
    ck_assert_str_eq(conf.options.stale[1].pattern, "*");
    ck_assert_int_eq(conf.options.stale[1].after_ms, 120000);
}
END_TEST

START_TEST(rate_limits_are_read)
{
    read_block(
        "session s { url ws://h; rate_limit matching rate=30 burst=100; rate_limit r rate=0; }");
    ck_assert_uint_eq(conf.options.rate_limit_count, 2);
    ck_assert_str_eq(conf.options.rate_limits[0].pool, "matching");
    ck_assert_uint_eq(conf.options.rate_limits[0].limit.rate, 30);
    ck_assert_uint_eq(conf.options.rate_limits[0].limit.burst, 100);
    ck_assert_uint_eq(conf.options.rate_limits[1].limit.rate, 0);
    ck_assert_uint_eq(conf.options.rate_limits[1].limit.burst, 0);
}
END_TEST

START_TEST(rules_about_errors_keep_their_order)
{
    read_block("session s { url ws://h; on_error 10028 wait 1s; on_error http:403 reconnect; }");
    ck_assert_uint_eq(conf.options.on_error_count, 2);
    ck_assert_int_eq(conf.options.on_error[0].number, 10028);
    ck_assert_uint_eq(conf.options.on_error[0].recovery, HAWSER_RECOVER_WAIT);
    ck_assert_int_eq(conf.options.on_error[0].wait_ms, 1000);
    ck_assert_int_eq(conf.options.on_error[1].number, 403);
    ck_assert_uint_eq(conf.options.on_error[1].recovery, HAWSER_RECOVER_RECONNECT);
}
END_TEST

START_TEST(backoff_is_read_and_what_is_left_out_stays_the_default)
{
    read_block("session s { url ws://h; reconnect delay=500ms jitter=0.25 attempts=7; }");
    ck_assert_int_eq(conf.options.backoff.delay_ms, 500);
    ck_assert_int_eq(conf.options.backoff.max_delay_ms, 0); /* backoff.h: the default */
    ck_assert(conf.options.backoff.jitter > 0.24 && conf.options.backoff.jitter < 0.26);
    ck_assert_uint_eq(conf.options.backoff.attempts, 7);
}
END_TEST

START_TEST(no_jitter_is_not_the_default_jitter)
{
    read_block("session s { url ws://h; reconnect jitter=0; }");
    ck_assert(conf.options.backoff.jitter < 0); /* backoff.h: none */
}
END_TEST

START_TEST(files_of_tls_become_absolute)
{
    read_block("session s { url ws://h; tls_ca ca.pem; tls_certificate /etc/c.pem; "
               "tls_certificate_key k.pem; }");
    ck_assert_str_eq(conf.options.tls.ca_file, "/prefix/ca.pem");
    ck_assert_str_eq(conf.options.tls.certificate_file, "/etc/c.pem");
    ck_assert_str_eq(conf.options.tls.key_file, "/prefix/k.pem");
}
END_TEST

START_TEST(a_value_that_no_check_saw_is_an_error_and_leaves_something_to_release)
{
    tree = tree_of("session s { url ws://h; subscribe a; stale_after * soon; }");
    err  = (struct hawser_error)HAWSER_ERROR_INIT;
    ck_assert_int_eq(sessionconf_read(&conf, block_of(tree, "session"), "/p", &err), -1);
    ck_assert_uint_ne(err.code, 0);
}
END_TEST

START_TEST(a_word_is_the_blocks_or_the_default)
{
    read_block("session s { url ws://h; adapter deribit; }");
    const struct conf_node *block = block_of(tree, "session");
    ck_assert_str_eq(sessionconf_word(block, "adapter"), "deribit");
    ck_assert_str_eq(sessionconf_word(block, "max_message"), "16m");
    ck_assert_ptr_null(sessionconf_word(block, "credentials"));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("sessionconf");
    tcase_add_checked_fixture(cases, NULL, tear_down);
    tcase_add_test(cases, a_bare_session_has_the_defaults_of_the_table);
    tcase_add_test(cases, numbers_and_flags_are_read_with_their_units);
    tcase_add_test(cases, the_way_to_the_exchange_is_read);
    tcase_add_test(cases, of_several_urls_the_first_is_the_preferred_one);
    tcase_add_test(cases, pins_are_read_in_their_order);
    tcase_add_test(cases, a_heartbeat_that_is_off_is_not_the_default);
    tcase_add_test(cases, channels_and_headers_of_all_lines_come_in_their_order);
    tcase_add_test(cases, subprotocols_are_joined_as_the_header_wants_them);
    tcase_add_test(cases, stale_rules_keep_their_order);
    tcase_add_test(cases, rules_about_errors_keep_their_order);
    tcase_add_test(cases, rate_limits_are_read);
    tcase_add_test(cases, backoff_is_read_and_what_is_left_out_stays_the_default);
    tcase_add_test(cases, no_jitter_is_not_the_default_jitter);
    tcase_add_test(cases, files_of_tls_become_absolute);
    tcase_add_test(cases, a_value_that_no_check_saw_is_an_error_and_leaves_something_to_release);
    tcase_add_test(cases, a_word_is_the_blocks_or_the_default);
    return suite_run("host/sessionconf", cases);
}
