/*
 * Events: each is counted under its name, and those that a sink wants one by one also travel to the
 * observer. Names come from hawser/event_table.h.
 */
#ifndef CORE_TELEMETRY_EVENT_H
#define CORE_TELEMETRY_EVENT_H

#include "telemetry/metric.h"

/** @return "connection.start" and the like; "?" for a number that is none */
const char *telemetry_event_name(uint32_t id);
/** @return what the event's value measures, such as "lifetime"; "": nothing */
const char *telemetry_event_measurement(uint32_t id);
/** @return the unit of its value: "ns", "bytes", "" */
const char *telemetry_event_unit(uint32_t id);

/**
 * An event happened: count it (the metric of its name and session), and send it to the observer
 * when a sink wants it. On the process's loop only. For events of each message keep the metric's
 * cell and use telemetry_add, telemetry_wants and telemetry_announce.
 *
 * @param writer   NULL: nothing happens
 * @param session  NULL or "": none; over 63 bytes cut
 * @param subject  channel, method, host ...; NULL or "": none; over 167 bytes cut
 * @param value    the measurement, in the unit of the event table
 * @param code     enum hawser_code where the event tells of an error; else 0
 */
void telemetry_emit(struct telemetry_writer *writer, enum hawser_event_id id, const char *session,
                    const char *subject, int64_t value, uint32_t code);
/** @return 1 when a sink wants this event one by one. Hot. */
int telemetry_wants(const struct telemetry_writer *writer, enum hawser_event_id id);
/** The same as telemetry_emit without counting and without asking telemetry_wants. Dropped and
 * counted when the ring is full. */
void telemetry_announce(struct telemetry_writer *writer, enum hawser_event_id id,
                        const char *session, const char *subject, int64_t value, uint32_t code);

/**
 * The observer's side: take the waiting events of all slots out, at most one ring's worth of each.
 * An event is gone before `fn` sees it, so that one that crashes a sink does not come back.
 * @param fn  gets each event, borrowed for the call; `worker` is the slot's number, UINT32_MAX for
 *            master and observer
 * @return    how many
 */
size_t telemetry_drain(struct telemetry_area *area,
                       void (*fn)(void *arg, const struct hawser_event *event), void *arg);

#endif
