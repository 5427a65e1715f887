/*
 * The rig of the session's tests. See rig.h.
 */
#include "rig.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/slice.h"
#include "session/states.h"

static clock_ns_t watch_ends;

static void append(char *all, const char *text)
{
    size_t len = strlen(all);
    (void)snprintf(all + len, RIG_TEXT_BYTES - len, "%s", text);
}

static void on_record(void *arg, const struct hawser_record *record)
{
    struct rig *rig = arg;
    char text[256];
    int event = record->kind == HAWSER_RECORD_GAP || record->kind == HAWSER_RECORD_STALE;
    (void)snprintf(text, sizeof(text), "%s%s%.*s%s%.*s;", dialect_record_kind(record->kind),
                   record->channel.len > 0 ? " " : "", (int)record->channel.len,
                   record->channel.data, event ? " " : "", event ? (int)record->reason.len : 0,
                   record->reason.data == NULL ? "" : record->reason.data);
    append(rig->records, text);
    ck_assert_uint_eq(record->sequence, rig->last_sequence + 1);
    ck_assert(slice_equal_text(record->session, "test"));
    rig->last_sequence = record->sequence;
    rig->last_epoch    = record->epoch;
    rig->last_since_ns = event ? record->since_ns : rig->last_since_ns;
}

static void on_state(void *arg, enum hawser_state state, const struct hawser_error *why)
{
    struct rig *rig = arg;
    append(rig->states, session_state_name(state));
    append(rig->states, " ");
    if (why != NULL) {
        rig->why = *why;
    }
}

void rig_init(struct rig *rig)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    *rig                    = (struct rig){.adapter = &DIALECT_FULL};
    rig->loop               = net_loop_create(NULL, &err);
    ck_assert_ptr_nonnull(rig->loop);
    rig->mock    = mock_create(rig->loop->base, &EXCHANGE_HANDLER, &rig->exchange);
    rig->options = dialect_options(mock_url(rig->mock));
}

void rig_start(struct rig *rig)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct session_env env  = {
         .loop      = rig->loop,
         .adapter   = rig->adapter,
         .budget    = rig->budget,
         .telemetry = rig->telemetry,
         .instance  = (struct hawser_instance *)(void *)&rig->dialect,
         .arg       = rig,
         .record    = on_record,
         .state     = on_state,
    };
    rig->session = session_create(&rig->options, &env, &err);
    ck_assert_msg(rig->session != NULL, "%s", err.message);
    rig->dialect.session = rig->session;
    session_start(rig->session);
}

void rig_fini(struct rig *rig)
{
    session_destroy(rig->session);
    ck_assert_uint_eq(rig->dialect.created, rig->dialect.destroyed);
    mock_destroy(rig->mock);
    net_loop_destroy(rig->loop);
}

void rig_watch_begin(struct rig *rig)
{
    (void)rig;
    watch_ends = clock_monotonic() + 10 * CLOCK_NS_PER_S;
}

int rig_turn(struct rig *rig)
{
    struct timeval most = {.tv_usec = 50000}; /* a condition may be about time alone */
    (void)event_base_loopexit(rig->loop->base, &most);
    (void)event_base_loop(rig->loop->base, EVLOOP_ONCE);
    return clock_monotonic() < watch_ends;
}

void rig_pass_ms(struct rig *rig, int64_t ms)
{
    clock_ns_t ends = clock_monotonic() + ms * CLOCK_NS_PER_MS;
    rig_until(rig, clock_monotonic() >= ends);
}

int rig_is(const struct rig *rig, enum hawser_state state)
{
    return session_state(rig->session) == state;
}

size_t rig_count(const char *all, const char *text)
{
    size_t count = 0;
    for (const char *at = strstr(all, text); at != NULL; at = strstr(at + 1, text)) {
        count++;
    }
    return count;
}

struct session_info rig_info(const struct rig *rig)
{
    struct session_info info;
    session_get_info(rig->session, &info);
    return info;
}

static void on_reply(void *arg, const struct hawser_reply *reply)
{
    struct rig *rig = arg;
    rig->replies++;
    rig->reply_err = reply->err == NULL ? (struct hawser_error)HAWSER_ERROR_INIT : *reply->err;
    (void)snprintf(rig->reply_result, sizeof(rig->reply_result), "%.*s", (int)reply->result.len,
                   reply->result.data == NULL ? "" : reply->result.data);
    if (rig->fail_in_reply && reply->err != NULL) {
        session_fail(rig->session, reply->err);
    }
}

int rig_call(struct rig *rig, const char *method, int64_t timeout_ms, struct hawser_error *err)
{
    return session_call(rig->session, method, (struct hawser_slice){NULL, 0}, timeout_ms, on_reply,
                        rig, err);
}
