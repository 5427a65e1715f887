/*
 * The other end of the control socket, for -s reload and hawserctl: one request, one answer, with a
 * deadline.
 */
#ifndef CORE_HOST_CONTROL_CLIENT_H
#define CORE_HOST_CONTROL_CLIENT_H

#include <jansson.h>

#include "hawser/error.h"

/**
 * Ask and wait.
 * @param path    of the socket
 * @param params  taken; NULL: none
 * @return        given: the whole answer, with "result" or "error"; NULL with err set: nobody
 * listens there, no answer in time
 */
json_t *control_ask(const char *path, const char *method, json_t *params, int64_t timeout_ms,
                    struct hawser_error *err);

#endif
