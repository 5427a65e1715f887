/*
 * The metrics of one process. See metric.h. Rows stand in the shared memory; an index of this
 * process's own finds them, and is made again from the rows that a predecessor left.
 */
#include "telemetry/metric.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/obj.h"
#include "telemetry/layout.h"
#include "telemetry/text.h"

#define INDEX_PLACES (2 * TELEMETRY_ROWS_MAX) /* a power of two; half of them stay free */

struct telemetry_writer {
    struct telemetry_area *area;
    struct telemetry_slot *slot;
    struct telemetry_cell *dropped;
    struct telemetry_cell *refused;
    pthread_mutex_t lock;
    uint16_t index[INDEX_PLACES]; /* row + 1; 0: free */
};
_Static_assert(TELEMETRY_ROWS_MAX < UINT16_MAX, "a row's number fits the index");

static uint64_t hash_text(uint64_t hash, const char *text)
{
    do { /* the NUL too, so that "a", "bc" and "ab", "c" differ */
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    } while (*text++ != 0);
    return hash;
}

/* The place in the index of the row with this name and session, or the free one for it. */
static uint16_t *find_place(struct telemetry_writer *writer, const char *name, const char *session)
{
    uint64_t hash = hash_text(hash_text(UINT64_C(0xcbf29ce484222325), name), session);
    for (size_t at = (size_t)(hash ^ hash >> 32);; at++) {
        uint16_t *place = &writer->index[at & (INDEX_PLACES - 1)];
        if (*place == 0) {
            return place;
        }
        const struct telemetry_row *row = &writer->slot->rows[*place - 1];
        if (strcmp(row->name, name) == 0 && strcmp(row->session, session) == 0) {
            return place;
        }
    }
}

/* Only a broken field is written to, for readers may look at it just now. */
static void terminate(char *field, size_t size)
{
    if (field[size - 1] != 0) {
        field[size - 1] = 0;
    }
}

/* What a predecessor left. Its rows below the count are whole; the count itself may be broken. */
static void take_over(struct telemetry_writer *writer)
{
    struct telemetry_slot *slot = writer->slot;
    uint32_t count              = atomic_load_explicit(&slot->row_count, memory_order_acquire);
    if (count > TELEMETRY_ROWS_MAX) {
        count = 0;
        atomic_store_explicit(&slot->row_count, count, memory_order_release);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct telemetry_row *row = &slot->rows[i];
        terminate(row->name, sizeof(row->name));
        terminate(row->session, sizeof(row->session));
        uint16_t *place = find_place(writer, row->name, row->session);
        *place          = *place == 0 ? (uint16_t)(i + 1) : *place;
    }
}

struct telemetry_writer *telemetry_writer_open(struct telemetry_area *area, size_t slot,
                                               struct hawser_error *err)
{
    struct telemetry_slot *found = telemetry_area_slot(area, slot);
    if (found == NULL) {
        error_set(err, HAWSER_SYSTEM_LIMIT, "telemetry has no slot %zu", slot);
        return NULL;
    }
    struct telemetry_writer *writer = calloc(1, sizeof(*writer));
    if (writer == NULL || pthread_mutex_init(&writer->lock, NULL) != 0) {
        free(writer);
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for telemetry");
        return NULL;
    }
    writer->area = area;
    writer->slot = found;
    take_over(writer);
    writer->refused = &found->overflow;
    writer->dropped = telemetry_metric(writer, "telemetry.dropped", "", HAWSER_METRIC_COUNTER);
    writer->refused = telemetry_metric(writer, "telemetry.refused", "", HAWSER_METRIC_COUNTER);
    return writer;
}

void telemetry_writer_close(struct telemetry_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    (void)pthread_mutex_destroy(&writer->lock); /* fails only while it is held */
    free(writer);
}

static struct telemetry_cell *make_row(struct telemetry_writer *writer, uint16_t *place,
                                       const char *name, const char *session,
                                       enum hawser_metric_kind kind)
{
    struct telemetry_slot *slot = writer->slot;
    uint32_t count              = atomic_load_explicit(&slot->row_count, memory_order_relaxed);
    if (count >= TELEMETRY_ROWS_MAX) {
        telemetry_add(writer->refused, 1);
        return &slot->overflow;
    }
    struct telemetry_row *row = &slot->rows[count];
    telemetry_text_put(row->name, sizeof(row->name), name);
    telemetry_text_put(row->session, sizeof(row->session), session);
    row->kind = kind;
    telemetry_set(&row->cell, 0); /* a predecessor may have died while it filled this row */
    atomic_store_explicit(&slot->row_count, count + 1, memory_order_release);
    *place = (uint16_t)(count + 1);
    return &row->cell;
}

struct telemetry_cell *telemetry_metric(struct telemetry_writer *writer, const char *name,
                                        const char *session, enum hawser_metric_kind kind)
{
    static struct telemetry_cell nowhere;
    char row_name[TELEMETRY_NAME_SIZE];
    char row_session[TELEMETRY_SESSION_SIZE];
    if (writer == NULL) {
        return &nowhere;
    }
    telemetry_text_put(row_name, sizeof(row_name), name);
    telemetry_text_put(row_session, sizeof(row_session), session);
    OBJ_ASSERT(pthread_mutex_lock(&writer->lock) == 0);
    uint16_t *place             = find_place(writer, row_name, row_session);
    struct telemetry_cell *cell = *place != 0
                                      ? &writer->slot->rows[*place - 1].cell
                                      : make_row(writer, place, row_name, row_session, kind);
    OBJ_ASSERT(pthread_mutex_unlock(&writer->lock) == 0);
    return cell;
}

struct telemetry_area *telemetry_writer_area(const struct telemetry_writer *writer)
{
    return writer->area;
}

struct telemetry_slot *telemetry_writer_slot(const struct telemetry_writer *writer)
{
    return writer->slot;
}

struct telemetry_cell *telemetry_writer_dropped(const struct telemetry_writer *writer)
{
    return writer->dropped;
}
