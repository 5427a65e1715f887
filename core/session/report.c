/*
 * What a session tells telemetry. Events of each message cost one add, unless a sink wants them one
 * by one; the others are rare enough to be looked up by name.
 */
#include "session/object.h"

#define SECONDS_PER_DAY 86400

void session_report_begin(struct session *session)
{
    struct telemetry_writer *writer = session->env.telemetry;
    const char *name                = session->options.name;
    session->received_cell          = telemetry_metric(
                 writer, telemetry_event_name(HAWSER_EVENT_MESSAGE_RECEIVED), name, HAWSER_METRIC_COUNTER);
    session->sent_cell = telemetry_metric(writer, telemetry_event_name(HAWSER_EVENT_MESSAGE_SENT),
                                          name, HAWSER_METRIC_COUNTER);
    session->bytes_cell =
        telemetry_metric(writer, "message.received_bytes", name, HAWSER_METRIC_COUNTER);
    session->state_cell = telemetry_metric(writer, "session.state", name, HAWSER_METRIC_GAUGE);
    telemetry_set(session->state_cell, session->state);
}

void session_report_certificate(struct session *session)
{
    int64_t end_s = !session->url.secure || session->tls == NULL
                        ? 0
                        : net_tls_certificate_end_s(session->tls, session->url.host);
    if (end_s == 0) {
        return;
    }
    if (session->certificate_cell == NULL) {
        session->certificate_cell = telemetry_metric(session->env.telemetry, "tls.certificate_days",
                                                     session->options.name, HAWSER_METRIC_GAUGE);
    }
    telemetry_set(session->certificate_cell,
                  (end_s - clock_realtime() / CLOCK_NS_PER_S) / SECONDS_PER_DAY);
}

void session_report_state(struct session *session)
{
    telemetry_set(session->state_cell, session->state);
}

void session_report_sent(struct session *session, size_t bytes)
{
    struct telemetry_writer *writer = session->env.telemetry;
    telemetry_add(session->sent_cell, 1);
    if (writer != NULL && telemetry_wants(writer, HAWSER_EVENT_MESSAGE_SENT)) {
        telemetry_announce(writer, HAWSER_EVENT_MESSAGE_SENT, session->options.name, NULL,
                           (int64_t)bytes, 0);
    }
}

void session_emit(struct session *session, enum hawser_event_id id, int64_t value, uint32_t code,
                  const char *subject)
{
    telemetry_emit(session->env.telemetry, id, session->options.name, subject, value, code);
}
