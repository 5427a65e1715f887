/*
 * Sums of metrics over slots. See sum.h. Rows are never moved or taken away, so each is looked up
 * by its name only once, when it is seen first.
 */
#include "telemetry/sum.h"

#include <stdlib.h>
#include <string.h>

#include "telemetry/layout.h"
#include "telemetry/text.h"

#define FIRST_CAPACITY 64u

struct key {
    char name[TELEMETRY_NAME_SIZE];
    char session[TELEMETRY_SESSION_SIZE];
};

struct known_rows {
    uint32_t *entry_of; /* TELEMETRY_ROWS_MAX places once there is a row */
    uint32_t count;
};

struct telemetry_sum {
    struct telemetry_area *area;
    struct hawser_metric *entries; /* names point to keys of their own */
    uint32_t *index;               /* 2 * capacity places: entry + 1; 0: free */
    size_t count;
    size_t capacity; /* 0 or a power of two */
    struct known_rows known[];
};

struct telemetry_sum *telemetry_sum_create(struct telemetry_area *area)
{
    size_t slots              = telemetry_area_slots(area);
    struct telemetry_sum *sum = calloc(1, sizeof(*sum) + slots * sizeof(sum->known[0]));
    if (sum != NULL) {
        sum->area = area;
    }
    return sum;
}

void telemetry_sum_destroy(struct telemetry_sum *sum)
{
    if (sum == NULL) {
        return;
    }
    for (size_t i = 0; i < sum->count; i++) {
        /* The name is the first field of its key, which was allocated. */
        free((void *)(uintptr_t)sum->entries[i].name);
    }
    for (size_t slot = 0; slot < telemetry_area_slots(sum->area); slot++) {
        free(sum->known[slot].entry_of);
    }
    free(sum->entries);
    free(sum->index);
    free(sum);
}

static uint64_t hash_field(uint64_t hash, const char *field, size_t size)
{
    for (size_t i = 0; i < size && field[i] != 0; i++) {
        hash = (hash ^ (unsigned char)field[i]) * UINT64_C(0x100000001b3);
    }
    return (hash ^ 0xff) * UINT64_C(0x100000001b3);
}

static uint32_t *find_place(const struct telemetry_sum *sum, const char *name, const char *session)
{
    uint64_t hash = hash_field(hash_field(UINT64_C(0xcbf29ce484222325), name, TELEMETRY_NAME_SIZE),
                               session, TELEMETRY_SESSION_SIZE);
    for (size_t at = (size_t)(hash ^ hash >> 32);; at++) {
        uint32_t *place = &sum->index[at & (2 * sum->capacity - 1)];
        if (*place == 0 || (strcmp(sum->entries[*place - 1].name, name) == 0 &&
                            strcmp(sum->entries[*place - 1].session, session) == 0)) {
            return place;
        }
    }
}

static int grow(struct telemetry_sum *sum)
{
    size_t capacity = sum->capacity == 0 ? FIRST_CAPACITY : 2 * sum->capacity;
    uint32_t *index = calloc(2 * capacity, sizeof(index[0]));
    struct hawser_metric *entries =
        index == NULL ? NULL : realloc(sum->entries, capacity * sizeof(entries[0]));
    if (entries == NULL) {
        free(index);
        return -1;
    }
    free(sum->index);
    sum->index    = index;
    sum->entries  = entries;
    sum->capacity = capacity;
    for (size_t i = 0; i < sum->count; i++) {
        *find_place(sum, entries[i].name, entries[i].session) = (uint32_t)(i + 1);
    }
    return 0;
}

/* The entry of a row, made where it is new. Returns its number, or -1: out of memory. */
static int64_t entry_for(struct telemetry_sum *sum, const struct telemetry_row *row)
{
    struct key *key = malloc(sizeof(*key));
    if (key == NULL || (sum->count == sum->capacity && grow(sum) != 0)) {
        free(key);
        return -1;
    }
    memcpy(key->name, row->name, sizeof(key->name));
    memcpy(key->session, row->session, sizeof(key->session));
    telemetry_text_mend(key->name, sizeof(key->name));
    telemetry_text_mend(key->session, sizeof(key->session));
    uint32_t *place = find_place(sum, key->name, key->session);
    if (*place != 0) {
        free(key);
        return *place - 1;
    }
    sum->entries[sum->count] = (struct hawser_metric){
        .name    = key->name,
        .session = key->session,
        .kind    = row->kind == HAWSER_METRIC_GAUGE ? HAWSER_METRIC_GAUGE : HAWSER_METRIC_COUNTER};
    *place = (uint32_t)++sum->count;
    return *place - 1;
}

static void learn_rows(struct telemetry_sum *sum, struct known_rows *known,
                       const struct telemetry_slot *slot, uint32_t count)
{
    if (known->entry_of == NULL) {
        known->entry_of = count == 0 ? NULL : calloc(TELEMETRY_ROWS_MAX, sizeof(uint32_t));
        if (known->entry_of == NULL) {
            return;
        }
    }
    while (known->count < count) {
        int64_t entry = entry_for(sum, &slot->rows[known->count]);
        if (entry < 0) {
            return;
        }
        known->entry_of[known->count++] = (uint32_t)entry;
    }
}

struct hawser_metric *telemetry_sum_read(struct telemetry_sum *sum, size_t *count)
{
    for (size_t i = 0; i < sum->count; i++) {
        sum->entries[i].value = 0;
        sum->entries[i].delta = 0;
    }
    for (size_t i = 0; i < telemetry_area_slots(sum->area); i++) {
        const struct telemetry_slot *slot = telemetry_area_slot(sum->area, i);
        struct known_rows *known          = &sum->known[i];
        uint32_t rows = atomic_load_explicit(&slot->row_count, memory_order_acquire);
        if (rows > TELEMETRY_ROWS_MAX) {
            continue; /* its writer is broken; a successor mends it */
        }
        learn_rows(sum, known, slot, rows);
        for (uint32_t row = 0; row < known->count && row < rows; row++) {
            struct hawser_metric *entry = &sum->entries[known->entry_of[row]];
            /* Unsigned, for a broken writer's numbers may overflow. */
            entry->value = (int64_t)((uint64_t)entry->value +
                                     (uint64_t)telemetry_value(&slot->rows[row].cell));
        }
    }
    *count = sum->count;
    return sum->entries;
}
