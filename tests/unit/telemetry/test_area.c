/*
 * The shared memory: seen alike from two views, and refused where it is something else.
 */
#include <check.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/suite.h"
#include "telemetry/area.h"
#include "telemetry/layout.h"

static struct hawser_error err;

START_TEST(two_views_share_the_memory)
{
    int fd                   = -1;
    struct telemetry_area *a = telemetry_area_create(3, &fd, &err);
    ck_assert_ptr_nonnull(a);
    struct telemetry_area *b = telemetry_area_attach(fd, &err);
    ck_assert_ptr_nonnull(b);
    ck_assert_ptr_ne(telemetry_area_slot(a, 0), telemetry_area_slot(b, 0));
    ck_assert_uint_eq(telemetry_area_slots(a), telemetry_area_slots(b));
    telemetry_area_set_wanted(a, 42);
    ck_assert_uint_eq(telemetry_area_wanted(b), 42);
    telemetry_area_detach(a);
    telemetry_area_set_wanted(b, 43);
    ck_assert_uint_eq(telemetry_area_wanted(b), 43);
    telemetry_area_detach(b);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(every_worker_the_master_and_the_observer_have_a_slot_of_their_own)
{
    int fd                      = -1;
    struct telemetry_area *area = telemetry_area_create(3, &fd, &err);
    ck_assert_ptr_nonnull(area);
    ck_assert_uint_eq(telemetry_area_worker_slots(area), 3 + TELEMETRY_SPARE_WORKERS);
    ck_assert_uint_ge(telemetry_area_master_slot(area), telemetry_area_worker_slots(area));
    ck_assert_uint_ne(telemetry_area_master_slot(area), telemetry_area_observer_slot(area));
    ck_assert_ptr_nonnull(telemetry_area_slot(area, telemetry_area_slots(area) - 1));
    ck_assert_ptr_null(telemetry_area_slot(area, telemetry_area_slots(area)));
    ck_assert_ptr_null(telemetry_area_slot(area, SIZE_MAX));
    telemetry_area_detach(area);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(gauges_of_a_slot_are_forgotten_and_counters_are_not)
{
    int fd                          = -1;
    struct telemetry_area *area     = telemetry_area_create(1, &fd, &err);
    struct telemetry_writer *writer = telemetry_writer_open(area, 0, &err);
    ck_assert_ptr_nonnull(writer);
    struct telemetry_cell *gauge   = telemetry_metric(writer, "g", "s", HAWSER_METRIC_GAUGE);
    struct telemetry_cell *counter = telemetry_metric(writer, "c", "s", HAWSER_METRIC_COUNTER);
    telemetry_set(gauge, 7);
    telemetry_add(counter, 7);
    telemetry_area_forget_gauges(area, 1);
    telemetry_area_forget_gauges(area, SIZE_MAX);
    ck_assert_int_eq(telemetry_value(gauge), 7);
    telemetry_area_forget_gauges(area, 0);
    ck_assert_int_eq(telemetry_value(gauge), 0);
    ck_assert_int_eq(telemetry_value(counter), 7);
    telemetry_writer_close(writer);
    telemetry_area_detach(area);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(size_is_sealed)
{
    int fd                      = -1;
    struct telemetry_area *area = telemetry_area_create(1, &fd, &err);
    ck_assert_ptr_nonnull(area);
    ck_assert_int_ne(ftruncate(fd, 0), 0);
    ck_assert_int_ne(ftruncate(fd, (off_t)1 << 40), 0);
    telemetry_area_detach(area);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(too_many_workers_are_refused)
{
    int fd = -1;
    ck_assert_ptr_null(telemetry_area_create(TELEMETRY_WORKERS_MAX + 1, &fd, &err));
    ck_assert_uint_eq(err.code, HAWSER_SYSTEM_LIMIT);
    ck_assert_int_eq(fd, -1);
}
END_TEST

static int attaches(const struct telemetry_header *header, size_t bytes)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, (off_t)bytes), 0);
    size_t len = bytes < sizeof(*header) ? bytes : sizeof(*header);
    ck_assert_int_eq(pwrite(fd, header, len, 0), (ssize_t)len);
    struct telemetry_area *area = telemetry_area_attach(fd, &err);
    telemetry_area_detach(area);
    ck_assert_int_eq(close(fd), 0);
    return area != NULL;
}

START_TEST(memory_of_another_kind_is_refused)
{
    const size_t least = TELEMETRY_SPARE_WORKERS + 2; /* master, observer */
    const size_t bytes = sizeof(struct telemetry_shared) + least * sizeof(struct telemetry_slot);
    const struct telemetry_header good = {
        .magic = TELEMETRY_AREA_MAGIC, .slot_bytes = sizeof(struct telemetry_slot), .slots = least};
    ck_assert(attaches(&good, bytes));
    ck_assert(!attaches(&good, bytes - 1));
    ck_assert(!attaches(&good, bytes + 4096));
    ck_assert(!attaches(&good, 0));
    ck_assert(!attaches(&good, 10));
    struct telemetry_header bad = good;
    bad.magic++;
    ck_assert(!attaches(&bad, bytes));
    bad = good;
    bad.slot_bytes--;
    ck_assert(!attaches(&bad, bytes));
    for (uint64_t slots = 0; slots < least; slots++) {
        bad       = good;
        bad.slots = slots;
        ck_assert(!attaches(&bad, bytes));
    }
    bad.slots = UINT64_MAX;
    ck_assert(!attaches(&bad, bytes));
    ck_assert_uint_eq(err.code, HAWSER_SYSTEM_LIMIT);
    ck_assert_ptr_null(telemetry_area_attach(-1, &err));
    ck_assert_uint_eq(err.code, HAWSER_SYSTEM_CALL);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("area");
    tcase_add_test(cases, two_views_share_the_memory);
    tcase_add_test(cases, every_worker_the_master_and_the_observer_have_a_slot_of_their_own);
    tcase_add_test(cases, gauges_of_a_slot_are_forgotten_and_counters_are_not);
    tcase_add_test(cases, size_is_sealed);
    tcase_add_test(cases, too_many_workers_are_refused);
    tcase_add_test(cases, memory_of_another_kind_is_refused);
    return suite_run("telemetry/area", cases);
}
