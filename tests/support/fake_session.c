/*
 * The fake host's half for adapters: what was sent and called, what was delivered and reported.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/fake_host.h"
#include "support/fake_host_internal.h"

struct code_row {
    uint32_t code;
    uint32_t category;
    uint32_t recovery;
};

#define CODE_ROW(number, code, category, recovery, text)                                           \
    {number, HAWSER_##category, HAWSER_RECOVER_##recovery},
static const struct code_row CODES[] = {HAWSER_ERROR_TABLE(CODE_ROW)};
#undef CODE_ROW

void fake_error_set(struct hawser_error *err, uint32_t code, int64_t cause, const char *fmt, ...)
{
    *err = (struct hawser_error)HAWSER_ERROR_INIT;
    for (size_t i = 0; i < sizeof(CODES) / sizeof(CODES[0]); i++) {
        if (CODES[i].code == code) {
            err->category = CODES[i].category;
            err->recovery = CODES[i].recovery;
        }
    }
    err->code       = code;
    err->cause      = cause;
    err->cause_kind = cause == 0 ? HAWSER_CAUSE_NONE : HAWSER_CAUSE_JSONRPC;
    va_list args;
    va_start(args, fmt);
    if (vsnprintf(err->message, sizeof(err->message), fmt, args) < 0) {
        abort();
    }
    va_end(args);
}

/* Sending. */

static int may_send(struct fake_host *fake, struct hawser_error *err)
{
    uint32_t code = fake->refuse_code;
    if (code != 0) {
        fake->refuse_code = 0;
    } else if (!fake->open) {
        code = HAWSER_WS_NOT_OPEN;
    }
    if (code != 0) {
        fake_error_set(err, code, 0, "refused by the test");
        return -1;
    }
    return 0;
}

static int record_sent(struct hawser_instance *self, struct hawser_slice bytes, int binary,
                       struct hawser_error *err)
{
    struct fake_host *fake = fake_of(self);
    if (may_send(fake, err) != 0) {
        return -1;
    }
    fake->sent = fake_grow(fake->sent, fake->sent_count + 1, sizeof(fake->sent[0]));
    fake->sent[fake->sent_count++] = (struct fake_message){fake_copy(bytes), bytes.len, binary};
    return 0;
}

static int fake_send_text(struct hawser_instance *self, struct hawser_slice bytes,
                          struct hawser_error *err)
{
    return record_sent(self, bytes, 0, err);
}

static int fake_send_binary(struct hawser_instance *self, struct hawser_slice bytes,
                            struct hawser_error *err)
{
    return record_sent(self, bytes, 1, err);
}

/* What was sent is gone at once. */
static size_t fake_queued(struct hawser_instance *self)
{
    (void)fake_of(self);
    return 0;
}

const char *fake_host_last_sent(const struct fake_host *fake)
{
    return fake->sent_count == 0 ? "" : fake->sent[fake->sent_count - 1].bytes;
}

static struct fake_request *add_request(struct fake_host *fake, int64_t timeout_ms,
                                        hawser_reply_fn fn, void *arg)
{
    fake->requests = fake_grow(fake->requests, fake->request_count + 1, sizeof(fake->requests[0]));
    struct fake_request *request = &fake->requests[fake->request_count++];
    *request                     = (struct fake_request){
                            .id = fake->next_id++, .timeout_ms = timeout_ms, .fn = fn, .arg = arg, .waits = 1};
    return request;
}

static int fake_call(struct hawser_instance *self, const char *method, struct hawser_slice params,
                     int64_t timeout_ms, hawser_reply_fn fn, void *arg, struct hawser_error *err)
{
    struct fake_host *fake = fake_of(self);
    if (may_send(fake, err) != 0) {
        return -1;
    }
    struct fake_request *request = add_request(fake, timeout_ms, fn, arg);
    request->method              = fake_copy((struct hawser_slice){method, strlen(method)});
    request->params              = fake_copy(params);
    return 0;
}

static int fake_expect(struct hawser_instance *self, int64_t timeout_ms, hawser_reply_fn fn,
                       void *arg, uint64_t *id, struct hawser_error *err)
{
    struct fake_host *fake = fake_of(self);
    if (may_send(fake, err) != 0) {
        return -1;
    }
    struct fake_request *request = add_request(fake, timeout_ms, fn, arg);
    request->params              = fake_copy((struct hawser_slice){"", 0});
    *id                          = request->id;
    return 0;
}

void fake_host_refuse_next(struct fake_host *fake, uint32_t code)
{
    fake->refuse_code = code;
}

/* Answers. */

struct fake_request *fake_host_waiting(struct fake_host *fake, const char *method)
{
    for (size_t i = fake->request_count; i > 0; i--) {
        struct fake_request *request = &fake->requests[i - 1];
        if (request->waits &&
            (method == NULL || (request->method != NULL && strcmp(request->method, method) == 0))) {
            return request;
        }
    }
    return NULL;
}

/* In a block of its exact size, without a NUL: a read too far is seen. */
static struct hawser_slice exact(struct hawser_slice from)
{
    if (from.len == 0) {
        return (struct hawser_slice){NULL, 0};
    }
    char *copy = fake_grow(NULL, from.len, 1);
    memcpy(copy, from.data, from.len);
    return (struct hawser_slice){copy, from.len};
}

static int finish(struct fake_host *fake, uint64_t id, struct hawser_slice result,
                  struct hawser_slice error, const struct hawser_error *why)
{
    struct fake_request *request = NULL;
    for (size_t i = 0; i < fake->request_count; i++) {
        if (fake->requests[i].id == id && fake->requests[i].waits) {
            request = &fake->requests[i];
        }
    }
    if (request == NULL) {
        fake->late_answers++;
        return -1;
    }
    request->waits            = 0; /* before fn: it may call again, which moves the array */
    hawser_reply_fn fn        = request->fn;
    void *arg                 = request->arg;
    struct hawser_reply reply = {.result        = exact(result),
                                 .error         = exact(error),
                                 .err           = why,
                                 .round_trip_ns = why != NULL && error.len == 0 ? 0 : 1000000};
    if (fn != NULL) {
        fn(arg, &reply);
    }
    free((void *)(uintptr_t)reply.result.data);
    free((void *)(uintptr_t)reply.error.data);
    return 0;
}

static int fake_answered(struct hawser_instance *self, uint64_t id, struct hawser_slice result,
                         struct hawser_slice error)
{
    struct fake_host *fake  = fake_of(self);
    struct hawser_error err = HAWSER_ERROR_INIT;
    if (error.len == 0) {
        return finish(fake, id, result, error, NULL);
    }
    struct hawser_slice value = {NULL, 0};
    int64_t code              = 0;
    if (fake_host_table()->json_member(error, "code", &value) == 1) {
        code = strtoll(value.data, NULL, 10); /* ends at the comma or brace behind the number */
    }
    fake_error_set(&err, HAWSER_REQUEST_REFUSED, code, "%.*s", (int)error.len, error.data);
    return finish(fake, id, result, error, &err);
}

void fake_host_answer(struct fake_host *fake, uint64_t id, const char *result)
{
    if (fake_answered(fake_host_instance(fake), id, (struct hawser_slice){result, strlen(result)},
                      (struct hawser_slice){NULL, 0}) != 0) {
        abort();
    }
}

void fake_host_answer_error(struct fake_host *fake, uint64_t id, const char *error)
{
    if (fake_answered(fake_host_instance(fake), id, (struct hawser_slice){NULL, 0},
                      (struct hawser_slice){error, strlen(error)}) != 0) {
        abort();
    }
}

void fake_host_fail_request(struct fake_host *fake, uint64_t id, uint32_t code)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    fake_error_set(&err, code, 0, "ended by the test");
    if (finish(fake, id, (struct hawser_slice){NULL, 0}, (struct hawser_slice){NULL, 0}, &err) !=
        0) {
        abort();
    }
}

void fake_host_break(struct fake_host *fake)
{
    size_t count = fake->request_count; /* requests that the replies make stay */
    for (size_t i = 0; i < count; i++) {
        if (fake->requests[i].waits) {
            fake_host_fail_request(fake, fake->requests[i].id, HAWSER_REQUEST_UNKNOWN);
        }
    }
}

/* Receiving and progress. */

static void fake_deliver(struct hawser_instance *self, const struct hawser_delivery *delivery)
{
    struct fake_host *fake = fake_of(self);
    fake->deliveries =
        fake_grow(fake->deliveries, fake->delivery_count + 1, sizeof(fake->deliveries[0]));
    struct fake_delivery *kept = &fake->deliveries[fake->delivery_count++];
    kept->channel              = fake_copy(delivery->channel);
    kept->data                 = fake_copy(delivery->data);
    kept->as                   = *delivery;
    kept->as.channel.data      = kept->channel;
    kept->as.data.data         = kept->data;
}

static void fake_alive(struct hawser_instance *self)
{
    fake_event(fake_of(self), "alive");
}

static void fake_unexpected(struct hawser_instance *self, struct hawser_slice bytes,
                            const char *why)
{
    (void)bytes;
    fake_event(fake_of(self), "unexpected %s", why);
}

static void fake_authenticated(struct hawser_instance *self, int64_t valid_ms)
{
    fake_event(fake_of(self), "authenticated %" PRId64, valid_ms);
}

static void fake_restored(struct hawser_instance *self)
{
    fake_event(fake_of(self), "restored");
}

static void fake_channel_confirmed(struct hawser_instance *self, struct hawser_slice channel)
{
    fake_event(fake_of(self), "confirmed %.*s", (int)channel.len, channel.data);
}

static void fake_channel_refused(struct hawser_instance *self, struct hawser_slice channel,
                                 const struct hawser_error *why)
{
    fake_event(fake_of(self), "refused %.*s %u %s", (int)channel.len, channel.data, why->code,
               why->message);
}

static void fake_channel_gone(struct hawser_instance *self, struct hawser_slice channel)
{
    fake_event(fake_of(self), "gone %.*s", (int)channel.len, channel.data);
}

static void fake_left(struct hawser_instance *self)
{
    fake_event(fake_of(self), "left");
}

static void fake_fail(struct hawser_instance *self, const struct hawser_error *why)
{
    struct fake_host *fake = fake_of(self);
    fake->last_fail        = *why;
    fake_event(fake, "fail %u %s", why->code, why->message);
}

void fake_session_fill(struct hawser_host *table)
{
    table->send_text         = fake_send_text;
    table->send_binary       = fake_send_binary;
    table->queued            = fake_queued;
    table->call              = fake_call;
    table->expect            = fake_expect;
    table->answered          = fake_answered;
    table->deliver           = fake_deliver;
    table->alive             = fake_alive;
    table->unexpected        = fake_unexpected;
    table->authenticated     = fake_authenticated;
    table->restored          = fake_restored;
    table->channel_confirmed = fake_channel_confirmed;
    table->channel_refused   = fake_channel_refused;
    table->channel_gone      = fake_channel_gone;
    table->left              = fake_left;
    table->fail              = fake_fail;
}

void fake_session_fini(struct fake_host *fake)
{
    for (size_t i = 0; i < fake->sent_count; i++) {
        free(fake->sent[i].bytes);
    }
    for (size_t i = 0; i < fake->request_count; i++) {
        free(fake->requests[i].method);
        free(fake->requests[i].params);
    }
    for (size_t i = 0; i < fake->delivery_count; i++) {
        free(fake->deliveries[i].channel);
        free(fake->deliveries[i].data);
    }
    free(fake->sent);
    free(fake->requests);
    free(fake->deliveries);
}
