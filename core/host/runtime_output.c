/*
 * Outputs of one worker. See runtime.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/watch.h"
#include "conf/directive.h"
#include "host/runtime.h"
#include "module/instance.h"

struct runtime_output *runtime_output_find(const struct runtime *runtime, const char *name)
{
    struct list *node;
    list_for_each (node, &runtime->outputs) {
        struct runtime_output *output = LIST_ENTRY(node, struct runtime_output, node);
        if (strcmp(output->name, name) == 0) {
            return output;
        }
    }
    return NULL;
}

void runtime_output_destroy(struct runtime_output *output)
{
    if (output == NULL) {
        return;
    }
    list_remove(&output->node);
    output_destroy(output->output);
    instance_destroy(output->instance);
    runtime_config_release(output->config);
    free(output->name);
    free(output);
}

static int64_t number(const struct conf_node *block, const char *directive)
{
    return conf_get_number(block, &conf_core_table, 1, HAWSER_IN_OUTPUT, directive);
}

static int start(struct runtime_output *out, struct hawser_error *err)
{
    const struct hawser_output *vtable = out->module->descriptor->vtable.output;
    struct runtime_options *options    = &out->runtime->options;
    struct instance_options instance   = {.module    = out->module,
                                          .name      = out->name,
                                          .block     = out->block,
                                          .prefix    = options->prefix,
                                          .loop      = options->loop,
                                          .telemetry = options->telemetry};
    struct output_options settings     = {.name          = out->name,
                                          .queue_records = (size_t)number(out->block, "queue_records"),
                                          .queue_bytes   = (size_t)number(out->block, "queue_bytes"),
                                          .when_full     = number(out->block, "when_full") == 0
                                                               ? OUTPUT_DROP_OLDEST
                                                               : OUTPUT_DROP_NEWEST};
    void *object                       = NULL;
    out->instance                      = instance_create(&instance, err);
    if (out->instance == NULL) {
        return -1;
    }
    settings.subject = instance_subject(out->instance);
    uint64_t before  = watch_enter(settings.subject, WATCH_CREATE);
    int made         = vtable->create(hostapi_table(), out->instance, &object, err);
    watch_leave(before);
    if (made != 0) {
        return -1;
    }
    out->output = output_create(&settings, vtable, object, options->loop, options->telemetry, err);
    return out->output == NULL ? -1 : 0;
}

struct runtime_output *runtime_output_create(struct runtime *runtime, const struct conf_node *block,
                                             struct hawser_error *err)
{
    struct runtime_output *out = calloc(1, sizeof(*out));
    if (out == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for an output");
        return NULL;
    }
    list_init(&out->node);
    out->runtime = runtime;
    out->config  = runtime_config_use(runtime->config);
    out->block   = block;
    out->name    = strdup(block->words[block->word_count - 1]);
    out->module  = module_directory_find(runtime->modules, HAWSER_OUTPUT, block->words[1]);
    if (out->name == NULL || out->module == NULL) {
        error_set(err, HAWSER_MODULE_INIT, "output module \"%s\" is not loaded", block->words[1]);
        goto fail;
    }
    if (start(out, err) != 0) {
        error_prefix(err, "output %s", out->name);
        goto fail;
    }
    list_append(&runtime->outputs, &out->node);
    return out;
fail:
    runtime_output_destroy(out);
    return NULL;
}

static void on_drained(void *arg, size_t lost)
{
    struct runtime_output *out = arg;
    if (lost > 0) {
        log_about(LOG_SUBJECT("output", out->name), LOG_ERROR, "HW-HOST-059",
                  "%zu records could not be written before it closed", lost);
    }
    out->finished = 1;
    runtime_sweep_soon(out->runtime);
}

void runtime_output_retire(struct runtime_output *out, int64_t timeout_ms)
{
    list_remove(&out->node);
    list_append(&out->runtime->draining, &out->node);
    out->retired = 1;
    output_drain(out->output, timeout_ms, on_drained, out);
}
