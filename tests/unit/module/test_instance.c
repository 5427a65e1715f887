/*
 * An instance and the host's table on it: config, timers, counters, and what it refuses.
 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/slice.h"
#include "hawser/adapter.h"
#include "hawser/output.h"
#include "module/instance.h"
#include "telemetry/metric.h"

static const struct hawser_directive ROWS[] = {
    {.name = "path", .contexts = HAWSER_IN_BLOCK, .type = HAWSER_VALUE_PATH, .max_args = 1},
    {.name          = "wait",
     .default_value = "500ms",
     .contexts      = HAWSER_IN_BLOCK,
     .type          = HAWSER_VALUE_TIME,
     .max_args      = 1},
    {.name     = "pair",
     .contexts = HAWSER_IN_BLOCK,
     .flags    = HAWSER_DIRECTIVE_REPEATS,
     .max_args = HAWSER_ANY_ARGS},
    {.name     = "password",
     .contexts = HAWSER_IN_BLOCK,
     .flags    = HAWSER_DIRECTIVE_SECRET,
     .max_args = 2},
};
static struct hawser_output vtable           = {.struct_size = sizeof(vtable)};
static const struct hawser_module DESCRIPTOR = {
    .kind = HAWSER_OUTPUT, .name = "test", .vtable.output = &vtable};
static const struct module MODULE = {
    .descriptor = &DESCRIPTOR,
    .directives = {.rows = ROWS, .count = 4, .row_size = sizeof(ROWS[0])}};

static const struct hawser_host *host;
static struct net_loop loop;
static struct hawser_instance *self;
static struct conf_tree *tree;
static struct telemetry_area *area;
static struct telemetry_writer *writer;

static const struct conf_node *parse(const char *text)
{
    struct conf_problems problems;
    conf_problems_init(&problems);
    tree = conf_parse_bytes(slice_of(text), "test", &problems);
    ck_assert_uint_eq(problems.count, 0);
    conf_problems_fini(&problems);
    return conf_tree_root(tree);
}

static void make(const char *text)
{
    struct hawser_error err         = HAWSER_ERROR_INIT;
    struct instance_options options = {.module    = &MODULE,
                                       .name      = "ticks",
                                       .block     = text == NULL ? NULL : parse(text),
                                       .prefix    = "/srv/hawser",
                                       .loop      = &loop,
                                       .telemetry = writer};
    self                            = instance_create(&options, &err);
    ck_assert_msg(self != NULL, "%s", err.message);
}

static void set_up(void)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    int fd                  = -1;
    host                    = hostapi_table();
    loop.base               = event_base_new();
    area                    = telemetry_area_create(1, &fd, &err);
    ck_assert_msg(area != NULL, "%s", err.message);
    (void)close(fd);
    writer = telemetry_writer_open(area, 0, &err);
    ck_assert_msg(writer != NULL, "%s", err.message);
}

static void tear_down(void)
{
    instance_destroy(self);
    conf_tree_destroy(tree);
    telemetry_writer_close(writer);
    telemetry_area_detach(area);
    event_base_free(loop.base);
}

START_TEST(directives_are_read_with_defaults_units_and_prefix)
{
    make("path data/x; pair a b; pair c;");
    const char *const *words = NULL;
    ck_assert_str_eq(host->name(self), "ticks");
    ck_assert_str_eq(host->conf_string(self, "path"), "/srv/hawser/data/x");
    ck_assert_int_eq(host->conf_number(self, "wait"), 500);
    ck_assert_str_eq(host->conf_string(self, "wait"), "500ms");
    ck_assert_uint_eq(host->conf_count(self, "pair"), 2);
    ck_assert_uint_eq(host->conf_words(self, "pair", 0, &words), 2);
    ck_assert_str_eq(words[1], "b");
    ck_assert_uint_eq(host->conf_words(self, "pair", 1, &words), 1);
    ck_assert_uint_eq(host->conf_words(self, "pair", 2, &words), 0);
    ck_assert_ptr_null(words);
    /* Words come as they stand, so that a module can tell a word from a path. */
    ck_assert_uint_eq(host->conf_words(self, "path", 0, &words), 1);
    ck_assert_str_eq(words[0], "data/x");
}
END_TEST

START_TEST(without_a_block_there_are_defaults)
{
    make(NULL);
    ck_assert_ptr_null(host->conf_string(self, "path"));
    ck_assert_int_eq(host->conf_number(self, "wait"), 500);
    ck_assert_uint_eq(host->conf_count(self, "pair"), 0);
}
END_TEST

START_TEST(what_was_read_outlives_a_reload)
{
    make("path old; pair x y;");
    const char *const *words = NULL;
    const char *path         = host->conf_string(self, "path");
    ck_assert_uint_eq(host->conf_words(self, "pair", 0, &words), 2);
    struct conf_tree *old = tree;
    instance_set_block(self, parse("path new;"));
    conf_tree_destroy(old);
    ck_assert_str_eq(path, "/srv/hawser/old");
    ck_assert_str_eq(words[1], "y");
    ck_assert_str_eq(host->conf_string(self, "path"), "/srv/hawser/new");
}
END_TEST

START_TEST(the_cores_rows_of_its_block_can_be_read_too)
{
    make("queue_bytes 1m;");
    ck_assert_int_eq(host->conf_number(self, "queue_bytes"), 1048576);
    ck_assert_int_eq(host->conf_number(self, "queue_records"), 65536);
    ck_assert_int_eq(host->conf_number(self, "heartbeat"), 0); /* stands in a session */
}
END_TEST

START_TEST(a_directive_of_somebody_else_is_not_given_out)
{
    make("path x; other y;");
    const char *const *words = NULL;
    ck_assert_ptr_null(host->conf_string(self, "other"));
    ck_assert_int_eq(host->conf_number(self, "other"), 0);
    ck_assert_uint_eq(host->conf_count(self, "other"), 0);
    ck_assert_uint_eq(host->conf_words(self, "other", 0, &words), 0);
}
END_TEST

static char order[16];

static void note(void *arg)
{
    strncat(order, arg, sizeof(order) - strlen(order) - 1);
}

static void note_and_start(void *arg)
{
    note(arg);
    ck_assert_ptr_nonnull(host->timer_start(self, 0, note, "3"));
}

START_TEST(timers_fire_once_and_can_be_stopped)
{
    make(NULL);
    order[0]                     = '\0';
    struct hawser_timer *stopped = host->timer_start(self, 0, note, "x");
    ck_assert_ptr_nonnull(host->timer_start(self, 20, note, "4"));
    ck_assert_ptr_nonnull(host->timer_start(self, 0, note_and_start, "1"));
    ck_assert_ptr_nonnull(host->timer_start(self, -5, note, "2"));
    host->timer_stop(self, stopped);
    host->timer_stop(self, NULL);
    ck_assert_int_eq(event_base_dispatch(loop.base), 1); /* ends when no timer is left */
    ck_assert_str_eq(order, "1234");
}
END_TEST

static void end_it(void *arg)
{
    (void)arg;
    instance_destroy(self);
    self = NULL;
}

START_TEST(timers_end_with_their_instance_even_from_one_of_them)
{
    make(NULL);
    order[0] = '\0';
    ck_assert_ptr_nonnull(host->timer_start(self, 0, end_it, NULL));
    ck_assert_ptr_nonnull(host->timer_start(self, 0, note, "x"));
    ck_assert_int_eq(event_base_dispatch(loop.base), 1);
    ck_assert_str_eq(order, "");
}
END_TEST

START_TEST(an_output_is_refused_what_is_for_adapters)
{
    make(NULL);
    struct hawser_error err   = HAWSER_ERROR_INIT;
    struct hawser_slice bytes = {"{}", 2};
    uint64_t id               = 0;
    ck_assert_int_eq(host->send_text(self, bytes, &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_SESSION_STATE);
    ck_assert_int_eq(host->send_binary(self, bytes, &err), -1);
    ck_assert_uint_eq(host->queued(self), 0);
    ck_assert_int_eq(host->call(self, "m", bytes, 0, NULL, NULL, &err), -1);
    ck_assert_int_eq(host->expect(self, 0, NULL, NULL, &id, &err), -1);
    ck_assert_int_eq(host->answered(self, 1, bytes, bytes), -1);
    ck_assert_ptr_null(host->credential(self, "client_id"));
    host->deliver(self, &(struct hawser_delivery){.flags = 0});
    host->alive(self);
    host->authenticated(self, 0);
    host->restored(self);
    host->channel_confirmed(self, bytes);
    host->channel_refused(self, bytes, &err);
    host->channel_gone(self, bytes);
    host->left(self);
    (host->fail)(self, &err); /* Check has a macro of that name */
    host->unexpected(self, bytes, "");
}
END_TEST

static void *from_elsewhere(void *arg)
{
    ck_assert_int_eq(host->conf_number(arg, "wait"), 500);
    host->count(arg, "lines", 1);
    return host->timer_start(arg, 0, note, "x");
}

START_TEST(another_thread_reads_config_and_counts_and_gets_no_timer)
{
    make(NULL);
    pthread_t thread;
    void *timer = self;
    ck_assert_int_eq(pthread_create(&thread, NULL, from_elsewhere, self), 0);
    ck_assert_int_eq(pthread_join(thread, &timer), 0);
    ck_assert_ptr_null(timer);
    host->count(self, "lines", 41);
    ck_assert_int_eq(
        telemetry_value(telemetry_metric(writer, "test.lines", "ticks", HAWSER_METRIC_COUNTER)),
        42);
    host->count(self, "Not.A-Metric", 1);
}
END_TEST

START_TEST(an_output_with_a_thread_may_call_after_its_end)
{
    vtable.flags = HAWSER_OUTPUT_BLOCKS;
    make("path x;");
    struct hawser_instance *past = self;
    instance_destroy(self);
    self = NULL;
    ck_assert_ptr_null(host->conf_string(past, "path"));
    host->count(past, "lines", 1);
    host->log(past, HAWSER_LOG_ERROR, "still here");
    ck_assert_ptr_null(host->timer_start(past, 0, note, "x"));
}
END_TEST

START_TEST(an_error_set_by_a_module_has_its_category_and_cause)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    host->error_set(&err, HAWSER_AUTH_DENIED, 13004, "no: %s", "invalid_credentials");
    ck_assert_uint_eq(err.category, HAWSER_AUTHENTICATION);
    ck_assert_uint_eq(err.recovery, HAWSER_RECOVER_STOP);
    ck_assert_int_eq(err.cause, 13004);
    ck_assert_uint_eq(err.cause_kind, HAWSER_CAUSE_JSONRPC);
    ck_assert_str_eq(err.message, "no: invalid_credentials");
}
END_TEST

/* What a log of the host holds after `say`. */
static void read_log(char *out, size_t size, void (*say)(void))
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    char path[]             = "/tmp/hawser-test-log-XXXXXX";
    int fd                  = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(log_open(path, LOG_DEBUG, &err), 0);
    say();
    log_close();
    ssize_t got = read(fd, out, size - 1);
    ck_assert_int_gt(got, 0);
    out[got] = 0;
    (void)close(fd); /* read only */
    (void)unlink(path);
}

static void say_some(void)
{
    host->log(self, HAWSER_LOG_WARN, HAWSER_MESSAGE("042") "%s is full", "it");
    host->log(self, HAWSER_LOG_WARN, "%s has no code", "this");
    host->log(self, HAWSER_LOG_WARN, "#42 is %s", "too short");
    host->log(self, HAWSER_LOG_WARN, "#0421 is %s", "too long");
}

START_TEST(a_modules_messages_have_ids_of_its_own)
{
    char log[2048];
    make(NULL);
    read_log(log, sizeof(log), say_some);
    ck_assert_ptr_nonnull(strstr(log, " HW-TEST-042 output=ticks it is full\n"));
    ck_assert_ptr_nonnull(strstr(log, " HW-TEST-000 output=ticks this has no code\n"));
    ck_assert_ptr_nonnull(strstr(log, " HW-TEST-000 output=ticks #42 is too short\n"));
    ck_assert_ptr_nonnull(strstr(log, " HW-TEST-000 output=ticks #0421 is too long\n"));
}
END_TEST

static void learn(const char *name, const char *value)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_int_eq(host->secret_learned(self, name, slice_of(value), &err), 0);
}

static const char *masked(const char *text)
{
    static char copy[256];
    (void)snprintf(copy, sizeof(copy), "%s", text);
    secret_mask_text(copy, 0);
    return copy;
}

START_TEST(a_secret_learned_at_run_time_is_masked_until_another_takes_its_place)
{
    make(NULL);
    learn("access_token", "eyJhbGciOi-1");
    learn("refresh_token", "dGhlIHJlZnJl-1");
    ck_assert_str_eq(masked("eyJhbGciOi-1 dGhlIHJlZnJl-1"), "*** ***");
    learn("access_token", "eyJhbGciOi-2");
    ck_assert_str_eq(masked("eyJhbGciOi-1 eyJhbGciOi-2 dGhlIHJlZnJl-1"), "eyJhbGciOi-1 *** ***");
    learn("access_token", "eyJhbGciOi-2"); /* the same again */
    learn("refresh_token", "");
    ck_assert_str_eq(masked("eyJhbGciOi-2 dGhlIHJlZnJl-1"), "*** dGhlIHJlZnJl-1");
    instance_destroy(self);
    self = NULL;
    ck_assert_str_eq(masked("eyJhbGciOi-2"), "eyJhbGciOi-2");
}
END_TEST

START_TEST(words_of_secret_directives_are_masked_while_they_are_in_force)
{
    make("password \"open sesame\" 12ab; pair not secret;");
    struct conf_tree *first = tree;
    ck_assert_str_eq(masked("open sesame, 12ab, not secret"), "***, ***, not secret");
    instance_set_block(self, parse("password \"tout autre\" 12ab;"));
    conf_tree_destroy(first);
    ck_assert_str_eq(masked("open sesame, tout autre, 12ab"), "open sesame, ***, ***");
    instance_destroy(self);
    self = NULL;
    ck_assert_str_eq(masked("tout autre, 12ab"), "tout autre, 12ab");
}
END_TEST

START_TEST(what_a_module_may_learn_is_bounded)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    static char huge[100000];
    make(NULL);
    memset(huge, 'x', sizeof(huge));
    ck_assert_int_eq(host->secret_learned(self, "huge", slice_make(huge, sizeof(huge)), &err), 0);
    for (int i = 1; i < 16; i++) {
        char name[8];
        (void)snprintf(name, sizeof(name), "t%d", i);
        learn(name, "12345678");
    }
    ck_assert_int_eq(host->secret_learned(self, "one_more", slice_of("12345678"), &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_SYSTEM_LIMIT);
    learn("t1", "87654321"); /* a place that is taken already */
    ck_assert_int_eq(host->secret_learned(self, "Bad", slice_of("12345678"), &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_REQUEST_INVALID);
}
END_TEST

START_TEST(every_slot_of_the_table_is_filled)
{
    const char *at  = (const char *)host + offsetof(struct hawser_host, log);
    const char *end = (const char *)host + sizeof(*host);
    for (; at < end; at += sizeof(void (*)(void))) {
        void (*slot)(void) = NULL;
        memcpy(&slot, at, sizeof(slot));
        ck_assert(slot != NULL);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("instance");
    TCase *tests = tcase_create("instance");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, directives_are_read_with_defaults_units_and_prefix);
    tcase_add_test(tests, without_a_block_there_are_defaults);
    tcase_add_test(tests, what_was_read_outlives_a_reload);
    tcase_add_test(tests, the_cores_rows_of_its_block_can_be_read_too);
    tcase_add_test(tests, a_directive_of_somebody_else_is_not_given_out);
    tcase_add_test(tests, timers_fire_once_and_can_be_stopped);
    tcase_add_test(tests, timers_end_with_their_instance_even_from_one_of_them);
    tcase_add_test(tests, an_output_is_refused_what_is_for_adapters);
    tcase_add_test(tests, another_thread_reads_config_and_counts_and_gets_no_timer);
    tcase_add_test(tests, an_output_with_a_thread_may_call_after_its_end);
    tcase_add_test(tests, an_error_set_by_a_module_has_its_category_and_cause);
    tcase_add_test(tests, a_modules_messages_have_ids_of_its_own);
    tcase_add_test(tests, a_secret_learned_at_run_time_is_masked_until_another_takes_its_place);
    tcase_add_test(tests, words_of_secret_directives_are_masked_while_they_are_in_force);
    tcase_add_test(tests, what_a_module_may_learn_is_bounded);
    tcase_add_test(tests, every_slot_of_the_table_is_filled);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
