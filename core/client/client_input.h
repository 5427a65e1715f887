/*
 * What a program hands over besides its options: taken when it makes sense, and refused with the
 * reason when it does not.
 */
#ifndef CORE_CLIENT_CLIENT_INPUT_H
#define CORE_CLIENT_CLIENT_INPUT_H

#include "hawser/client.h"

/**
 * Take over what the caller filled in.
 * @param given  NULL: no callbacks. May come from an older or newer header: struct_size tells.
 * @error CONF_DIRECTIVE: struct_size is not set, and so none would ever be called
 */
int client_callbacks_take(const struct hawser_client_callbacks *given,
                          struct hawser_client_callbacks *out,
                          struct hawser_error *err) HAWSER_MUST_CHECK;
/**
 * May this go out as a JSON-RPC 2.0 request?
 * @error REQUEST_INVALID: no method, or one that is not UTF-8; params that are not one JSON array
 * or object (JSON-RPC 2.0 4.2)
 */
int client_request_check(const char *method, struct hawser_slice params,
                         struct hawser_error *err) HAWSER_MUST_CHECK;

#endif
