/*
 * Events: always counted, sent when wanted, read with suspicion.
 */
#include "fixture.h"

#include "support/fake_clock.h"
#include "telemetry/event.h"
#include "telemetry/layout.h"

static struct {
    size_t count;
    struct hawser_event last;
    char session[64];
    char subject[TELEMETRY_SUBJECT_SIZE];
} seen;

static void keep_event(void *arg, const struct hawser_event *event)
{
    ck_assert_ptr_eq(arg, &seen);
    seen.count++;
    seen.last = *event;
    memcpy(seen.session, event->session, strlen(event->session) + 1);
    memcpy(seen.subject, event->subject, strlen(event->subject) + 1);
}

static size_t drain(void)
{
    memset(&seen, 0, sizeof(seen));
    size_t count = telemetry_drain(area, keep_event, &seen);
    ck_assert_uint_eq(count, seen.count);
    return count;
}

static int64_t value_of(struct telemetry_writer *writer, const char *name, const char *session)
{
    return telemetry_value(telemetry_metric(writer, name, session, HAWSER_METRIC_COUNTER));
}

START_TEST(names_measurements_and_units_come_from_the_table)
{
    ck_assert_str_eq(telemetry_event_name(HAWSER_EVENT_CONNECTION_START), "connection.start");
    ck_assert_str_eq(telemetry_event_measurement(HAWSER_EVENT_CONNECTION_STOP), "lifetime");
    ck_assert_str_eq(telemetry_event_unit(HAWSER_EVENT_MESSAGE_SENT), "bytes");
    ck_assert_str_eq(telemetry_event_name(HAWSER_EVENT_COUNT), "?");
    ck_assert_str_eq(telemetry_event_measurement(UINT32_MAX), "");
    ck_assert_str_eq(telemetry_event_unit(UINT32_MAX), "");
}
END_TEST

START_TEST(event_that_nobody_wants_is_counted_alone)
{
    struct telemetry_writer *writer = open_writer(0);
    telemetry_area_set_wanted(area, HAWSER_EVENT_BIT(HAWSER_EVENT_AUTH_OK));
    telemetry_emit(writer, HAWSER_EVENT_GAP_DETECTED, "btc", "c", 1, 0);
    telemetry_emit(writer, HAWSER_EVENT_GAP_DETECTED, "btc", "c", 1, 0);
    ck_assert_int_eq(value_of(writer, "gap.detected", "btc"), 2);
    ck_assert_uint_eq(drain(), 0);
    telemetry_writer_close(writer);
}
END_TEST

START_TEST(wanted_event_arrives_as_it_was_emitted)
{
    struct telemetry_writer *writer = open_writer(1);
    fake_clock_install();
    telemetry_area_set_wanted(area, HAWSER_EVENT_BIT(HAWSER_EVENT_ERROR_OCCURRED));
    telemetry_emit(writer, HAWSER_EVENT_ERROR_OCCURRED, "btc", "host.example", -5, HAWSER_NET_LOST);
    ck_assert_int_eq(value_of(writer, "error.occurred", "btc"), 1);
    ck_assert_uint_eq(drain(), 1);
    ck_assert_uint_eq(seen.last.struct_size, sizeof(struct hawser_event));
    ck_assert_uint_eq(seen.last.id, HAWSER_EVENT_ERROR_OCCURRED);
    ck_assert_str_eq(seen.last.name, "error.occurred");
    ck_assert_int_eq(seen.last.time_ns, clock_realtime());
    ck_assert_int_eq(seen.last.value, -5);
    ck_assert_uint_eq(seen.last.code, HAWSER_NET_LOST);
    ck_assert_uint_eq(seen.last.worker, 1);
    ck_assert_str_eq(seen.session, "btc");
    ck_assert_str_eq(seen.subject, "host.example");
    ck_assert_uint_eq(drain(), 0);
    fake_clock_remove();
    telemetry_writer_close(writer);
}
END_TEST

START_TEST(event_of_the_master_names_no_worker)
{
    struct telemetry_writer *writer = open_writer(telemetry_area_master_slot(area));
    telemetry_area_set_wanted(area, UINT64_MAX);
    telemetry_emit(writer, HAWSER_EVENT_RELOAD_APPLIED, NULL, NULL, 1, 0);
    ck_assert_uint_eq(drain(), 1);
    ck_assert_uint_eq(seen.last.worker, UINT32_MAX);
    ck_assert_str_eq(seen.session, "");
    ck_assert_str_eq(seen.subject, "");
    telemetry_writer_close(writer);
}
END_TEST

START_TEST(event_without_writer_or_of_no_known_number_does_nothing)
{
    struct telemetry_writer *writer = open_writer(0);
    telemetry_area_set_wanted(area, UINT64_MAX);
    telemetry_emit(NULL, HAWSER_EVENT_AUTH_OK, "s", "x", 0, 0);
    telemetry_announce(NULL, HAWSER_EVENT_AUTH_OK, "s", "x", 0, 0);
    telemetry_emit(writer, HAWSER_EVENT_COUNT, "s", "x", 0, 0);
    ck_assert_int_eq(telemetry_wants(NULL, HAWSER_EVENT_AUTH_OK), 0);
    ck_assert_int_eq(telemetry_wants(writer, HAWSER_EVENT_AUTH_OK), 1);
    ck_assert_int_eq(telemetry_wants(writer, HAWSER_EVENT_COUNT), 0);
    ck_assert_uint_eq(drain(), 0);
    telemetry_writer_close(writer);
}
END_TEST

START_TEST(events_over_the_ring_are_dropped_and_counted)
{
    struct telemetry_writer *writer = open_writer(0);
    telemetry_area_set_wanted(area, UINT64_MAX);
    for (unsigned i = 0; i < TELEMETRY_RING_RECORDS + 10; i++) {
        telemetry_emit(writer, HAWSER_EVENT_HEARTBEAT_SENT, "s", "", i, 0);
    }
    ck_assert_int_eq(value_of(writer, "telemetry.dropped", ""), 10);
    ck_assert_int_eq(value_of(writer, "heartbeat.sent", "s"), TELEMETRY_RING_RECORDS + 10);
    ck_assert_uint_eq(drain(), TELEMETRY_RING_RECORDS);
    ck_assert_int_eq(seen.last.value, TELEMETRY_RING_RECORDS - 1);
    telemetry_writer_close(writer);
}
END_TEST

START_TEST(long_texts_are_cut)
{
    struct telemetry_writer *writer = open_writer(0);
    char text[500];
    memset(text, 't', sizeof(text));
    text[sizeof(text) - 1] = 0;
    telemetry_announce(writer, HAWSER_EVENT_AUTH_OK, text, text, 0, 0);
    ck_assert_uint_eq(drain(), 1);
    ck_assert_uint_eq(strlen(seen.session), 63);
    ck_assert_uint_eq(strlen(seen.subject), TELEMETRY_SUBJECT_SIZE - 1);
    telemetry_writer_close(writer);
}
END_TEST

START_TEST(records_of_a_broken_process_do_no_harm)
{
    struct telemetry_ring *ring = &telemetry_area_slot(area, 0)->ring;
    memset(ring->records, 0xff, sizeof(ring->records));
    ring->records[1].id = HAWSER_EVENT_AUTH_OK;
    memset(ring->records[1].session, '\n', sizeof(ring->records[1].session));
    atomic_store(&ring->head, 3);
    ck_assert_uint_eq(drain(), 1);
    ck_assert_uint_eq(strlen(seen.session), 63);
    ck_assert_int_eq(seen.session[0], '?');
    ck_assert_uint_eq(strlen(seen.subject), TELEMETRY_SUBJECT_SIZE - 1);
    ck_assert_uint_eq(atomic_load(&ring->tail), 3);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("event");
    tcase_add_checked_fixture(cases, make_area, drop_area);
    tcase_add_test(cases, names_measurements_and_units_come_from_the_table);
    tcase_add_test(cases, event_that_nobody_wants_is_counted_alone);
    tcase_add_test(cases, wanted_event_arrives_as_it_was_emitted);
    tcase_add_test(cases, event_of_the_master_names_no_worker);
    tcase_add_test(cases, event_without_writer_or_of_no_known_number_does_nothing);
    tcase_add_test(cases, events_over_the_ring_are_dropped_and_counted);
    tcase_add_test(cases, long_texts_are_cut);
    tcase_add_test(cases, records_of_a_broken_process_do_no_harm);
    return suite_run("telemetry/event", cases);
}
