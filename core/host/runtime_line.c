/*
 * What each line of a session has of the host's: an instance of the adapter's module, and the
 * config that it reads. See runtime.h.
 */
#include <stdlib.h>

#include "base/error.h"
#include "host/runtime.h"
#include "module/instance.h"

struct runtime_line {
    struct list node;
    struct runtime_config *config;
    const struct conf_node *block;
    const struct module *module;
    struct hawser_instance *instance;
};

static struct runtime_line *make_line(struct runtime_session *session,
                                      const struct runtime_line *like)
{
    struct runtime_line *line = calloc(1, sizeof(*line));
    if (line == NULL) {
        return NULL;
    }
    line->config = runtime_config_use(like == NULL ? session->config : like->config);
    line->block  = like == NULL ? session->block : like->block;
    line->module = like == NULL ? session->module : like->module;
    list_append(&session->lines, &line->node);
    return line;
}

int runtime_line_open(void *arg, void *like, struct session_env *env, void **out,
                      struct hawser_error *err)
{
    struct runtime_session *session       = arg;
    const struct runtime_options *options = &session->runtime->options;
    struct runtime_line *line             = make_line(session, like);
    if (line == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for a line of a session");
        return -1;
    }
    struct instance_options instance = {.module    = line->module,
                                        .name      = session->name,
                                        .block     = line->block,
                                        .prefix    = options->prefix,
                                        .loop      = options->loop,
                                        .telemetry = options->telemetry};
    line->instance                   = instance_create(&instance, err);
    if (line->instance == NULL) {
        runtime_line_close(session, line);
        return -1;
    }
    env->adapter  = line->module->descriptor->vtable.adapter;
    env->host     = hostapi_table();
    env->instance = line->instance;
    env->subject  = instance_subject(line->instance);
    *out          = line;
    return 0;
}

int runtime_line_made(void *arg, void *context, struct session *made, struct hawser_error *err)
{
    const struct runtime_session *session = arg;
    const struct runtime_line *line       = context;
    const char *pairs[SECRETS_MAX_PAIRS * 2];
    size_t count = secrets_of(&session->runtime->secrets, session->name, pairs, SECRETS_MAX_PAIRS);
    instance_set_session(line->instance, made);
    return count == 0 ? 0 : session_set_credentials(made, pairs, count, err);
}

void runtime_line_close(void *arg, void *context)
{
    struct runtime_line *line = context;
    (void)arg;
    list_remove(&line->node);
    instance_destroy(line->instance);
    runtime_config_release(line->config);
    free(line);
}

void runtime_lines_rebase(struct runtime_session *session, const struct runtime_config *old)
{
    struct list *node;
    list_for_each (node, &session->lines) {
        struct runtime_line *line = LIST_ENTRY(node, struct runtime_line, node);
        if (line->config == old) {
            struct runtime_config *before = line->config;
            line->config                  = runtime_config_use(session->config);
            line->block                   = session->block;
            instance_set_block(line->instance, line->block);
            runtime_config_release(before);
        }
    }
}
