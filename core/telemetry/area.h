/*
 * The memory that every process of one host shares for telemetry: a slot for each writing process,
 * with its metrics and its ring of events. The master makes it before it starts children, so that
 * counters outlive a worker. Nobody trusts what another process wrote: readers check every bound.
 */
#ifndef CORE_TELEMETRY_AREA_H
#define CORE_TELEMETRY_AREA_H

#include <stdint.h>

#include "hawser/error.h"

#define TELEMETRY_WORKERS_MAX   1024u
#define TELEMETRY_SPARE_WORKERS 6u /* slots for workers that a reload, quarantine, upgrade adds */

/** This process's view of the shared memory. */
struct telemetry_area;
struct telemetry_slot;

/**
 * Make the shared memory and map it. Its size is sealed.
 * @param workers  how many workers there will be, 0 to TELEMETRY_WORKERS_MAX
 * @param fd       given: close-on-exec, for telemetry_area_attach in other processes
 * @return         given; NULL with err set: SYSTEM_CALL, SYSTEM_MEMORY, SYSTEM_LIMIT
 */
struct telemetry_area *telemetry_area_create(size_t workers, int *fd, struct hawser_error *err);
/**
 * Map it in another process. A process that was forked without exec can use the parent's as well.
 * @param fd  borrowed for the call
 * @return    given; NULL with err set: SYSTEM_CALL, SYSTEM_MEMORY, SYSTEM_LIMIT (not such an area)
 */
struct telemetry_area *telemetry_area_attach(int fd, struct hawser_error *err);
/** Unmap this process's view. NULL is allowed. Its writers and readers must be gone. */
void telemetry_area_detach(struct telemetry_area *area);

/** @return how many slots there are: workers (0 first), spare ones, master, observer */
size_t telemetry_area_slots(const struct telemetry_area *area);
/** @return how many of the slots, from 0 on, are for workers */
size_t telemetry_area_worker_slots(const struct telemetry_area *area);
/** @return the slot in which the master writes */
size_t telemetry_area_master_slot(const struct telemetry_area *area);
/** @return the slot in which the observer writes */
size_t telemetry_area_observer_slot(const struct telemetry_area *area);
/** @return borrowed, lives as long as the area; NULL: no such slot. For the files of this folder */
struct telemetry_slot *telemetry_area_slot(struct telemetry_area *area, size_t slot);

/** Whoever wrote in a slot does not any more: what it measured (gauges) is 0, what it counted
 * stays.
 */
void telemetry_area_forget_gauges(struct telemetry_area *area, size_t slot);

/** Set which events go into the rings one by one. @param mask HAWSER_EVENT_BITs, or-ed */
void telemetry_area_set_wanted(struct telemetry_area *area, uint64_t mask);
/** Hot. */
uint64_t telemetry_area_wanted(const struct telemetry_area *area);

#endif
