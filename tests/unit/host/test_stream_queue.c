/*
 * The queue of a stream: what went in comes out, in order and each piece whole, whatever the sizes.
 */
#include "host/stream_queue.h"

#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

static struct stream_queue queue;

static void set_up(void)
{
    ck_assert_int_eq(stream_queue_init(&queue, 100), 0);
}

static void tear_down(void)
{
    stream_queue_fini(&queue);
}

/** @return 1: it had room */
static int put(char letter, size_t count)
{
    char *room = stream_queue_reserve(&queue, count);
    if (room == NULL) {
        return 0;
    }
    memset(room, letter, count);
    stream_queue_commit(&queue, count);
    return 1;
}

START_TEST(an_empty_queue_has_nothing_and_takes_all_it_can_hold)
{
    size_t len = 7;
    ck_assert_ptr_null(stream_queue_front(&queue, &len));
    ck_assert_uint_eq(len, 0);
    ck_assert_int_eq(put('a', 101), 0);
    ck_assert_int_eq(put('a', 100), 1);
    ck_assert_int_eq(put('a', 1), 0);
    ck_assert_uint_eq(stream_queue_used(&queue), 100);
}
END_TEST

START_TEST(less_than_was_reserved_may_be_used)
{
    size_t len = 0;
    memcpy(stream_queue_reserve(&queue, 80), "abc", 3);
    stream_queue_commit(&queue, 3);
    ck_assert_int_eq(memcmp(stream_queue_front(&queue, &len), "abc", 3), 0);
    ck_assert_uint_eq(len, 3);
}
END_TEST

START_TEST(what_does_not_fit_the_end_goes_to_the_front_in_one_piece)
{
    size_t len = 0;
    ck_assert_int_eq(put('a', 60), 1);
    ck_assert_int_eq(put('b', 30), 1);
    stream_queue_consume(&queue, 60);
    ck_assert_int_eq(put('c', 60), 1);
    ck_assert_int_eq(put('d', 1), 0); /* full, though ten bytes at the end are not used */
    ck_assert_uint_eq(stream_queue_used(&queue), 90);
    ck_assert_int_eq(*stream_queue_front(&queue, &len), 'b');
    ck_assert_uint_eq(len, 30);
    stream_queue_consume(&queue, 30);
    ck_assert_int_eq(*stream_queue_front(&queue, &len), 'c');
    ck_assert_uint_eq(len, 60);
    stream_queue_consume(&queue, 60);
    ck_assert_int_eq(put('e', 100), 1);
}
END_TEST

/* Against a plain copy of all that went in and is not out yet. */
START_TEST(a_long_random_run_loses_nothing_and_mixes_nothing)
{
    static char model[1 << 20];
    unsigned seed = (unsigned)_i;
    size_t in     = 0;
    size_t out    = 0;
    for (int turn = 0; turn < 20000; turn++) {
        size_t count = (size_t)(rand_r(&seed) % 40);
        if (rand_r(&seed) % 2 == 0) {
            char letter = (char)('a' + turn % 26);
            if (in + count <= sizeof(model) && put(letter, count)) {
                memset(model + in, letter, count);
                in += count;
            }
            continue;
        }
        size_t len        = 0;
        const char *front = stream_queue_front(&queue, &len);
        count             = count < len ? count : len;
        ck_assert_int_eq(count == 0 ? 0 : memcmp(front, model + out, count), 0);
        stream_queue_consume(&queue, count);
        out += count;
        ck_assert_uint_eq(stream_queue_used(&queue), in - out);
    }
    ck_assert_uint_gt(out, 10000);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("stream_queue");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, an_empty_queue_has_nothing_and_takes_all_it_can_hold);
    tcase_add_test(cases, less_than_was_reserved_may_be_used);
    tcase_add_test(cases, what_does_not_fit_the_end_goes_to_the_front_in_one_piece);
    tcase_add_loop_test(cases, a_long_random_run_loses_nothing_and_mixes_nothing, 1, 6);
    return suite_run("host/stream_queue", cases);
}
