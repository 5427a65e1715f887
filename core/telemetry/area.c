/*
 * The shared memory of one host. See area.h.
 */
#include "telemetry/area.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "telemetry/layout.h"

#define SLOTS_BESIDE_WORKERS 2u /* master, observer */
#define SLOTS_MAX            (TELEMETRY_WORKERS_MAX + TELEMETRY_SPARE_WORKERS + SLOTS_BESIDE_WORKERS)

struct telemetry_area {
    struct telemetry_shared *shared;
    size_t slots; /* the header's number, as it was when it was checked */
    size_t bytes;
};

static size_t bytes_of(size_t slots)
{
    return sizeof(struct telemetry_shared) + slots * sizeof(struct telemetry_slot);
}

static struct telemetry_area *map_area(int fd, size_t slots, struct hawser_error *err)
{
    struct telemetry_area *area = calloc(1, sizeof(*area));
    if (area == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for telemetry");
        return NULL;
    }
    area->slots  = slots;
    area->bytes  = bytes_of(slots);
    area->shared = mmap(NULL, area->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (area->shared == MAP_FAILED) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot map the telemetry area");
        free(area);
        return NULL;
    }
    return area;
}

static int make_memory(size_t bytes, struct hawser_error *err)
{
    int fd = memfd_create("hawser telemetry", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    /* Sealed, for a process that shrank it would kill all others at their next access. */
    if (fd < 0 || ftruncate(fd, (off_t)bytes) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot make the telemetry area");
        if (fd >= 0) {
            (void)close(fd); /* nothing is in it */
        }
        return -1;
    }
    return fd;
}

struct telemetry_area *telemetry_area_create(size_t workers, int *fd, struct hawser_error *err)
{
    if (workers > TELEMETRY_WORKERS_MAX) {
        error_set(err, HAWSER_SYSTEM_LIMIT, "telemetry has room for %u workers, not for %zu",
                  TELEMETRY_WORKERS_MAX, workers);
        return NULL;
    }
    size_t slots = workers + TELEMETRY_SPARE_WORKERS + SLOTS_BESIDE_WORKERS;
    int memory   = make_memory(bytes_of(slots), err);
    if (memory < 0) {
        return NULL;
    }
    struct telemetry_area *area = map_area(memory, slots, err);
    if (area == NULL) {
        (void)close(memory); /* nothing is in it */
        return NULL;
    }
    area->shared->header.magic      = TELEMETRY_AREA_MAGIC;
    area->shared->header.slot_bytes = sizeof(struct telemetry_slot);
    area->shared->header.slots      = slots;
    *fd                             = memory;
    return area;
}

/* Returns the number of slots, or 0 with err set. */
static size_t check_header(int fd, struct hawser_error *err)
{
    struct telemetry_header header;
    struct stat status;
    if (fstat(fd, &status) != 0) {
        error_set_errno(err, HAWSER_SYSTEM_CALL, errno, "cannot look at the telemetry area");
        return 0;
    }
    if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
        header.magic != TELEMETRY_AREA_MAGIC || header.slots > SLOTS_MAX ||
        header.slots < TELEMETRY_SPARE_WORKERS + SLOTS_BESIDE_WORKERS ||
        header.slot_bytes != sizeof(struct telemetry_slot) ||
        (uint64_t)status.st_size != bytes_of((size_t)header.slots)) {
        error_set(err, HAWSER_SYSTEM_LIMIT, "descriptor %d is no telemetry area of this version",
                  fd);
        return 0;
    }
    return (size_t)header.slots;
}

struct telemetry_area *telemetry_area_attach(int fd, struct hawser_error *err)
{
    size_t slots = check_header(fd, err);
    return slots == 0 ? NULL : map_area(fd, slots, err);
}

void telemetry_area_detach(struct telemetry_area *area)
{
    if (area == NULL) {
        return;
    }
    (void)munmap(area->shared, area->bytes); /* fails only for what was never mapped */
    free(area);
}

size_t telemetry_area_slots(const struct telemetry_area *area)
{
    return area->slots;
}

size_t telemetry_area_worker_slots(const struct telemetry_area *area)
{
    return area->slots - SLOTS_BESIDE_WORKERS;
}

size_t telemetry_area_master_slot(const struct telemetry_area *area)
{
    return area->slots - 2;
}

size_t telemetry_area_observer_slot(const struct telemetry_area *area)
{
    return area->slots - 1;
}

struct telemetry_slot *telemetry_area_slot(struct telemetry_area *area, size_t slot)
{
    return slot < area->slots ? &area->shared->slots[slot] : NULL;
}

void telemetry_area_forget_gauges(struct telemetry_area *area, size_t slot)
{
    struct telemetry_slot *written = telemetry_area_slot(area, slot);
    uint32_t rows =
        written == NULL ? 0 : atomic_load_explicit(&written->row_count, memory_order_acquire);
    for (uint32_t i = 0; i < rows && i < TELEMETRY_ROWS_MAX; i++) {
        if (written->rows[i].kind == HAWSER_METRIC_GAUGE) {
            telemetry_set(&written->rows[i].cell, 0);
        }
    }
}

void telemetry_area_set_wanted(struct telemetry_area *area, uint64_t mask)
{
    atomic_store_explicit(&area->shared->header.wanted, mask, memory_order_relaxed);
}

uint64_t telemetry_area_wanted(const struct telemetry_area *area)
{
    return atomic_load_explicit(&area->shared->header.wanted, memory_order_relaxed);
}
