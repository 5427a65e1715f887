/*
 * A stored record is the struct, followed by the bytes of its slices in the order of SLICES.
 */
#include "output/record.h"

#include <string.h>

_Static_assert(sizeof(struct hawser_record) % OUTPUT_RECORD_ALIGN == 0, "records stay aligned");

static const size_t SLICES[] = {
    offsetof(struct hawser_record, session), offsetof(struct hawser_record, channel),
    offsetof(struct hawser_record, data), offsetof(struct hawser_record, reason),
    offsetof(struct hawser_record, message)};
#define SLICE_COUNT (sizeof(SLICES) / sizeof(SLICES[0]))

static const struct hawser_slice *slice_of_record(const struct hawser_record *record, size_t i)
{
    return (const struct hawser_slice *)(const void *)((const char *)record + SLICES[i]);
}

size_t output_record_size(const struct hawser_record *record)
{
    size_t bytes = sizeof(*record);
    for (size_t i = 0; i < SLICE_COUNT; i++) {
        bytes += slice_of_record(record, i)->len;
    }
    return (bytes + OUTPUT_RECORD_ALIGN - 1) / OUTPUT_RECORD_ALIGN * OUTPUT_RECORD_ALIGN;
}

void output_record_store(void *at, const struct hawser_record *record)
{
    char *to = (char *)at + sizeof(*record);
    memcpy(at, record, sizeof(*record));
    for (size_t i = 0; i < SLICE_COUNT; i++) {
        const struct hawser_slice *slice = slice_of_record(record, i);
        if (slice->len > 0) {
            memcpy(to, slice->data, slice->len);
            to += slice->len;
        }
    }
}

void output_record_fetch(const void *at, struct hawser_record *out)
{
    const char *from = (const char *)at + sizeof(*out);
    memcpy(out, at, sizeof(*out));
    out->struct_size = sizeof(*out);
    for (size_t i = 0; i < SLICE_COUNT; i++) {
        size_t len                = slice_of_record(out, i)->len;
        struct hawser_slice slice = {from, len};
        memcpy((char *)out + SLICES[i], &slice, sizeof(slice));
        from += len;
    }
}
