/*
 * Writer and reader in two processes (and, for the race detectors, in two threads): nothing is lost
 * that was not counted as lost, and a writer killed at any moment leaves what a successor can use.
 */
#include "fixture.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "telemetry/event.h"
#include "telemetry/sum.h"

#define EVENTS 20000

struct reader {
    int64_t next; /* the least value that may come next */
    int64_t count;
};

static void check_order(void *arg, const struct hawser_event *event)
{
    struct reader *reader = arg;
    char wanted[32];
    (void)snprintf(wanted, sizeof(wanted), "subject %lld", (long long)event->value);
    ck_assert_int_ge(event->value, reader->next);
    ck_assert_str_eq(event->subject, wanted); /* else the record was not whole */
    reader->next = event->value + 1;
    reader->count++;
}

static void emit_one(struct telemetry_writer *writer, int64_t value)
{
    char subject[32];
    (void)snprintf(subject, sizeof(subject), "subject %lld", (long long)value);
    telemetry_emit(writer, HAWSER_EVENT_REQUEST_STOP, "s", subject, value, 0);
}

static int64_t sum_of(const char *name, const char *session)
{
    size_t count;
    int64_t value             = 0;
    struct telemetry_sum *sum = telemetry_sum_create(area);
    ck_assert_ptr_nonnull(sum);
    const struct hawser_metric *entries = telemetry_sum_read(sum, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(entries[i].name, name) == 0 && strcmp(entries[i].session, session) == 0) {
            value = entries[i].value;
        }
    }
    telemetry_sum_destroy(sum);
    return value;
}

/* In the child: attach by descriptor, as a process that was executed anew does. */
static struct telemetry_writer *attach_and_open(void)
{
    struct telemetry_area *own = telemetry_area_attach(area_fd, &err);
    return own == NULL ? NULL : telemetry_writer_open(own, 0, &err);
}

static pid_t start_child(void (*work)(struct telemetry_writer *writer))
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct telemetry_writer *writer = attach_and_open();
        if (writer == NULL) {
            _exit(1);
        }
        work(writer);
        _exit(0);
    }
    return child;
}

static void emit_all(struct telemetry_writer *writer)
{
    for (int64_t i = 0; i < EVENTS; i++) {
        emit_one(writer, i);
    }
}

START_TEST(every_event_of_another_process_arrives_or_is_counted_as_dropped)
{
    struct reader reader = {0};
    int status           = 0;
    telemetry_area_set_wanted(area, UINT64_MAX);
    pid_t child = start_child(emit_all);
    while (waitpid(child, &status, WNOHANG) == 0) {
        (void)telemetry_drain(area, check_order, &reader);
    }
    (void)telemetry_drain(area, check_order, &reader);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_int_eq(reader.count + sum_of("telemetry.dropped", ""), EVENTS);
    ck_assert_int_eq(sum_of("request.stop", "s"), EVENTS);
    ck_assert_int_gt(reader.count, 0);
}
END_TEST

/* Event after event, with values that go on where a predecessor was killed. */
static void emit_for_ever(struct telemetry_writer *writer)
{
    struct telemetry_cell *last = telemetry_metric(writer, "last", "s", HAWSER_METRIC_COUNTER);
    for (int64_t metric = 0;; metric++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "metric.%lld", (long long)metric % 500);
        telemetry_add(telemetry_metric(writer, name, "s", HAWSER_METRIC_COUNTER), 1);
        telemetry_add(last, 1);
        emit_one(writer, telemetry_value(last));
    }
}

START_TEST(writers_killed_at_any_moment_leave_a_slot_that_works)
{
    struct reader reader = {0};
    int64_t before       = 0;
    telemetry_area_set_wanted(area, UINT64_MAX);
    for (int life = 0; life < 20; life++) {
        int64_t wanted = reader.count + 1 + life * 13;
        pid_t child    = start_child(emit_for_ever);
        while (reader.count < wanted) {
            if (telemetry_drain(area, check_order, &reader) == 0) {
                (void)sched_yield();
            }
        }
        ck_assert_int_eq(kill(child, SIGKILL), 0);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        (void)telemetry_drain(area, check_order, &reader);
        ck_assert_int_gt(sum_of("last", "s"), before);
        before = sum_of("last", "s");
    }
    struct telemetry_writer *writer = open_writer(0);
    emit_one(writer, before + 1);
    int64_t seen = reader.count;
    ck_assert_uint_eq(telemetry_drain(area, check_order, &reader), 1);
    ck_assert_int_eq(reader.count, seen + 1);
    telemetry_writer_close(writer);
}
END_TEST

static void *emit_all_in_a_thread(void *arg)
{
    emit_all(arg);
    return NULL;
}

START_TEST(reader_and_writer_do_not_race)
{
    struct reader reader            = {0};
    struct telemetry_writer *writer = open_writer(0);
    pthread_t thread;
    telemetry_area_set_wanted(area, UINT64_MAX);
    ck_assert_int_eq(pthread_create(&thread, NULL, emit_all_in_a_thread, writer), 0);
    while (sum_of("request.stop", "s") < EVENTS) {
        (void)telemetry_drain(area, check_order, &reader);
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    (void)telemetry_drain(area, check_order, &reader);
    ck_assert_int_eq(reader.count + sum_of("telemetry.dropped", ""), EVENTS);
    telemetry_writer_close(writer);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("processes");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, make_area, drop_area);
    tcase_add_test(cases, every_event_of_another_process_arrives_or_is_counted_as_dropped);
    tcase_add_test(cases, writers_killed_at_any_moment_leave_a_slot_that_works);
    tcase_add_test(cases, reader_and_writer_do_not_race);
    return suite_run("telemetry/processes", cases);
}
