/*
 * The queue: nothing is lost without being announced where it is missing, under any policy, filled
 * and emptied in any order, by one thread or two.
 */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/slice.h"
#include "output/queue.h"
#include "output/record.h"

/* Follows a stream of records that were numbered from 1 when they were pushed. */
struct reader {
    uint64_t next;      /* number expected, without losses */
    uint64_t announced; /* since the last record */
    uint64_t records;
    uint64_t lost;
};

static struct output_batch batch;
static struct output_queue *queue;

static struct output_queue *make(size_t records, size_t bytes, enum output_policy policy)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    queue                   = output_queue_create(records, bytes, policy, &err);
    ck_assert_msg(queue != NULL, "%s", err.message);
    return queue;
}

static void tear_down(void)
{
    output_queue_destroy(queue);
    output_batch_fini(&batch);
    queue = NULL;
}

static size_t push(uint64_t number, size_t data_len)
{
    static char data[70000];
    memset(data, 'a' + (int)(number % 26), data_len);
    struct hawser_record record = {.struct_size = sizeof(record),
                                   .sequence    = number,
                                   .session     = SLICE_LITERAL("s"),
                                   .data        = {data, data_len}};
    return output_queue_push(queue, &record);
}

static void follow(struct reader *reader, const struct hawser_record *record)
{
    if (record->kind == HAWSER_RECORD_DROPPED) {
        ck_assert_uint_gt(record->count, 0);
        ck_assert(slice_equal_text(record->reason, "queue_full"));
        reader->announced += record->count;
        return;
    }
    ck_assert_uint_eq(record->sequence, reader->next + reader->announced);
    int wanted   = 'a' + (int)(record->sequence % 26);
    size_t wrong = 0; /* one check for all: each is a message to another process */
    for (size_t i = 0; i < record->data.len; i++) {
        wrong += record->data.data[i] != wanted;
    }
    ck_assert_uint_eq(wrong, 0);
    reader->lost += reader->announced;
    reader->announced = 0;
    reader->next      = record->sequence + 1;
    reader->records++;
}

static size_t take(struct reader *reader)
{
    ck_assert_int_eq(output_queue_take(queue, &batch), 0);
    for (size_t i = 0; i < batch.count; i++) {
        follow(reader, &batch.records[i]);
    }
    return batch.count;
}

START_TEST(records_come_out_in_order_in_batches)
{
    struct reader reader = {.next = 1};
    make(1000, 1u << 20, OUTPUT_DROP_OLDEST);
    for (uint64_t n = 1; n <= 300; n++) {
        ck_assert_uint_eq(push(n, 10), 0);
    }
    ck_assert_uint_eq(take(&reader), OUTPUT_BATCH_RECORDS);
    while (take(&reader) > 0) {
    }
    ck_assert_uint_eq(reader.records, 300);
    ck_assert_uint_eq(reader.lost, 0);
    ck_assert(output_queue_is_empty(queue));
}
END_TEST

START_TEST(drop_oldest_keeps_the_newest_and_announces_in_front_of_them)
{
    struct reader reader = {.next = 1};
    make(4, 1u << 20, OUTPUT_DROP_OLDEST);
    for (uint64_t n = 1; n <= 10; n++) {
        ck_assert_uint_eq(push(n, 10), n <= 4 ? 0 : 1);
    }
    ck_assert_uint_eq(take(&reader), 5);
    ck_assert_uint_eq(batch.records[0].kind, HAWSER_RECORD_DROPPED);
    ck_assert_uint_eq(batch.records[0].count, 6);
    ck_assert_uint_eq(batch.records[1].sequence, 7);
}
END_TEST

START_TEST(drop_newest_keeps_the_oldest_and_announces_behind_them)
{
    struct reader reader = {.next = 1};
    make(4, 1u << 20, OUTPUT_DROP_NEWEST);
    for (uint64_t n = 1; n <= 10; n++) {
        ck_assert_uint_eq(push(n, 10), n <= 4 ? 0 : 1);
    }
    ck_assert_uint_eq(take(&reader), 4);
    ck_assert_uint_eq(batch.records[3].sequence, 4);
    ck_assert_uint_eq(push(11, 10), 0);
    ck_assert_uint_eq(take(&reader), 2);
    ck_assert_uint_eq(batch.records[0].count, 6);
    ck_assert_uint_eq(batch.records[1].sequence, 11);
}
END_TEST

START_TEST(a_loss_with_nothing_behind_it_is_announced_by_the_emptied_queue)
{
    struct reader reader = {.next = 1};
    make(2, 1u << 20, OUTPUT_DROP_NEWEST);
    for (uint64_t n = 1; n <= 5; n++) {
        (void)push(n, 10);
    }
    ck_assert_uint_eq(take(&reader), 2);
    ck_assert(!output_queue_is_empty(queue));
    ck_assert_uint_eq(take(&reader), 1);
    ck_assert_uint_eq(reader.announced, 3);
    ck_assert(output_queue_is_empty(queue));
    ck_assert_uint_eq(take(&reader), 0);
    ck_assert_uint_eq(push(6, 1), 0);
    ck_assert_uint_eq(take(&reader), 1);
}
END_TEST

START_TEST(bytes_are_bounded_as_well_as_records)
{
    struct reader reader       = {.next = 1};
    struct hawser_record empty = {.struct_size = sizeof(empty)};
    size_t each                = output_record_size(&empty) + 64;
    make(1000, each * 3, OUTPUT_DROP_OLDEST);
    for (uint64_t n = 1; n <= 7; n++) {
        ck_assert_uint_eq(push(n, 60), n <= 3 ? 0 : 1); /* 60 + 1 of the session, rounded up */
    }
    size_t records = 0;
    size_t bytes   = 0;
    output_queue_measure(queue, &records, &bytes);
    ck_assert_uint_eq(records, 3);
    ck_assert_uint_le(bytes, each * 3);
    ck_assert_uint_eq(take(&reader), 4);
    ck_assert_uint_eq(reader.lost, 4);
}
END_TEST

START_TEST(a_record_greater_than_the_queue_is_dropped_alone)
{
    struct reader reader = {.next = 1};
    make(10, 4096, OUTPUT_DROP_OLDEST);
    ck_assert_uint_eq(push(1, 10), 0);
    ck_assert_uint_eq(push(2, 5000), 1);
    ck_assert_uint_eq(push(3, 10), 0);
    ck_assert_uint_eq(take(&reader), 3);
    ck_assert_uint_eq(batch.records[1].kind, HAWSER_RECORD_DROPPED);
    ck_assert_uint_eq(reader.lost, 1);
}
END_TEST

START_TEST(a_batch_ends_behind_the_record_that_reaches_its_bytes)
{
    struct reader reader = {.next = 1};
    make(100, 8u << 20, OUTPUT_DROP_OLDEST);
    for (uint64_t n = 1; n <= 20; n++) {
        ck_assert_uint_eq(push(n, 65536), 0);
    }
    ck_assert_uint_eq(take(&reader), 4);
    while (take(&reader) > 0) {
    }
    ck_assert_uint_eq(reader.records, 20);
}
END_TEST

START_TEST(any_mixture_of_pushing_and_taking_accounts_for_every_record)
{
    enum output_policy policy = _i % 2 == 0 ? OUTPUT_DROP_OLDEST : OUTPUT_DROP_NEWEST;
    struct reader reader      = {.next = 1};
    unsigned seed             = (unsigned)_i + 1;
    uint64_t number           = 0;
    make(1 + (size_t)_i, 2000 + 500 * (size_t)_i, policy);
    for (int turn = 0; turn < 5000; turn++) {
        if (rand_r(&seed) % 4 != 0) {
            (void)push(++number, (size_t)(rand_r(&seed) % 700));
        } else if (rand_r(&seed) % 8 == 0) {
            (void)take(&reader);
        }
    }
    while (take(&reader) > 0) {
    }
    ck_assert_uint_eq(reader.records + reader.lost + reader.announced, number);
    ck_assert_uint_gt(reader.records, 10);
    ck_assert_uint_gt(reader.lost, 10);
}
END_TEST

static size_t resident_bytes(void)
{
    unsigned long whole    = 0;
    unsigned long resident = 0;
    FILE *file             = fopen("/proc/self/statm", "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%lu %lu", &whole, &resident), 2);
    (void)fclose(file); /* it was read */
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

START_TEST(a_queue_that_is_emptied_again_and_again_stays_small)
{
    size_t taken = 0;
    make(1 << 20, 1 << 24, OUTPUT_DROP_OLDEST);
    (void)push(1, 100);
    ck_assert_int_eq(output_queue_take(queue, &batch), 0);
    size_t before = resident_bytes();
    for (uint64_t n = 2; n <= 500000; n++) { /* no checks in here: they take memory */
        (void)push(n, 10);
        taken += output_queue_take(queue, &batch) == 0 ? batch.count : 0;
    }
    ck_assert_uint_lt(resident_bytes(), before + (4u << 20)); /* the slots of all: 12 MB */
    ck_assert_uint_eq(taken, 499999);
}
END_TEST

START_TEST(a_queue_that_was_full_gives_its_memory_back_when_it_is_emptied)
{
    uint64_t n    = 0;
    size_t before = 0;
    make(1 << 20, 1 << 26, OUTPUT_DROP_OLDEST);
    (void)push(++n, 100);
    ck_assert_int_eq(output_queue_take(queue, &batch), 0);
    before = resident_bytes();
    for (int i = 0; i < 400000; i++) {
        (void)push(++n, 100);
    }
    size_t full = resident_bytes();
    ck_assert_uint_gt(full, before + (32u << 20));
    while (output_queue_take(queue, &batch) == 0 && batch.count > 0) {
    }
    for (int i = 0; i < 100; i++) { /* a piece goes back each time */
        (void)push(++n, 100);
        ck_assert_int_eq(output_queue_take(queue, &batch), 0);
        ck_assert_uint_eq(batch.count, 1);
    }
    ck_assert_uint_lt(resident_bytes(), before + (4u << 20));
}
END_TEST

#define THREADED_RECORDS 200000u

static void *produce(void *arg)
{
    _Atomic int *is_over = arg;
    unsigned seed        = 5;
    for (uint64_t n = 1; n <= THREADED_RECORDS; n++) {
        (void)push(n, (size_t)(rand_r(&seed) % 100));
        if (rand_r(&seed) % 512 == 0) {
            (void)sched_yield();
        }
    }
    atomic_store(is_over, 1);
    return NULL;
}

START_TEST(two_threads_account_for_every_record)
{
    _Atomic int is_over  = 0;
    struct reader reader = {.next = 1};
    pthread_t producer;
    make(64, 16384, _i == 0 ? OUTPUT_DROP_OLDEST : OUTPUT_DROP_NEWEST);
    ck_assert_int_eq(pthread_create(&producer, NULL, produce, &is_over), 0);
    for (;;) {
        int over = atomic_load(&is_over);
        if (take(&reader) == 0) {
            if (over) {
                break;
            }
            (void)sched_yield();
        }
    }
    ck_assert_int_eq(pthread_join(producer, NULL), 0);
    ck_assert_uint_eq(reader.records + reader.lost + reader.announced, THREADED_RECORDS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("queue");
    TCase *tests = tcase_create("queue");
    tcase_add_checked_fixture(tests, NULL, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, records_come_out_in_order_in_batches);
    tcase_add_test(tests, drop_oldest_keeps_the_newest_and_announces_in_front_of_them);
    tcase_add_test(tests, drop_newest_keeps_the_oldest_and_announces_behind_them);
    tcase_add_test(tests, a_loss_with_nothing_behind_it_is_announced_by_the_emptied_queue);
    tcase_add_test(tests, bytes_are_bounded_as_well_as_records);
    tcase_add_test(tests, a_record_greater_than_the_queue_is_dropped_alone);
    tcase_add_test(tests, a_batch_ends_behind_the_record_that_reaches_its_bytes);
    tcase_add_loop_test(tests, any_mixture_of_pushing_and_taking_accounts_for_every_record, 0, 12);
    tcase_add_test(tests, a_queue_that_is_emptied_again_and_again_stays_small);
    tcase_add_test(tests, a_queue_that_was_full_gives_its_memory_back_when_it_is_emptied);
    tcase_add_loop_test(tests, two_threads_account_for_every_record, 0, 2);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
