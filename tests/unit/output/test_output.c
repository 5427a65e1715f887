/*
 * A whole output, both kinds: `_i` 0 runs on a thread, 1 on the loop. A watchdog timer, not a
 * sleep, bounds every wait.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/slice.h"
#include "output/output.h"
#include "sink.h"

static struct net_loop loop;
static struct sink *sink;
static struct output *output;
static int drained;
static size_t drain_lost;

static void set_up(void)
{
    loop.base = event_base_new();
    ck_assert_ptr_nonnull(loop.base);
    sink    = sink_create();
    drained = 0;
}

static void tear_down(void)
{
    output_destroy(output);
    output = NULL;
    ck_assert_int_eq(sem_trywait(&sink->is_destroyed), 0);
    sink_free(sink);
    event_base_free(loop.base);
}

static void start(int kind, size_t queue_records, enum output_policy when_full)
{
    struct hawser_error err       = HAWSER_ERROR_INIT;
    struct output_options options = {
        .name = "ticks", .queue_records = queue_records, .when_full = when_full};
    output = output_create(&options, kind == 0 ? &sink_on_thread : &sink_on_loop, sink, &loop, NULL,
                           &err);
    ck_assert_msg(output != NULL, "%s", err.message);
}

static void push(uint64_t first, uint64_t last)
{
    for (uint64_t n = first; n <= last; n++) {
        struct hawser_record record = {
            .struct_size = sizeof(record), .sequence = n, .data = SLICE_LITERAL("{}")};
        output_push(output, &record);
    }
}

static void on_drained(void *arg, size_t lost)
{
    ck_assert_ptr_eq(arg, &drained);
    drained++;
    drain_lost = lost;
    (void)event_base_loopbreak(loop.base);
}

static void drain(int64_t deadline_ms)
{
    drained = 0;
    output_drain(output, deadline_ms, on_drained, &drained);
    while (drained == 0) {
        ck_assert_int_ge(event_base_loop(loop.base, EVLOOP_ONCE), 0);
    }
    ck_assert_int_eq(drained, 1);
}

/* Every number from 1 to last is there, or announced where it is missing. @return how many of them
 * are missing */
static uint64_t account(uint64_t last)
{
    uint64_t next = 1;
    uint64_t lost = 0;
    for (size_t i = 0; i < atomic_load(&sink->count); i++) {
        if (sink->seen[i].kind == HAWSER_RECORD_DROPPED) {
            lost += sink->seen[i].count;
            next += sink->seen[i].count;
        } else {
            ck_assert_uint_eq(sink->seen[i].sequence, next);
            next++;
        }
    }
    ck_assert_uint_eq(next, last + 1);
    return lost;
}

START_TEST(a_drain_writes_everything_flushes_and_tells_so)
{
    start(_i, 0, OUTPUT_DROP_OLDEST);
    push(1, 1000);
    drain(60000);
    ck_assert_uint_eq(drain_lost, 0);
    ck_assert_uint_eq(account(1000), 0);
    ck_assert_uint_gt(atomic_load(&sink->flushes), 0);
    ck_assert_uint_lt(atomic_load(&sink->calls), 500); /* batches */
    struct output_stats stats;
    output_get_stats(output, &stats);
    ck_assert_uint_eq(stats.written, 1000);
    ck_assert_uint_eq(stats.dropped, 0);
    ck_assert_uint_eq(stats.queued_records, 0);
}
END_TEST

START_TEST(it_is_past_what_was_pushed_when_that_is_written_or_dropped)
{
    start(_i, 4, OUTPUT_DROP_OLDEST);
    push(1, 3);
    uint64_t pushed = output_pushed(output);
    ck_assert_uint_eq(pushed, 3);
    push(4, 1000); /* more than there is room for */
    drain(60000);
    ck_assert(output_is_past(output, pushed));
    ck_assert(output_is_past(output, 1000));
    ck_assert(!output_is_past(output, 1001));
}
END_TEST

START_TEST(a_failed_write_is_repeated_until_it_succeeds)
{
    start(_i, 0, OUTPUT_DROP_OLDEST);
    atomic_store(&sink->failures_left, 3);
    push(1, 10);
    drain(60000);
    ck_assert_uint_eq(account(10), 0);
    struct output_stats stats;
    output_get_stats(output, &stats);
    ck_assert_uint_eq(stats.errors, 3);
}
END_TEST

START_TEST(a_write_that_takes_a_part_gets_the_rest_again)
{
    start(_i, 0, OUTPUT_DROP_OLDEST);
    atomic_store(&sink->at_most, 2);
    push(1, 7);
    drain(60000);
    ck_assert_uint_eq(account(7), 0);
}
END_TEST

START_TEST(a_failed_flush_is_repeated_before_a_drain_is_over)
{
    start(_i, 0, OUTPUT_DROP_OLDEST);
    atomic_store(&sink->flush_fails, 1);
    push(1, 3);
    drain(100); /* it cannot succeed */
    ck_assert_uint_eq(atomic_load(&sink->flushes), 0);
    atomic_store(&sink->flush_fails, 0);
    drain(60000);
    ck_assert_uint_eq(atomic_load(&sink->flushes), 1);
}
END_TEST

START_TEST(a_full_disk_loses_nothing_silently_and_recovers)
{
    enum output_policy policy = _i < 2 ? OUTPUT_DROP_OLDEST : OUTPUT_DROP_NEWEST;
    start(_i % 2, 100, policy);
    atomic_store(&sink->failures_left, UINT64_MAX);
    push(1, 5000);
    atomic_store(&sink->failures_left, 0);
    push(5001, 5001);
    drain(60000);
    struct output_stats stats;
    output_get_stats(output, &stats);
    ck_assert_uint_ge(stats.dropped, 4000);
    ck_assert_uint_eq(account(5001), stats.dropped);
    ck_assert_uint_eq(stats.written + stats.dropped, stats.pushed);
}
END_TEST

START_TEST(a_drain_that_cannot_succeed_ends_at_its_deadline_with_the_loss)
{
    start(_i, 0, OUTPUT_DROP_OLDEST);
    atomic_store(&sink->failures_left, UINT64_MAX);
    push(1, 10);
    drain(20);
    ck_assert_uint_eq(drain_lost, 10);
}
END_TEST

START_TEST(files_are_opened_anew_after_what_was_queued)
{
    start(_i, 0, OUTPUT_DROP_OLDEST);
    if (_i == 0) { /* so that nothing is written before all is queued */
        atomic_store(&sink->blocks, 1);
        push(1, 1);
        while (sem_wait(&sink->is_blocked) != 0) {
        }
    } else {
        push(1, 1);
    }
    push(2, 5);
    output_reopen(output);
    push(6, 9);
    atomic_store(&sink->blocks, 0);
    (void)sem_post(&sink->unblock);
    drain(60000);
    ck_assert_uint_ge(atomic_load(&sink->reopened_at), 6);
    ck_assert_uint_eq(account(9), 0);
}
END_TEST

START_TEST(files_are_opened_anew_at_once_while_writes_fail)
{
    start(_i, 0, OUTPUT_DROP_OLDEST);
    atomic_store(&sink->failures_left, UINT64_MAX);
    push(1, 10);
    drain(20);
    output_reopen(output); /* the sink's `reopen` ends the failures */
    drain(60000);
    ck_assert_uint_eq(atomic_load(&sink->reopened_at), 1);
    ck_assert_uint_eq(account(10), 0);
}
END_TEST

START_TEST(a_module_that_blocks_holds_up_neither_push_nor_destroy)
{
    start(0, 100, OUTPUT_DROP_OLDEST);
    atomic_store(&sink->blocks, 1);
    push(1, 1);
    while (sem_wait(&sink->is_blocked) != 0) {
    }
    push(2, 5000);
    struct output_stats stats;
    output_get_stats(output, &stats);
    ck_assert_uint_eq(stats.dropped, 4899);
    output_destroy(output);
    output = NULL;
    ck_assert_int_ne(sem_trywait(&sink->is_destroyed), 0);
    /* When it comes back, its thread frees it. */
    (void)sem_post(&sink->unblock);
    while (sem_wait(&sink->is_destroyed) != 0) {
    }
    (void)sem_post(&sink->is_destroyed); /* tear_down looks for it */
}
END_TEST

START_TEST(an_idle_thread_wakes_up_for_each_record)
{
    start(0, 0, OUTPUT_DROP_OLDEST);
    for (uint64_t n = 1; n <= 50; n++) {
        push(n, n);
        drain(60000);
        ck_assert_uint_eq(atomic_load(&sink->count), n);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("output");
    TCase *tests = tcase_create("output");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_drain_writes_everything_flushes_and_tells_so, 0, 2);
    tcase_add_loop_test(tests, it_is_past_what_was_pushed_when_that_is_written_or_dropped, 0, 2);
    tcase_add_loop_test(tests, a_failed_write_is_repeated_until_it_succeeds, 0, 2);
    tcase_add_loop_test(tests, a_write_that_takes_a_part_gets_the_rest_again, 0, 2);
    tcase_add_loop_test(tests, a_failed_flush_is_repeated_before_a_drain_is_over, 0, 2);
    tcase_add_loop_test(tests, a_full_disk_loses_nothing_silently_and_recovers, 0, 4);
    tcase_add_loop_test(tests, a_drain_that_cannot_succeed_ends_at_its_deadline_with_the_loss, 0,
                        2);
    tcase_add_loop_test(tests, files_are_opened_anew_after_what_was_queued, 0, 2);
    tcase_add_loop_test(tests, files_are_opened_anew_at_once_while_writes_fail, 0, 2);
    tcase_add_test(tests, a_module_that_blocks_holds_up_neither_push_nor_destroy);
    tcase_add_test(tests, an_idle_thread_wakes_up_for_each_record);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
