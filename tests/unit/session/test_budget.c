/*
 * The shared pace of attempts: how many may go at once and in any second, that nobody is forgotten,
 * and that processes share it.
 */
#include <check.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "session/budget.h"
#include "support/suite.h"

#define MS       CLOCK_NS_PER_MS
#define START    (1000 * CLOCK_NS_PER_S)
#define SESSIONS 1000u
#define KEY      UINT64_C(42)

static const struct budget_limits FIVE = {.rate = 5, .burst = 10};

static struct budget *make(int *fd, struct budget_limits limits)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    ck_assert_msg(budget_make(fd, &err) == 0, "%s", err.message);
    struct budget *budget = budget_attach(*fd, &err);
    ck_assert_msg(budget != NULL, "%s", err.message);
    budget_set_limits(budget, limits);
    return budget;
}

static void drop(struct budget *budget, int fd)
{
    budget_detach(budget);
    ck_assert_int_eq(close(fd), 0);
}

START_TEST(a_burst_goes_at_once_and_the_rest_at_the_rate)
{
    int fd;
    struct budget *budget = make(&fd, FIVE);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(budget_reserve(budget, KEY, START), START);
    }
    for (int i = 1; i <= 5; i++) {
        ck_assert_int_eq(budget_reserve(budget, KEY, START), START + i * 200 * MS);
    }
    ck_assert_int_eq(budget_reserve(budget, KEY, START), 0); /* beyond the horizon: ask again */
    ck_assert_int_eq(budget_reserve(budget, KEY, START + 200 * MS), START + 1200 * MS);
    drop(budget, fd);
}
END_TEST

START_TEST(a_quiet_time_saves_up_one_burst_and_no_more)
{
    int fd;
    struct budget *budget = make(&fd, FIVE);
    while (budget_reserve(budget, KEY, START) != 0) {
    }
    clock_ns_t later = START + 3600 * CLOCK_NS_PER_S;
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(budget_reserve(budget, KEY, later), later);
    }
    ck_assert_int_eq(budget_reserve(budget, KEY, later), later + 200 * MS);
    drop(budget, fd);
}
END_TEST

START_TEST(each_host_and_port_has_a_pace_of_its_own)
{
    int fd;
    struct budget *budget = make(&fd, (struct budget_limits){.rate = 1, .burst = 1});
    ck_assert_uint_eq(budget_key("Exchange.Example", 443), budget_key("exchange.example", 443));
    ck_assert_uint_ne(budget_key("exchange.example", 443), budget_key("exchange.example", 80));
    ck_assert_uint_ne(budget_key("exchange.example", 443), budget_key("test.example", 443));
    for (uint64_t key = 1; key <= BUDGET_HOSTS_MAX; key++) { /* neighbours collide in the table */
        ck_assert_int_eq(budget_reserve(budget, key, START), START);
        ck_assert_int_gt(budget_reserve(budget, key, START), START);
    }
    ck_assert_int_eq(budget_reserve(budget, 5000, START), START); /* full: these share one */
    ck_assert_int_gt(budget_reserve(budget, 6000, START), START);
    drop(budget, fd);
}
END_TEST

START_TEST(no_rate_means_no_limit)
{
    int fd;
    struct budget *budget = make(&fd, (struct budget_limits){0});
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(budget_reserve(budget, KEY, START), START);
    }
    drop(budget, fd);
}
END_TEST

START_TEST(nonsense_from_another_process_delays_nobody_for_long)
{
    int fd;
    struct budget *budget = make(&fd, FIVE);
    ck_assert_int_eq(budget_reserve(budget, KEY, INT64_MAX / 4), INT64_MAX / 4);
    ck_assert_int_eq(budget_reserve(budget, KEY, START), START); /* and no burst is saved up */
    ck_assert_int_eq(budget_reserve(budget, KEY, START), START + 200 * MS);
    drop(budget, fd);

    budget = make(&fd, (struct budget_limits){.rate = 1, .burst = 1000});
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(budget_reserve(budget, KEY, START), START);
    }
    budget_set_limits(budget, FIVE); /* a reload: what was counted by other limits ends too */
    ck_assert_int_eq(budget_reserve(budget, KEY, START), START);
    ck_assert_int_eq(budget_reserve(budget, KEY, START), START + 200 * MS);
    drop(budget, fd);
}
END_TEST

START_TEST(a_process_that_looked_at_the_clock_long_ago_takes_nothing_extra)
{
    int fd;
    struct budget *budget = make(&fd, FIVE);
    while (budget_reserve(budget, KEY, START) != 0) {
    }
    ck_assert_int_eq(budget_reserve(budget, KEY, START - 5 * CLOCK_NS_PER_S), 0);
    ck_assert_int_eq(budget_reserve(budget, KEY, START), 0);
    drop(budget, fd);
}
END_TEST

START_TEST(only_its_own_memory_is_attached)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    int pipe_fds[2];
    ck_assert_int_eq(pipe(pipe_fds), 0);
    ck_assert_ptr_null(budget_attach(pipe_fds[0], &err));
    ck_assert_uint_eq(err.code, HAWSER_SYSTEM_LIMIT);
    ck_assert_ptr_null(budget_attach(-1, &err));
    ck_assert_uint_eq(err.code, HAWSER_SYSTEM_CALL);
    (void)close(pipe_fds[0]); /* nothing was in it */
    (void)close(pipe_fds[1]); /* likewise */
    budget_detach(NULL);
}
END_TEST

static int compare(const void *a, const void *b)
{
    clock_ns_t x = *(const clock_ns_t *)a;
    clock_ns_t y = *(const clock_ns_t *)b;
    return x < y ? -1 : x > y;
}

/* The most dials in any second that begins with one of them. */
static size_t most_in_a_second(clock_ns_t *dials, size_t count)
{
    size_t most = 0;
    qsort(dials, count, sizeof(dials[0]), compare);
    for (size_t first = 0, end = 0; first < count; first++) {
        while (end < count && dials[end] < dials[first] + CLOCK_NS_PER_S) {
            end++;
        }
        most = end - first > most ? end - first : most;
    }
    return most;
}

START_TEST(a_thousand_sessions_dropped_at_once_come_back_spread_and_none_is_forgotten)
{
    static clock_ns_t asks[SESSIONS], dials[SESSIONS];
    int fd;
    struct budget *budget = make(&fd, FIVE);
    size_t dialled        = 0;
    clock_ns_t now        = START;
    unsigned seed         = 7;
    for (size_t i = 0; i < SESSIONS; i++) { /* each comes back from a backoff of up to a second */
        asks[i] = START + (clock_ns_t)(rand_r(&seed) % 1000) * MS;
    }
    for (; dialled < SESSIONS; now += MS) {
        ck_assert_int_lt(now, START + 205 * CLOCK_NS_PER_S); /* 990 at 5 a second: 198 s */
        for (size_t i = 0; i < SESSIONS; i++) {
            if (asks[i] != now) {
                continue;
            }
            clock_ns_t turn = budget_reserve(budget, KEY, now);
            if (turn == 0) {
                asks[i] = now + (clock_ns_t)(500 + rand_r(&seed) % 500) * MS;
            } else {
                dials[dialled++] = turn;
            }
        }
    }
    ck_assert_uint_eq(dialled, SESSIONS);
    ck_assert_uint_le(most_in_a_second(dials, SESSIONS), 15); /* burst + rate */
    size_t late = 0;
    while (dials[late] < START + 5 * CLOCK_NS_PER_S) {
        late++;
    }
    ck_assert_uint_le(most_in_a_second(dials + late, SESSIONS - late), 5);
    drop(budget, fd);
}
END_TEST

START_TEST(two_processes_share_it)
{
    enum { ASKS = 200 };
    const struct budget_limits limits = {.rate = 100, .burst = 150};
    int fd, answer[2];
    unsigned char taken     = 0;
    unsigned ours           = 0;
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct budget *budget   = make(&fd, limits);
    ck_assert_int_eq(pipe(answer), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct budget *theirs = budget_attach(fd, &err);
        if (theirs == NULL) {
            _exit(1);
        }
        budget_set_limits(theirs, limits);
        for (int i = 0; i < ASKS; i++) {
            taken = (unsigned char)(taken + (budget_reserve(theirs, KEY, START) == START));
        }
        _exit(write(answer[1], &taken, 1) == 1 ? 0 : 1);
    }
    for (int i = 0; i < ASKS; i++) {
        ours += budget_reserve(budget, KEY, START) == START;
    }
    ck_assert_int_eq(read(answer[0], &taken, 1), 1);
    ck_assert_uint_eq(ours + taken, limits.burst); /* not one more, not one lost */
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    (void)close(answer[0]); /* read */
    (void)close(answer[1]); /* the child wrote its own copy */
    drop(budget, fd);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("budget");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, a_burst_goes_at_once_and_the_rest_at_the_rate);
    tcase_add_test(cases, a_quiet_time_saves_up_one_burst_and_no_more);
    tcase_add_test(cases, each_host_and_port_has_a_pace_of_its_own);
    tcase_add_test(cases, no_rate_means_no_limit);
    tcase_add_test(cases, nonsense_from_another_process_delays_nobody_for_long);
    tcase_add_test(cases, a_process_that_looked_at_the_clock_long_ago_takes_nothing_extra);
    tcase_add_test(cases, only_its_own_memory_is_attached);
    tcase_add_test(cases,
                   a_thousand_sessions_dropped_at_once_come_back_spread_and_none_is_forgotten);
    tcase_add_test(cases, two_processes_share_it);
    return suite_run("session/budget", cases);
}
