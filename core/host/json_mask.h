/*
 * Secrets in JSON that is on its way to a person or a program: masked by value (base/secret.h).
 */
#ifndef CORE_HOST_JSON_MASK_H
#define CORE_HOST_JSON_MASK_H

#include <jansson.h>

#include "hawser/base.h"

/** Mask every string, member names included; numbers stay as they are. Deeper than 64 levels a
 * value becomes null. @return 0; -1: no memory, and it may not be shown */
int json_mask_secrets(json_t *json) HAWSER_MUST_CHECK;

#endif
