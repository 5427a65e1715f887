/*
 * The core's own directives: the table itself, and what rows cannot say.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "conf/directive.h"
#include "conf/value.h"
#include "hawser/error.h"
#include "unit/conf/conf_fixture.h"

START_TEST(every_row_is_whole_and_its_default_is_valid)
{
    struct hawser_directive row;
    ck_assert_int_eq(conf_row_at(&conf_core_table, (size_t)_i, &row), 1);
    ck_assert_str_eq(row.name, conf_core_table.rows[_i].name);
    ck_assert_ptr_nonnull(row.help);
    ck_assert_uint_gt(strlen(row.help), 5);
    ck_assert_uint_lt(row.type, HAWSER_VALUE_COUNT);
    ck_assert_uint_ne(row.contexts, 0);
    ck_assert_uint_le(row.min_args, row.max_args);
    ck_assert_int_le(row.min, row.max);
    if (row.default_value != NULL && row.type != HAWSER_VALUE_OPTIONS) {
        struct hawser_error err = HAWSER_ERROR_INIT;
        int64_t value           = 0;
        ck_assert_int_eq(conf_value_check(&row, row.default_value, &value, &err), 0);
    }
    for (size_t other = 0; other < (size_t)_i; other++) {
        const struct hawser_directive *before = &conf_core_table.rows[other];
        ck_assert(strcmp(before->name, row.name) != 0 || (before->contexts & row.contexts) == 0);
    }
}
END_TEST

static int64_t number(uint32_t context, const char *name)
{
    return conf_get_number(NULL, &conf_core_table, 1, context, name);
}

START_TEST(defaults_are_what_the_manual_says)
{
    ck_assert_int_eq(number(HAWSER_IN_MAIN, "worker_processes"), 1);
    ck_assert_int_eq(number(HAWSER_IN_MAIN, "daemon"), 1);
    ck_assert_int_eq(number(HAWSER_IN_MAIN, "master_process"), 1);
    ck_assert_int_eq(number(HAWSER_IN_MAIN, "shutdown_timeout"), 10000);
    ck_assert_int_eq(number(HAWSER_IN_SESSION, "heartbeat"), 30000);
    ck_assert_int_eq(number(HAWSER_IN_SESSION, "max_message"), 16 << 20);
    ck_assert_int_eq(number(HAWSER_IN_SESSION, "tls_verify"), 1);
    ck_assert_int_eq(number(HAWSER_IN_SESSION, "required"), 0);
    ck_assert_int_eq(number(HAWSER_IN_OUTPUT, "queue_records"), 65536);
    ck_assert_int_eq(number(HAWSER_IN_OUTPUT, "when_full"), 0);
    ck_assert_int_eq(number(HAWSER_IN_TELEMETRY, "flush"), 10000);
    ck_assert_str_eq(conf_get_string(NULL, &conf_core_table, 1, HAWSER_IN_MAIN, "error_log"),
                     "logs/error.log");
}
END_TEST

START_TEST(auto_workers_read_as_zero)
{
    struct parsed parsed         = parse_config("worker_processes auto;");
    const struct conf_node *root = conf_tree_root(parsed.tree);
    conf_check_block(root, HAWSER_IN_MAIN, &conf_core_table, 1, &parsed.problems);
    ck_assert_uint_eq(parsed.problems.count, 0);
    ck_assert_int_eq(conf_get_number(root, &conf_core_table, 1, HAWSER_IN_MAIN, "worker_processes"),
                     0);
    parsed_free(&parsed);
}
END_TEST

/* All checks of the core: main, each block by its kind, then conf_check_core. */
static void check_all(struct parsed *parsed)
{
    const struct conf_node *root = conf_tree_root(parsed->tree);
    ck_assert_str_eq(parsed->text, "");
    conf_check_block(root, HAWSER_IN_MAIN, &conf_core_table, 1, &parsed->problems);
    for (const struct conf_node *node = root->first_child; node != NULL; node = node->next) {
        uint32_t context = strcmp(node->words[0], "session") == 0  ? HAWSER_IN_SESSION
                           : strcmp(node->words[0], "output") == 0 ? HAWSER_IN_OUTPUT
                                                                   : HAWSER_IN_TELEMETRY;
        if (node->is_block) {
            conf_check_block(node, context, &conf_core_table, 1, &parsed->problems);
        }
    }
    size_t before = parsed->problems.count;
    int rc        = conf_check_core(parsed->tree, &parsed->problems);
    ck_assert_int_eq(rc, parsed->problems.count == before ? 0 : -1);
    parsed->text = buf_text(&parsed->problems.text);
}

START_TEST(a_config_with_every_directive_has_no_problems)
{
    struct parsed parsed = parse_config(
        "worker_processes 2; error_log logs/error.log info; pid run/p; user nobody;\n"
        "control unix:run/c.sock mode=0660 group=adm; module_path m; load_module a.so;\n"
        "load_module b.so; daemon off; master_process off; shutdown_timeout 1m;\n"
        "worker_timeout 5s; busy_poll 5ms; callback_budget 20ms; worker_restarts most=3 within=1m; "
        "quarantine "
        "most=2;\n"
        "telemetry statsd { flush 1s; } telemetry statsd { }\n"
        "output jsonl a { queue_records 100; queue_bytes 1m; when_full drop_newest; }\n"
        "output jsonl b.c-d_E { }\n"
        "session s1 { adapter x; url wss://h/; credentials file:c; subscribe a b; subscribe c;\n"
        "  heartbeat off; reconnect delay=500ms max_delay=1m jitter=0.25 attempts=3; output a;\n"
        "  on_error 10028 wait 1s; on_error TLS_CERTIFICATE reconnect; on_error protocol stop;\n"
        "  rate_limit a rate=0; rate_limit b rate=30 burst=100; rate_limit c burst=1 rate=1;\n"
        "  output b.c-d_E; stale_after ticker.* 5s; stale_after * 1m; request_timeout 1s;\n"
        "  connect_timeout 1s; auth_timeout 1s; subscribe_timeout 1s; tls_ca ca; tls_verify on;\n"
        "  tls_certificate c; tls_certificate_key k; bind ::1; header 'A: b'; header X-Y:;\n"
        "  subprotocols a b; max_message 1m; max_send_queue 1m; required; compression on; }\n");
    check_all(&parsed);
    ck_assert_str_eq(parsed.text, "");
    parsed_free(&parsed);
}
END_TEST

struct wrong {
    const char *text;
    const char *problem;
};

#define NAME_EXPECTED "expected a name of 1 to 64 letters, digits, \"_\", \".\" or \"-\", got "
#define MINE          "session s { adapter x; url ws://h;\n"

static const struct wrong WRONG[] = {
    {"worker_processes 0;", "main.conf:1: \"worker_processes\": expected 1 to 256, got \"0\"\n"},
    {"daemon no;", "main.conf:1: \"daemon\": expected on or off, got \"no\"\n"},
    {"error_log x loud;", "main.conf:1: \"error_log\": expected debug, info, notice, warn, error, "
                          "crit, alert or emerg, then text or json, got \"loud\"\n"},
    {"control /run/x;", "main.conf:1: \"control\": expected unix:PATH or off, got \"/run/x\": it "
                        "is a unix socket alone; other machines reach it through ssh -L\n"},
    {"control unix:;", "main.conf:1: \"control\": expected unix:PATH or off, got \"unix:\": it is "
                       "a unix socket alone; other machines reach it through ssh -L\n"},
    {"control unix:x mode=999;", "main.conf:1: \"control\": expected mode=OCTAL such as mode=0660, "
                                 "or group=NAME, got \"mode=999\"\n"},
    {"control unix:x group=;", "main.conf:1: \"control\": expected mode=OCTAL such as mode=0660, "
                               "or group=NAME, got \"group=\"\n"},
    {"control unix:x 0660;", "main.conf:1: \"control\": expected mode=OCTAL such as mode=0660, or "
                             "group=NAME, got \"0660\"\n"},
    {"control unix:x mode=0660 mode=0600;", "main.conf:1: \"control\": \"mode\" stands twice\n"},
    {"control unix:x group=a group=b;", "main.conf:1: \"control\": \"group\" stands twice\n"},
    {"session s { }", "main.conf:1: \"adapter\" is missing in session \"s\"\n"
                      "main.conf:1: \"url\" is missing in session \"s\"\n"},
    {"session a/b { adapter x; url ws://h; }",
     "main.conf:1: \"session\": " NAME_EXPECTED "\"a/b\"\n"},
    {"session '' { adapter x; url ws://h; }", "main.conf:1: \"session\": " NAME_EXPECTED "\"\"\n"},
    {"output jsonl 'a b' { }", "main.conf:1: \"output\": " NAME_EXPECTED "\"a b\"\n"},
    {"output jsonl a { }\noutput other a { }",
     "main.conf:2: output \"a\" is defined twice: the first is at main.conf:1\n"},
    {MINE "}\nsession t { adapter x; url ws://h; }\nsession s { adapter x; url ws://h; }",
     "main.conf:4: session \"s\" is defined twice: the first is at main.conf:1\n"},
    {MINE "output a; }", "main.conf:2: output \"a\" is not defined: expected the name of an "
                         "\"output MODULE NAME { }\"\n"},
    {"output jsonl ticks { } " MINE "output tiks ticks; }",
     "main.conf:2: output \"tiks\" is not defined; did you mean \"ticks\"?\n"},
    {MINE "credentials hunter2; }", "main.conf:2: \"credentials\": expected file:PATH, env:NAME or "
                                    "credential:NAME, a name without a slash\n"},
    {MINE "credentials file:; }", "main.conf:2: \"credentials\": expected file:PATH, env:NAME or "
                                  "credential:NAME, a name without a slash\n"},
    {"worker_timeout 10ms;", "main.conf:1: \"worker_timeout\": expected 1s to 1h, got \"10ms\"\n"},
    {"worker_restarts most=65;",
     "main.conf:1: \"worker_restarts most\": expected 0 to 64, got \"65\"\n"},
    {"worker_restarts within=5ms;",
     "main.conf:1: \"worker_restarts within\": expected 1s to 1d, got \"5ms\"\n"},
    {"connect_budget rate=many;",
     "main.conf:1: \"connect_budget rate\": expected a whole number, got \"many\"\n"},
    {"connect_budget burst=0;",
     "main.conf:1: \"connect_budget burst\": expected 1 to 10000, got \"0\"\n"},
    {"connect_budget pace=1;", "main.conf:1: \"connect_budget\": expected KEY=VALUE with a KEY of "
                               "rate|burst, got \"pace=1\"\n"},
    {MINE "reconnect delay=0; }",
     "main.conf:2: \"reconnect delay\": expected 1ms to 1d, got \"0\"\n"},
    {MINE "reconnect delay=2m max_delay=90s; }", "main.conf:2: \"reconnect\": delay=2m is longer "
                                                 "than max_delay=90s: expected at most as long\n"},
    {MINE "reconnect delay=31s; }", "main.conf:2: \"reconnect\": delay=31s is longer than "
                                    "max_delay=30s (the default): expected at most as long\n"},
    {MINE "reconnect max_delay=500ms; }", "main.conf:2: \"reconnect\": delay=1s (the default) is "
                                          "longer than max_delay=500ms: expected at "
                                          "most as long\n"},
    {MINE "reconnect max_delay=x; }", "main.conf:2: \"reconnect max_delay\": expected a time such "
                                      "as 500ms, 5s, 2m or 1h30m, got \"x\"\n"},
    {MINE "reconnect jitter=1.1; }", "main.conf:2: \"reconnect jitter\": expected a fraction from "
                                     "0 to 1 such as 0.2, got \"1.1\"\n"},
    {MINE "reconnect jitter=nan; }", "main.conf:2: \"reconnect jitter\": expected a fraction from "
                                     "0 to 1 such as 0.2, got \"nan\"\n"},
    {MINE "reconnect attempts=-1; }",
     "main.conf:2: \"reconnect attempts\": expected 0 to 1000000, got \"-1\"\n"},
    {MINE "reconnect speed=1; }", "main.conf:2: \"reconnect\": expected KEY=VALUE with a KEY of "
                                  "delay|max_delay|jitter|attempts, got \"speed=1\"\n"},
    {MINE "rate_limit matching burst=3; }",
     "main.conf:2: \"rate_limit\": expected POOL rate=N, or POOL rate=N burst=N\n"},
    {MINE "rate_limit matching rate=3 pace=1; }",
     "main.conf:2: \"rate_limit\": expected POOL rate=N, or POOL rate=N burst=N\n"},
    {MINE "rate_limit matching rate=fast; }",
     "main.conf:2: \"rate_limit rate\": expected a whole number, got \"fast\"\n"},
    {MINE "rate_limit matching rate=1 burst=0; }",
     "main.conf:2: \"rate_limit burst\": expected 1 to 100000000, got \"0\"\n"},
    {MINE "on_error TLS_CERTIFICAT stop; }",
     "main.conf:2: \"on_error\": no session decides by \"TLS_CERTIFICAT\"; did you mean "
     "\"TLS_CERTIFICATE\"?\n"},
    {MINE "on_error close:7 stop; }",
     "main.conf:2: \"on_error\": expected a JSON-RPC code such as 10028, close:4000, http:503, a "
     "name such as TLS_CERTIFICATE, or connection, protocol, authentication or application, got "
     "\"close:7\"\n"},
    {MINE "on_error 10028 wait; }",
     "main.conf:2: \"on_error\": expected one time behind \"wait\", such as 1s\n"},
    {MINE "on_error 10028 wait 2h; }",
     "main.conf:2: \"on_error\": expected a time of 1ms to 1h, got \"2h\"\n"},
    {MINE "on_error 10028 wait soon; }",
     "main.conf:2: \"on_error\": expected a time such as 500ms, 5s, 2m or 1h30m, got \"soon\"\n"},
    {MINE "on_error 10028 panic; }",
     "main.conf:2: \"on_error\": expected \"wait\" and a time, \"reconnect\", \"stop\" or "
     "\"ignore\", got \"panic\"\n"},
    {MINE "on_error 10028 stop 5s; }",
     "main.conf:2: \"on_error\": expected nothing behind \"stop\", got \"5s\"\n"},
    {MINE "on_error close:4000 ignore; }",
     "main.conf:2: \"on_error\": \"close:4000\" may end the link, and then there is nothing to go "
     "on with: expected \"wait\" and a time, \"reconnect\" or \"stop\"\n"},
    {MINE "stale_after x y; }", "main.conf:2: \"stale_after\": expected a time such as 500ms, 5s, "
                                "2m or 1h30m, got \"y\"\n"},
    {MINE "bind eth0; }",
     "main.conf:2: \"bind\": expected an IPv4 or IPv6 address, got \"eth0\"\n"},
    {MINE "header nonsense; }", "main.conf:2: \"header\": expected \"Name: value\" on one line, "
                                "such as \"User-Agent: hawser\"\n"},
    {MINE "header \"A: b\\r\\nC: d\"; }",
     "main.conf:2: \"header\": expected \"Name: value\" on one line, such as \"User-Agent: "
     "hawser\"\n"},
    {MINE "header \"sec-websocket-key: x\"; }",
     "main.conf:2: \"header\": \"sec-websocket-key\" is the handshake's own: expected another "
     "header\n"},
    {MINE "header \"HOST: x\"; header \"Hosts: x\"; }",
     "main.conf:2: \"header\": \"HOST\" is the handshake's own: expected another header\n"},
    {MINE "subprotocols a,b; }", "main.conf:2: \"subprotocols\": expected a name without spaces "
                                 "and separators, got \"a,b\"\n"},
    {MINE "tls_certificate c; }",
     "main.conf:2: \"tls_certificate\" needs \"tls_certificate_key\" beside it\n"},
    {MINE "tls_certificate_key k; }",
     "main.conf:2: \"tls_certificate_key\" needs \"tls_certificate\" beside it\n"},
    {MINE "compression gzip; }",
     "main.conf:2: \"compression\": expected off or on, got \"gzip\"\n"},
    {MINE "url wss://a:b@h/; }",
     "main.conf:2: \"url\": expected a URL such as wss://host:port/path, got \"***\"\n"
     "main.conf:2: \"url\" may stand once: the first is at main.conf:1\n"},
};

START_TEST(a_wrong_meaning_is_told_with_what_was_expected)
{
    struct parsed parsed = parse_config(WRONG[_i].text);
    check_all(&parsed);
    ck_assert_str_eq(parsed.text, WRONG[_i].problem);
    parsed_free(&parsed);
}
END_TEST

START_TEST(statements_of_a_wrong_form_are_passed_over)
{
    struct parsed parsed = parse_config(
        "session; session { output a; } session a b { } output; output x { } output x y z { }\n"
        "control; error_log; error_log { } control { }\n"
        "session s { credentials; credentials a b; output; reconnect; stale_after; bind; header;\n"
        "subprotocols; header a b; bind { } stale_after x; }");
    ck_assert_int_eq(conf_check_core(parsed.tree, &parsed.problems), 0);
    parsed_free(&parsed);
}
END_TEST

START_TEST(an_output_of_a_wrong_form_is_not_there)
{
    struct parsed parsed = parse_config("output x { } output y z;\n" MINE "output z; }");
    ck_assert_int_eq(conf_check_core(parsed.tree, &parsed.problems), -1);
    ck_assert_uint_eq(parsed.problems.count, 1);
    parsed_free(&parsed);
}
END_TEST

START_TEST(fractions_of_jitter_are_plain_decimals)
{
    static const char *const GOOD[] = {"0", "1", "0.2", "0.123456", "1.0"};
    char text[128];
    for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++) {
        (void)snprintf(text, sizeof(text), MINE "reconnect jitter=%s; }", GOOD[i]);
        expect_problems(text, "");
        struct parsed parsed = parse_config(text);
        ck_assert_int_eq(conf_check_core(parsed.tree, &parsed.problems), 0);
        parsed_free(&parsed);
    }
    static const char *const BAD[] = {"2",   "00",        ".5",  "0.", "1.01",
                                      "0,5", "0.1234567", "0x1", "-0"};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        (void)snprintf(text, sizeof(text), MINE "reconnect jitter=%s; }", BAD[i]);
        struct parsed parsed = parse_config(text);
        ck_assert_int_eq(conf_check_core(parsed.tree, &parsed.problems), -1);
        parsed_free(&parsed);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conf/core");
    TCase *tcase = tcase_create("core");
    tcase_add_checked_fixture(tcase, folder_setup, folder_teardown);
    tcase_add_loop_test(tcase, every_row_is_whole_and_its_default_is_valid, 0,
                        (int)conf_core_table.count);
    tcase_add_test(tcase, defaults_are_what_the_manual_says);
    tcase_add_test(tcase, auto_workers_read_as_zero);
    tcase_add_test(tcase, a_config_with_every_directive_has_no_problems);
    tcase_add_loop_test(tcase, a_wrong_meaning_is_told_with_what_was_expected, 0,
                        (int)(sizeof(WRONG) / sizeof(WRONG[0])));
    tcase_add_test(tcase, statements_of_a_wrong_form_are_passed_over);
    tcase_add_test(tcase, an_output_of_a_wrong_form_is_not_there);
    tcase_add_test(tcase, fractions_of_jitter_are_plain_decimals);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
