/*
 * How soon a process that died is started again. Pure: fed with times. Never is it given up; one
 * that dies too often is tried slowly.
 */
#ifndef CORE_HOST_INTENSITY_H
#define CORE_HOST_INTENSITY_H

#include "base/clock.h"

#define INTENSITY_DEATHS_MAX 64u
#define INTENSITY_SLOW_MS    INT64_C(60000)

/** Too often: `most` deaths within `within`. */
struct intensity_limits {
    uint32_t most; /* at most INTENSITY_DEATHS_MAX; 0: never too often */
    clock_ns_t within;
};

/** What is known of one process. Zeros: it never died. */
struct intensity {
    clock_ns_t deaths[INTENSITY_DEATHS_MAX]; /* a ring */
    uint64_t count;                          /* of deaths noted in it */
    uint32_t in_a_row;                       /* each soon after its start */
    int slow;                                /* it died too often, and was not steady since */
};

/**
 * It died. The first death of one that had run for a while costs no time; then 100 ms, doubled each
 * time up to 5 s; too often: 60 s, until it stays up for a minute.
 *
 * @param started_at  when it was started last
 * @return            when to start it again [ms]
 */
int64_t intensity_died(struct intensity *intensity, const struct intensity_limits *limits,
                       clock_ns_t started_at, clock_ns_t now);

#endif
