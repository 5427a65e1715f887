/*
 * Options of libhawser. See client_options.h.
 */
#include "client/client_options.h"

#include <string.h>

#include "base/error.h"
#include "net/tls.h"
#include "ws/utf8.h"

#define RETRY_COUNT      3u
#define RETRY_DELAY_MS   1000
#define TIMEOUT_MS       5000
#define MAX_BACKOFF_MS   30000
#define INTERVAL_MS      30000
#define REQUEST_MS       30000
#define MESSAGE_BYTES    (UINT64_C(16) << 20)
#define TIME_MAX_MS      (365 * 24 * 3600 * INT64_C(1000)) /* longer is as good as for ever */
#define QUEUE_MIN_BYTES  (UINT64_C(64) << 10)              /* the upgrade request has to fit, too */
#define SUBSCRIBE_METHOD "public/subscribe"

#define OR_DEFAULT(field, standard) ((field) = (field) != 0 ? (field) : (standard))
#define AT_MOST(field, bound)       ((field) = (field) < (bound) ? (field) : (bound))

static int check_positive(const char *name, int64_t value, struct hawser_error *err)
{
    if (value >= 0) {
        return 0;
    }
    error_set(err, HAWSER_CONF_DIRECTIVE, "%s is %lld; it is a time in ms, or 0 for the default",
              name, (long long)value);
    return -1;
}

static int check(const struct hawser_client_options *options, struct hawser_error *err)
{
    if (check_positive("timeout_ms", options->timeout_ms, err) != 0 ||
        check_positive("retry_delay_ms", options->retry_delay_ms, err) != 0 ||
        check_positive("max_backoff_ms", options->max_backoff_ms, err) != 0 ||
        check_positive("request_timeout_ms", options->request_timeout_ms, err) != 0) {
        return -1;
    }
    if (options->busy_poll_ms < -1) {
        error_set(err, HAWSER_CONF_DIRECTIVE,
                  "busy_poll_ms is %lld; it is a time in ms, -1 for always, or 0 for never",
                  (long long)options->busy_poll_ms);
        return -1;
    }
    if (options->heartbeat_interval_ms < -1) {
        error_set(err, HAWSER_CONF_DIRECTIVE,
                  "heartbeat_interval_ms is %lld; it is a time in ms, -1 for none, or 0 for the "
                  "default",
                  (long long)options->heartbeat_interval_ms);
        return -1;
    }
    return 0;
}

/* RFC 9112 5: a name of letters, digits and dashes, a colon, no line ends. */
static int is_header(const char *text)
{
    size_t name = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    return name > 0 && text[name] == ':' && strpbrk(text, "\r\n") == NULL;
}

static int check_headers(const struct hawser_client_options *options, struct hawser_error *err)
{
    for (size_t i = 0; options->headers != NULL && options->headers[i] != NULL; i++) {
        if (!is_header(options->headers[i])) { /* not shown: it may hold a secret */
            error_set(
                err, HAWSER_CONF_DIRECTIVE,
                "headers[%zu] is no \"Name: value\" on one line, such as \"User-Agent: mine\"", i);
            return -1;
        }
    }
    return 0;
}

static int check_tls(const struct hawser_client_options *options, struct hawser_error *err)
{
    if ((options->tls_certificate_file == NULL) != (options->tls_key_file == NULL)) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "%s is set without %s: both are needed",
                  options->tls_key_file == NULL ? "tls_certificate_file" : "tls_key_file",
                  options->tls_key_file == NULL ? "tls_key_file" : "tls_certificate_file");
        return -1;
    }
    for (size_t i = 0; options->tls_pins != NULL && options->tls_pins[i] != NULL; i++) {
        struct hawser_error why = HAWSER_ERROR_INIT;
        if (net_tls_pin_check(options->tls_pins[i], &why) != 0) {
            error_set(err, HAWSER_CONF_DIRECTIVE, "tls_pins[%zu]: %s", i, why.message);
            return -1;
        }
    }
    return 0;
}

static int check_heartbeat(const struct hawser_client_options *options, struct hawser_error *err)
{
    if (options->heartbeat_answer != NULL && options->heartbeat_text == NULL) {
        error_set(err, HAWSER_CONF_DIRECTIVE,
                  "heartbeat_answer is set without heartbeat_text: nothing asks for it");
        return -1;
    }
    if (options->heartbeat_text != NULL &&
        !ws_utf8_is_valid((const uint8_t *)options->heartbeat_text,
                          strlen(options->heartbeat_text))) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "heartbeat_text is not UTF-8: it could not be sent");
        return -1;
    }
    if (options->heartbeat_text != NULL && options->heartbeat_interval_ms == -1) {
        error_set(err, HAWSER_CONF_DIRECTIVE,
                  "heartbeat_text is set, and heartbeat_interval_ms is -1: it would never be sent");
        return -1;
    }
    return 0;
}

static void fill_in(struct hawser_client_options *out)
{
    OR_DEFAULT(out->retry_count, RETRY_COUNT);
    OR_DEFAULT(out->timeout_ms, TIMEOUT_MS);
    OR_DEFAULT(out->retry_delay_ms, RETRY_DELAY_MS);
    OR_DEFAULT(out->max_backoff_ms,
               out->retry_delay_ms > MAX_BACKOFF_MS ? out->retry_delay_ms : MAX_BACKOFF_MS);
    OR_DEFAULT(out->heartbeat_interval_ms, INTERVAL_MS);
    OR_DEFAULT(out->request_timeout_ms, REQUEST_MS);
    OR_DEFAULT(out->max_message_bytes, MESSAGE_BYTES);
    AT_MOST(out->timeout_ms, TIME_MAX_MS);
    AT_MOST(out->retry_delay_ms, TIME_MAX_MS);
    AT_MOST(out->max_backoff_ms, TIME_MAX_MS);
    AT_MOST(out->heartbeat_interval_ms, TIME_MAX_MS);
    AT_MOST(out->request_timeout_ms, TIME_MAX_MS);
    AT_MOST(out->busy_poll_ms, TIME_MAX_MS);
    if (out->subscribe_method == NULL) {
        out->subscribe_method = SUBSCRIBE_METHOD;
    }
}

int client_options_merge(const struct hawser_client_options *given,
                         struct hawser_client_options *out, struct hawser_error *err)
{
    *out = (struct hawser_client_options)HAWSER_CLIENT_OPTIONS_INIT;
    if (given != NULL) {
        if (given->struct_size < sizeof(uint32_t)) {
            error_set(err, HAWSER_CONF_DIRECTIVE,
                      "options.struct_size is not set; start from HAWSER_CLIENT_OPTIONS_INIT");
            return -1;
        }
        memcpy(out, given, given->struct_size < sizeof(*out) ? given->struct_size : sizeof(*out));
        out->struct_size = sizeof(*out);
    }
    if (check(out, err) != 0 || check_headers(out, err) != 0 || check_tls(out, err) != 0 ||
        check_heartbeat(out, err) != 0) {
        return -1;
    }
    fill_in(out);
    if (out->max_backoff_ms < out->retry_delay_ms) {
        error_set(err, HAWSER_CONF_DIRECTIVE,
                  "max_backoff_ms is %lld, less than retry_delay_ms, which is %lld",
                  (long long)out->max_backoff_ms, (long long)out->retry_delay_ms);
        return -1;
    }
    return 0;
}

/* Room for one message of the largest size to be sent back, and its header. */
static size_t queue_bytes(uint64_t max_message_bytes)
{
    uint64_t twice = max_message_bytes > SIZE_MAX / 2 ? SIZE_MAX : max_message_bytes * 2;
    return twice > QUEUE_MIN_BYTES ? twice : QUEUE_MIN_BYTES;
}

void client_options_translate(const struct hawser_client_options *options, const char *url,
                              struct session_options *out)
{
    *out = (struct session_options){
        .name               = "client",
        .url                = url,
        .tls                = {.ca_file          = options->tls_ca_file,
                               .certificate_file = options->tls_certificate_file,
                               .key_file         = options->tls_key_file,
                               .pins             = options->tls_pins,
                               .verify_off       = options->tls_insecure != 0},
        .headers            = options->headers,
        .subprotocols       = options->subprotocols,
        .max_message_bytes  = options->max_message_bytes,
        .max_queued_bytes   = queue_bytes(options->max_message_bytes),
        .connect_timeout_ms = options->timeout_ms,
        .request_timeout_ms = options->request_timeout_ms,
        .heartbeat_ms       = options->heartbeat_interval_ms,
        .backoff            = {.delay_ms     = options->retry_delay_ms,
                               .max_delay_ms = options->max_backoff_ms,
                               .attempts     = options->retry_count},
        .reconnect_off      = options->reconnect_off != 0,
        .compression        = options->compression_off == 0,
        .text_unchecked     = options->text_unchecked != 0,
        .requests_wait      = options->requests_wait != 0,
        .beat_text          = options->heartbeat_text,
        .beat_answer        = options->heartbeat_answer,
    };
}
