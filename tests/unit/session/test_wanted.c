/*
 * The book of channels: origins, states, bounds, and look-ups from guarded memory.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/slice.h"
#include "session/wanted.h"
#include "support/guard.h"
#include "support/suite.h"

static int want(struct wanted *wanted, const char *name, enum channel_origin origin)
{
    struct hawser_error err   = HAWSER_ERROR_INIT;
    struct hawser_slice slice = slice_of(name);
    return wanted_add(wanted, &slice, 1, origin, &err);
}

START_TEST(every_channel_of_many_is_found_and_no_other)
{
    struct wanted wanted;
    char name[64];
    wanted_init(&wanted, 20000);
    for (int i = 0; i < 20000; i++) {
        (void)snprintf(name, sizeof(name), "book.BTC-%d.100ms", i);
        ck_assert_int_eq(want(&wanted, name, CHANNEL_BY_CONFIG), 0);
    }
    for (int i = 0; i < 20000; i += 7) {
        int len                  = snprintf(name, sizeof(name), "book.BTC-%d.100ms", i);
        struct hawser_slice copy = guard_copy(name, (size_t)len);
        wanted_expect(&wanted, copy);
        ck_assert_str_eq(wanted_find(&wanted, copy)->name, name);
        wanted_expect(&wanted, slice_make(copy.data, copy.len - 1));
        ck_assert_str_eq(wanted_find(&wanted, copy)->name, name);
        copy.len--;
        ck_assert_ptr_null(wanted_find(&wanted, copy));
        copy.len++;
        guard_free(copy);
    }
    ck_assert_ptr_null(wanted_find(&wanted, slice_of("book.ETH-1.100ms")));
    wanted_fini(&wanted);
}
END_TEST

START_TEST(names_come_and_go_without_the_book_growing_or_a_look_up_hanging)
{
    struct wanted wanted;
    char name[64];
    wanted_init(&wanted, 100);
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(name, sizeof(name), "c%d", i);
        ck_assert_int_eq(want(&wanted, name, CHANNEL_BY_CALL), 0);
        if (i >= 50) {
            (void)snprintf(name, sizeof(name), "c%d", i - 50);
            wanted_remove(&wanted, wanted_find(&wanted, slice_of(name)));
            ck_assert_ptr_null(wanted_find(&wanted, slice_of(name)));
        }
    }
    ck_assert_uint_eq(wanted.count, 50);
    ck_assert_uint_le(wanted.slots, 512);
    wanted_fini(&wanted);
}
END_TEST

START_TEST(more_than_the_bound_are_refused_all_or_none)
{
    struct wanted wanted;
    struct hawser_error err      = HAWSER_ERROR_INIT;
    struct hawser_slice names[3] = {slice_of("b"), slice_of("c"), slice_of("d")};
    wanted_init(&wanted, 3);
    ck_assert_int_eq(want(&wanted, "a", CHANNEL_BY_CONFIG), 0);
    ck_assert_int_eq(wanted_add(&wanted, names, 3, CHANNEL_BY_CALL, &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_SYSTEM_LIMIT);
    ck_assert_uint_eq(wanted.count, 1);
    ck_assert_int_eq(wanted_add(&wanted, names, 2, CHANNEL_BY_CALL, &err), 0);
    ck_assert_int_eq(want(&wanted, "b", CHANNEL_BY_CONFIG), 0); /* one it has needs no room */
    wanted_fini(&wanted);
}
END_TEST

START_TEST(a_name_that_is_empty_or_holds_a_nul_is_refused)
{
    struct wanted wanted;
    struct hawser_error err   = HAWSER_ERROR_INIT;
    struct hawser_slice odd[] = {slice_make("", 0), slice_make("a\0b", 3)};
    wanted_init(&wanted, 3);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(wanted_add(&wanted, &odd[i], 1, CHANNEL_BY_CALL, &err), -1);
        ck_assert_uint_eq(err.code, HAWSER_REQUEST_INVALID);
    }
    ck_assert_uint_eq(wanted.count, 0);
    wanted_fini(&wanted);
}
END_TEST

START_TEST(a_name_that_is_not_utf8_is_refused)
{
    struct wanted wanted;
    struct hawser_error err     = HAWSER_ERROR_INIT;
    struct hawser_slice names[] = {slice_of("good"), slice_of("b\xff"
                                                              "d")};
    wanted_init(&wanted, 3);
    ck_assert_int_eq(wanted_add(&wanted, names, 2, CHANNEL_BY_CALL, &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_REQUEST_INVALID);
    ck_assert_ptr_nonnull(strstr(err.message, "UTF-8"));
    ck_assert_uint_eq(wanted.count, 0);
    ck_assert_int_eq(want(&wanted, "b\xc3\xa4", CHANNEL_BY_CALL), 0);
    wanted_fini(&wanted);
}
END_TEST

START_TEST(who_wants_a_channel_is_remembered_apart)
{
    struct wanted wanted;
    wanted_init(&wanted, 10);
    ck_assert_int_eq(want(&wanted, "a", CHANNEL_BY_CONFIG), 0);
    ck_assert_int_eq(want(&wanted, "a", CHANNEL_BY_CALL), 0);
    ck_assert_uint_eq(wanted.count, 1);
    ck_assert_uint_eq(wanted_find(&wanted, slice_of("a"))->origin,
                      CHANNEL_BY_CONFIG | CHANNEL_BY_CALL);
    wanted_fini(&wanted);
}
END_TEST

START_TEST(channels_are_counted_by_state)
{
    struct wanted wanted;
    wanted_init(&wanted, 10);
    ck_assert_int_eq(want(&wanted, "a", CHANNEL_BY_CONFIG), 0);
    ck_assert_int_eq(want(&wanted, "b", CHANNEL_BY_CONFIG), 0);
    wanted_move(&wanted, wanted_find(&wanted, slice_of("a")), CHANNEL_CONFIRMED);
    struct channel *b = wanted_find(&wanted, slice_of("b"));
    b->origin         = 0;
    wanted_move(&wanted, b, CHANNEL_LEAVING);
    ck_assert_uint_eq(wanted.state_count[CHANNEL_WANTED], 0);
    ck_assert_uint_eq(wanted.state_count[CHANNEL_CONFIRMED], 1);
    ck_assert_uint_eq(wanted_count(&wanted), 1); /* one that leaves is not wanted */
    wanted_remove(&wanted, b);
    ck_assert_uint_eq(wanted.state_count[CHANNEL_LEAVING], 0);
    wanted_fini(&wanted);
}
END_TEST

START_TEST(an_empty_book_finds_nothing)
{
    struct wanted wanted;
    wanted_init(&wanted, 10);
    ck_assert_ptr_null(wanted_find(&wanted, slice_of("a")));
    ck_assert_ptr_null(wanted_find(&wanted, slice_make(NULL, 0)));
    wanted_expect(&wanted, slice_of("a"));
    wanted_fini(&wanted);
}
END_TEST

START_TEST(a_channel_that_was_expected_and_removed_is_not_found)
{
    struct wanted wanted;
    struct hawser_slice name = slice_of("a");
    wanted_init(&wanted, 10);
    ck_assert_int_eq(want(&wanted, "a", CHANNEL_BY_CONFIG), 0);
    wanted_expect(&wanted, name);
    wanted_remove(&wanted, wanted_find(&wanted, name));
    ck_assert_ptr_null(wanted_find(&wanted, name));
    ck_assert_int_eq(want(&wanted, "a", CHANNEL_BY_CONFIG), 0);
    ck_assert_str_eq(wanted_find(&wanted, name)->name, "a");
    wanted_fini(&wanted);
}
END_TEST

START_TEST(a_name_that_takes_the_place_of_an_expected_one_is_found_for_itself)
{
    struct wanted wanted;
    char name[] = "a";
    wanted_init(&wanted, 10);
    ck_assert_int_eq(want(&wanted, "a", CHANNEL_BY_CONFIG), 0);
    ck_assert_int_eq(want(&wanted, "b", CHANNEL_BY_CONFIG), 0);
    wanted_expect(&wanted, slice_of(name));
    name[0] = 'b';
    ck_assert_str_eq(wanted_find(&wanted, slice_of(name))->name, "b");
    name[0] = 'c';
    ck_assert_ptr_null(wanted_find(&wanted, slice_of(name)));
    wanted_fini(&wanted);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("wanted");
    tcase_add_test(cases, every_channel_of_many_is_found_and_no_other);
    tcase_add_test(cases, names_come_and_go_without_the_book_growing_or_a_look_up_hanging);
    tcase_add_test(cases, more_than_the_bound_are_refused_all_or_none);
    tcase_add_test(cases, a_name_that_is_empty_or_holds_a_nul_is_refused);
    tcase_add_test(cases, a_name_that_is_not_utf8_is_refused);
    tcase_add_test(cases, who_wants_a_channel_is_remembered_apart);
    tcase_add_test(cases, channels_are_counted_by_state);
    tcase_add_test(cases, an_empty_book_finds_nothing);
    tcase_add_test(cases, a_channel_that_was_expected_and_removed_is_not_found);
    tcase_add_test(cases, a_name_that_takes_the_place_of_an_expected_one_is_found_for_itself);
    return suite_run("session/wanted", cases);
}
