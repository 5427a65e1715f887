/*
 * One line of a bundle: its session, its place among the others, and what the session's owner holds
 * for it. See bundle.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/random.h"
#include "session/bundle_object.h"

#define SELF(arg) OBJ_CAST(struct bundle_line, arg, BUNDLE_LINE_MAGIC)

/* From useless to useful. */
static const uint8_t RANKS[HAWSER_STATE_COUNT] = {
    [HAWSER_STATE_FAILED] = 0,          [HAWSER_STATE_CLOSED] = 1,
    [HAWSER_STATE_CLOSING] = 2,         [HAWSER_STATE_IDLE] = 3,
    [HAWSER_STATE_BACKOFF] = 4,         [HAWSER_STATE_RESOLVING] = 5,
    [HAWSER_STATE_CONNECTING] = 6,      [HAWSER_STATE_TLS] = 7,
    [HAWSER_STATE_UPGRADING] = 8,       [HAWSER_STATE_OPEN] = 9,
    [HAWSER_STATE_AUTHENTICATING] = 10, [HAWSER_STATE_RESTORING] = 11,
    [HAWSER_STATE_READY] = 12};

/* Hot. */
static void on_record(void *arg, const struct hawser_record *record)
{
    struct bundle_line *line    = SELF(arg);
    const struct bundle *bundle = line->bundle;
    if (bundle->merge != NULL) {
        bundle_merge_record(line, record);
    } else {
        bundle->env.record(bundle->env.arg, record);
    }
}

static void report(const struct bundle *bundle)
{
    if (bundle->standby.is_on || bundle->standby.yielded) {
        return; /* the other process tells */
    }
    struct session *first = bundle_first(bundle)->session;
    int64_t ready         = 0;
    const struct list *node;
    list_for_each (node, &bundle->lines) {
        ready +=
            LIST_ENTRY(node, const struct bundle_line, node)->session->state == HAWSER_STATE_READY;
    }
    telemetry_set(first->state_cell, bundle->state); /* all lines have the same cell */
    telemetry_set(telemetry_metric(bundle->env.telemetry, "session.lines_ready", bundle->name,
                                   HAWSER_METRIC_GAUGE),
                  ready);
}

void bundle_restate(struct bundle *bundle, const struct hawser_error *why)
{
    enum hawser_state best = HAWSER_STATE_FAILED;
    const struct list *node;
    list_for_each (node, &bundle->lines) {
        enum hawser_state state = LIST_ENTRY(node, const struct bundle_line, node)->session->state;
        best                    = RANKS[state] > RANKS[best] ? state : best;
    }
    int changed   = best != bundle->state;
    bundle->state = best;
    report(bundle);
    if (changed && bundle->env.state != NULL) {
        bundle->env.state(bundle->env.arg, best, why);
    }
}

static void on_state(void *arg, enum hawser_state state, const struct hawser_error *why)
{
    struct bundle *bundle = SELF(arg)->bundle;
    if (bundle->merge != NULL) {
        bundle_restate(bundle, why);
        bundle_tidy_soon(bundle);
        return;
    }
    bundle->state = state;
    if (state == HAWSER_STATE_READY && bundle->rotate_ms > 0) {
        bundle_tidy_soon(bundle);
    }
    if (bundle->env.state != NULL) {
        bundle->env.state(bundle->env.arg, state, why);
    }
}

struct bundle_line *bundle_line_of(const struct bundle *bundle, size_t slot)
{
    struct list *node;
    list_for_each (node, &bundle->lines) {
        if (LINE_OF(node)->slot == slot) {
            return LINE_OF(node);
        }
    }
    return NULL;
}

void bundle_options_for(const struct session_options *from, size_t by, size_t place,
                        const char *urls[URLS_MAX + 1], struct session_options *to)
{
    const char *all[URLS_MAX] = {from->url};
    size_t count              = 1;
    while (from->fallback_urls != NULL && from->fallback_urls[count - 1] != NULL &&
           count < URLS_MAX) {
        all[count] = from->fallback_urls[count - 1];
        count++;
    }
    for (size_t i = 0; i < count; i++) {
        urls[i] = all[(i + by) % count];
    }
    urls[count]       = NULL;
    *to               = *from;
    to->url           = urls[0];
    to->fallback_urls = &urls[1];
    to->first_address = (uint32_t)(place / count);
}

static size_t url_count(const struct session_options *options)
{
    size_t count = 1;
    while (options->fallback_urls != NULL && options->fallback_urls[count - 1] != NULL) {
        count++;
    }
    return count;
}

void bundle_line_destroy(struct bundle_line *line)
{
    if (line == NULL) {
        return;
    }
    const struct bundle_env *env = &line->bundle->env;
    if (line->bundle->merge != NULL && line->session != NULL) {
        line->bundle->merge->epoch_gone += line->session->epoch; /* epochs never go back */
    }
    list_remove(&line->node);
    bundle_line_went(line);
    session_destroy(line->session);
    if (line->context != NULL) {
        env->line_close(env->arg, line->context);
    }
    line->magic = 0;
    free(line);
}

void bundle_line_retire(struct bundle_line *line, const char *reason)
{
    line->retiring = 1;
    session_leave(line->session, HAWSER_CLOSE_GOING_AWAY, reason);
}

static int make_session(struct bundle_line *line, const struct session_options *options,
                        const struct bundle_line *like, struct hawser_error *err)
{
    struct bundle *bundle  = line->bundle;
    struct session_env env = {.loop      = bundle->env.loop,
                              .telemetry = bundle->env.telemetry,
                              .budget    = bundle->env.budget,
                              .arg       = line,
                              .record    = on_record,
                              .state     = on_state};
    const char *urls[URLS_MAX + 1];
    struct session_options own;
    size_t back = options != NULL || like == NULL ? 0 : like->place;
    options     = options != NULL ? options : &like->session->options;
    /* from the place that the options are of, back to the first, and on to ours */
    size_t count = url_count(options);
    bundle_options_for(options, line->place + count * (back + 1) - back, line->place, urls, &own);
    if (bundle->env.line_open(bundle->env.arg, like == NULL ? NULL : like->context, &env,
                              &line->context, err) != 0) {
        return -1;
    }
    line->session = session_create(&own, &env, err);
    return line->session == NULL ||
                   bundle->env.line_made(bundle->env.arg, line->context, line->session, err) != 0
               ? -1
               : 0;
}

static int follow(struct session *session, const struct session *like, struct hawser_error *err)
{
    return session_follow_channels(session, like, CHANNEL_BY_CONFIG | CHANNEL_BY_CALL, err) != 0 ||
                   session_follow_credentials(session, like, err) != 0
               ? -1
               : 0;
}

static void find_cells(struct bundle_line *line)
{
    char name[64];
    (void)snprintf(name, sizeof(name), "%s/%zu", line->bundle->name,
                   line->slot + 1); /* may be cut */
    line->won_cell =
        telemetry_metric(line->bundle->env.telemetry, "line.won", name, HAWSER_METRIC_COUNTER);
    line->lead_cell =
        telemetry_metric(line->bundle->env.telemetry, "line.lead_ns", name, HAWSER_METRIC_COUNTER);
}

void bundle_line_win_unseen(struct bundle *bundle)
{
    struct list *node;
    list_for_each (node, &bundle->lines) {
        struct bundle_line *line = LINE_OF(node);
        line->won_cell  = line->won_cell == NULL ? &bundle->standby.unseen : line->won_cell;
        line->lead_cell = line->lead_cell == NULL ? &bundle->standby.unseen : line->lead_cell;
    }
}

/* The log names lines where there are several. */
static int join(struct bundle *bundle, struct bundle_line *line, struct hawser_error *err)
{
    struct list *node;
    if (bundle->merge == NULL && list_is_empty(&bundle->lines) && bundle->wanted_lines == 1) {
        list_append(&bundle->lines, &line->node);
        return 0;
    }
    if (bundle->merge == NULL && bundle_merge_begin(bundle, err) != 0) {
        return -1;
    }
    list_append(&bundle->lines, &line->node);
    list_for_each (node, &bundle->lines) {
        struct bundle_line *each = LINE_OF(node);
        find_cells(each);
        if (session_set_line(each->session, (unsigned)each->slot + 1, err) != 0) {
            return -1;
        }
    }
    return bundle_merge_sync(bundle, err);
}

struct bundle_line *bundle_line_create(struct bundle *bundle, const struct session_options *options,
                                       struct bundle_line *like, size_t place,
                                       struct hawser_error *err)
{
    struct bundle_line *line = calloc(1, sizeof(*line));
    size_t slot              = 0;
    while (slot < MERGE_LINES_MAX && bundle_line_of(bundle, slot) != NULL) {
        slot++;
    }
    if (line == NULL || slot == MERGE_LINES_MAX) {
        error_set(err, line == NULL ? HAWSER_SYSTEM_MEMORY : HAWSER_SYSTEM_LIMIT,
                  "no room for one more line");
        free(line);
        return NULL;
    }
    *line = (struct bundle_line){.magic      = BUNDLE_LINE_MAGIC,
                                 .bundle     = bundle,
                                 .slot       = slot,
                                 .place      = place,
                                 .generation = like == NULL ? bundle->generation : like->generation,
                                 .spread     = random_fraction()};
    list_init(&line->node);
    if (make_session(line, options, like, err) != 0 ||
        (options == NULL && follow(line->session, like->session, err) != 0) ||
        join(bundle, line, err) != 0) {
        bundle_line_destroy(line);
        return NULL;
    }
    return line;
}
