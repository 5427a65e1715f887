/*
 * An area for two workers, made for each test of this folder.
 */
#ifndef TESTS_UNIT_TELEMETRY_FIXTURE_H
#define TESTS_UNIT_TELEMETRY_FIXTURE_H

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "support/suite.h"
#include "telemetry/metric.h"

static struct telemetry_area *area;
static int area_fd;
static struct hawser_error err;

static inline void make_area(void)
{
    area = telemetry_area_create(2, &area_fd, &err);
    ck_assert_ptr_nonnull(area);
}

static inline void drop_area(void)
{
    telemetry_area_detach(area);
    ck_assert_int_eq(close(area_fd), 0);
}

static inline struct telemetry_writer *open_writer(size_t slot)
{
    struct telemetry_writer *writer = telemetry_writer_open(area, slot, &err);
    ck_assert_ptr_nonnull(writer);
    return writer;
}

#endif
