/*
 * The table that modules call: the one place where both sides meet. Each function checks whose
 * instance it is and hands on to the session, the config, the loop.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "module/abi.h"
#include "module/object.h"
#include "output/line.h"
#include "rpc/scan.h"
#include "session/session.h"
#include "telemetry/metric.h"

#define METRIC_MAX      40u
#define CODE_DIGITS     3u
#define MESSAGE_ID_SIZE (HAWSER_MODULE_NAME_SIZE + 8)
#define METRIC_NAME_MAX (HAWSER_MODULE_NAME_SIZE + 1 + METRIC_MAX + 1)

/* A pointer that is no instance is a broken module: better to end than to go on with it. */
static struct hawser_instance *check(struct hawser_instance *self)
{
    return OBJ_CAST(struct hawser_instance, self, INSTANCE_MAGIC);
}

static struct session *session_of(struct hawser_instance *self, const char *function)
{
    if (check(self)->session == NULL) {
        instance_misused(self, function,
                         self->kind == HAWSER_ADAPTER ? "the session is not made yet, or over"
                                                      : "it is for adapters alone");
        return NULL;
    }
    return instance_is_on_loop(self, function) ? self->session : NULL;
}

static struct session *session_or_error(struct hawser_instance *self, const char *function,
                                        struct hawser_error *err)
{
    struct session *session = session_of(self, function);
    if (session == NULL) {
        error_set(err, HAWSER_SESSION_STATE, "%s is not possible here", function);
    }
    return session;
}

/* "#003 text" (HAWSER_MESSAGE) of module "deribit": HW-DERIBIT-003. @return the text */
static const char *take_id(const char *module, const char *fmt, char id[MESSAGE_ID_SIZE])
{
    int has_code = fmt[0] == '#' && strspn(fmt + 1, "0123456789") == CODE_DIGITS &&
                   fmt[1 + CODE_DIGITS] == ' ';
    (void)snprintf(id, MESSAGE_ID_SIZE, "HW-%s-%.3s", module, has_code ? fmt + 1 : "000");
    for (char *c = id; *c != 0; c++) {
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    }
    return has_code ? fmt + 1 + CODE_DIGITS + 1 : fmt;
}

static void api_log(struct hawser_instance *self, enum hawser_log_level level, const char *fmt, ...)
    HAWSER_PRINTF(3, 4);
static void api_log(struct hawser_instance *self, enum hawser_log_level level, const char *fmt, ...)
{
    static const char *const labels[] = {"?", "session", "output", "telemetry"};
    const struct log_subject *about   = check(self)->session != NULL
                                            ? session_log_subject(self->session)
                                            : LOG_SUBJECT(labels[self->kind], self->name);
    char id[MESSAGE_ID_SIZE];
    const char *text = take_id(self->module->descriptor->name, fmt, id);
    va_list args;
    va_start(args, fmt);
    log_vabout(about, (int)level, id, text, args);
    va_end(args);
}

static const char *api_name(struct hawser_instance *self)
{
    return check(self)->name;
}

static const char *api_conf_string(struct hawser_instance *self, const char *directive)
{
    return instance_conf_string(check(self), directive);
}

static int64_t api_conf_number(struct hawser_instance *self, const char *directive)
{
    return instance_conf_number(check(self), directive);
}

static size_t api_conf_count(struct hawser_instance *self, const char *directive)
{
    return instance_conf_count(check(self), directive);
}

static size_t api_conf_words(struct hawser_instance *self, const char *directive, size_t n,
                             const char *const **words)
{
    return instance_conf_words(check(self), directive, n, words);
}

static struct hawser_timer *api_timer_start(struct hawser_instance *self, int64_t delay_ms,
                                            void (*fn)(void *arg), void *arg)
{
    return instance_timer_start(check(self), delay_ms, fn, arg);
}

static void api_timer_stop(struct hawser_instance *self, struct hawser_timer *timer)
{
    instance_timer_stop(check(self), timer);
}

static void api_count(struct hawser_instance *self, const char *metric, uint64_t add)
{
    char name[METRIC_NAME_MAX];
    size_t len = strspn(metric, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (len == 0 || len > METRIC_MAX || metric[len] != '\0') {
        instance_misused(check(self), "count", "a metric's name is [a-z0-9_], at most 40 bytes");
        return;
    }
    if (check(self)->is_over) {
        return; /* the writer may be gone */
    }
    (void)snprintf(name, sizeof(name), "%s.%s", self->module->descriptor->name, metric); /* fits */
    telemetry_add(telemetry_metric(self->telemetry, name, self->name, HAWSER_METRIC_COUNTER),
                  (int64_t)add);
}

static const char *api_credential(struct hawser_instance *self, const char *key)
{
    struct session *session = session_of(self, "credential");
    return session == NULL ? NULL : session_credential(session, key);
}

static int api_send_text(struct hawser_instance *self, struct hawser_slice bytes,
                         struct hawser_error *err)
{
    struct session *session = session_or_error(self, "send_text", err);
    return session == NULL ? -1 : session_send(session, HAWSER_OPCODE_TEXT, bytes, err);
}

static int api_send_binary(struct hawser_instance *self, struct hawser_slice bytes,
                           struct hawser_error *err)
{
    struct session *session = session_or_error(self, "send_binary", err);
    return session == NULL ? -1 : session_send(session, HAWSER_OPCODE_BINARY, bytes, err);
}

static size_t api_queued(struct hawser_instance *self)
{
    struct session *session = session_of(self, "queued");
    return session == NULL ? 0 : session_unsent_bytes(session);
}

static int api_call(struct hawser_instance *self, const char *method, struct hawser_slice params,
                    int64_t timeout_ms, hawser_reply_fn fn, void *arg, struct hawser_error *err)
{
    struct session *session = session_or_error(self, "call", err);
    return session == NULL ? -1 : session_call(session, method, params, timeout_ms, fn, arg, err);
}

static int api_expect(struct hawser_instance *self, int64_t timeout_ms, hawser_reply_fn fn,
                      void *arg, uint64_t *id, struct hawser_error *err)
{
    struct session *session = session_or_error(self, "expect", err);
    return session == NULL ? -1 : session_expect(session, timeout_ms, fn, arg, id, err);
}

static int api_answered(struct hawser_instance *self, uint64_t id, struct hawser_slice result,
                        struct hawser_slice error)
{
    struct session *session = session_of(self, "answered");
    return session == NULL ? -1 : session_answered(session, id, result, error);
}

static void api_deliver(struct hawser_instance *self, const struct hawser_delivery *delivery)
{
    struct session *session = session_of(self, "deliver");
    if (session != NULL) {
        session_deliver(session, delivery);
    }
}

static void api_alive(struct hawser_instance *self)
{
    struct session *session = session_of(self, "alive");
    if (session != NULL) {
        session_alive(session);
    }
}

static void api_unexpected(struct hawser_instance *self, struct hawser_slice bytes, const char *why)
{
    struct session *session = session_of(self, "unexpected");
    if (session != NULL) {
        session_unexpected(session, bytes, why);
    }
}

static void api_authenticated(struct hawser_instance *self, int64_t valid_ms)
{
    struct session *session = session_of(self, "authenticated");
    if (session != NULL) {
        session_authenticated(session, valid_ms);
    }
}

static void api_restored(struct hawser_instance *self)
{
    struct session *session = session_of(self, "restored");
    if (session != NULL) {
        session_restored(session);
    }
}

static void api_channel_confirmed(struct hawser_instance *self, struct hawser_slice channel)
{
    struct session *session = session_of(self, "channel_confirmed");
    if (session != NULL) {
        session_channel_confirmed(session, channel);
    }
}

static void api_channel_refused(struct hawser_instance *self, struct hawser_slice channel,
                                const struct hawser_error *why)
{
    struct session *session = session_of(self, "channel_refused");
    if (session != NULL) {
        session_channel_refused(session, channel, why);
    }
}

static void api_channel_gone(struct hawser_instance *self, struct hawser_slice channel)
{
    struct session *session = session_of(self, "channel_gone");
    if (session != NULL) {
        session_channel_gone(session, channel);
    }
}

static void api_left(struct hawser_instance *self)
{
    struct session *session = session_of(self, "left");
    if (session != NULL) {
        session_left(session);
    }
}

static void api_fail(struct hawser_instance *self, const struct hawser_error *why)
{
    struct session *session = session_of(self, "fail");
    if (session != NULL) {
        session_fail(session, why);
    }
}

static int api_is_trial(struct hawser_instance *self)
{
    return OBJ_CAST(struct hawser_instance, self, INSTANCE_MAGIC)->is_trial;
}

static int api_secret_learned(struct hawser_instance *self, const char *name,
                              struct hawser_slice value, struct hawser_error *err)
{
    return instance_secret_learned(check(self), name, value, err);
}

static size_t api_record_line(const struct hawser_record *record, char *out, size_t size)
{
    size_t room = output_line_room(record);
    return room > size ? room : output_line_write(record, out);
}

static void api_error_set(struct hawser_error *err, uint32_t code, int64_t cause, const char *fmt,
                          ...) HAWSER_PRINTF(4, 5);
static void api_error_set(struct hawser_error *err, uint32_t code, int64_t cause, const char *fmt,
                          ...)
{
    va_list args;
    va_start(args, fmt);
    error_vset(err, (enum hawser_code)code, fmt, args);
    va_end(args);
    if (cause != 0) {
        error_set_cause(err, HAWSER_CAUSE_JSONRPC, cause);
    }
}

const struct hawser_host *hostapi_table(void)
{
    static const struct hawser_host table = {
        .struct_size        = sizeof(table),
        .abi_major          = HAWSER_ABI_MAJOR,
        .abi_minor          = HAWSER_ABI_MINOR,
        .log                = api_log,
        .name               = api_name,
        .clock_monotonic_ns = clock_monotonic,
        .clock_realtime_ns  = clock_realtime,
        .conf_string        = api_conf_string,
        .conf_number        = api_conf_number,
        .conf_count         = api_conf_count,
        .conf_words         = api_conf_words,
        .timer_start        = api_timer_start,
        .timer_stop         = api_timer_stop,
        .count              = api_count,
        .credential         = api_credential,
        .send_text          = api_send_text,
        .send_binary        = api_send_binary,
        .call               = api_call,
        .expect             = api_expect,
        .answered           = api_answered,
        .scan               = rpc_scan,
        .json_member        = rpc_member,
        .deliver            = api_deliver,
        .alive              = api_alive,
        .unexpected         = api_unexpected,
        .authenticated      = api_authenticated,
        .restored           = api_restored,
        .channel_confirmed  = api_channel_confirmed,
        .channel_refused    = api_channel_refused,
        .channel_gone       = api_channel_gone,
        .left               = api_left,
        .fail               = api_fail,
        .error_set          = api_error_set,
        .is_trial           = api_is_trial,
        .record_line        = api_record_line,
        .secret_learned     = api_secret_learned,
        .queued             = api_queued,
    };
    return &table;
}
