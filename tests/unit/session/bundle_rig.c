/*
 * The rig of a bundle's tests. See bundle_rig.h.
 */
#include "bundle_rig.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "support/fake_clock.h"

#define DATA_SHOWN 24 /* bytes */

/* the adapter: the session's usual one, and it tells the exchange which line it is of */

static void connected(void *adapter)
{
    struct dialect *dialect = adapter;
    struct hawser_error err = HAWSER_ERROR_INIT;
    char text[32];
    dialect->connected++;
    (void)snprintf(text, sizeof(text), "iam %zu", dialect->number);
    ck_assert_int_eq(session_send(dialect->session, HAWSER_OPCODE_TEXT, slice_of(text), &err), 0);
}

/* the exchange */

static void on_gone(void *arg, struct mock_peer *peer)
{
    struct bundle_rig *rig = arg;
    for (size_t line = 0; line < BUNDLE_RIG_LINES; line++) {
        rig->peers[line] = rig->peers[line] == peer ? NULL : rig->peers[line];
    }
}

static void on_message(void *arg, struct mock_peer *peer, enum hawser_opcode opcode,
                       struct hawser_slice bytes)
{
    struct bundle_rig *rig = arg;
    if (bytes.len > 4 && memcmp(bytes.data, "iam ", 4) == 0) {
        rig->peers[strtoul((const char *)bytes.data + 4, NULL, 10) % BUNDLE_RIG_LINES] = peer;
    } else {
        EXCHANGE_HANDLER.message(&rig->exchange, peer, opcode, bytes);
    }
}

static const struct mock_handler HANDLER = {.message = on_message, .gone = on_gone};

/* the bundle's surroundings */

static void append(struct bundle_rig *rig, const char *text)
{
    size_t len = strlen(rig->records);
    (void)snprintf(rig->records + len, sizeof(rig->records) - len, "%s;", text);
}

static void on_record(void *arg, const struct hawser_record *record)
{
    struct bundle_rig *rig = arg;
    char text[128];
    ck_assert_uint_eq(record->sequence, rig->last_sequence + 1);
    rig->last_sequence = record->sequence;
    if (record->kind == HAWSER_RECORD_DATA) {
        int len = (int)(record->data.len < DATA_SHOWN ? record->data.len : DATA_SHOWN);
        (void)snprintf(text, sizeof(text), "%.*s", len, record->data.data);
    } else if (record->kind == HAWSER_RECORD_GAP) {
        rig->last_since_ns = record->since_ns;
        (void)snprintf(text, sizeof(text), "GAP %.*s %.*s", (int)record->channel.len,
                       record->channel.data, (int)record->reason.len, record->reason.data);
    } else {
        (void)snprintf(text, sizeof(text), "%s", dialect_record_kind(record->kind));
    }
    append(rig, text);
}

static int line_open(void *arg, void *like, struct session_env *env, void **context,
                     struct hawser_error *err)
{
    struct bundle_rig *rig = arg;
    (void)like;
    (void)err;
    ck_assert_uint_lt(rig->made, BUNDLE_RIG_LINES);
    struct dialect *dialect = &rig->dialects[rig->made];
    *dialect                = (struct dialect){.number = rig->made++};
    env->adapter            = &rig->adapter;
    env->instance           = (struct hawser_instance *)(void *)dialect;
    *context                = dialect;
    return 0;
}

static int line_made(void *arg, void *context, struct session *line, struct hawser_error *err)
{
    (void)arg;
    (void)err;
    ((struct dialect *)context)->session = line;
    return 0;
}

static void line_close(void *arg, void *context)
{
    (void)arg;
    ((struct dialect *)context)->session = NULL;
}

static void moved(void *arg, const struct hawser_error *why)
{
    struct bundle_rig *rig = arg;
    ck_assert_msg(why == NULL, "the move failed: %s", why == NULL ? "" : why->message);
    rig->moves++;
}

/* the rig */

void bundle_rig_init(struct bundle_rig *rig)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    *rig                    = (struct bundle_rig){.adapter = DIALECT_FULL};
    rig->adapter.connected  = connected;
    fake_clock_install();
    rig->loop = net_loop_create(NULL, &err);
    ck_assert_ptr_nonnull(rig->loop);
    rig->mock    = mock_create(rig->loop->base, &HANDLER, rig);
    rig->session = dialect_options(mock_url(rig->mock));
    rig->options = (struct bundle_options){.session = &rig->session, .lines = 2};
}

void bundle_rig_start(struct bundle_rig *rig)
{
    struct hawser_error err = HAWSER_ERROR_INIT;
    struct bundle_env env   = {
          .loop       = rig->loop,
          .arg        = rig,
          .record     = on_record,
          .line_open  = line_open,
          .line_made  = line_made,
          .line_close = line_close,
          .moved      = moved,
    };
    rig->bundle = bundle_create(&rig->options, &env, &err);
    ck_assert_msg(rig->bundle != NULL, "%s", err.message);
    bundle_start(rig->bundle);
    for (size_t line = 0; line < rig->options.lines; line++) {
        bundle_rig_until(rig, bundle_rig_is_ready(rig, line));
    }
    bundle_rig_expect(rig, "READY;");
}

void bundle_rig_fini(struct bundle_rig *rig)
{
    bundle_destroy(rig->bundle);
    for (size_t line = 0; line < rig->made; line++) {
        ck_assert_uint_eq(rig->dialects[line].created, rig->dialects[line].destroyed);
    }
    mock_destroy(rig->mock);
    net_loop_destroy(rig->loop);
    fake_clock_remove();
}

void bundle_rig_watch_begin(struct bundle_rig *rig)
{
    rig->ends = time(NULL) + 10;
}

int bundle_rig_turn(struct bundle_rig *rig)
{
    struct timeval most = {.tv_usec = 50000}; /* a condition may be about time alone */
    (void)event_base_loopexit(rig->loop->base, &most);
    (void)event_base_loop(rig->loop->base, EVLOOP_ONCE);
    fake_clock_advance(1000);
    return time(NULL) <= rig->ends;
}

int bundle_rig_is_ready(const struct bundle_rig *rig, size_t line)
{
    const struct session *session = rig->dialects[line].session;
    return session != NULL && rig->peers[line] != NULL &&
           session_state(session) == HAWSER_STATE_READY;
}

void bundle_rig_cut(struct bundle_rig *rig, size_t line)
{
    const struct session *session = rig->dialects[line].session;
    mock_cut(rig->peers[line]);
    bundle_rig_until(rig, session_state(session) != HAWSER_STATE_READY);
}

static uint64_t messages_of(const struct bundle_rig *rig, size_t line)
{
    struct session_info info;
    session_get_info(rig->dialects[line].session, &info);
    return info.messages;
}

static void say(struct bundle_rig *rig, size_t line, struct hawser_slice bytes)
{
    uint64_t before = messages_of(rig, line);
    mock_send(rig->peers[line], HAWSER_OPCODE_TEXT, bytes);
    bundle_rig_until(rig, messages_of(rig, line) > before);
}

void bundle_rig_say(struct bundle_rig *rig, size_t line, const char *text)
{
    say(rig, line, slice_of(text));
}

void bundle_rig_say_much(struct bundle_rig *rig, size_t line, const char *text, size_t bytes)
{
    char *all = calloc(1, bytes);
    ck_assert_ptr_nonnull(all);
    memset(all, '.', bytes);
    memcpy(all, text, strlen(text));
    say(rig, line, (struct hawser_slice){all, bytes});
    free(all);
}

struct look {
    unsigned number;
    size_t covers;
};

static void look_at(void *arg, const struct bundle_line_info *info)
{
    struct look *look = arg;
    if (look->number-- == 0) {
        look->covers = info->covers;
    }
}

size_t bundle_rig_covers(const struct bundle_rig *rig, size_t line)
{
    struct look look = {.number = 0, .covers = SIZE_MAX};
    if (rig->dialects[line].session == NULL) {
        return SIZE_MAX;
    }
    for (size_t before = 0; before < line; before++) { /* the list has them in the same order */
        look.number += rig->dialects[before].session != NULL;
    }
    bundle_each_line(rig->bundle, look_at, &look);
    return look.covers;
}

void bundle_rig_expect(struct bundle_rig *rig, const char *records)
{
    ck_assert_str_eq(rig->records, records);
    rig->records[0] = '\0';
}
