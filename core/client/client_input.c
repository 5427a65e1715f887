/*
 * Input of libhawser. See client_input.h.
 */
#include "client/client_input.h"

#include <string.h>

#include "base/error.h"
#include "base/slice.h"
#include "rpc/walk.h"
#include "ws/utf8.h"

int client_callbacks_take(const struct hawser_client_callbacks *given,
                          struct hawser_client_callbacks *out, struct hawser_error *err)
{
    *out = (struct hawser_client_callbacks){.struct_size = sizeof(*out)};
    if (given == NULL) {
        return 0;
    }
    if (given->struct_size < sizeof(uint32_t)) {
        error_set(err, HAWSER_CONF_DIRECTIVE,
                  "callbacks.struct_size is not set; it is sizeof(struct hawser_client_callbacks)");
        return -1;
    }
    memcpy(out, given, given->struct_size < sizeof(*out) ? given->struct_size : sizeof(*out));
    return 0;
}

static int is_structured(struct hawser_slice params)
{
    struct rpc_walk walk      = {params.data, params.data + params.len};
    struct hawser_slice value = {NULL, 0};
    return rpc_walk_value(&walk, 1, &value) == 0 && rpc_walk_at_end(&walk) &&
           (value.data[0] == '{' || value.data[0] == '[');
}

int client_request_check(const char *method, struct hawser_slice params, struct hawser_error *err)
{
    if (method == NULL || method[0] == 0 ||
        !ws_utf8_is_valid((const uint8_t *)method, strlen(method))) {
        error_set(err, HAWSER_REQUEST_INVALID,
                  "the method of a request is a name in UTF-8, such as public/test");
        return -1;
    }
    if (params.len > 0 && !is_structured(params)) {
        error_set(err, HAWSER_REQUEST_INVALID,
                  "the params of %s are not one JSON array or object; nothing was sent", method);
        return -1;
    }
    return 0;
}
