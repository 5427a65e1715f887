/*
 * Cells of one process: found again, bounded, taken over from a predecessor.
 */
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>

#include "telemetry/layout.h"

static struct telemetry_cell *counter(struct telemetry_writer *writer, const char *name,
                                      const char *session)
{
    return telemetry_metric(writer, name, session, HAWSER_METRIC_COUNTER);
}

START_TEST(same_name_and_session_give_the_same_cell)
{
    struct telemetry_writer *writer = open_writer(0);
    struct telemetry_cell *cell     = counter(writer, "message.received", "btc");
    telemetry_add(cell, 5);
    telemetry_add(cell, 2);
    ck_assert_ptr_eq(counter(writer, "message.received", "btc"), cell);
    ck_assert_int_eq(telemetry_value(cell), 7);
    ck_assert_ptr_ne(counter(writer, "message.received", "eth"), cell);
    ck_assert_ptr_ne(counter(writer, "message.receive", "dbtc"), cell);
    ck_assert_ptr_eq(counter(writer, "x", ""), counter(writer, "x", NULL));
    telemetry_set(cell, -3);
    ck_assert_int_eq(telemetry_value(cell), -3);
    telemetry_writer_close(writer);
}
END_TEST

START_TEST(without_a_writer_counting_goes_nowhere)
{
    telemetry_add(counter(NULL, "a", "b"), 1);
    telemetry_writer_close(NULL);
}
END_TEST

START_TEST(slot_that_does_not_exist_is_refused)
{
    ck_assert_ptr_null(telemetry_writer_open(area, telemetry_area_slots(area), &err));
    ck_assert_uint_eq(err.code, HAWSER_SYSTEM_LIMIT);
}
END_TEST

START_TEST(successor_finds_the_values_of_its_predecessor)
{
    struct telemetry_writer *writer = open_writer(1);
    for (int i = 0; i < 100; i++) {
        char session[16];
        (void)snprintf(session, sizeof(session), "s%d", i);
        telemetry_add(counter(writer, "message.sent", session), i);
    }
    telemetry_writer_close(writer);
    writer        = open_writer(1);
    uint32_t rows = telemetry_area_slot(area, 1)->row_count;
    for (int i = 0; i < 100; i++) {
        char session[16];
        (void)snprintf(session, sizeof(session), "s%d", i);
        ck_assert_int_eq(telemetry_value(counter(writer, "message.sent", session)), i);
    }
    ck_assert_uint_eq(telemetry_area_slot(area, 1)->row_count, rows);
    telemetry_writer_close(writer);
}
END_TEST

START_TEST(row_that_a_predecessor_left_half_filled_is_made_anew)
{
    struct telemetry_writer *writer = open_writer(0);
    struct telemetry_slot *slot     = telemetry_area_slot(area, 0);
    struct telemetry_row *next      = &slot->rows[slot->row_count];
    memset(next, 'x', sizeof(*next));
    telemetry_writer_close(writer);
    writer                      = open_writer(0);
    struct telemetry_cell *cell = counter(writer, "new", "");
    ck_assert_ptr_eq(cell, &next->cell);
    ck_assert_int_eq(telemetry_value(cell), 0);
    ck_assert_str_eq(next->name, "new");
    ck_assert_str_eq(next->session, "");
    telemetry_writer_close(writer);
}
END_TEST

START_TEST(predecessor_s_nonsense_is_survived)
{
    struct telemetry_slot *slot = telemetry_area_slot(area, 0);
    slot->row_count             = UINT32_MAX;
    memset(slot->rows, 0xff, sizeof(slot->rows));
    struct telemetry_writer *writer = open_writer(0);
    telemetry_add(counter(writer, "a", "b"), 1);
    ck_assert_int_eq(telemetry_value(counter(writer, "a", "b")), 1);
    telemetry_writer_close(writer);
    memset(slot->rows, 0xff, sizeof(slot->rows));
    slot->row_count = TELEMETRY_ROWS_MAX;
    writer          = open_writer(0);
    ck_assert_ptr_eq(counter(writer, "a", "b"), &slot->overflow);
    telemetry_writer_close(writer);
}
END_TEST

START_TEST(metrics_beyond_the_table_share_one_cell_and_are_counted)
{
    struct telemetry_writer *writer = open_writer(0);
    struct telemetry_slot *slot     = telemetry_area_slot(area, 0);
    char name[32];
    for (unsigned i = 0; slot->row_count < TELEMETRY_ROWS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "metric.%u", i);
        telemetry_add(counter(writer, name, "s"), 1);
    }
    struct telemetry_cell *refused = counter(writer, "telemetry.refused", "");
    ck_assert_int_eq(telemetry_value(refused), 0);
    ck_assert_ptr_eq(counter(writer, "one.more", "s"), &slot->overflow);
    ck_assert_ptr_eq(counter(writer, "two.more", "s"), &slot->overflow);
    ck_assert_int_eq(telemetry_value(refused), 2);
    ck_assert_int_eq(telemetry_value(counter(writer, "metric.17", "s")), 1);
    telemetry_writer_close(writer);
}
END_TEST

START_TEST(long_names_are_cut_between_characters)
{
    struct telemetry_writer *writer = open_writer(0);
    struct telemetry_slot *slot     = telemetry_area_slot(area, 0);
    char name[200];
    char session[200] = "";
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = 0;
    for (int i = 0; i < 50; i++) {
        memcpy(session + 1 + 3 * i, "\xe2\x82\xac", 4);
        session[0] = '-';
    }
    struct telemetry_row *row   = &slot->rows[slot->row_count];
    struct telemetry_cell *cell = counter(writer, name, session);
    ck_assert_ptr_eq(counter(writer, name, session), cell);
    ck_assert_uint_eq(strlen(row->name), 63);
    ck_assert_uint_eq(strlen(row->session), 61); /* 1 + 20 * 3 */
    telemetry_writer_close(writer);
}
END_TEST

static void *count_much(void *arg)
{
    struct telemetry_writer *writer = arg;
    for (int i = 0; i < 20000; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "n%d", i % 50);
        telemetry_add(counter(writer, name, ""), 1);
    }
    return NULL;
}

START_TEST(threads_of_a_process_lose_no_count)
{
    struct telemetry_writer *writer = open_writer(0);
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_much, writer), 0);
    }
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    ck_assert_int_eq(telemetry_value(counter(writer, "n7", "")), 3 * 400);
    ck_assert_uint_eq(telemetry_area_slot(area, 0)->row_count, 52);
    telemetry_writer_close(writer);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("metric");
    tcase_add_checked_fixture(cases, make_area, drop_area);
    tcase_add_test(cases, same_name_and_session_give_the_same_cell);
    tcase_add_test(cases, without_a_writer_counting_goes_nowhere);
    tcase_add_test(cases, slot_that_does_not_exist_is_refused);
    tcase_add_test(cases, successor_finds_the_values_of_its_predecessor);
    tcase_add_test(cases, row_that_a_predecessor_left_half_filled_is_made_anew);
    tcase_add_test(cases, predecessor_s_nonsense_is_survived);
    tcase_add_test(cases, metrics_beyond_the_table_share_one_cell_and_are_counted);
    tcase_add_test(cases, long_names_are_cut_between_characters);
    tcase_add_test(cases, threads_of_a_process_lose_no_count);
    return suite_run("telemetry/metric", cases);
}
