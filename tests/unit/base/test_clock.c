/*
 * core/base/clock: time behind one pointer.
 */
#include "base/clock.h"

#include <check.h>
#include <stdlib.h>
#include <time.h>

#include "support/fake_clock.h"
#include "support/suite.h"

START_TEST(the_monotonic_clock_never_goes_back)
{
    clock_ns_t last = clock_monotonic();
    for (int i = 0; i < 1000; i++) {
        clock_ns_t now = clock_monotonic();
        ck_assert_int_ge(now, last);
        last = now;
    }
}
END_TEST

START_TEST(the_real_clock_agrees_with_time)
{
    time_t before  = time(NULL);
    clock_ns_t now = clock_realtime();
    /* time() may lag by a tick of the coarse clock, so one second either way is agreement */
    ck_assert_int_ge(now / CLOCK_NS_PER_S, before - 1);
    ck_assert_int_le(now / CLOCK_NS_PER_S, time(NULL) + 1);
}
END_TEST

START_TEST(a_replaced_clock_stands_still_until_it_is_moved)
{
    fake_clock_install();
    clock_ns_t mono = clock_monotonic();
    clock_ns_t real = clock_realtime();
    ck_assert_int_eq(clock_monotonic(), mono);
    fake_clock_advance(5 * CLOCK_NS_PER_MS);
    ck_assert_int_eq(clock_monotonic(), mono + 5000000);
    ck_assert_int_eq(clock_realtime(), real + 5000000);
    fake_clock_remove();
    ck_assert_int_ne(clock_realtime(), real + 5000000);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("clock");
    tcase_add_test(cases, the_monotonic_clock_never_goes_back);
    tcase_add_test(cases, the_real_clock_agrees_with_time);
    tcase_add_test(cases, a_replaced_clock_stands_still_until_it_is_moved);
    return suite_run("base/clock", cases);
}
