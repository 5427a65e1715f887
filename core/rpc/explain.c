/*
 * An exchange's error object in words. See correlate.h.
 */
#include "rpc/correlate.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/slice.h"
#include "rpc/scan.h"
#include "rpc/text.h"

#define MESSAGE_MAX_BYTES 240u
#define DATA_MAX_BYTES    160u

/* The longest front of `text` that fits and ends neither inside a UTF-8 character nor inside a
 * secret. */
static size_t cut(struct hawser_slice text, size_t max)
{
    if (text.len <= max) {
        return text.len;
    }
    max = secret_cut(text, max);
    while (max > 0 && ((unsigned char)text.data[max] & 0xc0) == 0x80) {
        max--;
    }
    return max;
}

static size_t copy_message(struct hawser_slice object, char *out, size_t size)
{
    struct hawser_slice value;
    struct hawser_slice content;
    int escaped;
    if (rpc_member(object, "message", &value) != 1 || rpc_string(value, &content, &escaped) != 0) {
        return 0;
    }
    size_t len = rpc_text_unescape(content, out, size);
    return secret_mask(out, len, content.len > size); /* it may have been cut */
}

static int64_t code_of(struct hawser_slice object)
{
    struct hawser_slice value;
    int64_t code = 0;
    if (rpc_member(object, "code", &value) == 1 && rpc_integer(value, &code) != 0) {
        code = 0;
    }
    return code;
}

void rpc_error_explain(struct hawser_slice error_object, struct hawser_error *err)
{
    char message[MESSAGE_MAX_BYTES];
    struct hawser_slice data = {"", 0};
    size_t len               = copy_message(error_object, message, sizeof(message));
    int64_t code             = code_of(error_object);
    if (rpc_member(error_object, "data", &data) != 1) {
        /* Without any member that we know, its own bytes are the best that can be told. */
        data = len == 0 && code == 0 && error_object.len > 0 ? error_object : SLICE_LITERAL("");
    }
    size_t data_len = cut(data, DATA_MAX_BYTES);
    error_set(err, HAWSER_REQUEST_REFUSED, "%.*s (%" PRId64 ")%s%.*s%s",
              len > 0 ? (int)len : (int)sizeof("no message") - 1, len > 0 ? message : "no message",
              code, data_len > 0 ? ": " : "", (int)data_len, data.data,
              data_len < data.len ? "..." : "");
    error_set_cause(err, HAWSER_CAUSE_JSONRPC, code);
}
