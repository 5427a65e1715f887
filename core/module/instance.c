/*
 * Life of an instance. One of a module with a thread of its own is kept, emptied, after its end:
 * that thread may be inside a call that does not come back, and call the host when it does.
 */
#include "module/instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/watch.h"
#include "hawser/output.h"
#include "module/object.h"

static struct list over = {&over, &over}; /* of the loop's thread */

static uint32_t context_of(uint32_t kind)
{
    switch (kind) {
    case HAWSER_ADAPTER:
        return HAWSER_IN_SESSION;
    case HAWSER_OUTPUT:
        return HAWSER_IN_BLOCK | HAWSER_IN_OUTPUT;
    default:
        return HAWSER_IN_BLOCK | HAWSER_IN_TELEMETRY;
    }
}

struct hawser_instance *instance_create(const struct instance_options *options,
                                        struct hawser_error *err)
{
    struct hawser_instance *instance = calloc(1, sizeof(*instance));
    char *prefix                     = strdup(options->prefix == NULL ? "/" : options->prefix);
    if (instance == NULL || prefix == NULL || pthread_mutex_init(&instance->lock, NULL) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for an instance of a module");
        free(instance);
        free(prefix);
        return NULL;
    }
    instance->magic     = INSTANCE_MAGIC;
    instance->module    = options->module;
    instance->kind      = options->module->descriptor->kind;
    instance->context   = context_of(instance->kind);
    instance->is_trial  = options->is_trial;
    instance->prefix    = prefix;
    instance->loop      = options->loop;
    instance->telemetry = options->telemetry;
    instance->block     = options->block;
    instance->owner     = pthread_self();
    list_init(&instance->timers);
    list_init(&instance->node);
    (void)snprintf(instance->name, sizeof(instance->name), "%s", options->name); /* may be cut */
    if (instance_secrets_configure(instance, options->block) != 0) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for an instance of a module");
        instance_destroy(instance);
        return NULL;
    }
    instance->subject =
        watch_subject_add(instance->module->descriptor->name, instance->name, instance->kind);
    return instance;
}

static int has_own_thread(const struct hawser_instance *instance)
{
    return instance->kind == HAWSER_OUTPUT &&
           (instance->module->descriptor->vtable.output->flags & HAWSER_OUTPUT_BLOCKS) != 0;
}

void instance_destroy(struct hawser_instance *instance)
{
    if (instance == NULL) {
        return;
    }
    instance_timers_stop_all(instance);
    instance_secrets_forget(instance);
    (void)pthread_mutex_lock(&instance->lock); /* fails on broken mutexes alone */
    instance->is_over = 1;
    instance->block   = NULL;
    (void)pthread_mutex_unlock(&instance->lock);
    if (has_own_thread(instance)) {
        list_append(&over, &instance->node);
        return;
    }
    watch_subject_remove(instance->subject);
    values_fini(&instance->values);
    free(instance->prefix);
    (void)pthread_mutex_destroy(&instance->lock); /* nobody holds it */
    instance->magic = 0;
    free(instance);
}

void instance_set_session(struct hawser_instance *instance, struct session *session)
{
    instance->session = session;
}

void instance_set_block(struct hawser_instance *instance, const struct conf_node *block)
{
    if (instance_secrets_configure(instance, block) != 0) {
        log_write(LOG_ERROR, "HW-MODULE-006", "%s: no memory to mask the secrets of its new block",
                  instance->name);
    }
    (void)pthread_mutex_lock(&instance->lock);
    instance->block = block;
    (void)pthread_mutex_unlock(&instance->lock);
}

const char *instance_name(const struct hawser_instance *instance)
{
    return instance->name;
}

uint32_t instance_subject(const struct hawser_instance *instance)
{
    return instance->subject;
}

void instance_misused(struct hawser_instance *instance, const char *function, const char *why)
{
    (void)pthread_mutex_lock(&instance->lock);
    complain(&instance->misuse, NULL, LOG_ERROR, "HW-MODULE-004",
             "module %s (%s) called %s, which was refused: %s", instance->module->descriptor->name,
             instance->name, function, why);
    (void)pthread_mutex_unlock(&instance->lock);
}

int instance_is_on_loop(struct hawser_instance *instance, const char *function)
{
    if (pthread_equal(pthread_self(), instance->owner)) {
        return 1;
    }
    instance_misused(instance, function, "only the loop's thread may");
    return 0;
}
