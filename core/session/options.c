/*
 * The session's own copy of its options, with the defaults filled in, and which of them may change
 * while it runs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "net/connect.h"
#include "session/object.h"

static const struct session_options DEFAULTS = {
    .max_message_bytes    = 16u << 20,
    .max_queued_bytes     = 4u << 20,
    .connect_timeout_ms   = 5000,
    .auth_timeout_ms      = 10000,
    .subscribe_timeout_ms = 10000,
    .request_timeout_ms   = 30000,
    .leave_timeout_ms     = 2000,
    .heartbeat_ms         = 30000,
    .max_requests         = 1024,
    .max_channels         = 20000,
    .channel_retry_ms     = 5000,
    .tcp_user_timeout_ms  = NET_USER_TIMEOUT_MS,
    .tcp_keepalive_ms     = NET_KEEPALIVE_MS,
};

#define WITH_DEFAULT(options, field) ((options)->field != 0 ? (options)->field : DEFAULTS.field)
#define OR_DEFAULT(options, field)   ((options)->field = WITH_DEFAULT(options, field))

static void fill_defaults(struct session_options *options)
{
    OR_DEFAULT(options, max_message_bytes);
    OR_DEFAULT(options, max_queued_bytes);
    OR_DEFAULT(options, connect_timeout_ms);
    OR_DEFAULT(options, auth_timeout_ms);
    OR_DEFAULT(options, subscribe_timeout_ms);
    OR_DEFAULT(options, request_timeout_ms);
    OR_DEFAULT(options, leave_timeout_ms);
    OR_DEFAULT(options, heartbeat_ms);
    OR_DEFAULT(options, max_requests);
    OR_DEFAULT(options, max_channels);
    OR_DEFAULT(options, channel_retry_ms);
    OR_DEFAULT(options, tcp_user_timeout_ms);
    OR_DEFAULT(options, tcp_keepalive_ms);
}

static int copy_text(const char *from, const char **to)
{
    *to = from == NULL ? NULL : strdup(from);
    return from != NULL && *to == NULL ? -1 : 0;
}

static int copy_texts(const char *const *from, const char *const **to)
{
    *to = NULL;
    if (from == NULL) {
        return 0;
    }
    size_t count = 0;
    while (from[count] != NULL) {
        count++;
    }
    const char **copy = calloc(count + 1, sizeof(*copy));
    *to               = copy;
    if (copy == NULL) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (copy_text(from[i], &copy[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

static int copy_stale(const struct session_options *from, struct session_options *to)
{
    if (from->stale_count == 0) {
        return 0;
    }
    struct session_stale_rule *rules = calloc(from->stale_count, sizeof(*rules));
    if (rules == NULL) {
        return -1;
    }
    to->stale       = rules;
    to->stale_count = from->stale_count;
    for (size_t i = 0; i < from->stale_count; i++) {
        rules[i].after_ms = from->stale[i].after_ms;
        if (copy_text(from->stale[i].pattern, &rules[i].pattern) != 0) {
            return -1;
        }
    }
    return 0;
}

static int copy_on_error(const struct session_options *from, struct session_options *to)
{
    struct error_rule *rules = calloc(from->on_error_count + 1, sizeof(*rules));
    if (rules == NULL) {
        return -1;
    }
    if (from->on_error_count > 0) {
        memcpy(rules, from->on_error, from->on_error_count * sizeof(*rules));
    }
    to->on_error       = rules;
    to->on_error_count = from->on_error_count;
    return 0;
}

static int copy_rate_limits(const struct session_options *from, struct session_options *to)
{
    struct ratelimit_rule *rules = calloc(from->rate_limit_count + 1, sizeof(*rules));
    if (rules == NULL) {
        return -1;
    }
    if (from->rate_limit_count > 0) {
        memcpy(rules, from->rate_limits, from->rate_limit_count * sizeof(*rules));
    }
    to->rate_limits = rules;
    return 0;
}

int session_options_copy(const struct session_options *from, struct session_options *to,
                         struct hawser_error *err)
{
    if (from->name == NULL || from->name[0] == '\0' || from->url == NULL) {
        error_set(err, HAWSER_CONF_DIRECTIVE, "a session needs a name and a url");
        return -1;
    }
    *to               = *from;
    to->channels      = NULL; /* they go into the book of channels */
    to->stale         = NULL;
    to->headers       = NULL;
    to->on_error      = NULL;
    to->rate_limits   = NULL;
    to->channel_count = 0;
    to->stale_count   = 0;
    /* every pointer is replaced before the first failure is acted on */
    int failed =
        copy_text(from->name, &to->name) | copy_text(from->url, &to->url) |
        copy_text(from->beat_text, &to->beat_text) |
        copy_text(from->beat_answer, &to->beat_answer) |
        copy_text(from->subprotocols, &to->subprotocols) | copy_text(from->bind, &to->bind) |
        copy_text(from->proxy, &to->proxy) | copy_text(from->tls.ca_file, &to->tls.ca_file) |
        copy_text(from->tls.certificate_file, &to->tls.certificate_file) |
        copy_text(from->tls.key_file, &to->tls.key_file) |
        copy_texts(from->tls.pins, &to->tls.pins) | copy_texts(from->headers, &to->headers) |
        copy_texts(from->fallback_urls, &to->fallback_urls) | copy_stale(from, to) |
        copy_on_error(from, to) | copy_rate_limits(from, to);
    if (failed != 0) {
        session_options_fini(to);
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for the options of session %s", from->name);
        return -1;
    }
    fill_defaults(to);
    return 0;
}

static void free_text(const char *text)
{
    free((void *)(uintptr_t)text);
}

static void free_texts(const char *const *texts)
{
    for (size_t i = 0; texts != NULL && texts[i] != NULL; i++) {
        free_text(texts[i]);
    }
    free((void *)(uintptr_t)texts);
}

static void free_secret(const char *text)
{
    if (text != NULL) {
        explicit_bzero((void *)(uintptr_t)text, strlen(text));
        free_text(text);
    }
}

void session_options_fini(struct session_options *options)
{
    free_text(options->name);
    free_text(options->url);
    free_text(options->subprotocols);
    free_text(options->beat_text);
    free_text(options->beat_answer);
    free_text(options->bind);
    free_secret(options->proxy); /* it may hold a login */
    free_text(options->tls.ca_file);
    free_text(options->tls.certificate_file);
    free_text(options->tls.key_file);
    free_texts(options->tls.pins);
    for (size_t i = 0; options->headers != NULL && options->headers[i] != NULL; i++) {
        free_secret(options->headers[i]);
    }
    free((void *)(uintptr_t)options->headers);
    free_texts(options->fallback_urls);
    for (size_t i = 0; i < options->stale_count; i++) {
        free_text(options->stale[i].pattern);
    }
    free((void *)(uintptr_t)options->stale);
    free((void *)(uintptr_t)options->on_error);
    free((void *)(uintptr_t)options->rate_limits);
    *options = (struct session_options){0};
}

static int text_equal(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static int texts_equal(const char *const *a, const char *const *b)
{
    size_t i = 0;
    while (a != NULL && a[i] != NULL && b != NULL && b[i] != NULL && strcmp(a[i], b[i]) == 0) {
        i++;
    }
    return (a == NULL || a[i] == NULL) && (b == NULL || b[i] == NULL);
}

static const char *changed_option(const struct session_options *a, const struct session_options *b)
{
    if (!text_equal(a->name, b->name)) {
        return "name";
    }
    if (!text_equal(a->url, b->url) || !texts_equal(a->fallback_urls, b->fallback_urls)) {
        return "url";
    }
    if (!text_equal(a->subprotocols, b->subprotocols)) {
        return "subprotocols";
    }
    if (!text_equal(a->beat_text, b->beat_text) || !text_equal(a->beat_answer, b->beat_answer)) {
        return "heartbeat_text";
    }
    if (!text_equal(a->bind, b->bind)) {
        return "bind";
    }
    if (!text_equal(a->proxy, b->proxy)) {
        return "proxy";
    }
    if (WITH_DEFAULT(a, tcp_user_timeout_ms) != WITH_DEFAULT(b, tcp_user_timeout_ms) ||
        WITH_DEFAULT(a, tcp_keepalive_ms) != WITH_DEFAULT(b, tcp_keepalive_ms)) {
        return "tcp_user_timeout or tcp_keepalive";
    }
    if (a->compression != b->compression) {
        return "compression";
    }
    if (!text_equal(a->tls.ca_file, b->tls.ca_file) ||
        !text_equal(a->tls.certificate_file, b->tls.certificate_file) ||
        !text_equal(a->tls.key_file, b->tls.key_file) || a->tls.verify_off != b->tls.verify_off ||
        !texts_equal(a->tls.pins, b->tls.pins)) {
        return "tls";
    }
    return texts_equal(a->headers, b->headers) ? NULL : "headers";
}

int session_options_check_same(const struct session_options *from, const struct session_options *to,
                               struct hawser_error *err)
{
    const char *changed = changed_option(from, to);
    if (changed == NULL) {
        return 0;
    }
    error_set(err, HAWSER_SESSION_STATE,
              "session %s: %s differs, which a running session cannot take over", from->name,
              changed);
    return -1;
}
