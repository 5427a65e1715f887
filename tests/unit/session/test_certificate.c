/*
 * What a session tells of the server's certificate: the days that it has left, and that a date that
 * is wrong is waited for and not given up.
 */
#include <string.h>
#include <unistd.h>

#include "rig.h"
#include "support/suite.h"
#include "telemetry/metric.h"
#include "unit/net/tls_server.h"

#define DAY_S 86400L

struct secure {
    struct rig rig;
    struct certificate certificate;
    struct tls_server *server;
    struct telemetry_area *area;
    int area_fd;
    char file[64];
    char url[64];
};

/* The upgrade is asked for; then the link is cut. */
static int hear(SSL *ssl, void *arg)
{
    char bytes[1024];
    (void)arg;
    (void)SSL_read(ssl, bytes, sizeof(bytes));
    return 0;
}

static void begin(struct secure *secure, long starts_in_s, long ends_in_s)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    *secure                 = (struct secure){.area_fd = -1};
    secure->certificate     = certificate_make(&(struct certificate_recipe){.common_name = "x",
                                                                            .names = "DNS:localhost",
                                                                            .starts_in_s = starts_in_s,
                                                                            .ends_in_s   = ends_in_s});
    certificate_save(&secure->certificate, secure->file);
    secure->server = tls_server_start(&(struct tls_server_options){
        .certificate = &secure->certificate, .serve = hear, .connections = 8});
    rig_init(&secure->rig);
    secure->area          = telemetry_area_create(1, &secure->area_fd, &err);
    secure->rig.telemetry = telemetry_writer_open(secure->area, 0, &err);
    ck_assert_ptr_nonnull(secure->rig.telemetry);
    (void)snprintf(secure->url, sizeof(secure->url), "wss://localhost:%u/",
                   tls_server_port(secure->server));
    secure->rig.options.url                  = secure->url;
    secure->rig.options.tls.ca_file          = secure->file;
    secure->rig.options.backoff.max_delay_ms = 3600000;
    rig_start(&secure->rig);
}

static void end(struct secure *secure)
{
    struct telemetry_writer *writer = secure->rig.telemetry;
    rig_fini(&secure->rig);
    telemetry_writer_close(writer);
    telemetry_area_detach(secure->area);
    ck_assert_int_eq(close(secure->area_fd), 0);
    tls_server_free(secure->server);
    (void)unlink(secure->file);
    certificate_free(&secure->certificate);
}

START_TEST(the_days_until_it_expires_are_a_gauge)
{
    struct secure secure;
    begin(&secure, 0, 10 * DAY_S + 3600);
    rig_until(&secure.rig, rig_is(&secure.rig, HAWSER_STATE_BACKOFF));
    ck_assert_int_eq(secure.rig.why.category, HAWSER_CONNECTION);
    ck_assert_int_eq(telemetry_value(telemetry_metric(secure.rig.telemetry, "tls.certificate_days",
                                                      "test", HAWSER_METRIC_GAUGE)),
                     10);
    end(&secure);
}
END_TEST

START_TEST(a_wrong_date_is_waited_for_at_the_longest_delay)
{
    struct secure secure;
    begin(&secure, _i == 0 ? -3 * DAY_S : DAY_S, _i == 0 ? -DAY_S : 3 * DAY_S);
    rig_until(&secure.rig, rig_is(&secure.rig, HAWSER_STATE_BACKOFF));
    struct session_info info = rig_info(&secure.rig);
    ck_assert_int_eq(secure.rig.why.code, HAWSER_TLS_CERTIFICATE_DATE);
    ck_assert_int_eq(secure.rig.why.category, HAWSER_AUTHENTICATION);
    ck_assert_int_gt(info.next_attempt_ns, info.state_since_ns + 1000 * INT64_C(1000000000));
    end(&secure);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("certificate");
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, the_days_until_it_expires_are_a_gauge);
    tcase_add_loop_test(cases, a_wrong_date_is_waited_for_at_the_longest_delay, 0, 2);
    return suite_run("session/certificate", cases);
}
