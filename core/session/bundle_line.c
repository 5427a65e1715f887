/*
 * One line of a bundle: its session, and what the session's owner holds for it. See bundle.h.
 */
#include <stdlib.h>

#include "base/error.h"
#include "session/bundle_object.h"

/* Hot. */
static void on_record(void *arg, const struct hawser_record *record)
{
    const struct bundle *bundle = OBJ_CAST(struct bundle_line, arg, BUNDLE_LINE_MAGIC)->bundle;
    bundle->env.record(bundle->env.arg, record);
}

static void on_state(void *arg, enum hawser_state state, const struct hawser_error *why)
{
    struct bundle *bundle = OBJ_CAST(struct bundle_line, arg, BUNDLE_LINE_MAGIC)->bundle;
    bundle->state         = state;
    if (bundle->env.state != NULL) {
        bundle->env.state(bundle->env.arg, state, why);
    }
}

void bundle_line_destroy(struct bundle_line *line)
{
    if (line == NULL) {
        return;
    }
    const struct bundle_env *env = &line->bundle->env;
    list_remove(&line->node);
    session_destroy(line->session);
    if (line->context != NULL) {
        env->line_close(env->arg, line->context);
    }
    line->magic = 0;
    free(line);
}

struct bundle_line *bundle_line_create(struct bundle *bundle, const struct session_options *options,
                                       struct hawser_error *err)
{
    struct bundle_line *line = calloc(1, sizeof(*line));
    struct session_env env   = {.loop      = bundle->env.loop,
                                .telemetry = bundle->env.telemetry,
                                .budget    = bundle->env.budget,
                                .arg       = line,
                                .record    = on_record,
                                .state     = on_state};
    if (line == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a line of session %s", options->name);
        return NULL;
    }
    line->magic  = BUNDLE_LINE_MAGIC;
    line->bundle = bundle;
    list_init(&line->node);
    if (bundle->env.line_open(bundle->env.arg, NULL, &env, &line->context, err) != 0) {
        goto fail;
    }
    line->session = session_create(options, &env, err);
    if (line->session == NULL ||
        bundle->env.line_made(bundle->env.arg, line->context, line->session, err) != 0) {
        goto fail;
    }
    list_append(&bundle->lines, &line->node);
    return line;
fail:
    bundle_line_destroy(line);
    return NULL;
}
