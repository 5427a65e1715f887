/*
 * Names of events, and their way to the observer. See event.h.
 */
#include "telemetry/event.h"

#include "base/clock.h"
#include "telemetry/layout.h"
#include "telemetry/text.h"

struct row {
    const char *name;
    const char *measurement;
    const char *unit;
};

#define HAWSER_EVENT_ROW(code, name, measurement, unit) {name, measurement, unit},
static const struct row ROWS[HAWSER_EVENT_COUNT] = {HAWSER_EVENT_TABLE(HAWSER_EVENT_ROW)};
#undef HAWSER_EVENT_ROW
_Static_assert(HAWSER_EVENT_COUNT <= 64, "each event has a bit in a mask");

static const struct row UNKNOWN = {"?", "", ""};

static const struct row *find(uint32_t id)
{
    return id < HAWSER_EVENT_COUNT ? &ROWS[id] : &UNKNOWN;
}

const char *telemetry_event_name(uint32_t id)
{
    return find(id)->name;
}

const char *telemetry_event_measurement(uint32_t id)
{
    return find(id)->measurement;
}

const char *telemetry_event_unit(uint32_t id)
{
    return find(id)->unit;
}

int telemetry_wants(const struct telemetry_writer *writer, enum hawser_event_id id)
{
    return writer != NULL && id < HAWSER_EVENT_COUNT &&
           (telemetry_area_wanted(telemetry_writer_area(writer)) & HAWSER_EVENT_BIT(id)) != 0;
}

void telemetry_announce(struct telemetry_writer *writer, enum hawser_event_id id,
                        const char *session, const char *subject, int64_t value, uint32_t code)
{
    if (writer == NULL) {
        return;
    }
    struct telemetry_ring *ring     = &telemetry_writer_slot(writer)->ring;
    struct telemetry_record *record = telemetry_ring_reserve(ring);
    if (record == NULL) {
        telemetry_add(telemetry_writer_dropped(writer), 1);
        return;
    }
    record->id      = id;
    record->code    = code;
    record->time_ns = clock_realtime();
    record->value   = value;
    telemetry_text_put(record->session, sizeof(record->session), session);
    telemetry_text_put(record->subject, sizeof(record->subject), subject);
    telemetry_ring_commit(ring);
}

void telemetry_emit(struct telemetry_writer *writer, enum hawser_event_id id, const char *session,
                    const char *subject, int64_t value, uint32_t code)
{
    if (writer == NULL || id >= HAWSER_EVENT_COUNT) {
        return;
    }
    telemetry_add(telemetry_metric(writer, ROWS[id].name, session, HAWSER_METRIC_COUNTER), 1);
    if (telemetry_wants(writer, id)) {
        telemetry_announce(writer, id, session, subject, value, code);
    }
}

static size_t drain_slot(struct telemetry_slot *slot, uint32_t worker,
                         void (*fn)(void *arg, const struct hawser_event *event), void *arg)
{
    struct telemetry_record record;
    size_t handed = 0;
    /* A ring's worth at most, so that a busy producer cannot keep the observer here. */
    for (size_t i = 0; i < TELEMETRY_RING_RECORDS && telemetry_ring_take(&slot->ring, &record);
         i++) {
        if (record.id >= HAWSER_EVENT_COUNT) {
            continue; /* no writer of ours makes such a record */
        }
        telemetry_text_mend(record.session, sizeof(record.session));
        telemetry_text_mend(record.subject, sizeof(record.subject));
        struct hawser_event event = {.struct_size = sizeof(event),
                                     .id          = record.id,
                                     .time_ns     = record.time_ns,
                                     .value       = record.value,
                                     .worker      = worker,
                                     .code        = record.code,
                                     .name        = ROWS[record.id].name,
                                     .session     = record.session,
                                     .subject     = record.subject};
        fn(arg, &event);
        handed++;
    }
    return handed;
}

size_t telemetry_drain(struct telemetry_area *area,
                       void (*fn)(void *arg, const struct hawser_event *event), void *arg)
{
    size_t handed = 0;
    for (size_t slot = 0; slot < telemetry_area_slots(area); slot++) {
        uint32_t worker = slot < telemetry_area_worker_slots(area) ? (uint32_t)slot : UINT32_MAX;
        handed += drain_slot(telemetry_area_slot(area, slot), worker, fn, arg);
    }
    return handed;
}
