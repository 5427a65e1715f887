/*
 * The sink through its vtable: what it sends at a flush, for an event, and when the daemon is gone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hawser/telemetry.h"
#include "receiver.h"
#include "statsd/line.h"
#include "support/fake_host.h"
#include "support/suite.h"

extern const struct hawser_module hawser_module;

static struct receiver receiver;
static struct fake_host *fake;
static const struct hawser_telemetry *sink;
static void *object;
static struct hawser_error err;

static void set_up(void)
{
    ck_assert_int_eq(receiver_open_udp(&receiver, 0), 0);
    fake   = fake_host_create(&hawser_module);
    sink   = hawser_module.vtable.telemetry;
    err    = (struct hawser_error)HAWSER_ERROR_INIT;
    object = NULL;
    fake_host_set(fake, "server", receiver.address, NULL);
}

static void tear_down(void)
{
    if (object != NULL) {
        sink->destroy(object);
    }
    ck_assert_uint_eq(fake->broken_rules, 0);
    fake_host_destroy(fake);
    if (receiver.fd >= 0) {
        receiver_close(&receiver);
    }
}

static void create(void)
{
    ck_assert_int_eq(sink->create(fake_host_table(), fake_host_instance(fake), &object, &err), 0);
}

static struct hawser_metric counter(const char *session, const char *name, int64_t delta)
{
    return (struct hawser_metric){.name    = name,
                                  .session = session,
                                  .value   = 1000 + delta,
                                  .delta   = delta,
                                  .kind    = HAWSER_METRIC_COUNTER};
}

static struct hawser_event event_of(enum hawser_event_id id, const char *name, int64_t value)
{
    return (struct hawser_event){.struct_size = sizeof(struct hawser_event),
                                 .id          = id,
                                 .name        = name,
                                 .session     = "btc",
                                 .subject     = "",
                                 .value       = value};
}

START_TEST(counters_go_out_as_growth_for_each_session_and_as_a_total)
{
    create();
    struct hawser_metric metrics[] = {
        counter("btc", "message.received", 5), counter("btc", "error.occurred", 0),
        counter("e.th", "message.received", 7), counter("", "reload.applied", 1)};
    ck_assert_int_eq(sink->flush(object, metrics, 4, &err), 0);
    ck_assert(receiver_take(&receiver));
    ck_assert_str_eq(receiver.bytes, "hawser.session.btc.message.received:5|c\n"
                                     "hawser.session.e_th.message.received:7|c\n"
                                     "hawser.message.received:12|c\n"
                                     "hawser.reload.applied:1|c\n");
    ck_assert(!receiver_take(&receiver));
}
END_TEST

START_TEST(totals_begin_anew_at_each_flush)
{
    create();
    struct hawser_metric metrics[] = {counter("btc", "message.received", 5)};
    ck_assert_int_eq(sink->flush(object, metrics, 1, &err), 0);
    metrics[0].delta = 2;
    ck_assert_int_eq(sink->flush(object, metrics, 1, &err), 0);
    ck_assert(receiver_take(&receiver));
    ck_assert(receiver_take(&receiver));
    ck_assert_str_eq(receiver.bytes, "hawser.session.btc.message.received:2|c\n"
                                     "hawser.message.received:2|c\n");
}
END_TEST

START_TEST(a_flush_without_news_sends_nothing)
{
    create();
    struct hawser_metric metrics[] = {counter("btc", "message.received", 0)};
    ck_assert_int_eq(sink->flush(object, metrics, 1, &err), 0);
    ck_assert_int_eq(sink->flush(object, NULL, 0, &err), 0);
    ck_assert(!receiver_take(&receiver));
}
END_TEST

START_TEST(gauges_go_out_as_they_stand_at_every_flush)
{
    fake_host_set(fake, "prefix", "prod.h1", NULL);
    create();
    struct hawser_metric metrics[] = {
        {.name = "session.state", .session = "btc", .value = 9, .kind = HAWSER_METRIC_GAUGE},
        {.name = "depth", .session = "", .value = -3, .kind = HAWSER_METRIC_GAUGE}};
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(sink->flush(object, metrics, 2, &err), 0);
        ck_assert(receiver_take(&receiver));
        ck_assert_str_eq(receiver.bytes, "prod.h1.session.btc.session.state:9|g\n"
                                         "prod.h1.depth:0|g\nprod.h1.depth:-3|g\n");
    }
}
END_TEST

START_TEST(an_event_with_a_duration_becomes_a_timer_at_the_flush)
{
    create();
    struct hawser_event event = event_of(HAWSER_EVENT_REQUEST_STOP, "request.stop", 12345000);
    sink->event(object, &event);
    event = event_of(HAWSER_EVENT_SESSION_READY, "session.ready", 250000000);
    sink->event(object, &event);
    ck_assert(!receiver_take(&receiver));
    ck_assert_int_eq(sink->flush(object, NULL, 0, &err), 0);
    ck_assert(receiver_take(&receiver));
    ck_assert_str_eq(receiver.bytes, "hawser.session.btc.request.stop:12.345|ms\n"
                                     "hawser.session.btc.session.ready:250|ms\n");
}
END_TEST

START_TEST(an_event_that_failed_before_it_took_time_times_nothing)
{
    create();
    struct hawser_event event = event_of(HAWSER_EVENT_REQUEST_STOP, "request.stop", 0);
    event.code                = HAWSER_REQUEST_TIMEOUT;
    sink->event(object, &event);
    event.value = -1;
    event.code  = 0;
    sink->event(object, &event);
    ck_assert_int_eq(sink->flush(object, NULL, 0, &err), 0);
    ck_assert(!receiver_take(&receiver));
}
END_TEST

#define ROW(code, name, measurement, unit) {unit, HAWSER_EVENT_##code},
static const struct {
    const char *unit;
    enum hawser_event_id id;
} EVENTS[] = {HAWSER_EVENT_TABLE(ROW)};

START_TEST(the_mask_names_exactly_the_events_with_a_duration)
{
    for (size_t i = 0; i < sizeof(EVENTS) / sizeof(EVENTS[0]); i++) {
        int is_timed = strcmp(EVENTS[i].unit, "ns") == 0;
        ck_assert_int_eq((sink->event_mask & HAWSER_EVENT_BIT(EVENTS[i].id)) != 0, is_timed);
    }
}
END_TEST

START_TEST(many_lines_are_packed_into_datagrams_of_whole_lines)
{
    static char names[500][32];
    static struct hawser_metric metrics[500];
    create();
    for (int i = 0; i < 500; i++) {
        snprintf(names[i], sizeof(names[i]), "session%d", i);
        metrics[i] = counter(names[i], "message.received", i + 1);
    }
    ck_assert_int_eq(sink->flush(object, metrics, 500, &err), 0);
    int lines     = 0;
    int datagrams = 0;
    while (receiver_take(&receiver)) {
        ck_assert_uint_le(receiver.len, STATSD_PACKET_BYTES);
        ck_assert_int_eq(receiver.bytes[receiver.len - 1], '\n');
        ck_assert_int_eq(strncmp(receiver.bytes, "hawser.", 7), 0);
        for (const char *at = receiver.bytes; (at = strchr(at, '\n')) != NULL; at++) {
            lines++;
        }
        datagrams++;
    }
    ck_assert_int_eq(lines, 501);
    ck_assert_int_le(datagrams, 501 / 25); /* 1432 bytes hold some thirty such lines */
}
END_TEST

START_TEST(losses_are_counted_and_told_once_a_flush)
{
    create();
    struct hawser_metric metrics[] = {counter("btc", "message.received", 5)};
    receiver_close(&receiver);
    ck_assert_int_eq(sink->flush(object, metrics, 1, &err), 0); /* nobody knows yet */
    ck_assert_int_eq(sink->flush(object, metrics, 1, &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_NET_LOST);
    ck_assert_ptr_nonnull(strstr(err.message, "2 lines of 2 for 127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(err.message, "Connection refused"));
    ck_assert_uint_eq(fake_host_counter(fake, "lines_lost"), 2);
    receiver_open_again(&receiver);
    err = (struct hawser_error)HAWSER_ERROR_INIT;
    ck_assert_int_eq(sink->flush(object, metrics, 1, &err), -1); /* tells of the second */
    ck_assert_uint_eq(fake_host_counter(fake, "lines_lost"), 4);
    ck_assert(receiver_take(&receiver));
    err = (struct hawser_error)HAWSER_ERROR_INIT;
    ck_assert_int_eq(sink->flush(object, metrics, 1, &err), 0);
    ck_assert_uint_eq(err.code, 0);
    ck_assert(receiver_take(&receiver));
}
END_TEST

START_TEST(a_name_too_long_for_any_datagram_is_lost_alone)
{
    static char name[2 * STATSD_PACKET_BYTES];
    memset(name, 'n', sizeof(name) - 1);
    create();
    struct hawser_metric metrics[] = {
        {.name = name, .session = "", .value = 1, .kind = HAWSER_METRIC_GAUGE},
        {.name = "depth", .session = "", .value = 4, .kind = HAWSER_METRIC_GAUGE}};
    ck_assert_int_eq(sink->flush(object, metrics, 2, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "1 lines of 2"));
    ck_assert(receiver_take(&receiver));
    ck_assert_str_eq(receiver.bytes, "hawser.depth:4|g\n");
}
END_TEST

START_TEST(a_prefix_that_would_change_on_its_way_is_refused)
{
    fake_host_set(fake, "prefix", "a|b", NULL);
    ck_assert_int_eq(sink->check(fake_host_table(), fake_host_instance(fake), &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "prefix \"a|b\""));
    err = (struct hawser_error)HAWSER_ERROR_INIT;
    ck_assert_int_eq(sink->create(fake_host_table(), fake_host_instance(fake), &object, &err), -1);
    ck_assert_uint_eq(err.code, HAWSER_CONF_DIRECTIVE);
}
END_TEST

START_TEST(a_relative_unix_path_is_refused)
{
    fake_host_unset(fake, "server");
    fake_host_set(fake, "server", "unix:run/statsd", NULL);
    ck_assert_int_eq(sink->check(fake_host_table(), fake_host_instance(fake), &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "absolute path"));
}
END_TEST

START_TEST(a_daemon_that_is_not_there_yet_is_no_reason_not_to_start)
{
    fake_host_unset(fake, "server");
    fake_host_set(fake, "server", "unix:/nonexistent/statsd", NULL);
    create();
    struct hawser_metric metrics[] = {counter("btc", "message.received", 5)};
    ck_assert_int_eq(sink->flush(object, metrics, 1, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "No such file"));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("module");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, counters_go_out_as_growth_for_each_session_and_as_a_total);
    tcase_add_test(cases, totals_begin_anew_at_each_flush);
    tcase_add_test(cases, a_flush_without_news_sends_nothing);
    tcase_add_test(cases, gauges_go_out_as_they_stand_at_every_flush);
    tcase_add_test(cases, an_event_with_a_duration_becomes_a_timer_at_the_flush);
    tcase_add_test(cases, an_event_that_failed_before_it_took_time_times_nothing);
    tcase_add_test(cases, the_mask_names_exactly_the_events_with_a_duration);
    tcase_add_test(cases, many_lines_are_packed_into_datagrams_of_whole_lines);
    tcase_add_test(cases, losses_are_counted_and_told_once_a_flush);
    tcase_add_test(cases, a_name_too_long_for_any_datagram_is_lost_alone);
    tcase_add_test(cases, a_prefix_that_would_change_on_its_way_is_refused);
    tcase_add_test(cases, a_relative_unix_path_is_refused);
    tcase_add_test(cases, a_daemon_that_is_not_there_yet_is_no_reason_not_to_start);
    return suite_run("plugins/statsd/module", cases);
}
