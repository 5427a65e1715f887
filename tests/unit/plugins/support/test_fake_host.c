/*
 * The fake host itself: plugin tests lean on it, so what it promises is checked here.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/fake_host.h"
#include "support/guard.h"

static const struct hawser_directive ROWS[] = {
    {.name = "wait", .default_value = "500ms", .type = HAWSER_VALUE_TIME},
    {.name = "room", .default_value = "64k", .type = HAWSER_VALUE_SIZE},
    {.name = "on", .default_value = "on", .type = HAWSER_VALUE_FLAG},
    {.name = "often", .choices = "off|never", .default_value = "2s", .type = HAWSER_VALUE_TIME},
    {.name = "kind", .default_value = "b", .choices = "a|b|cc", .type = HAWSER_VALUE_CHOICE},
};
static const struct hawser_module MODULE = {.directives      = ROWS,
                                            .directive_count = sizeof(ROWS) / sizeof(ROWS[0])};

static struct fake_host *fake;
static const struct hawser_host *host;
static struct hawser_instance *self;

static void set_up(void)
{
    fake = fake_host_create(&MODULE);
    host = fake_host_table();
    self = fake_host_instance(fake);
}

static void tear_down(void)
{
    fake_host_destroy(fake);
}

START_TEST(defaults_of_rows_are_read_with_their_units)
{
    ck_assert_int_eq(host->conf_number(self, "wait"), 500);
    ck_assert_int_eq(host->conf_number(self, "room"), 65536);
    ck_assert_int_eq(host->conf_number(self, "on"), 1);
    ck_assert_int_eq(host->conf_number(self, "kind"), 1);
    fake_host_set(fake, "wait", "2m", NULL);
    fake_host_set(fake, "kind", "cc", NULL);
    ck_assert_int_eq(host->conf_number(self, "wait"), 120000);
    ck_assert_int_eq(host->conf_number(self, "kind"), 2);
    ck_assert_int_eq(host->conf_number(self, "often"), 2000);
    fake_host_set(fake, "often", "never", NULL);
    ck_assert_int_eq(host->conf_number(self, "often"), 0);
    ck_assert_uint_eq(fake->broken_rules, 0);
}
END_TEST

START_TEST(a_directive_that_the_module_does_not_declare_is_noticed)
{
    ck_assert_ptr_null(host->conf_string(self, "nosuch"));
    ck_assert_uint_eq(fake->broken_rules, 1);
}
END_TEST

static int64_t fired_at[4];
static size_t fired;

static void again(void *arg)
{
    fired_at[fired++] = host->clock_monotonic_ns() / 1000000;
    if (arg != NULL) {
        ck_assert_ptr_nonnull(host->timer_start(self, 10, again, NULL));
    }
}

START_TEST(timers_fire_in_order_those_that_a_timer_starts_too)
{
    fired = 0;
    ck_assert_ptr_nonnull(host->timer_start(self, 25, again, NULL));
    ck_assert_ptr_nonnull(host->timer_start(self, 5, again, &fired));
    struct hawser_timer *stopped = host->timer_start(self, 6, again, NULL);
    host->timer_stop(self, stopped);
    fake_host_advance(fake, 20);
    ck_assert_uint_eq(fired, 2);
    ck_assert_int_eq(fired_at[0], 1005);
    ck_assert_int_eq(fired_at[1], 1015);
    ck_assert_uint_eq(fake_host_timer_count(fake), 1);
}
END_TEST

struct heard {
    int calls;
    uint32_t code;
    char text[64];
};

static void hear(void *arg, const struct hawser_reply *reply)
{
    struct heard *heard = arg;
    heard->calls++;
    heard->code = reply->err == NULL ? 0 : reply->err->code;
    ck_assert_uint_lt(reply->result.len, sizeof(heard->text));
    if (reply->result.len > 0) {
        memcpy(heard->text, reply->result.data, reply->result.len);
    }
}

START_TEST(each_request_ends_exactly_once)
{
    struct hawser_error err  = HAWSER_ERROR_INIT;
    struct heard a           = {0};
    struct heard b           = {0};
    struct hawser_slice none = {NULL, 0};
    uint64_t id              = 0;
    ck_assert_int_eq(host->call(self, "public/auth", none, 0, hear, &a, &err), 0);
    ck_assert_int_eq(host->expect(self, 0, hear, &b, &id, &err), 0);
    fake_host_answer(fake, fake_host_waiting(fake, "public/auth")->id, "{\"x\":1}");
    ck_assert_str_eq(a.text, "{\"x\":1}");
    fake_host_break(fake);
    ck_assert_uint_eq(b.code, HAWSER_REQUEST_UNKNOWN);
    ck_assert_int_eq(host->answered(self, id, none, none), -1);
    ck_assert_int_eq(a.calls, 1);
    ck_assert_int_eq(b.calls, 1);
}
END_TEST

START_TEST(a_refused_send_tells_the_code_asked_for_once)
{
    struct hawser_error err  = HAWSER_ERROR_INIT;
    struct hawser_slice text = {"hi", 2};
    fake_host_refuse_next(fake, HAWSER_NET_QUEUE_FULL);
    ck_assert_int_eq(host->send_text(self, text, &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_NET_QUEUE_FULL);
    ck_assert_uint_eq(err.recovery, HAWSER_RECOVER_HAND_OVER);
    ck_assert_int_eq(host->send_text(self, text, &err), 0);
    ck_assert_str_eq(fake_host_last_sent(fake), "hi");
}
END_TEST

START_TEST(the_envelope_is_found_in_every_cut_or_refused)
{
    static const char text[] = "{ \"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{"
                               "\"data\":[1,{\"a\":\"]}\"}],\"channel\":\"book.X\"}}";
    for (size_t len = 0; len < sizeof(text); len++) {
        struct hawser_slice cut = guard_copy(text, len);
        struct hawser_envelope envelope;
        int result = host->scan(cut, &envelope);
        ck_assert_int_eq(result, len == sizeof(text) - 1 ? 0 : -1);
        if (result == 0) {
            ck_assert_int_eq(memcmp(envelope.channel.data, "book.X", 6), 0);
            ck_assert_uint_eq(envelope.data.len, strlen("[1,{\"a\":\"]}\"}]"));
        }
        guard_free(cut);
    }
}
END_TEST

START_TEST(a_member_is_found_by_its_path)
{
    static const char text[]   = "{\"a\":{\"b\":[1],\"c\":\"x\"},\"a2\":7}";
    struct hawser_slice object = {text, sizeof(text) - 1};
    struct hawser_slice value  = {NULL, 0};
    ck_assert_int_eq(host->json_member(object, "a.c", &value), 1);
    ck_assert_int_eq(memcmp(value.data, "\"x\"", 3), 0);
    ck_assert_int_eq(host->json_member(object, "a.d", &value), 0);
    ck_assert_int_eq(host->json_member(object, "a2.d", &value), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fake_host");
    TCase *tests = tcase_create("fake_host");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, defaults_of_rows_are_read_with_their_units);
    tcase_add_test(tests, a_directive_that_the_module_does_not_declare_is_noticed);
    tcase_add_test(tests, timers_fire_in_order_those_that_a_timer_starts_too);
    tcase_add_test(tests, each_request_ends_exactly_once);
    tcase_add_test(tests, a_refused_send_tells_the_code_asked_for_once);
    tcase_add_test(tests, the_envelope_is_found_in_every_cut_or_refused);
    tcase_add_test(tests, a_member_is_found_by_its_path);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
