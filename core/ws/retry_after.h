/*
 * Retry-After: how long a server asks us to stay away (RFC 9110 10.2.3).
 */
#ifndef CORE_WS_RETRY_AFTER_H
#define CORE_WS_RETRY_AFTER_H

#include <stdint.h>

#include "hawser/base.h"

#define WS_RETRY_AFTER_MAX_MS (INT64_C(7) * 24 * 3600 * 1000)

/**
 * @param value  of Retry-After: seconds or an HTTP date in any of its three forms
 * @param date   of the same response's Date, against which a date counts (its clock need not be
 *               ours); empty: our own clock counts
 * @return       [ms], at most WS_RETRY_AFTER_MAX_MS; -1: there is none, or it says nothing
 */
int64_t ws_retry_after_ms(struct hawser_slice value, struct hawser_slice date);

#endif
