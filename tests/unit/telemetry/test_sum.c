/*
 * Sums over processes: by name and session, at stable places, with suspicion.
 */
#include "fixture.h"

#include <stdio.h>

#include "telemetry/layout.h"
#include "telemetry/sum.h"

static struct telemetry_sum *sum;

static void make_sum(void)
{
    make_area();
    sum = telemetry_sum_create(area);
    ck_assert_ptr_nonnull(sum);
}

static void drop_sum(void)
{
    telemetry_sum_destroy(sum);
    drop_area();
}

/* The entry, which must be there once or not at all. */
static const struct hawser_metric *entry(const char *name, const char *session)
{
    size_t count;
    const struct hawser_metric *found   = NULL;
    const struct hawser_metric *entries = telemetry_sum_read(sum, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(entries[i].name, name) == 0 && strcmp(entries[i].session, session) == 0) {
            ck_assert_ptr_null(found);
            found = &entries[i];
        }
    }
    return found;
}

static void add(struct telemetry_writer *writer, const char *name, const char *session, int64_t by)
{
    telemetry_add(telemetry_metric(writer, name, session, HAWSER_METRIC_COUNTER), by);
}

START_TEST(same_metric_of_several_processes_is_one_sum)
{
    struct telemetry_writer *a = open_writer(0);
    struct telemetry_writer *b = open_writer(1);
    add(a, "x", "s", 3);
    add(b, "other", "s", 50);
    add(b, "x", "s", 4);
    add(b, "x", "t", 100);
    ck_assert_int_eq(entry("x", "s")->value, 7);
    ck_assert_int_eq(entry("x", "t")->value, 100);
    ck_assert_ptr_null(entry("x", ""));
    add(a, "x", "s", 1);
    ck_assert_int_eq(entry("x", "s")->value, 8);
    telemetry_writer_close(a);
    telemetry_writer_close(b);
    ck_assert_int_eq(entry("x", "s")->value, 8);
}
END_TEST

START_TEST(kind_is_told)
{
    struct telemetry_writer *writer = open_writer(0);
    telemetry_set(telemetry_metric(writer, "g", "", HAWSER_METRIC_GAUGE), -4);
    add(writer, "c", "", 1);
    ck_assert_uint_eq(entry("g", "")->kind, HAWSER_METRIC_GAUGE);
    ck_assert_int_eq(entry("g", "")->value, -4);
    ck_assert_uint_eq(entry("c", "")->kind, HAWSER_METRIC_COUNTER);
    telemetry_writer_close(writer);
}
END_TEST

START_TEST(entries_keep_their_places_when_more_come)
{
    struct telemetry_writer *writer = open_writer(0);
    add(writer, "first", "", 1);
    size_t count;
    size_t place = (size_t)(entry("first", "") - telemetry_sum_read(sum, &count));
    for (int i = 0; i < 1000; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "n%d", i);
        add(writer, name, "", i);
    }
    const struct hawser_metric *entries = telemetry_sum_read(sum, &count);
    ck_assert_uint_eq(count, 1003); /* with the two of the writer itself */
    ck_assert_str_eq(entries[place].name, "first");
    ck_assert_int_eq(entry("n999", "")->value, 999);
    telemetry_writer_close(writer);
}
END_TEST

START_TEST(slot_of_a_broken_process_is_left_out_and_others_count)
{
    struct telemetry_writer *writer = open_writer(0);
    struct telemetry_slot *broken   = telemetry_area_slot(area, 1);
    add(writer, "x", "", 2);
    memset(broken->rows, 0xff, sizeof(broken->rows));
    atomic_store(&broken->row_count, TELEMETRY_ROWS_MAX + 1);
    ck_assert_int_eq(entry("x", "")->value, 2);
    atomic_store(&broken->row_count, 2);
    ck_assert_int_eq(entry("x", "")->value, 2);
    size_t count;
    const struct hawser_metric *entries = telemetry_sum_read(sum, &count);
    ck_assert_uint_eq(count, 4);
    ck_assert_uint_eq(strlen(entries[3].name), TELEMETRY_NAME_SIZE - 1);
    ck_assert_uint_eq(entries[3].kind, HAWSER_METRIC_COUNTER);
    telemetry_writer_close(writer);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("sum");
    tcase_add_checked_fixture(cases, make_sum, drop_sum);
    tcase_add_test(cases, same_metric_of_several_processes_is_one_sum);
    tcase_add_test(cases, kind_is_told);
    tcase_add_test(cases, entries_keep_their_places_when_more_come);
    tcase_add_test(cases, slot_of_a_broken_process_is_left_out_and_others_count);
    return suite_run("telemetry/sum", cases);
}
