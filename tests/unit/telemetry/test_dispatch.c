/*
 * Sinks: each gets the events of its mask and, at its own interval, metrics with its own deltas.
 */
#include "fixture.h"

#include "base/error.h"
#include "telemetry/dispatch.h"
#include "telemetry/event.h"

struct fake_sink {
    unsigned events;
    unsigned flushes;
    int64_t value; /* of the metric "x" at the last flush */
    int64_t delta;
    int64_t gauge_delta;
    int fails;
};

static struct telemetry_dispatch *dispatch;
static struct telemetry_writer *writer;
static struct telemetry_cell *x;

static void make_dispatch(void)
{
    make_area();
    dispatch = telemetry_dispatch_create(area);
    ck_assert_ptr_nonnull(dispatch);
    writer = open_writer(0);
    x      = telemetry_metric(writer, "x", "s", HAWSER_METRIC_COUNTER);
}

static void drop_dispatch(void)
{
    telemetry_dispatch_destroy(dispatch);
    telemetry_writer_close(writer);
    drop_area();
}

static void on_event(void *object, const struct hawser_event *event)
{
    struct fake_sink *sink = object;
    ck_assert_str_eq(event->session, "s");
    sink->events++;
}

static int on_flush(void *object, const struct hawser_metric *metrics, size_t count,
                    struct hawser_error *flush_err)
{
    struct fake_sink *sink = object;
    sink->flushes++;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(metrics[i].name, "x") == 0) {
            sink->value = metrics[i].value;
            sink->delta = metrics[i].delta;
        }
        sink->gauge_delta += metrics[i].kind == HAWSER_METRIC_GAUGE ? metrics[i].delta : 0;
    }
    if (sink->fails) {
        error_set(flush_err, HAWSER_OUTPUT_WRITE, "nobody listens");
        return -1;
    }
    return 0;
}

static const struct hawser_telemetry AUTH = {.struct_size = sizeof(AUTH),
                                             .event_mask  = HAWSER_EVENT_BIT(HAWSER_EVENT_AUTH_OK),
                                             .event       = on_event,
                                             .flush       = on_flush};
static const struct hawser_telemetry GAPS = {.struct_size = sizeof(GAPS),
                                             .event_mask =
                                                 HAWSER_EVENT_BIT(HAWSER_EVENT_GAP_DETECTED) |
                                                 HAWSER_EVENT_BIT(HAWSER_EVENT_AUTH_OK),
                                             .event = on_event,
                                             .flush = on_flush};
static const struct hawser_telemetry DEAF = {.struct_size = sizeof(DEAF),
                                             .event_mask  = UINT64_MAX, /* without a function */
                                             .flush       = on_flush};

static struct telemetry_sink *add(const struct hawser_telemetry *vtable, struct fake_sink *object,
                                  clock_ns_t interval, clock_ns_t now)
{
    struct telemetry_sink_settings settings = {
        .name = "fake", .vtable = vtable, .object = object, .flush_interval = interval};
    struct telemetry_sink *sink = telemetry_dispatch_add(dispatch, &settings, now, &err);
    ck_assert_ptr_nonnull(sink);
    return sink;
}

static void emit(enum hawser_event_id id)
{
    telemetry_emit(writer, id, "s", "", 0, 0);
}

START_TEST(each_sink_gets_the_events_of_its_mask)
{
    struct fake_sink auth = {0};
    struct fake_sink gaps = {0};
    struct fake_sink deaf = {0};
    (void)add(&AUTH, &auth, 10, 0);
    (void)add(&GAPS, &gaps, 10, 0);
    (void)add(&DEAF, &deaf, 10, 0);
    emit(HAWSER_EVENT_AUTH_OK);
    emit(HAWSER_EVENT_GAP_DETECTED);
    emit(HAWSER_EVENT_SESSION_READY);
    ck_assert_uint_eq(telemetry_dispatch_events(dispatch), 2);
    ck_assert_uint_eq(auth.events, 1);
    ck_assert_uint_eq(gaps.events, 2);
    ck_assert_uint_eq(deaf.events, 0);
}
END_TEST

START_TEST(mask_follows_the_sinks)
{
    struct fake_sink auth       = {0};
    struct fake_sink gaps       = {0};
    struct telemetry_sink *sink = add(&GAPS, &gaps, 10, 0);
    (void)add(&AUTH, &auth, 10, 0);
    ck_assert_uint_eq(telemetry_area_wanted(area), GAPS.event_mask);
    emit(HAWSER_EVENT_GAP_DETECTED);
    telemetry_dispatch_remove(dispatch, sink);
    ck_assert_uint_eq(gaps.events, 1);
    ck_assert_uint_eq(gaps.flushes, 1);
    ck_assert_uint_eq(telemetry_area_wanted(area), AUTH.event_mask);
    telemetry_dispatch_destroy(dispatch);
    ck_assert_uint_eq(telemetry_area_wanted(area), 0);
    telemetry_area_set_wanted(area, 5); /* as an observer that crashed leaves it */
    dispatch = telemetry_dispatch_create(area);
    ck_assert_uint_eq(telemetry_area_wanted(area), 0);
}
END_TEST

START_TEST(each_sink_has_its_own_interval_and_deltas)
{
    struct fake_sink fast = {0};
    struct fake_sink slow = {0};
    telemetry_add(x, 1000); /* before they came */
    (void)add(&AUTH, &fast, 10, 0);
    (void)add(&AUTH, &slow, 25, 0);
    telemetry_add(x, 1);
    ck_assert_int_eq(telemetry_dispatch_flush(dispatch, 9), 10);
    ck_assert_uint_eq(fast.flushes, 0);
    ck_assert_int_eq(telemetry_dispatch_flush(dispatch, 10), 20);
    ck_assert_int_eq(fast.value, 1001);
    ck_assert_int_eq(fast.delta, 1);
    ck_assert_uint_eq(slow.flushes, 0);
    telemetry_add(x, 2);
    ck_assert_int_eq(telemetry_dispatch_flush(dispatch, 25), 30);
    ck_assert_int_eq(fast.delta, 2);
    ck_assert_int_eq(slow.delta, 3);
    ck_assert_int_eq(telemetry_dispatch_flush(dispatch, 30), 40);
    ck_assert_int_eq(fast.delta, 0);
    ck_assert_uint_eq(fast.flushes, 3);
    ck_assert_uint_eq(slow.flushes, 1);
}
END_TEST

START_TEST(late_flush_is_made_once_and_keeps_the_rhythm)
{
    struct fake_sink sink = {0};
    (void)add(&AUTH, &sink, 10, 3);
    ck_assert_int_eq(telemetry_dispatch_flush(dispatch, 48), 53);
    ck_assert_uint_eq(sink.flushes, 1);
    ck_assert_int_eq(telemetry_dispatch_flush(dispatch, 53), 63);
    ck_assert_uint_eq(sink.flushes, 2);
}
END_TEST

START_TEST(metric_that_came_after_the_sink_counts_from_its_start)
{
    struct fake_sink sink = {0};
    (void)add(&DEAF, &sink, 10, 0);
    for (int i = 0; i < 200; i++) {
        char name[8] = {'n', (char)('a' + i / 20), (char)('a' + i % 20), 0};
        telemetry_add(telemetry_metric(writer, name, "", HAWSER_METRIC_COUNTER), i);
    }
    struct telemetry_writer *other = open_writer(1);
    telemetry_add(telemetry_metric(other, "x", "s", HAWSER_METRIC_COUNTER), 9);
    telemetry_set(telemetry_metric(other, "g", "s", HAWSER_METRIC_GAUGE), 77);
    telemetry_dispatch_flush_all(dispatch);
    ck_assert_int_eq(sink.delta, 9);
    ck_assert_int_eq(sink.gauge_delta, 0);
    telemetry_writer_close(other);
}
END_TEST

START_TEST(failing_sink_is_flushed_again_and_disturbs_no_other)
{
    struct fake_sink bad  = {.fails = 1};
    struct fake_sink good = {0};
    (void)add(&AUTH, &bad, 10, 0);
    (void)add(&AUTH, &good, 10, 0);
    telemetry_add(x, 1);
    (void)telemetry_dispatch_flush(dispatch, 10);
    (void)telemetry_dispatch_flush(dispatch, 20);
    ck_assert_uint_eq(bad.flushes, 2);
    ck_assert_uint_eq(good.flushes, 2);
    ck_assert_int_eq(bad.delta, 0);
}
END_TEST

START_TEST(without_sinks_nothing_is_due)
{
    ck_assert_int_eq(telemetry_dispatch_flush(dispatch, 100), 0);
    ck_assert_uint_eq(telemetry_dispatch_events(dispatch), 0);
    telemetry_dispatch_flush_all(dispatch);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("dispatch");
    tcase_add_checked_fixture(cases, make_dispatch, drop_dispatch);
    tcase_add_test(cases, each_sink_gets_the_events_of_its_mask);
    tcase_add_test(cases, mask_follows_the_sinks);
    tcase_add_test(cases, each_sink_has_its_own_interval_and_deltas);
    tcase_add_test(cases, late_flush_is_made_once_and_keeps_the_rhythm);
    tcase_add_test(cases, metric_that_came_after_the_sink_counts_from_its_start);
    tcase_add_test(cases, failing_sink_is_flushed_again_and_disturbs_no_other);
    tcase_add_test(cases, without_sinks_nothing_is_due);
    return suite_run("telemetry/dispatch", cases);
}
