/*
 * JSON-RPC from both sides. What is built of any bytes is JSON to Jansson and says the same again;
 * an answer of any bytes, in any order with deadlines and losses, ends each request at most once
 * and all of them in the end; an error object of any bytes becomes one line. Input: a byte that
 * chooses, then the bytes.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/slice.h"
#include "rpc/build.h"
#include "rpc/correlate.h"
#include "rpc/scan.h"
#include "rpc/text.h"

#define WAITING_MAX 6u
#define STEPS_MAX   200u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int truth)
{
    if (!truth) {
        abort();
    }
}

/* Does the text survive the way through a JSON string? Invalid UTF-8 comes back as U+FFFD, but it
 * comes back. */
static void fuzz_string(struct hawser_slice text)
{
    struct buf out = {0};
    struct hawser_slice content;
    int escaped    = 0;
    json_t *wanted = json_stringn(text.data, text.len); /* NULL: not UTF-8 */
    must(rpc_build_string(&out, text) == 0);
    must(rpc_string(buf_slice(&out), &content, &escaped) == 0);
    json_t *found =
        json_loadb((const char *)buf_data(&out), out.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    must(found != NULL);
    must(wanted == NULL || json_equal(wanted, found));
    char *plain = malloc(content.len + 1);
    must(plain != NULL);
    size_t len = rpc_text_unescape(content, plain, content.len);
    must(len == json_string_length(found) && memcmp(plain, json_string_value(found), len) == 0);
    free(plain);
    json_decref(found);
    json_decref(wanted);
    buf_fini(&out);
}

static void fuzz_messages(struct hawser_slice text)
{
    struct hawser_envelope envelope;
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct buf out          = {0};
    struct buf json         = {0};
    char *method            = strndup(text.data, text.len); /* up to a NUL */
    must(method != NULL && rpc_build_string(&json, text) == 0);
    must(rpc_build_request(&out, text.len, method, buf_slice(&json)) == 0);
    must(rpc_scan_strict(buf_slice(&out), &envelope) == 0);
    must((envelope.flags & HAWSER_ENVELOPE_HAS_METHOD) != 0);
    must(envelope.id == (int64_t)text.len && slice_equal(envelope.params, buf_slice(&json)));
    out.len = 0;
    must(rpc_build_result(&out, buf_slice(&json), buf_slice(&json)) == 0);
    must(rpc_scan_strict(buf_slice(&out), &envelope) == 0);
    must(slice_equal(envelope.result, buf_slice(&json)));
    must((envelope.flags & HAWSER_ENVELOPE_STRING_ID) != 0);
    out.len = 0;
    must(rpc_build_error(&out, SLICE_LITERAL(""), -32000, method, buf_slice(&json)) == 0);
    must(rpc_scan_strict(buf_slice(&out), &envelope) == 0);
    must((envelope.flags & HAWSER_ENVELOPE_HAS_ERROR) != 0);
    rpc_error_explain(envelope.error, &err);
    must(err.cause == -32000);
    free(method);
    buf_fini(&json);
    buf_fini(&out);
}

struct run {
    struct rpc_pending *pending;
    uint8_t *ended; /* by id */
    size_t added;
    size_t over;
    int again; /* the next function adds a request from within */
    clock_ns_t now;
};

struct waiter {
    struct run *run;
    size_t id;
};

static void add(struct run *run, clock_ns_t deadline);

static void on_reply(void *arg, const struct hawser_reply *reply)
{
    struct waiter waiter = *(struct waiter *)arg;
    struct run *run      = waiter.run;
    free(arg);
    must(run->ended[waiter.id]++ == 0);
    must(reply->err == NULL || reply->err->code != 0);
    run->over++;
    if (run->again) {
        run->again = 0;
        add(run, run->now + 5);
    }
}

static void add(struct run *run, clock_ns_t deadline)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct waiter *waiter   = malloc(sizeof(*waiter));
    uint64_t id             = 0;
    must(waiter != NULL);
    if (run->added >= 2 * STEPS_MAX ||
        rpc_pending_add(run->pending, run->now, deadline, on_reply, waiter, &id, &err) != 0) {
        free(waiter);
        return;
    }
    must(id == run->added + 1 && id <= 2 * STEPS_MAX);
    *waiter = (struct waiter){run, (size_t)id};
    run->added++;
}

static void take_answer(struct run *run, struct hawser_slice bytes)
{
    struct hawser_envelope envelope;
    if (rpc_scan(bytes, &envelope) == 0 && (envelope.flags & HAWSER_ENVELOPE_HAS_ID) != 0) {
        size_t before = run->over;
        int rc = rpc_pending_answer(run->pending, (uint64_t)envelope.id, run->now, envelope.result,
                                    envelope.error);
        must(run->over - before == (rc == 0));
    }
}

static void step(struct run *run, uint8_t byte, struct hawser_slice rest)
{
    struct hawser_error why = HAWSER_ERROR_INIT;
    run->now += byte >> 6;
    switch (byte & 7u) {
    case 0:
    case 1:
        add(run, run->now + (byte >> 3 & 7u));
        break;
    case 2:
        (void)rpc_pending_answer(run->pending, byte >> 3, run->now, rest, SLICE_LITERAL(""));
        break;
    case 3:
        take_answer(run, rest);
        break;
    case 4:
        (void)rpc_pending_expire(run->pending, run->now);
        must(rpc_pending_next_deadline(run->pending) == 0 || *rpc_pending_count(run->pending) > 0);
        break;
    case 5:
        run->again = 1;
        break;
    case 6:
        (void)rpc_pending_answer(run->pending, byte >> 3, run->now, SLICE_LITERAL(""), rest);
        break;
    default:
        error_set(&why, HAWSER_NET_LOST, "lost");
        rpc_pending_fail_all(run->pending, &why);
        break;
    }
    must(*rpc_pending_count(run->pending) <= WAITING_MAX);
    must(*rpc_pending_count(run->pending) == run->added - run->over);
}

static void fuzz_answers(struct hawser_slice bytes)
{
    struct hawser_error why = HAWSER_ERROR_INIT;
    struct run run          = {.pending = rpc_pending_create(WAITING_MAX),
                               .ended   = calloc(2 * STEPS_MAX + 1, 1),
                               .now     = 1};
    must(run.pending != NULL && run.ended != NULL);
    for (size_t i = 0; i < bytes.len && i < STEPS_MAX; i++) {
        step(&run, (uint8_t)bytes.data[i], slice_skip(bytes, i + 1));
    }
    run.again = 0;
    error_set(&why, HAWSER_NET_LOST, "the end");
    rpc_pending_fail_all(run.pending, &why);
    must(*rpc_pending_count(run.pending) == 0 && run.over == run.added);
    rpc_pending_destroy(run.pending);
    free(run.ended);
}

static void fuzz_error(struct hawser_slice bytes)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    rpc_error_explain(bytes, &err);
    size_t len = strnlen(err.message, sizeof(err.message));
    must(len < sizeof(err.message) && err.code == HAWSER_REQUEST_REFUSED);
    for (size_t i = 0; i < len; i++) {
        must((uint8_t)err.message[i] >= 0x20);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const WAYS[])(struct hawser_slice) = {fuzz_string, fuzz_messages, fuzz_answers,
                                                        fuzz_error};
    if (size == 0) {
        return 0;
    }
    char *copy = malloc(size); /* one byte too far is seen */
    must(copy != NULL);
    memcpy(copy, data, size);
    WAYS[data[0] & 3u](slice_make(copy + 1, size - 1));
    free(copy);
    return 0;
}
