/*
 * Requests and their answers: ids, deadlines, functions that come back into the table, and, over
 * many random steps, that each request ends exactly once.
 */
#include <check.h>
#include <string.h>

#include "base/error.h"
#include "base/slice.h"
#include "rpc/correlate.h"
#include "support/suite.h"

#define REQUESTS_MAX 20000u

static struct rpc_pending *pending;
static struct hawser_error err;

static struct {
    unsigned times;
    uint32_t code;
    int64_t round_trip_ns;
    char result[64];
} last_reply;

static void start(void)
{
    pending = rpc_pending_create(8);
    ck_assert_ptr_nonnull(pending);
    memset(&last_reply, 0, sizeof(last_reply));
}

static void finish(void)
{
    rpc_pending_destroy(pending);
}

static void keep_reply(void *arg, const struct hawser_reply *reply)
{
    unsigned *times = arg;
    *times += 1;
    last_reply.times++;
    last_reply.code          = reply->err == NULL ? 0 : reply->err->code;
    last_reply.round_trip_ns = reply->round_trip_ns;
    ck_assert_uint_lt(reply->result.len, sizeof(last_reply.result));
    memcpy(last_reply.result, reply->result.data, reply->result.len);
    last_reply.result[reply->result.len] = 0;
}

static unsigned times_of[REQUESTS_MAX + 1];

static uint64_t add(clock_ns_t now, clock_ns_t deadline, unsigned *times)
{
    uint64_t id = 0;
    ck_assert_int_eq(rpc_pending_add(pending, now, deadline, keep_reply, times, &id, &err), 0);
    return id;
}

static int answer(uint64_t id, clock_ns_t now)
{
    return rpc_pending_answer(pending, id, now, SLICE_LITERAL("{}"), SLICE_LITERAL(""));
}

START_TEST(ids_start_at_one_and_are_never_used_again)
{
    unsigned times = 0;
    for (uint64_t wanted = 1; wanted < 50; wanted++) {
        ck_assert_uint_eq(add(0, 10, &times), wanted);
        ck_assert_int_eq(answer(wanted, 1), 0);
    }
    ck_assert_uint_eq(times, 49);
}
END_TEST

START_TEST(answer_brings_the_result_and_the_round_trip)
{
    unsigned times = 0;
    uint64_t id    = add(100, 1000, &times);
    ck_assert_int_eq(rpc_pending_answer(pending, id, 350, SLICE_LITERAL("[7]"), SLICE_LITERAL("")),
                     0);
    ck_assert_str_eq(last_reply.result, "[7]");
    ck_assert_int_eq(last_reply.round_trip_ns, 250);
    ck_assert_uint_eq(last_reply.code, HAWSER_OK);
    ck_assert_int_eq(answer(id, 400), -1);
    ck_assert_uint_eq(times, 1);
}
END_TEST

START_TEST(error_object_becomes_an_error_and_hides_the_result)
{
    unsigned times = 0;
    uint64_t id    = add(0, 1000, &times);
    ck_assert_int_eq(rpc_pending_answer(pending, id, 1, SLICE_LITERAL("1"),
                                        SLICE_LITERAL("{\"code\":5,\"message\":\"no\"}")),
                     0);
    ck_assert_uint_eq(last_reply.code, HAWSER_REQUEST_REFUSED);
    ck_assert_str_eq(last_reply.result, "");
}
END_TEST

START_TEST(foreign_answer_is_told_and_changes_nothing)
{
    unsigned times = 0;
    ck_assert_int_eq(answer(1, 0), -1);
    uint64_t id = add(0, 10, &times);
    ck_assert_int_eq(answer(id + 1, 0), -1);
    ck_assert_int_eq(answer(0, 0), -1);
    ck_assert_int_eq(answer(UINT64_MAX, 0), -1);
    ck_assert_uint_eq(*rpc_pending_count(pending), 1);
    rpc_pending_cancel(pending, id);
    ck_assert_uint_eq(times, 0);
    ck_assert_uint_eq(*rpc_pending_count(pending), 0);
}
END_TEST

START_TEST(one_request_over_the_bound_is_refused)
{
    unsigned times = 0;
    uint64_t id    = 0;
    for (int i = 0; i < 8; i++) {
        (void)add(0, 10, &times);
    }
    ck_assert_int_eq(rpc_pending_add(pending, 0, 10, keep_reply, &times, &id, &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_REQUEST_LIMIT);
    ck_assert_int_eq(answer(3, 0), 0);
    ck_assert_uint_eq(add(0, 10, &times), 9);
    ck_assert_uint_eq(rpc_pending_expire(pending, 10), 8);
}
END_TEST

START_TEST(requests_expire_in_the_order_of_their_deadlines)
{
    unsigned times[5]                   = {0};
    static const clock_ns_t DEADLINES[] = {50, 20, 40, 10, 30};
    for (size_t i = 0; i < 5; i++) {
        (void)add(0, DEADLINES[i], &times[i]);
    }
    static const size_t ORDER[] = {3, 1, 4, 2, 0};
    for (size_t i = 0; i < 5; i++) {
        clock_ns_t due = (clock_ns_t)(i + 1) * 10;
        ck_assert_int_eq(rpc_pending_next_deadline(pending), due);
        ck_assert_uint_eq(rpc_pending_expire(pending, due - 1), 0);
        ck_assert_uint_eq(rpc_pending_expire(pending, due), 1);
        ck_assert_uint_eq(times[ORDER[i]], 1);
        ck_assert_uint_eq(last_reply.code, HAWSER_REQUEST_TIMEOUT);
    }
    ck_assert_int_eq(rpc_pending_next_deadline(pending), 0);
}
END_TEST

static void add_another(void *arg, const struct hawser_reply *reply)
{
    uint64_t id;
    unsigned *times = arg;
    *times += 1;
    ck_assert_ptr_nonnull(reply->err);
    ck_assert_int_eq(rpc_pending_add(pending, 0, 1, keep_reply, &times_of[0], &id, &err), 0);
}

START_TEST(request_added_by_a_failing_one_stays)
{
    unsigned times           = 0;
    uint64_t id              = 0;
    struct hawser_error lost = HAWSER_ERROR_INIT;
    error_set(&lost, HAWSER_REQUEST_UNKNOWN, "link broke");
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(rpc_pending_add(pending, 0, 5, add_another, &times, &id, &err), 0);
    }
    times_of[0] = 0;
    rpc_pending_fail_all(pending, &lost);
    ck_assert_uint_eq(times, 4);
    ck_assert_uint_eq(times_of[0], 0);
    ck_assert_uint_eq(*rpc_pending_count(pending), 4);
    rpc_pending_fail_all(pending, &lost);
    ck_assert_uint_eq(times_of[0], 4);
    ck_assert_uint_eq(last_reply.code, HAWSER_REQUEST_UNKNOWN);
}
END_TEST

static void expire_again(void *arg, const struct hawser_reply *reply)
{
    uint64_t id;
    unsigned *times = arg;
    *times += 1;
    ck_assert_uint_eq(reply->err->code, HAWSER_REQUEST_TIMEOUT);
    ck_assert_int_eq(rpc_pending_add(pending, 0, 1, expire_again, times, &id, &err), 0);
}

START_TEST(request_that_is_late_at_birth_does_not_hold_up_expiry)
{
    unsigned times = 0;
    uint64_t id;
    ck_assert_int_eq(rpc_pending_add(pending, 0, 1, expire_again, &times, &id, &err), 0);
    ck_assert_uint_eq(rpc_pending_expire(pending, 100), 1);
    ck_assert_uint_eq(rpc_pending_expire(pending, 100), 1);
    ck_assert_uint_eq(times, 2);
    rpc_pending_cancel(pending, 3);
}
END_TEST

static uint64_t prng_state;
static unsigned cancelled[REQUESTS_MAX + 1];
static uint64_t newest;
static clock_ns_t now_ns;

static unsigned pick(unsigned count)
{
    prng_state ^= prng_state << 13;
    prng_state ^= prng_state >> 7;
    prng_state ^= prng_state << 17;
    return (unsigned)(prng_state >> 33) % count;
}

static void step(unsigned depth);

static void count_and_go_on(void *arg, const struct hawser_reply *reply)
{
    unsigned *times = arg;
    ck_assert_ptr_nonnull(reply);
    *times += 1;
    static unsigned depth;
    if (depth < 5 && pick(3) == 0) {
        depth++;
        step(depth);
        depth--;
    }
}

static void add_one(void)
{
    uint64_t id;
    unsigned *times = &times_of[newest + 1];
    if (newest == REQUESTS_MAX || rpc_pending_add(pending, now_ns, now_ns + 1 + pick(50),
                                                  count_and_go_on, times, &id, &err) != 0) {
        return;
    }
    ck_assert_uint_eq(id, newest + 1);
    newest = id;
}

static uint64_t some_id(void)
{
    uint64_t back = pick(40);
    return newest > back ? newest - back : 1;
}

static void cancel_one(void)
{
    uint64_t id   = some_id();
    size_t before = *rpc_pending_count(pending);
    rpc_pending_cancel(pending, id);
    cancelled[id] += before != *rpc_pending_count(pending);
}

static void step(unsigned depth)
{
    switch (pick(depth == 0 ? 12 : 8)) {
    case 0:
        (void)answer(some_id(), now_ns);
        break;
    case 1:
        cancel_one();
        break;
    case 2:
        now_ns += pick(20);
        (void)rpc_pending_expire(pending, now_ns);
        ck_assert(depth > 0 || *rpc_pending_count(pending) == 0 ||
                  rpc_pending_next_deadline(pending) > 0);
        break;
    case 3:
        if (pick(10) == 0) {
            rpc_pending_fail_all(pending, &err);
        }
        break;
    default:
        add_one();
    }
}

START_TEST(every_request_ends_exactly_once)
{
    rpc_pending_destroy(pending);
    pending    = rpc_pending_create(100);
    prng_state = UINT64_C(0x2545f4914f6cdd1d) + (uint64_t)_i;
    memset(times_of, 0, sizeof(times_of));
    memset(cancelled, 0, sizeof(cancelled));
    newest = 0;
    error_set(&err, HAWSER_REQUEST_UNKNOWN, "link broke");
    while (newest < REQUESTS_MAX) {
        step(0);
    }
    while (*rpc_pending_count(pending) > 0) {
        rpc_pending_fail_all(pending, &err);
    }
    unsigned ended_by_cancel = 0;
    for (uint64_t id = 1; id <= newest; id++) {
        ck_assert_msg(times_of[id] + cancelled[id] == 1, "request %llu ended %u times",
                      (unsigned long long)id, times_of[id] + cancelled[id]);
        ended_by_cancel += cancelled[id];
    }
    ck_assert_uint_gt(ended_by_cancel, 100);
    ck_assert_uint_lt(ended_by_cancel, newest / 2);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("correlate");
    tcase_add_checked_fixture(cases, start, finish);
    tcase_add_test(cases, ids_start_at_one_and_are_never_used_again);
    tcase_add_test(cases, answer_brings_the_result_and_the_round_trip);
    tcase_add_test(cases, error_object_becomes_an_error_and_hides_the_result);
    tcase_add_test(cases, foreign_answer_is_told_and_changes_nothing);
    tcase_add_test(cases, one_request_over_the_bound_is_refused);
    tcase_add_test(cases, requests_expire_in_the_order_of_their_deadlines);
    tcase_add_test(cases, request_added_by_a_failing_one_stays);
    tcase_add_test(cases, request_that_is_late_at_birth_does_not_hold_up_expiry);
    tcase_add_loop_test(cases, every_request_ends_exactly_once, 0, 5);
    return suite_run("rpc/correlate", cases);
}
